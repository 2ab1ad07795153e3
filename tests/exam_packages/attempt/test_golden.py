"""Published shapes are frozen: these bytes were written once and are never edited.

A change that breaks one of them needs a new event code beside the old one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from exam_packages.attempt import events as ev
from exam_packages.attempt.preferences import Preferences
from exam_packages.canon import CanonError
from exam_packages.content.values import Response
from exam_packages.sealing.journal import Compartment

GOLDEN: dict[str, str] = json.loads(
    (Path(__file__).parent / "golden_events.json").read_text(encoding="utf-8")
)

EVENTS: tuple[ev.Event, ...] = (
    ev.Responded("item-1", (Response("RESPONSE", ("A", "ü")), Response("R2", ()))),
    ev.Concluded(3, bytes(range(32))),
    ev.Opened(2, ev.RESTART, held=True),
    ev.Practised(),
    ev.Began(2700),
    ev.Moved("item-2"),
    ev.Flagged("item-2", on=True),
    ev.Commanded(b"signed"),
    ev.Beat(),
    ev.Noticed("camera-lost", "Camera video0 gives no pictures any more"),
    ev.CameraFound(ev.VIDEO_FILE, "Video file room.avi"),
    ev.Closed(ev.TIME_OVER),
    ev.Reopened(3),
    ev.StruckOut("item-2", "RESPONSE", "B", on=True),
    ev.Noted("item-2", "see table 3 – ü"),
    ev.Jotted("12 × 4"),
    ev.Highlighted("exhibit/plan", ((0, 3), (200, 70_000))),
    ev.Reported("item-2", "the picture is missing"),
    ev.Called(on=True),
    ev.Preferred(Preferences("zh_CN", "contrast-dark", True, 180)),
    ev.Entered("section/storage", 1800, 60),
    ev.Left("section/storage", ev.SPENT),
    ev.Submitted("item-2"),
    ev.BreakBegan("item-2", 600, stopped=True, identity=True),
    ev.BreakOver(),
    ev.Returned(),
    ev.BreakEnded(),
    ev.Played("item-2", "R", 2, 12_300),
    ev.Heard("item-2", "R", 2, 61_000, ev.STOPPED_AT),
    ev.Enlarged(150),
    ev.Accepted(bytes(range(32))),
    ev.GivenBack(95),
    ev.SnapshotTaken(7, bytes(range(32)), 26_000, ev.DEVICE),
    ev.Identified("C-001", "Ana Lima"),
    ev.CameraTold("uvcvideo", "usb-0000:00:14.0-2", "046d:0825", "8F2A", enrolled=True),
    ev.PictureTold(7, "signal", ("no-face",)),
    ev.Signalled("no-face", True, "No face is to be seen in the camera's picture.", (7,)),
    ev.PicturesMissed(3, "The disk is kept free for answers."),
    ev.Mandated(b"signed by the chief"),
)

COMPARTMENTS = {
    ev.Responded: Compartment.RESPONSES,
    ev.Concluded: Compartment.RESPONSES,
    ev.SnapshotTaken: Compartment.EVIDENCE,
    ev.PictureTold: Compartment.EVIDENCE,
    ev.Identified: Compartment.IDENTITY,
}


def test_every_event_there_is_has_its_golden_bytes() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(ev.Event))
    assert set(GOLDEN) == {type(event).__name__ for event in EVENTS}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_written_and_read_as_it_always_was(event: ev.Event) -> None:
    golden = bytes.fromhex(GOLDEN[type(event).__name__])
    assert ev.encode_event(event) == golden
    assert ev.decode_event(golden) == event


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_who_can_open_an_event(event: ev.Event) -> None:
    expected = COMPARTMENTS.get(type(event), Compartment.EVENTS)
    assert ev.compartment(event) is expected


@pytest.mark.parametrize(
    "data",
    [
        bytes.fromhex("9163"),  # code 99: a newer version wrote it
        bytes.fromhex("9110c0"),  # something after the value
        bytes.fromhex("920d01"),  # Moved(1): a number is no item
        bytes.fromhex("910d"),  # Moved(): too short
        bytes.fromhex("930da16101"),  # Moved("a", 1): too long
        bytes.fromhex("920ca43130"),  # cut short
        bytes.fromhex("920cc3"),  # Began(true): a boolean is no number
        b"",
    ],
)
def test_half_understood_events_stop_the_fold(data: bytes) -> None:
    with pytest.raises(CanonError):
        ev.decode_event(data)
