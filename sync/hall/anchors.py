"""What the hall keeps to show later that the body's log has its word for a head.

A root of heads is over every journal that moved since its last head under a root that the
log took; what a root covered before need not be said again. So a root a minute costs what
moved in that minute, a sitting that is over costs nothing, and whatever was not anchored
while the intake could not be reached is under the next root by itself. An older root would
add nothing then: each head stands for all the heads before it, and the log can only say
when it heard of one.

A row is written when the log has taken the root, in one transaction: a root that the hall
forgot in a crash is an entry that nobody needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import apsw

from exam_packages import canon
from exam_packages.sealing.chain import ChainState
from exam_packages.sealing.heads import MAX_HEADS, Anchor, Head, heads_tree
from exam_packages.sealing.log import Tree
from sync.holder.store import Store, rows

__all__ = [
    "SCHEMA",
    "Unproven",
    "anchors",
    "attempts",
    "keep",
    "moved",
    "prove",
    "sent",
    "unproven",
    "unsent",
]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS roots (            -- roots of heads that the log took
    number INTEGER PRIMARY KEY,
    statement BLOB NOT NULL,
    leaf INTEGER NOT NULL,
    received_s INTEGER NOT NULL,              -- by the intake's clock
    taken_ns INTEGER NOT NULL,                -- by the hall's
    proof TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS roots_unproven ON roots (leaf) WHERE proof = '';
CREATE TABLE IF NOT EXISTS anchored (         -- the heads under each
    blind_id BLOB NOT NULL REFERENCES journals,
    root INTEGER NOT NULL REFERENCES roots,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    head BLOB NOT NULL,
    PRIMARY KEY (blind_id, root)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS anchored_root ON anchored (root);
CREATE TABLE IF NOT EXISTS inclusions (       -- receipts, and their proof once it came
    bundle_hash BLOB PRIMARY KEY REFERENCES hand_ins,
    since_ns INTEGER NOT NULL,
    leaf INTEGER NOT NULL,
    proof TEXT NOT NULL DEFAULT '',
    anchors_sent INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS log_heads (        -- checkpoints seen; the newest is compared
    size INTEGER PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True)
class Unproven:
    """A root that the log took and that no proof came for yet."""

    number: int
    statement: bytes
    leaf: int
    received_s: int
    taken_ns: int


def moved(connection: apsw.Connection) -> tuple[Head, ...]:
    """The heads that are under no root yet, by blind id; at most ``MAX_HEADS``."""
    found = rows(
        connection.execute(
            "SELECT state FROM journals WHERE"
            " coalesce((SELECT max(sequence) FROM frames"
            "   WHERE frames.blind_id = journals.blind_id), 0)"
            " != coalesce((SELECT sequence FROM anchored"
            "   WHERE anchored.blind_id = journals.blind_id ORDER BY root DESC LIMIT 1), 0)"
            " ORDER BY blind_id LIMIT ?",
            (MAX_HEADS,),
        )
    )
    states: list[ChainState] = [canon.unpack(state, ChainState) for (state,) in found]
    return tuple(Head(each.blind_id, each.epoch, each.sequence, each.head) for each in states)


def keep(
    connection: apsw.Connection,
    heads: tuple[Head, ...],
    statement: bytes,
    leaf: int,
    received_s: int,
    taken_ns: int,
) -> None:
    """Keep a root that the log took, and the heads under it."""
    connection.execute(
        "INSERT INTO roots (statement, leaf, received_s, taken_ns) VALUES (?, ?, ?, ?)",
        (statement, leaf, received_s, taken_ns),
    )
    number = connection.last_insert_rowid()
    connection.executemany(
        "INSERT INTO anchored VALUES (?, ?, ?, ?, ?)",
        [(each.blind_id, number, each.epoch, each.sequence, each.head) for each in heads],
    )


def unproven(connection: apsw.Connection, below: int, most: int) -> tuple[Unproven, ...]:
    """The roots whose entries are numbered under *below* and lack their proof."""
    found = connection.execute(
        "SELECT number, statement, leaf, received_s, taken_ns FROM roots"
        " WHERE proof = '' AND leaf < ? ORDER BY leaf LIMIT ?",
        (below, most),
    )
    return tuple(Unproven(*row) for row in rows(found))


def prove(connection: apsw.Connection, number: int, proof: str) -> None:
    """Keep the verified proof of root *number*."""
    connection.execute("UPDATE roots SET proof = ? WHERE number = ?", (proof, number))


def unsent(connection: apsw.Connection, most: int) -> tuple[tuple[bytes, bytes], ...]:
    """Bundle hash and blind id of hand-ins that stand, whose anchors the body lacks: all of
    them proven, and the last entry among them."""
    found = connection.execute(
        "SELECT bundle_hash, blind_id FROM inclusions JOIN hand_ins USING (bundle_hash)"
        " WHERE anchors_sent = 0 AND proof != '' AND reopened_ns IS NULL"
        " AND (SELECT max(sequence) FROM frames WHERE frames.blind_id = hand_ins.blind_id)"
        " = (SELECT max(sequence) FROM anchored WHERE anchored.blind_id = hand_ins.blind_id)"
        " AND NOT EXISTS (SELECT 1 FROM anchored JOIN roots ON number = root"
        "   WHERE anchored.blind_id = hand_ins.blind_id AND roots.proof = '')"
        " ORDER BY leaf LIMIT ?",
        (most,),
    )
    return tuple((name, blind_id) for name, blind_id in rows(found))


def sent(connection: apsw.Connection, bundle_hash: bytes) -> None:
    """The body has the anchors of this hand-in, or will never take them."""
    connection.execute(
        "UPDATE inclusions SET anchors_sent = 1 WHERE bundle_hash = ?", (bundle_hash,)
    )


def attempts(connection: apsw.Connection) -> tuple[bytes, ...]:
    """The attempts that have anchors."""
    found = connection.execute("SELECT DISTINCT blind_id FROM anchored ORDER BY blind_id")
    return tuple(blind_id for (blind_id,) in found)


def anchors(store: Store, blind_ids: tuple[bytes, ...]) -> Iterator[tuple[Anchor, ...]]:
    """The proven anchors of each attempt, oldest first.

    The store is asked for a little at a time: trees are made while others may read.
    """

    @lru_cache(maxsize=512)
    def tree(root: int) -> tuple[Tree, dict[bytes, int]]:
        with store.reading() as connection:
            found = rows(
                connection.execute(
                    "SELECT blind_id, epoch, sequence, head FROM anchored WHERE root = ?"
                    " ORDER BY blind_id",
                    (root,),
                )
            )
        heads = [Head(*row) for row in found]
        return heads_tree(heads), {each.blind_id: index for index, each in enumerate(heads)}

    for blind_id in blind_ids:
        with store.reading() as connection:
            found = rows(
                connection.execute(
                    "SELECT root, epoch, sequence, head, statement, received_s, proof"
                    " FROM anchored JOIN roots ON number = root"
                    " WHERE blind_id = ? AND proof != '' ORDER BY root",
                    (blind_id,),
                )
            )
        made = []
        for root, epoch, sequence, head, statement, received_s, proof in found:
            hashes, places = tree(root)
            index = places[blind_id]
            path = hashes.inclusion(index)
            made.append(Anchor(epoch, sequence, head, index, path, statement, received_s, proof))
        yield tuple(made)
