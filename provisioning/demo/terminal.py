"""A program in a real pseudo-terminal, its screen read through a terminal emulation.

What is typed goes through the line as from a keyboard; what is read is what a person
would see. Needs ``pyte`` (the extra ``demo``).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import pyte

from provisioning.demo.processes import PATIENCE_S
from provisioning.demo.stages import DemoError

COLUMNS, LINES = 120, 60
"""High enough for a question with its picture: what is below the edge cannot be read."""

KEYS: Final = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "tab": "\t",
    "enter": "\r",
    "space": " ",
    "delete": "\x1b[3~",
    "backspace": "\x7f",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
    "f6": "\x1b[17~",
    "f7": "\x1b[18~",
    "f8": "\x1b[19~",
    "f9": "\x1b[20~",
    "f10": "\x1b[21~",
}
"""What a keyboard sends for keys that are no characters (xterm)."""


_SYNCHRONISED: Final = 2026
_ASKED: Final = b"\x1b[?2026$p"
_ANSWER: Final = b"\x1b[?2026;2$y"


class _Screen(pyte.Screen):
    """An emulated screen that knows when a frame is being drawn (DEC mode 2026)."""

    drawing = False

    def set_mode(self, *modes: int, **private: bool) -> None:
        self.drawing |= _SYNCHRONISED in modes
        super().set_mode(*modes, **private)

    def reset_mode(self, *modes: int, **private: bool) -> None:
        self.drawing &= _SYNCHRONISED not in modes
        super().reset_mode(*modes, **private)


def _environment() -> dict[str, str]:
    """Ours, but for what describes the terminal that we ourselves may run in."""
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    return {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor"}


class Terminal:
    """One program and the terminal it runs in."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = list(arguments)
        self._changed = threading.Condition()
        self._process: subprocess.Popen[bytes] | None = None
        self._master = -1
        self._reader: threading.Thread | None = None
        self._screen = _Screen(COLUMNS, LINES)

    def start(self) -> None:
        """Start the program in a fresh terminal, or start it again."""
        self._hang_up()
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._screen = _Screen(COLUMNS, LINES)
        self._process = subprocess.Popen(
            self._arguments,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=_environment(),
        )
        os.close(slave)
        self._reader = threading.Thread(
            target=self._read, args=(self._master, self._screen), daemon=True
        )
        self._reader.start()

    def _read(self, master: int, screen: _Screen) -> None:
        """Draw all that the program writes, until its terminal closes."""
        stream = pyte.ByteStream(screen)
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:  # EIO: the program has gone
                return
            if not data:
                return
            if _ASKED in data:
                # Yes, frames may be marked: then a half-drawn one is never taken for a screen.
                os.write(master, _ANSWER)
            with self._changed:
                stream.feed(data)
                self._changed.notify_all()

    @property
    def pid(self) -> int:
        """The program's process id; 0 before it was started."""
        return self._process.pid if self._process is not None else 0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def text(self) -> str:
        """The screen as it is now, line by line."""
        with self._changed:
            return "\n".join(line.rstrip() for line in self._screen.display)

    def wait(
        self,
        seen: Callable[[str], bool] | str,
        words: str = "",
        patience_s: float = PATIENCE_S,
    ) -> str:
        """Wait until the screen shows a text or fulfils a test, and is drawn whole; its text.

        Raises :class:`DemoError` with the screen as it stayed.
        """
        test = (lambda text: seen in text) if isinstance(seen, str) else seen
        deadline = time.monotonic() + patience_s
        with self._changed:
            while True:
                text = "\n".join(line.rstrip() for line in self._screen.display)
                if not self._screen.drawing and test(text):
                    return text
                rest = deadline - time.monotonic()
                if rest <= 0 or not self.alive:
                    break
                self._changed.wait(min(rest, 0.5))
        raise DemoError(
            "The screen {state} and never showed {what}. It showed:\n{screen}",
            state="stayed" if self.alive else "ended",
            what=words or (f"“{seen}”" if isinstance(seen, str) else "what was expected"),
            screen=text.strip() or "(nothing)",
        )

    def press(self, *keys: str) -> None:
        """Press keys by name (see :data:`KEYS`) or by their character."""
        for key in keys:
            self._write(KEYS.get(key, key).encode())

    def type(self, text: str) -> None:
        """Type a text."""
        self._write(text.encode())

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._master, data) :]
        except OSError:
            raise DemoError("The program in the terminal has ended.") from None

    def kill(self) -> None:
        """SIGKILL the program."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """SIGTERM the program, and close its terminal."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._reader is not None:
            # The program has ended, so the reader meets the end too; only then may the
            # descriptor's number be used again.
            self._reader.join(PATIENCE_S)
            self._reader = None
        if self._master >= 0:
            with contextlib.suppress(OSError):
                os.close(self._master)
            self._master = -1
