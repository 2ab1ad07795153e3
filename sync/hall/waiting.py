"""What waits for a station, remembered until the hall's own tables change.

Every station asks each second what the hall has for it, and acts of people, which change the
answer, come seldom. Their rows are noted where they change, under a rising number
(:mod:`sync.hall.stream`): as long as that number stands, what was read of them still holds.
Nothing is remembered of what the notes leave out: frames, and what a station was last heard.
"""

from __future__ import annotations

from dataclasses import dataclass

import apsw

from sync.hall import authority, moves, room, seats
from sync.hall.stream import last
from sync.holder.store import Store
from sync.messages import TakeUp

__all__ = ["Waiting", "WaitingRoom"]


@dataclass(frozen=True)
class Waiting:
    """What waits for one station, and what its tick is judged by."""

    sitting: seats.Sitting | None
    """The sitting that the station holds, with its ``rules``."""
    rules: room.RoomRules
    take_up: tuple[TakeUp, ...]
    moving: bool
    """Somewhere an attempt is being moved: this station may be asked for halves."""
    seat: seats.SeatRow | None
    """Of the attempt that the tick names, whose sitting has ``seat_rules``. Its ``heard_ns`` may
    be an older one."""
    seat_rules: room.RoomRules
    handed_in: bool
    receipt: bytes
    ordered: bool
    """An order was given that the station has not confirmed."""
    last_order: int
    """The number of the last order under the hall's authority, 0: none."""


class WaitingRoom:
    """Reads what waits for each station, at most once for each change. Used by the writer's
    thread alone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._as_of = (-1, -1, -1)
        self._read: dict[tuple[bytes, bytes], Waiting] = {}

    def of(
        self, connection: apsw.Connection, station: bytes, blind_id: bytes, current: int
    ) -> Waiting:
        """What waits for *station*, which names the attempt *blind_id* (empty: none), of a hall
        whose authority number is *current*.

        To be asked before the transaction's own writes: they may yet be undone.
        """
        # What a group read of writes that were undone with it does not hold.
        as_of = (last(connection), self._store.undone, current)
        if as_of != self._as_of:
            self._as_of = as_of
            self._read.clear()
        found = self._read.get((station, blind_id))
        if found is None:
            found = _read(connection, station, blind_id, current)
            # A station may name whatever it likes: what is not its own takes no room here.
            if not blind_id or (found.seat is not None and found.seat.station == station):
                self._read[station, blind_id] = found
        return found


def _read(connection: apsw.Connection, station: bytes, blind_id: bytes, current: int) -> Waiting:
    sitting = seats.sitting_at(connection, station)
    seat = seats.seat(connection, blind_id) if blind_id else None
    return Waiting(
        sitting=sitting,
        rules=room.rules_of(connection, sitting.id) if sitting else room.NO_RULES,
        take_up=moves.to_take_up(connection, station),
        moving=moves.moving(connection),
        seat=seat,
        seat_rules=room.rules_of(connection, seat.sitting) if seat else room.NO_RULES,
        handed_in=seats.handed_in(connection, blind_id),
        receipt=_receipt(connection, blind_id),
        ordered=authority.is_pending(connection, blind_id),
        last_order=authority.last_number(connection, blind_id, current),
    )


def _receipt(connection: apsw.Connection, blind_id: bytes) -> bytes:
    found = connection.execute(
        "SELECT receipt FROM hand_ins WHERE blind_id = ? AND reopened_ns IS NULL", (blind_id,)
    ).get
    return found or b""
