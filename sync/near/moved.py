"""What a neighbour knows of exams that were moved, and what it set apart of the stations they left.

The functions run inside a transaction of :class:`~sync.holder.store.Store`; the fence itself is
:mod:`sync.holder.fencing`'s.
"""

from __future__ import annotations

from typing import Final

import apsw

from exam_packages.sealing.departures import Departures, places_digest
from sync.holder.fencing import depart, places, set_apart
from sync.holder.journals import held_state
from sync.holder.store import rows
from sync.near import marks
from sync.near.messages import MAX_ASKED, MAX_KEPT_FRAMES, Known, Late

__all__ = ["SCHEMA", "departed", "known", "late"]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS told (             -- under which authority a hall spoke last
    blind_id BLOB PRIMARY KEY,
    authority INTEGER NOT NULL
) STRICT;
"""


def known(connection: apsw.Connection) -> tuple[Known, ...]:
    """What is known of where the exams that are kept left their stations, those heard of last."""
    found = connection.execute(
        "SELECT blind_id FROM kept ORDER BY heard_s DESC LIMIT ?", (MAX_ASKED,)
    )
    kept = [bytes(blind_id) for (blind_id,) in rows(found)]
    return tuple(Known(each, places_digest(places(connection, each))) for each in kept)


def departed(connection: apsw.Connection, word: Departures, time_ns: int) -> None:
    """Fence stations where a hall says that an exam which is kept left them, and no others."""
    row = connection.execute(
        "SELECT package_hash, (SELECT authority FROM told WHERE told.blind_id = kept.blind_id)"
        " FROM kept WHERE blind_id = ?",
        (word.blind_id,),
    ).fetchone()
    if row is None or (row[1] or 0) > word.authority:
        return  # it is not kept any more, or a hall says so that commands no more
    connection.execute("INSERT OR REPLACE INTO told VALUES (?, ?)", (word.blind_id, word.authority))
    connection.execute("DELETE FROM departures WHERE blind_id = ?", (word.blind_id,))
    for left in word.places:
        depart(connection, word.blind_id, left, time_ns)
    state = set_apart(connection, held_state(connection, word.blind_id, bytes(row[0])))
    marks.drop(connection, word.blind_id, state.sequence)


def late(connection: apsw.Connection, after: int, limit: int) -> tuple[int, Late | None]:
    """Frames that were set apart, after the row *after*, of one exam and station, about *limit*
    bytes of them; and the row of the last. ``None``: there are no more."""
    found = connection.execute(
        "SELECT rowid, blind_id, station, epoch, frame FROM late_frames WHERE rowid > ?"
        " ORDER BY rowid LIMIT ?",
        (after, MAX_KEPT_FRAMES),
    )
    last, of = after, (b"", b"", 0)
    frames: list[bytes] = []
    for rowid, blind_id, station, epoch, frame in rows(found):
        limit -= len(frame)
        if frames and (limit < 0 or of != (blind_id, station, epoch)):
            break
        last, of = rowid, (bytes(blind_id), bytes(station), epoch)
        frames.append(bytes(frame))
    return last, Late(*of, tuple(frames)) if frames else None
