"""The time of one candidate, explained: as far as the hall may know it.

The hall opens no journal. What it tells is what it ordered, whether the station has written
that down, and what the station says of itself now; the ledger that counts is computed from
the record, by the station and again by the body.
"""

from __future__ import annotations

from dataclasses import dataclass

import apsw

from exam_packages import canon
from exam_packages.attempt.commands import (
    AddTime,
    Admit,
    Evacuate,
    Order,
    Pause,
    Resume,
    Return,
    Stop,
)
from exam_packages.clock import SECOND
from exam_packages.language import say
from sync.hall.reasons import reason_words
from sync.holder.store import rows


@dataclass(frozen=True)
class Line:
    """One thing that touched a candidate's time."""

    time_ns: int
    words: str
    operator: str
    reason: str
    comment: str
    known: bool
    """Whether the station has written it down."""


def explained(connection: apsw.Connection, blind_id: bytes) -> tuple[Line, ...]:
    """All that touched the time of an attempt, the oldest first."""
    found = rows(
        connection.execute(
            "SELECT issued_ns, body, operator, reason, comment, journaled FROM commands"
            " WHERE blind_id = ? ORDER BY authority, number",
            (blind_id,),
        )
    )
    lines = []
    for issued_ns, body, operator, reason, comment, journaled in found:
        words = _words(canon.unpack(body, Order))
        if words:
            lines.append(
                Line(issued_ns, words, operator, reason_words(reason), comment, journaled == 1)
            )
    return tuple(lines)


def stood_ns(connection: apsw.Connection, blind_id: bytes, now_ns: int) -> int:
    """How long the clock stood by our orders, from one order to the next: about, since a
    station carries an order out a moment after it is given."""
    found = rows(
        connection.execute(
            "SELECT issued_ns, body FROM commands WHERE blind_id = ? AND journaled = 1"
            " ORDER BY authority, number",
            (blind_id,),
        )
    )
    stood, since = 0, 0
    for issued_ns, body in found:
        match canon.unpack(body, Order):
            case Pause():
                since = since or issued_ns
            case Evacuate(alarm_ns=alarm_ns):
                since = since or alarm_ns
            case Resume() | Stop() if since:
                stood, since = stood + issued_ns - since, 0
    return stood + (now_ns - since if since else 0)


def _words(order: Order) -> str:
    match order:
        case Admit(extra_s=0):
            return say("Admitted, with the time of the exam.")
        case Admit(extra_s=seconds):
            return say(
                "Admitted, with {minutes} minutes more than the exam gives.", minutes=seconds // 60
            )
        case AddTime(seconds=seconds) if seconds < 0:
            return say("{minutes} minutes were taken back.", minutes=-seconds // 60)
        case AddTime(seconds=seconds):
            return say("{minutes} minutes were given.", minutes=seconds // 60)
        case Pause():
            return say("The clock was stopped and the questions hidden.")
        case Resume():
            return say("The clock was let run on.")
        case Evacuate(alarm_ns=alarm_ns):
            return say(
                "The room was evacuated; the clock stopped, and what ran since the alarm at "
                "{time} was given back.",
                time=clock_words(alarm_ns),
            )
        case Return():
            return say("The evacuation ended; the clock still stood.")
        case Stop():
            return say("The exam was stopped and handed in.")
        case _:
            return ""


def clock_words(time_ns: int) -> str:
    """A moment of the wall clock for people: hours, minutes and seconds, UTC."""
    seconds = time_ns // SECOND % 86_400
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02} UTC"
