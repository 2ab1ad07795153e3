"""What operators do: each act with its rules, in one transaction with its audit line.

======================  ======================================
chief                   everything
invigilator             everything but the release (of two codes, one) and closing
observer                looks on
======================  ======================================

An order is put in line for a station, which journals it before it obeys; the board shows
how many wait. A second person for stopping, and for large credits of time, is not asked
for yet: both are in the audit table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import apsw

from exam_packages.attempt.commands import AddTime, Admit, Order, Pause, Resume, Say, Stop
from sync.hall import authority, seats
from sync.hall.reasons import check_reason
from sync.hall.schema import audit
from sync.hall.service import HallService
from sync.web.wire import HttpError

CHIEF, INVIGILATOR, OBSERVER = "chief", "invigilator", "observer"
ROLES = (CHIEF, INVIGILATOR, OBSERVER)

MAX_MINUTES = 240
"""Minutes given or taken back by one act."""
MAX_TEXT = 500
"""Characters of one message to a candidate."""


Decide: TypeAlias = Callable[[apsw.Connection, seats.SeatRow], Order | None]
"""Chooses the order for a seat; ``None`` leaves the seat alone."""


@dataclass(frozen=True)
class Operator:
    """Someone signed in at the console."""

    name: str
    role: str


@dataclass(frozen=True)
class Why:
    """The reason code and comment that every act carries."""

    reason: str
    comment: str = ""


async def admit(
    hall: HallService, operator: Operator, candidate: str | None, why: Why
) -> tuple[str, ...]:
    """Let in one candidate, or (``None``) everyone who signed in and waits."""

    def order(connection: apsw.Connection, seat: seats.SeatRow) -> Order | None:
        admitted = authority.was_given(connection, seat.blind_id, "admit")
        return None if admitted else Admit(seat.extra_s)

    return await _order(hall, operator, "admit", candidate, why, order)


async def pause(
    hall: HallService, operator: Operator, candidate: str | None, why: Why
) -> tuple[str, ...]:
    """Stop the clock and hide the questions."""
    return await _order(hall, operator, "pause", candidate, why, lambda _, seat: Pause())


async def resume(
    hall: HallService, operator: Operator, candidate: str | None, why: Why
) -> tuple[str, ...]:
    """Let the clock run on."""
    return await _order(hall, operator, "resume", candidate, why, lambda _, seat: Resume())


async def stop(
    hall: HallService, operator: Operator, candidate: str | None, why: Why
) -> tuple[str, ...]:
    """Stop and hand in, with everything answered so far."""
    return await _order(hall, operator, "stop", candidate, why, lambda _, seat: Stop())


async def add_time(
    hall: HallService, operator: Operator, candidate: str | None, why: Why, minutes: int
) -> tuple[str, ...]:
    """Give *minutes* more, or take back what was given by mistake."""
    if not minutes or abs(minutes) > MAX_MINUTES:
        raise HttpError(
            400, "The time to add must be 1 to {limit} minutes, or as many less.", limit=MAX_MINUTES
        )
    given = AddTime(minutes * 60)
    return await _order(
        hall, operator, f"add-time {minutes:+d} min", candidate, why, lambda _, seat: given
    )


async def say(
    hall: HallService, operator: Operator, candidate: str | None, why: Why, text: str
) -> tuple[str, ...]:
    """Show a message to the candidate."""
    text = " ".join(text.split())
    if not 1 <= len(text) <= MAX_TEXT or not text.isprintable():
        raise HttpError(
            400, "A message must be plain text of 1 to {limit} characters.", limit=MAX_TEXT
        )
    return await _order(hall, operator, "say", candidate, why, lambda _, seat: Say(text))


async def allow_restart(
    hall: HallService, operator: Operator, candidate: str | None, why: Why
) -> tuple[str, ...]:
    """Let an interrupted exam go on at its station; with ``None`` all that wait."""
    _may(operator)
    check_reason(why.reason, why.comment)

    def work(connection: apsw.Connection) -> tuple[str, ...]:
        chosen = [
            seat
            for seat in _chosen(connection, candidate)
            if candidate is not None or seat.restart == seats.ASKED
        ]
        now_ns = hall.clock.wall_ns()
        for seat in chosen:
            seats.allow_restart(connection, seat.blind_id)
            _audit(connection, now_ns, operator, "allow-restart", seat.candidate, why)
        return tuple(seat.candidate for seat in chosen)

    return await hall.store.awrite(work)


async def close(hall: HallService, operator: Operator, why: Why) -> None:
    """Close the sitting. Refused while an exam is still open."""
    if operator.role != CHIEF:
        raise HttpError(403, "Only the chief invigilator can close the sitting.")
    check_reason(why.reason, why.comment)

    def work(connection: apsw.Connection) -> None:
        sitting = _sitting(connection)
        still_open = [
            seat.candidate
            for seat in seats.seats(connection, sitting.id)
            if seat.permitted and not seats.handed_in(connection, seat.blind_id)
        ]
        if still_open:
            raise HttpError(
                409,
                "The exam of {candidate} is still open ({count} in all); the sitting closes when "
                "every exam is handed in.",
                candidate=still_open[0],
                count=len(still_open),
            )
        seats.close_sitting(connection, hall.clock.wall_ns())
        _audit(connection, hall.clock.wall_ns(), operator, "close", "", why)

    await hall.store.awrite(work)


async def _order(
    hall: HallService,
    operator: Operator,
    act: str,
    candidate: str | None,
    why: Why,
    decide: Decide,
) -> tuple[str, ...]:
    """Put an order in line for one seat or all open ones; the candidates it was given to."""
    _may(operator)
    check_reason(why.reason, why.comment)

    def work(connection: apsw.Connection) -> tuple[str, ...]:
        given = []
        now_ns = hall.clock.wall_ns()
        for seat in _chosen(connection, candidate):
            if not seat.permitted or seats.handed_in(connection, seat.blind_id):
                if candidate is None:
                    continue
                raise HttpError(
                    409, "The candidate {candidate} has no exam open.", candidate=candidate
                )
            order = decide(connection, seat)
            if order is None:
                continue
            authority.give(
                connection,
                seat.blind_id,
                act.split()[0],
                order,
                operator=operator.name,
                time_ns=now_ns,
                reason=why.reason,
                comment=why.comment,
            )
            _audit(connection, now_ns, operator, act, seat.candidate, why)
            given.append(seat.candidate)
        return tuple(given)

    return await hall.store.awrite(work)


def _may(operator: Operator) -> None:
    if operator.role not in (CHIEF, INVIGILATOR):
        raise HttpError(403, "An observer can only look on.")


def _sitting(connection: apsw.Connection) -> seats.Sitting:
    sitting = seats.open_sitting(connection)
    if sitting is None:
        raise HttpError(409, "No sitting is open in this hall.")
    return sitting


def _chosen(connection: apsw.Connection, candidate: str | None) -> tuple[seats.SeatRow, ...]:
    rows = seats.seats(connection, _sitting(connection).id)
    if candidate is None:
        return rows
    chosen = tuple(seat for seat in rows if seat.candidate == candidate)
    if not chosen:
        raise HttpError(
            404, "There is no candidate {candidate} on the roster.", candidate=candidate[:80]
        )
    return chosen


def _audit(
    connection: apsw.Connection, now_ns: int, operator: Operator, act: str, seat: str, why: Why
) -> None:
    audit(
        connection,
        now_ns,
        operator.name,
        act,
        seat=seat,
        reason=why.reason,
        comment=why.comment,
    )
