"""The screen's asyncio client, against an agent's end that the test holds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from kiosk.ipc import messages as ipc
from kiosk.ipc.channel import ChannelError, body_length, frame, parse
from kiosk.ipc.client import AgentClient, RequestRefused

BLOB = bytes(range(256)) * 10_000


async def receive(reader: asyncio.StreamReader) -> ipc.FromScreen:
    length = body_length(await reader.readexactly(4))
    message: ipc.FromScreen = parse(await reader.readexactly(length), ipc.FromScreen)
    return message


Agent = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def converse(
    tmp_path: Path, agent: Agent, screen: Callable[[AgentClient], Awaitable[None]]
) -> None:
    """Run *screen* against *agent*, which has read the hello already."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await receive(reader) == ipc.Hello(ipc.VERSION)
        await agent(reader, writer)
        writer.close()

    async def main() -> None:
        server = await asyncio.start_unix_server(serve, str(tmp_path / "agent.sock"))
        async with server:
            client = await AgentClient.connect(tmp_path / "agent.sock")
            await asyncio.wait_for(screen(client), 20)
            await client.close()

    asyncio.run(main())


def test_what_is_told_comes_in_order_and_ends_with_the_connection(tmp_path: Path) -> None:
    told = [ipc.Welcome(1, "seat-1", "Lisbon", "Exam"), ipc.Vacant(), ipc.PartOpen(1)]

    async def agent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for message in told:
            writer.write(frame(message))

    async def screen(client: AgentClient) -> None:
        assert [message async for message in client] == told
        with pytest.raises(ChannelError):
            await client.send(ipc.Leave(1))

    converse(tmp_path, agent, screen)


def test_answers_find_their_requests_and_the_rest_is_told(tmp_path: Path) -> None:
    async def agent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        one, two = await receive(reader), await receive(reader)
        assert isinstance(one, ipc.Leave)
        assert isinstance(two, ipc.Leave)
        writer.write(frame(ipc.Happened((), replay=False)))
        writer.write(frame(ipc.Refused(two.request, "No.", ())))
        writer.write(frame(ipc.Saved(one.request)))
        writer.write(frame(ipc.Saved(999)))

    async def screen(client: AgentClient) -> None:
        first, second = await asyncio.gather(client.request(ipc.Leave), client.request(ipc.Leave))
        assert isinstance(first, ipc.Saved)
        assert isinstance(second, ipc.Refused)
        assert [message async for message in client] == [
            ipc.Happened((), replay=False),
            ipc.Saved(999),
        ]

    converse(tmp_path, agent, screen)


def test_who_waits_when_the_agent_goes_is_told(tmp_path: Path) -> None:
    async def agent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await receive(reader)

    async def screen(client: AgentClient) -> None:
        with pytest.raises(ChannelError):
            await client.request(ipc.Leave)

    converse(tmp_path, agent, screen)


def test_nonsense_from_the_agent_ends_the_connection(tmp_path: Path) -> None:
    async def agent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\0\0\0\2\xc1\xc1")

    async def screen(client: AgentClient) -> None:
        assert [message async for message in client] == []

    converse(tmp_path, agent, screen)


def test_a_long_blob_is_read_in_pieces(tmp_path: Path) -> None:
    async def agent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                asked = await receive(reader)
            except asyncio.IncompleteReadError:
                return
            assert isinstance(asked, ipc.Read)
            if asked.name != "media/film":
                writer.write(frame(ipc.Refused(asked.request, "No “{name}”.", (("name", "x"),))))
                continue
            piece = BLOB[asked.offset : asked.offset + min(asked.length, 900_000)]
            writer.write(frame(ipc.Data(asked.request, len(BLOB), piece)))

    async def screen(client: AgentClient) -> None:
        assert await client.read(ipc.PAPER, "media/film") == BLOB
        with pytest.raises(RequestRefused, match="No “x”"):
            await client.read(ipc.PAPER, "other")

    converse(tmp_path, agent, screen)


def test_no_agent_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ChannelError, match="exam-kiosk agent"):
        asyncio.run(AgentClient.connect(tmp_path / "agent.sock"))
