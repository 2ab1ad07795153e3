"""What operators say about how a roster line ends.

Each act with its rules (:mod:`sync.hall.outcomes`), in one transaction with its audit line.
Suspicions and people who do not match their papers are :mod:`sync.hall.cases`.
"""

from __future__ import annotations

import apsw

from exam_packages.language import mark
from sync.hall import acting, outcomes, second
from sync.hall.acting import Why
from sync.hall.outcomes import Closed, Outcome, RosterLine, Verdict
from sync.hall.roles import CHIEF, Operator
from sync.hall.service import HallService
from sync.hall.wording import name_of
from sync.web.wire import HttpError

__all__ = ["absent", "close_line", "open_again"]


async def close_line(
    hall: HallService,
    operator: Operator,
    candidate: str,
    why: Why,
    outcome: Outcome,
    verdict: Verdict | None = None,
) -> str:
    """Say how a line ended; the sentence that says what was done.

    *verdict* is None for the outcome's default. An exam that was begun and is not handed in
    takes two people, one of them the chief.
    """

    def work(connection: apsw.Connection) -> tuple[str, bytes]:
        acting.begin(connection, operator, "outcome", why)
        found = _line(connection, candidate)
        chief = operator.role == CHIEF
        first: str | None = ""
        now_ns = hall.clock.wall_ns()
        two = outcomes.needs_two(found.standing)
        # With two people it is enough that one of them is the chief.
        given = outcomes.decide(found.standing, outcome, verdict, chief=chief or two)
        if two:
            what = f"{name_of(outcome)} {name_of(given)}"
            first = second.agree(
                connection, found.seat.blind_id, "close", what, operator.name, now_ns
            )
        _audit(connection, hall, operator, f"outcome {outcome.words} ({given.words})", found, why)
        if first is None:
            words = mark(
                "Proposed. The exam of {candidate} was begun and is not handed in, so a second "
                "person must close it the same way; one of the two is the chief."
            )
            return words.format(candidate=candidate), b""
        if two and CHIEF not in (operator.role, acting.role_of(connection, first)):
            raise HttpError(
                403, "One of the two who close an exam that is not handed in must be the chief."
            )
        closed = Closed(outcome, given, operator.name, first, now_ns, why.reason, why.comment)
        outcomes.close_line(connection, found.seat.blind_id, closed)
        return f"{candidate}: {outcome.words}. {given.words}.", found.seat.blind_id

    said, closed = await hall.store.awrite(work)
    hall.glimpses.forget(closed)
    return said


async def open_again(hall: HallService, operator: Operator, candidate: str, why: Why) -> str:
    """Take back how a line was closed; the sentence that says what it is now."""

    def work(connection: apsw.Connection) -> str:
        acting.begin(connection, operator, "outcome", why)
        found = _line(connection, candidate)
        if found.closed is None or not found.closed.operator:
            raise HttpError(
                409, "Nobody has closed the line of {candidate}.", candidate=candidate[:80]
            )
        if outcomes.RULES[found.closed.outcome].chief and operator.role != CHIEF:
            raise HttpError(403, "The chief closed this line; only the chief can open it again.")
        connection.execute("DELETE FROM outcomes WHERE blind_id = ?", (found.seat.blind_id,))
        _audit(connection, hall, operator, "outcome taken back", found, why)
        now = outcomes.by_itself(found.standing)
        return f"{candidate}: {now.outcome.words if now is not None else 'open again'}."

    return await hall.store.awrite(work)


async def absent(hall: HallService, operator: Operator, why: Why, sitting: int) -> tuple[str, ...]:
    """Close as absent every open line of a sitting whose exam nobody opened; the candidates."""

    def work(connection: apsw.Connection) -> tuple[str, ...]:
        acting.begin(connection, operator, "absent", why)
        now_ns = hall.clock.wall_ns()
        given = []
        for found in outcomes.open_lines(connection, sitting):
            if found.standing.begun:
                continue
            verdict = outcomes.decide(found.standing, Outcome.ABSENT, None, chief=False)
            closed = Closed(
                Outcome.ABSENT, verdict, operator.name, "", now_ns, why.reason, why.comment
            )
            outcomes.close_line(connection, found.seat.blind_id, closed)
            _audit(connection, hall, operator, "outcome Absent (Void)", found, why)
            given.append(found.seat.candidate)
        return tuple(given)

    return await hall.store.awrite(work)


def _line(connection: apsw.Connection, candidate: str) -> RosterLine:
    (seat,) = acting.chosen(connection, candidate)
    return outcomes.line(connection, seat)


def _audit(
    connection: apsw.Connection,
    hall: HallService,
    operator: Operator,
    act: str,
    found: RosterLine,
    why: Why,
) -> None:
    acting.note(connection, hall.clock.wall_ns(), operator, act, found.seat.candidate, why)
