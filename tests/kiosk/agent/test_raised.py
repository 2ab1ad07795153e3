"""What the record says of the camera's signals, whenever the exam runs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.agent.raised import Raised

CODES = ("dark", "frozen", "no-face")
steps = st.one_of(
    st.tuples(st.just("changed"), st.sampled_from(CODES), st.booleans()),
    st.tuples(st.just("run"), st.booleans()),
    st.tuples(st.just("follow"), st.sets(st.sampled_from(CODES))),
    st.tuples(st.just("opened")),
    st.tuples(st.just("lost")),
)


@given(st.lists(steps, max_size=40))
def test_while_the_exam_runs_the_record_says_what_the_camera_says(
    given: list[tuple[object, ...]],
) -> None:
    raised, running = Raised(), False
    raised.follow(CODES)
    used, camera, record = set(CODES), set(), set()
    for step in given:
        match step:
            case ("changed", str() as code, bool() as on):
                if code in used:  # a detector in use tells a change, and no other
                    raised.changed(code, on)
                    (camera.add if on else camera.discard)(code)
            case ("run", bool() as on):
                running = on
            case ("follow", set() as codes):
                raised.follow(codes)
                used, camera, record = codes, camera & codes, record & codes
            case ("opened",):
                raised.opened()
                record = set()
            case ("lost",):
                raised.lost()
                camera, record = set(), set()
        if running:
            for code, on in raised.untold():
                assert (code in record) is not on, "what is said already is not said again"
                raised.told(code, on)
                (record.add if on else record.discard)(code)
            assert record == camera


def test_what_a_detector_said_that_is_not_in_use_is_not_kept() -> None:
    raised = Raised()
    raised.follow(("dark",))
    raised.changed("frozen", True)  # on its way when its detector was left out
    raised.told("frozen", True)
    assert raised.untold() == ()
    raised.follow(("dark", "frozen"))
    assert raised.untold() == ()
