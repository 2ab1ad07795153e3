"""The time ledger: every second of an attempt, spent or given back, with its reason.

A pure function of stamps and events. Durations are differences of CLOCK_BOOTTIME within
one boot, never of the wall clock, which may jump. What lies between the last durable
record and the next epoch is an outage: nobody sat an exam then, and it is not charged.
Across a reboot its length can only be told by the wall clock, and is marked so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from exam_packages.attempt import events as ev
from exam_packages.attempt.state import Attempt, Phase, step
from exam_packages.clock import SECOND, Stamp


class Kind(Enum):
    """What a stretch of an attempt's time was."""

    WAITING = "waiting"  # before the exam began
    RUNNING = "running"  # charged to the candidate
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
    """The ledger's small result: time left at a moment, and whether it is running."""

    left_ns: int
    at: Stamp
    running: bool

    def left_at(self, boottime_ns: int) -> int:
        """Nanoseconds left at another moment of the same boot; never below zero."""
        passed = boottime_ns - self.at.boottime_ns if self.running else 0
        return max(0, self.left_ns - passed)


@dataclass(frozen=True)
class Ledger:
    """All intervals so far; the last one is open-ended and grows until the next entry."""

    attempt: Attempt = field(default_factory=Attempt)
    intervals: tuple[Interval, ...] = ()
    last: Stamp | None = None

    @property
    def allowed_ns(self) -> int:
        return self.attempt.allowed_s * SECOND

    def total_ns(self, kind: Kind) -> int:
        return sum(each.length_ns for each in self.intervals if each.kind is kind)

    @property
    def countdown(self) -> Countdown | None:
        """Time left after the last entry, or ``None`` before the exam began."""
        if self.last is None or self.attempt.phase in (Phase.WAITING, Phase.ADMITTED):
            return None
        left = max(0, self.allowed_ns - self.total_ns(Kind.RUNNING))
        return Countdown(left, self.last, self.attempt.phase is Phase.RUNNING)


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
    intervals = ledger.intervals
    if ledger.last is not None:
        kind = _KIND[ledger.attempt.phase]
        passed = Interval(kind, ledger.last, stamp, by_wall=ledger.last.boot != stamp.boot)
        intervals = _extend(intervals, passed)
    return replace(ledger, intervals=intervals, last=stamp)


def _enter(ledger: Ledger, entry: ev.Entry) -> Ledger:
    intervals = ledger.intervals
    if ledger.last is not None:
        intervals = _extend(intervals, _between(ledger, ledger.last, entry))
    return replace(
        ledger, attempt=step(ledger.attempt, entry), intervals=intervals, last=entry.stamp
    )


def _between(ledger: Ledger, last: Stamp, entry: ev.Entry) -> Interval:
    kind = _KIND[ledger.attempt.phase]
    if isinstance(entry.event, ev.Opened) and kind in (Kind.RUNNING, Kind.PAUSED):
        kind = Kind.OUTAGE
    return Interval(kind, last, entry.stamp, by_wall=last.boot != entry.stamp.boot)


def _extend(intervals: tuple[Interval, ...], new: Interval) -> tuple[Interval, ...]:
    """Append *new*, joined to its neighbour when both are one stretch."""
    if intervals:
        before = intervals[-1]
        if before.kind is new.kind and not before.by_wall and not new.by_wall:
            return (*intervals[:-1], replace(before, end=new.end))
    return (*intervals, new)
