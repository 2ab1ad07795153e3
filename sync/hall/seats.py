"""Seats: who sits where, and whether an attempt may open an epoch.

A seat is one roster line of the open sitting. It is bound to a station when its candidate
signs in there, and firmly so once an epoch was permitted.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from exam_packages.attempt.events import MOVE, REOPEN, RESTART, START
from exam_packages.attempt.preferences import NOTHING, Accommodation
from exam_packages.canon import pack, unpack
from exam_packages.clock import SECOND
from exam_packages.sealing.chain import ChainState
from exam_packages.sealing.journal_format import Context
from sync.hall.roster import Line, code_digest
from sync.web.wire import HttpError

RESTART_WINDOW_NS = 600 * SECOND
"""How long after the last new frame a station may go on by itself after a restart."""

ASKED, ALLOWED = 1, 2
"""A restart that waits for a person, or that a person has allowed."""


class RestartWaits(HttpError):
    """A restart that everything speaks for but the policy: an invigilator may allow it."""


@dataclass(frozen=True)
class Sitting:
    """The one open sitting. ``codes`` says how many release codes open its package (1 or 2);
    ``secret`` is the release secret once it was released."""

    id: int
    title: str
    exam: str
    slot: str
    package_hash: bytes
    release_id: bytes
    codes: int
    not_before_s: int
    salt: bytes
    secret: bytes | None
    opened_ns: int
    restore_sitting: bytes | None
    restore_key: bytes | None

    def __repr__(self) -> str:
        return f"Sitting({self.id}, {self.title!r})"  # the secret never shows


@dataclass(frozen=True)
class SeatRow:
    """One roster line and what became of it."""

    blind_id: bytes
    line: int
    candidate: str
    name: str
    extra_s: int
    station: bytes | None
    heard_ns: int
    boot: bytes
    permitted: int
    restart: int
    taking: int
    left_epoch: int
    package_hash: bytes
    closed: bool
    """Whether its sitting was closed."""


_SEATS = (
    "SELECT blind_id, line, candidate, name, extra_s, station, heard_ns, boot, permitted, restart,"
    " taking, left_epoch, package_hash, closed_ns IS NOT NULL"
    " FROM seats JOIN sittings ON sittings.id = seats.sitting"
)
_SITTING = (
    "id, title, exam, slot, package_hash, release_id, codes, not_before_s, salt, secret, opened_ns,"
    " restore_sitting, restore_key"
)


def open_sitting(connection: apsw.Connection) -> Sitting | None:
    """The sitting that is open, or ``None``."""
    row = connection.execute(
        f"SELECT {_SITTING} FROM sittings WHERE closed_ns IS NULL"  # noqa: S608  our columns
    ).fetchone()
    return None if row is None else Sitting(*row)


def last_sitting(connection: apsw.Connection) -> Sitting | None:
    """The sitting opened last, closed or not: what the board shows when none is open."""
    row = connection.execute(
        f"SELECT {_SITTING} FROM sittings ORDER BY id DESC LIMIT 1"  # noqa: S608  our columns
    ).fetchone()
    return None if row is None else Sitting(*row)


def add_sitting(
    connection: apsw.Connection,
    *,
    title: str,
    exam: str,
    slot: str,
    package_hash: bytes,
    release_id: bytes,
    codes: int,
    not_before_s: int,
    lines: Sequence[Line],
    time_ns: int,
) -> int:
    """Open a sitting with its roster; each line gets a random blind id. Returns its number.

    Raises :class:`HttpError` when another sitting is open.
    """
    current = open_sitting(connection)
    if current is not None:
        raise HttpError(
            409,
            "The sitting “{title}” is still open at this hall; close it first.",
            title=current.title,
        )
    salt = secrets.token_bytes(16)
    connection.execute(
        "INSERT INTO sittings (title, exam, slot, package_hash, release_id, codes, not_before_s,"
        " salt, opened_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (title, exam, slot, package_hash, release_id, codes, not_before_s, salt, time_ns),
    )
    sitting = connection.last_insert_rowid()
    blind_ids = [secrets.token_bytes(16) for _ in lines]
    connection.executemany(
        "INSERT INTO seats (blind_id, sitting, line, candidate, name, code, extra_s)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                blind_ids[place - 1],
                sitting,
                place,
                line.candidate,
                line.name,
                code_digest(line.code, salt),
                line.extra_s,
            )
            for place, line in enumerate(lines, 1)
        ],
    )
    connection.executemany(
        "INSERT INTO accommodations (blind_id, granted) VALUES (?, ?)",
        [
            (blind_id, pack(line.granted))
            for blind_id, line in zip(blind_ids, lines, strict=True)
            if line.granted != NOTHING
        ],
    )
    return sitting


def accommodation(connection: apsw.Connection, blind_id: bytes) -> Accommodation | None:
    """What the roster grants a candidate of how the screen is read, if anything."""
    row = connection.execute(
        "SELECT granted FROM accommodations WHERE blind_id = ?", (blind_id,)
    ).fetchone()
    return None if row is None else unpack(row[0], Accommodation)


def close_sitting(connection: apsw.Connection, time_ns: int, operator: str, why: str) -> None:
    """Close the open sitting and forget its release secret."""
    connection.execute(
        "UPDATE sittings SET closed_ns = ?, closed_by = ?, closed_why = ?, secret = NULL"
        " WHERE closed_ns IS NULL",
        (time_ns, operator, why),
    )


def seats(connection: apsw.Connection, sitting: int) -> tuple[SeatRow, ...]:
    """All seats of a sitting, in the order of the roster."""
    rows = connection.execute(
        _SEATS + " WHERE sitting = ? ORDER BY line",
        (sitting,),
    )
    return tuple(SeatRow(*row) for row in rows)


def seat(connection: apsw.Connection, blind_id: bytes) -> SeatRow | None:
    """The seat of an attempt, of whichever sitting."""
    row = connection.execute(
        _SEATS + " WHERE blind_id = ?",
        (blind_id,),
    ).fetchone()
    return None if row is None else SeatRow(*row)


def seat_at(connection: apsw.Connection, blind_id: bytes, station: bytes) -> SeatRow:
    """The seat of an attempt that runs at *station*. Raises :class:`HttpError` 403."""
    found = seat(connection, blind_id)
    if found is None or found.station != station:
        raise HttpError(
            403, "This station does not run that exam; ask an invigilator to look at the board."
        )
    return found


def handed_in(connection: apsw.Connection, blind_id: bytes) -> bool:
    """Whether the attempt's manifest was countersigned here, and not reopened since."""
    return bool(
        connection.execute(
            "SELECT EXISTS (SELECT 1 FROM hand_ins WHERE blind_id = ? AND reopened_ns IS NULL)",
            (blind_id,),
        ).get
    )


