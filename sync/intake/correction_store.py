"""The body's corrections in the intake's database: what halls ask for by their package.

The functions run inside a transaction of :class:`~sync.holder.store.Store`.
"""

from __future__ import annotations

from typing import Final

import apsw

from exam_packages.sealing.correction import Correction, correction_id

__all__ = ["MAX_CORRECTIONS", "SCHEMA", "corrections", "publish"]

MAX_CORRECTIONS: Final = 64
"""Corrections of one package that a hall is given: one that needs more is sealed anew."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS correction (
    id BLOB PRIMARY KEY,
    package_hash BLOB NOT NULL,
    time_s INTEGER NOT NULL,
    correction BLOB NOT NULL                   -- signed by the packager
);
CREATE INDEX IF NOT EXISTS correction_package ON correction (package_hash, time_s);
"""


def publish(db: apsw.Connection, correction: Correction, data: bytes) -> bool:
    """Keep a verified correction for the halls; whether it is here now."""
    name = correction_id(correction)
    db.execute(
        "INSERT INTO correction SELECT ?1, ?2, ?3, ?4"
        " WHERE (SELECT count(*) FROM correction WHERE package_hash = ?2) < ?5"
        " ON CONFLICT DO NOTHING",
        (name, correction.package_hash, correction.time_s, data, MAX_CORRECTIONS),
    )
    return db.execute("SELECT 1 FROM correction WHERE id = ?", (name,)).get is not None


def corrections(db: apsw.Connection, package_hash: bytes) -> tuple[bytes, ...]:
    """The signed corrections of a package, in the order they were made."""
    found = db.execute(
        "SELECT correction FROM correction WHERE package_hash = ? ORDER BY time_s, id",
        (package_hash,),
    )
    return tuple(bytes(data) for (data,) in found)
