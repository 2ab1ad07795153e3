"""The store of intake in one SQLite file and a directory.

Each kind of thing has its tables and their rules in a module of its own
(:mod:`~sync.intake.bundle_store`, :mod:`~sync.intake.log_store` …); here they share one file
and its transactions. Evidence, which is large and comes later, lies in the directory under
its digest, each file durable before the row that says so.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import apsw

from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.correction import Correction
from exam_packages.sealing.tiles import Place
from sync.holder.store import Store
from sync.intake import (
    bundle_store,
    correction_store,
    erasure_store,
    log_store,
    record_store,
    report_store,
    survey_store,
)
from sync.intake.storage import Accepted, Refused, Report, Standing

__all__ = ["SqliteStorage"]

T = TypeVar("T")

_STORES: Final = (
    bundle_store,
    log_store,
    record_store,
    erasure_store,
    survey_store,
    report_store,
    correction_store,
)

_COUNTS: Final = {
    "bundles": "SELECT count(*) FROM bundle",
    "attempts": "SELECT count(DISTINCT blind_id) FROM bundle",
    "log_size": "SELECT count(*) FROM leaf",
    "checkpoint_size": "SELECT ifnull(max(size), 0) FROM checkpoint",
    "anchored": "SELECT count(*) FROM anchors",
    "evidence_held": "SELECT count(*) FROM evidence WHERE held = 1",
    "evidence_missing": "SELECT count(*) FROM evidence WHERE held = 0",
    "offers_open": "SELECT count(*) FROM offer",
    "refused": "SELECT count(*) FROM refused",
    "erasures": "SELECT count(*) FROM erasure",
    "records": "SELECT count(*) FROM record",
    "survey_sheaves": "SELECT count(*) FROM survey_sheaf",
    "reports": "SELECT count(*) FROM question_report",
}


class SqliteStorage:
    """:class:`~sync.intake.storage.Storage` in one SQLite file, with evidence in a directory
    beside it."""

    def __init__(self, database: Path, evidence: Path) -> None:
        """Open or create both. Raises :class:`~sync.holder.store.StoreError`."""
        self._store = Store(database, "".join(each.SCHEMA for each in _STORES))
        self._evidence = evidence

    def close(self) -> None:
        self._store.close()

    def __enter__(self) -> SqliteStorage:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def _read(self, work: Callable[[apsw.Connection], T]) -> T:
        with self._store.reading() as db:
            return work(db)

    # --- Bundles ---

    def offer(self, bundle_hash: bytes, station: bytes, offer: bytes) -> None:
        self._store.write(lambda db: bundle_store.offer(db, bundle_hash, station, offer))

    def offered(self, bundle_hash: bytes) -> bytes | None:
        return self._read(lambda db: bundle_store.offered(db, bundle_hash))

    def offers(self, station: bytes) -> int:
        return self._read(lambda db: bundle_store.offers(db, station))

    def stage(self, bundle_hash: bytes, digest: bytes, chunk: bytes) -> None:
        self._store.write(lambda db: bundle_store.stage(db, bundle_hash, digest, chunk))

    def staged(self, bundle_hash: bytes) -> dict[bytes, bytes]:
        return self._read(lambda db: bundle_store.staged(db, bundle_hash))

    def accept(
        self,
        bundle: Accepted,
        received_s: int,
        compare: Callable[[list[Standing]], None],
        receipt: Callable[[int], bytes],
    ) -> bytes:
        return self._store.write(
            lambda db: bundle_store.accept(db, bundle, received_s, compare, receipt)
        )

    def refuse(
        self, bundle_hash: bytes, reason: str, seen_s: int, offer: bytes, answers: bytes
    ) -> None:
        self._store.write(
            lambda db: bundle_store.refuse(db, bundle_hash, reason, seen_s, offer, answers)
        )

    def receipt(self, bundle_hash: bytes) -> bytes | None:
        return self._read(lambda db: bundle_store.receipt_of(db, bundle_hash))

    def bundle(self, bundle_hash: bytes) -> Accepted | None:
        return self._read(lambda db: bundle_store.bundle(db, bundle_hash))

    def bundles(self) -> list[bytes]:
        return self._read(bundle_store.bundles)

    def overdue(self, before_s: int) -> int:
        return self._read(lambda db: bundle_store.overdue(db, before_s))

    def refused(self) -> list[Refused]:
        return self._read(bundle_store.refused)

    # --- Evidence ---

    def expected(self, bundle_hash: bytes, digest: bytes) -> int | None:
        return self._read(lambda db: bundle_store.expected(db, bundle_hash, digest))

    def missing(self, bundle_hash: bytes) -> tuple[bytes, ...]:
        return self._read(lambda db: bundle_store.missing(db, bundle_hash))

    def keep_evidence(self, bundle_hash: bytes, digest: bytes, data: bytes) -> None:
        path = self._path(digest)
        make_directory(path.parent, 0o700)
        write_durably(path, data, mode=0o600)
        self._store.write(lambda db: bundle_store.hold(db, bundle_hash, digest))

    def evidence(self, digest: bytes) -> bytes:
        return self._path(digest).read_bytes()

    def _path(self, digest: bytes) -> Path:
        name = digest.hex()
        return self._evidence / name[:2] / name

    def keep_anchors(self, bundle_hash: bytes, count: int, data: bytes) -> None:
        self._store.write(lambda db: bundle_store.keep_anchors(db, bundle_hash, count, data))

    def anchors(self, bundle_hash: bytes) -> bytes | None:
        return self._read(lambda db: bundle_store.anchors(db, bundle_hash))

    # --- What machines and the body say besides ---

    def keep_record(
        self,
        sitting: bytes,
        machine: bytes,
        number: int,
        received_s: int,
        record: bytes,
        enrolment: bytes,
    ) -> None:
        self._store.write(
            lambda db: record_store.keep(
                db, sitting, machine, number, received_s, record, enrolment
            )
        )

    def records(self) -> list[tuple[bytes, bytes]]:
        return self._read(record_store.records)

    def keep_erasure(
        self, sitting: bytes, machine: bytes, received_s: int, statement: bytes, enrolment: bytes
    ) -> None:
        self._store.write(
            lambda db: erasure_store.keep(db, sitting, machine, received_s, statement, enrolment)
        )

    def keep_sheaf(self, machine: bytes, sheaf: bytes, enrolment: bytes) -> bool:
        return self._store.write(lambda db: survey_store.keep(db, machine, sheaf, enrolment))

    def sheaves(self) -> list[tuple[bytes, bytes]]:
        return self._read(survey_store.sheaves)

    def keep_report(self, report: Report) -> bool:
        return self._store.write(lambda db: report_store.keep(db, report))

    def reports(self) -> list[Report]:
        return self._read(report_store.reports)

    def publish_correction(self, correction: Correction, data: bytes) -> bool:
        return self._store.write(lambda db: correction_store.publish(db, correction, data))

    def corrections(self, package_hash: bytes) -> tuple[bytes, ...]:
        return self._read(lambda db: correction_store.corrections(db, package_hash))

    # --- The log ---

    def log(self, entry: bytes) -> int:
        return self._store.write(lambda db: log_store.append(db, entry))

    def log_once(self, entry: bytes) -> int:
        return self._store.write(lambda db: log_store.append_once(db, entry))

    def log_heads(
        self, hall: bytes, digest: bytes, entry: bytes, received_s: int, pause_s: int
    ) -> tuple[int, int] | None:
        return self._store.write(
            lambda db: log_store.append_heads(db, hall, digest, entry, received_s, pause_s)
        )

    def tile(self, place: Place) -> bytes:
        return self._read(lambda db: log_store.tile(db, place))

    def size(self) -> int:
        return self._read(log_store.size)

    def add_checkpoint(self, size: int, text: str) -> None:
        self._store.write(lambda db: log_store.add_checkpoint(db, size, text))

    def checkpoint(self) -> tuple[int, str] | None:
        return self._read(log_store.checkpoint)

    # --- For people ---

    def counts(self) -> dict[str, int]:
        return self._read(
            lambda db: {name: int(db.execute(query).get) for name, query in _COUNTS.items()}
        )
