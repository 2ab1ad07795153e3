"""What operators do about how a roster line ends: outcomes, statements, replies, identity.

Each act with its rules (:mod:`sync.hall.outcomes`), in one transaction with its audit line.
A suspicion and a person who does not match their papers are reported by an invigilator; the
exam goes on, and the result is held until the body decides.
"""

from __future__ import annotations

import apsw

from exam_packages.clock import SECOND
from sync.hall import acts, authority, outcomes, seats, second, statements
from sync.hall.acts import CHIEF, Operator, Why
from sync.hall.outcomes import Closed, Outcome, RosterLine, Verdict
from sync.hall.reasons import check_reason
from sync.hall.service import HallService
from sync.hall.statements import StatementKind
from sync.hall.wording import name_of
from sync.web.wire import HttpError

__all__ = [
    "ADMIT",
    "IDENTITY",
    "PROVISIONAL",
    "REFUSE",
    "absent",
    "close_line",
    "identity",
    "lift",
    "open_again",
    "reply",
    "report",
]

ADMIT, PROVISIONAL, REFUSE = "admit", "provisional", "refuse"
IDENTITY = (ADMIT, PROVISIONAL, REFUSE)
"""What is done about a person who does not match their papers: admitted after all, admitted
with the result held, or (the chief) refused."""


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
    acts.may(operator)
    check_reason(why.reason, why.comment)

    def work(connection: apsw.Connection) -> str:
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
            return (
                f"Proposed. The exam of {candidate} was begun and is not handed in, so a second "
                "person must close it the same way; one of the two is the chief."
            )
        if two and CHIEF not in (operator.role, acts.role_of(connection, first)):
            raise HttpError(
                403, "One of the two who close an exam that is not handed in must be the chief."
            )
        closed = Closed(outcome, given, operator.name, first, now_ns, why.reason, why.comment)
        outcomes.close_line(connection, found.seat.blind_id, closed)
        return f"{candidate}: {outcome.words}. {given.words}."

    return await hall.store.awrite(work)


async def open_again(hall: HallService, operator: Operator, candidate: str, why: Why) -> str:
    """Take back how a line was closed; the sentence that says what it is now."""
    acts.may(operator)
    check_reason(why.reason, why.comment)

    def work(connection: apsw.Connection) -> str:
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
    acts.may(operator)
    check_reason(why.reason, why.comment)

    def work(connection: apsw.Connection) -> tuple[str, ...]:
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


async def report(
    hall: HallService,
    operator: Operator,
    candidate: str,
    why: Why,
    kind: StatementKind,
    *,
    words: str,
    witness: str = "",
    seen_s: int | None = None,
    paper: str = "",
) -> str:
    """Write down what was seen: the exam goes on, the result is held. What was done.

    *witness* is who saw it (None: the operator), *seen_s* when (None: now), *paper* the form
    it was written on, when it is typed in from one.
    """
    acts.may(operator)
    check_reason(why.reason, why.comment)

    def work(connection: apsw.Connection) -> str:
        found = _line(connection, candidate)
        now_ns = hall.clock.wall_ns()
        number = statements.write_statement(
            connection,
            found.seat.blind_id,
            kind,
            words=words,
            witness=witness or operator.name,
            seen_s=now_ns // SECOND if seen_s is None else seen_s,
            operator=operator.name,
            time_ns=now_ns,
            paper=paper,
        )
        act = f"statement {number} ({kind.words})"
        _audit(connection, hall, operator, f"{act}, from paper" if paper else act, found, why)
        return (
            f"Statement {number} is written down. {candidate} goes on; the result is held until "
            "the certification body decides. Ask the candidate for a reply when the exam is over."
        )

    return await hall.store.awrite(work)


async def reply(
    hall: HallService,
    operator: Operator,
    number: int,
    *,
    words: str = "",
    declined: bool = False,
) -> str:
    """Write down the candidate's own reply to a statement, or that they declined. Once."""
    acts.may(operator)

    def work(connection: apsw.Connection) -> str:
        statement = statements.statement(connection, number)
        found = _line_of(connection, statement.blind_id)
        statements.write_reply(
            connection,
            statement,
            words=words,
            declined=declined,
            operator=operator.name,
            time_ns=hall.clock.wall_ns(),
        )
        done = "declined" if declined else "given"
        _audit(connection, hall, operator, f"reply to statement {number}: {done}", found, Why(""))
        return f"The reply to statement {number} is written down."

    return await hall.store.awrite(work)


