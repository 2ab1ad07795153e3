"""What operators do: each act with its rules, in one transaction with its audit line.

======================  ======================================
chief                   everything
invigilator             everything but the release (of two codes, one) and closing
observer                looks on
======================  ======================================

An order is put in line for a station, which journals it before it obeys; the board shows
how many wait. Moving an exam to another station and reopening a hand-in take two people: the
first proposes, the second does the same. A second person for stopping, and for large credits
of time, is not asked for yet: both are in the audit table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import apsw

from exam_packages.attempt.commands import (
    Accommodate,
    AddTime,
    Admit,
    AllowBreaks,
    LetBack,
    Order,
    Pause,
    Resume,
    Say,
    Stop,
)
from exam_packages.clock import SECOND
from sync.hall import authority, closing, corrections, moves, outcomes, room, seats, second
from sync.hall.reasons import check_reason
from sync.hall.schema import audit
from sync.hall.service import HallService
from sync.holder.journals import held_state
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
        if authority.was_given(connection, seat.blind_id, "admit"):
            return None
        now_ns = hall.clock.wall_ns()
        return _admission(connection, seat, operator, why, now_ns, named=candidate is not None)

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


async def let_back(
    hall: HallService, operator: Operator, candidate: str, why: Why
) -> tuple[str, ...]:
    """Let a candidate go on after a break, whose identity the operator has just checked."""
    return await _order(hall, operator, "let-back", candidate, why, lambda _, seat: LetBack())


async def allow_break(
    hall: HallService, operator: Operator, candidate: str | None, why: Why
) -> tuple[str, ...]:
    """Allow one more break by asking; it is on the exam's time unless it is paused."""
    return await _order(hall, operator, "allow-break", candidate, why, lambda _, s: AllowBreaks(1))


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


async def move(
    hall: HallService, operator: Operator, candidate: str, why: Why, station: str
) -> str:
    """Let an exam go on at another *station*; the sentence that says what happened.

    The first person proposes it; when another wants the same, the station that runs the exam
    is shut out of it and the one named takes it up.
    """
    _may(operator)
    check_reason(why.reason, why.comment)
    await hall.store.awrite(lambda connection: _get_ready(connection, candidate, station))
    in_contact = hall.in_contact()
    vacant = {key_id for key_id, link in list(hall.links.items()) if not link.blind_id}

    def work(connection: apsw.Connection) -> str:
        (seat,) = _chosen(connection, candidate)
        sitting = seats.one_sitting(connection, seat.sitting)
        _check_open(connection, seat)
        target = moves.station_named(connection, station)
        name = seats.machine_name(connection, target)
        if target == seat.station:
            raise HttpError(409, "The exam of {candidate} is at that station.", candidate=candidate)
        free = target in vacant and not seats.has_open_exam(connection, target)
        if target not in in_contact or not free:
            raise HttpError(
                409,
                "The station “{station}” is not free, or does not answer; choose one that is "
                "listed as ready.",
                station=name,
            )
        moves.check_move(connection, seat, target, sitting.restore_sitting or b"", in_contact)
        now_ns = hall.clock.wall_ns()
        first = second.agree(connection, seat.blind_id, "move", name, operator.name, now_ns)
        _audit(connection, now_ns, operator, f"move to {name}", seat.candidate, why)
        if first is None:
            return f"Proposed. A second person must also move {candidate} to {name}."
        held = held_state(connection, seat.blind_id, seat.package_hash)
        moves.move(connection, seat, held, target, (first, operator.name), now_ns)
        if held.sequence == 0:
            return f"Nothing was recorded yet: {candidate} signs in at {name} with the same code."
        return f"The exam of {candidate} goes on at {name} in some seconds."

    return await hall.store.awrite(work)


async def reopen(hall: HallService, operator: Operator, candidate: str, why: Why) -> str:
    """Reopen a hand-in, with the time that was left; the sentence that says what happened.

    Two people, one of them the chief; until the sitting is closed.
    """
    _may(operator)
    check_reason(why.reason, why.comment)

    def work(connection: apsw.Connection) -> str:
        (seat,) = _chosen(connection, candidate)
        if not seats.handed_in(connection, seat.blind_id):
            raise HttpError(
                409, "The exam of {candidate} is not handed in.", candidate=seat.candidate
            )
        now_ns = hall.clock.wall_ns()
        held = held_state(connection, seat.blind_id, seat.package_hash)
        first = second.agree(connection, seat.blind_id, "reopen", "", operator.name, now_ns)
        _audit(connection, now_ns, operator, "reopen", seat.candidate, why)
        if first is None:
            return f"Proposed. A second person must also reopen the exam of {candidate}."
        if CHIEF not in (operator.role, _role(connection, first)):
            raise HttpError(403, "One of the two who reopen an exam must be the chief.")
        moves.reopen(connection, seat, held, now_ns)
        outcomes.open_again(connection, seat.blind_id)
        return (
            f"The exam of {candidate} opens again at its station, with the time that was left. "
            "Let the clock run on when the candidate sits there."
        )

    return await hall.store.awrite(work)


