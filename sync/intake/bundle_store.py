"""Bundles in the intake's database: offered, then accepted or refused; and their evidence.

A chunk is kept for an offered bundle alone, and goes with the offer. Keys start with sitting
and centre where order matters, so that the same tables can be partitioned by sitting in a
larger engine.

The functions run inside a transaction of :class:`~sync.holder.store.Store`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Final

import apsw

from exam_packages.sealing.log_entry import bundle_entry
from sync.intake import log_store
from sync.intake.storage import Accepted, Refused, Standing

__all__ = [
    "MAX_REFUSED",
    "MAX_REFUSED_BYTES",
    "SCHEMA",
    "accept",
    "anchors",
    "bundle",
    "bundles",
    "expected",
    "hold",
    "keep_anchors",
    "missing",
    "offer",
    "offered",
    "offers",
    "overdue",
    "receipt_of",
    "refuse",
    "refused",
    "stage",
    "staged",
]

MAX_REFUSED: Final = 1000
MAX_REFUSED_BYTES: Final = 1024 * 1024 * 1024
"""Refused bundles, and their bytes, kept for inspection; the oldest give way."""

SCHEMA: Final = """
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
"""

# --- Before the commit ---


def offer(db: apsw.Connection, bundle_hash: bytes, station: bytes, offer: bytes) -> None:
    """Keep an offer of a station; the latest one of a bundle counts."""
    db.execute(
        "INSERT INTO offer VALUES (?, ?, ?) ON CONFLICT (bundle_hash) "
        "DO UPDATE SET offer = excluded.offer",
        (bundle_hash, station, offer),
    )


def offered(db: apsw.Connection, bundle_hash: bytes) -> bytes | None:
    """The offer of a bundle that is neither accepted nor refused yet."""
    found = db.execute("SELECT offer FROM offer WHERE bundle_hash = ?", (bundle_hash,)).get
    return None if found is None else bytes(found)


def offers(db: apsw.Connection, station: bytes) -> int:
    """How many bundles of the station are offered but not committed."""
    return int(db.execute("SELECT count(*) FROM offer WHERE station = ?", (station,)).get)


def stage(db: apsw.Connection, bundle_hash: bytes, digest: bytes, chunk: bytes) -> None:
    """Keep a chunk of an offered bundle; nothing happens when it is not offered."""
    db.execute(
        "INSERT INTO chunk SELECT bundle_hash, ?2, ?3 FROM offer WHERE bundle_hash = ?1 "
        "ON CONFLICT DO NOTHING",
        (bundle_hash, digest, chunk),
    )


def staged(db: apsw.Connection, bundle_hash: bytes) -> dict[bytes, bytes]:
    """The chunks held for an offered bundle, by digest."""
    return dict(db.execute("SELECT digest, data FROM chunk WHERE bundle_hash = ?", (bundle_hash,)))


def _drop_offer(db: apsw.Connection, bundle_hash: bytes) -> None:
    db.execute("DELETE FROM chunk WHERE bundle_hash = ?", (bundle_hash,))
    db.execute("DELETE FROM offer WHERE bundle_hash = ?", (bundle_hash,))


# --- The commit ---


def accept(
    db: apsw.Connection,
    bundle: Accepted,
    received_s: int,
    compare: Callable[[list[Standing]], None],
    receipt: Callable[[int], bytes],
) -> bytes:
    """Keep *bundle*, its leaf and its receipt, which is returned; see
    :meth:`~sync.intake.storage.Storage.accept`."""
    found = receipt_of(db, bundle.bundle_hash)
    if found is not None:
        return found
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


def _standing(db: apsw.Connection, blind_id: bytes) -> list[Standing]:
    rows = db.execute(
        "SELECT bundle_hash, head, frames, answers FROM bundle WHERE blind_id = ?", (blind_id,)
    )
    return [Standing(*row) for row in rows]


def refuse(
    db: apsw.Connection, bundle_hash: bytes, reason: str, seen_s: int, offer: bytes, answers: bytes
) -> None:
    """Keep a refused bundle for inspection, and drop what was staged of it."""
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


# --- What is stored ---


def receipt_of(db: apsw.Connection, bundle_hash: bytes) -> bytes | None:
    """The receipt of a stored bundle."""
    found = db.execute("SELECT receipt FROM bundle WHERE bundle_hash = ?", (bundle_hash,)).get
    return None if found is None else bytes(found)


def bundle(db: apsw.Connection, bundle_hash: bytes) -> Accepted | None:
    """A stored bundle."""
    row = db.execute(
        "SELECT bundle_hash, sitting, centre, station, blind_id, package_hash, head, frames, "
        "offer, answers FROM bundle WHERE bundle_hash = ?",
        (bundle_hash,),
    ).fetchone()
    if row is None:
        return None
    evidence = db.execute(
        "SELECT digest, size FROM evidence WHERE bundle_hash = ? ORDER BY digest", (bundle_hash,)
    )
    names = (each.name for each in fields(Accepted))
    return Accepted(**dict(zip(names, (*row, tuple(evidence)), strict=True)))


def bundles(db: apsw.Connection) -> list[bytes]:
    """The hashes of all stored bundles, by sitting and centre."""
    rows = db.execute("SELECT bundle_hash FROM bundle ORDER BY sitting, centre, bundle_hash")
    return [found for (found,) in rows]


def overdue(db: apsw.Connection, before_s: int) -> int:
    """How many bundles received before then are under no checkpoint."""
    return int(
        db.execute(
            "SELECT count(*) FROM bundle WHERE received_s < ?"
            " AND leaf >= (SELECT ifnull(max(size), 0) FROM checkpoint)",
            (before_s,),
        ).get
    )


def refused(db: apsw.Connection) -> list[Refused]:
    """The refused bundles that are kept, the oldest first."""
    rows = db.execute("SELECT bundle_hash, reason, seen_s FROM refused ORDER BY number")
    return [Refused(*row) for row in rows]


# --- Evidence ---


def expected(db: apsw.Connection, bundle_hash: bytes, digest: bytes) -> int | None:
    """The size of a piece of evidence that a stored bundle names."""
    found = db.execute(
        "SELECT size FROM evidence WHERE bundle_hash = ? AND digest = ?", (bundle_hash, digest)
    ).get
    return None if found is None else int(found)


def missing(db: apsw.Connection, bundle_hash: bytes) -> tuple[bytes, ...]:
    """The evidence of a stored bundle that has not arrived."""
    rows = db.execute(
        "SELECT digest FROM evidence WHERE bundle_hash = ? AND held = 0 ORDER BY digest",
        (bundle_hash,),
    )
    return tuple(digest for (digest,) in rows)


def hold(db: apsw.Connection, bundle_hash: bytes, digest: bytes) -> None:
    """Note that a piece of evidence is here."""
    db.execute(
        "UPDATE evidence SET held = 1 WHERE bundle_hash = ? AND digest = ?", (bundle_hash, digest)
    )


def keep_anchors(db: apsw.Connection, bundle_hash: bytes, count: int, data: bytes) -> None:
    """Keep a stored bundle's anchors; fewer do not replace more."""
    db.execute(
        "INSERT INTO anchors VALUES (?1, ?2, ?3) ON CONFLICT (bundle_hash)"
        " DO UPDATE SET count = ?2, data = ?3 WHERE ?2 > count",
        (bundle_hash, count, data),
    )


def anchors(db: apsw.Connection, bundle_hash: bytes) -> bytes | None:
    """The anchors of a stored bundle."""
    found = db.execute("SELECT data FROM anchors WHERE bundle_hash = ?", (bundle_hash,)).get
    return None if found is None else bytes(found)