async def lift(hall: HallService, operator: Operator, number: int, words: str) -> str:
    """Take a statement back as a mistake (the chief): it is kept, and holds nothing any more."""
    if operator.role != CHIEF:
        raise HttpError(403, "Only the chief invigilator can take a statement back.")

    def work(connection: apsw.Connection) -> str:
        statement = statements.statement(connection, number)
        found = _line_of(connection, statement.blind_id)
        statements.lift(connection, statement, operator.name, words)
        _audit(connection, hall, operator, f"statement {number} taken back", found, Why("", words))
        return f"Statement {number} is taken back; it stays in the record of the sitting."

    return await hall.store.awrite(work)


async def identity(
    hall: HallService,
    operator: Operator,
    candidate: str,
    why: Why,
    choice: str,
    *,
    words: str = "",
) -> str:
    """Decide on a person who does not match their papers: one of :data:`IDENTITY`.

    Admitting after all takes a comment; provisionally and refusing take *words* for the
    statement. Raises :class:`HttpError`.
    """
    acts.may(operator)
    check_reason(why.reason, why.comment)
    if choice not in IDENTITY:
        raise HttpError(400, "Choose to admit, to admit provisionally, or to refuse.")
    if choice == REFUSE and operator.role != CHIEF:
        raise HttpError(403, "Only the chief invigilator can refuse a candidate; ask the chief.")
    if choice == ADMIT and not why.comment:
        raise HttpError(400, "Say in the comment why this person is the candidate after all.")

    def work(connection: apsw.Connection) -> str:
        found = _line(connection, candidate)
        now_ns = hall.clock.wall_ns()
        if choice != ADMIT:
            statements.write_statement(
                connection,
                found.seat.blind_id,
                StatementKind.IDENTITY,
                words=words or why.comment,
                witness=operator.name,
                seen_s=now_ns // SECOND,
                operator=operator.name,
                time_ns=now_ns,
            )
        if choice == REFUSE:
            if found.standing.begun and authority.was_given(
                connection, found.seat.blind_id, "admit"
            ):
                raise HttpError(
                    409,
                    "{candidate} was admitted already. Stop and hand in, then close the line as "
                    "refused.",
                    candidate=candidate,
                )
            closed = Closed(
                Outcome.REFUSED, Verdict.HOLD, operator.name, "", now_ns, why.reason, why.comment
            )
            outcomes.close_line(connection, found.seat.blind_id, closed)
            _audit(connection, hall, operator, "identity: refused", found, why)
            return f"{candidate} is refused. The statement goes to the certification body."
        acts.check_open(connection, found.seat)
        if not authority.was_given(connection, found.seat.blind_id, "admit"):
            authority.give(
                connection,
                found.seat.blind_id,
                "admit",
                acts.admission(connection, found.seat, operator, why, now_ns // SECOND, named=True),
                operator=operator.name,
                time_ns=now_ns,
                reason=why.reason,
                comment=why.comment,
            )
        done = "provisionally admitted" if choice == PROVISIONAL else "admitted"
        _audit(connection, hall, operator, f"identity: {done}", found, why)
        held = "; the result is held" if choice == PROVISIONAL else ""
        return f"{candidate} is {done}{held}."

    return await hall.store.awrite(work)


def _line(connection: apsw.Connection, candidate: str) -> RosterLine:
    (seat,) = acts.chosen(connection, candidate)
    return _line_of(connection, seat.blind_id)


def _line_of(connection: apsw.Connection, blind_id: bytes) -> RosterLine:
    row = connection.execute(
        "SELECT sitting, closed_ns IS NOT NULL FROM seats JOIN sittings ON id = sitting"
        " WHERE blind_id = ?",
        (blind_id,),
    ).fetchone()
    if row is None or row[1]:
        raise HttpError(
            409,
            "The sitting of this candidate is closed; what is still to be said goes to the "
            "certification body.",
        )
    seat = seats.seat(connection, blind_id)
    assert seat is not None  # noqa: S101  its row was just read
    return outcomes.line(connection, seat, int(row[0]))


def _audit(
    connection: apsw.Connection,
    hall: HallService,
    operator: Operator,
    act: str,
    found: RosterLine,
    why: Why,
) -> None:
    acts.write_down(connection, hall.clock.wall_ns(), operator, act, found.seat.candidate, why)
