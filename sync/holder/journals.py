"""Journals as a holder keeps them: frames it cannot read, in a chain it can check.

The rules, which hold for a hall, a standby and a neighbour alike:

1. Frames are taken in order, each checked by the chain verifier, and never changed.
2. Heads are compared, never counts. What was held before may come again and must then be
   the same bytes; anything else is a *fork*: refused, kept as evidence, reported.
3. A frame that does not follow what is held is not taken: the sender is asked for what
   is missing.
4. What is acknowledged was synced before; the caller signs only after the commit.

All functions here run inside a transaction of :class:`~sync.holder.store.Store`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import apsw

from exam_packages import canon
from exam_packages.sealing.chain import ChainError, ChainFork, ChainState, extend, start
from exam_packages.sealing.journal_format import Compartment, Frame
from exam_packages.sealing.suite import VerifyKey

__all__ = ["SCHEMA", "Held", "header_frames", "held_frames", "held_state", "hold"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS journals (
    blind_id BLOB PRIMARY KEY,
    state BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS frames (
    blind_id BLOB NOT NULL REFERENCES journals,
    sequence INTEGER NOT NULL,
    header INTEGER NOT NULL,
    frame BLOB NOT NULL,
    PRIMARY KEY (blind_id, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS header_frames ON frames (blind_id, sequence) WHERE header = 1;
CREATE TABLE IF NOT EXISTS refused_frames (
    id INTEGER PRIMARY KEY,
    blind_id BLOB NOT NULL,
    station BLOB NOT NULL,
    time_ns INTEGER NOT NULL,
    why TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    head BLOB NOT NULL,
    frames BLOB NOT NULL
) STRICT;
"""

_MAX_REFUSED = 16
"""Refused batches kept per attempt: enough to judge, too few to fill the disk."""


@dataclass(frozen=True)
class Held:
    """What is held after a batch.

    ``need_after`` is the sequence after which frames are missing, or -1. ``gap`` says that
    the sender began later than anything this holder has, as if it had been acknowledged.
    ``refused`` is why nothing of the batch was taken, or ``None``.
    """

    state: ChainState
    added: int
    need_after: int
    gap: bool = False
    refused: ChainError | None = None


def held_state(connection: apsw.Connection, blind_id: bytes, package_hash: bytes) -> ChainState:
    """How far the journal of *blind_id* is held; the empty journal when nothing is."""
    row = connection.execute("SELECT state FROM journals WHERE blind_id = ?", (blind_id,))
    found = row.fetchone()
    if found is None:
        return start(blind_id, package_hash)
    state: ChainState = canon.unpack(found[0], ChainState)
    return state


def held_frames(connection: apsw.Connection, blind_id: bytes, after: int = 0) -> tuple[bytes, ...]:
    """The frames held after sequence *after*, in order."""
    rows = connection.execute(
        "SELECT frame FROM frames WHERE blind_id = ? AND sequence > ? ORDER BY sequence",
        (blind_id, after),
    )
    return tuple(frame for (frame,) in rows)


def header_frames(connection: apsw.Connection, blind_id: bytes) -> tuple[bytes, ...]:
    """The epoch headers held, in order."""
    rows = connection.execute(
        "SELECT frame FROM frames WHERE blind_id = ? AND header = 1 ORDER BY sequence", (blind_id,)
    )
    return tuple(frame for (frame,) in rows)


def hold(
    connection: apsw.Connection,
    state: ChainState,
    frames: Sequence[bytes],
    *,
    sender: bytes,
    sequence: int,
    head: bytes,
    stations: Callable[[bytes], VerifyKey | None],
    commanders: Sequence[VerifyKey],
    time_ns: int,
) -> Held:
    """Take *frames* of one journal, whose sender stands at (*sequence*, *head*).

    *state* is what :func:`held_state` gave in this transaction. All or nothing is taken.
    """
    try:
        parsed = [Frame.parse(frame) for frame in frames]
        fresh = _fresh(connection, state, parsed, frames)
        if fresh and fresh[0][0].sequence > state.sequence + 1:
            return Held(state, 0, state.sequence, gap=True)
        reached = state.sequence + len(fresh)
        after = extend(
            state,
            (frame for _, frame in fresh),
            stations,
            commanders,
            head=head if sequence == reached and sequence else None,
        )
    except ChainError as problem:
        _keep_refused(connection, state, frames, sender, sequence, head, time_ns, problem)
        return Held(state, 0, -1, refused=problem)
    if fresh:
        connection.execute(
            "INSERT INTO journals (blind_id, state) VALUES (?1, ?2) "
            "ON CONFLICT (blind_id) DO UPDATE SET state = ?2",
            (state.blind_id, canon.pack(after)),
        )
        connection.executemany(
            "INSERT INTO frames (blind_id, sequence, header, frame) VALUES (?, ?, ?, ?)",
            [
                (state.blind_id, each.sequence, each.compartment is Compartment.HEADER, frame)
                for each, frame in fresh
            ],
        )
    missing = after.sequence if sequence > after.sequence else -1
    return Held(after, len(fresh), missing)


def _fresh(
    connection: apsw.Connection,
    state: ChainState,
    parsed: Sequence[Frame],
    frames: Sequence[bytes],
) -> list[tuple[Frame, bytes]]:
    """The frames not held yet. Raises :class:`ChainFork` when a held one came changed."""
    fresh = []
    for frame, data in zip(parsed, frames, strict=True):
        if frame.sequence > state.sequence:
            fresh.append((frame, data))
            continue
        row = connection.execute(
            "SELECT frame FROM frames WHERE blind_id = ? AND sequence = ?",
            (state.blind_id, frame.sequence),
        ).fetchone()
        if row is None or row[0] != data:
            raise ChainFork(
                "Entry {sequence} of this record came a second time with other content; keep "
                "both and tell the certification body.",
                sequence=frame.sequence,
            )
    return fresh


def _keep_refused(
    connection: apsw.Connection,
    state: ChainState,
    frames: Sequence[bytes],
    sender: bytes,
    sequence: int,
    head: bytes,
    time_ns: int,
    problem: ChainError,
) -> None:
    kept = connection.execute(
        "SELECT count(*) FROM refused_frames WHERE blind_id = ?", (state.blind_id,)
    ).fetchone()
    if kept is not None and kept[0] < _MAX_REFUSED:
        connection.execute(
            "INSERT INTO refused_frames (blind_id, station, time_ns, why, sequence, head, frames)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (state.blind_id, sender, time_ns, str(problem), sequence, head, b"".join(frames)),
        )
