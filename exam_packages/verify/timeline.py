"""Where everything of a record lies on a line of time: what the page draws, as numbers.

With the integrity key the line is the station's own clock, and carries the ledger. Without
it there are the holders' signatures, at the times they were made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from exam_packages.clock import SECOND
from exam_packages.language import say
from exam_packages.verify import words
from exam_packages.verify.findings import Record, Times
from exam_packages.verify.words import length

WIDTH: Final = 1000
_STEPS_S: Final = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
_MOST_LABELS: Final = 10


@dataclass(frozen=True)
class Bar:
    """A stretch from ``x``, ``width`` wide; ``kind`` names its look, ``words`` say it."""

    x: float
    width: float
    kind: str
    words: str


@dataclass(frozen=True)
class Tick:
    """A moment at ``x``."""

    x: float
    kind: str
    words: str


@dataclass(frozen=True)
class Timeline:
    """One record's line of time, WIDTH units wide. ``summary`` says it without a picture."""

    summary: str
    axis: tuple[Tick, ...]
    ledger: tuple[Bar, ...]
    alone: tuple[Bar, ...]
    witnesses: tuple[Tick, ...]
    marks: tuple[Tick, ...]


def timeline(record: Record) -> Timeline | None:
    """The line of time of *record*; None when there is no time to draw."""
    if record.times is not None and record.times.length_ns > 0:
        return _by_station(record, record.times)
    return _by_holders(record)


def _by_station(record: Record, times: Times) -> Timeline:
    whole = times.length_ns

    def x(at_ns: int) -> float:
        return round(WIDTH * min(max(at_ns, 0), whole) / whole, 1)

    def bar(start_ns: int, end_ns: int, kind: str, text: str) -> Bar:
        return Bar(x(start_ns), max(1.0, round(x(end_ns) - x(start_ns), 1)), kind, text)

    ledger = tuple(
        bar(
            span.start_ns,
            span.start_ns + span.length_ns,
            span.kind.value,
            f"{words.KINDS[span.kind]}, {length(span.length_ns)}. {span.reason}",
        )
        for span in times.spans
    )
    alone = tuple(
        bar(
            times.at_ns.get(each.first, 0),
            times.at_ns.get(each.last, whole),
            "alone",
            say("Unwitnessed: entries {first} to {last}", first=each.first, last=each.last),
        )
        for each in record.stretches
        if each.alone and each.first in times.at_ns
    )
    witnesses = tuple(
        Tick(
            x(times.at_ns.get(each.found_in, whole)),
            each.kind,
            say("{holder}, up to entry {entry}", holder=each.holder, entry=each.entry),
        )
        for each in record.witnesses
    )
    marks = (
        *(Tick(x(each.at_ns), "incident", each.words) for each in times.incidents),
        *(Tick(x(each.at_ns), "command", each.words) for each in times.commands),
    )
    summary = say(
        "From {start} to {end}, by the station’s clock: ",
        start=words.clock(times.wall_from_ns),
        end=words.clock(times.wall_from_ns + whole),
    ) + " ".join(f"{label}: {value}." for label, value in words.time_sums(times))
    return Timeline(summary, _axis(times.wall_from_ns, whole), ledger, alone, witnesses, marks)


def _by_holders(record: Record) -> Timeline | None:
    begun = record.epochs[0].permitted_s * SECOND if record.epochs else 0
    ends = [each.time_ns for each in record.witnesses]
    if not begun or not ends or max(ends) <= begun:
        return None
    whole = max(ends) - begun

    def x(time_ns: int) -> float:
        return round(WIDTH * min(max(time_ns - begun, 0), whole) / whole, 1)

    alone = tuple(
        Bar(
            x(each.witness.time_ns - each.waited_ns),
            max(1.0, round(WIDTH * min(each.waited_ns, whole) / whole, 1)),
            "alone",
            say("Unwitnessed: entries {first} to {last}", first=each.first, last=each.last),
        )
        for each in record.stretches
        if each.alone and each.witness is not None
    )
    witnesses = tuple(
        Tick(
            x(each.time_ns),
            each.kind,
            say("{holder}, up to entry {entry}", holder=each.holder, entry=each.entry),
        )
        for each in record.witnesses
    )
    summary = say(
        "From {start} to {end}, by the holders’ clocks: {count} signatures of holders.",
        start=words.clock(begun),
        end=words.clock(begun + whole),
        count=len(witnesses),
    )
    return Timeline(summary, _axis(begun, whole), (), alone, witnesses, ())


def _axis(wall_from_ns: int, whole: int) -> tuple[Tick, ...]:
    """Round times of day along the line, as many as fit."""
    step = next(
        (each for each in _STEPS_S if whole / (each * SECOND) <= _MOST_LABELS), _STEPS_S[-1]
    )
    step_ns = max(step * SECOND, whole // _MOST_LABELS)
    first = -(-wall_from_ns // step_ns) * step_ns
    shown = 8 if step_ns < 60 * SECOND else 5
    return tuple(
        Tick(round(WIDTH * (at - wall_from_ns) / whole, 1), "axis", words.clock(at)[:shown])
        for at in range(first, wall_from_ns + whole + 1, step_ns)
    )
