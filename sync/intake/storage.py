"""Where intake keeps things: the seam, and its default of one SQLite file and a directory.

What a receipt promises lies in one durable system: the bundle, its leaf of the log and the
receipt itself are written in one transaction, so there is never one without the others.
Evidence, which is large and comes later, lies in a directory under its digest, each file
durable before the row that says so.

Keys start with sitting and centre where order matters, so that the same tables can be
partitioned by sitting in a larger engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Protocol

import apsw

from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.correction import Correction
from exam_packages.sealing.log import leaf_hash
from exam_packages.sealing.log_entry import bundle_entry
from exam_packages.sealing.tiles import Place
from sync.holder.store import Store
from sync.intake import correction_store, log_store, report_store, survey_store
from sync.intake.report_store import Report

__all__ = ["Accepted", "Refused", "SqliteStorage", "Standing", "Storage"]

MAX_REFUSED: Final = 1000
MAX_REFUSED_BYTES: Final = 1024 * 1024 * 1024
"""Refused bundles, and their bytes, kept for inspection; the oldest give way."""

MAX_RECORDS: Final = 10_000
"""Records of sittings kept per hall: bounds what a stolen key could fill."""

MAX_ERASURES: Final = 10_000
"""Statements of erasure kept per machine: bounds what a stolen key could fill."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS offer (
    bundle_hash BLOB PRIMARY KEY,
    station BLOB NOT NULL,
    offer BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS offer_station ON offer (station);
