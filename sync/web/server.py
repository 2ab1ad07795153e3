"""HTTPS listeners: uvicorn with httptools and uvloop, and who called in the request's state.

No ASGI server hands the client's certificate to the application, so a small subclass of
uvicorn's protocol puts it there. TLS is only the door: whoever calls is identified by
the signatures on the data, and by an enrolment that names this very certificate.

Several listeners run in one process and one event loop; each has its own application.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from exam_packages.errors import ExamError
from sync.web.accepting import Acceptor

__all__ = ["ListenError", "Listener", "bind", "peer_certificate", "run", "serve", "tls_context"]

_GRACE_S = 3
"""Seconds that open requests have to finish once the process is asked to end."""

_HEAD_TIMEOUT_S = 20.0
"""Seconds that a caller may take to say what it wants."""

_MAX_HEAD = 32 * 1024
"""Bytes of a request's address and headers."""

_CONNECTIONS = 4096
"""Connections of one listener; above it callers get 503 and come back."""

_KEEP_ALIVE_S = 30
"""Far longer than a tick, so that a station keeps its one connection."""


class ListenError(ExamError):
    """A listener cannot be opened: its address is taken, or its TLS files do not fit."""


class _PeerProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with the client's certificate (DER) in ``state["peer"]``.

    It also bounds what uvicorn leaves open: how long and how large a request's head may be.
    """

    _peer: bytes | None = None
    _in_head = True
    _head = 0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # uvicorn's own signature, narrower than asyncio's, for the same reason.
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        self._peer = tls.getpeercert(binary_form=True) if tls is not None else None
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:  # most heads come whole, and have ended by now
            self._head += len(data)
            if self._head > _MAX_HEAD:
                self.transport.abort()
            elif self._patience is None:
                self._wait()

    def shutdown(self) -> None:
        super().shutdown()
        # A polite TLS end waits half a minute for a client that has nothing to say.
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self.transport.get_write_buffer_size() == 0:
            self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"]["peer"] = self._peer
        self._head = 0
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._patience = self.loop.call_later(_HEAD_TIMEOUT_S, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class _Server(uvicorn.Server):
    """A server among several: signals are handled once, for all of them; callers are let in as
    :mod:`sync.web.accepting` says."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        def protocol() -> asyncio.Protocol:
            return _PeerProtocol(
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )

        accepting = [Acceptor(each, protocol, self.config.ssl) for each in sockets or ()]
        self.servers = accepting  # type: ignore[assignment]  # what it calls of them, these have
        self.started = True


@dataclass(frozen=True)
class Listener:
    """An application, the socket it listens on, and its TLS context.

    Without one it speaks plain HTTP: for a page that one person of this very machine looks at,
    on a loopback address.
    """

    app: ASGIApp
    socket: socket.socket
    tls: ssl.SSLContext | None

    @property
    def port(self) -> int:
        """The port it really listens on (also when 0 was asked for)."""
        port: int = self.socket.getsockname()[1]
        return port


def tls_context(cert: Path, key: Path, clients: Path | None, password: str = "") -> ssl.SSLContext:
    """A server's TLS 1.3 context; *password* opens the file of its *key*.

    With *clients*, a PEM file of the authority that enrols machines, every caller must
    show a certificate signed by it; without, callers show none (browsers).

    Raises :class:`ListenError` when a file cannot be read or does not fit.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(cert, key, password)
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients)
            # Machines do not resume sessions, and a server that was killed knows no ticket: two
            # of them, with the caller's certificate inside, are a third of a handshake's cost.
            context.num_tickets = 0
    except (OSError, ssl.SSLError) as problem:
        raise ListenError(
            "The TLS certificate {cert} cannot be used ({why}); install this machine’s "
            "enrolment again.",
            cert=str(cert),
            why=str(problem),
        ) from None
    return context


def bind(address: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 takes any free one.

    Raises :class:`ListenError` when the address is taken or not this machine's.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(2048)
    except OSError as problem:
        listening.close()
        raise ListenError(
            "Cannot listen on {address} port {port} ({why}): another program may hold it, or "
            "the address is not this machine’s.",
            address=address,
            port=port,
            why=problem.strerror or str(problem),
        ) from None
    listening.setblocking(False)
    return listening


def peer_certificate(connection: HTTPConnection) -> bytes | None:
    """The caller's certificate in DER, or ``None`` when it showed none."""
    certificate: bytes | None = getattr(connection.state, "peer", None)
    return certificate


async def serve(
    listeners: Sequence[Listener],
    ready: Callable[[], None],
    ending: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT, then let open requests finish for a few seconds.

    *ready* is called once, when every listener accepts requests; *ending* when the end was
    asked for, so that responses that would never finish can.
    """
    servers = [_Server(_config(each)) for each in listeners]

    def stop() -> None:
        ending()
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    async with _announced(servers, ready):
        await asyncio.gather(
            *(
                server.serve(sockets=[each.socket])
                for server, each in zip(servers, listeners, strict=True)
            )
        )


def run(
    listeners: Sequence[Listener],
    ready: Callable[[], None],
    ending: Callable[[], None] = lambda: None,
) -> None:
    """:func:`serve` in an event loop of its own."""
    _collect_seldom()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(listeners, ready, ending))


def _collect_seldom() -> None:
    """Collect garbage seldom, and never look at what is loaded: a thousand stations' connections
    are many objects, and all of them wait while these are looked through."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _config(listener: Listener) -> uvicorn.Config:
    tls = listener.tls

    def context(config: uvicorn.Config, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        assert tls is not None, "not asked for without TLS"  # noqa: S101
        return tls

    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return uvicorn.Config(
        listener.app,
        http=_PeerProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
        limit_concurrency=_CONNECTIONS,
        h11_max_incomplete_event_size=16 * 1024,
        ssl_context_factory=context if tls is not None else None,
    )


@contextlib.asynccontextmanager
async def _announced(
    servers: Sequence[uvicorn.Server], ready: Callable[[], None]
) -> AsyncIterator[None]:
    async def announce() -> None:
        while not all(server.started for server in servers):
            await asyncio.sleep(0.01)
        ready()

    waiting: asyncio.Task[Any] = asyncio.create_task(announce())
    try:
        yield
    finally:
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
