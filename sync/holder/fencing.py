"""Fencing a station that an attempt was moved from: the same for a hall, a standby and a
neighbour.

An attempt that was moved *left* its station at a place. What that station wrote beyond it is no
part of the record: it is kept apart as evidence, never merged, and never deleted here. A holder
that took such frames before it heard of the move sets them apart when it does, so that it can
follow the station where the attempt goes on.

All functions run inside a transaction of :class:`~sync.holder.store.Store`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import apsw

from exam_packages import canon
from exam_packages.sealing.chain import ChainState, start
from exam_packages.sealing.departures import Left
from exam_packages.sealing.journal_format import Compartment, Frame, parse_header
from sync.holder.journals import held_frames
from sync.holder.store import rows

__all__ = ["SCHEMA", "depart", "keep_late", "left_at", "places", "set_apart"]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS departures (       -- stations that an attempt has left, and where
    blind_id BLOB NOT NULL,
    station BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    PRIMARY KEY (blind_id, station)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS late_frames (      -- what they still sent: evidence, never merged
    blind_id BLOB NOT NULL,
    station BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    frame BLOB NOT NULL,
    PRIMARY KEY (blind_id, station, sequence, frame)
) STRICT;
"""

MAX_LATE: Final = 64 * 1024 * 1024
"""Bytes kept of what one station still sends of an attempt that has left it."""


def depart(connection: apsw.Connection, blind_id: bytes, left: Left, time_ns: int) -> None:
    """The attempt has left a station."""
    connection.execute(
        "INSERT OR REPLACE INTO departures (blind_id, station, epoch, sequence, time_ns)"
        " VALUES (?, ?, ?, ?, ?)",
        (blind_id, left.station, left.epoch, left.sequence, time_ns),
    )


def places(connection: apsw.Connection, blind_id: bytes) -> tuple[Left, ...]:
    """Where the attempt left each station that it has left and is not at."""
    found = connection.execute(
        "SELECT station, epoch, sequence FROM departures WHERE blind_id = ? ORDER BY station",
        (blind_id,),
    )
    return tuple(Left(bytes(station), epoch, sequence) for station, epoch, sequence in rows(found))


def left_at(connection: apsw.Connection, blind_id: bytes, station: bytes) -> int | None:
    """Where the attempt was when it left *station*: a sequence; None when it never did."""
    row = connection.execute(
        "SELECT sequence FROM departures WHERE blind_id = ? AND station = ?", (blind_id, station)
    ).fetchone()
    return None if row is None else int(row[0])


def keep_late(
    connection: apsw.Connection,
    station: bytes,
    blind_id: bytes,
    epoch: int,
    frames: Sequence[bytes],
    left: int,
) -> int:
    """Keep what a station still sends after *left*; the number of frames that were new.

    Raises a ``ChainError`` when these are no frames.
    """
    late = [
        (frame.sequence, data)
        for frame, data in ((Frame.parse(data), data) for data in frames)
        if frame.sequence > left
    ]
    kept = connection.execute(
        "SELECT coalesce(sum(length(frame)), 0) FROM late_frames WHERE blind_id = ?"
        " AND station = ?",
        (blind_id, station),
    ).get
    if kept + sum(len(data) for _, data in late) > MAX_LATE:
        return 0
    before = connection.total_changes()
    _insert(connection, blind_id, station, epoch, late)
    return connection.total_changes() - before


def set_apart(connection: apsw.Connection, state: ChainState) -> ChainState:
    """Set apart what is held from a station beyond where the attempt left it.

    *state* is how far the record is held in this transaction, the answer how far after it.
    """
    left = left_at(connection, state.blind_id, state.station)
    if left is None or state.sequence <= left:
        return state
    frames = held_frames(connection, state.blind_id)
    after = _state_at(state, frames[:left])
    # All of it, whatever its size: it was acknowledged, so it must not be lost.
    tail = list(enumerate(frames[left:], left + 1))
    _insert(connection, state.blind_id, state.station, state.epoch, tail)
    connection.execute(
        "DELETE FROM frames WHERE blind_id = ? AND sequence > ?", (state.blind_id, left)
    )
    connection.execute(
        "UPDATE journals SET state = ? WHERE blind_id = ?", (canon.pack(after), state.blind_id)
    )
    return after


def _insert(
    connection: apsw.Connection,
    blind_id: bytes,
    station: bytes,
    epoch: int,
    late: Sequence[tuple[int, bytes]],
) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO late_frames (blind_id, station, sequence, epoch, frame)"
        " VALUES (?, ?, ?, ?, ?)",
        [(blind_id, station, sequence, epoch, data) for sequence, data in late],
    )


def _state_at(state: ChainState, frames: Sequence[bytes]) -> ChainState:
    """How a record stood after *frames*, its first, which were verified when they were taken."""
    before = start(state.blind_id, state.package_hash)
    epoch, head, station, authority = 0, before.head, before.station, 0
    for data in frames:
        frame = Frame.parse(data)
        head = frame.head_after(head)
        if frame.compartment is Compartment.HEADER:
            header = parse_header(frame.body)
            epoch, station = header.context.epoch, header.context.station
            authority = header.permit[1].authority
    return ChainState(
        state.blind_id, state.package_hash, epoch, len(frames), head, station, authority
    )
