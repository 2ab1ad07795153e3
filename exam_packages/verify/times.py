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
from exam_packages.attempt import liveness
from exam_packages.attempt.granting import tools_words
from exam_packages.attempt.ledger import Interval, Kind, Ledger, account, kind_of, pass_by
from exam_packages.attempt.state import Phase
from exam_packages.clock import SECOND, Stamp
from exam_packages.errors import ExamError
from exam_packages.language import say
from exam_packages.sealing.correction import believed_correction
from exam_packages.sealing.journal_format import Compartment, parse_acknowledgement
from exam_packages.sealing.journal_keys import EpochKeys, Opened, open_frames
from exam_packages.sealing.signed import read_signed
from exam_packages.sealing.suite import SealingKey
from exam_packages.verify.chiefs import ChiefsOrders
from exam_packages.verify.findings import Findings, Moment, Ordered, Span, Times
from exam_packages.verify.machines import Machines
from exam_packages.verify.record import Walk

_OPENED = {
    ev.START: "The exam was opened.",
    ev.RESTART: "The exam program was started again after it had ended.",
    ev.MOVE: "Another station took over.",
}
_CLOSED = {
    ev.HANDED_IN: "The candidate handed in.",
    ev.TIME_OVER: "The time was over.",
    ev.STOPPED: "An invigilator stopped the exam and handed it in.",
}
_LEFT = {
    ev.STEPPED_OUT: "Left “{scope}” for now; its clock stood.",
    ev.LEFT: "Left “{scope}”; it was closed.",
    ev.SPENT: "The time of “{scope}” was over; it was closed.",
}
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
    _stamps: dict[int, Stamp] = field(default_factory=dict)
    _compared: list[tuple[Stamp, Stamp, int]] = field(default_factory=list)
    _chiefs: ChiefsOrders = field(init=False)

    def __post_init__(self) -> None:
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
            self._compare(stamp, opened.body or b"")
        elif opened.compartment is not Compartment.HEADER:
            self._enter(opened.sequence, stamp, event)
        self.reached = opened.sequence
        return True

    def told(self) -> Told:
        """Everything, after the last frame."""
        self._compare_clocks()
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
        self._stamps[entry] = stamp
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
            self._reason = self._why(event)
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
                reason = say(_OPENED.get(event.cause, "The exam was opened again."))
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

    def _why(self, event: ev.Event) -> str:
        """Why the attempt entered the phase that *event* brought."""
        match event:
            case ev.Began():
                return say("The candidate was working.")
            case ev.Opened():
                return say("Held after a long outage, until an invigilator let it go on.")
            case ev.Reopened():
                return say("Reopened by two people; the clock stood until it was resumed.")
            case ev.Closed(how=how):
                return say(_CLOSED.get(how, "The exam was closed."))
            case ev.BreakBegan(after="", stopped=False):
                return say("A break that the candidate asked for, on the exam’s time.")
            case ev.BreakBegan(stopped=True):
                return say("A break in which the exam’s clock stood.")
            case ev.BreakBegan():
                return say("A break on the exam’s time.")
            case ev.BreakOver():
                return say("The break was over, and the candidate was not back.")
            case ev.BreakEnded():
                return say("The candidate went on after a break.")
            case ev.Commanded(command=data):
                command = cmd.journaled_command(data)
                fields = {"operator": command.operator, "reason": _reason(command)}
                if isinstance(command.order, cmd.Pause):
                    return say("Paused by {operator} ({reason}).", **fields)
                if isinstance(command.order, cmd.Resume):
                    return say("Resumed by {operator} ({reason}).", **fields)
                if isinstance(command.order, cmd.Evacuate):
                    return say("The room was evacuated by {operator} ({reason}).", **fields)
        return self._reason

    def _note(self, entry: int, stamp: Stamp, event: ev.Event, before: Ledger) -> None:
        def moment(code: str, words: str) -> Moment:
            return Moment(entry, self._at[entry], stamp.wall_ns, code, words)

        match event:
            case ev.Opened(cause=cause):
                words = say(_OPENED.get(cause, "The exam was opened again."))
                self._turns.append(moment("opened", words))
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
                self._closed = say(_CLOSED.get(how, "The exam was closed."))
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
                self._turns.append(
                    moment("left", say(_LEFT.get(how, "Left “{scope}”."), scope=scope))
                )
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
                words=_order(command.order),
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

    def _compare(self, stamp: Stamp, acknowledgement: bytes) -> None:
        """Bound what the station's clocks showed when a holder signed.

        It signed after the entry it acknowledges was made, and before its word was journaled.
        """
        signed, word = parse_acknowledgement(acknowledgement)
        holder = self.machines.get(word.holder)
        made = self._stamps.get(word.sequence)
        if holder is None or made is None or made.boot != stamp.boot:
            return
        if signed.signers([holder.verify_key]):
            self._compared.append((made, stamp, word.time_ns))

    def _compare_clocks(self) -> None:
        """Say whether the station's clock agrees with the holders' that signed along the way."""
        if not self._compared:
            return
        drift = covered = 0
        for boot in {made.boot for made, _, _ in self._compared}:
            mine = [each for each in self._compared if each[0].boot == boot]
            least = max(made.boottime_ns - told for made, _, told in mine)
            most = min(journaled.boottime_ns - told for _, journaled, told in mine)
            drift = max(drift, least - most)
            covered += mine[-1][1].boottime_ns - mine[0][0].boottime_ns
        made, journaled, told_ns = self._compared[-1]
        ahead, behind = made.wall_ns - told_ns, told_ns - journaled.wall_ns
        offset = max(0, ahead, behind)
        if max(drift, offset) < SECOND:
            self.findings.proven(
                "clocks-agree",
                "The station’s clock agrees with the clocks of those who witnessed the exam, as "
                "closely as their signatures tell (over {covered}).",
                covered=length(covered),
            )
        else:
            self.findings.note(
                "clocks-differ",
                "The station’s clock does not agree with the clocks of those who witnessed the "
                "exam: its time of day differed by at least {offset}, and over {covered} it went "
                "at least {drift} too fast or too slow.",
                offset=length(offset),
                covered=length(covered),
                drift=length(drift),
            )


