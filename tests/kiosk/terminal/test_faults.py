"""Signals, kills and faults: what dies comes back where it was, and tells nothing."""

from __future__ import annotations

import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from exam_stations import ESSAY
from sitting import eventually

from exam_packages.attempt import events as ev
from exam_packages.attempt.state import Phase

LEFT = re.compile(r"(\d+):(\d\d) left")
SECRET = "the answer is swordfish"


def left_s(text: str) -> int:
    found = LEFT.search(text)
    assert found is not None, text
    return int(found[1]) * 60 + int(found[2])


HARMLESS = sorted(
    signal.valid_signals()
    - {signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGHUP}
    - {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
    - {signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS}
)


def test_no_signal_but_those_of_the_service_manager_does_anything(station: Any) -> None:
    s = station()
    for number in [*HARMLESS, *[signal.SIGWINCH] * 500, *HARMLESS]:
        s.terminal.signal(number)
    s.alive()
    s.at(1)


@pytest.mark.slow
def test_a_screen_that_was_stopped_goes_on_where_it_was(station: Any) -> None:
    s = station()
    s.go(ESSAY)
    s.terminal.type("Before")
    s.terminal.until("Before")
    for _ in range(3):
        s.terminal.signal(signal.SIGSTOP)
        s.terminal.type(" and")
        s.terminal.signal(signal.SIGCONT)
    s.terminal.type(" after")
    s.terminal.until("Before and and and after")
    s.terminal.signal(signal.SIGTERM)
    assert s.terminal.status() == 0
    assert s.answer(ESSAY) == "Before and and and after"


@pytest.mark.parametrize("kept", [True, False], ids=["the copy", "the process started"])
def test_a_killed_screen_is_back_with_everything(station: Any, kept: bool) -> None:
    s = station()
    s.terminal.press("space", "f3")
    s.terminal.until(lambda text: "1 of 24 answered" in text and "✓ Saved here" in text)
    s.go(ESSAY)
    s.terminal.type("Half a sentence")
    s.terminal.until(lambda text: "2 of 24" in text and "✓ Saved here" in text)
    before = left_s(s.terminal.text())
    dead = s.terminal.pid
    began = time.monotonic()
    if kept:
        s.terminal.signal(signal.SIGKILL)
        s.terminal.until(lambda _: s.terminal.pid not in (dead, s.terminal.keeper))
    else:
        s.terminal.kill()
        eventually(lambda: not Path(f"/proc/{dead}").exists(), "the copy is gone as well")
        s.terminal.start()
    s.terminal.blank()
    text = s.at(ESSAY)
    took = time.monotonic() - began
    print(f"\nkilled to the same question painted: {took * 1e3:.0f} ms")
    text = s.terminal.until("Half a sentence")
    assert "2 of 24 answered" in text
    assert before - took - 3 <= left_s(text) <= before
    s.terminal.type(" more")
    s.terminal.until("Half a sentence more")
    noticed = [each.event.code for each in s.told() if isinstance(each.event, ev.Noticed)]
    assert "screen-lost" in noticed


def test_a_killed_agent_locks_the_screen_and_the_draft_is_kept(station: Any) -> None:
    s = station()
    s.go(ESSAY)
    s.terminal.type("Saved. ")
    s.terminal.until(lambda text: "1 of 24" in text and "✓ Saved here" in text)
    s.agent.kill()
    s.terminal.until(lambda text: "Your answers up to now are saved." in text)
    s.agent = s.seat.agent()
    s.at(ESSAY)
    s.terminal.type("Kept.")
    s.terminal.until("Kept.")
    s.agent.kill()  # before the pause after which it would have been saved, or after: no matter
    locked = s.terminal.until(lambda text: "One moment" in text)
    assert "Kept." not in locked
    assert "swordfish" not in locked
    s.terminal.type("not in any question")
    s.agent = s.seat.agent()
    s.terminal.until("Saved. Kept.")
    s.terminal.until("✓ Saved here")
    attempt = s.attempt()
    assert attempt.epoch == 3
    assert s.answer(ESSAY) == "Saved. Kept."


PLANTS = {
    "a key": "ExamScreen.action_flag = lambda self: boom(self)",
    "a message": "ExamScreen.on_key = lambda self, event: boom(event)",
    "a task": """
async def fail(self): boom(self)
ExamScreen.action_flag = lambda self: self.run_worker(fail(self))""",
    "painting": """
from kiosk.widgets.bars import KeyBar
def render(self): boom(self) if armed else None; return Content("")
KeyBar.render = render""",
    "a timer": "Client._tick = lambda self: boom(self) if armed else None",
    "the input thread": """
from textual.events import Key
def process(self, message): boom(message) if isinstance(message, Key) else None
KioskDriver.process_message = process""",
    "a forgotten thread": """
import threading
def fail(self): threading.Thread(target=boom, args=(self,)).start(); raise KeyError(SECRET)
ExamScreen.action_flag = fail""",
}
PROGRAM = """
import sys
sys.argv = ["screen", {socket!r}]
SECRET = {secret!r}
armed = []
def boom(it):
    swordfish = SECRET
    raise RuntimeError(SECRET) from KeyError(SECRET)
from textual.content import Content
from kiosk.client import Client
from kiosk.screens.exam import ExamScreen
from kiosk.terminal import KioskDriver
def arm(self): armed.append(1); self.refresh(); self.query_one("#keys").refresh()
ExamScreen.action_flag = arm
{plant}
from kiosk.app import main
main()
"""


@pytest.mark.parametrize(
    "where",
    [
        each if each in ("a key", "painting") else pytest.param(each, marks=pytest.mark.slow)
        for each in PLANTS
    ],
)
def test_a_fault_of_the_screen_shows_nothing_and_is_recorded(station: Any, where: str) -> None:
    s = station(begun=False)
    program = PROGRAM.format(socket=str(s.seat.station.socket), secret=SECRET, plant=PLANTS[where])
    bare = s.agent.screen()
    bare.begin(s.hall, s.seat.number)
    s.terminal._arguments = [sys.executable, "-I", "-c", program]
    s.terminal.start()
    s.at(1)
    first = s.terminal.pid
    s.terminal.press("f3")
    eventually(lambda: s.terminal.pid not in (first, s.terminal.keeper), "another copy is made")
    s.terminal.blank()
    s.at(1)
    shown = s.terminal.output.decode()
    assert "The screen stopped by a fault of its own." in shown.replace("\r\n", " ")
    for word in (SECRET, "swordfish", "Traceback", "RuntimeError", "KeyError", ".py", "Task "):
        assert word not in shown
    (fault,) = eventually(lambda: faults(s), "the fault is in the journal")
    assert "Error in " in fault
    assert "boom" in fault or "KeyError" in fault
    assert "swordfish" not in fault
    log = s.agent.log.read_text()
    assert "boom" in log or "KeyError" in log
    assert "swordfish" not in log
    assert s.attempt().phase is Phase.RUNNING


def faults(s: Any) -> list[str]:
    return [
        each.event.words
        for each in s.told()
        if isinstance(each.event, ev.Noticed) and each.event.code == "screen-fault"
    ]


def test_a_screen_that_dies_again_and_again_ends(station: Any) -> None:
    s = station(begun=False)
    program = PROGRAM.format(
        socket=str(s.seat.station.socket),
        secret=SECRET,
        plant="Client.on_mount = lambda self: boom(self)",
    )
    s.terminal._arguments = [sys.executable, "-I", "-c", program]
    s.terminal.start()
    assert s.terminal.status() == 70
    s.terminal.silence()
    shown = s.terminal.output.decode()
    assert shown.replace("\r\n", " ").count("The screen stopped by a fault of its own.") == 5
    assert "swordfish" not in shown