CREATE TABLE IF NOT EXISTS chunk (
    bundle_hash BLOB NOT NULL,
    digest BLOB NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (bundle_hash, digest)
);
CREATE TABLE IF NOT EXISTS bundle (
    bundle_hash BLOB PRIMARY KEY,
    sitting TEXT NOT NULL,
    centre TEXT NOT NULL,
    station TEXT NOT NULL,
    blind_id BLOB NOT NULL,
    package_hash BLOB NOT NULL,
    head BLOB NOT NULL,
    frames INTEGER NOT NULL,
    received_s INTEGER NOT NULL,
    leaf INTEGER NOT NULL UNIQUE,
    offer BLOB NOT NULL,
    answers BLOB NOT NULL,
    receipt BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS bundle_place ON bundle (sitting, centre, bundle_hash);
CREATE INDEX IF NOT EXISTS bundle_blind_id ON bundle (blind_id);
CREATE TABLE IF NOT EXISTS evidence (
    bundle_hash BLOB NOT NULL,
    digest BLOB NOT NULL,
    size INTEGER NOT NULL,
    held INTEGER NOT NULL,
    PRIMARY KEY (bundle_hash, digest)
);
CREATE INDEX IF NOT EXISTS evidence_missing ON evidence (held) WHERE held = 0;
CREATE TABLE IF NOT EXISTS anchors (
    bundle_hash BLOB PRIMARY KEY,
    count INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS refused (
    number INTEGER PRIMARY KEY,
    bundle_hash BLOB NOT NULL,
    reason TEXT NOT NULL,
    seen_s INTEGER NOT NULL,
    offer BLOB NOT NULL,
    answers BLOB NOT NULL,
    UNIQUE (bundle_hash, reason)
);
CREATE TABLE IF NOT EXISTS erasure (
    sitting BLOB NOT NULL,
    machine BLOB NOT NULL,
    received_s INTEGER NOT NULL,
    statement BLOB NOT NULL,
    enrolment BLOB NOT NULL,
    PRIMARY KEY (sitting, machine)
);
CREATE INDEX IF NOT EXISTS erasure_machine ON erasure (machine);
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


@dataclass(frozen=True)
class Accepted:
    """A bundle that passed every check, as it is stored.

    ``offer`` is the encoded :class:`~sync.intake.messages.Offer`, ``answers`` the frames
    one after the other, ``evidence`` the digests and sizes that the manifest names.
    """

    bundle_hash: bytes
    sitting: str
    centre: str
    station: str
    blind_id: bytes
    package_hash: bytes
    head: bytes
    frames: int
    offer: bytes
    answers: bytes
    evidence: tuple[tuple[bytes, int], ...]


@dataclass(frozen=True)
class Standing:
    """A stored bundle of an attempt, for comparing another one of the same attempt."""

    bundle_hash: bytes
    head: bytes
    frames: int
    answers: bytes


@dataclass(frozen=True)
class Refused:
    """A refused bundle, kept for people to look at."""

    bundle_hash: bytes
    reason: str
    seen_s: int


class Storage(Protocol):
    """What intake needs of a durable store. Every write is durable when it returns."""

    def offer(self, bundle_hash: bytes, station: bytes, offer: bytes) -> None:
        """Keep an offer until its bundle is accepted or refused; the latest one counts."""

    def offered(self, bundle_hash: bytes) -> bytes | None: ...

    def offers(self, station: bytes) -> int:
        """How many bundles of the station with this key id are offered but not committed."""

    def stage(self, bundle_hash: bytes, digest: bytes, chunk: bytes) -> None:
        """Keep a chunk of an offered bundle; nothing happens when it is not offered."""

    def staged(self, bundle_hash: bytes) -> dict[bytes, bytes]:
        """The chunks held for an offered bundle, by digest."""

    def accept(
        self,
        bundle: Accepted,
        received_s: int,
        compare: Callable[[list[Standing]], None],
        receipt: Callable[[int], bytes],
    ) -> bytes:
        """Store *bundle*, its leaf and its receipt in one transaction; return the receipt.

        *compare* is called with the bundles of the same attempt that are stored, and stops
        everything by raising; *receipt* makes the receipt for the number of the new leaf. A
        bundle that is already stored keeps its first receipt, which is returned.
        """

    def refuse(
        self, bundle_hash: bytes, reason: str, seen_s: int, offer: bytes, answers: bytes
    ) -> None:
        """Keep a refused bundle for inspection, and drop what was staged of it."""

    def receipt(self, bundle_hash: bytes) -> bytes | None: ...

    def bundle(self, bundle_hash: bytes) -> Accepted | None: ...

    def bundles(self) -> list[bytes]:
        """The hashes of all stored bundles, by sitting and centre."""

    def expected(self, bundle_hash: bytes, digest: bytes) -> int | None:
        """The size of a piece of evidence that a stored bundle names."""

    def missing(self, bundle_hash: bytes) -> tuple[bytes, ...]:
        """The evidence of a stored bundle that has not arrived."""

    def keep_evidence(self, bundle_hash: bytes, digest: bytes, data: bytes) -> None: ...

    def evidence(self, digest: bytes) -> bytes: ...

    def keep_anchors(self, bundle_hash: bytes, count: int, data: bytes) -> None:
        """Keep a stored bundle's anchors; fewer do not replace more."""

    def anchors(self, bundle_hash: bytes) -> bytes | None: ...

    def keep_record(
        self,
        sitting: bytes,
        machine: bytes,
        number: int,
        received_s: int,
        record: bytes,
        enrolment: bytes,
    ) -> None:
        """Keep a hall's record of a sitting, sealed; the first of each number stands."""

    def records(self) -> list[tuple[bytes, bytes]]:
        """Every record of a sitting with the enrolment of its hall, in the order they came."""

    def keep_sheaf(self, machine: bytes, sheaf: bytes, enrolment: bytes) -> bool:
        """Keep a hall's sheaf of surveys, once; false where there are too many of that hall."""

    def sheaves(self) -> list[tuple[bytes, bytes]]:
        """Every sheaf of surveys with the enrolment of its hall."""

    def publish_correction(self, correction: Correction, data: bytes) -> bool:
        """Keep a verified correction for the halls; whether it is here now."""

    def corrections(self, package_hash: bytes) -> tuple[bytes, ...]:
        """The signed corrections of a package, in the order they were made."""

    def keep_report(self, report: Report) -> bool:
        """Keep a sealed report of a question; whether it is here now."""

    def reports(self) -> list[Report]:
        """Every report of a question, in the order they came."""

    def keep_erasure(
        self, sitting: bytes, machine: bytes, received_s: int, statement: bytes, enrolment: bytes
    ) -> None:
        """Keep a machine's statement of erasure; the first about a sitting stands."""

    def log(self, entry: bytes) -> int:
        """Append *entry* to the log; return its number."""

    def log_once(self, entry: bytes) -> int:
        """As :meth:`log`; an entry that is there already keeps its number."""

    def log_heads(
        self, hall: bytes, digest: bytes, entry: bytes, received_s: int, pause_s: int
    ) -> tuple[int, int] | None:
        """Append a hall's root of heads: its number, and when it was received.

        *digest* is that of its statement: the hall's last one again keeps its entry. None,
        and nothing is done, when another was received less than *pause_s* before.
        """

    def tile(self, place: Place) -> bytes:
        """A tile or entry bundle of the log, as far as it is there."""

    def size(self) -> int:
        """The number of entries in the log."""

    def overdue(self, before_s: int) -> int:
        """How many bundles received before then are under no checkpoint."""

    def add_checkpoint(self, size: int, text: str) -> None: ...

    def checkpoint(self) -> tuple[int, str] | None:
        """The newest signed checkpoint: its tree size and text."""

    def refused(self) -> list[Refused]: ...

    def counts(self) -> dict[str, int]:
        """Figures for the status report, by name."""

    def close(self) -> None: ...


class SqliteStorage:
    """:class:`Storage` in one SQLite file, with evidence in a directory beside it."""

    def __init__(self, database: Path, evidence: Path) -> None:
        """Open or create both. Raises :class:`~sync.holder.store.StoreError`."""
        self._store = Store(
            database,
            _SCHEMA
            + log_store.SCHEMA
            + survey_store.SCHEMA
            + report_store.SCHEMA
            + correction_store.SCHEMA,
        )
        self._evidence = evidence

    def close(self) -> None:
        self._store.close()

    def __enter__(self) -> SqliteStorage:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    # --- Before the commit ---

    def offer(self, bundle_hash: bytes, station: bytes, offer: bytes) -> None:
        def work(db: apsw.Connection) -> None:
            db.execute(
                "INSERT INTO offer VALUES (?, ?, ?) ON CONFLICT (bundle_hash) "
                "DO UPDATE SET offer = excluded.offer",
                (bundle_hash, station, offer),
            )

        self._store.write(work)

    def offered(self, bundle_hash: bytes) -> bytes | None:
        return self._one("SELECT offer FROM offer WHERE bundle_hash = ?", bundle_hash)

    def offers(self, station: bytes) -> int:
        row = self._row("SELECT count(*) FROM offer WHERE station = ?", station)
        return 0 if row is None else int(row[0])

    def stage(self, bundle_hash: bytes, digest: bytes, chunk: bytes) -> None:
        def work(db: apsw.Connection) -> None:
            db.execute(
                "INSERT INTO chunk SELECT bundle_hash, ?2, ?3 FROM offer WHERE bundle_hash = ?1 "
                "ON CONFLICT DO NOTHING",
                (bundle_hash, digest, chunk),
            )

        self._store.write(work)

    def staged(self, bundle_hash: bytes) -> dict[bytes, bytes]:
        return dict(self._rows("SELECT digest, data FROM chunk WHERE bundle_hash = ?", bundle_hash))

    # --- The commit ---

    def accept(
        self,
        bundle: Accepted,
        received_s: int,
        compare: Callable[[list[Standing]], None],
        receipt: Callable[[int], bytes],
    ) -> bytes:
        def work(db: apsw.Connection) -> bytes:
            found = db.execute(
                "SELECT receipt FROM bundle WHERE bundle_hash = ?", (bundle.bundle_hash,)
            ).get
            if found is not None:
                return bytes(found)
            compare(_standing(db, bundle.blind_id))
            number = log_store.append(db, bundle_entry(bundle.bundle_hash))
            made = receipt(number)
            db.execute(
                "INSERT INTO bundle VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    bundle.bundle_hash,
                    bundle.sitting,
                    bundle.centre,
                    bundle.station,
                    bundle.blind_id,
                    bundle.package_hash,
                    bundle.head,
                    bundle.frames,
                    received_s,
                    number,
                    bundle.offer,
                    bundle.answers,
                    made,
                ),
            )
            db.executemany(
                "INSERT INTO evidence VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING",
                ((bundle.bundle_hash, digest, size) for digest, size in bundle.evidence),
            )
            _drop_offer(db, bundle.bundle_hash)
            return made

        return self._store.write(work)

    def refuse(
        self, bundle_hash: bytes, reason: str, seen_s: int, offer: bytes, answers: bytes
    ) -> None:
        def work(db: apsw.Connection) -> None:
            db.execute(
                "INSERT INTO refused (bundle_hash, reason, seen_s, offer, answers) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (bundle_hash, reason, seen_s, offer, answers),
            )
            db.execute(
                "DELETE FROM refused WHERE number IN (SELECT number FROM (SELECT number, "
                "row_number() OVER newest AS place, "
                "sum(length(offer) + length(answers)) OVER newest AS bytes FROM refused "
                "WINDOW newest AS (ORDER BY number DESC)) WHERE place > ? OR bytes > ?)",
                (MAX_REFUSED, MAX_REFUSED_BYTES),
            )
            _drop_offer(db, bundle_hash)

        self._store.write(work)

    # --- What is stored ---

    def receipt(self, bundle_hash: bytes) -> bytes | None:
        return self._one("SELECT receipt FROM bundle WHERE bundle_hash = ?", bundle_hash)

    def bundle(self, bundle_hash: bytes) -> Accepted | None:
        row = self._row(
            "SELECT bundle_hash, sitting, centre, station, blind_id, package_hash, head, frames, "
            "offer, answers FROM bundle WHERE bundle_hash = ?",
            bundle_hash,
        )
        if row is None:
            return None
        evidence = self._rows(
            "SELECT digest, size FROM evidence WHERE bundle_hash = ? ORDER BY digest", bundle_hash
        )
        names = (each.name for each in fields(Accepted))
        return Accepted(**dict(zip(names, (*row, tuple(evidence)), strict=True)))

    def bundles(self) -> list[bytes]:
        rows = self._rows("SELECT bundle_hash FROM bundle ORDER BY sitting, centre, bundle_hash")
        return [row[0] for row in rows]

    # --- Evidence ---

    def expected(self, bundle_hash: bytes, digest: bytes) -> int | None:
        row = self._row(
            "SELECT size FROM evidence WHERE bundle_hash = ? AND digest = ?", bundle_hash, digest
        )
        return None if row is None else int(row[0])

    def missing(self, bundle_hash: bytes) -> tuple[bytes, ...]:
        rows = self._rows(
            "SELECT digest FROM evidence WHERE bundle_hash = ? AND held = 0 ORDER BY digest",
            bundle_hash,
        )
        return tuple(row[0] for row in rows)

    def keep_evidence(self, bundle_hash: bytes, digest: bytes, data: bytes) -> None:
        path = self._path(digest)
        make_directory(path.parent, 0o700)
        write_durably(path, data, mode=0o600)

        def work(db: apsw.Connection) -> None:
            db.execute(
                "UPDATE evidence SET held = 1 WHERE bundle_hash = ? AND digest = ?",
                (bundle_hash, digest),
            )

        self._store.write(work)

    def evidence(self, digest: bytes) -> bytes:
        return self._path(digest).read_bytes()

    def _path(self, digest: bytes) -> Path:
        name = digest.hex()
        return self._evidence / name[:2] / name

    def keep_anchors(self, bundle_hash: bytes, count: int, data: bytes) -> None:
        def work(db: apsw.Connection) -> None:
            db.execute(
                "INSERT INTO anchors VALUES (?1, ?2, ?3) ON CONFLICT (bundle_hash)"
                " DO UPDATE SET count = ?2, data = ?3 WHERE ?2 > count",
                (bundle_hash, count, data),
            )

        self._store.write(work)

    def anchors(self, bundle_hash: bytes) -> bytes | None:
        return self._one("SELECT data FROM anchors WHERE bundle_hash = ?", bundle_hash)

    def keep_record(
        self,
        sitting: bytes,
        machine: bytes,
        number: int,
        received_s: int,
        record: bytes,
        enrolment: bytes,
    ) -> None:
        def work(db: apsw.Connection) -> None:
            db.execute(
                "INSERT INTO record SELECT ?1, ?2, ?3, ?4, ?5, ?6"
                " WHERE (SELECT count(*) FROM record WHERE machine = ?2) < ?7"
                " ON CONFLICT DO NOTHING",
                (sitting, machine, number, received_s, record, enrolment, MAX_RECORDS),
            )

        self._store.write(work)

    def records(self) -> list[tuple[bytes, bytes]]:
        found = self._rows(
            "SELECT record, enrolment FROM record ORDER BY received_s, machine, sitting, number"
        )
        return [(bytes(record), bytes(enrolment)) for record, enrolment in found]

    def keep_sheaf(self, machine: bytes, sheaf: bytes, enrolment: bytes) -> bool:
        return self._store.write(lambda db: survey_store.keep(db, machine, sheaf, enrolment))

    def sheaves(self) -> list[tuple[bytes, bytes]]:
        found = self._rows("SELECT sheaf, enrolment FROM survey_sheaf ORDER BY id")
        return [(bytes(sheaf), bytes(enrolment)) for sheaf, enrolment in found]

    def publish_correction(self, correction: Correction, data: bytes) -> bool:
        return self._store.write(lambda db: correction_store.publish(db, correction, data))

    def corrections(self, package_hash: bytes) -> tuple[bytes, ...]:
        with self._store.reading() as db:
            return correction_store.corrections(db, package_hash)

    def keep_report(self, report: Report) -> bool:
        return self._store.write(lambda db: report_store.keep(db, report))

    def reports(self) -> list[Report]:
        with self._store.reading() as db:
            return report_store.reports(db)

    def keep_erasure(
        self, sitting: bytes, machine: bytes, received_s: int, statement: bytes, enrolment: bytes
    ) -> None:
        def work(db: apsw.Connection) -> None:
            db.execute(
                "INSERT INTO erasure SELECT ?1, ?2, ?3, ?4, ?5"
                " WHERE (SELECT count(*) FROM erasure WHERE machine = ?2) < ?6"
                " ON CONFLICT DO NOTHING",
                (sitting, machine, received_s, statement, enrolment, MAX_ERASURES),
            )

        self._store.write(work)

    # --- The log ---

    def log(self, entry: bytes) -> int:
        return self._store.write(lambda db: log_store.append(db, entry))

    def log_once(self, entry: bytes) -> int:
        def work(db: apsw.Connection) -> int:
            there = db.execute("SELECT number FROM leaf WHERE hash = ?", (leaf_hash(entry),)).get
            return log_store.append(db, entry) if there is None else int(there)

        return self._store.write(work)

    def log_heads(
        self, hall: bytes, digest: bytes, entry: bytes, received_s: int, pause_s: int
    ) -> tuple[int, int] | None:
        def work(db: apsw.Connection) -> tuple[int, int] | None:
            last = db.execute(
                "SELECT digest, leaf, received_s FROM heads WHERE hall = ?", (hall,)
            ).fetchone()
            if last is not None and last[0] == digest:
                return int(last[1]), int(last[2])
            if last is not None and 0 <= received_s - last[2] < pause_s:
                return None
            number = log_store.append(db, entry)
            db.execute(
                "INSERT OR REPLACE INTO heads VALUES (?, ?, ?, ?)",
                (hall, digest, number, received_s),
            )
            return number, received_s

        return self._store.write(work)

    def tile(self, place: Place) -> bytes:
        with self._store.reading() as db:
            return log_store.tile(db, place)

    def size(self) -> int:
        with self._store.reading() as db:
            return log_store.size(db)

    def overdue(self, before_s: int) -> int:
        with self._store.reading() as db:
            return int(
                db.execute(
                    "SELECT count(*) FROM bundle WHERE received_s < ?"
                    " AND leaf >= (SELECT ifnull(max(size), 0) FROM checkpoint)",
                    (before_s,),
                ).get
            )

    def add_checkpoint(self, size: int, text: str) -> None:
        def work(db: apsw.Connection) -> None:
            db.execute("INSERT INTO checkpoint VALUES (?, ?) ON CONFLICT DO NOTHING", (size, text))

        self._store.write(work)

    def checkpoint(self) -> tuple[int, str] | None:
        row = self._row("SELECT size, text FROM checkpoint ORDER BY size DESC LIMIT 1")
        return None if row is None else (row[0], row[1])

    # --- For people ---

    def refused(self) -> list[Refused]:
        rows = self._rows("SELECT bundle_hash, reason, seen_s FROM refused ORDER BY number")
        return [Refused(*row) for row in rows]

    def counts(self) -> dict[str, int]:
        with self._store.reading() as db:
            return {name: int(db.execute(query).get) for name, query in _COUNTS.items()}

    def _rows(self, query: str, *bound: bytes | int) -> list[tuple[Any, ...]]:
        with self._store.reading() as db:
            return list(db.execute(query, bound))

    def _row(self, query: str, *bound: bytes | int) -> tuple[Any, ...] | None:
        return next(iter(self._rows(query, *bound)), None)

    def _one(self, query: str, key: bytes) -> bytes | None:
        row = self._row(query, key)
        return None if row is None else bytes(row[0])


def _standing(db: apsw.Connection, blind_id: bytes) -> list[Standing]:
    rows = db.execute(
        "SELECT bundle_hash, head, frames, answers FROM bundle WHERE blind_id = ?", (blind_id,)
    )
    return [Standing(*row) for row in rows]


def _drop_offer(db: apsw.Connection, bundle_hash: bytes) -> None:
    db.execute("DELETE FROM chunk WHERE bundle_hash = ?", (bundle_hash,))
    db.execute("DELETE FROM offer WHERE bundle_hash = ?", (bundle_hash,))
