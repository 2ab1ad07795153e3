"""What is true at this station now. The session thread's alone."""

from __future__ import annotations

import logging
import shutil
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from exam_packages.attempt import events as ev
from exam_packages.attempt.ledger import Ledger
from exam_packages.attempt.progress import BREAK as BREAK_CLOCK
from exam_packages.attempt.state import Attempt, Phase
from exam_packages.clock import SECOND, Clock, Stamp, stamp
from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import parse_manifest
from kiosk.agent.courier import Parcel
from kiosk.agent.custody import Custody, SittingPackage
from kiosk.agent.door import Screen
from kiosk.agent.inbox import KeysWatched
from kiosk.agent.keys import NOBODY
from kiosk.agent.opening import Finish
from kiosk.agent.record import Entries, Record
from kiosk.agent.recovery import Recovery
from kiosk.agent.session import Exam, Refusal
from kiosk.agent.surveying import Asked
from kiosk.ipc import messages as ipc
from kiosk.ipc.clocks import clocks_of
from kiosk.lockdown.signals import Watched
from sync import messages as wire

LOG = logging.getLogger(__name__)

REPLAY_BYTES = 256 * 1024
"""About how many bytes of entries go into one message of a replay."""
MAX_INCIDENTS = 5
BREAK, RETURNING = "break", "returning"
"""What the board is told in place of a phase while a break goes on."""


