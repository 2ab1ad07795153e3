"""The conversation with the agent: begun anew whenever it ends, for as long as the screen runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from exam_packages.attempt.acts import Act
from exam_packages.language import say
from kiosk.ipc.channel import ChannelError
from kiosk.ipc.client import Agent, Reply
from kiosk.ipc.messages import Confirm, Do, FromScreen, Named, Refused, SignIn

if TYPE_CHECKING:
    from kiosk.client import Client

RETRY_S: Final = 0.3
"""Seconds between attempts to reach the agent."""


class Conversation:
    """Of *client*, which hears all that answers no question."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._agent: Agent | None = None

    async def listen(self) -> None:
        """Reach the agent, hear it out, and reach it again."""
        client = self._client
        while True:
            try:
                agent = await client.connect()
            except ChannelError:
                await asyncio.sleep(RETRY_S)
                continue
            self._agent = agent
            client.view.meet()
            try:
                async for message in agent:
                    client.hear(message)
            finally:
                self._agent = None
                client.view.lose()
                client.wake()
                await agent.close()
            await asyncio.sleep(RETRY_S)

    def tell(self, message: FromScreen) -> None:
        """Tell the agent something that needs no answer."""
        if self._agent is not None:
            self._agent.tell(message)

    async def ask(self, make: Callable[[int], FromScreen]) -> Reply | None:
        """Ask the agent; its answer, or ``None`` when the connection ended."""
        if self._agent is None:
            return None
        try:
            return await self._agent.request(make)
        except ChannelError:
            return None

    async def do(self, act: Act) -> Reply | None:
        """Have the agent do an act; its answer, or ``None`` when the connection ended."""
        return await self.ask(lambda request: Do(request, act))

    async def sign_in(self, code: str) -> str:
        """Look a sign-in code up; the sentence why not, or nothing."""
        reply = await self.ask(lambda number: SignIn(number, code))
        if isinstance(reply, Named):
            self._client.view.receive(reply)
            self._client.wake()
        return _why_not(reply)

    async def confirm(self, yes: bool) -> str:
        """Say whether the name is the candidate's; the sentence why not, or nothing."""
        return _why_not(await self.ask(lambda number: Confirm(number, yes)))

    async def read(self, part: int, name: str) -> bytes:
        """A blob of a part of the package. Raises :class:`~kiosk.ipc.channel.ChannelError`."""
        if self._agent is None:
            raise ChannelError("The connection between screen and agent has ended.")
        return await self._agent.read(part, name)


def _why_not(reply: Reply | None) -> str:
    return say(reply.template, **dict(reply.fields)) if isinstance(reply, Refused) else ""
