"""Reports of questions in the intake's database: sealed, each once, bounded for each hall.

The functions run inside a transaction of :class:`~sync.holder.store.Store`.
"""

from __future__ import annotations

from typing import Final

import apsw

from sync.intake.storage import Report

__all__ = ["MAX_REPORTS", "SCHEMA", "keep", "reports"]

MAX_REPORTS: Final = 10_000
"""Reports kept per hall: bounds what a stolen key could fill."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS question_report (
    digest BLOB PRIMARY KEY,                   -- of the signed report inside
    machine BLOB NOT NULL,
    centre TEXT NOT NULL,
    package_hash BLOB NOT NULL,
    received_s INTEGER NOT NULL,
    report BLOB NOT NULL,
    enrolment BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS question_report_machine ON question_report (machine);
"""


def keep(db: apsw.Connection, report: Report) -> bool:
    """Keep a report; whether it is here now. One that is here already stands."""
    db.execute(
        "INSERT INTO question_report SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7"
        " WHERE (SELECT count(*) FROM question_report WHERE machine = ?2) < ?8"
        " ON CONFLICT DO NOTHING",
        (
            report.digest,
            report.machine,
            report.centre,
            report.package_hash,
            report.received_s,
            report.report,
            report.enrolment,
            MAX_REPORTS,
        ),
    )
    found = db.execute("SELECT 1 FROM question_report WHERE digest = ?", (report.digest,))
    return found.get is not None


def reports(db: apsw.Connection) -> list[Report]:
    """Every report, in the order they came."""
    found = db.execute("SELECT * FROM question_report ORDER BY received_s, digest")
    return [Report(*row) for row in found]
