"""A hall that was replaced by a new machine: stations bring back the exams that run there.

The new hall has the roster, entered again, and none of the exams. A station that offers one
it does not know says whose it is. That is the station's word alone, so a person looks: when
the chief takes the exam in, the roster line gets its blind id and station, and the station
sends the whole journal, of which the chain verifier believes what an enrolled hall of this
centre permitted. A line under which something is recorded here is never given away.

What only the old hall could give is gone: half 1 of the epochs it was sealed to alone. So an
exam that runs goes on and is handed in; one whose agent ends before that cannot go on.
"""

from __future__ import annotations

import apsw

from exam_packages.language import mark
from sync.hall import seats
from sync.hall.acts import CHIEF, Operator, Why
from sync.hall.reasons import check_reason
from sync.hall.schema import alarm, audit
from sync.hall.service import HallService, Link
from sync.holder.store import rows
from sync.messages import Claim
from sync.web.wire import HttpError

__all__ = ["Claims", "take_in", "waiting"]

MAX_CLAIMS = 8
"""Exams that one station may claim at once."""


class Claims:
    """What stations say they have."""

    def __init__(self, hall: HallService) -> None:
        self._hall = hall

    async def claim(self, link: Link, claim: Claim) -> None:
        """Note that a station has an exam of a candidate, for the chief to look at."""
        self._hall.command.check()
        now_ns = self._hall.clock.wall_ns()
        await self._hall.store.awrite(
            lambda connection: _note(connection, link.key_id, claim, now_ns)
        )


def _note(connection: apsw.Connection, station: bytes, claim: Claim, now_ns: int) -> None:
    if seats.seat(connection, claim.blind_id) is not None:
        return
    count = connection.execute("SELECT count(*) FROM claims WHERE station = ?", (station,)).get
    if count >= MAX_CLAIMS or _line(connection, claim.candidate) is None:
        raise HttpError(
            409,
            "No line of this hall’s roster waits for the exam at this station; what is recorded "
            "stays there. Tell the chief invigilator.",
        )
    before = connection.total_changes()
    connection.execute(
        "INSERT OR IGNORE INTO claims (blind_id, station, candidate) VALUES (?, ?, ?)",
        (claim.blind_id, station, claim.candidate),
    )
    if connection.total_changes() > before:
        alarm(
            connection,
            now_ns,
            "claim",
            mark(
                "The station {station} has an exam of the candidate {candidate} that this hall "
                "does not know. If that is right, the chief takes it in."
            ).format(station=seats.machine_name(connection, station), candidate=claim.candidate),
            station=station,
        )


def waiting(connection: apsw.Connection) -> tuple[tuple[str, str], ...]:
    """The exams that wait for the chief: candidate and station."""
    return tuple(
        (candidate, machine)
        for candidate, machine in rows(
            connection.execute(
                "SELECT candidate, machine FROM claims JOIN stations ON key_id = station"
                " ORDER BY candidate, machine"
            )
        )
    )


async def take_in(
    hall: HallService, operator: Operator, candidate: str | None, why: Why
) -> tuple[str, ...]:
    """Take in the exam that a station claims for *candidate*, or (``None``) all that no two
    stations claim. Raises :class:`HttpError` where two stations claim the same."""
    if operator.role != CHIEF:
        raise HttpError(403, "Only the chief invigilator can take in exams from stations.")
    check_reason(why.reason, why.comment)

    def work(connection: apsw.Connection) -> tuple[str, ...]:
        taken = []
        now_ns = hall.clock.wall_ns()
        claims: dict[str, list[tuple[bytes, bytes]]] = {}
        for blind_id, station, name in rows(
            connection.execute("SELECT blind_id, station, candidate FROM claims")
        ):
            claims.setdefault(name, []).append((blind_id, station))
        for name, found in sorted(claims.items()):
            if candidate not in (None, name):
                continue
            if len(found) > 1:
                if candidate is None:
                    continue
                raise HttpError(
                    409,
                    "Two stations have an exam of {candidate}; look which is right, and switch "
                    "the other off.",
                    candidate=name,
                )
            ((blind_id, station),) = found
            before = _line(connection, name)
            if before is None:
                continue
            connection.execute(
                "UPDATE seats SET blind_id = ?, station = ?, permitted = 1 WHERE blind_id = ?",
                (blind_id, station, before),
            )
            connection.execute("DELETE FROM claims WHERE candidate = ?", (name,))
            audit(
                connection,
                now_ns,
                operator.name,
                f"take in from {seats.machine_name(connection, station)}",
                seat=name,
                reason=why.reason,
                comment=why.comment,
            )
            taken.append(name)
        return tuple(taken)

    return await hall.store.awrite(work)


def _line(connection: apsw.Connection, candidate: str) -> bytes | None:
    """The blind id of a roster line of an open sitting under which nothing is recorded. No
    candidate is on the rosters of two (:func:`sync.hall.seats.add_sitting`)."""
    found = connection.execute(
        "SELECT blind_id FROM seats JOIN sittings ON sittings.id = seats.sitting"
        " WHERE closed_ns IS NULL AND candidate = ? AND permitted = 0"
        " AND NOT EXISTS (SELECT 1 FROM journals WHERE journals.blind_id = seats.blind_id)",
        (candidate,),
    ).get
    return None if found is None else bytes(found)