def has_open_exam(connection: apsw.Connection, station: bytes) -> bool:
    """Whether *station* runs an exam, or is to take one up."""
    return bool(
        connection.execute(
            "SELECT EXISTS (SELECT 1 FROM seats JOIN sittings ON sittings.id = seats.sitting"
            " WHERE station = ? AND permitted != 0 AND closed_ns IS NULL AND NOT EXISTS"
            " (SELECT 1 FROM hand_ins WHERE hand_ins.blind_id = seats.blind_id"
            " AND reopened_ns IS NULL))",
            (station,),
        ).get
    )


def sign_in(
    connection: apsw.Connection, sitting: Sitting, code: bytes, station: bytes, time_ns: int
) -> SeatRow:
    """Bind the seat behind a code's digest to *station*.

    The same station may ask again, and another one may take over, as long as no epoch was
    permitted. Raises :class:`HttpError` otherwise, or 404 for a code nobody has.
    """
    row = connection.execute(
        _SEATS + " WHERE sitting = ? AND code = ?",
        (sitting.id, code),
    ).fetchone()
    if row is None:
        raise HttpError(
            404,
            "No candidate of this sitting has that sign-in code; check it, and call an "
            "invigilator if it is still refused.",
        )
    found = SeatRow(*row)
    if handed_in(connection, found.blind_id):
        raise HttpError(409, "The exam behind this sign-in code has been handed in already.")
    if found.permitted and found.station != station:
        raise HttpError(
            409,
            "The exam behind this sign-in code is open at the station “{station}”; go back "
            "there, or call an invigilator.",
            station=machine_name(connection, found.station),
        )
    if found.permitted and _held(connection, found.blind_id):
        raise HttpError(
            409,
            "The exam behind this sign-in code was begun at this station before; call an "
            "invigilator.",
        )
    connection.execute(
        "UPDATE seats SET station = ?, signed_in_ns = ? WHERE blind_id = ?",
        (station, time_ns, found.blind_id),
    )
    return found


