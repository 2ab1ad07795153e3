"""Corrections that came to this hall, and the line of orders that brings them to the seats.

Every attempt of the package gets each once: those that are admitted when a correction comes,
at once; the others with their admission.
"""

from __future__ import annotations

import apsw

from exam_packages.attempt.commands import Correct
from exam_packages.sealing.correction import Correction, correction_id
from sync.hall import authority

ACT = "correct"


def keep(
    connection: apsw.Connection, sitting: int, correction: Correction, data: bytes, time_ns: int
) -> bool:
    """Keep a verified correction for the seats of *sitting*; whether it is new."""
    connection.execute(
        "INSERT OR IGNORE INTO corrections (sitting, id, correction, time_ns) VALUES (?, ?, ?, ?)",
        (sitting, correction_id(correction), data, time_ns),
    )
    return connection.changes() == 1


def kept(connection: apsw.Connection, sitting: int) -> tuple[bytes, ...]:
    """The corrections of a sitting, signed, in the order they came."""
    rows = connection.execute(
        "SELECT correction FROM corrections WHERE sitting = ? ORDER BY time_ns, id", (sitting,)
    )
    return tuple(row[0] for row in rows)


def give(
    connection: apsw.Connection,
    blind_id: bytes,
    data: bytes,
    *,
    operator: str,
    time_ns: int,
    reason: str,
    comment: str,
) -> None:
    """Put a correction in line for one attempt."""
    authority.give(
        connection,
        blind_id,
        ACT,
        Correct(data),
        operator=operator,
        time_ns=time_ns,
        reason=reason,
        comment=comment,
    )
