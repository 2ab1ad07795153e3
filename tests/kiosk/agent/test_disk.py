"""A disk that is full: nothing is shown as saved that is not, and nothing is lost."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sitting import Seat, eventually
from small_exam import chosen

from exam_packages.attempt.acts import HandIn, Respond
from exam_packages.attempt.state import Phase
from kiosk.ipc import messages as ipc

ESSAY = "x" * 29_000


@pytest.fixture
def tiny(seat: Seat) -> Iterator[Path]:
    """A file system of four megabytes where the station keeps its attempts."""
    libc = ctypes.CDLL(None, use_errno=True)
    where = seat.station.attempts
    where.mkdir(exist_ok=True)
    if os.geteuid() != 0 or libc.mount(b"tmpfs", bytes(where), b"tmpfs", 0, b"size=4m") != 0:
        pytest.skip("a small file system needs root")
    try:
        yield where
    finally:
        assert libc.umount2(bytes(where), 2) == 0


def test_a_full_disk_refuses_answers_until_there_is_space_again(seat: Seat, tiny: Path) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        (tiny / "filler").write_bytes(b"\1" * _free(tiny))
        saved = number = 0
        while True:  # the segment in use was laid out before, so it takes some answers still
            number += 1
            answer = screen.do(Respond("three", chosen(f"{number:03d}{ESSAY}")))
            if isinstance(answer, ipc.Refused):
                break
            saved = number
            assert number < 200
        assert "full" in answer.template
        assert screen.attempt.responses["three"][0].members[0][:3] == f"{saved:03d}"
        screen.await_(ipc.Status, lambda status: "full" in status.trouble)
        assert isinstance(screen.do(Respond("one", chosen("A"))), ipc.Refused)
        assert "one" not in screen.attempt.responses

        (tiny / "filler").unlink()
        eventually(
            lambda: screen.attempt.responses["three"][0].members[0][:3] == f"{number:03d}",
            "the refused answer is saved after all",
        )
        screen.await_(ipc.Status, lambda status: not status.trouble)
        assert isinstance(screen.do(Respond("one", chosen("B"))), ipc.Saved)
        assert isinstance(screen.do(HandIn()), ipc.Saved)
        screen.await_(ipc.Finished, lambda finished: finished.hall)


def test_a_disk_full_at_the_start_refuses_to_open_the_exam_and_says_so(
    seat: Seat, tiny: Path
) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        (tiny / "filler").write_bytes(b"\1" * _free(tiny))
        screen.await_(ipc.Welcome, lambda welcome: bool(welcome.exam))
        named = screen.ask(lambda request: ipc.SignIn(request, f"CODE{seat.number:04d}"))
        assert isinstance(named, ipc.Named)
        refused = screen.ask(lambda request: ipc.Confirm(request, yes=True))
        assert isinstance(refused, ipc.Refused)
        assert not screen.all(ipc.SignedIn)
        (tiny / "filler").unlink()
        named = screen.ask(lambda request: ipc.SignIn(request, f"CODE{seat.number:04d}"))
        assert isinstance(named, ipc.Named)
        saved = screen.ask(lambda request: ipc.Confirm(request, yes=True))
        assert isinstance(saved, ipc.Saved)
        screen.await_phase(Phase.WAITING)


def _free(directory: Path) -> int:
    facts = os.statvfs(directory)
    return facts.f_bavail * facts.f_frsize
