"""The key-watch as the agent hears it: connected, believed while it speaks, found again.

The agent watches no keys itself and loads nothing that could. A key-watch that ends, or falls
silent, never touches the answers: its loss is told, and it is looked for again after a while.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from kiosk.agent.inbox import KeysWatched, Message, Signalled
from kiosk.ipc.channel import Channel, ChannelError, short_path
from kiosk.ipc.keywatch import SILENCE_S, Combination, FromKeyWatch, Pulse, Watching
from kiosk.lockdown.signals import Category, Source, Watched, of_idle, of_keys

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
_CREDENTIALS: Final = struct.Struct("=iII")

NOBODY = KeysWatched(Source.NONE, Watched.NOT, 0)


class KeyWatchLink:
    """Hears the key-watch at *path* in a thread, and posts what it says."""

    def __init__(
        self, path: Path, post: Callable[[Message], None], *, first_wait_s: float = FIRST_WAIT_S
    ) -> None:
        self._path = path
        self._post = post
        self._first_wait_s = first_wait_s
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._channel: Channel[FromKeyWatch] | None = None
        self._thread = threading.Thread(target=self._run, name="keys", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let go of the key-watch."""
        self._stop.set()
        with self._lock:
            if self._channel is not None:
                self._channel.close()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        wait = self._first_wait_s
        while not self._stop.is_set():
            if self._live():
                wait = self._first_wait_s
            self._stop.wait(wait)
            wait = min(LONGEST_WAIT_S, wait * 2)

    def _live(self) -> bool:
        """One connection, to its end; whether the key-watch said anything."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(SILENCE_S)
        channel: Channel[FromKeyWatch] = Channel(sock, FromKeyWatch)
        with self._lock:
            if self._stop.is_set():
                sock.close()
                return False
            self._channel = channel
        said = False
        with contextlib.suppress(OSError):
            with short_path(self._path) as name:
                sock.connect(name)
            said = _trusted(sock) and self._listen(channel)
        with self._lock:
            self._channel = None
        channel.close()
        if said:
            self._post(NOBODY)
        return said

    def _listen(self, channel: Channel[FromKeyWatch]) -> bool:
        """Pass on what it says until it ends; whether it said anything."""
        source, idle_s, said = Source.NONE, 0, False
        # ValueError: a number that this version does not know.
        with contextlib.suppress(ChannelError, ValueError):
            while True:
                match channel.receive():
                    case Watching(source=number, watched=watched, keyboards=keyboards):
                        source = Source(number)
                        self._post(KeysWatched(source, Watched(watched), keyboards))
                    case Combination(category=category, count=count):
                        self._post(Signalled(of_keys(Category(category), source), count))
                    case Pulse(idle_s=now_s):
                        if (idle := of_idle(idle_s, now_s)) is not None:
                            self._post(Signalled(idle))
                        idle_s = now_s
                said = True
        return said


def _trusted(sock: socket.socket) -> bool:
    """Whether root listens there, or this very user: nobody else's word counts."""
    data = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _pid, user, _group = _CREDENTIALS.unpack(data)
    return user in (0, os.geteuid())
