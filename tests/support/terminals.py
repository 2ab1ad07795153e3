"""The real screen process in a real pseudo-terminal, in front of a real agent.

Beside what :class:`provisioning.demo.terminal.Terminal` does for a patient candidate, a
terminal here can be resized, stop reading, and write what no keyboard sends.
"""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyte

from provisioning.demo.terminal import Terminal

PATIENCE_S = 30
ASKED, ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"


class Pty(Terminal):
    """A terminal that misbehaves when it is told to."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str] = {}) -> None:
        super().__init__([*_env(environment), *arguments])
        self.output = b""
        """The last of what was written, for what an emulated screen does not show."""
        self._reading = threading.Event()
        self._reading.set()

    def _read(self, master: int, screen: Any) -> None:
        stream = pyte.ByteStream(screen)
        while True:
            self._reading.wait()
            try:
                data = os.read(master, 65536)
            except OSError:
                return
            if not data:
                return
            if ASKED in data:  # frames may be marked: a half-drawn one is no screen
                os.write(master, ANSWER)
            with self._changed:
                self.output = (self.output + data)[-(1 << 20) :]
                stream.feed(data)
                self._changed.notify_all()

    def blank(self) -> None:
        """Forget what stands here: only what is painted from now on is looked at."""
        with self._changed:
            self._screen.reset()

    def deafen(self) -> None:
        """Read nothing of what the program writes."""
        self._reading.clear()

    def hear(self) -> None:
        """Read on."""
        self._reading.set()

    def resize(self, lines: int, columns: int) -> None:
        """Another size, and the signal that says so: the program is in no foreground group,
        whom the kernel would tell."""
        with self._changed:
            self._screen.resize(max(1, lines), max(1, columns))
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)
        self.signal(signal.SIGWINCH)

    def send(self, data: bytes) -> None:
        """Write any bytes, as fast as the program takes them."""
        while data:
            data = data[os.write(self._master, data[:65536]) :]

    def silence(self, seconds: float = 0.25) -> None:
        """Send nothing for a while: that is what ends a sequence that was cut."""
        time.sleep(seconds)

    def quiet(self) -> None:
        """Wait until the program has worked off what it was sent."""
        until_still(self.pid)

    @property
    def keeper(self) -> int:
        """The process that was started."""
        assert self._process is not None
        return self._process.pid

    @property
    def pid(self) -> int:
        """The process that draws: the copy that the one started made of itself, if it did."""
        children = Path(f"/proc/{self.keeper}/task/{self.keeper}/children").read_text().split()
        return int(children[0]) if children else self.keeper

    def signal(self, number: int) -> None:
        """Send a signal to the program."""
        os.kill(self.pid, number)

    def status(self) -> int:
        """Wait for the program to end; its exit status."""
        assert self._process is not None
        return self._process.wait(PATIENCE_S)

    def until(self, seen: Callable[[str], bool] | str) -> str:
        """Wait until the screen shows something."""
        return self.wait(seen, patience_s=PATIENCE_S)

    def resident(self) -> int:
        """Resident memory of the program in bytes."""
        return resident(self.pid)


def _env(environment: Mapping[str, str]) -> list[str]:
    return ["env", *(f"{name}={value}" for name, value in environment.items())]


def resident(pid: int) -> int:
    """Resident memory of a process in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def processor_s(pid: int) -> float:
    """Seconds of processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def until_still(pid: int) -> None:
    """Wait until a process uses no more time: it is blocked, or done."""
    used, unchanged = -1.0, 0
    deadline = time.monotonic() + 2 * PATIENCE_S
    while unchanged < 5:
        assert time.monotonic() < deadline
        time.sleep(0.1)
        now = processor_s(pid)
        used, unchanged = now, unchanged + 1 if now - used < 0.02 else 0
