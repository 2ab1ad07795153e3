"""Callers are let in a few at a time, in their order, and nobody keeps others out."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator

import pytest
import uvloop
from running_hall import Site, found_site

from provisioning.station_home import StationHome
from sync.web.accepting import AT_ONCE, Acceptor
from sync.web.server import bind, tls_context


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return found_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def station(site: Site) -> StationHome:
    return site.station("s1")


class Room:
    """What is counted of those who are let in."""

    def __init__(self) -> None:
        self.begun = self.inside = self.most = 0

    def make(self) -> asyncio.Protocol:
        self.begun += 1
        self.most = max(self.most, self.begun - self.inside)
        room = self

        class Guest(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                room.inside += 1
                transport.write(b"in")  # type: ignore[attr-defined]

        return Guest()


@contextlib.asynccontextmanager
async def accepting(listening: socket.socket, tls: ssl.SSLContext) -> AsyncIterator[Room]:
    room = Room()
    acceptor = Acceptor(listening, room.make, tls)
    try:
        yield room
    finally:
        acceptor.close()
        listening.close()
        await acceptor.wait_closed()


def server_tls(station: StationHome) -> ssl.SSLContext:
    return tls_context(station.tls_cert, station.tls_key, station.tls_ca)


def client_tls(station: StationHome) -> ssl.SSLContext:
    tls = station.client_tls()
    tls.check_hostname = False
    return tls


async def enter(port: int, tls: ssl.SSLContext) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    try:
        return await reader.readexactly(2)
    finally:
        writer.transport.abort()


def spoken(port: int, tls: ssl.SSLContext) -> socket.socket:
    """A caller that has said its first words, and says no more."""
    sock = socket.create_connection(("127.0.0.1", port))
    out = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.wrap_bio(ssl.MemoryBIO(), out, server_hostname="h").do_handshake()
    sock.sendall(out.read())
    return sock


def run(work: object) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)  # type: ignore[arg-type]


def test_many_come_at_once_and_a_few_are_let_in_at_a_time(station: StationHome) -> None:
    async def storm() -> None:
        listening = bind("127.0.0.1", 0)
        port = listening.getsockname()[1]
        # All have called and said their first words before anybody is let in.
        early = [spoken(port, client_tls(station)) for _ in range(3 * AT_ONCE)]
        async with accepting(listening, server_tls(station)) as room:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert room.begun <= AT_ONCE
            callers = (enter(port, client_tls(station)) for _ in range(2 * AT_ONCE))
            assert set(await asyncio.gather(*callers)) == {b"in"}
            assert room.inside == 2 * AT_ONCE
        for each in early:
            each.close()

    run(storm())


def test_who_is_silent_keeps_nobody_out(station: StationHome) -> None:
    async def silence() -> None:
        listening = bind("127.0.0.1", 0)
        port = listening.getsockname()[1]
        async with accepting(listening, server_tls(station)) as room:
            silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(4 * AT_ONCE)]
            assert await enter(port, client_tls(station)) == b"in"
            assert room.inside == 1
            for each in silent:
                each.close()

    run(silence())


def test_who_shows_no_certificate_is_not_let_in(station: StationHome, site: Site) -> None:
    async def stranger() -> None:
        listening = bind("127.0.0.1", 0)
        port = listening.getsockname()[1]
        bare = ssl.create_default_context(cafile=str(station.tls_ca))
        bare.check_hostname = False
        async with accepting(listening, server_tls(station)) as room:
            with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                await enter(port, bare)
            assert await enter(port, client_tls(station)) == b"in"
            assert room.inside == 1

    run(stranger())
