"""The log in the intake's database: entries in order, and the roots of full tiles.

An entry and the hashes that it completes are rows of one transaction, and so are what the
entry is about and its receipt. There is no moment at which a kill or a power cut could
leave an entry without its place in the tree. A tile is a run of rows: nothing of the tree
is computed twice, and one entry in 256 costs one tile more.

The functions run inside a transaction of :class:`~sync.holder.store.Store`.
"""

from __future__ import annotations

from typing import Final

import apsw

from exam_packages.sealing.log import Tree, leaf_hash
from exam_packages.sealing.tiles import ENTRIES, WIDTH, Place, join_entries

__all__ = [
    "SCHEMA",
    "add_checkpoint",
    "append",
    "append_heads",
    "append_once",
    "checkpoint",
    "size",
    "tile",
]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS leaf (
    number INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    entry BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS node (              -- the root of each full tile of the level below
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoint (
    size INTEGER PRIMARY KEY,
    text TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS heads (             -- the last root of heads of each hall
    hall BLOB PRIMARY KEY,
    digest BLOB NOT NULL,
    leaf INTEGER NOT NULL,
    received_s INTEGER NOT NULL
);
"""


def size(db: apsw.Connection) -> int:
    """The number of entries in the log."""
    return int(db.execute("SELECT ifnull(max(number) + 1, 0) FROM leaf").get)


def append(db: apsw.Connection, entry: bytes) -> int:
    """Append *entry*, and the root of every tile that it fills; return its number."""
    number = size(db)
    db.execute("INSERT INTO leaf VALUES (?, ?, ?)", (number, leaf_hash(entry), entry))
    level, index = 0, number
    while (index + 1) % WIDTH == 0:
        index //= WIDTH
        root = Tree(_hashes(db, Place(level, index, WIDTH))).root()
        level += 1
        db.execute("INSERT INTO node VALUES (?, ?, ?)", (level, index, root))
    return number


def append_once(db: apsw.Connection, entry: bytes) -> int:
    """As :func:`append`; an entry that is there already keeps its number."""
    there = db.execute("SELECT number FROM leaf WHERE hash = ?", (leaf_hash(entry),)).get
    return append(db, entry) if there is None else int(there)


def append_heads(
    db: apsw.Connection, hall: bytes, digest: bytes, entry: bytes, received_s: int, pause_s: int
) -> tuple[int, int] | None:
    """Append a hall's root of heads: its number, and when it was received; see
    :meth:`~sync.intake.storage.Storage.log_heads`."""
    last = db.execute(
        "SELECT digest, leaf, received_s FROM heads WHERE hall = ?", (hall,)
    ).fetchone()
    if last is not None and last[0] == digest:
        return int(last[1]), int(last[2])
    if last is not None and 0 <= received_s - last[2] < pause_s:
        return None
    number = append(db, entry)
    db.execute(
        "INSERT OR REPLACE INTO heads VALUES (?, ?, ?, ?)", (hall, digest, number, received_s)
    )
    return number, received_s


def add_checkpoint(db: apsw.Connection, size: int, text: str) -> None:
    """Keep a signed checkpoint; the first of each size stands."""
    db.execute("INSERT INTO checkpoint VALUES (?, ?) ON CONFLICT DO NOTHING", (size, text))


def checkpoint(db: apsw.Connection) -> tuple[int, str] | None:
    """The newest signed checkpoint: its tree size and text."""
    row = db.execute("SELECT size, text FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    return None if row is None else (row[0], row[1])


def tile(db: apsw.Connection, place: Place) -> bytes:
    """The bytes of a tile or an entry bundle; fewer than its width when it is not there."""
    first = place.number * WIDTH
    if place.level == ENTRIES:
        rows = db.execute(
            "SELECT entry FROM leaf WHERE number >= ? AND number < ? ORDER BY number",
            (first, first + place.width),
        )
        return join_entries([bytes(entry) for (entry,) in rows])
    return b"".join(_hashes(db, place))


def _hashes(db: apsw.Connection, place: Place) -> list[bytes]:
    first = place.number * WIDTH
    end = first + place.width
    if place.level == 0:
        rows = db.execute(
            "SELECT hash FROM leaf WHERE number >= ? AND number < ? ORDER BY number", (first, end)
        )
    else:
        rows = db.execute(
            "SELECT hash FROM node WHERE level = ? AND number >= ? AND number < ? ORDER BY number",
            (place.level, first, end),
        )
    return [bytes(value) for (value,) in rows]
