"""The terminal: read so that no byte of it can end the screen, written so that none waits.

Textual's own reader stops with a traceback at the first byte that is not UTF-8, and types
what it does not know; what may reach it here is sorted by :mod:`kiosk.keyboard`. Its writer
stops the whole program, timers and saving too, while a terminal takes nothing; here frames
are left out meanwhile, and all is painted anew afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import signal
import termios
import tty
from codecs import getincrementaldecoder
from concurrent.futures import Future
from typing import Any

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from kiosk.keyboard import Escape, Keyboard, Pasted, Token
from kiosk.turns import Turns

READ = 4096
SILENCE_S = 0.1
"""Seconds without a byte after which a sequence is not waited for any more."""
MOST_WAITING = 1000
"""Keys that may wait for the screen; then the terminal keeps the next ones."""
CATCH_UP_S = 0.1
RESTORE = b"\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h"
"""No bracketed paste, no mouse, no key protocol, the first screen again, the cursor."""
MODES = (
    "\x1b[?2026l\x1b[?1049h\x1b[?1000h\x1b[?1003h\x1b[?1006h\x1b[?25l\x1b[?1004h\x1b[=25u"
    "\x1b[?2004h\x1b[?7l"
)
"""All of it the other way round, for a terminal that missed something: frames are shown at
once again, second screen, mouse, no cursor, focus, key protocol, paste, no wrapping."""


class KioskDriver(LinuxDriver):
    """Linux driver that no input ends and no stuck output stops."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lagging = False
        """Whether frames are left out because the terminal does not take them."""
        self._ending = False
        self._sent: Future[Any] | None = None
        """The message that was given to the screen last."""

    # Job control: there is no shell to be sent behind.

    def _sigtstp_application(self, *_: Any) -> None:
        """Stay in front."""

    def _sigcont_application(self, *_: Any) -> None:
        """Let go on after a stop: take the terminal again, and paint.

        Textual would start a second reader beside the first.
        """
        with contextlib.suppress(OSError, termios.error):
            mode = termios.tcgetattr(self.fileno)
            mode[tty.LFLAG] = self._patch_lflag(mode[tty.LFLAG])
            mode[tty.IFLAG] = self._patch_iflag(mode[tty.IFLAG])
            termios.tcsetattr(self.fileno, termios.TCSANOW, mode)
        self._loop.call_soon_threadsafe(self._paint_all)

    # Output.

    def write(self, data: str) -> None:
        """Write; but leave it out while the terminal takes nothing."""
        writer = self._writer_thread
        if writer is None:
            return
        if self._ending or not (self._lagging or writer._queue.full()):
            writer.write(data)
        elif not self._lagging:
            self._lagging = True
            self._loop.call_soon_threadsafe(self._catch_up)

    def _catch_up(self) -> None:
        """Paint everything once the terminal has taken what it was given."""
        writer = self._writer_thread
        if writer is None or self._ending:
            return
        if writer._queue.empty():
            self._lagging = False
            self._paint_all()
        else:
            self._loop.call_later(CATCH_UP_S, self._catch_up)

    def _paint_all(self) -> None:
        self.write(MODES)
        self._app.refresh(layout=True)

    def stop_application_mode(self) -> None:
        """Give the terminal back in order. This waits for it."""
        self._ending = True
        super().stop_application_mode()

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

    # Input.

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except Exception as fault:
            self._loop.call_soon_threadsafe(self._app._handle_exception, fault)

    def run_input_thread(self) -> None:
        """Read keys, mouse and replies until told to stop, or the terminal is gone."""
        decode = getincrementaldecoder("utf-8")(errors="ignore").decode
        keyboard = Keyboard()
        reader = _Reader(self._debug)
        turns = Turns(self._app, self._loop)
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if not selector.select(SILENCE_S):
                    tokens = keyboard.pause()
                else:
                    try:
                        data = os.read(self.fileno, READ)
                    except OSError:
                        data = b""
                    if not data:  # hung up: the kernel's own signal may have been missed
                        os.kill(os.getpid(), signal.SIGHUP)
                        return
                    tokens = keyboard.feed(decode(data))
                for token in tokens:
                    for message in reader.read(token):
                        self.process_message(message)
                        if isinstance(message, events.Key | events.Paste):
                            turns.wait(self.exit_event)
                self._let_the_screen_follow()

    def send_message(self, message: Message) -> None:
        self._sent = asyncio.run_coroutine_threadsafe(self._app._post_message(message), self._loop)

    def _let_the_screen_follow(self) -> None:
        """Read no further while the screen is far behind."""
        while self._is_behind() and not self.exit_event.wait(0.02):
            pass

    def _is_behind(self) -> bool:
        sent = self._sent
        waiting: int = self._app._message_queue.qsize()
        return waiting > MOST_WAITING or (sent is not None and not sent.done())


class _Reader:
    """Textual's parser, given one token at a time, and replaced when it stumbles."""

    def __init__(self, debug: bool) -> None:
        self._debug = debug
        self._parser = XTermParser(debug)

    def read(self, token: Token) -> list[Message]:
        match token:
            case Pasted(text=text):
                return [events.Paste(text.replace("\x00", ""))]
            case Escape():
                return [events.Key("escape", "\x1b")]
            case _:
                return self._parse(token)

    def _parse(self, token: str) -> list[Message]:
        messages: list[Message] | None = None
        with contextlib.suppress(Exception):  # whatever was typed, it cannot be worth an exam
            messages = list(self._parser.feed(token))
        if messages is None or self._parser._awaiting.timeout is not None:
            # It stumbled, or waits for more of what was whole: it does not know this one.
            self._parser = XTermParser(self._debug)
            return []
        if token[0] == "\x1b" and token[-1] != "u":  # some read Alt and a digit as “º” or “¢”
            messages = [each for each in messages if not _types(each)]
        return messages


def _types(message: Message) -> bool:
    return isinstance(message, events.Key) and message.is_printable
