"""Outcomes: how each roster line ended, what that means until the body decides, and who may say.

A line that was handed in closes by itself. Every other line is closed by a person, and a
sitting does not close while one is open. An outcome carries a *verdict* for the body: score,
hold, void or re-sit; each outcome has its default, and only the chief chooses another of
those it allows. Nothing here judges conduct: a suspicion, and a person who does not match
their papers, let the exam go on and hold its result, with a *statement* beside it that says
what was seen and what the candidate replied. The body decides.

============================  ========  ====================  =========================
outcome                       default   or                    who says so
============================  ========  ====================  =========================
handed in                     score     hold                  by itself
time over                     score     hold                  by itself
absent                        void      re-sit                invigilator, chief
refused                       void      hold, re-sit          chief
withdrawn                     void      hold, score           invigilator, chief
ill                           re-sit    hold, score           invigilator, chief
interrupted by the centre     re-sit    hold, score           chief
wrong form                    re-sit    hold, void            chief
suspected misconduct          hold      –                     invigilator, chief
============================  ========  ====================  =========================

An exam that was begun and not handed in is closed by two people, one of them the chief: from
the end of the sitting on it cannot go on, and only what the hall holds of it is left.

The functions take a connection inside a transaction of :class:`~sync.holder.store.Store`;
the acts that call them are in :mod:`sync.hall.line_acts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from types import MappingProxyType

import apsw

from exam_packages.sitting_words import OUTCOMES, VERDICTS
from sync.hall import seats
from sync.hall.statements import Statement, StatementKind, statements_in
from sync.hall.wording import named
from sync.holder.store import rows
from sync.web.wire import HttpError

__all__ = [
    "RULES",
    "Closed",
    "Outcome",
    "RosterLine",
    "Rule",
    "Standing",
    "Verdict",
    "lines",
    "open_lines",
]


class Outcome(IntEnum):
    """How a roster line ended. The numbers are what is signed; they never change meaning."""

    HANDED_IN = 1
    TIME_OVER = 2
    ABSENT = 3
    REFUSED = 4
    WITHDRAWN = 5
    ILL = 6
    INTERRUPTED = 7
    WRONG_FORM = 8
    SUSPECTED = 9

    @property
    def words(self) -> str:
        """The outcome for people."""
        return OUTCOMES[self]


class Verdict(IntEnum):
    """What the body is asked to do with the result until it decides."""

    SCORE = 1
    HOLD = 2
    VOID = 3
    RESIT = 4

    @property
    def words(self) -> str:
        """The verdict for people."""
        return VERDICTS[self]


@dataclass(frozen=True)
class Rule:
    """What one outcome means.

    ``others`` are the verdicts the chief may choose in place of the ``default``; ``chief``
    says that only the chief gives this outcome; ``begun`` is what must be true of the exam:
    True: it was opened, False: it was not, None: either.
    """

    default: Verdict
    others: tuple[Verdict, ...] = ()
    chief: bool = False
    begun: bool | None = None


RULES: Mapping[Outcome, Rule] = MappingProxyType(
    {
        Outcome.HANDED_IN: Rule(Verdict.SCORE, (Verdict.HOLD,), begun=True),
        Outcome.TIME_OVER: Rule(Verdict.SCORE, (Verdict.HOLD,), begun=True),
        Outcome.ABSENT: Rule(Verdict.VOID, (Verdict.RESIT,), begun=False),
        Outcome.REFUSED: Rule(Verdict.VOID, (Verdict.HOLD, Verdict.RESIT), chief=True),
        Outcome.WITHDRAWN: Rule(Verdict.VOID, (Verdict.HOLD, Verdict.SCORE)),
        Outcome.ILL: Rule(Verdict.RESIT, (Verdict.HOLD, Verdict.SCORE)),
        Outcome.INTERRUPTED: Rule(Verdict.RESIT, (Verdict.HOLD, Verdict.SCORE), chief=True),
        Outcome.WRONG_FORM: Rule(
            Verdict.RESIT, (Verdict.HOLD, Verdict.VOID), chief=True, begun=True
        ),
        Outcome.SUSPECTED: Rule(Verdict.HOLD, begun=True),
    }
)
"""Every outcome with its default, and who may say what."""


# --- The rules, pure ---------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """What the hall knows of an exam: all that the rules look at.

    ``begun``: an epoch was opened, so there is a record; ``time_over``: nothing was left when
    it was handed in; ``suspicions`` and ``mismatches`` count the cases that hold the result;
    ``refused`` and ``voided``: two people refused admission, or do not count the result.
    """

    begun: bool = False
    handed_in: bool = False
    time_over: bool = False
    suspicions: int = 0
    mismatches: int = 0
    refused: bool = False
    voided: bool = False


@dataclass(frozen=True)
class Closed:
    """How a line ended. ``operator`` is empty where it closed by itself."""

    outcome: Outcome
    verdict: Verdict
    operator: str = ""
    second: str = ""
    time_ns: int = 0
    reason: str = ""
    comment: str = ""


def by_itself(standing: Standing) -> Closed | None:
    """How a line closes without anybody saying so; None while it is open."""
    if standing.refused:
        return Closed(Outcome.REFUSED, Verdict.VOID)
    if not standing.handed_in:
        return None
    outcome = Outcome.TIME_OVER if standing.time_over else Outcome.HANDED_IN
    if standing.suspicions:
        outcome = Outcome.SUSPECTED
    return held(Closed(outcome, RULES[outcome].default), standing)


def allowed(standing: Standing) -> tuple[Outcome, ...]:
    """The outcomes a person may give to this line."""
    return tuple(
        outcome
        for outcome, rule in RULES.items()
        if rule.begun in (None, standing.begun)
        and (standing.handed_in or outcome not in (Outcome.HANDED_IN, Outcome.TIME_OVER))
    )


def needs_two(standing: Standing) -> bool:
    """Whether two people must close this line, one of them the chief."""
    return standing.begun and not standing.handed_in


def decide(
    standing: Standing, outcome: Outcome, verdict: Verdict | None, *, chief: bool
) -> Verdict:
    """The verdict that goes with *outcome*, when this person may give it.

    *verdict* is None for the default. Raises :class:`HttpError` with what to do.
    """
    rule = RULES[outcome]
    if outcome not in allowed(standing):
        raise HttpError(409, _MISFIT[rule.begun], outcome=outcome.words.casefold())
    if rule.chief and not chief:
        raise HttpError(
            403,
            "Only the chief invigilator can close a line as {outcome}; ask the chief.",
            outcome=outcome.words.casefold(),
        )
    if outcome is Outcome.SUSPECTED and not standing.suspicions:
        raise HttpError(
            409,
            "State on the seat’s page what was seen first; the line then closes as suspected "
            "misconduct by itself.",
        )
    held = bool(standing.suspicions or standing.mismatches)
    default = _held(rule) if held else rule.default
    if verdict is None or verdict is default:
        return default
    if verdict is not rule.default and verdict not in rule.others:
        raise HttpError(
            409,
            "“{outcome}” cannot go with “{verdict}”; choose {others}.",
            outcome=outcome.words,
            verdict=verdict.words,
            others=" or ".join(f"“{each.words}”" for each in (rule.default, *rule.others)),
        )
    if not chief:
        raise HttpError(
            403,
            "“{outcome}” goes with “{verdict}”; only the chief invigilator can choose another.",
            outcome=outcome.words,
            verdict=default.words,
        )
    if held:
        raise HttpError(
            409,
            "A case about this candidate holds the result. If it was a mistake, settle it first; "
            "otherwise leave it to the certification body.",
        )
    return verdict


def _held(rule: Rule) -> Verdict:
    """What a standing statement makes of an outcome's default."""
    return Verdict.HOLD if Verdict.HOLD in rule.others else rule.default


