"""A network that misbehaves: a TCP proxy in front of a hall, in threads of its own.

It changes nothing inside TLS, which would not be believed anyway: it delays, cuts connections
in the middle of what they carry, swallows everything without an answer, or refuses.
"""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from typing import Final, Literal

Mood = Literal["good", "slow", "lossy", "black", "cut"]
MOODS: Final[tuple[Mood, ...]] = ("good", "slow", "lossy", "black", "cut")
_PIECE = 4096


class BadNetwork:
    """A port that leads to *target* on this machine, as well as its ``mood`` lets it."""

    def __init__(self, target: int, seed: int) -> None:
        self.target = target
        self.mood: Mood = "good"
        self._chance = random.Random(seed)  # noqa: S311  no secret
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._ending = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def feel(self, mood: Mood) -> None:
        """From now on; connections that are open are cut, as when a cable is pulled."""
        self.mood = mood
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._ending.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.feel("cut")
        for thread in self._threads:
            thread.join(5)

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            if self.mood == "cut":
                here.close()
                continue
            try:
                there = socket.create_connection(("127.0.0.1", self.target), timeout=5)
                there.settimeout(None)
            except OSError:
                here.close()
                continue
            self._open |= {here, there}
            self._start(self._carry, here, there)
            self._start(self._carry, there, here)

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(_PIECE):
                if self.mood == "black":
                    continue
                if self.mood == "slow":
                    self._ending.wait(self._chance.uniform(0, 0.05))
                if self.mood == "lossy" and self._chance.random() < 0.2:
                    break
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for each in (source, sink):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            source.close()
            self._open.discard(source)
