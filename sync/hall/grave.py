"""What is grave takes two people: the first proposes, the second does the same.

Stopping, not counting, refusing admission, moving to another station, reopening a hand-in.
Closing the sitting is the chief's alone.
"""

from __future__ import annotations

import asyncio

import apsw

from exam_packages.attempt.commands import Stop
from exam_packages.language import mark
from sync.hall import acting, authority, cases, closing, moves, outcomes, seats, second
from sync.hall.acting import Why
from sync.hall.reasons import check_reason
from sync.hall.roles import CHIEF, Operator, check_may
from sync.hall.service import HallService
from sync.holder.journals import held_state
from sync.web.wire import HttpError


async def stop(
    hall: HallService, operator: Operator, candidate: str | None, why: Why
) -> tuple[str, ...] | None:
    """Stop and hand in, with everything answered so far; ``None`` when it was proposed."""

    def work(connection: apsw.Connection) -> tuple[str, ...] | None:
        acting.begin(connection, operator, "stop", why)
        found = acting.touched(connection, candidate, lambda _, seat: Stop())
        now_ns = hall.clock.wall_ns()
        if not found:
            return ()
        if candidate is None:
            first = second.agree_all(connection, "stop", "", operator.name, now_ns)
        else:
            blind_id = found[0][0].blind_id
            first = second.agree(connection, blind_id, "stop", "", operator.name, now_ns)
        if first is None:
            acting.note(connection, now_ns, operator, "propose stop", candidate or "", why)
            return None
        return acting.give(connection, operator, "stop", why, found, now_ns)

    return await hall.store.awrite(work)


async def do_not_count(hall: HallService, operator: Operator, candidate: str, why: Why) -> bool:
    """The result is void; an exam that is open is stopped and handed in. Whether it was done
    and not proposed."""
    return await _end(hall, operator, candidate, why, "do-not-count", cases.VOIDED, cases.VOID)


async def refuse(hall: HallService, operator: Operator, candidate: str, why: Why) -> bool:
    """Refuse admission to someone whose exam has not begun. Whether it was done and not
    proposed."""
    return await _end(hall, operator, candidate, why, "refuse", cases.REFUSED, cases.VOID)


async def _end(
    hall: HallService,
    operator: Operator,
    candidate: str,
    why: Why,
    act: str,
    kind: str,
    result: str,
) -> bool:
    def work(connection: apsw.Connection) -> bool:
        acting.begin(connection, operator, act, why)
        (seat,) = acting.chosen(connection, candidate)
        if act == "refuse" and authority.was_given(connection, seat.blind_id, "admit"):
            raise HttpError(
                409,
                "{candidate} was admitted; stop the exam, or let its result wait.",
                candidate=candidate,
            )
        now_ns = hall.clock.wall_ns()
        first = second.agree(connection, seat.blind_id, act, "", operator.name, now_ns)
        if first is None:
            acting.note(connection, now_ns, operator, f"propose {act}", candidate, why)
            return False
        statement = f"{first}, {operator.name}. {why.comment}".strip()
        cases.open_case(
            connection, seat, kind, result, operator, why, statement, now_ns, settled=True
        )
        acting.note(connection, now_ns, operator, act, candidate, why)
        if acting.is_open(connection, seat):
            acting.give(connection, operator, "stop", why, [(seat, Stop())], now_ns)
        return True

    return await hall.store.awrite(work)


