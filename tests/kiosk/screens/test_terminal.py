"""The real program in a real pseudo-terminal: signals, control bytes, environment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAM = "import sys; from pathlib import Path; from kiosk.app import run; run(Path(sys.argv[1]))"


class Terminal:
    """A program in a pseudo-terminal of 80×24."""

    def __init__(self, socket: Path, **environment: str) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ.update(environment, TERM="xterm-256color", LINES="24", COLUMNS="80")
            arguments = [sys.executable, "-c", PROGRAM, str(socket)]
            os.execv(sys.executable, arguments)  # noqa: S606 - no shell is meant
        self.output = b""

    def read(self, seconds: float) -> None:
        if select.select([self._fd], [], [], seconds)[0]:
            with contextlib.suppress(OSError):  # the program ended
                self.output += os.read(self._fd, 1 << 16)

    def until(self, words: bytes) -> None:
        deadline = time.monotonic() + 20
        while words not in self.output:
            assert time.monotonic() < deadline, self.output[-2000:]
            self.read(0.2)

    def until_still(self) -> None:
        """Wait, reading nothing, until the program uses no more time: it is blocked, or done."""
        used, unchanged = -1, 0
        deadline = time.monotonic() + 60
        while unchanged < 10:
            assert time.monotonic() < deadline
            time.sleep(0.1)
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
            now = int(fields[11]) + int(fields[12])
            used, unchanged = now, unchanged + 1 if now - used < 2 else 0

    def type(self, data: bytes) -> None:
        os.write(self._fd, data)

    def end(self) -> int:
        """Wait for the program; its exit status (negative: a signal)."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.pid = 0
                for _ in range(20):
                    self.read(0.05)
                return os.waitstatus_to_exitcode(status)
            self.read(0.1)
        raise AssertionError("the program did not end")

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.hang_up()

    def hang_up(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Any]:
    opened: list[Terminal] = []

    def start(**environment: str) -> Terminal:
        opened.append(Terminal(tmp_path / "none.sock", **environment))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


RESTORED = b"\x1b[?1049l"


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_the_service_manager_ends_it_and_the_terminal_is_restored(
    terminal: Any, ending: signal.Signals
) -> None:
    t = terminal()
    t.until(b"This station is starting.")
    os.kill(t.pid, ending)
    assert t.end() == 0
    assert RESTORED in t.output
    assert b"Traceback" not in t.output


def test_no_control_byte_and_no_terminal_signal_ends_it(terminal: Any) -> None:
    t = terminal()
    t.until(b"This station is starting.")
    t.type(bytes(range(1, 32)) * 3 + b"\x7f\xff\xfe")
    t.type(b"\x1b[<0;5;5M\x1b[<999;999\x1b[200~pasted\x1b[201~\x1bO\x1b[1;1R")
    for ignored in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        os.kill(t.pid, ignored)
    t.type(b"\x1b[15~")  # F5: alive, and listening
    t.until(b"Help and display")
    os.kill(t.pid, signal.SIGTERM)
    assert t.end() == 0


def test_a_terminal_that_reads_nothing_does_not_keep_it_from_ending(terminal: Any) -> None:
    t = terminal()
    t.until(b"This station is starting.")
    for _ in range(60):
        t.type(b"\x1b[15~\x1b[15~")  # help opens and closes; nobody reads what is painted
    t.until_still()
    t.type(b"\x1b[15~")
    t.until_still()
    os.kill(t.pid, signal.SIGTERM)
    deadline = time.monotonic() + 30
    while not os.waitpid(t.pid, os.WNOHANG)[0]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    t.pid = 0


def test_a_terminal_that_is_gone_ends_it(terminal: Any) -> None:
    t = terminal()
    t.until(b"This station is starting.")
    t.hang_up()
    deadline = time.monotonic() + 30
    while not os.waitpid(t.pid, os.WNOHANG)[0]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    t.pid = 0


def test_the_environment_cannot_drive_it(terminal: Any, tmp_path: Path) -> None:
    log = tmp_path / "log"
    t = terminal(
        TEXTUAL_PRESS="f5",
        TEXTUAL_LOG=str(log),
        TEXTUAL_DRIVER="os:nothing",
        TEXTUAL_ALLOW_SIGNALS="1",
    )
    t.until(b"This station is starting.")
    t.type(b"\x03")
    os.kill(t.pid, signal.SIGTERM)
    assert t.end() == 0
    assert b"Help and display" not in t.output
    assert not log.exists()


def test_a_candidate_signs_in_through_a_real_terminal(sit: Any, tmp_path: Path) -> None:
    async def walk() -> None:
        async with sit() as s:
            t = Terminal(tmp_path / "agent.sock")
            try:
                await asyncio.to_thread(t.until, b"sign-in code")
                t.type(b"kl7q-2m\r")
                await asyncio.to_thread(t.until, b"Ada Whitmore")
                await s.until(lambda: s.agent.named)
                os.kill(t.pid, signal.SIGTERM)
                assert await asyncio.to_thread(t.end) == 0
            finally:
                t.close()

    asyncio.run(walk())
