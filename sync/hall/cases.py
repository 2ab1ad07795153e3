"""Cases: what people must still judge about a candidate, and what becomes of the result.

A suspicion, or an identity that does not fit, does not end an exam: the candidate goes on, the
result is held by default, what was seen is stated by those who saw it, and the candidate may
reply in their own words. The chief settles a case, or leaves it to the certification body. A
refused admission and a result that does not count are cases that two people settled at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import apsw

from exam_packages.clock import SECOND
from sync.hall import acting, authority, room, seats
from sync.hall.acting import Why
from sync.hall.roles import CHIEF, Operator
from sync.hall.service import HallService
from sync.holder.store import rows
from sync.web.wire import HttpError

SUSPICION, IDENTITY, REFUSED, VOIDED = "suspicion", "identity", "refused", "not-counted"
"""The kinds of cases."""
HOLD, SCORE, VOID = "hold", "score", "void"
"""What becomes of a result: it waits for the body, it counts, it does not count."""
MAX_STATEMENT = 4000
"""Characters of a statement or a reply."""


@dataclass(frozen=True)
class Case:
    """One case. Times are of the wall clock; ``replied_ns`` without a ``reply`` says that the
    candidate was asked and did not wish to."""

    id: int
    candidate: str
    name: str
    seat: int
    kind: str
    result: str
    opened_ns: int
    opened_by: str
    reason: str
    statement: str
    reply: str
    replied_ns: int | None
    settled_ns: int | None
    settled_by: str
    verdict: str


_CASES = (
    "SELECT id, candidate, name, line, kind, result, opened_ns, opened_by, reason, statement,"
    " reply, replied_ns, settled_ns, settled_by, verdict FROM cases JOIN seats USING (blind_id)"
)


def of_last(connection: apsw.Connection) -> tuple[Case, ...]:
    """All cases of the sittings that the board shows, open or closed."""
    shown = seats.shown_sittings(connection)
    return tuple(case for each in shown for case in of_sitting(connection, each.id))


def of_sitting(connection: apsw.Connection, sitting: int) -> tuple[Case, ...]:
    """All cases of a sitting, those that are not settled first."""
    found = rows(
        connection.execute(
            _CASES + " WHERE sitting = ? ORDER BY settled_ns IS NOT NULL, id", (sitting,)
        )
    )
    return tuple(Case(*row) for row in found)


def one(connection: apsw.Connection, case: int) -> Case:
    """A case. Raises :class:`HttpError` 404."""
    found = connection.execute(_CASES + " WHERE id = ?", (case,)).fetchone()
    if found is None:
        raise HttpError(404, "There is no such case.")
    return Case(*found)


def results(connection: apsw.Connection) -> dict[bytes, str]:
    """What becomes of each result by the cases of its attempt: the gravest counts."""
    found: dict[bytes, str] = {}
    for blind_id, result in rows(connection.execute("SELECT blind_id, result FROM cases")):
        if result == VOID or (result == HOLD and found.get(blind_id) != VOID):
            found[blind_id] = result
    return found


def open_case(
    connection: apsw.Connection,
    seat: seats.SeatRow,
    kind: str,
    result: str,
    operator: Operator,
    why: Why,
    statement: str,
    now_ns: int,
    *,
    settled: bool = False,
) -> None:
    """Write down a new case."""
    connection.execute(
        "INSERT INTO cases (blind_id, kind, result, opened_ns, opened_by, reason, statement,"
        " settled_ns, settled_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            seat.blind_id,
            kind,
            result,
            now_ns,
            operator.name,
            why.reason,
            statement,
            now_ns if settled else None,
            operator.name if settled else "",
        ),
    )


async def suspect(
    hall: HallService, operator: Operator, candidate: str, why: Why, statement: str
) -> None:
    """State a suspicion: the exam goes on, its result is held."""
    words = stated(statement)

    def work(connection: apsw.Connection) -> None:
        acting.begin(connection, operator, "suspect", why)
        (seat,) = acting.chosen(connection, candidate)
        now_ns = hall.clock.wall_ns()
        open_case(connection, seat, SUSPICION, HOLD, operator, why, words, now_ns)
        acting.note(connection, now_ns, operator, "suspect", candidate, why)

    await hall.store.awrite(work)


async def admit_provisionally(
    hall: HallService, operator: Operator, candidate: str, why: Why, statement: str
) -> None:
    """Admit someone whose identity does not fit yet: the exam begins, its result is held."""
    words = stated(statement)

    def work(connection: apsw.Connection) -> None:
        acting.begin(connection, operator, "admit-provisionally", why)
        (seat,) = acting.chosen(connection, candidate)
        acting.check_open(connection, seat)
        if authority.was_given(connection, seat.blind_id, "admit"):
            raise HttpError(409, "{candidate} was admitted already.", candidate=candidate)
        now_ns = hall.clock.wall_ns()
        open_case(connection, seat, IDENTITY, HOLD, operator, why, words, now_ns)
        given = room.admit(
            connection,
            seat,
            now_ns // SECOND,
            chief=operator.role == CHIEF,
            named=True,
            comment=why.comment,
        )
        orders = [(seat, given)]
        acting.give(connection, operator, "admit", why, orders, now_ns, words="admit-provisionally")

    await hall.store.awrite(work)


async def reply(
    hall: HallService, operator: Operator, case: int, why: Why, words: str, *, declined: bool
) -> None:
    """Write down the candidate's own words about a case, or that they did not wish to reply."""
    said = "" if declined else stated(words)

    def work(connection: apsw.Connection) -> None:
        acting.begin(connection, operator, "reply", why)
        found = one(connection, case)
        if found.replied_ns is not None:
            raise HttpError(409, "The candidate’s reply is written down already.")
        now_ns = hall.clock.wall_ns()
        connection.execute(
            "UPDATE cases SET reply = ?, replied_ns = ? WHERE id = ?", (said, now_ns, case)
        )
        act = "reply declined" if declined else "reply"
        acting.note(connection, now_ns, operator, act, found.candidate, why)

    await hall.store.awrite(work)


async def settle(
    hall: HallService, operator: Operator, case: int, why: Why, result: str, verdict: str
) -> None:
    """Settle a case: its result counts, or stays on hold for the certification body."""
    if result not in (SCORE, HOLD):
        raise HttpError(400, "Say whether the result counts or is held.")
    words = stated(verdict)

    def work(connection: apsw.Connection) -> None:
        acting.begin(connection, operator, "settle", why)
        found = one(connection, case)
        if found.settled_ns is not None:
            raise HttpError(409, "This case is settled.")
        now_ns = hall.clock.wall_ns()
        connection.execute(
            "UPDATE cases SET result = ?, verdict = ?, settled_ns = ?, settled_by = ? WHERE id = ?",
            (result, words, now_ns, operator.name, case),
        )
        acting.note(connection, now_ns, operator, f"settle: {result}", found.candidate, why)

    await hall.store.awrite(work)


def stated(words: str) -> str:
    """What people state, as it is kept. Raises :class:`HttpError`."""
    words = words.strip().replace("\r\n", "\n")
    if not 1 <= len(words) <= MAX_STATEMENT or not words.replace("\n", " ").isprintable():
        raise HttpError(
            400,
            "Say in plain text of 1 to {limit} characters what was seen or said.",
            limit=MAX_STATEMENT,
        )
    return words
