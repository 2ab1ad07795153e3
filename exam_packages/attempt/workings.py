"""Workings: what a candidate leaves beside the answers. Never part of scoring.

Strike-outs, notes, the scratchpad, highlights, and reports that something is wrong with an
item. They are events like any other, so that they are back after a crash; the practice,
which keeps nothing, runs the same fold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from exam_packages.attempt.events import Highlighted, Jotted, Noted, Reported, StruckOut

MAX_NOTE = 2_000
"""Characters of a note on an item."""
MAX_SCRATCHPAD = 8_000
"""Characters of the scratchpad."""
MAX_REPORT = 500
"""Characters of a report."""
MAX_RUNS = 200
"""Highlights in one text."""

Working: TypeAlias = StruckOut | Noted | Jotted | Highlighted | Reported
Runs: TypeAlias = tuple[tuple[int, int], ...]

T = TypeVar("T")


@dataclass(frozen=True)
class Workings:
    """All of an attempt, as they stand. ``struck`` has (item, response, choice)."""

    struck: frozenset[tuple[str, str, str]] = frozenset()
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    scratchpad: str = ""
    highlights: Mapping[str, Runs] = field(default_factory=lambda: MappingProxyType({}))
    reported: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def struck_of(self, item: str) -> frozenset[tuple[str, str]]:
        """The choices of *item* that are struck out, as (response, choice)."""
        return frozenset(place[1:] for place in self.struck if place[0] == item)


def add(workings: Workings, what: Working) -> Workings:
    """The workings after one more."""
    match what:
        case StruckOut(item=item, response=response, choice=choice, on=on):
            place = (item, response, choice)
            struck = workings.struck | {place} if on else workings.struck - {place}
            return replace(workings, struck=struck)
        case Noted(item=item, text=text):
            return replace(workings, notes=_with(workings.notes, item, text))
        case Jotted(text=text):
            return replace(workings, scratchpad=text)
        case Highlighted(blob=blob, runs=runs):
            return replace(workings, highlights=_with(workings.highlights, blob, runs))
        case Reported(item=item, words=words):
            reported = MappingProxyType({**workings.reported, item: words})
            return replace(workings, reported=reported)


def place_of(what: Working) -> tuple[str, ...]:
    """What *what* is about: of two of one kind and place, the later one counts."""
    match what:
        case StruckOut(item=item, response=response, choice=choice):
            return ("struck", item, response, choice)
        case Noted(item=item):
            return ("note", item)
        case Jotted():
            return ("scratchpad",)
        case Highlighted(blob=blob):
            return ("highlight", blob)
        case Reported(item=item):
            return ("report", item)


def _with(standing: Mapping[str, T], name: str, value: T) -> Mapping[str, T]:
    """*standing* with *value* for *name*; an empty one is none."""
    kept = {each: standing[each] for each in standing if each != name}
    return MappingProxyType({**kept, name: value} if value else kept)
