"""The hall's database: one file for journals, seats, commands, and who did what.

Journals and what belongs to them come from the holder's own schema; the rest is the
hall's. Nothing here opens a journal: the hall holds what it cannot read.
"""

from __future__ import annotations

from pathlib import Path

import apsw

from sync.hall import stream
from sync.hall.anchors import SCHEMA as ANCHORS
from sync.hall.arrived_corrections import SCHEMA as ARRIVED
from sync.hall.endings import SCHEMA as ENDINGS
from sync.hall.floor import SCHEMA as FLOOR
from sync.hall.granted_tools import SCHEMA as GRANTED_TOOLS
from sync.hall.notes import SCHEMA as NOTES
from sync.hall.room import SCHEMA as ROOM
from sync.hall.sealed_reports import SCHEMA as SEALED_REPORTS
from sync.hall.surveys import SCHEMA as SURVEYS
from sync.hall.waivers import SCHEMA as WAIVERS
from sync.holder.fencing import SCHEMA as FENCING
from sync.holder.journals import SCHEMA as JOURNALS
from sync.holder.store import Store

DATABASE = "hall.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sittings (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    exam TEXT NOT NULL,
    slot TEXT NOT NULL,
    package_hash BLOB NOT NULL,
    release_id BLOB NOT NULL,
    codes INTEGER NOT NULL,    -- how many release codes open the package
    not_before_s INTEGER NOT NULL,
    salt BLOB NOT NULL,
    secret BLOB,               -- the release secret, once released
    opened_ns INTEGER NOT NULL,
    restore_sitting BLOB,      -- the name under which the sitting has restore keys
    restore_key BLOB,          -- the hall's own, signed, once one was needed
    closed_ns INTEGER,
    closed_by TEXT NOT NULL DEFAULT '',
    closed_why TEXT NOT NULL DEFAULT '',
    erasure BLOB,              -- the hall's signed statement that the restore key is gone
    erasure_sent INTEGER NOT NULL DEFAULT 0
) STRICT;
DROP INDEX IF EXISTS one_open_sitting;
CREATE TABLE IF NOT EXISTS stations (
    key_id BLOB PRIMARY KEY,
    machine TEXT NOT NULL,
    enrolment BLOB NOT NULL,
    certificate BLOB NOT NULL UNIQUE,   -- SHA-256 of the TLS certificate
    greeted_ns INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS restore_keys (     -- what each station announced, for each sitting
    station BLOB NOT NULL REFERENCES stations,
    sitting BLOB NOT NULL,                    -- the name under which the sitting has them
    key_id BLOB NOT NULL,
    announced BLOB NOT NULL,                  -- signed by the station
    PRIMARY KEY (station, sitting)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS places (           -- the sitting a station holds, of several
    station BLOB PRIMARY KEY REFERENCES stations,
    sitting INTEGER NOT NULL REFERENCES sittings,
    fixed INTEGER NOT NULL                    -- 1: a person said so
) STRICT;
CREATE TABLE IF NOT EXISTS seats (
    blind_id BLOB PRIMARY KEY,
    sitting INTEGER NOT NULL REFERENCES sittings,
    line INTEGER NOT NULL,
    candidate TEXT NOT NULL,
    name TEXT NOT NULL,
    code BLOB NOT NULL,
    extra_s INTEGER NOT NULL,
    station BLOB REFERENCES stations,
    signed_in_ns INTEGER,
    heard_ns INTEGER NOT NULL DEFAULT 0,      -- when new frames last came
    boot BLOB NOT NULL DEFAULT x'',           -- of the last permit
    permitted INTEGER NOT NULL DEFAULT 0,     -- highest epoch permitted
    restart INTEGER NOT NULL DEFAULT 0,       -- 1: waits for a person; 2: one allowed it
    taking INTEGER NOT NULL DEFAULT 0,        -- why its station is to take it up; 0: it need not
    left_epoch INTEGER NOT NULL DEFAULT 0,    -- the epoch after which it is taken up
    UNIQUE (sitting, line), UNIQUE (sitting, candidate), UNIQUE (sitting, code)
) STRICT;
CREATE INDEX IF NOT EXISTS seats_to_take_up ON seats (station) WHERE taking != 0;
CREATE TABLE IF NOT EXISTS accommodations (   -- ordered with the admission
    blind_id BLOB PRIMARY KEY REFERENCES seats,
    granted BLOB NOT NULL,                    -- an Accommodation, canonical
    text_percent INTEGER NOT NULL DEFAULT 0   -- how large letters are; 0: as the station has them
) STRICT;
CREATE TABLE IF NOT EXISTS corrections (      -- of the body's, handed on to the seats
    sitting INTEGER NOT NULL REFERENCES sittings,
    id BLOB NOT NULL,
    correction BLOB NOT NULL,                 -- signed by the packager
    time_ns INTEGER NOT NULL,
    PRIMARY KEY (sitting, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS commands (
    blind_id BLOB NOT NULL REFERENCES seats,
    authority INTEGER NOT NULL,
    number INTEGER NOT NULL,
    act TEXT NOT NULL,
    body BLOB NOT NULL,                       -- the order, canonical
    operator TEXT NOT NULL,
    issued_ns INTEGER NOT NULL,
    reason TEXT NOT NULL,
    comment TEXT NOT NULL,
    journaled INTEGER NOT NULL DEFAULT 0,     -- 1: the station said so; 2: nobody knows
    PRIMARY KEY (blind_id, authority, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending_commands ON commands (blind_id) WHERE journaled = 0;
CREATE TABLE IF NOT EXISTS proposals (        -- acts that wait for a second person
    blind_id BLOB NOT NULL REFERENCES seats,
    act TEXT NOT NULL,
    target TEXT NOT NULL,
    operator TEXT NOT NULL,
    time_ns INTEGER NOT NULL,
    PRIMARY KEY (blind_id, act)
) STRICT;
CREATE TABLE IF NOT EXISTS transfers (        -- the last move of each attempt
    blind_id BLOB PRIMARY KEY REFERENCES seats,
    station BLOB NOT NULL REFERENCES stations,
    first TEXT NOT NULL,
    second TEXT NOT NULL,
    time_s INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS resealed (         -- halves that neighbours released for a move
    blind_id BLOB NOT NULL REFERENCES seats,
    station BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    half BLOB NOT NULL,
    PRIMARY KEY (blind_id, station, epoch)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS erasures (         -- what stations stated to have deleted
    sitting INTEGER NOT NULL REFERENCES sittings,
    station BLOB NOT NULL REFERENCES stations,
    erasure BLOB NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sitting, station)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hand_ins (
    bundle_hash BLOB PRIMARY KEY,
    blind_id BLOB NOT NULL REFERENCES seats,
    manifest BLOB NOT NULL,
    countersignature BLOB NOT NULL,
    time_ns INTEGER NOT NULL,
    receipt BLOB,
    evidence_sent INTEGER NOT NULL DEFAULT 0,
    trouble TEXT NOT NULL DEFAULT '',         -- why the last relay did not succeed
    reopened_ns INTEGER                       -- when two people reopened it
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS standing_hand_in ON hand_ins (blind_id)
    WHERE reopened_ns IS NULL;
CREATE TABLE IF NOT EXISTS evidence (
    blind_id BLOB NOT NULL REFERENCES seats,
    digest BLOB NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (blind_id, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operators (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    password TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS audit (
    id INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    operator TEXT NOT NULL,
    act TEXT NOT NULL,
    seat TEXT NOT NULL,                       -- the candidate number, or empty: the hall
    reason TEXT NOT NULL,
    comment TEXT NOT NULL,
    role TEXT NOT NULL DEFAULT ''             -- in which the operator acted
) STRICT;
CREATE TABLE IF NOT EXISTS alarms (
    id INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    blind_id BLOB,
    station BLOB,
    code TEXT NOT NULL,
    words TEXT NOT NULL
) STRICT;
"""

HALLS = """
CREATE TABLE IF NOT EXISTS claims (           -- exams that stations have and this hall does
    blind_id BLOB PRIMARY KEY,                -- not know, until the chief takes them in
    station BLOB NOT NULL,
    candidate TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS exported (         -- hand-ins that were written onto a stick
    bundle_hash BLOB PRIMARY KEY,
    time_ns INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS given_halves (     -- half 1 from the hall in command, sealed
    blind_id BLOB NOT NULL,                   -- to this hall's restore key
    epoch INTEGER NOT NULL,
    half BLOB NOT NULL,
    PRIMARY KEY (blind_id, epoch)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mandates (         -- acts of command, verified, each the first of
    term INTEGER PRIMARY KEY,                 -- its term that was seen
    commander BLOB NOT NULL,
    mandate BLOB NOT NULL,
    taken_ns INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS halls (            -- the other halls of this centre
    key_id BLOB PRIMARY KEY,
    machine TEXT NOT NULL,
    enrolment BLOB NOT NULL
) STRICT;
"""

_SCHEMAS = (
    JOURNALS, _SCHEMA, ANCHORS, FLOOR, SEALED_REPORTS, ARRIVED, ENDINGS, NOTES, ROOM, WAIVERS,
    SURVEYS, HALLS, GRANTED_TOOLS, FENCING, stream.SCHEMA,
)  # fmt: skip


def open_store(home: Path) -> Store:
    """Open the database of the hall in *home*, made if it is not there yet."""
    store = Store(home / DATABASE, "".join(_SCHEMAS))
    store.write(stream.watch)
    return store


def audit(
    connection: apsw.Connection,
    time_ns: int,
    operator: str,
    act: str,
    *,
    seat: str = "",
    reason: str = "",
    comment: str = "",
    role: str = "",
) -> None:
    """Write down who did what, when and why."""
    connection.execute(
        "INSERT INTO audit (time_ns, operator, act, seat, reason, comment, role)"
        " VALUES (?,?,?,?,?,?,?)",
        (time_ns, operator, act, seat, reason, comment, role),
    )


def alarm(
    connection: apsw.Connection,
    time_ns: int,
    code: str,
    words: str,
    *,
    blind_id: bytes | None = None,
    station: bytes | None = None,
) -> None:
    """Raise an alarm on the board; the same one of the same seat is raised once."""
    connection.execute(
        "INSERT INTO alarms (time_ns, blind_id, station, code, words) SELECT ?1, ?2, ?3, ?4, ?5 "
        "WHERE NOT EXISTS (SELECT 1 FROM alarms WHERE blind_id IS ?2 AND station IS ?3 "
        "AND code = ?4 AND words = ?5)",
        (time_ns, blind_id, station, code, words),
    )


def number(connection: apsw.Connection, name: str, default: int = 0) -> int:
    """A number the hall remembers under *name*."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return default if row is None else int(row[0])


def set_number(connection: apsw.Connection, name: str, value: int) -> None:
    """Remember *value* under *name*."""
    connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))
