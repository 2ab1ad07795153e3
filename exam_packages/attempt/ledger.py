"""The time ledger: every second of an attempt, spent or given back, with its reason.

A pure function of stamps and events. Durations are differences of CLOCK_BOOTTIME within
one boot, never of the wall clock, which may jump. What lies between the last durable
record and the next epoch is an outage: nobody sat an exam then, and it is not charged.
Across a reboot its length can only be told by the wall clock, and is marked so.

Beside the exam's clock there are those of the parts, sections and items that the candidate is
in, where they have time of their own, and of a break. They run with the exam's: what is not
charged to the whole is charged to none of them. Only a break's goes on while the exam's stands
for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType

from exam_packages.attempt import events as ev
from exam_packages.attempt.progress import BREAK
from exam_packages.attempt.state import Attempt, Phase, step
from exam_packages.clock import SECOND, Stamp


class Kind(Enum):
    """What a stretch of an attempt's time was."""

    WAITING = "waiting"  # before the exam began
    RUNNING = "running"  # charged to the candidate
    ON_BREAK = "on-break"  # charged too: a break on the exam's time
    BREAK = "break"  # a break for which the exam's clock stood
    PAUSED = "paused"  # stopped by an invigilator, or held after a long outage
    OUTAGE = "outage"  # between the last durable record and the next epoch
    CLOSED = "closed"


_KIND = {
    Phase.WAITING: Kind.WAITING,
    Phase.ADMITTED: Kind.WAITING,
    Phase.RUNNING: Kind.RUNNING,
    Phase.PAUSED: Kind.PAUSED,
    Phase.CLOSED: Kind.CLOSED,
}
CHARGED = (Kind.RUNNING, Kind.ON_BREAK)
"""What the exam's time is spent on."""


def kind_of(attempt: Attempt) -> Kind:
    """What the time is, as *attempt* stands."""
    rest = attempt.progress.rest
    if attempt.phase is not Phase.RUNNING or rest is None:
        return _KIND[attempt.phase]
    return Kind.ON_BREAK if rest.charged else Kind.BREAK


@dataclass(frozen=True)
class Interval:
    """A stretch of one kind. ``by_wall`` says that only the wall clock could measure it."""

    kind: Kind
    start: Stamp
    end: Stamp
    by_wall: bool = False

    @property
    def length_ns(self) -> int:
        if self.by_wall:
            return max(0, self.end.wall_ns - self.start.wall_ns)
        return self.end.boottime_ns - self.start.boottime_ns


@dataclass(frozen=True)
class Countdown:
    """The ledger's small result: time left at a moment, and whether it is running. ``scope``
    is what it is of: a scope of :mod:`exam_packages.content.moving`, a break, or (empty) the
    whole exam."""

    left_ns: int
    at: Stamp
    running: bool
    scope: str = ""

    def left_at(self, boottime_ns: int) -> int:
        """Nanoseconds left at another moment of the same boot; never below zero."""
        passed = boottime_ns - self.at.boottime_ns if self.running else 0
        return max(0, self.left_ns - passed)


@dataclass(frozen=True)
class Ledger:
    """All intervals so far; the last one is open-ended and grows until the next entry.

    ``used_ns`` is what was spent in each scope, and in the break that goes on."""

    attempt: Attempt = field(default_factory=Attempt)
    intervals: tuple[Interval, ...] = ()
    last: Stamp | None = None
    used_ns: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def allowed_ns(self) -> int:
        return self.attempt.allowed_s * SECOND

    def total_ns(self, *kinds: Kind) -> int:
        return sum(each.length_ns for each in self.intervals if each.kind in kinds)

    @property
    def spent_ns(self) -> int:
        """What was charged of the whole."""
        return self.total_ns(*CHARGED)

    @property
    def countdown(self) -> Countdown | None:
        """Time left after the last entry, or ``None`` before the exam began."""
        if self.last is None or self.attempt.phase in (Phase.WAITING, Phase.ADMITTED):
            return None
        left = max(0, self.allowed_ns - self.spent_ns)
        return Countdown(left, self.last, kind_of(self.attempt) in CHARGED)

    @property
    def countdowns(self) -> tuple[Countdown, ...]:
        """The whole exam's, then those of the scopes the candidate is in, then a break's."""
        whole, attempt = self.countdown, self.attempt
        if whole is None:
            return ()
        return (whole, *(self._countdown(whole, *each) for each in _ends(attempt)))

    @property
    def deadlines(self) -> tuple[Countdown, ...]:
        """Those that bring something about when nothing is left: a break's only while the
        exam's clock stands for it, and nobody is back who waits to be let in."""
        rest = self.attempt.progress.rest
        waits = rest is not None and (rest.charged or rest.returned)
        return tuple(
            each for each in self.countdowns if each.running and not (each.scope == BREAK and waits)
        )

    def _countdown(self, whole: Countdown, scope: str, allowed_s: int) -> Countdown:
        left = max(0, allowed_s * SECOND - self.used_ns.get(scope, 0))
        return replace(whole, left_ns=left, running=_runs(self.attempt, scope), scope=scope)

    def used_at(self, scope: str, now: Stamp) -> int:
        """Nanoseconds spent in *scope* (empty: in the whole exam) by *now*, of the same boot."""
        used = self.used_ns.get(scope, 0) if scope else self.spent_ns
        if self.last is None or not _runs(self.attempt, scope):
            return used
        return used + max(0, now.boottime_ns - self.last.boottime_ns)


