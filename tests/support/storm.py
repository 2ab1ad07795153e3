"""Many stations' connections from one process, cheap enough not to be what is measured.

httpx looks through its whole pool for each request, so a thousand connections of one client
cost it a thousand times a thousand looks. Here a connection is a TLS transport and a parser of
replies, one request at a time.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import cast

import httptools

__all__ = ["Answer", "Connection", "connect"]


@dataclass
class Answer:
    """A reply: its status, its headers in lower case, and its body."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)


class Connection(asyncio.Protocol):
    """One connection of HTTP/1.1; :meth:`post` waits for the answer to the last one."""

    def __init__(self) -> None:
        self._answer = Answer()
        self._done: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def connection_lost(self, exc: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(exc or ConnectionResetError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._answer.headers[name.lower()] = value

    def on_body(self, data: bytes) -> None:
        self._answer.body += data

    def on_message_complete(self) -> None:
        assert self._done is not None
        self._answer.status = self._parser.get_status_code()
        self._done.set_result(self._answer)

    async def post(self, path: str, body: bytes, method: str = "POST") -> Answer:
        """Send *body* and wait for the answer."""
        assert self._transport is not None
        self._parser = httptools.HttpResponseParser(self)
        self._answer = Answer()
        self._done = asyncio.get_running_loop().create_future()
        head = f"{method} {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)
        return await self._done

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


async def connect(port: int, tls: ssl.SSLContext) -> Connection:
    """A TLS connection of its own to *port* of this machine, with a whole handshake."""
    _, made = await asyncio.get_running_loop().create_connection(
        Connection, "127.0.0.1", port, ssl=tls, server_hostname="127.0.0.1",
        ssl_handshake_timeout=120,
    )  # fmt: skip
    return made
