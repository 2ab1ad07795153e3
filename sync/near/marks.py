"""Marks that a neighbour keeps beside frames: up to where the writing station stands for them.

A batch of frames comes with a mark at its end. Marks that lie close together are thinned out, so
that few are kept and what lies between two fits into one offer.

The functions run inside a transaction of :class:`~sync.holder.store.Store`.
"""

from __future__ import annotations

from typing import Final

import apsw

__all__ = ["SCHEMA", "drop", "keep", "next_after"]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS marks (
    blind_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    span INTEGER NOT NULL,                    -- bytes of frames since the mark before
    mark BLOB NOT NULL,                       -- signed by the station
    PRIMARY KEY (blind_id, sequence)
) STRICT, WITHOUT ROWID;
"""

_SPAN: Final = 512 * 1024
"""Bytes of frames between two marks, about; a batch that is longer has one at its end."""


def keep(
    connection: apsw.Connection, blind_id: bytes, sequence: int, size: int, mark: bytes
) -> None:
    """Keep a verified mark at *sequence*, the last that is held, after *size* bytes of frames."""
    last = connection.execute(
        "SELECT sequence, span FROM marks WHERE blind_id = ? ORDER BY sequence DESC LIMIT 1",
        (blind_id,),
    ).fetchone()
    if last is not None and last[1] + size <= _SPAN:
        size += last[1]
        connection.execute(
            "DELETE FROM marks WHERE blind_id = ? AND sequence = ?", (blind_id, last[0])
        )
    connection.execute(
        "INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?)", (blind_id, sequence, size, mark)
    )


def next_after(
    connection: apsw.Connection, blind_id: bytes, after: int
) -> tuple[int, bytes] | None:
    """The first mark behind the sequence *after*: its sequence, and as it was signed."""
    row = connection.execute(
        "SELECT sequence, mark FROM marks WHERE blind_id = ? AND sequence > ? ORDER BY sequence"
        " LIMIT 1",
        (blind_id, after),
    ).fetchone()
    return None if row is None else (int(row[0]), bytes(row[1]))


def drop(connection: apsw.Connection, blind_id: bytes, after: int) -> None:
    """Forget the marks behind the sequence *after*: what they mark was set apart."""
    connection.execute("DELETE FROM marks WHERE blind_id = ? AND sequence > ?", (blind_id, after))
