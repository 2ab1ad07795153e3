"""What every act has in common: who may, why, for whom; orders, audit lines, second people.

An act is one transaction: the rules are looked at, orders are put in line for the stations,
which journal them before they obey, and a line is written down for each seat. What was done
is kept as a *deed* with the seats it touched, so that it can be shown before and undone after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import apsw

from exam_packages.attempt.commands import Order
from sync.hall import authority, seats
from sync.hall.reasons import check_reason
from sync.hall.roles import Operator, check_may
from sync.hall.schema import audit
from sync.holder.store import rows
from sync.web.wire import HttpError

Decide: TypeAlias = Callable[[apsw.Connection, seats.SeatRow], Order | None]
"""Chooses the order for a seat; ``None`` leaves the seat alone."""

_IN_AN_EVACUATION = frozenset(
    {"roll-call", "end-evacuation", "evacuate", "say", "allow-restart", "stop"}
)
"""What can be done while the room is evacuated."""


@dataclass(frozen=True)
class Why:
    """The reason code and comment that every act carries."""

    reason: str
    comment: str = ""


def begin(connection: apsw.Connection, operator: Operator, act: str, why: Why) -> seats.Sitting:
    """Whether *operator* may do *act* now, for that reason; the open sitting.

    Raises :class:`HttpError` or a ``ReasonError``.
    """
    check_may(operator, act)
    check_reason(why.reason, why.comment)
    if act not in _IN_AN_EVACUATION and evacuation(connection) is not None:
        raise HttpError(
            409, "The room is evacuated: call the roll first; two people let the exams go on."
        )
    return open_sitting(connection)


def evacuation(connection: apsw.Connection) -> int | None:
    """The number of the evacuation that is going on, or ``None``."""
    found: int | None = connection.execute("SELECT id FROM evacuations WHERE ended_ns IS NULL").get
    return found


def open_sitting(connection: apsw.Connection) -> seats.Sitting:
    """The open sitting. Raises :class:`HttpError` when there is none."""
    sitting = seats.open_sitting(connection)
    if sitting is None:
        raise HttpError(409, "No sitting is open in this hall.")
    return sitting


def chosen(connection: apsw.Connection, candidate: str | None) -> tuple[seats.SeatRow, ...]:
    """The seat of *candidate*, or all. Raises :class:`HttpError` when there is none."""
    open_sitting(connection)  # or says that there is none
    found = tuple(
        row for each in seats.open_sittings(connection) for row in seats.seats(connection, each.id)
    )
    if candidate is None:
        return found
    one = tuple(seat for seat in found if seat.candidate == candidate)
    if not one:
        raise HttpError(
            404, "There is no candidate {candidate} on the roster.", candidate=candidate[:80]
        )
    return one


def chosen_of_last(connection: apsw.Connection, candidate: str) -> tuple[seats.SeatRow, ...]:
    """The seat of *candidate* in the sittings that the board shows, open or closed."""
    return tuple(
        seat
        for each in seats.shown_sittings(connection)
        for seat in seats.seats(connection, each.id)
        if seat.candidate == candidate
    )


def check_open(connection: apsw.Connection, seat: seats.SeatRow) -> None:
    """Raise :class:`HttpError` unless *seat* has an exam open."""
    if not is_open(connection, seat):
        raise HttpError(
            409, "The candidate {candidate} has no exam open.", candidate=seat.candidate
        )


def is_open(connection: apsw.Connection, seat: seats.SeatRow) -> bool:
    """Whether *seat* has an exam open."""
    return bool(seat.permitted) and not seats.handed_in(connection, seat.blind_id)


def touched(
    connection: apsw.Connection, candidate: str | None, decide: Decide
) -> list[tuple[seats.SeatRow, Order]]:
    """The seats an act would give an order to, with it: one that is named must be open."""
    found = []
    for seat in chosen(connection, candidate):
        if candidate is not None:
            check_open(connection, seat)
        elif not is_open(connection, seat):
            continue
        order = decide(connection, seat)
        if order is not None:
            found.append((seat, order))
    return found


def give(
    connection: apsw.Connection,
    operator: Operator,
    act: str,
    why: Why,
    orders: Iterable[tuple[seats.SeatRow, Order]],
    now_ns: int,
    *,
    words: str = "",
) -> tuple[str, ...]:
    """Put *orders* in line and write them down, as *words* or the act; whom they were given to."""
    given = []
    for seat, order in orders:
        authority.give(
            connection,
            seat.blind_id,
            act,
            order,
            operator=operator.name,
            time_ns=now_ns,
            reason=why.reason,
            comment=why.comment,
        )
        note(connection, now_ns, operator, words or act, seat.candidate, why)
        given.append(seat.candidate)
    return tuple(given)


def note(
    connection: apsw.Connection, now_ns: int, operator: Operator, act: str, seat: str, why: Why
) -> None:
    """Write down who did what, in which role, when and why."""
    audit(
        connection,
        now_ns,
        operator.name,
        act,
        seat=seat,
        reason=why.reason,
        comment=why.comment,
        role=operator.role,
    )


def keep(
    connection: apsw.Connection,
    operator: Operator,
    act: str,
    why: Why,
    touched: Sequence[seats.SeatRow],
    now_ns: int,
    *,
    everyone: bool,
    seconds: int = 0,
) -> None:
    """Keep what was done to which seats."""
    if not touched:
        return
    connection.execute(
        "INSERT INTO deeds (sitting, time_ns, operator, act, seconds, everyone, reason, comment)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            touched[0].sitting,
            now_ns,
            operator.name,
            act,
            seconds,
            everyone,
            why.reason,
            why.comment,
        ),
    )
    deed = connection.last_insert_rowid()
    connection.executemany(
        "INSERT INTO deed_seats (deed, blind_id) VALUES (?, ?)",
        [(deed, seat.blind_id) for seat in touched],
    )


def clock(connection: apsw.Connection, blind_id: bytes) -> tuple[str, bool, str, int]:
    """The last act that let this seat's clock stand or run: its name, whether it was meant for
    all, its reason and its deed's number; empty when there was none."""
    found = connection.execute(
        "SELECT act, everyone, reason, id FROM clock_deeds WHERE blind_id = ?"
        " ORDER BY id DESC LIMIT 1",
        (blind_id,),
    ).fetchone()
    return ("", False, "", 0) if found is None else (found[0], bool(found[1]), found[2], found[3])


def paused_alone(connection: apsw.Connection, blind_id: bytes) -> bool:
    """Whether this seat was paused by itself: what lets all run on leaves it alone."""
    act, everyone, _reason, _deed = clock(connection, blind_id)
    return act == "pause" and not everyone


def role_of(connection: apsw.Connection, name: str) -> str:
    """The role of an operator, or nothing."""
    found = rows(connection.execute("SELECT role FROM operators WHERE name = ?", (name,)))
    return str(found[0][0]) if found else ""