async def close(hall: HallService, operator: Operator, why: Why, number: int | None = None) -> None:
    """Close a sitting (the only one open, or the one of this *number*), and delete what opens
    its exams again. Refused while one is open, or a line of the roster has no outcome."""
    if operator.role != CHIEF:
        raise HttpError(403, "Only the chief invigilator can close the sitting.")
    check_reason(why.reason, why.comment)

    def work(connection: apsw.Connection) -> None:
        if seats.open_sitting(connection) is None and closing.unfinished(connection):
            return  # closed before, but a key did not go away: that alone is tried again
        sitting = seats.one_sitting(connection, number)
        still_open = [
            line.seat.candidate
            for line in outcomes.open_lines(connection, sitting.id)
            if line.standing.begun
        ]
        if still_open:
            raise HttpError(
                409,
                "The exam of {candidate} is still open ({count} in all); the sitting closes when "
                "every exam is handed in.",
                candidate=still_open[0],
                count=len(still_open),
            )
        unclosed = outcomes.open_lines(connection, sitting.id)
        if unclosed:
            raise HttpError(
                409,
                "How it ended is not said for {candidate} ({count} in all); close every line of "
                "the roster with an outcome first, such as absent.",
                candidate=unclosed[0].seat.candidate,
                count=len(unclosed),
            )
        reason = f"{why.reason}: {why.comment}" if why.comment else why.reason
        now_ns = hall.clock.wall_ns()
        seats.close_sitting(connection, sitting.id, now_ns, operator.name, reason[:500])
        _audit(connection, now_ns, operator, "close", "", why)

    await hall.store.awrite(work)
    await asyncio.to_thread(hall.finish_closing)
    hall.for_the_body()


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
            if candidate is not None:
                _check_open(connection, seat)
            elif not seat.permitted or seats.handed_in(connection, seat.blind_id):
                continue
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


def _admission(
    connection: apsw.Connection,
    seat: seats.SeatRow,
    operator: Operator,
    why: Why,
    now_ns: int,
    *,
    named: bool,
) -> Admit:
    """The order that admits now, by the rules of the room; before it come the body's
    corrections and what the roster grants. Raises :class:`HttpError`."""
    rules = room.rules_of(connection, seat.sitting)
    now_s = now_ns // SECOND
    late = room.admission(
        rules, now_s, chief=operator.role == CHIEF, named=named, comment=why.comment
    )
    if late is not None:
        raise late
    for data in corrections.kept(connection, seat.sitting):
        corrections.give(
            connection,
            seat.blind_id,
            data,
            operator=operator.name,
            time_ns=now_ns,
            reason=why.reason,
            comment=why.comment,
        )
    granted = seats.accommodation(connection, seat.blind_id)
    if granted is not None:  # before the candidate is in: the first page is as it should be
        authority.give(
            connection,
            seat.blind_id,
            "accommodate",
            Accommodate(granted),
            operator=operator.name,
            time_ns=now_ns,
            reason=why.reason,
            comment=why.comment,
        )
    return Admit(seat.extra_s - room.less_s(rules, now_s))


def _get_ready(connection: apsw.Connection, candidate: str, station: str) -> None:
    """Let a free station hold the sitting of an exam that is to go on there. It needs some
    seconds for it, so this is done whatever else speaks against the move."""
    (seat,) = _chosen(connection, candidate)
    target = moves.station_named(connection, station)
    here = seats.sitting_at(connection, target)
    elsewhere = here is not None and here.id != seat.sitting
    if elsewhere and not seats.has_open_exam(connection, target):
        seats.bind(connection, target, seat.sitting, fixed=False)


def _check_open(connection: apsw.Connection, seat: seats.SeatRow) -> None:
    if not seat.permitted or seats.handed_in(connection, seat.blind_id):
        raise HttpError(
            409, "The candidate {candidate} has no exam open.", candidate=seat.candidate
        )


def _role(connection: apsw.Connection, name: str) -> str:
    found = connection.execute("SELECT role FROM operators WHERE name = ?", (name,)).get
    return "" if found is None else str(found)


def _may(operator: Operator) -> None:
    if operator.role not in (CHIEF, INVIGILATOR):
        raise HttpError(403, "An observer can only look on.")


def _chosen(connection: apsw.Connection, candidate: str | None) -> tuple[seats.SeatRow, ...]:
    sittings = seats.open_sittings(connection)
    if not sittings:
        raise HttpError(409, "No sitting is open in this hall.")
    rows = tuple(row for each in sittings for row in seats.seats(connection, each.id))
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


# What acts in other modules share.
may, chosen, check_open, role_of, write_down = _may, _chosen, _check_open, _role, _audit
admission = _admission