@dataclass
class Station:
    """The session thread's state: who sits here, under which package, and how the hall is."""

    custody: Custody
    clock: Clock
    attempts: Path
    screen: Screen | None = None
    package: SittingPackage | None = None
    package_trouble: str = ""
    welcome: wire.Welcome | None = None
    hall_up: bool = False
    hall_words: str = ""
    releases: tuple[wire.Release, ...] = ()
    record: Record | None = None
    recovery: Recovery | None = None
    finish: Finish | None = None
    taking_up: bool = False
    """Whether an attempt is being copied here from the hall."""
    damage: str = ""
    """Why an unfinished attempt on this disk cannot even be read: a person must look."""
    disk_trouble: str = ""
    hand_in_trouble: str = ""
    told_near: bool = False
    """Whether the screen was told of a neighbour that keeps the record."""
    camera: tuple[int, str] = (ev.NO_CAMERA, "No camera")
    camera_held: str = ""
    """In words that another program has the camera, while it has."""
    camera_told: ev.CameraTold | None = None
    """What is known of the device in use, if it is one."""
    keys: KeysWatched = NOBODY
    keys_required: bool = False
    """Whether an exam may begin here only while the keys are watched, and that is proved."""
    beacon_ns: int = 0
    acknowledged_ns: int = 0
    """When the hall's last acknowledgement came (CLOCK_BOOTTIME; 0: not yet)."""
    start: tuple[wire.CommonStart, int] | None = None
    """The common start as the hall told it last, and when (CLOCK_BOOTTIME): to be shown."""
    incidents: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_INCIDENTS))

    def now(self) -> Stamp:
        return stamp(self.clock, self.beacon_ns)

    @property
    def vacant(self) -> bool:
        """Whether a candidate may sign in."""
        taken = self.record or self.recovery or self.finish
        return not (self.damage or taken or self.taking_up)

    @property
    def parcel(self) -> Parcel | None:
        """The attempt that is this station's present business."""
        for business in (self.record, self.recovery, self.finish):
            if business is not None:
                return business.parcel
        return None

    def exam(self) -> Exam:
        """What the rules need to know."""
        if self.package is None:
            return Exam()
        opened = self.package.open
        practice = bool(self.package.practice.names())
        if opened is None:
            return Exam(practice=practice, camera=self.camera[0])
        unwatched = self.keys_required and self.keys.watched is not Watched.VERIFIED
        return Exam(opened.paper, opened.items, practice, self.camera[0], unwatched)

    def trouble(self) -> str:
        """The one sentence a person in front of this station should read, or none."""
        if self.damage or self.disk_trouble:
            return self.damage or self.disk_trouble
        if self.recovery is not None:
            return self.recovery.words
        if self.parcel is not None and self.parcel.blocked:
            return self.hall_words
        if self.finish is not None:
            return self.hand_in_trouble
        if self.record is None:
            return self.package_trouble or self.hall_words
        return ""

    def restart_screen(self) -> None:
        """Let go of the screen: it comes back at once, and is told everything anew."""
        if self.screen is not None:
            screen, self.screen = self.screen, None
            screen.drop()

    @property
    def asked(self) -> Asked | None:
        """The survey that the candidate who finished here may answer. One that is damaged is
        none: it costs nothing of an exam."""
        if self.finish is None or self.package is None or self.package.open is None:
            return None
        manifest = parse_manifest(self.finish.parcel.manifest)[1]
        if manifest.package_hash != self.package.package_hash:
            return None
        try:
            return self.package.open.survey
        except ExamError as problem:
            LOG.error("The survey of this exam cannot be asked: %s", problem)
            return None

    # --- Telling the screen ------------------------------------------------------------

    def tell(self, message: ipc.FromAgent) -> None:
        """Tell the present screen, if there is one."""
        if self.screen is not None:
            self.screen.tell(message)

    def refuse(self, request: int, why: Refusal | ExamError) -> None:
        """Tell the screen that *request* was not done."""
        fields = why.fields if isinstance(why, Refusal) else tuple(why.fields.items())
        self.tell(ipc.Refused(request, why.template, fields))

    def tell_welcome(self) -> None:
        exam = self.package.exam if self.package is not None else ""
        who = self.custody.enrolment
        self.tell(ipc.Welcome(ipc.VERSION, who.machine, who.centre, exam))

    def tell_all(self) -> None:
        """Everything a screen that just came must know."""
        self.tell_welcome()
        if self.record is not None:
            self.tell_record()
        elif self.finish is not None:
            self.tell(ipc.SignedIn(self.finish.who.candidate, self.finish.who.name))
        if self.finish is not None:
            self.tell_finished()
        if self.vacant:
            self.tell(ipc.Vacant())
        self.tell_status()

    def tell_record(self) -> None:
        """The open attempt from its first event on."""
        if self.record is None:
            return
        self.tell(ipc.SignedIn(self.record.who.candidate, self.record.who.name))
        self.tell_parts()
        for entries in _chunks(self.record.entries):
            self.tell(ipc.Happened(entries, replay=True))

    def tell_parts(self) -> None:
        """Which parts of the package can be read."""
        if self.package is not None and self.record is not None:
            if self.package.practice.names():
                self.tell(ipc.PartOpen(ipc.PRACTICE))
            if self.package.open is not None:
                self.tell(ipc.PartOpen(ipc.PAPER))

    def tell_finished(self) -> None:
        """The hand-in code, and the survey where there is one."""
        if self.finish is not None:
            self.tell(self.finish.message())
            if (asked := self.asked) is not None:
                self.tell(ipc.Surveyed(asked.survey))

    def tell_status(self) -> None:
        if (start := self.common_start()) is not None:
            self.tell(start)
        if (clocks := self.clocks()).clocks:
            self.tell(clocks)
        near = self.parcel.near if self.parcel is not None else None
        if near is not None or self.told_near:
            name, held = (near[0], near[1].held) if near is not None else ("", 0)
            self.tell(ipc.SafeNear(held, name[:200]))
            self.told_near = near is not None
        self.tell(self.status())

    def clocks(self) -> ipc.Clocks:
        """The clocks beside the exam's."""
        ledger = self.record.ahead if self.record is not None else Ledger()
        return clocks_of(ledger, self.clock.boottime_ns())

    def common_start(self) -> ipc.CommonStart | None:
        """When all begin, while nobody has begun here. Counted by this machine's own clock from
        what the hall said last; it opens nothing."""
        begun = self.record is not None and self.record.attempt.phase in (
            Phase.RUNNING,
            Phase.PAUSED,
            Phase.CLOSED,
        )
        if self.start is None or begun or self.finish is not None:
            return None
        told, at_ns = self.start
        passed_ms = (self.clock.boottime_ns() - at_ns) // 1_000_000
        return ipc.CommonStart(told.in_ms - passed_ms, told.together)

    def status(self) -> ipc.Status:
        """What stands on the screen's last line."""
        now = self.now()
        countdown = self.record.ahead.countdown if self.record is not None else None
        parcel = self.parcel
        age = (now.boottime_ns - self.acknowledged_ns) // 1_000_000
        return ipc.Status(
            saved=parcel.outbox.sequence if parcel is not None else 0,
            safe=parcel.safe if parcel is not None else 0,
            safe_age_ms=age if self.acknowledged_ns else -1,
            hall=self.hall_up,
            camera=self.camera[0],
            left_ms=countdown.left_at(now.boottime_ns) // 1_000_000 if countdown else -1,
            running=countdown is not None and countdown.running,
            released=self.package is not None and self.package.open is not None,
            trouble=self.trouble(),
        )

    def board_status(self) -> wire.Status:
        """What the hall's board shows of this station: never an answer."""
        now = self.now()
        phase, answered, items = "vacant", 0, 0
        left_ms, running = -1, False
        if self.record is not None:
            attempt = self.record.attempt
            rest = attempt.progress.rest
            phase = attempt.phase.value
            if rest is not None and attempt.phase is Phase.RUNNING:
                phase = RETURNING if rest.returned else BREAK
            answered = sum(attempt.answered(item) for item in attempt.responses)
            countdown = self.record.ledger.countdown
            if countdown is not None:
                left_ms = countdown.left_at(now.boottime_ns) // 1_000_000
                running = countdown.running
        elif self.finish is not None:
            phase = Phase.CLOSED.value
        if self.package is not None and self.package.open is not None:
            items = len(self.package.open.items)
        incidents = [*self.incidents]
        calling = False
        reports: tuple[int, ...] = ()
        if self.record is not None:
            calling = self.record.attempt.calling
            reports = self._reported(self.record.attempt)
        if (trouble := self.trouble()) and self.hall_up:
            incidents.append(trouble)
        if self.camera_held and self.camera_held not in incidents:
            incidents.append(self.camera_held)
        return wire.Status(
            phase,
            answered,
            items,
            left_ms,
            running,
            self.camera[0],
            tuple(incidents),
            _free_mb(self.attempts),
            now.wall_ns,
            calling,
            reports,
            self.keys.watched,
            self._break_ms(now),
        )

    def _break_ms(self, now: Stamp) -> int:
        """Time left of the break that goes on, or (less than 0) for how long it is over."""
        rest = self.record.attempt.progress.rest if self.record is not None else None
        if self.record is None or rest is None or not rest.allowed_s:
            return 0
        used_ns = self.record.ledger.used_at(BREAK_CLOCK, now)
        return (rest.allowed_s * SECOND - used_ns) // 1_000_000

    def _reported(self, attempt: Attempt) -> tuple[int, ...]:
        """The questions of which the candidate reported a fault. The words of a report may say
        what an answer is: they stay in the record."""
        opened = self.package.open if self.package is not None else None
        reported = attempt.workings.reported
        if opened is None or not reported:
            return ()
        places = [each.identifier for each in opened.paper.references()]
        return tuple(n for n, item in enumerate(places, 1) if item in reported)


def _chunks(entries: list[ev.Entry]) -> list[Entries]:
    """*entries* cut so that each message stays far below the channel's bound."""
    chunks: list[Entries] = []
    chunk: list[ev.Entry] = []
    size = 0
    for entry in entries:
        chunk.append(entry)
        size += 64 + len(ev.encode_event(entry.event))
        if size > REPLAY_BYTES:
            chunks.append(tuple(chunk))
            chunk, size = [], 0
    if chunk:
        chunks.append(tuple(chunk))
    return chunks


def _free_mb(path: Path) -> int:
    try:
        return shutil.disk_usage(path).free >> 20
    except OSError:
        return 0  # the board shows what a full disk would: someone must look
