"""Sittings and their seats: who sits where.

A seat is one roster line of an open sitting. It is bound to a station when its candidate
signs in there (:mod:`~sync.hall.signing_in`), and firmly so once an epoch was permitted
(:mod:`~sync.hall.permits`). A hall may hold several sittings at once: their seats are
numbered through, and no candidate number is in two of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from exam_packages.attempt.preferences import NOTHING, Accommodation
from exam_packages.canon import pack, unpack
from sync.hall import granted_tools
from sync.hall.roster import Line, code_digest
from sync.holder.store import rows
from sync.web.wire import HttpError


@dataclass(frozen=True)
class Sitting:
    """A sitting. ``codes`` says how many release codes open its package (1 or 2);
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
    sitting: int


_SEATS = (
    "SELECT blind_id, line, candidate, name, extra_s, station, heard_ns, boot, permitted, restart,"
    " taking, left_epoch, package_hash, closed_ns IS NOT NULL, sitting"
    " FROM seats JOIN sittings ON sittings.id = seats.sitting"
)
_SITTING = (
    "id, title, exam, slot, package_hash, release_id, codes, not_before_s, salt, secret, opened_ns,"
    " restore_sitting, restore_key"
)


def open_sittings(connection: apsw.Connection) -> tuple[Sitting, ...]:
    """The sittings that are open, in the order they were opened."""
    found = connection.execute(
        f"SELECT {_SITTING} FROM sittings WHERE closed_ns IS NULL ORDER BY id"  # noqa: S608  ours
    )
    return tuple(Sitting(*row) for row in found)


def open_sitting(connection: apsw.Connection) -> Sitting | None:
    """The first sitting that is open, or ``None``: whether any is."""
    return next(iter(open_sittings(connection)), None)


def one_sitting(connection: apsw.Connection, number: int | None = None) -> Sitting:
    """The open sitting *number*, or the only one. Raises :class:`HttpError`."""
    found = open_sittings(connection)
    if not found:
        raise HttpError(409, "No sitting is open in this hall.")
    if number is None and len(found) > 1:
        raise HttpError(
            409,
            "Several sittings are open; say which one by its number: {which}.",
            which=", ".join(f"{each.id} ({each.title})" for each in found),
        )
    for each in found:
        if number in (None, each.id):
            return each
    raise HttpError(404, "No sitting with the number {number} is open.", number=number or 0)


def sitting(connection: apsw.Connection, number: int) -> Sitting | None:
    """A sitting, open or closed."""
    row = connection.execute(
        f"SELECT {_SITTING} FROM sittings WHERE id = ?",  # noqa: S608  our columns
        (number,),
    ).fetchone()
    return None if row is None else Sitting(*row)


def sitting_at(connection: apsw.Connection, station: bytes) -> Sitting | None:
    """The open sitting that *station* holds: that of the exam it runs, or the one it was
    bound to, or the one its last candidate signed in to, or the only one there is (the first
    of several, until a sign-in code says otherwise)."""
    found = open_sittings(connection)
    if len(found) < 2:
        return found[0] if found else None
    running = connection.execute(
        "SELECT sitting FROM seats WHERE station = ? AND permitted != 0 AND NOT EXISTS"
        " (SELECT 1 FROM hand_ins WHERE hand_ins.blind_id = seats.blind_id"
        " AND reopened_ns IS NULL) ORDER BY sitting DESC",
        (station,),
    )
    bound = connection.execute("SELECT sitting FROM places WHERE station = ?", (station,))
    wanted = [number for (number,) in [*rows(running), *rows(bound)]]
    by_number = {each.id: each for each in found}
    return next((by_number[number] for number in wanted if number in by_number), found[0])


def bind(connection: apsw.Connection, station: bytes, sitting: int, *, fixed: bool) -> None:
    """Let *station* hold *sitting*. *fixed*: a person said so; else a sign-in code did."""
    connection.execute(
        "INSERT OR REPLACE INTO places (station, sitting, fixed) VALUES (?, ?, ?)",
        (station, sitting, int(fixed)),
    )


