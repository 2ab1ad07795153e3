"""Corrections that the relay brought from the body, until a person hands them on.

The packager's signature is what makes one; that it came by the relay proves nothing, and it
changes no exam by itself: people in the room decide when the candidates are told.
"""

from __future__ import annotations

from dataclasses import dataclass

import apsw

from exam_packages.sealing.correction import (
    Correction,
    believed_correction,
    correction_id,
    read_correction,
)
from exam_packages.sealing.trust import Trust
from sync.hall import seats
from sync.holder.store import rows
from sync.web.wire import HttpError

__all__ = ["SCHEMA", "Arrived", "data_of", "keep", "known", "waiting"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS arrived_corrections ( -- from the body, by the relay
    id BLOB PRIMARY KEY,
    package_hash BLOB NOT NULL,
    correction BLOB NOT NULL,                 -- signed by the packager
    time_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Arrived:
    """A correction that waits to be handed on, and the exam it is of."""

    id: str
    exam: str
    correction: Correction


def keep(connection: apsw.Connection, data: bytes, trust: Trust, time_ns: int) -> bool:
    """Keep a correction of an exam that is open here; whether it is new. Raises a
    ``CorrectionError`` when the body did not sign it."""
    correction = read_correction(data, trust)
    open_here = {each.package_hash for each in seats.open_sittings(connection)}
    if correction.package_hash not in open_here:
        return False
    connection.execute(
        "INSERT OR IGNORE INTO arrived_corrections VALUES (?, ?, ?, ?)",
        (correction_id(correction), correction.package_hash, data, time_ns),
    )
    return connection.changes() == 1


def known(connection: apsw.Connection) -> frozenset[bytes]:
    """All that came, as they were signed."""
    found = rows(connection.execute("SELECT correction FROM arrived_corrections"))
    return frozenset(bytes(data) for (data,) in found)


def waiting(connection: apsw.Connection) -> tuple[Arrived, ...]:
    """Those of open exams that nobody has handed on, the oldest first."""
    found = rows(
        connection.execute(
            "SELECT DISTINCT arrived_corrections.id, exam, arrived_corrections.correction,"
            " arrived_corrections.time_ns FROM arrived_corrections"
            " JOIN sittings USING (package_hash) WHERE closed_ns IS NULL AND NOT EXISTS"
            " (SELECT 1 FROM corrections WHERE corrections.sitting = sittings.id"
            " AND corrections.id = arrived_corrections.id) ORDER BY 4, 1"
        )
    )
    return tuple(
        Arrived(bytes(name).hex(), exam, believed_correction(data)) for name, exam, data, _ in found
    )


def data_of(connection: apsw.Connection, name: str) -> bytes:
    """A correction that arrived, signed, by its id in hexadecimal. Raises :class:`HttpError`."""
    try:
        key = bytes.fromhex(name)
    except ValueError:
        key = b""
    found = connection.execute(
        "SELECT correction FROM arrived_corrections WHERE id = ?", (key,)
    ).fetchone()
    if found is None:
        raise HttpError(404, "No such correction has come from the certification body.")
    return bytes(found[0])
