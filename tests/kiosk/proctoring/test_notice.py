"""What candidates are told is what the station does: both come from one object."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from small_exam import paper

from exam_packages.attempt.events import DEVICE, NO_CAMERA, VIDEO_FILE
from exam_packages.content.paper import CAMERA_OFF
from exam_packages.content.proctoring import DETECTORS, MOMENTS
from exam_packages.forms import STANDARD_POLICY
from kiosk.agent.album import plan
from kiosk.proctoring.notice import WHAT, WHEN, notice


def subset(of: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(of), unique=True).map(tuple)


@given(subset(DETECTORS), subset(MOMENTS), st.frozensets(st.sampled_from(DETECTORS)))
def test_every_detector_and_moment_in_use_is_told_and_no_other(
    detectors: tuple[str, ...], moments: tuple[str, ...], spared: frozenset[str]
) -> None:
    rules = msgspec.structs.replace(
        STANDARD_POLICY.proctoring, detectors=detectors, moments=moments
    )
    policy = msgspec.structs.replace(STANDARD_POLICY, proctoring=rules)
    told = " ".join(words for _, words in notice(policy, DEVICE, spared))
    does = plan(paper((), proctoring=rules), spared)
    assert {each for each in DETECTORS if WHAT[each] in told} == set(does.detectors)
    assert {each for each in MOMENTS if WHEN[each] in told} == set(moments)


def test_where_no_picture_is_taken_nothing_else_is_said() -> None:
    off = msgspec.structs.replace(STANDARD_POLICY, camera=CAMERA_OFF)
    for told in (
        notice(off, DEVICE, frozenset()),
        notice(STANDARD_POLICY, NO_CAMERA, frozenset()),
    ):
        ((heading, words),) = told
        assert heading == "Camera"
        assert "no pictures of you" in words


def test_a_test_video_is_not_called_a_camera() -> None:
    (_, words), *_rest = notice(STANDARD_POLICY, VIDEO_FILE, frozenset())
    assert words == "No camera: pictures come from a recorded video, as a test."