def shown_sittings(connection: apsw.Connection) -> tuple[Sitting, ...]:
    """The sittings that the board shows: those that are open, or else the one opened last."""
    last = connection.execute(
        f"SELECT {_SITTING} FROM sittings ORDER BY id DESC LIMIT 1"  # noqa: S608  our columns
    )
    return open_sittings(connection) or tuple(Sitting(*row) for row in last)


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

    Raises :class:`HttpError` when a candidate is on the roster of another open sitting, or
    the same exam and slot is open already.
    """
    current = open_sittings(connection)
    if any((each.package_hash, each.slot) == (package_hash, slot) for each in current):
        raise HttpError(
            409,
            "This exam is open here for the slot {slot} already; add its candidates to that "
            "sitting’s roster, or close that sitting first.",
            slot=slot,
        )
    expected: dict[str, str] = dict(
        rows(
            connection.execute(
                "SELECT candidate, title FROM seats JOIN sittings ON sittings.id = sitting"
                " WHERE closed_ns IS NULL"
            )
        )
    )
    for line in lines:
        if line.candidate in expected:
            raise HttpError(
                409,
                "The candidate {candidate} is on the roster of the sitting “{title}” too, which is "
                "open; nobody can sit two exams at once.",
                candidate=line.candidate,
                title=expected[line.candidate],
            )
    first = connection.execute(
        "SELECT coalesce(max(line), 0) + 1 FROM seats JOIN sittings ON sittings.id = sitting"
        " WHERE closed_ns IS NULL"
    ).get
    salt = secrets.token_bytes(16)
    connection.execute(
        "INSERT INTO sittings (title, exam, slot, package_hash, release_id, codes, not_before_s,"
        " salt, opened_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (title, exam, slot, package_hash, release_id, codes, not_before_s, salt, time_ns),
    )
    blind_ids = [secrets.token_bytes(16) for _ in lines]
    number = connection.last_insert_rowid()
    connection.executemany(
        "INSERT INTO seats (blind_id, sitting, line, candidate, name, code, extra_s)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                blind_id,
                number,
                place,
                line.candidate,
                line.name,
                code_digest(line.code, salt),
                line.extra_s,
            )
            for place, (blind_id, line) in enumerate(zip(blind_ids, lines, strict=True), int(first))
        ],
    )
    connection.executemany(
        "INSERT INTO accommodations (blind_id, granted, text_percent) VALUES (?, ?, ?)",
        [
            (blind_id, pack(line.granted), line.text_percent)
            for blind_id, line in zip(blind_ids, lines, strict=True)
            if line.granted != NOTHING or line.text_percent
        ],
    )
    granted_tools.keep(connection, zip(blind_ids, (line.tools for line in lines), strict=True))
    return number


def accommodation(connection: apsw.Connection, blind_id: bytes) -> tuple[Accommodation, int]:
    """What the roster grants a candidate of how the screen is read, and how large its letters
    are, in percent; nothing and 0 where it grants nothing."""
    row = connection.execute(
        "SELECT granted, text_percent FROM accommodations WHERE blind_id = ?", (blind_id,)
    ).fetchone()
    return (NOTHING, 0) if row is None else (unpack(row[0], Accommodation), int(row[1]))


def close_sitting(
    connection: apsw.Connection, sitting: int, time_ns: int, operator: str, why: str
) -> None:
    """Close a sitting and forget its release secret."""
    connection.execute(
        "UPDATE sittings SET closed_ns = ?, closed_by = ?, closed_why = ?, secret = NULL"
        " WHERE id = ? AND closed_ns IS NULL",
        (time_ns, operator, why, sitting),
    )
    connection.execute("DELETE FROM places WHERE sitting = ?", (sitting,))


def seats(connection: apsw.Connection, sitting: int) -> tuple[SeatRow, ...]:
    """All seats of a sitting, in the order of the roster."""
    found = connection.execute(
        _SEATS + " WHERE sitting = ? ORDER BY line",
        (sitting,),
    )
    return tuple(SeatRow(*row) for row in found)


def seats_with_code(
    connection: apsw.Connection, sitting: int, digest: bytes
) -> tuple[SeatRow, ...]:
    """The seats of a sitting whose sign-in code has that digest."""
    found = connection.execute(_SEATS + " WHERE sitting = ? AND code = ?", (sitting, digest))
    return tuple(SeatRow(*row) for row in found)


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


def machine_name(connection: apsw.Connection, station: bytes | None) -> str:
    """The name of an enrolled station, or a dash."""
    found = connection.execute("SELECT machine FROM stations WHERE key_id = ?", (station,)).get
    return "–" if found is None else str(found)
