"""Signing in: a candidate's code binds their seat to the station it is typed at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import apsw

from sync.hall import seats
from sync.web.wire import HttpError


def sign_in(
    connection: apsw.Connection,
    sittings: Sequence[seats.Sitting],
    codes: Mapping[int, bytes],
    station: bytes,
    time_ns: int,
) -> seats.SeatRow | HttpError:
    """Bind the seat behind a code to *station*: *codes* are its digests, by sitting.

    The same station may ask again, and another one may take over, as long as no epoch was
    permitted. A station that holds another of several sittings is bound to this one, and
    the refusal that asks for a moment is returned. Raises :class:`HttpError` otherwise, or
    404 for a code nobody has.
    """
    found_rows = [
        row
        for each in sittings
        for row in seats.seats_with_code(connection, each.id, codes[each.id])
    ]
    if not found_rows:
        raise HttpError(
            404,
            "No candidate of this sitting has that sign-in code; check it, and call an "
            "invigilator if it is still refused.",
        )
    if len(found_rows) > 1:
        raise HttpError(
            409,
            "This sign-in code is on the rosters of two sittings; call an invigilator, who gives "
            "one of the two candidates another code.",
        )
    (found,) = found_rows
    if seats.handed_in(connection, found.blind_id):
        raise HttpError(409, "The exam behind this sign-in code has been handed in already.")
    if found.permitted and found.station != station:
        raise HttpError(
            409,
            "The exam behind this sign-in code is open at the station “{station}”; go back "
            "there, or call an invigilator.",
            station=seats.machine_name(connection, found.station),
        )
    if found.permitted and _held(connection, found.blind_id):
        raise HttpError(
            409,
            "The exam behind this sign-in code was begun at this station before; call an "
            "invigilator.",
        )
    here = seats.sitting_at(connection, station)
    if here is not None and here.id != found.sitting:
        return _other_sitting(connection, station, here, sittings, found)
    connection.execute(
        "UPDATE seats SET station = ?, signed_in_ns = ? WHERE blind_id = ?",
        (station, time_ns, found.blind_id),
    )
    return found


def _other_sitting(
    connection: apsw.Connection,
    station: bytes,
    here: seats.Sitting,
    sittings: Sequence[seats.Sitting],
    found: seats.SeatRow,
) -> HttpError:
    """A code of another sitting than *station* holds: it is bound to that one, if it may."""
    exam = next(each.exam for each in sittings if each.id == found.sitting)
    fixed = connection.execute(
        "SELECT 1 FROM places WHERE station = ? AND sitting = ? AND fixed = 1", (station, here.id)
    ).get
    if fixed:
        return HttpError(
            409,
            "This sign-in code is for the exam “{exam}”, and this station is kept for “{here}”; "
            "go to a station of your exam, or call an invigilator.",
            exam=exam,
            here=here.exam,
        )
    seats.bind(connection, station, found.sitting, fixed=False)
    return HttpError(
        409,
        "This sign-in code is for the exam “{exam}”. This station gets ready for it now; type "
        "the code again in ten seconds.",
        exam=exam,
    )


def _held(connection: apsw.Connection, blind_id: bytes) -> bool:
    return bool(
        connection.execute(
            "SELECT EXISTS (SELECT 1 FROM journals WHERE blind_id = ?)", (blind_id,)
        ).get
    )
