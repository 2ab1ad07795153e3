"""Letting callers in: some handshakes at a time, in the order in which callers came.

A server that was down is called by everybody in one moment. Were all handshakes made at once,
each would be done when the last is; where that is later than callers wait, none would be, and all
would begin again. So a few are under way at a time, and the others wait in the system's queue:
whoever came first is served first, whatever the number of those who wait.

A caller that has not said anything yet costs nothing and takes no place, and one that is slow to
answer holds its place for a moment only: nobody keeps others out by being silent.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

__all__ = ["AT_ONCE", "Acceptor"]

AT_ONCE: Final = 32
"""Handshakes under way that began with a caller's first words."""
PATIENCE_S: Final = 0.1
"""Seconds for which an unfinished handshake counts."""
_HANDSHAKE_S: Final = 20.0
"""Seconds after which an unfinished handshake ends."""
_REST_S: Final = 0.5
"""Seconds to wait when the system gives no more connections: others must end first."""


class Acceptor:
    """Accepts on *listening* in the running loop, until closed; *make* makes a protocol.

    It has the two methods of :class:`asyncio.Server` that uvicorn calls.
    """

    def __init__(
        self,
        listening: socket.socket,
        make: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext | None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = listening
        self._make = make
        self._tls = tls
        self._under_way = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = self._reading = False
        self._go_on()

    def close(self) -> None:
        """Accept nobody any more; who is here may stay."""
        self._rest()
        self._closed = True

    async def wait_closed(self) -> None:
        """Until no handshake is under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _go_on(self) -> None:
        if not (self._closed or self._reading):
            self._reading = True
            self._loop.add_reader(self._socket, self._accept)

    def _rest(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._socket)

    def _accept(self) -> None:
        while self._under_way < AT_ONCE:
            try:
                caller, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # no descriptors or memory left
                self._rest()
                self._loop.call_later(_REST_S, self._go_on)
                return
            caller.setblocking(False)
            self._let_in(caller)
        self._rest()

    def _let_in(self, caller: socket.socket) -> None:
        counts = self._tls is not None and _has_spoken(caller)
        task = self._loop.create_task(self._shake_hands(caller))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if not counts:
            return
        self._under_way += 1

        def done(_: object = None) -> None:
            patience.cancel()
            task.remove_done_callback(done)
            self._under_way -= 1
            self._go_on()

        patience = self._loop.call_later(PATIENCE_S, done)
        task.add_done_callback(done)

    async def _shake_hands(self, caller: socket.socket) -> None:
        patience = _HANDSHAKE_S if self._tls is not None else None
        try:
            await self._loop.connect_accepted_socket(
                self._make, caller, ssl=self._tls, ssl_handshake_timeout=patience
            )
        except (OSError, asyncio.CancelledError):
            caller.close()  # no TLS, not this body's, too slow, or gone


def _has_spoken(caller: socket.socket) -> bool:
    try:
        return bool(caller.recv(1, socket.MSG_PEEK))
    except OSError:
        return False
