"""The other halls of this centre, as this one hears them: for the board and the readiness sheet.

A hall that follows asks this one each second; a hall that this one follows answers it. What
was heard is kept in memory only, and comes again within a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import apsw

from exam_packages.language import mark
from sync.holder.store import rows

if TYPE_CHECKING:
    from sync.hall.service import HallService

__all__ = ["Heard", "OtherHall", "Relation", "other_halls", "relation", "standby_of"]


@dataclass(frozen=True)
class Heard:
    """The last word of another hall. ``at_ns`` is CLOCK_BOOTTIME; ``behind`` counts the rows
    that it still lacks of this one's, -1 when it does not follow this one."""

    at_ns: int
    behind: int


@dataclass(frozen=True)
class OtherHall:
    """Another hall of this centre. ``heard_ms`` is the age of its last word, -1: none since
    this hall started."""

    machine: str
    commands: bool
    heard_ms: int
    follows: bool
    behind: int


@dataclass(frozen=True)
class Relation:
    """Who commands, in words for the board, with all other halls."""

    mine: bool
    term: int
    words: str
    others: tuple[OtherHall, ...]


def other_halls(hall: HallService, connection: apsw.Connection) -> tuple[OtherHall, ...]:
    """Every other hall that is known here, by name."""
    now_ns = hall.clock.boottime_ns()
    found = []
    for key_id, machine in rows(
        connection.execute("SELECT key_id, machine FROM halls ORDER BY machine, key_id")
    ):
        if key_id == hall.key.key_id or hall.command.hall(key_id) is None:
            continue
        heard = hall.heard.get(key_id)
        age_ms = -1 if heard is None else (now_ns - heard.at_ns) // 1_000_000
        behind = -1 if heard is None else heard.behind
        commands = hall.command.commander == key_id
        found.append(OtherHall(machine, commands, age_ms, behind >= 0, max(0, behind)))
    return tuple(found)


def relation(hall: HallService, connection: apsw.Connection) -> Relation:
    """How this hall stands to the others."""
    others = other_halls(hall, connection)
    if hall.command.mine:
        words = mark("This hall is in command") if others else ""
    else:
        words = mark("This hall stands by: it holds what is recorded and orders nothing")
    return Relation(hall.command.mine, hall.command.term, words, others)


def standby_of(hall: HallService, connection: apsw.Connection, within_ms: int) -> str:
    """The name of a hall that follows this one, and asked within so many milliseconds; empty
    when there is none."""
    if not hall.command.mine:
        return ""
    for other in other_halls(hall, connection):
        if other.follows and 0 <= other.heard_ms <= within_ms:
            return other.machine
    return ""
