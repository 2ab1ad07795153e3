"""Moves and reopenings: an attempt goes on at a station that two people named.

A move fences the station that was left: it may add nothing to the record any more, and
what it still sends is kept as evidence under its old epoch, never merged. The station that
takes the attempt up copies the frames from here. To open them it needs both halves of
every epoch: the hall's own, and those of the neighbours, who release them when they are
shown the two people's order; they pass through this hall sealed.

All functions run inside a transaction of :class:`~sync.holder.store.Store`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import apsw

from exam_packages.attempt.events import MOVE, REOPEN
from exam_packages.clock import SECOND
from exam_packages.sealing.chain import ChainState
from exam_packages.sealing.departures import Left
from exam_packages.sealing.journal import Frame, Header, epoch_header, genesis
from exam_packages.sealing.restore_keys import Transfer, sign_transfer
from exam_packages.sealing.suite import SigningKey
from sync.hall import seats
from sync.holder.fencing import depart
from sync.holder.journals import header_frames, held_frames
from sync.holder.store import rows
from sync.messages import Copy, CopyRequest, Halves, Handover, Seat, TakeUp
from sync.web.wire import HttpError

MAX_COPY = 1024 * 1024
"""Bytes of frames in one answer, beyond the first frame."""


@dataclass(frozen=True)
class _Epoch:
    """An epoch of a record, and the station that was its neighbour (None: there was none
    that is still known)."""

    frame: bytes
    header: Header
    neighbour: bytes | None


# --- Ordering it -------------------------------------------------------------------


def station_named(connection: apsw.Connection, name: str) -> bytes:
    """The station enrolled here under *name*. Raises :class:`HttpError` 404."""
    row = connection.execute(
        "SELECT key_id FROM stations WHERE machine = ? ORDER BY greeted_ns DESC LIMIT 1", (name,)
    ).fetchone()
    if row is None:
        raise HttpError(404, "No station “{station}” has called this hall.", station=name[:80])
    return bytes(row[0])


def check_move(
    connection: apsw.Connection,
    seat: seats.SeatRow,
    station: bytes,
    restore_sitting: bytes,
    in_contact: frozenset[bytes],
) -> None:
    """Make sure that *station* could take the attempt up. Raises :class:`HttpError`."""
    if _restore_key(connection, station, restore_sitting) is None:
        raise HttpError(
            409,
            "The station “{station}” is not ready for this sitting yet; try again in some seconds.",
            station=seats.machine_name(connection, station),
        )
    released = _released(connection, seat.blind_id, station)
    for epoch in _epochs(connection, seat.blind_id):
        number = epoch.header.context.epoch
        if epoch.header.context.station == station or number in released:
            continue
        if epoch.neighbour is None:
            raise HttpError(
                409,
                "No other station keeps what opens this exam again, so it can only go on at "
                "“{station}”.",
                station=seats.machine_name(connection, seat.station),
            )
        if epoch.neighbour not in in_contact:
            raise HttpError(
                409,
                "To move this exam, the station “{neighbour}” is needed, which keeps a part of "
                "its key; switch it on and try again.",
                neighbour=seats.machine_name(connection, epoch.neighbour),
            )


def move(
    connection: apsw.Connection,
    seat: seats.SeatRow,
    held: ChainState,
    station: bytes,
    operators: tuple[str, str],
    time_ns: int,
) -> None:
    """Move an attempt: fence its station, and have *station* take it up."""
    if seat.station is not None:
        left = Left(seat.station, held.epoch, held.sequence)
        depart(connection, seat.blind_id, left, time_ns)
    connection.execute(
        "DELETE FROM departures WHERE blind_id = ? AND station = ?", (seat.blind_id, station)
    )
    if held.sequence == 0:  # nothing was recorded: whoever signs in begins anew
        connection.execute(
            "UPDATE seats SET station = NULL, permitted = 0, restart = 0, taking = 0"
            " WHERE blind_id = ?",
            (seat.blind_id,),
        )
        return
    connection.execute(
        "INSERT OR REPLACE INTO transfers (blind_id, station, first, second, time_s)"
        " VALUES (?, ?, ?, ?, ?)",
        (seat.blind_id, station, *operators, time_ns // SECOND),
    )
    connection.execute(
        "UPDATE seats SET station = ?, restart = 0, left_epoch = ?,"
        " taking = CASE taking WHEN ? THEN taking ELSE ? END WHERE blind_id = ?",
        (station, held.epoch, REOPEN, MOVE, seat.blind_id),
    )


def reopen(
    connection: apsw.Connection, seat: seats.SeatRow, held: ChainState, time_ns: int
) -> None:
    """Reopen a hand-in; its station takes the attempt up again."""
    connection.execute(
        "UPDATE hand_ins SET reopened_ns = ? WHERE blind_id = ? AND reopened_ns IS NULL",
        (time_ns, seat.blind_id),
    )
    connection.execute(
        "UPDATE seats SET taking = ?, left_epoch = ?, restart = 0 WHERE blind_id = ?",
        (REOPEN, held.epoch, seat.blind_id),
    )


def taken_up(connection: apsw.Connection, seat: seats.SeatRow, state: ChainState) -> None:
    """Frames came: note when the attempt goes on in a new epoch, beyond its header."""
    if seat.taking and state.epoch > seat.left_epoch:
        last = header_frames(connection, seat.blind_id)[-1]
        if epoch_header(last).context.sequence < state.sequence:
            connection.execute("UPDATE seats SET taking = 0 WHERE blind_id = ?", (seat.blind_id,))


# --- What stations are asked to do -------------------------------------------------


def to_take_up(connection: apsw.Connection, station: bytes) -> tuple[TakeUp, ...]:
    """The attempts that *station* is to take up."""
    return tuple(
        TakeUp(blind_id, cause)
        for blind_id, cause in connection.execute(
            "SELECT blind_id, taking FROM seats WHERE station = ? AND taking != 0 LIMIT 8",
            (station,),
        )
    )


def moving(connection: apsw.Connection) -> bool:
    """Whether any attempt is being moved."""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM seats WHERE taking != 0)").get)


def handovers(
    connection: apsw.Connection, neighbour: bytes, key: SigningKey
) -> tuple[Handover, ...]:
    """The halves that *neighbour* is asked to release, each in its open sitting."""
    asked = []
    for blind_id, station, first, second, time_s, sitting in rows(
        connection.execute(
            "SELECT transfers.blind_id, transfers.station, first, second, time_s, restore_sitting"
            " FROM seats JOIN transfers ON transfers.blind_id = seats.blind_id"
            " AND transfers.station = seats.station JOIN sittings ON sittings.id = sitting"
            " WHERE taking != 0 AND closed_ns IS NULL AND restore_sitting IS NOT NULL LIMIT 64"
        )
    ):
        released = _released(connection, blind_id, station)
        headers = tuple(
            epoch.frame
            for epoch in _epochs(connection, blind_id)
            if epoch.neighbour == neighbour and epoch.header.context.epoch not in released
        )
        restore_key = _restore_key(connection, station, sitting)
        if headers and restore_key is not None:
            transfer = Transfer(blind_id, sitting, station, (first, second), time_s)
            asked.append(
                Handover(
                    sign_transfer(transfer, key),
                    enrolment(connection, station),
                    restore_key,
                    headers[:64],
                )
            )
    return tuple(asked[:4])


def keep_halves(connection: apsw.Connection, neighbour: bytes, halves: Halves) -> None:
    """Keep what *neighbour* released. Raises :class:`HttpError` when it was not asked to."""
    row = connection.execute(
        "SELECT 1 FROM transfers JOIN seats ON seats.blind_id = transfers.blind_id"
        " AND seats.station = transfers.station"
        " WHERE transfers.blind_id = ? AND transfers.station = ? AND taking != 0",
        (halves.blind_id, halves.station),
    ).fetchone()
    if row is None:
        raise HttpError(409, "This exam is not being moved to that station any more.")
    asked = {
        epoch.header.context.epoch
        for epoch in _epochs(connection, halves.blind_id)
        if epoch.neighbour == neighbour
    }
    if not asked.issuperset(epoch for epoch, _ in halves.halves):
        raise HttpError(403, "This station was not the neighbour of that exam.")
    connection.executemany(
        "INSERT OR REPLACE INTO resealed (blind_id, station, epoch, half) VALUES (?, ?, ?, ?)",
        [(halves.blind_id, halves.station, epoch, half) for epoch, half in halves.halves],
    )


def resealed(
    connection: apsw.Connection, seat: seats.SeatRow, station: bytes
) -> tuple[tuple[int, bytes], ...]:
    """The neighbours' halves for *station*, which takes an attempt up.

    Raises :class:`HttpError` as long as one is missing.
    """
    released = _released(connection, seat.blind_id, station)
    for epoch in _epochs(connection, seat.blind_id):
        context = epoch.header.context
        if context.station != station and context.epoch not in released:
            raise HttpError(
                409,
                "The station “{neighbour}” must still release its part of the key of this exam; "
                "leave it switched on.",
                neighbour=seats.machine_name(connection, epoch.neighbour),
            )
    return tuple(sorted(released.items()))


def choose_neighbour(
    connection: apsw.Connection,
    station: bytes,
    sitting: bytes | None,
    in_contact: frozenset[bytes],
) -> tuple[bytes, bytes]:
    """The restore key and enrolment of the station that comes after *station* by name, among
    those in contact and ready for *sitting*; empty when there is none."""
    found = rows(
        connection.execute(
            "SELECT stations.key_id, machine, announced, enrolment FROM stations"
            " JOIN restore_keys ON station = stations.key_id"
            " WHERE sitting = ? ORDER BY machine, stations.key_id",
            (sitting,),
        )
    )
    own = (seats.machine_name(connection, station), station)
    others = [row for row in found if row[0] != station and row[0] in in_contact]
    others.sort(key=lambda row: ((row[1], row[0]) < own, row[1], row[0]))
    return (others[0][2], others[0][3]) if others else (b"", b"")


# --- Copying -----------------------------------------------------------------------


def copy(
    connection: apsw.Connection, seat: seats.SeatRow, held: ChainState, request: CopyRequest
) -> Copy:
    """What is held after the place asked for. Raises :class:`HttpError` where the station has
    another record than this hall."""
    known = held_frames(connection, seat.blind_id)
    if _head_at(known, seat.blind_id, request.after) != request.head:
        raise HttpError(
            409,
            "The record at this station and the one in the hall differ; leave this station as "
            "it is and call an invigilator.",
        )
    frames: list[bytes] = []
    size = 0
    for frame in known[request.after :]:
        size += len(frame)
        if frames and size > MAX_COPY:
            break
        frames.append(frame)
    return Copy(
        Seat(seat.blind_id, seat.candidate, seat.name),
        tuple(frames),
        request.after + len(frames) < held.sequence,
        enrolments_of(connection, seat.blind_id),
        tuple(
            rows(
                connection.execute(
                    "SELECT digest, size FROM evidence WHERE blind_id = ? ORDER BY digest",
                    (seat.blind_id,),
                )
            )
        ),
    )


def enrolments_of(connection: apsw.Connection, blind_id: bytes) -> tuple[bytes, ...]:
    """The enrolments of every station that wrote in a record, in the order they came."""
    writers = {
        epoch_header(frame).context.station: None for frame in header_frames(connection, blind_id)
    }
    return tuple(enrolment(connection, station) for station in writers)


# --- Within ------------------------------------------------------------------------


def _epochs(connection: apsw.Connection, blind_id: bytes) -> Iterator[_Epoch]:
    known: Mapping[bytes, bytes] = dict(
        rows(connection.execute("SELECT key_id, station FROM restore_keys"))
    )
    for frame in header_frames(connection, blind_id):
        header = epoch_header(frame)
        sealed = header.parsed.body.neighbour
        yield _Epoch(frame, header, known.get(sealed[0].key_id) if sealed else None)


def _released(connection: apsw.Connection, blind_id: bytes, station: bytes) -> dict[int, bytes]:
    return dict(
        rows(
            connection.execute(
                "SELECT epoch, half FROM resealed WHERE blind_id = ? AND station = ?",
                (blind_id, station),
            )
        )
    )


def _restore_key(connection: apsw.Connection, station: bytes, sitting: bytes) -> bytes | None:
    found = connection.execute(
        "SELECT announced FROM restore_keys WHERE station = ? AND sitting = ?",
        (station, sitting),
    ).get
    return None if found is None else bytes(found)


def enrolment(connection: apsw.Connection, station: bytes) -> bytes:
    """The enrolment of a station that has called this hall."""
    return bytes(
        connection.execute("SELECT enrolment FROM stations WHERE key_id = ?", (station,)).get
    )


def _head_at(frames: tuple[bytes, ...], blind_id: bytes, sequence: int) -> bytes | None:
    if not 0 <= sequence <= len(frames):
        return None
    head = genesis(blind_id)
    for frame in frames[:sequence]:
        head = Frame.parse(frame).head_after(head)
    return head
