"""Letters held up to the camera, through the real OpenCV and the real camera process."""

from __future__ import annotations

from pathlib import Path
from queue import SimpleQueue

import cv2
import numpy as np
import pytest
import segno
from held_up import SIZE, held_up, write_frames
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from kiosk.agent.camera import Camera
from kiosk.agent.inbox import CameraChanged, Message, Sighted
from kiosk.proctoring.codes import CodeReader
from kiosk.proctoring.messages import MAX_SEEN, MAX_SIDE, Seen

PATIENCE_S = 20
CODE = "H0M0-109Y-J6FS"


@pytest.fixture(scope="module")
def reader() -> CodeReader:
    return CodeReader()


@pytest.mark.parametrize("angle", [0, 12, 45, 90, 180, 260])
@pytest.mark.parametrize("side", [110, 160, 220, 300])
def test_a_letter_is_read_at_any_angle(reader: CodeReader, side: int, angle: float) -> None:
    frame = held_up(CODE, side=side, angle=angle, tilt=0.1, noise=3)
    assert reader.look(frame, 70, 52).text == CODE


def test_most_frames_of_a_poor_camera_are_read(reader: CodeReader) -> None:
    """One frame of a second is enough; here it is far more, in bad light and not quite sharp."""
    frames = [
        held_up(CODE, side=200, angle=7 * n, tilt=0.02 * (n % 6), light=0.5, blur=1.0, noise=10,
                at=(0.4 + 0.02 * n, 0.5), seed=n)
        for n in range(10)
    ]  # fmt: skip
    read = [reader.look(frame, 70, 52).text for frame in frames]
    assert {*read} <= {"", CODE}  # read rightly, or not at all
    assert read.count(CODE) >= 7


def test_a_room_without_a_letter_has_no_code_and_is_seen_mirrored(reader: CodeReader) -> None:
    frame = np.zeros((480, 640, 3), np.uint8)
    frame[:, :320] = (0, 0, 255)  # red at the left
    seen = reader.look(frame, 64, 48)
    assert (seen.width, seen.height, seen.text, seen.strange) == (64, 48, "", False)
    assert seen.pixels[:3] == b"\0\0\0"
    assert seen.pixels[63 * 3 : 64 * 3] == b"\xff\0\0"


@pytest.mark.parametrize(
    "holds", ["x" * (MAX_SEEN + 1), "AB\x1b[2J", "one\ntwo", "\u202eABC", "y" * 200]
)
def test_what_is_no_short_text_is_strange_and_shown_nowhere(reader: CodeReader, holds: str) -> None:
    seen = reader.look(held_up(holds, side=380), 70, 52)
    assert seen.text == ""
    assert seen.strange


def test_bytes_that_are_no_text_harm_nobody(reader: CodeReader, tmp_path: Path) -> None:
    segno.make_qr(b"\xff\xfe\x80\x81" * 4).save(tmp_path / "code.png", scale=8, border=6)
    pixels = cv2.imread(str(tmp_path / "code.png"))
    assert pixels is not None
    assert len(reader.look(cv2.resize(pixels, SIZE), 70, 52).text) <= MAX_SEEN


@settings(max_examples=25, deadline=None)
@given(
    frame=arrays.arrays(np.uint8, st.tuples(st.integers(1, 90), st.integers(1, 90), st.just(3))),
    width=st.integers(1, MAX_SIDE),
    height=st.integers(1, MAX_SIDE),
)
def test_any_frame_makes_a_picture_within_its_bounds(
    frame: np.ndarray, width: int, height: int
) -> None:
    seen = CodeReader().look(frame, width, height)
    assert seen.width <= width
    assert seen.height <= height
    assert len(seen.pixels) == 3 * seen.width * seen.height


def test_the_camera_process_reads_a_letter_that_comes_near(tmp_path: Path) -> None:
    frames = [held_up(CODE, side=8 + 40 * n, angle=3 * n, noise=2) for n in range(7)]
    write_frames(tmp_path / "letter.avi", frames)
    messages: SimpleQueue[Message] = SimpleQueue()
    camera = Camera(str(tmp_path / "letter.avi"), messages.put)
    camera.start()
    try:
        assert isinstance(messages.get(timeout=PATIENCE_S), CameraChanged)
        read = _until_read(camera, messages)
    finally:
        camera.stop()
    assert read[0].text == ""  # too far away at first
    assert read[-1].text == CODE
    assert (read[-1].width, read[-1].height) == (69, 52)


def _until_read(camera: Camera, messages: SimpleQueue[Message]) -> list[Seen]:
    read: list[Seen] = []
    while not read or not read[-1].text:
        assert camera.look(70, 52)
        said = messages.get(timeout=PATIENCE_S)
        assert isinstance(said, Sighted)
        read.append(said.seen)
        assert len(read) < 20
    return read


def test_without_a_camera_nothing_is_seen() -> None:
    camera = Camera("none", lambda message: None)
    assert not camera.look(70, 52)
