"""Machines' statements of erasure in the intake's database: the first about each sitting.

The functions run inside a transaction of :class:`~sync.holder.store.Store`.
"""

from __future__ import annotations

from typing import Final

import apsw

__all__ = ["MAX_ERASURES", "SCHEMA", "keep"]

MAX_ERASURES: Final = 10_000
"""Statements of erasure kept per machine: bounds what a stolen key could fill."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS erasure (
    sitting BLOB NOT NULL,
    machine BLOB NOT NULL,
    received_s INTEGER NOT NULL,
    statement BLOB NOT NULL,
    enrolment BLOB NOT NULL,
    PRIMARY KEY (sitting, machine)
);
CREATE INDEX IF NOT EXISTS erasure_machine ON erasure (machine);
"""


def keep(
    db: apsw.Connection,
    sitting: bytes,
    machine: bytes,
    received_s: int,
    statement: bytes,
    enrolment: bytes,
) -> None:
    """Keep a statement of *machine*; the first about a sitting stands."""
    db.execute(
        "INSERT INTO erasure SELECT ?1, ?2, ?3, ?4, ?5"
        " WHERE (SELECT count(*) FROM erasure WHERE machine = ?2) < ?6"
        " ON CONFLICT DO NOTHING",
        (sitting, machine, received_s, statement, enrolment, MAX_ERASURES),
    )
