"""A key-watch that runs for real, over keyboards that a test presses."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from kiosk.lockdown.keywatch import KeyWatch
from kiosk.lockdown.listeners import Heard, ListenerError
from kiosk.lockdown.signals import Key, Source


class Scripted:
    """Ears for keyboards that are not there. ``deaf`` ones never hear their generated key,
    ``broken`` ones cannot be listened to."""

    source = Source.KERNEL

    def __init__(self, *present: str) -> None:
        self.present = list(present)
        self.deaf: set[str] = set()
        self.broken: set[str] = set()
        self._heard: dict[str, Heard] = {}

    def keyboards(self) -> list[str]:
        return list(self.present)

    def listen(self, keyboard: str, heard: Heard) -> _Listening:
        if keyboard in self.broken:
            raise ListenerError("The keyboard {path} cannot be watched.", path=keyboard)
        self._heard[keyboard] = heard
        return _Listening(self, keyboard)

    def press(self, keyboard: str, *keys: Key) -> None:
        """Press *keys* one after the other, and let them go."""
        for down, order in ((True, keys), (False, tuple(reversed(keys)))):
            for key in order:
                self._heard[keyboard](keyboard, key, down)

    def sing(self, keyboard: str) -> None:
        if keyboard not in self.deaf:
            self._heard[keyboard](keyboard, None, True)
            self._heard[keyboard](keyboard, None, False)


class _Listening:
    alive = True

    def __init__(self, ears: Scripted, keyboard: str) -> None:
        self._ears, self._keyboard = ears, keyboard

    def sing(self) -> bool:
        self._ears.sing(self._keyboard)
        return True

    def close(self) -> None:
        pass


@contextlib.contextmanager
def watching(ears: Scripted, path: Path) -> Iterator[KeyWatch]:
    """A key-watch that listens at *path*."""
    watch = KeyWatch(ears, ears.keyboards, path)
    watch.open()
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield watch
    finally:
        watch.stop()
        thread.join()
