"""The screen's end of the connection to the agent, for an asyncio program.

One task reads. What answers a request wakes whoever asked; everything else comes out of
``async for message in client``, in the order in which the agent said it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Protocol, TypeAlias

from kiosk.ipc.channel import ChannelError, body_length, frame, parse, short_path
from kiosk.ipc.messages import (
    MAX_READ,
    VERSION,
    Data,
    FromAgent,
    FromScreen,
    Hello,
    Named,
    Read,
    Refused,
    Saved,
    Seen,
)

Reply: TypeAlias = Named | Saved | Refused | Data | Seen

MAX_BLOB = 64 * 1024 * 1024
"""Bytes of a blob that :meth:`AgentClient.read` collects; longer media are read in ranges."""


class Agent(Protocol):
    """What a screen may ask of whatever answers it; see :class:`AgentClient`."""

    def __aiter__(self) -> AsyncIterator[FromAgent]: ...
    async def request(self, make: Callable[[int], FromScreen]) -> Reply: ...
    async def read(self, part: int, name: str) -> bytes: ...
    def tell(self, message: FromScreen) -> None: ...
    async def close(self) -> None: ...


class RequestRefused(ChannelError):
    """The agent did not do what was asked; template and fields are the agent's own."""


class AgentClient:
    """A connection to the agent. Make it with :meth:`connect`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._told: asyncio.Queue[FromAgent | None] = asyncio.Queue()
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._last = 0
        self._ended = False
        self._task = asyncio.create_task(self._run(), name="agent-client")

    @classmethod
    async def connect(cls, path: Path) -> AgentClient:
        """Connect and say hello. Raises :class:`ChannelError` when no agent listens."""
        try:
            with short_path(path) as name:
                reader, writer = await asyncio.open_unix_connection(name)
        except OSError as problem:
            raise ChannelError(
                "The exam program’s other half is not running at {path} ({why}); start it with "
                "“exam-kiosk agent”.",
                path=str(path),
                why=problem.strerror or type(problem).__name__,
            ) from None
        client = cls(reader, writer)
        await client.send(Hello(VERSION))
        return client

    def __aiter__(self) -> AsyncIterator[FromAgent]:
        return self

    async def __anext__(self) -> FromAgent:
        """The next thing told; iteration ends when the connection does."""
        message = await self._told.get()
        if message is None:
            self._told.put_nowait(None)
            raise StopAsyncIteration
        return message

    async def send(self, message: FromScreen) -> None:
        """Send without waiting for an answer. Raises :class:`ChannelError` when it is over."""
        if self._ended:
            raise ChannelError("The connection between screen and agent has ended.")
        self._writer.write(frame(message))
        try:
            await self._writer.drain()
        except OSError:
            raise ChannelError("The connection between screen and agent has ended.") from None

    def tell(self, message: FromScreen) -> None:
        """Send now or never, without waiting: last words."""
        with contextlib.suppress(ChannelError, OSError, RuntimeError):
            self._writer.write(frame(message))

    async def request(self, make: Callable[[int], FromScreen]) -> Reply:
        """Send ``make(number)`` with a fresh request number and wait for its answer.

        A :class:`~kiosk.ipc.messages.Refused` is returned, not raised: being refused is
        part of the conversation. By the time ``Saved`` is returned, the entries it
        stands for are already in the iteration's queue.

        Raises :class:`ChannelError` when the connection ends first.
        """
        self._last += 1
        number = self._last
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self.send(make(number))
            return await answer
        finally:
            self._waiting.pop(number, None)

    async def read(self, part: int, name: str) -> bytes:
        """A whole blob. Raises :class:`RequestRefused` when the agent does not serve it."""
        parts = bytearray()
        while True:
            reply = await self.request(partial(_read, part, name, len(parts)))
            match reply:
                case Refused(template=template, fields=fields):
                    raise RequestRefused(template, **dict(fields))
                case Data(total=total, data=data):
                    parts += data
                    if total > MAX_BLOB or (not data and len(parts) < total):
                        raise ChannelError("“{name}” cannot be read whole.", name=name)
                    if len(parts) >= total:
                        return bytes(parts)
                case _:
                    raise ChannelError("The agent answered something else than was asked.")

    async def close(self) -> None:
        """End the connection; never raises."""
        self._task.cancel()
        self._writer.close()
        with contextlib.suppress(OSError):  # it broke before it was closed
            await self._writer.wait_closed()
        self._end()

    async def _run(self) -> None:
        try:
            while True:
                length = body_length(await self._reader.readexactly(4))
                message: FromAgent = parse(await self._reader.readexactly(length), FromAgent)
                self._sort(message)
        except (OSError, asyncio.IncompleteReadError, ChannelError):
            self._end()

    def _sort(self, message: FromAgent) -> None:
        if isinstance(message, Named | Saved | Refused | Data | Seen):
            answer = self._waiting.get(message.request)
            if answer is not None:
                if not answer.done():
                    answer.set_result(message)
                return
        self._told.put_nowait(message)

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self._told.put_nowait(None)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(
                    ChannelError("The connection between screen and agent has ended.")
                )


def _read(part: int, name: str, offset: int, request: int) -> Read:
    return Read(request, part, name, offset, MAX_READ)