def account(entries: Iterable[ev.Entry], ledger: Ledger | None = None) -> Ledger:
    """The ledger after *entries*, from the beginning or from *ledger* on."""
    ledger = Ledger() if ledger is None else ledger
    for entry in entries:
        ledger = _enter(ledger, entry)
    return ledger


def pass_by(ledger: Ledger, stamp: Stamp) -> Ledger:
    """The ledger after a record that was made at *stamp*, and changes nothing but the time.

    For records whose body the reader cannot open: a restored station opens no pictures.
    """
    return _pass(ledger, stamp, kind_of(ledger.attempt))


def _enter(ledger: Ledger, entry: ev.Entry) -> Ledger:
    kind = kind_of(ledger.attempt)
    if isinstance(entry.event, ev.Opened) and ledger.attempt.phase in (
        Phase.RUNNING,
        Phase.PAUSED,
    ):
        kind = Kind.OUTAGE
    ledger = replace(_pass(ledger, entry.stamp, kind), attempt=step(ledger.attempt, entry))
    if isinstance(entry.event, ev.BreakBegan):  # each break has its own time
        used = {name: spent for name, spent in ledger.used_ns.items() if name != BREAK}
        ledger = replace(ledger, used_ns=MappingProxyType(used))
    return ledger


def _pass(ledger: Ledger, stamp: Stamp, kind: Kind) -> Ledger:
    """The ledger when a stretch of *kind* has ended at *stamp*."""
    if ledger.last is None:
        return replace(ledger, last=stamp)
    passed = Interval(kind, ledger.last, stamp, by_wall=ledger.last.boot != stamp.boot)
    used = ledger.used_ns
    if kind is kind_of(ledger.attempt):  # an outage is charged to no clock
        running = [name for name, _ in _clocks(ledger.attempt) if _runs(ledger.attempt, name)]
        if running:
            more = {name: used.get(name, 0) + passed.length_ns for name in running}
            used = MappingProxyType({**used, **more})
    return replace(ledger, intervals=_extend(ledger.intervals, passed), last=stamp, used_ns=used)


def _clocks(attempt: Attempt) -> Iterator[tuple[str, int]]:
    """Every clock beside the exam's, with the seconds it is allowed (0: no end)."""
    for name, each in attempt.progress.inside.items():
        yield name, each.allowed_s
    if attempt.progress.rest is not None:
        yield BREAK, attempt.progress.rest.allowed_s


def _ends(attempt: Attempt) -> Iterator[tuple[str, int]]:
    """The clocks that come to an end."""
    return (each for each in _clocks(attempt) if each[1])


def _runs(attempt: Attempt, scope: str) -> bool:
    kind = kind_of(attempt)
    return kind in CHARGED or (kind is Kind.BREAK and scope == BREAK)


def _extend(intervals: tuple[Interval, ...], new: Interval) -> tuple[Interval, ...]:
    """Append *new*, joined to its neighbour when both are one stretch."""
    if intervals:
        before = intervals[-1]
        if before.kind is new.kind and not before.by_wall and not new.by_wall:
            return (*intervals[:-1], replace(before, end=new.end))
    return (*intervals, new)
