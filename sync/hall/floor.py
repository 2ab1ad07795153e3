"""The tables of what happens in the room: acts and whom they touched, cases, the roll-call."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS deeds (            -- acts, so that they can be looked at and undone
    id INTEGER PRIMARY KEY,
    sitting INTEGER NOT NULL REFERENCES sittings,
    time_ns INTEGER NOT NULL,
    operator TEXT NOT NULL,
    act TEXT NOT NULL,
    seconds INTEGER NOT NULL DEFAULT 0,       -- time given or taken back
    everyone INTEGER NOT NULL,                -- whether it was meant for all at once
    reason TEXT NOT NULL,
    comment TEXT NOT NULL,
    undone_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS deed_seats (
    deed INTEGER NOT NULL REFERENCES deeds,
    blind_id BLOB NOT NULL REFERENCES seats,
    PRIMARY KEY (blind_id, deed)
) STRICT, WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS clock_deeds AS      -- those that let clocks stand or run
    SELECT blind_id, act, everyone, reason, id FROM deed_seats JOIN deeds ON id = deed
    WHERE act IN ('pause', 'resume', 'evacuate', 'end-evacuation', 'power-cut');
CREATE TABLE IF NOT EXISTS hall_proposals (   -- acts on the whole hall that wait for a second
    act TEXT PRIMARY KEY,
    target TEXT NOT NULL,
    operator TEXT NOT NULL,
    time_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS evacuations (
    id INTEGER PRIMARY KEY,
    sitting INTEGER NOT NULL REFERENCES sittings,
    alarm_ns INTEGER NOT NULL,                -- when the alarm went off, by this hall's clock
    operator TEXT NOT NULL,
    ended_ns INTEGER,
    ended_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_evacuation ON evacuations (ended_ns IS NULL)
    WHERE ended_ns IS NULL;
CREATE TABLE IF NOT EXISTS roll_call (
    evacuation INTEGER NOT NULL REFERENCES evacuations,
    blind_id BLOB NOT NULL REFERENCES seats,
    present INTEGER,                          -- 1 present, 0 missing, NULL not called yet
    operator TEXT NOT NULL DEFAULT '',
    time_ns INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (evacuation, blind_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cases (            -- what people must still judge
    id INTEGER PRIMARY KEY,
    blind_id BLOB NOT NULL REFERENCES seats,
    kind TEXT NOT NULL,
    result TEXT NOT NULL,                     -- what becomes of the result: hold, score, void
    opened_ns INTEGER NOT NULL,
    opened_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    statement TEXT NOT NULL,
    reply TEXT NOT NULL DEFAULT '',           -- the candidate's own words
    replied_ns INTEGER,                       -- also when the candidate did not wish to
    settled_ns INTEGER,
    settled_by TEXT NOT NULL DEFAULT '',
    verdict TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS cases_of ON cases (blind_id);
CREATE TABLE IF NOT EXISTS replacements (     -- devices that are being replaced
    blind_id BLOB NOT NULL REFERENCES seats,
    device TEXT NOT NULL,
    since_ns INTEGER NOT NULL,
    until_ns INTEGER NOT NULL,
    operator TEXT NOT NULL,
    PRIMARY KEY (blind_id, device)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS question_reports ( -- faults of questions, as sent on to the body
    id INTEGER PRIMARY KEY,
    blind_id BLOB NOT NULL REFERENCES seats,
    question INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    report BLOB NOT NULL,                     -- signed by this hall
    UNIQUE (blind_id, question)
) STRICT;
CREATE TABLE IF NOT EXISTS seating (          -- the plan of the room
    blind_id BLOB PRIMARY KEY REFERENCES seats,
    row INTEGER NOT NULL,
    col INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""
