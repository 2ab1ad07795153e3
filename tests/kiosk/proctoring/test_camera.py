"""The camera as the agent has it: a process that may fail without touching anything else."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import msgspec
import pytest
from video import picture_size, write_film, write_noise, write_video

from exam_packages.attempt.events import NO_CAMERA, VIDEO_FILE
from exam_packages.content.proctoring import COVERED, MAX_GLIMPSE, WEBP
from exam_packages.content.signals import held_words
from kiosk.agent.camera import IDLE, ROOM, Camera
from kiosk.agent.inbox import (
    CameraChanged,
    Glimpsed,
    Message,
    PicturesDropped,
    PictureTaken,
    SignalChanged,
)
from kiosk.ipc.channel import Channel
from kiosk.proctoring.messages import FromCamera, Held, Plan, Shoot
from kiosk.proctoring.rates.scenes import Condition
from sync.hall.glimpses import measured

PATIENCE_S = 20


class Watched:
    """A camera whose messages are kept."""

    def __init__(self, setting: str, **how: Any) -> None:
        self.messages: SimpleQueue[Message] = SimpleQueue()
        self.camera = Camera(setting, self.messages.put, **{"first_wait_s": 0.05, **how})
        self.camera.start()

    def next(self, within_s: float = PATIENCE_S) -> Message:
        return self.messages.get(timeout=within_s)

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
        watched.camera.shoot("time")
        taken = watched.next()
        assert isinstance(taken, PictureTaken)
        assert picture_size(taken.data) == (320, 240)
        pictures.add(taken.data)
    assert len(pictures) == 3


def test_a_video_starts_again_at_its_end(tmp_path: Path, cameras: list[Watched]) -> None:
    write_video(tmp_path / "short.avi", frames=2)
    watched = Watched(str(tmp_path / "short.avi"))
    cameras.append(watched)
    watched.next()
    for _ in range(5):
        watched.camera.shoot("time")
        assert isinstance(watched.next(), PictureTaken)


def test_a_large_picture_is_made_smaller(tmp_path: Path, cameras: list[Watched]) -> None:
    write_video(tmp_path / "large.avi", frames=2, size=(1280, 720))
    watched = Watched(str(tmp_path / "large.avi"))
    cameras.append(watched)
    watched.next()
    watched.camera.shoot("time")
    taken = watched.next()
    assert isinstance(taken, PictureTaken)
    assert picture_size(taken.data) == (640, 360)


def test_a_camera_that_dies_is_told_and_started_again(video: Path, cameras: list[Watched]) -> None:
    watched = Watched(str(video))
    cameras.append(watched)
    found = watched.next()
    os.kill(watched.process(), 9)
    assert watched.next() == CameraChanged(NO_CAMERA, "The camera process ended")
    assert watched.next() == found
    watched.camera.shoot("time")
    assert isinstance(watched.next(), PictureTaken)


def test_a_camera_that_hangs_is_ended_and_started_again(
    video: Path, cameras: list[Watched]
) -> None:
    watched = Watched(str(video), patience_s=3.0)
    cameras.append(watched)
    found = watched.next()
    os.kill(watched.process(), signal.SIGSTOP)  # alive, and never says so
    assert watched.next() == CameraChanged(NO_CAMERA, "The camera process did not answer")
    assert watched.next() == found


def test_a_file_that_is_no_video_is_no_camera(tmp_path: Path, cameras: list[Watched]) -> None:
    path = tmp_path / "room.avi"
    path.write_bytes(b"not a video")
    watched = Watched(str(path))
    cameras.append(watched)
    assert watched.next() == CameraChanged(NO_CAMERA, "The video file cannot be read")
    watched.camera.shoot("time")
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
    watched.camera.shoot("time")
    assert watched.camera._process is None
    assert watched.messages.empty()


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody else may look into the camera process")
def test_the_camera_process_gets_no_environment_of_ours(
    video: Path, cameras: list[Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXAM_SECRET", "x")
    watched = Watched(str(video))
    cameras.append(watched)
    watched.next()
    environment = Path(f"/proc/{watched.process()}/environ").read_bytes()
    assert b"EXAM_SECRET" not in environment


def plan(**changes: Any) -> Plan:
    return msgspec.structs.replace(IDLE, **changes)


def test_the_rules_say_how_pictures_are_made(tmp_path: Path, cameras: list[Watched]) -> None:
    write_video(tmp_path / "room.avi", size=(640, 480))
    watched = Watched(str(tmp_path / "room.avi"))
    cameras.append(watched)
    watched.next()
    watched.camera.follow(plan(width=200, format=WEBP, quality=30))
    watched.camera.shoot("start")
    taken = watched.next()
    assert isinstance(taken, PictureTaken)
    assert taken.data[8:12] == b"WEBP"
    assert picture_size(taken.data) == (200, 150)
    assert taken.reason == "start"


def test_where_only_the_enrolled_camera_may_be_used_a_file_is_none(
    video: Path, cameras: list[Watched]
) -> None:
    watched = Watched(str(video))
    cameras.append(watched)
    watched.next()
    watched.camera.follow(plan(strict=True))
    lost = watched.next()
    assert isinstance(lost, CameraChanged)
    assert lost.source == NO_CAMERA
    assert "enrolled" in lost.words
    refused = watched.next()
    assert isinstance(refused, CameraChanged)
    assert (
        refused.words == "This exam takes pictures from the enrolled camera alone, not from a file"
    )
    watched.camera.follow(plan(strict=False))
    found = watched.next()
    assert isinstance(found, CameraChanged)
    assert found.source == VIDEO_FILE


def test_a_signal_comes_with_the_picture_that_shows_it(
    tmp_path: Path, cameras: list[Watched]
) -> None:
    write_film(tmp_path / "lens.avi", Condition("covered", hidden="lens", looks=20))
    watched = Watched(str(tmp_path / "lens.avi"))
    cameras.append(watched)
    watched.next()
    watched.camera.follow(plan(detectors=(COVERED,), look_ms=50, show=True))
    raised = watched.next(within_s=30)
    assert isinstance(raised, SignalChanged)
    assert (raised.code, raised.on, raised.source) == (COVERED, True, VIDEO_FILE)
    assert picture_size(raised.data) == (640, 480)
    watched.camera.shoot("time")
    taken = watched.next()
    assert isinstance(taken, PictureTaken)
    assert taken.signals == (COVERED,)


def test_a_video_that_is_unplugged_is_lost_and_found_again(
    video: Path, tmp_path: Path, cameras: list[Watched]
) -> None:
    path = tmp_path / "room.avi"
    shutil.copy(video, path)
    watched = Watched(str(path))
    cameras.append(watched)
    for _ in range(3):
        found = watched.next()
        assert isinstance(found, CameraChanged)
        assert found.source == VIDEO_FILE
        path.unlink()
        while not isinstance(said := asked(watched), CameraChanged):
            pass
        assert said == CameraChanged(NO_CAMERA, "Video file room.avi gives no pictures any more")
        shutil.copy(video, path)


def asked(watched: Watched) -> Message:
    watched.camera.shoot("time")
    message = watched.next()
    if isinstance(message, PictureTaken):
        watched.camera.done()
    return message


def test_what_comes_faster_than_it_is_kept_is_dropped_and_counted(
    video: Path, cameras: list[Watched]
) -> None:
    watched = Watched(str(video))
    cameras.append(watched)
    watched.next()
    for _ in range(ROOM):
        watched.camera.shoot("time")
        assert isinstance(watched.next(), PictureTaken)
    watched.camera.shoot("time")  # nobody said `done`: there is no room
    while watched.camera._dropped == 0:
        os.sched_yield()
    watched.camera.done()
    watched.camera.shoot("time")
    assert watched.next() == PicturesDropped(1)
    assert isinstance(watched.next(), PictureTaken)


def test_a_playlist_leads_nowhere(tmp_path: Path, cameras: list[Watched]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        path = tmp_path / "room.m3u8"
        path.write_text(f"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n")
        watched = Watched(str(path))
        cameras.append(watched)
        assert watched.next() == CameraChanged(NO_CAMERA, "The video file cannot be read")
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_small_picture_for_the_board_is_small_whatever_is_seen(
    tmp_path: Path, cameras: list[Watched]
) -> None:
    write_noise(tmp_path / "noise.avi")
    watched = Watched(str(tmp_path / "noise.avi"))
    cameras.append(watched)
    watched.next()
    watched.camera.glance()
    glimpsed = watched.next()
    assert isinstance(glimpsed, Glimpsed)
    assert picture_size(glimpsed.data) == (160, 120)
    assert measured(glimpsed.data) == (160, 120)  # as the hall will ask
    assert len(glimpsed.data) <= MAX_GLIMPSE
    assert glimpsed.signals == ()


def test_that_another_program_has_the_camera_is_told_as_that() -> None:
    """The lab shows it on a real device; here what the agent makes of the process's word."""
    messages: SimpleQueue[Message] = SimpleQueue()
    camera = Camera("none", messages.put)
    ours, theirs = socket.socketpair()
    words = held_words("Camera video0: HD", ("guvcview",))
    with theirs:
        Channel(theirs, Shoot).send(Held(words))
        end, found = camera._listen(Channel(ours, FromCamera), ours)
    ours.close()
    assert end == CameraChanged(NO_CAMERA, "Camera video0: HD is held by guvcview", held=True)
    assert not found
    assert held_words("Camera video0: HD", ()).endswith("is held by another program")


def test_what_was_asked_of_a_camera_that_was_lost_is_counted(
    video: Path, tmp_path: Path, cameras: list[Watched]
) -> None:
    path = tmp_path / "room.avi"
    shutil.copy(video, path)
    watched = Watched(str(path))
    cameras.append(watched)
    watched.next()
    path.unlink()
    while not isinstance(asked(watched), PicturesDropped):
        pass
    assert isinstance(watched.next(), CameraChanged)