def held(closed: Closed, standing: Standing) -> Closed:
    """*closed* as it counts now: a case holds the result, or two people do not count it."""
    if standing.voided:
        return replace(closed, verdict=Verdict.VOID)
    if not (standing.suspicions or standing.mismatches):
        return closed
    return replace(closed, verdict=_held(RULES[closed.outcome]))


_MISFIT: Mapping[bool | None, str] = MappingProxyType(
    {
        True: (
            "This line cannot be closed as {outcome}: its exam was not opened, or is not handed "
            "in. Stop and hand in first, or choose another outcome."
        ),
        False: (
            "This line cannot be closed as {outcome}: its exam was opened at a station. Choose "
            "another outcome."
        ),
        None: "This line cannot be closed as {outcome}.",
    }
)


# --- What is written down ----------------------------------------------------------


@dataclass(frozen=True)
class RosterLine:
    """A roster line, and how it ended; ``closed`` is None while it is open."""

    seat: seats.SeatRow
    standing: Standing
    closed: Closed | None
    statements: tuple[Statement, ...]


def lines(connection: apsw.Connection, sitting: int) -> tuple[RosterLine, ...]:
    """Every line of a sitting, in the order of the roster."""
    said = {
        blind_id: Closed(Outcome(outcome), Verdict(verdict), *rest)
        for blind_id, outcome, verdict, *rest in connection.execute(
            "SELECT outcomes.blind_id, outcome, verdict, operator, second, time_ns, reason,"
            " comment FROM outcomes JOIN seats USING (blind_id) WHERE sitting = ?",
            (sitting,),
        )
    }
    handed_in = _some(connection, sitting, "hand_ins", "AND reopened_ns IS NULL")
    over = _some(connection, sitting, "times_over", "")
    written: dict[bytes, list[Statement]] = {}
    for each in statements_in(connection, sitting):
        written.setdefault(each.blind_id, []).append(each)
    found = []
    for seat in seats.seats(connection, sitting):
        about = tuple(written.get(seat.blind_id, ()))
        standing = Standing(
            begun=seat.permitted > 0,
            handed_in=seat.blind_id in handed_in,
            time_over=seat.blind_id in over,
            suspicions=_count(about, StatementKind.SUSPICION),
            mismatches=_count(about, StatementKind.IDENTITY),
            refused=_count(about, StatementKind.REFUSED) > 0,
            voided=_count(about, StatementKind.VOIDED) > 0,
        )
        spoken = said.get(seat.blind_id)
        closed = held(spoken, standing) if spoken is not None else by_itself(standing)
        found.append(RosterLine(seat, standing, closed, about))
    return tuple(found)


