"""The time ledger of a record, with the integrity key; incidents and commands with it.

The key opens stamps, events and evidence records. Answers and names stay sealed: their
entries count for the time they were made at and for nothing else, exactly as at a station
that was restored. The ledger is the one the station itself computed with
(:mod:`exam_packages.attempt.ledger`); what is added is the reason of every interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from exam_packages.attempt import commands as cmd
from exam_packages.attempt import events as ev
from exam_packages.attempt.ledger import Interval, Kind, Ledger, account, kind_of, pass_by
from exam_packages.attempt.state import Phase
from exam_packages.clock import SECOND, Stamp
from exam_packages.errors import ExamError
from exam_packages.language import say
from exam_packages.sealing.journal_format import Compartment
from exam_packages.sealing.journal_keys import EpochKeys, Opened, open_frames
from exam_packages.sealing.signed import read_signed
from exam_packages.sealing.suite import SealingKey
from exam_packages.verify import event_words
from exam_packages.verify.chiefs import ChiefsOrders
from exam_packages.verify.clocks import Clocks
from exam_packages.verify.findings import Findings, Moment, Ordered, Span, Times
from exam_packages.verify.machines import Machines
from exam_packages.verify.record import Walk
from exam_packages.verify.words import length

_OVERRUN_NS = 2 * SECOND
"""How much later than the time allowed a station may close before it is remarked on."""


@dataclass(frozen=True)
class Told:
    """What the integrity key told: times, and the pictures that the record names."""

    times: Times
    pictures: tuple[bytes, ...]


def tell(walk: Walk, key: SealingKey, machines: Machines) -> Told | None:
    """Open the times and events of *walk*, as far as it stands and as they open.

    None when *key* opens nothing of it. What is wrong goes into the walk's findings.
    """
    keys: dict[int, EpochKeys] = {}
    try:
        for header in walk.headers:
            keys[header.context.epoch] = header.keys(
                key, (Compartment.EVENTS, Compartment.EVIDENCE)
            )
    except ExamError as problem:
        walk.findings.problem("integrity-key-unfit", problem)
        return None
    teller = _Teller(walk.findings, machines, walk.centre)
    try:
        for opened in open_frames(walk.frames[: walk.stands], keys):
            if not teller.take(opened):
                break
        else:
            if teller.reached:
                walk.findings.proven(
                    "times-open",
                    "The time of every entry from 1 to {entries} opens with the integrity key, "
                    "each at its own place.",
                    entries=teller.reached,
                )
    except ExamError as problem:
        walk.findings.problem("entry-altered", problem)
    return teller.told() if teller.reached else None


@dataclass
class _Teller:
    findings: Findings
    machines: Machines
    centre: str
    reached: int = 0
    _ledger: Ledger = field(default_factory=Ledger)
    _reason: str = ""
    _spans: list[Span] = field(default_factory=list)
    _turns: list[Moment] = field(default_factory=list)
    _incidents: list[Moment] = field(default_factory=list)
    _commands: list[Ordered] = field(default_factory=list)
    _pictures: list[bytes] = field(default_factory=list)
    _at: dict[int, int] = field(default_factory=dict)
    _wall: dict[int, int] = field(default_factory=dict)
    _last: Stamp | None = None
    _now: int = 0
    _last_entry: int = 0
    _granted_s: int = 0
    _added_s: int = 0
    _closed: str = ""
    _clocks: Clocks = field(init=False)
    _chiefs: ChiefsOrders = field(init=False)

    def __post_init__(self) -> None:
        self._clocks = Clocks(self.findings, self.machines)
        self._chiefs = ChiefsOrders(self.findings, self.machines, self.centre)

    def take(self, opened: Opened) -> bool:
        """Take one opened frame; False when the ledger must end before it."""
        stamp = opened.stamp
        if stamp is None:
            return False
        event: ev.Event | None = None
        if opened.compartment in (Compartment.EVENTS, Compartment.EVIDENCE):
            try:
                event = ev.decode_event(opened.body or b"")
                if isinstance(event, ev.Commanded):
                    cmd.journaled_command(event.command)
            except ExamError:
                self.findings.not_proven(
                    "event-unknown",
                    "Entry {entry} holds something that this version does not know; the time "
                    "ledger ends before it. A newer version may read it.",
                    entry=opened.sequence,
                )
                return False
        self._tick(opened.sequence, stamp)
        if opened.compartment is Compartment.ACKNOWLEDGEMENT:
            self._clocks.acknowledged(stamp, opened.body or b"")
        elif opened.compartment is not Compartment.HEADER:
            self._enter(opened.sequence, stamp, event)
        self.reached = opened.sequence
        return True

    def told(self) -> Told:
        """Everything, after the last frame."""
        self._clocks.tell()
        self._chiefs.tell()
        spent, allowed = self._ledger.spent_ns, self._ledger.allowed_ns
        countdown = self._ledger.countdown
        if countdown is not None and spent > allowed + _OVERRUN_NS:
            self.findings.note(
                "time-overrun",
                "{spent} of exam time were used where {allowed} were allowed.",
                spent=length(spent),
                allowed=length(allowed),
            )
        times = Times(
            to_entry=self.reached,
            wall_from_ns=next(iter(self._wall.values()), 0),
            length_ns=self._now,
            granted_s=self._granted_s,
            added_s=self._added_s,
            spent_ns=spent,
            left_ns=None if countdown is None else countdown.left_ns,
            closed=self._closed,
            spans=tuple(span for span in self._spans if span.length_ns),
            turns=tuple(self._turns),
            incidents=tuple(self._incidents),
            commands=tuple(self._commands),
            at_ns=self._at,
            wall_ns=self._wall,
        )
        return Told(times, tuple(self._pictures))

    def _tick(self, entry: int, stamp: Stamp) -> None:
        passed = 0
        if self._last is not None:
            same = self._last.boot == stamp.boot
            passed = (
                stamp.boottime_ns - self._last.boottime_ns
                if same
                else max(0, stamp.wall_ns - self._last.wall_ns)
            )
            if passed < 0:
                self.findings.not_proven(
                    "time-backwards",
                    "By the station’s own clock, entry {entry} was made before the entry that "
                    "it follows; its times are not to be believed.",
                    entry=entry,
                )
        self._now += max(0, passed)
        self._at[entry] = self._now
        self._wall[entry] = stamp.wall_ns
        self._clocks.made(entry, stamp)
        self._last = stamp

    def _enter(self, entry: int, stamp: Stamp, event: ev.Event | None) -> None:
        before = self._ledger
        if event is None:
            after = pass_by(before, stamp)
        else:
            after = account([ev.Entry(entry, stamp, event)], before)
        if after.intervals:
            self._cover(before, after.intervals, entry, event)
        if kind_of(after.attempt) is not kind_of(before.attempt) and event is not None:
            self._reason = event_words.why(event) or self._reason
        elif isinstance(event, ev.Opened) and after.attempt.phase is Phase.RUNNING:
            self._reason = say("The exam went on after the outage.")
        self._ledger, self._last_entry = after, entry
        if event is not None:
            self._note(entry, stamp, event, before)

    def _cover(
        self, before: Ledger, intervals: Sequence[Interval], entry: int, event: ev.Event | None
    ) -> None:
        """Make the last interval a span, or the last span as long as it has become."""
        interval = intervals[-1]
        grown = len(intervals) == len(before.intervals)
        if grown and self._spans:
            last = self._spans.pop()
            first, start, reason = last.first, last.start_ns, last.reason
        else:
            first, start = self._last_entry, self._at[self._last_entry]
            reason = self._reason or say("The exam had not begun.")
            if interval.kind is Kind.OUTAGE and isinstance(event, ev.Opened):
                reason = event_words.opened(event.cause)
        self._spans.append(
            Span(
                kind=interval.kind,
                first=first,
                last=entry,
                start_ns=start,
                length_ns=interval.length_ns,
                wall_from_ns=interval.start.wall_ns,
                wall_to_ns=interval.end.wall_ns,
                by_wall=interval.by_wall,
                reason=reason,
            )
        )

    def _note(self, entry: int, stamp: Stamp, event: ev.Event, before: Ledger) -> None:
        def moment(code: str, words: str) -> Moment:
            return Moment(entry, self._at[entry], stamp.wall_ns, code, words)

        match event:
            case ev.Opened(cause=cause):
                self._turns.append(moment("opened", event_words.opened(cause)))
            case ev.Reopened():
                self._closed = ""
                self._turns.append(moment("reopened", say("The hand-in was reopened.")))
            case ev.Began(allowed_s=allowed_s):
                self._granted_s = allowed_s
                self._turns.append(moment("began", say("The exam began.")))
            case ev.Accepted():
                said = say("The candidate accepted the rules.")
                self._turns.append(moment("accepted", said))
            case ev.Closed(how=how):
                self._closed = event_words.closed(how)
                self._turns.append(moment("closed", self._closed))
            case ev.Entered(scope=scope, allowed_s=allowed_s) if allowed_s:
                said = say(
                    "Entered “{scope}”, with {time} in all.",
                    scope=scope,
                    time=length(allowed_s * SECOND),
                )
                self._turns.append(moment("entered", said))
            case ev.Entered(scope=scope):
                self._turns.append(moment("entered", say("Entered “{scope}”.", scope=scope)))
            case ev.Left(scope=scope, how=how):
                self._turns.append(moment("left", event_words.left(scope, how)))
            case ev.BreakBegan(allowed_s=allowed_s):
                said = say("A break of {time} began.", time=length(allowed_s * SECOND))
                self._turns.append(moment("break-began", said))
            case ev.Returned():
                said = say("The candidate was back, and waited to be let in.")
                self._turns.append(moment("returned", said))
            case ev.BreakEnded():
                self._turns.append(moment("break-ended", say("The break ended.")))
            case ev.CameraFound(words=words):
                self._turns.append(moment("camera", say("Camera: {words}", words=words)))
            case ev.Noticed(code=code, words=words):
                self._incidents.append(moment(code, words))
            case ev.Reported(item=item, words=words):
                template = "The candidate reported a fault of “{item}”: {words}"
                said = say(template, item=item, words=words or "–")
                self._incidents.append(moment("reported", said))
            case ev.Called(on=True):
                said = say("The candidate called the invigilator.")
                self._incidents.append(moment("called", said))
            case ev.Signalled(code=code, on=True, words=words):
                self._incidents.append(moment(code, words))
            case ev.PicturesMissed(count=count, words=words):
                template = "Pictures that were not kept: {count}. {words}"
                said = say(template, count=count, words=words)
                self._incidents.append(moment("pictures-missed", said))
            case ev.SnapshotTaken(digest=digest):
                self._pictures.append(digest)
            case ev.GivenBack(seconds=seconds):
                self._added_s += seconds
                self._turns.append(
                    moment("given-back", say("Given back: {time}.", time=length(seconds * SECOND)))
                )
            case ev.Mandated(mandate=data):
                if said := self._chiefs.mandated(entry, data):
                    self._turns.append(moment("mandated", said))
            case ev.Commanded(command=data):
                self._command(entry, stamp, data, before)

    def _command(self, entry: int, stamp: Stamp, data: bytes, before: Ledger) -> None:
        command = cmd.journaled_command(data)
        signed = read_signed(data, cmd.KIND, max_size=cmd.MAX_COMMAND)
        signers = signed.signers(self.machines.halls(self.centre))
        by = self.machines.name(min(signers)) if signers else self._chiefs.signer(command, signed)
        if not by:
            self.findings.not_proven(
                "command-not-signed",
                "The command in entry {entry} is not signed by a hall of this centre whose "
                "enrolment is among these files, nor by a chief of it.",
                entry=entry,
            )
        if isinstance(command.order, cmd.Correct):
            self._correction(entry, command.order.correction)
        begun = before.attempt.phase in (Phase.RUNNING, Phase.PAUSED)
        if isinstance(command.order, cmd.AddTime) and begun:
            self._added_s += command.order.seconds
        self._commands.append(
            Ordered(
                entry=entry,
                at_ns=self._at[entry],
                wall_ns=stamp.wall_ns,
                words=event_words.ordered(command.order),
                operator=command.operator,
                reason=command.reason,
                comment=command.comment,
                signed_by=by,
            )
        )

    def _correction(self, entry: int, data: bytes) -> None:
        """Whether the body signed what a hall handed on as a correction."""
        try:
            self.machines.correction(data)
        except ExamError:
            self.findings.not_proven(
                "correction-not-signed",
                "The correction in entry {entry} is not signed by a packager of this body.",
                entry=entry,
            )
