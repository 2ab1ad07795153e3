"""Before and after: whom an act would touch, and taking back what was done.

Undone can be a pause (those it paused run on), a resumption (those it let run are paused) and
given time (it is taken back), for half an hour, and only where nothing newer was done: a seat
whose clock got another order since is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import apsw

from exam_packages.attempt.commands import AddTime, Order, Pause, Resume, Say, Stop
from exam_packages.clock import SECOND
from sync.hall import acting, acts, emergencies, permits, seats
from sync.hall.acting import Decide, Why
from sync.hall.roles import Operator
from sync.hall.service import HallService
from sync.holder.store import rows
from sync.web.wire import HttpError

UNDO_NS = 1800 * SECOND
"""How long an act can be undone."""


@dataclass(frozen=True)
class Deed:
    """An act that can still be undone, with how many seats it touched."""

    id: int
    act: str
    seconds: int
    operator: str
    time_ns: int
    seats: int


@dataclass(frozen=True)
class Preview:
    """Whom an act for all would touch, and who is left alone, by candidate number."""

    touched: tuple[str, ...]
    left: tuple[str, ...]


_FOR_ALL: Mapping[str, Decide] = {
    "admit": acts.admitting,
    "pause": acts.pausing_all,
    "resume": acts.resuming_all,
    "add-time": lambda _, seat: AddTime(60),
    "say": lambda _, seat: Say("?"),
    "stop": lambda _, seat: Stop(),
    "evacuate": lambda _, seat: Pause(),
}


def preview(connection: apsw.Connection, act: str, in_contact: frozenset[bytes]) -> Preview:
    """Whom *act*, done to all, would touch. Raises :class:`HttpError`."""
    if act in ("power-cut", "allow-restart"):
        found = emergencies.interrupted(connection, in_contact)
        if act == "allow-restart":
            found = [seat for seat in found if seat.restart == permits.ASKED]
        touched = {seat.candidate for seat in found}
    else:
        decide = _FOR_ALL.get(act)
        if decide is None:
            raise HttpError(404, "There is no such act.")
        touched = {seat.candidate for seat, _ in acting.touched(connection, None, decide)}
    everyone = [
        seat.candidate
        for seat in acting.chosen(connection, None)
        if acting.is_open(connection, seat)
    ]
    return Preview(
        tuple(candidate for candidate in everyone if candidate in touched),
        tuple(candidate for candidate in everyone if candidate not in touched),
    )


def undoable(connection: apsw.Connection, now_ns: int) -> tuple[Deed, ...]:
    """What can be undone now, the newest first."""
    found = rows(
        connection.execute(
            "SELECT deeds.id, act, seconds, operator, time_ns,"
            " (SELECT count(*) FROM deed_seats WHERE deed = deeds.id)"
            " FROM deeds JOIN sittings ON sittings.id = sitting"
            " WHERE closed_ns IS NULL AND undone_by = '' AND time_ns > ?"
            " AND act IN ('pause', 'resume', 'add-time')"
            " AND everyone = 1 ORDER BY deeds.id DESC LIMIT 5",
            (now_ns - UNDO_NS,),
        )
    )
    return tuple(Deed(*row) for row in found)


async def undo(hall: HallService, operator: Operator, deed: int, why: Why) -> tuple[str, ...]:
    """Take back what a deed did; the candidates it was taken back for."""

    def work(connection: apsw.Connection) -> tuple[str, ...]:
        acting.begin(connection, operator, "undo", why)
        now_ns = hall.clock.wall_ns()
        done = next((each for each in undoable(connection, now_ns) if each.id == deed), None)
        if done is None:
            raise HttpError(409, "That cannot be undone, or not any more.")
        touched = {
            blind_id
            for (blind_id,) in rows(
                connection.execute("SELECT blind_id FROM deed_seats WHERE deed = ?", (deed,))
            )
        }
        act, order = _reverse(done)

        def decide(connection: apsw.Connection, seat: seats.SeatRow) -> Order | None:
            newer = acting.clock(connection, seat.blind_id)[3] != deed
            if seat.blind_id not in touched or (done.act != "add-time" and newer):
                return None
            return order

        found = acting.touched(connection, None, decide)
        connection.execute("UPDATE deeds SET undone_by = ? WHERE id = ?", (operator.name, deed))
        back = [seat for seat, _ in found]
        # Time that was taken back is no act of its own; clocks that were turned can be again.
        clocks = act != "add-time"
        seconds = 0 if clocks else -done.seconds
        acting.keep(connection, operator, act, why, back, now_ns, everyone=clocks, seconds=seconds)
        words = f"undo {done.act}"
        return acting.give(connection, operator, act, why, found, now_ns, words=words)

    return await hall.store.awrite(work)


def _reverse(deed: Deed) -> tuple[str, Order]:
    match deed.act:
        case "pause":
            return "resume", Resume()
        case "resume":
            return "pause", Pause()
        case _:
            return "add-time", AddTime(-deed.seconds)
