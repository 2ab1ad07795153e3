"""Pictures and signals at a real agent, with a film in the camera's place."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from sitting import CHIEF, CLOCK, PASSWORD, Screen, Seat, eventually
from small_exam import chosen
from video import picture_size, write_video

from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import HandIn, Respond
from exam_packages.attempt.commands import AskLive, Order, Spare
from exam_packages.attempt.liveness import PROMPTS
from exam_packages.content.proctoring import FOCUS_LOST, FROZEN, START
from kiosk.agent.album import LIVENESS
from kiosk.ipc import messages as ipc
from provisioning.station_home import StationHome
from sync.hall import authority
from sync.hall.desk import Desk
from sync.hall.schema import open_store

T = TypeVar("T")


def film(seat: Seat, path: Path, *, frames: int) -> Path:
    """Give *seat*'s station a film for a camera."""
    write_video(path, frames=frames)
    settings = seat.station.settings_path
    settings.write_text(settings.read_text().replace('camera = "none"', f'camera = "{path}"'))
    seat.station = StationHome.load(seat.station.directory)
    return path


def order(seat: Seat, given: Order) -> None:
    """Put an order in line at the hall, as its acts do."""
    blind_id = bytes.fromhex(next(seat.station.attempts.iterdir()).name)
    store = open_store(seat.hall.home.directory)
    try:
        store.write(
            lambda connection: authority.give(
                connection,
                blind_id,
                "proctor",
                given,
                operator=CHIEF,
                time_ns=CLOCK.wall_ns(),
                reason="routine.start",
                comment="",
            )
        )
    finally:
        store.close()


def told(screen: Screen, kind: type[T]) -> list[T]:
    return [entry.event for entry in screen.entries if isinstance(entry.event, kind)]


def reasons(screen: Screen) -> list[str]:
    return [each.reason for each in told(screen, ev.PictureTold)]


def test_a_signal_has_its_picture_and_can_be_left_out_for_a_candidate(
    seat: Seat, tmp_path: Path
) -> None:
    film(seat, tmp_path / "still.avi", frames=1)
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Status, lambda status: status.camera == ev.VIDEO_FILE)
        screen.begin(seat.hall, seat.number)

        def frozen() -> list[ev.Signalled]:
            return [each for each in told(screen, ev.Signalled) if each.code == FROZEN]

        # Where it takes long to begin it stands before the exam runs, and has no picture then.
        (raised,) = eventually(frozen, "the still picture is noticed")
        assert raised.on
        row = seat.hall.until(
            lambda board: next(
                (
                    row
                    for row in board["rows"]
                    if row["candidate"] == seat.candidate and raised.words in row["incidents"]
                ),
                None,
            ),
            "the signal is on the board",
        )
        assert row["state"]
        eventually(lambda: START in reasons(screen), "the picture of the start is there")

        order(seat, Spare((FROZEN,)))
        eventually(lambda: screen.attempt.spared == {FROZEN}, "the detector is left out")
        before = len(told(screen, ev.PictureTold))
        eventually(
            lambda: any(FROZEN not in e.signals for e in told(screen, ev.PictureTold)[before:]),
            "pictures are taken still, and it is not noticed in them",
        )
        assert frozen() == [raised]

        order(seat, Spare(()))
        (again,) = eventually(lambda: frozen()[1:], "it is noticed again")
        (number,) = again.pictures
        assert number in [shot.number for shot in told(screen, ev.SnapshotTaken)]
        shown = [each for each in told(screen, ev.PictureTold) if each.number == number]
        assert shown == [ev.PictureTold(number, "signal", (FROZEN,))]


def test_the_room_sees_a_small_picture_and_nothing_keeps_it(seat: Seat, tmp_path: Path) -> None:
    film(seat, tmp_path / "still.avi", frames=1)
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Status, lambda status: status.camera == ev.VIDEO_FILE)
        screen.begin(seat.hall, seat.number)
        shown = seat.hall.until(
            lambda board: next(
                (
                    row
                    for row in board["rows"]
                    if row["candidate"] == seat.candidate and row["seen_incidents"]
                ),
                None,
            ),
            "the picture that stands still is shown with its signal",
        )
        assert shown["seen_incidents"][0]["signals"] == [FROZEN]
        with Desk(seat.hall.home, seat.hall.home.console_port) as desk:
            desk.sign_in(CHIEF, PASSWORD)
            data = desk.download(f"/gallery/{shown['seat']}/{shown['seen']['number']}")
        assert picture_size(data) == (160, 120)
        middle = data[len(data) // 2 :][:64]
        for place in (seat.station.directory, seat.hall.home.directory):
            for path in place.rglob("*"):
                assert not path.is_file() or middle not in path.read_bytes()
        assert isinstance(screen.do(HandIn()), ipc.Saved)
        gone = lambda board: all(  # noqa: E731
            row["seen"] is None for row in board["rows"] if row["candidate"] == seat.candidate
        )
        seat.hall.until(gone, "it is gone with the exam")


def test_another_window_in_front_is_noticed_once_with_a_picture(seat: Seat, tmp_path: Path) -> None:
    film(seat, tmp_path / "room.avi", frames=12)
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Status, lambda status: status.camera == ev.VIDEO_FILE)
        screen.begin(seat.hall, seat.number)
        eventually(lambda: reasons(screen), "the first picture")
        for on in (False, False, True):
            screen.channel.send(ipc.Focus(on))
        eventually(lambda: FOCUS_LOST in reasons(screen), "a picture of that moment")
        eventually(
            lambda: (
                [each.code for each in told(screen, ev.Noticed)] == ["focus-lost", "focus-back"]
            ),
            "both are in the record",
        )


