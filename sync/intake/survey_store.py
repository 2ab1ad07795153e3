"""Surveys in the intake's database: sheaves as halls signed them, each once.

The functions run inside a transaction of :class:`~sync.holder.store.Store`.
"""

from __future__ import annotations

from typing import Final

import apsw

from exam_packages.sealing.survey import sheaf_id

__all__ = ["MAX_SHEAVES", "SCHEMA", "keep", "sheaves"]

MAX_SHEAVES: Final = 1000
"""Sheaves kept per hall, 32,000 surveys or 1 GiB: bounds what a stolen key could fill."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS survey_sheaf (
    id BLOB PRIMARY KEY,
    machine BLOB NOT NULL,
    sheaf BLOB NOT NULL,
    enrolment BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS survey_sheaf_machine ON survey_sheaf (machine);
"""


def keep(db: apsw.Connection, machine: bytes, sheaf: bytes, enrolment: bytes) -> bool:
    """Keep a sheaf of the hall *machine*; whether it is here now."""
    name = sheaf_id(sheaf)
    if db.execute("SELECT 1 FROM survey_sheaf WHERE id = ?", (name,)).get is not None:
        return True
    known = db.execute("SELECT count(*) FROM survey_sheaf WHERE machine = ?", (machine,)).get
    if known >= MAX_SHEAVES:
        return False
    db.execute("INSERT INTO survey_sheaf VALUES (?, ?, ?, ?)", (name, machine, sheaf, enrolment))
    return True


def sheaves(db: apsw.Connection) -> list[tuple[bytes, bytes]]:
    """Every sheaf with the enrolment of its hall."""
    found = db.execute("SELECT sheaf, enrolment FROM survey_sheaf ORDER BY id")
    return [(bytes(sheaf), bytes(enrolment)) for sheaf, enrolment in found]
