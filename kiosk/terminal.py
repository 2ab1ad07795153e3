"""The terminal's input, read so that no byte of it can end the screen.

Textual's own reader stops with a traceback at the first byte that is not UTF-8, and so
would the exam. Here such bytes become U+FFFD, and a parser that stumbles is replaced.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import termios
from codecs import getincrementaldecoder

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

READ = 4096
RESTORE = b"\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h"
"""No bracketed paste, no mouse, no key protocol, the first screen again, the cursor."""


class KioskDriver(LinuxDriver):
    """Linux driver with a sturdy input thread."""

    def restore_now(self) -> None:
        """Give the terminal back without waiting for it, however it stands."""
        with contextlib.suppress(OSError, termios.error):
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
            os.set_blocking(self.fileno, False)
            try:
                os.write(self.fileno, RESTORE)
            finally:
                os.set_blocking(self.fileno, True)

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except Exception as fault:
            self._loop.call_soon_threadsafe(self._app._handle_exception, fault)

    def run_input_thread(self) -> None:
        """Read keys, mouse and replies until told to stop, or the terminal is gone."""
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        parser = XTermParser(self._debug)
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                text = ""
                if selector.select(0.1):
                    try:
                        data = os.read(self.fileno, READ)
                    except OSError:
                        data = b""
                    if not data:  # hung up: the kernel's own signal may have been missed
                        os.kill(os.getpid(), signal.SIGHUP)
                        return
                    text = decode(data)
                try:
                    messages = [*parser.feed(text)] if text else []
                    messages += parser.tick()
                except Exception:  # whatever was typed, it cannot be worth an exam
                    parser = XTermParser(self._debug)
                    continue
                for message in messages:
                    self.process_message(message)
