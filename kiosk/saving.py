"""Saving: each draft goes to the agent when it is due, and stays until that has it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from exam_packages.clock import SECOND
from kiosk.ipc.messages import Refused
from kiosk.view import Stage

if TYPE_CHECKING:
    from kiosk.client import Client


class Saver:
    """Saves the drafts of *client*, one at a time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._changed = asyncio.Event()
        self._saving = asyncio.Lock()

    def wake(self) -> None:
        """There may be something to save."""
        self._changed.set()

    async def run(self) -> None:
        """Save what is due, for as long as the screen runs."""
        client = self._client
        while True:
            if client.view.stage is Stage.EXAM:
                await self._save_due()
            wait = None
            due = client.drafts.next_ns() if client.view.stage is Stage.EXAM else None
            if due is not None:
                wait = max(0.0, (due - client.clock.boottime_ns()) / SECOND)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait)
            self._changed.clear()

    async def flush(self) -> None:
        """Save everything typed so far, now."""
        self._client.drafts.settle()
        await self._save_due()

    async def _save_due(self) -> None:
        client, drafts = self._client, self._client.drafts
        async with self._saving:
            while (act := drafts.due(client.clock.boottime_ns())) is not None:
                client.wake()
                reply = await client.agent.do(act)
                now = client.clock.boottime_ns()
                if reply is None:
                    return  # lost: the draft waits for the agent
                if isinstance(reply, Refused):
                    if drafts.refused(act, now):
                        client.announce(reply.template, **dict(reply.fields))
                else:
                    drafts.saved(act, now)
                client.wake()
