"""The tables of how roster lines and sittings end."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS outcomes (         -- what people said; lines handed in need no row
    blind_id BLOB PRIMARY KEY REFERENCES seats,
    outcome INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    operator TEXT NOT NULL,
    second TEXT NOT NULL,                     -- who else said so, where two people must
    time_ns INTEGER NOT NULL,
    reason TEXT NOT NULL,
    comment TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS times_over (       -- hand-ins at whose time nothing was left
    blind_id BLOB PRIMARY KEY REFERENCES seats
) STRICT;
CREATE TABLE IF NOT EXISTS records (          -- of closed sittings; the highest number counts
    sitting INTEGER NOT NULL REFERENCES sittings,
    number INTEGER NOT NULL,
    record BLOB NOT NULL,                     -- signed by this hall
    sealed BLOB NOT NULL,                     -- the same for the body: sealed to its registrar
    sent INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sitting, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS signers (          -- who put their name to the report
    sitting INTEGER NOT NULL REFERENCES sittings,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    time_ns INTEGER NOT NULL,
    PRIMARY KEY (sitting, name)
) STRICT, WITHOUT ROWID;
"""
