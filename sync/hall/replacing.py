"""A station that failed is replaced by a spare: one act each of two people.

The first person names the candidate; the hall chooses the spare (a station that answers, is
free and holds keys for the sitting) and proposes it. The second person names the candidate
too, and the exam goes on there. Everything else is :func:`sync.hall.grave.move`. No internet is
needed, and the time between is given back by the station's ledger.
"""

from __future__ import annotations

from dataclasses import dataclass

import apsw

from sync.hall import acting, grave, seats
from sync.hall.acting import Why
from sync.hall.roles import Operator
from sync.hall.second import PROPOSAL_NS
from sync.hall.service import HallService
from sync.holder.store import rows
from sync.web.wire import HttpError

__all__ = ["Replacement", "replace", "replacements", "spares"]


@dataclass(frozen=True)
class Replacement:
    """An exam that may need another station: ``silent`` says that its own does not answer;
    ``proposed`` is the spare that the first person chose, by ``first``."""

    seat: int
    candidate: str
    name: str
    station: str
    silent: bool
    proposed: str
    first: str


async def replace(hall: HallService, operator: Operator, candidate: str, why: Why) -> str:
    """Let an exam go on at a spare; the sentence that says what happened."""
    with hall.store.reading() as connection:
        (seat,) = acting.chosen(connection, candidate)
        station = _proposed(connection, seat, hall.clock.wall_ns())[0]
        if not station:
            free = spares(connection, hall, seat)
            if not free:
                raise HttpError(
                    409,
                    "No spare station is ready: switch one on that the certification body "
                    "enrolled for this centre, wait until the board lists it as ready, and do this "
                    "again. The exam of {candidate} is safe meanwhile.",
                    candidate=candidate,
                )
            station = free[0]
    return await grave.move(hall, operator, candidate, why, station)


def spares(connection: apsw.Connection, hall: HallService, seat: seats.SeatRow) -> tuple[str, ...]:
    """The stations that could take this exam up now, those first that hold its sitting; the last
    by name first, because a neighbour is the next one by name."""
    in_contact = hall.in_contact()
    vacant = {key_id for key_id, link in list(hall.links.items()) if not link.blind_id}
    sitting = seats.sitting(connection, seat.sitting)
    found = []
    for key_id, machine, announced in rows(
        connection.execute(
            "SELECT key_id, machine, EXISTS (SELECT 1 FROM restore_keys WHERE station ="
            " stations.key_id AND sitting = ?) FROM stations ORDER BY machine DESC",
            (sitting.restore_sitting if sitting else None,),
        )
    ):
        if key_id == seat.station or key_id not in in_contact or key_id not in vacant:
            continue
        if not seats.has_open_exam(connection, key_id):
            found.append((not announced, machine))
    return tuple(machine for _, machine in sorted(found, key=lambda each: each[0]))


def replacements(connection: apsw.Connection, hall: HallService) -> tuple[Replacement, ...]:
    """The exams that are open, those first whose station does not answer."""
    now_ns, in_contact = hall.clock.wall_ns(), hall.in_contact()
    found = []
    for sitting in seats.open_sittings(connection):
        for seat in seats.seats(connection, sitting.id):
            if not seat.permitted or seats.handed_in(connection, seat.blind_id):
                continue
            proposed, first = _proposed(connection, seat, now_ns)
            found.append(
                Replacement(
                    seat.line,
                    seat.candidate,
                    seat.name,
                    seats.machine_name(connection, seat.station),
                    seat.station not in in_contact,
                    proposed,
                    first,
                )
            )
    return tuple(sorted(found, key=lambda each: (not each.proposed, not each.silent, each.seat)))


def _proposed(connection: apsw.Connection, seat: seats.SeatRow, now_ns: int) -> tuple[str, str]:
    """The spare that waits for a second person, and who proposed it."""
    row = connection.execute(
        "SELECT target, operator FROM proposals WHERE blind_id = ? AND act = 'move'"
        " AND time_ns > ?",
        (seat.blind_id, now_ns - PROPOSAL_NS),
    ).fetchone()
    return ("", "") if row is None else (str(row[0]), str(row[1]))