def line(connection: apsw.Connection, seat: seats.SeatRow) -> RosterLine:
    """One line."""
    return next(each for each in lines(connection, seat.sitting) if each.seat.line == seat.line)


def open_lines(connection: apsw.Connection, sitting: int) -> tuple[RosterLine, ...]:
    """The lines that nobody has closed."""
    return tuple(each for each in lines(connection, sitting) if each.closed is None)


def close_line(connection: apsw.Connection, blind_id: bytes, closed: Closed) -> None:
    """Write down how a line ended, in place of what was said before (the audit keeps that)."""
    connection.execute(
        "INSERT OR REPLACE INTO outcomes (blind_id, outcome, verdict, operator, second, time_ns,"
        " reason, comment) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            blind_id,
            int(closed.outcome),
            int(closed.verdict),
            closed.operator,
            closed.second,
            closed.time_ns,
            closed.reason,
            closed.comment,
        ),
    )


def open_again(connection: apsw.Connection, blind_id: bytes) -> None:
    """Forget how a line ended: its exam goes on, or it closes by itself."""
    connection.execute("DELETE FROM outcomes WHERE blind_id = ?", (blind_id,))
    connection.execute("DELETE FROM times_over WHERE blind_id = ?", (blind_id,))


def goes_on(connection: apsw.Connection, blind_id: bytes) -> None:
    """An exam is about to be opened, or to go on: what was said of how it ended falls.

    Raises :class:`HttpError` for a candidate who was refused.
    """
    said = connection.execute("SELECT outcome FROM outcomes WHERE blind_id = ?", (blind_id,)).get
    refused = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM cases WHERE blind_id = ? AND kind = 'refused')", (blind_id,)
    ).get
    if refused or said == Outcome.REFUSED:
        raise HttpError(
            409, "The chief invigilator has refused this exam; speak with the chief invigilator."
        )
    if said is not None:
        open_again(connection, blind_id)


def note_time_over(connection: apsw.Connection, blind_id: bytes, left_ms: int) -> None:
    """Note at a hand-in that no time was left, as the station's last word said."""
    if 0 <= left_ms < 1000:
        connection.execute("INSERT OR IGNORE INTO times_over VALUES (?)", (blind_id,))


def outcome_named(text: str) -> Outcome:
    """An outcome by its name in a form, such as ``handed-in``. Raises :class:`HttpError`."""
    return named(Outcome, text, "outcomes")


def verdict_named(text: str) -> Verdict | None:
    """A verdict by its name; None for an empty one. Raises :class:`HttpError`."""
    return named(Verdict, text, "verdicts") if text else None


def _count(statements: tuple[Statement, ...], kind: StatementKind) -> int:
    return sum(each.kind is kind and each.stands for each in statements)


def _some(connection: apsw.Connection, sitting: int, table: str, further: str) -> frozenset[bytes]:
    found = rows(
        connection.execute(
            f"SELECT seats.blind_id FROM seats JOIN {table} USING (blind_id)"  # noqa: S608  ours
            f" WHERE sitting = ? {further}",
            (sitting,),
        )
    )
    return frozenset(blind_id for (blind_id,) in found)