async def move(
    hall: HallService, operator: Operator, candidate: str, why: Why, station: str
) -> str:
    """Let an exam go on at another *station*; the sentence that says what happened.

    The first person proposes it; when another wants the same, the station that runs the exam
    is shut out of it and the one named takes it up.
    """
    check_may(operator, "move")
    await hall.store.awrite(lambda connection: _get_ready(connection, candidate, station))
    in_contact = hall.in_contact()
    vacant = {key_id for key_id, link in list(hall.links.items()) if not link.blind_id}

    def work(connection: apsw.Connection) -> tuple[str, bytes]:
        acting.begin(connection, operator, "move", why)
        (seat,) = acting.chosen(connection, candidate)
        sitting = seats.one_sitting(connection, seat.sitting)
        acting.check_open(connection, seat)
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
        acting.note(connection, now_ns, operator, f"move to {name}", seat.candidate, why)
        if first is None:
            words = mark("Proposed. A second person must also move {candidate} to {station}.")
            return words.format(candidate=candidate, station=name), b""
        held = held_state(connection, seat.blind_id, seat.package_hash)
        moves.move(connection, seat, held, target, (first, operator.name), now_ns)
        words = (
            mark("The exam of {candidate} goes on at {station} in some seconds.")
            if held.sequence
            else mark(
                "Nothing was recorded yet: {candidate} signs in at {station} with the same code."
            )
        )
        return words.format(candidate=candidate, station=name), seat.blind_id

    said, moved = await hall.store.awrite(work)
    hall.glimpses.forget(moved)  # of the station that was left
    return said


async def reopen(hall: HallService, operator: Operator, candidate: str, why: Why) -> str:
    """Reopen a hand-in, with the time that was left; the sentence that says what happened.

    Two people, one of them the chief; until the sitting is closed.
    """

    def work(connection: apsw.Connection) -> str:
        acting.begin(connection, operator, "reopen", why)
        (seat,) = acting.chosen(connection, candidate)
        if not seats.handed_in(connection, seat.blind_id):
            raise HttpError(
                409, "The exam of {candidate} is not handed in.", candidate=seat.candidate
            )
        now_ns = hall.clock.wall_ns()
        held = held_state(connection, seat.blind_id, seat.package_hash)
        first = second.agree(connection, seat.blind_id, "reopen", "", operator.name, now_ns)
        acting.note(connection, now_ns, operator, "reopen", seat.candidate, why)
        if first is None:
            return mark(
                "Proposed. A second person must also reopen the exam of {candidate}."
            ).format(candidate=candidate)
        if CHIEF not in (operator.role, acting.role_of(connection, first)):
            raise HttpError(403, "One of the two who reopen an exam must be the chief.")
        moves.reopen(connection, seat, held, now_ns)
        outcomes.open_again(connection, seat.blind_id)
        return mark(
            "The exam of {candidate} opens again at its station, with the time that was left. Let "
            "the clock run on when the candidate sits there."
        ).format(candidate=candidate)

    return await hall.store.awrite(work)


async def close(hall: HallService, operator: Operator, why: Why, number: int | None = None) -> None:
    """Close a sitting (the only one open, or the one of this *number*), and delete what opens
    its exams again. Refused while one is open, or a line of the roster has no outcome."""
    if operator.role != CHIEF:
        raise HttpError(403, "Only the chief invigilator can close the sitting.")
    check_reason(why.reason, why.comment)

    def work(connection: apsw.Connection) -> None:
        named = number is not None or seats.open_sitting(connection) is None
        if named and closing.unfinished(connection, number):
            return  # closed before, but a key did not go away: that alone is tried again
        acting.begin(connection, operator, "close", why)
        sitting = seats.one_sitting(connection, number)
        unclosed = outcomes.open_lines(connection, sitting.id)
        still_open = [line.seat.candidate for line in unclosed if line.standing.begun]
        if still_open:
            raise HttpError(
                409,
                "The exam of {candidate} is still open ({count} in all); the sitting closes when "
                "every exam is handed in.",
                candidate=still_open[0],
                count=len(still_open),
            )
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
        acting.note(connection, now_ns, operator, "close", "", why)

    await hall.store.awrite(work)
    await asyncio.to_thread(hall.finish_closing)
    hall.for_the_body()


def _get_ready(connection: apsw.Connection, candidate: str, station: str) -> None:
    """Let a free station hold the sitting of an exam that is to go on there. It needs some
    seconds for it, so this is done whatever else speaks against the move."""
    (seat,) = acting.chosen(connection, candidate)
    target = moves.station_named(connection, station)
    here = seats.sitting_at(connection, target)
    elsewhere = here is not None and here.id != seat.sitting
    if elsewhere and not seats.has_open_exam(connection, target):
        seats.bind(connection, target, seat.sitting, fixed=False)