def test_a_window_that_flickers_in_front_does_not_flood_the_record(seat: Seat) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        for _ in range(50):
            screen.channel.send(ipc.Focus(False))
            screen.channel.send(ipc.Focus(True))
        assert isinstance(screen.do(HandIn()), ipc.Saved)
        noticed = [each for each in told(screen, ev.Noticed) if each.code == "focus-lost"]
        assert len(noticed) == 2  # the first at once, the other 49 before the record closed
        assert "49 times more" in noticed[1].words


def test_a_sign_of_life_is_asked_for_in_words_and_kept_in_pictures(
    seat: Seat, tmp_path: Path
) -> None:
    film(seat, tmp_path / "room.avi", frames=12)
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Status, lambda status: status.camera == ev.VIDEO_FILE)
        screen.begin(seat.hall, seat.number)
        order(seat, AskLive(1))
        eventually(lambda: PROMPTS[1] in screen.attempt.messages, "the candidate is asked")
        eventually(lambda: reasons(screen).count(LIVENESS) >= 2, "pictures while they do it")
        assert isinstance(screen.do(Respond("one", chosen("A"))), ipc.Saved)


def test_a_camera_that_is_unplugged_and_back_is_in_the_record(seat: Seat, tmp_path: Path) -> None:
    path = film(seat, tmp_path / "room.avi", frames=3)
    shutil.copy(path, tmp_path / "kept.avi")
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Status, lambda status: status.camera == ev.VIDEO_FILE)
        screen.begin(seat.hall, seat.number)
        eventually(lambda: reasons(screen), "a picture")
        path.unlink()
        eventually(
            lambda: any(each.code == "camera-lost" for each in told(screen, ev.Noticed)),
            "the loss is recorded",
        )
        assert isinstance(screen.do(Respond("one", chosen("A"))), ipc.Saved)
        shutil.copy(tmp_path / "kept.avi", path)
        eventually(
            lambda: (
                [each.source for each in told(screen, ev.CameraFound)][-2:]
                == [ev.NO_CAMERA, ev.VIDEO_FILE]
            ),
            "it is found again",
        )
        before = len(reasons(screen))
        eventually(lambda: len(reasons(screen)) > before, "pictures are taken again")


@pytest.fixture
def tiny(seat: Seat) -> Iterator[Path]:
    """A file system of eight megabytes, less than is kept free, where attempts are kept."""
    libc = ctypes.CDLL(None, use_errno=True)
    where = seat.station.attempts
    where.mkdir(exist_ok=True)
    if os.geteuid() != 0 or libc.mount(b"tmpfs", bytes(where), b"tmpfs", 0, b"size=8m") != 0:
        pytest.skip("a small file system needs root")
    try:
        yield where
    finally:
        assert libc.umount2(bytes(where), 2) == 0


def test_the_last_of_the_disk_is_for_answers(seat: Seat, tiny: Path, tmp_path: Path) -> None:
    film(seat, tmp_path / "room.avi", frames=12)
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Status, lambda status: status.camera == ev.VIDEO_FILE)
        screen.begin(seat.hall, seat.number)
        missed = eventually(lambda: told(screen, ev.PicturesMissed), "the pictures are missed")
        assert missed[0] == ev.PicturesMissed(1, "The disk is kept free for answers.")
        for letter in "ABC":
            assert isinstance(screen.do(Respond("one", chosen(letter))), ipc.Saved)
        assert isinstance(screen.do(HandIn()), ipc.Saved)
        assert screen.await_(ipc.Finished).code
        assert not told(screen, ev.SnapshotTaken)
        assert all(each.words == missed[0].words for each in told(screen, ev.PicturesMissed))
        (directory,) = seat.station.attempts.iterdir()
        assert not (directory / "evidence").exists()
        assert agent.end() == 0
