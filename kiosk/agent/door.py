"""The door for screens: listens on a unix socket, one thread reading per screen.

Telling a screen something never waits. What the socket does not take at once is kept
and sent by a thread of its own; a screen that reads too slowly for that is dropped. It
may connect again and is told everything.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from exam_packages.errors import ExamError
from kiosk.ipc.channel import Channel, ChannelError, frame, listen
from kiosk.ipc.messages import FromAgent, FromScreen

MAX_BACKLOG = 16 * 1024 * 1024
"""Bytes kept for a screen that is slow to read."""
PATIENCE_S = 10.0
"""Seconds a screen may take nothing at all while something waits for it."""
MAX_UNHEARD = 64
"""Messages of one screen that may wait for the session thread; then it is not read on."""
MAX_SCREENS = 8
"""Connections at a time; the newest that says hello is served."""


class DoorError(ExamError):
    """The agent cannot listen for its screen."""


class Screen:
    """One connected screen."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.channel: Channel[FromScreen] = Channel(sock, FromScreen)
        self.unheard = threading.Semaphore(MAX_UNHEARD)
        """Released by the session thread for each message it took."""
        self._changed = threading.Condition()
        self._backlog: deque[bytes] = deque()
        self._waiting = 0
        self._dropped = False

    def tell(self, message: FromAgent) -> None:
        """Send *message*, now or soon. Never waits, never raises."""
        data = frame(message)
        with self._changed:
            if self._dropped:
                return
            if not self._backlog:
                try:
                    data = data[self._sock.send(data, socket.MSG_DONTWAIT) :]
                except BlockingIOError:
                    pass  # full: all of it waits
                except OSError:
                    self._drop()
                    return
            if data:
                self._backlog.append(data)
                self._waiting += len(data)
                if self._waiting > MAX_BACKLOG:
                    self._drop()
                self._changed.notify()

    def drop(self) -> None:
        """End the connection."""
        with self._changed:
            self._drop()

    def drain(self) -> None:
        """Send what is kept, until the screen is dropped: the body of a thread."""
        while True:
            with self._changed:
                while not self._backlog and not self._dropped:
                    self._changed.wait()
                if self._dropped:
                    return
            poll = select.poll()
            try:
                poll.register(self._sock, select.POLLOUT)
                ready = poll.poll(PATIENCE_S * 1000)
            except (OSError, ValueError):
                ready = []
            with self._changed:
                if not ready:
                    self._drop()
                elif not self._dropped:
                    self._send_waiting()

    def _send_waiting(self) -> None:
        first = self._backlog[0]
        try:
            count = self._sock.send(first, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            self._drop()
            return
        self._waiting -= count
        if count == len(first):
            self._backlog.popleft()
        else:
            self._backlog[0] = first[count:]

    def _drop(self) -> None:
        self._dropped = True
        self._backlog.clear()
        self._changed.notify()
        self.channel.close()


class Door:
    """Listens at *path*; tells what screens say, and when they go."""

    def __init__(
        self,
        path: Path,
        heard: Callable[[Screen, FromScreen], None],
        gone: Callable[[Screen], None],
    ) -> None:
        self._path = path
        self._heard = heard
        self._gone = gone
        self._lock = threading.Lock()
        self._screens: list[Screen] = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def open(self) -> None:
        """Start to listen. Raises :class:`DoorError`."""
        try:
            listen(self._listener, self._path, backlog=4)
        except OSError as problem:
            raise DoorError(
                "The agent cannot listen for its screen at {path}: {why}.",
                path=str(self._path),
                why=problem.strerror or type(problem).__name__,
            ) from None
        threading.Thread(target=self._accept, name="door", daemon=True).start()

    def close(self) -> None:
        """Drop every screen and stop listening."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            screens = list(self._screens)
        for screen in screens:
            screen.drop()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # closed
            screen = Screen(sock)
            with self._lock:
                self._screens.append(screen)
                oldest = self._screens[0] if len(self._screens) > MAX_SCREENS else None
            if oldest is not None:
                oldest.drop()
            threading.Thread(target=screen.drain, name="screen-out", daemon=True).start()
            threading.Thread(target=self._read, args=(screen,), name="screen", daemon=True).start()

    def _read(self, screen: Screen) -> None:
        try:
            while True:
                message = screen.channel.receive()
                screen.unheard.acquire()
                self._heard(screen, message)
        except ChannelError:
            screen.drop()
        with self._lock:
            self._screens.remove(screen)
        self._gone(screen)