def _order(order: cmd.Order) -> str:
    match order:
        case cmd.GrantTools(tools=()):
            return say("Granted no tools any more")
        case cmd.GrantTools(tools=tools):
            return say(
                "Granted tools, where the exam lets them be: {tools}", tools=tools_words(tools)
            )
        case cmd.Spare(detectors=()):
            return say("No detector of the camera is left out any more")
        case cmd.Spare(detectors=detectors):
            left_out = ", ".join(detectors)
            return say("Detectors of the camera left out: {detectors}", detectors=left_out)
        case cmd.AskLive(prompt=prompt):
            return say("Asked for a sign of life: {words}", words=liveness.words(prompt))
        case cmd.Admit(extra_s=0):
            return say("Admitted")
        case cmd.Admit(extra_s=extra_s):
            return say("Admitted, with {time} more", time=length(extra_s * SECOND))
        case cmd.Pause():
            return say("Paused")
        case cmd.Resume():
            return say("Resumed")
        case cmd.AddTime(seconds=seconds) if seconds < 0:
            return say("Took back {time}", time=length(-seconds * SECOND))
        case cmd.AddTime(seconds=seconds):
            return say("Added {time}", time=length(seconds * SECOND))
        case cmd.Say(text=text):
            return say("Message: “{text}”", text=text)
        case cmd.EnlargeText(percent=percent):
            return say("Set the letters to {percent} %", percent=percent)
        case cmd.Correct(correction=data):
            correction = believed_correction(data)
            return say("Corrected “{item}”: {text}", item=correction.item, text=correction.text)
        case cmd.Accommodate():
            return say("Changed how the screen is read")
        case cmd.AllowBreaks(times=times):
            return say("Allowed breaks: {times}", times=times)
        case cmd.LetBack():
            return say("Let back in after a break")
        case cmd.Attend(text=text):
            return say("Answered the raised hand: “{text}”", text=text)
        case cmd.Evacuate():
            return say("Evacuated the room")
        case cmd.Return():
            return say("Ended the evacuation")
        case cmd.Replace(device=device, on=True):
            return say("Began to replace a device: {device}", device=device)
        case cmd.Replace(device=device):
            return say("Replaced a device: {device}", device=device)
        case cmd.Stop():
            return say("Stopped and handed in")


def _reason(command: cmd.Command) -> str:
    return command.reason + (f": {command.comment}" if command.comment else "")


def length(time_ns: int) -> str:
    """A length of time for people: ``1 h 02 min 03 s``, ``0.4 s``."""
    if time_ns < 0:
        return "−" + length(-time_ns)
    if not time_ns:
        return "0 s"
    if time_ns < 10 * SECOND:
        return f"{time_ns / SECOND:.1f} s"
    seconds = round(time_ns / SECOND)
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    if hours:
        return f"{hours} h {minutes:02} min {rest:02} s"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
