"""Halls' records of sittings in the intake's database: sealed, the first of each number.

The functions run inside a transaction of :class:`~sync.holder.store.Store`.
"""

from __future__ import annotations

from typing import Final

import apsw

__all__ = ["MAX_RECORDS", "SCHEMA", "keep", "records"]

MAX_RECORDS: Final = 10_000
"""Records of sittings kept per hall: bounds what a stolen key could fill."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS record (
    sitting BLOB NOT NULL,
    machine BLOB NOT NULL,
    number INTEGER NOT NULL,
    received_s INTEGER NOT NULL,
    record BLOB NOT NULL,
    enrolment BLOB NOT NULL,
    PRIMARY KEY (sitting, machine, number)
);
CREATE INDEX IF NOT EXISTS record_machine ON record (machine);
"""


def keep(
    db: apsw.Connection,
    sitting: bytes,
    machine: bytes,
    number: int,
    received_s: int,
    record: bytes,
    enrolment: bytes,
) -> None:
    """Keep a record of the hall *machine*; the first of each number stands."""
    db.execute(
        "INSERT INTO record SELECT ?1, ?2, ?3, ?4, ?5, ?6"
        " WHERE (SELECT count(*) FROM record WHERE machine = ?2) < ?7"
        " ON CONFLICT DO NOTHING",
        (sitting, machine, number, received_s, record, enrolment, MAX_RECORDS),
    )


def records(db: apsw.Connection) -> list[tuple[bytes, bytes]]:
    """Every record with the enrolment of its hall, in the order they came."""
    found = db.execute(
        "SELECT record, enrolment FROM record ORDER BY received_s, machine, sitting, number"
    )
    return [(bytes(record), bytes(enrolment)) for record, enrolment in found]
