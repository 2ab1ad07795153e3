"""The tick of a hall that does not command: hold, acknowledge, and order nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import msgspec

from sync.hall import authority, seats
from sync.hall.schema import alarm
from sync.holder.fencing import set_apart
from sync.holder.journals import held_state, hold
from sync.messages import Tick, Tock
from sync.web.wire import Busy, HttpError

if TYPE_CHECKING:
    from sync.hall.service import HallService

__all__ = ["tick_beside"]


def tick_beside(
    hall: HallService, station: bytes, tick: Tick, connection: apsw.Connection
) -> tuple[Tock, HttpError | None]:
    """Hold what *station* offers of the attempt that the hall in command has there.

    The same rules as for the hall in command (:mod:`sync.holder.journals`): a fork is refused,
    kept and alarmed; a gap shows that this hall forgot what it acknowledged. Where it held more
    of a station than the hall in command did when two people moved the exam, it follows them.
    """
    version, term = hall.known.under.root.version, hall.command.term
    nothing = Tock(b"", (), (), -1, b"", (), (), version, term)
    if not tick.blind_id:
        return nothing, None
    seat = seats.seat(connection, tick.blind_id)
    if seat is None or seat.station != station:
        return nothing, Busy(1, "This hall does not know yet that this station runs that exam.")
    now_ns = hall.clock.wall_ns()
    held = hold(
        connection,
        set_apart(connection, held_state(connection, tick.blind_id, seat.package_hash)),
        tick.frames,
        sender=station,
        sequence=tick.sequence,
        head=tick.head,
        stations=hall.known.key,
        commanders=hall.command.keys,
        time_ns=now_ns,
    )
    if held.refused is not None:
        words = str(held.refused)
        alarm(connection, now_ns, "record", words, blind_id=tick.blind_id, station=station)
        return nothing, HttpError(422, held.refused.template, **held.refused.fields)
    if held.gap:
        authority.forgot(connection)
    if held.added:  # should this hall command in a minute, it knows that the station was there
        connection.execute(
            "UPDATE seats SET heard_ns = ? WHERE blind_id = ?", (now_ns, tick.blind_id)
        )
    word = hall.acknowledge(connection, held.state, now_ns)
    return msgspec.structs.replace(nothing, acknowledgement=word, need_after=held.need_after), None