def check_not_closed(seat: SeatRow) -> None:
    """Once the sitting is closed, nothing is opened. Raises :class:`HttpError`."""
    if seat.closed:
        raise HttpError(
            409,
            "The chief invigilator has closed this sitting, and with it what opened its exams "
            "again was deleted; this exam cannot go on.",
        )


def check_permit(
    seat: SeatRow, context: Context, cause: int, held: ChainState, now_ns: int
) -> None:
    """The rules for opening an epoch. Raises :class:`HttpError` with what to do.

    Only when the station stands exactly where the hall does: without that, whoever takes a
    machine could cut the tail of a record and go on as if it had never been. A start needs
    nothing held; a restart goes on by itself within the same boot and minutes of the last
    frame; otherwise, as after every power cut, a person allows it (:class:`RestartWaits`).
    Moves and reopenings are ordered by two people (:mod:`sync.hall.moves`).
    """
    if context.package_hash != seat.package_hash:
        raise HttpError(409, "This station has another package than the one of this sitting.")
    if context.cursor_before != (held.sequence, held.head):
        raise HttpError(
            409,
            "The record at this station and the one in the hall differ, so the exam cannot go "
            "on here by itself; leave this station as it is and call an invigilator.",
        )
    if context.epoch <= held.epoch or (cause == START) != (held.sequence == 0):
        raise HttpError(409, "This exam cannot be opened again from where this station stands.")
    if seat.taking:
        if cause != seat.taking:
            raise HttpError(409, "This exam is to go on here for another reason; one moment.")
        return
    if cause in (MOVE, REOPEN):
        raise HttpError(
            409, "Two people at the hall must order that this exam goes on at this station."
        )
    if cause not in (START, RESTART):
        raise HttpError(409, "This exam cannot be opened for a reason unknown to this hall.")
    if cause == START or seat.restart == ALLOWED:
        return
    if context.boot != seat.boot or now_ns - seat.heard_ns > RESTART_WINDOW_NS:
        raise RestartWaits(
            409,
            "This exam was interrupted for longer than it may go on by itself; an invigilator "
            "must allow it. Everything saved is kept.",
        )


def ask_restart(connection: apsw.Connection, blind_id: bytes) -> None:
    """Show on the board that this seat waits for a person to allow its restart."""
    connection.execute(
        "UPDATE seats SET restart = ? WHERE blind_id = ? AND restart = 0", (ASKED, blind_id)
    )


def allow_restart(connection: apsw.Connection, blind_id: bytes) -> None:
    """Allow the next restart of this seat, whatever the policy says."""
    connection.execute("UPDATE seats SET restart = ? WHERE blind_id = ?", (ALLOWED, blind_id))


def permitted(connection: apsw.Connection, context: Context) -> None:
    """Remember that an epoch was permitted; an allowed restart is used up."""
    connection.execute(
        "UPDATE seats SET permitted = max(permitted, ?), boot = ?, restart = 0 WHERE blind_id = ?",
        (context.epoch, context.boot, context.blind_id),
    )


def machine_name(connection: apsw.Connection, station: bytes | None) -> str:
    """The name of an enrolled station, or a dash."""
    found = connection.execute("SELECT machine FROM stations WHERE key_id = ?", (station,)).get
    return "–" if found is None else str(found)


def _held(connection: apsw.Connection, blind_id: bytes) -> bool:
    return bool(
        connection.execute(
            "SELECT EXISTS (SELECT 1 FROM journals WHERE blind_id = ?)", (blind_id,)
        ).get
    )
