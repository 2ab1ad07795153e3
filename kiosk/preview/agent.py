"""The agent's part in a preview: the rules of an exam over one paper, in this process.

It says what an agent would say and refuses what an agent would refuse. There is no
journal, no key and no hall, its clock stands still, and answers are gone with the process.
Handing in begins anew, after the survey where there is one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

from msgspec.structs import replace

from exam_packages.attempt import commands
from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import HandIn
from exam_packages.attempt.ledger import Ledger, account
from exam_packages.clock import Stamp
from exam_packages.content.items import Item
from exam_packages.content.paper import PAPER_BLOB, Paper, item_blob
from exam_packages.content.reading import read_item, read_paper, read_survey
from exam_packages.content.survey import SURVEY_BLOB
from exam_packages.language import _
from exam_packages.sealing.suite import SigningKey
from kiosk.agent.session import Exam, Refusal, session
from kiosk.ipc import messages as ipc
from kiosk.ipc.client import Reply, RequestRefused
from kiosk.ipc.clocks import clocks_of

Parts = Mapping[int, Mapping[str, bytes]]
"""The blobs of each part by name; the parts are those of :mod:`kiosk.ipc.messages`."""

_STANDING: Final = Stamp(bytes(16), 0, 0, 0)


class PreviewAgent:
    """Stands where :class:`kiosk.ipc.client.AgentClient` stands."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        paper = _alone(read_paper(parts[ipc.PAPER][PAPER_BLOB]))
        self._exam = Exam(paper, self._items(), ipc.PRACTICE in parts, ev.DEVICE)
        self._told: asyncio.Queue[ipc.FromAgent | None] = asyncio.Queue()
        self._ledger = Ledger()
        self._key = SigningKey.generate(pair=False)
        survey = parts[ipc.PAPER].get(SURVEY_BLOB)
        self._survey = None if survey is None else read_survey(survey)
        self._tell(ipc.Welcome(ipc.VERSION, _("Preview"), paper.form, paper.title))
        self._begin()

    # What the client calls.

    def __aiter__(self) -> AsyncIterator[ipc.FromAgent]:
        return self

    async def __anext__(self) -> ipc.FromAgent:
        message = await self._told.get()
        if message is None:
            raise StopAsyncIteration
        return message

    async def request(self, make: Callable[[int], ipc.FromScreen]) -> Reply:
        """Do what is asked, or say why not."""
        message = make(1)
        if isinstance(message, ipc.Leave | ipc.Answer):
            self._tell(ipc.Vacant())
            self._begin()
        if not isinstance(message, ipc.Do):
            return ipc.Saved(1)
        happened = session(self._exam, self._ledger, _STANDING, message.act)
        if isinstance(happened, Refusal):
            return ipc.Refused(1, happened.template, happened.fields)
        if isinstance(message.act, HandIn) and self._survey is not None:
            self._tell(ipc.Finished(ev.HANDED_IN, "–", hall=False, body=False))
            self._tell(ipc.Surveyed(self._survey))
        elif isinstance(message.act, HandIn):
            self._tell(ipc.Vacant())
            self._begin()
        else:
            self._happen(*happened)
        return ipc.Saved(1)

    async def read(self, part: int, name: str) -> bytes:
        """A blob. Raises :class:`RequestRefused` when there is none of that name."""
        blob = self._parts.get(part, {}).get(name)
        if blob is None:
            raise RequestRefused("“{name}” is not in this paper.", name=name)
        return blob

    def tell(self, message: ipc.FromScreen) -> None:
        """Hear last words: nobody keeps those of a preview."""

    async def close(self) -> None:
        self._told.put_nowait(None)

    # What happens.

    def _items(self) -> dict[str, Item]:
        blobs, prefix = self._parts[ipc.PAPER], item_blob("")
        return {
            name.removeprefix(prefix): read_item(data)
            for name, data in blobs.items()
            if name.startswith(prefix)
        }

    def _begin(self) -> None:
        """A candidate is signed in and admitted, and the paper is open."""
        self._ledger = Ledger()
        self._tell(ipc.SignedIn("–", _("Preview")))
        for part in sorted(self._parts):
            self._tell(ipc.PartOpen(part))
        admit = commands.Command(bytes(16), 1, 1, 1, "", 0, "", "", commands.Admit(0))
        self._happen(
            ev.Identified("–", _("Preview")),
            ev.Opened(1, ev.START, False),
            ev.Commanded(commands.sign_command(admit, self._key)),
        )

    def _happen(self, *events: ev.Event) -> None:
        entries = []
        for event in events:
            entry = ev.Entry(self._ledger.attempt.sequence + 1, _STANDING, event)
            self._ledger = account([entry], self._ledger)
            entries.append(entry)
        self._tell(ipc.Happened(tuple(entries), False))
        countdown = self._ledger.countdown
        left_ms = -1 if countdown is None else countdown.left_at(0) // 1_000_000
        told = self._ledger.attempt.sequence
        self._tell(clocks_of(self._ledger, 0))
        self._tell(ipc.Status(told, told, 0, True, ev.NO_CAMERA, left_ms, False, True, ""))

    def _tell(self, message: ipc.FromAgent) -> None:
        self._told.put_nowait(message)


def _alone(paper: Paper) -> Paper:
    """*paper* where no clock runs and nobody else is: no least times, nobody to let one back."""
    bounds = paper.moving
    return replace(
        paper,
        moving=replace(
            bounds,
            least_s=0,
            limits=tuple(replace(each, least_s=0) for each in bounds.limits),
            breaks=tuple(replace(each, identity=False) for each in bounds.breaks),
            leave=replace(bounds.leave, identity=False),
        ),
    )
