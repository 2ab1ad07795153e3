"""The camera as the agent has it: a process that may fail without touching anything else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest
from video import picture_size, write_video

from exam_packages.attempt.events import NO_CAMERA, VIDEO_FILE
from kiosk.agent import camera as agent_camera
from kiosk.agent.camera import Camera
from kiosk.agent.inbox import CameraChanged, Message, PictureTaken

PATIENCE_S = 20


class Watched:
    """A camera whose messages are kept."""

    def __init__(self, setting: str) -> None:
        self.messages: SimpleQueue[Message] = SimpleQueue()
        self.camera = Camera(setting, self.messages.put, first_wait_s=0.05)
        self.camera.start()

    def next(self) -> Message:
        return self.messages.get(timeout=PATIENCE_S)

    def process(self) -> int:
        process = self.camera._process
        assert process is not None
        return process.pid


@pytest.fixture
def cameras() -> Iterator[list[Watched]]:
    made: list[Watched] = []
    yield made
    for each in made:
        each.camera.stop()


def test_pictures_come_from_a_video_file_and_say_so(video: Path, cameras: list[Watched]) -> None:
    watched = Watched(str(video))
    cameras.append(watched)
    assert watched.next() == CameraChanged(VIDEO_FILE, "Video file room.avi")
    pictures = set()
    for _ in range(3):
        watched.camera.shoot()
        taken = watched.next()
        assert isinstance(taken, PictureTaken)
        assert picture_size(taken.jpeg) == (320, 240)
        pictures.add(taken.jpeg)
    assert len(pictures) == 3


def test_a_video_starts_again_at_its_end(tmp_path: Path, cameras: list[Watched]) -> None:
    write_video(tmp_path / "short.avi", frames=2)
    watched = Watched(str(tmp_path / "short.avi"))
    cameras.append(watched)
    watched.next()
    for _ in range(5):
        watched.camera.shoot()
        assert isinstance(watched.next(), PictureTaken)


def test_a_large_picture_is_made_smaller(tmp_path: Path, cameras: list[Watched]) -> None:
    write_video(tmp_path / "large.avi", frames=2, size=(1280, 720))
    watched = Watched(str(tmp_path / "large.avi"))
    cameras.append(watched)
    watched.next()
    watched.camera.shoot()
    taken = watched.next()
    assert isinstance(taken, PictureTaken)
    assert picture_size(taken.jpeg) == (640, 360)


def test_a_camera_that_dies_is_told_and_started_again(video: Path, cameras: list[Watched]) -> None:
    watched = Watched(str(video))
    cameras.append(watched)
    found = watched.next()
    os.kill(watched.process(), 9)
    assert watched.next() == CameraChanged(NO_CAMERA, "The camera process ended")
    assert watched.next() == found
    watched.camera.shoot()
    assert isinstance(watched.next(), PictureTaken)


def test_a_camera_that_hangs_is_ended_and_started_again(
    video: Path, cameras: list[Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(str(video))
    cameras.append(watched)
    found = watched.next()
    os.kill(watched.process(), 19)  # SIGSTOP: alive, and never answers
    monkeypatch.setattr(agent_camera, "PATIENCE_S", 0.0)
    watched.camera.shoot()
    while True:
        watched.camera.shoot()
        try:
            lost = watched.messages.get(timeout=0.05)
        except Empty:
            continue
        break
    assert lost == CameraChanged(NO_CAMERA, "The camera process ended")
    monkeypatch.undo()
    assert watched.next() == found


def test_a_file_that_is_no_video_is_no_camera(tmp_path: Path, cameras: list[Watched]) -> None:
    path = tmp_path / "room.avi"
    path.write_bytes(b"not a video")
    watched = Watched(str(path))
    cameras.append(watched)
    watched.camera.shoot()
    with pytest.raises(Empty):
        watched.messages.get(timeout=1.5)
    write_video(tmp_path / "new.avi")
    (tmp_path / "new.avi").replace(path)
    found = watched.next()
    assert isinstance(found, CameraChanged)
    assert found.source == VIDEO_FILE


def test_switched_off_no_process_lives_and_on_again_it_does(
    video: Path, cameras: list[Watched]
) -> None:
    watched = Watched(str(video))
    cameras.append(watched)
    found = watched.next()
    watched.camera.want(False)
    assert watched.next() == CameraChanged(NO_CAMERA, "The camera process ended")
    watched.camera.want(True)
    assert watched.next() == found


def test_with_the_setting_none_nothing_is_started(cameras: list[Watched]) -> None:
    watched = Watched("none")
    cameras.append(watched)
    watched.camera.shoot()
    assert watched.camera._process is None
    assert watched.messages.empty()


def test_the_camera_process_gets_no_environment_of_ours(
    video: Path, cameras: list[Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXAM_SECRET", "x")
    watched = Watched(str(video))
    cameras.append(watched)
    watched.next()
    environment = Path(f"/proc/{watched.process()}/environ").read_bytes()
    assert b"EXAM_SECRET" not in environment
