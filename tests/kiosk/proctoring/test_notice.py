"""What candidates are told is what the station does: both come from one object."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from small_exam import paper

from exam_packages import canon
from exam_packages.attempt.events import DEVICE, NO_CAMERA, VIDEO_FILE
from exam_packages.content.paper import CAMERA_OFF
from exam_packages.content.proctoring import DETECTORS, MOMENTS, Proctoring
from exam_packages.content.signals import WHAT
from exam_packages.forms import STANDARD_POLICY
from kiosk.agent.album import plan
from kiosk.proctoring.notice import WHEN, notice


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


@given(st.sampled_from((0, 5, 30)))
def test_small_pictures_for_the_room_are_told_where_there_are_some(live_s: int) -> None:
    rules = msgspec.structs.replace(STANDARD_POLICY.proctoring, live_s=live_s)
    policy = msgspec.structs.replace(STANDARD_POLICY, proctoring=rules)
    told = [words for heading, words in notice(policy, DEVICE, frozenset()) if "room" in heading]
    assert [f"about every {live_s} seconds" in words for words in told] == [True] * bool(live_s)


def test_a_paper_from_before_there_were_small_pictures_has_none() -> None:
    old = canon.encode(canon.decode(canon.pack(STANDARD_POLICY.proctoring))[:-1])
    assert canon.unpack(old, Proctoring) == STANDARD_POLICY.proctoring
    assert STANDARD_POLICY.proctoring.live_s == 0


def test_a_test_video_is_not_called_a_camera() -> None:
    (_, words), *_rest = notice(STANDARD_POLICY, VIDEO_FILE, frozenset())
    assert words == "No camera: pictures come from a recorded video, as a test."
