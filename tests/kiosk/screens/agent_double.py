"""An agent for the screen's tests: the real messages over a real socket, the real rules
and fold; only journal, keys, camera and hall are left out.

It is loaded by ``conftest.py`` and by ``tools/pictures.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from exam_packages import canon
from exam_packages.attempt import acts, commands
from exam_packages.attempt import events as ev
from exam_packages.attempt.ledger import Ledger, account
from exam_packages.clock import SECOND, Clock, stamp
from exam_packages.content.items import Exhibit, Item
from exam_packages.content.paper import (
    PAPER_BLOB,
    Paper,
    exhibit_blob,
    item_blob,
    media_blob,
)
from exam_packages.content.survey import Survey
from exam_packages.content.values import Response
from exam_packages.sealing.suite import SigningKey
from kiosk.agent.session import Exam, Refusal, expire, reopen, session
from kiosk.ipc import messages as ipc
from kiosk.ipc.channel import frame, parse
from kiosk.ipc.clocks import clocks_of


class HandClock:
    """A clock whose hands a test turns."""

    def __init__(self) -> None:
        self.ns = 1000 * SECOND

    def boot(self) -> bytes:
        return b"\x01" * 16

    def boottime_ns(self) -> int:
        return self.ns

    def wall_ns(self) -> int:
        return 1_790_000_000 * SECOND + self.ns

    def turn(self, seconds: float) -> None:
        self.ns += int(seconds * SECOND)


@dataclass
class Form:
    """A paper with everything it names."""

    paper: Paper
    items: dict[str, Item]
    exhibits: dict[str, Exhibit] = field(default_factory=dict)
    media: dict[str, bytes] = field(default_factory=dict)

    def blobs(self) -> dict[str, bytes]:
        blobs = {PAPER_BLOB: canon.pack(self.paper)}
        blobs |= {item_blob(name): canon.pack(item) for name, item in self.items.items()}
        blobs |= {exhibit_blob(name): canon.pack(each) for name, each in self.exhibits.items()}
        return blobs | {media_blob(name): data for name, data in self.media.items()}


CODE, CANDIDATE, NAME = "KL7Q-2M", "FS-2026-0117", "Ada Whitmore"


class AgentDouble:
    """Serves one screen at a time, as the agent does."""

    def __init__(
        self, path: Path, form: Form, practice: Form | None, clock: Clock, *, camera: int = 1
    ) -> None:
        self.path = path
        self.form = form
        self.clock = clock
        self.camera = camera
        self.hall = True
        self.trouble = ""
        self.behind = 0
        self.near, self.near_behind = "", 0
        self.restoring = ""
        self.safe_age_ms = 400
        self.refusal: Refusal | None = None
        self.exam_title = form.paper.title
        self.eyes: Callable[[ipc.Look], ipc.Seen | Refusal] | None = None
        self.entries: list[ev.Entry] = []
        self.ledger = Ledger()
        self.acts: list[acts.Act] = []
        self.sound: list[int] = []
        self.combinations: list[int] = []
        self.signed_in = False
        self.named = False
        self.released = False
        self.finished: ipc.Finished | None = None
        self.survey: Survey | None = None
        self.surveys: list[tuple[Response, ...]] = []
        self.saves: asyncio.Event = asyncio.Event()
        self.saves.set()
        self._blobs = {ipc.PAPER: form.blobs()}
        if practice is not None:
            self._blobs[ipc.PRACTICE] = practice.blobs()
        self._key = SigningKey.generate(pair=False)
        self._number = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    # Life.

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, str(self.path))
        self._run(self._beat())

    async def stop(self) -> None:
        """As if killed: every connection ends, nothing more is told."""
        for task in list(self._tasks):
            task.cancel()
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.close()
        self._writers.clear()
        self.path.unlink(missing_ok=True)

    def _run(self, work: object) -> None:
        task = asyncio.create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _beat(self) -> None:
        while True:
            self.pass_time()
            await asyncio.sleep(0.2)

    def pass_time(self) -> None:
        """What a second brings: the deadline, and status."""
        while happened := expire(self._exam(), self.ledger, stamp(self.clock)):
            self._journal(*happened)
        self.tell_status()

    # What happens outside the screen.

    def order(self, order: commands.Order) -> None:
        """An invigilator orders something."""
        self._number += 1
        command = commands.Command(
            b"\x07" * 16, 1, 1, self._number, "chief", self.clock.wall_ns(), "", "", order
        )
        signed = commands.sign_command(command, self._key)
        happened = session(self._exam(), self.ledger, stamp(self.clock), signed)
        assert not isinstance(happened, Refusal), happened
        self._journal(*happened)
        self.tell_status()

    def release(self) -> None:
        self.released = True
        self.tell(ipc.PartOpen(ipc.PAPER))
        self.tell_status()

    def reopen(self, outage_s: int = 0) -> None:
        """The agent came back: a new epoch."""
        attempt = self.ledger.attempt
        opened = reopen(attempt, attempt.epoch + 1, ev.RESTART, outage_s * SECOND, 60)
        self._journal(opened)

    # Talking.

    def tell(self, message: ipc.FromAgent) -> None:
        for writer in self._writers:
            writer.write(frame(message))

    def tell_status(self) -> None:
        self.tell(clocks_of(self.ledger, self.clock.boottime_ns()))
        if self.near:
            kept = self.ledger.attempt.sequence - self.near_behind
            self.tell(ipc.SafeNear(kept, self.near))
        self.tell(self.status())

    def status(self) -> ipc.Status:
        countdown = self.ledger.countdown
        left = -1
        if countdown is not None:
            left = countdown.left_at(self.clock.boottime_ns()) // 1_000_000
        saved = self.ledger.attempt.sequence
        return ipc.Status(
            saved,
            saved - self.behind,
            self.safe_age_ms,
            self.hall,
            self.camera,
            left,
            countdown is not None and countdown.running,
            self.released,
            self.restoring or self.trouble,
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Cancelled when the loop ends; Python 3.11's streams would report that as a fault.
        ended = (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError)
        with contextlib.suppress(*ended):
            while True:
                length = int.from_bytes(await reader.readexactly(4), "big")
                message = parse(await reader.readexactly(length), ipc.FromScreen)
                if isinstance(message, ipc.Hello):
                    self._writers.add(writer)
                    self._greet(writer)
                else:
                    await self._hear(message)
        self._writers.discard(writer)
        writer.close()

    def _greet(self, writer: asyncio.StreamWriter) -> None:
        told: list[ipc.FromAgent] = [
            ipc.Welcome(ipc.VERSION, "Station 7", "Harbour Centre", self.exam_title)
        ]
        if self.restoring:
            told.append(self.status())
        elif self.signed_in:
            told += self._record()
            told.append(self.finished or self.status())
            if self.finished is not None and self.survey is not None:
                told.append(ipc.Surveyed(self.survey))
        else:
            told.append(ipc.Vacant())
            told.append(self.status())
        for message in told:
            writer.write(frame(message))

    def _record(self) -> list[ipc.FromAgent]:
        told: list[ipc.FromAgent] = [ipc.SignedIn(CANDIDATE, NAME)]
        told += [ipc.PartOpen(part) for part in self._open_parts()]
        return [*told, ipc.Happened(tuple(self.entries), True)]

    def resume(self) -> None:
        """What was being restored goes on."""
        for message in self._record():
            self.tell(message)
        self.reopen()
        self.tell_status()

    def _open_parts(self) -> list[int]:
        parts = [ipc.PRACTICE] if ipc.PRACTICE in self._blobs else []
        return [*parts, ipc.PAPER] if self.released else parts

    async def _hear(self, message: ipc.FromScreen) -> None:
        match message:
            case ipc.SignIn(request=request, code=code):
                if code.upper() == CODE:
                    self.named = True
                    self.tell(ipc.Named(request, CANDIDATE, NAME))
                else:
                    self.tell(
                        ipc.Refused(
                            request,
                            "No candidate of this sitting has that sign-in code; check it, and "
                            "call an invigilator if it is still refused.",
                            (),
                        )
                    )
            case ipc.Confirm(request=request, yes=yes):
                if yes:
                    self.open()
                    self.tell(ipc.Saved(request))
                else:
                    self.tell(ipc.Vacant())
                    self.tell(ipc.Saved(request))
            case ipc.Do(request=request, act=act):
                await self._do(request, act)
            case ipc.Read(request=request, part=part, name=name, offset=offset, length=length):
                blob = self._blobs.get(part, {}).get(name) if part in self._open_parts() else None
                if blob is None:
                    self.tell(ipc.Refused(request, "“{name}” is not here.", (("name", name),)))
                else:
                    data = blob[offset : offset + length]
                    self.tell(ipc.Data(request, len(blob), data))
            case ipc.Look(request=request) if self.eyes is not None:
                seen = self.eyes(message)
                if isinstance(seen, Refusal):
                    seen = ipc.Refused(request, seen.template, seen.fields)
                self.tell(seen)
            case ipc.Leave(request=request) | ipc.Answer(request=request):
                self.surveys.append(message.responses if isinstance(message, ipc.Answer) else ())
                self.signed_in = self.named = self.released = False
                self.finished = None
                self.entries, self.ledger = [], Ledger()
                self.tell(ipc.Vacant())
                self.tell_status()
                self.tell(ipc.Saved(request))
            case ipc.SoundTried(found=found):
                self.sound.append(found)
            case ipc.KeysSeen(category=category):
                self.combinations.append(category)
            case _:
                raise AssertionError(message)

    def open(self) -> None:
        """An attempt opens for the candidate."""
        self.signed_in = True
        self.tell(ipc.SignedIn(CANDIDATE, NAME))
        for part in self._open_parts():
            self.tell(ipc.PartOpen(part))
        self._journal(
            ev.Identified(CANDIDATE, NAME),
            ev.Opened(1, ev.START, False),
            ev.CameraFound(self.camera, "USB camera"),
        )
        self.tell_status()

    async def _do(self, request: int, act: acts.Act) -> None:
        await self.saves.wait()
        if self.refusal is not None:
            refused = self.refusal
            self.tell(ipc.Refused(request, refused.template, refused.fields))
            return
        happened = session(self._exam(), self.ledger, stamp(self.clock), act)
        if isinstance(happened, Refusal):
            self.tell(ipc.Refused(request, happened.template, happened.fields))
            return
        self.acts.append(act)
        self._journal(*happened)
        self.tell(ipc.Saved(request))
        self.tell_status()

    def _exam(self) -> Exam:
        paper = self.form.paper if self.released else None
        return Exam(paper, self.form.items, ipc.PRACTICE in self._blobs, self.camera)

    def _journal(self, *happened: ev.Event) -> None:
        entries = []
        for event in happened:
            sequence = self.ledger.attempt.sequence + 1
            entry = ev.Entry(sequence, stamp(self.clock), event)
            self.ledger = account([entry], self.ledger)
            entries.append(entry)
        self.entries += entries
        self.tell(ipc.Happened(tuple(entries), False))
        closed = next((e.event for e in entries if isinstance(e.event, ev.Closed)), None)
        if closed is not None:
            self.finished = ipc.Finished(
                closed.how, "7K2M-QX9R-04TB-W8ZD-H3NC-5VYE", self.hall, False
            )
            self.tell(self.finished)
            if self.survey is not None:
                self.tell(ipc.Surveyed(self.survey))
