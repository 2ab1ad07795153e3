"""A real agent with a key-watch, a real hall behind it: what is recorded, shown, and required."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scripted_keys import Scripted, watching
from sitting import Screen, Seat, candidate, eventually

from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import Begin, HandIn
from exam_packages.attempt.state import Phase
from kiosk.ipc import messages as ipc
from kiosk.lockdown.signals import Category, Key


def _set_up(seat: Seat, keys: str) -> Path:
    socket = seat.station.directory / "keywatch.sock"
    path = seat.station.settings_path
    path.write_text(f'{path.read_text()}\nkeys = "{keys}"\nkey_watch = "{socket}"\n')
    return socket


def _noticed(screen: Screen) -> list[tuple[str, str]]:
    events = (entry.event for entry in screen.entries)
    return [(each.code, each.words) for each in events if isinstance(each, ev.Noticed)]


def _codes(screen: Screen) -> list[str]:
    return [code for code, _ in _noticed(screen)]


def _watch_words(seat: Seat) -> str:
    words: str = seat.hall.row(seat.candidate)["watch"]
    return words


def test_an_exam_that_must_be_watched_waits_for_the_proof(seat: Seat) -> None:
    socket = _set_up(seat, "required")
    ears = Scripted("a")
    with seat.agent() as agent:
        screen = agent.screen()
        screen.sign_in(seat.number)
        seat.hall.act("admit", candidate=candidate(seat.number))
        screen.await_phase(Phase.ADMITTED)
        screen.await_(ipc.PartOpen, lambda part: part.part == ipc.PAPER)
        refused = screen.do(Begin())
        assert isinstance(refused, ipc.Refused)
        assert "while the keys of this station are watched" in refused.template
        eventually(lambda: _watch_words(seat) == "Keys not watched", "the board knows")
        ears.deaf.add("a")
        with watching(ears, socket):
            eventually(lambda: _watch_words(seat) == "Keys not verified", "the board knows")
            assert "Keys not verified" in seat.hall.row(seat.candidate)["incidents"]
            assert isinstance(screen.do(Begin()), ipc.Refused)
            ears.deaf.clear()
            eventually(lambda: _watch_words(seat) == "Keys watched", "the board knows")
            assert isinstance(screen.do(Begin()), ipc.Saved)
            assert _noticed(screen)[0] == (
                "keys-watch",
                "Keys not watched.",
            )


def test_combinations_and_the_loss_of_the_watch_are_recorded(seat: Seat) -> None:
    socket = _set_up(seat, "auto")
    ears = Scripted("a")
    with seat.agent() as agent:
        screen = agent.screen()
        with watching(ears, socket):
            eventually(lambda: ears._heard, "the watch listens")
            screen.begin(seat.hall, seat.number)
            eventually(lambda: _watch_words(seat) == "Keys watched", "the keys are watched")
            for _ in range(50):
                ears.press("a", Key.TYPED)
                ears.press("a", Key.ALT, Key.TAB)
            eventually(lambda: "keys-leave" in _codes(screen), "it is recorded")
            # What the terminal sees too is not told twice.
            screen.channel.send(ipc.KeysSeen(Category.PRINT))
            screen.read(ipc.PAPER, "paper")  # answered after it
        eventually(lambda: "keys-unwatched" in _codes(screen), "its loss is recorded")
        with watching(ears, socket):
            eventually(lambda: "keys-watched" in _codes(screen), "its return is recorded")
        assert "keys-print" not in _codes(screen)
        assert isinstance(screen.do(HandIn()), ipc.Saved)
        told = [words for code, words in _noticed(screen) if code == "keys-leave"]
        assert told[0] == (
            "A key combination that leaves the exam’s screen was pressed (seen by the key-watch)."
        )
        assert len(told) == 2  # the first at once, the other 49 before the record closed
        assert "49 times more" in told[1]


def test_without_a_key_watch_the_terminal_tells_and_the_record_says_so(seat: Seat) -> None:
    _set_up(seat, "auto")
    with seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        screen.channel.send(ipc.KeysSeen(Category.LEAVE_SCREEN))
        screen.channel.send(ipc.KeysSeen(99))
        screen.channel.send(ipc.KeysSeen(-1))
        eventually(lambda: _codes(screen), "it is recorded")
        assert _noticed(screen) == [
            (
                "keys-leave",
                "A key combination that leaves the exam’s screen was pressed "
                "(seen by the exam’s terminal).",
            )
        ]
        assert seat.hall.row(seat.candidate)["watch"] == "Keys not watched"


def test_a_setting_that_means_nothing_is_a_sentence(seat: Seat) -> None:
    _set_up(seat, "perhaps")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from kiosk.cli import main; main()",
            "agent",
            str(seat.station.directory),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "there are auto, required, none" in done.stderr
