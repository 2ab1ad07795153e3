"""Reports of questions on their way to the body: sealed, until it has them."""

from __future__ import annotations

import apsw

from exam_packages.sealing.question_report import parse_sealed_report, report_digest, seal_report
from exam_packages.sealing.suite import SealingPublic, SigningKey
from sync.holder.store import rows

__all__ = ["SCHEMA", "arrived", "keep", "sent", "unsent"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS sealed_reports (
    digest BLOB PRIMARY KEY,                  -- of the signed report inside
    sealed BLOB NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
"""


def keep(
    connection: apsw.Connection, report: bytes, hall: SigningKey, integrity: SealingPublic
) -> None:
    """Seal a report that this hall signed, and put it in line for the body."""
    connection.execute(
        "INSERT OR IGNORE INTO sealed_reports (digest, sealed) VALUES (?, ?)",
        (report_digest(report), seal_report(report, hall, integrity)),
    )


def unsent(connection: apsw.Connection) -> list[tuple[bytes, bytes, bytes]]:
    """What the body does not have: its digest, the key id of the hall that signed it, the
    sealed report."""
    found = rows(
        connection.execute("SELECT digest, sealed FROM sealed_reports WHERE sent = 0 ORDER BY 1")
    )
    return [(digest, parse_sealed_report(sealed).machine, sealed) for digest, sealed in found]


def arrived(connection: apsw.Connection) -> frozenset[bytes]:
    """The digests of those that the body has."""
    found = rows(connection.execute("SELECT digest FROM sealed_reports WHERE sent = 1"))
    return frozenset(digest for (digest,) in found)


def sent(connection: apsw.Connection, digest: bytes) -> None:
    """The body has a report."""
    connection.execute("UPDATE sealed_reports SET sent = 1 WHERE digest = ?", (digest,))
