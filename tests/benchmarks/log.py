"""What the log costs, beside bare SHA-256 of as many nodes.

    python tests/benchmarks/log.py [ENTRIES]

Entries are appended in one transaction a thousand (100,000 unless told otherwise); then
proofs are made from the database's tiles, verified, tiles read, and a root of heads made and
looked up as a hall of 1,000 stations does each minute. *Bare* hashes as many nodes of 65
bytes as each of these must at least (one for an entry's leaf and one for its node; two of
each level for a proof of growth that is verified; one of each level for a place).
"""

from __future__ import annotations

import hashlib
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from exam_packages.sealing.heads import Head, Heads, heads_tree, sign_heads
from exam_packages.sealing.log import (
    Checkpoint,
    verify_consistency,
    verify_inclusion,
)
from exam_packages.sealing.log_entry import bundle_entry
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.tiles import Place, Tiles, TileTree
from sync.holder.store import Store
from sync.intake import log_store
from sync.intake.sqlite_storage import SqliteStorage

SECONDS = 1.0
STATIONS = 1000


def per_second(work: Callable[[], object]) -> float:
    """How often *work* is done in a second of this thread's processor time."""
    work()
    start, count = time.thread_time(), 0
    while (took := time.thread_time() - start) < SECONDS:
        work()
        count += 1
    return count / took


def bare(nodes: float) -> float:
    """How often so many nodes are hashed in a second, by the library alone."""
    node = b"\x01" + bytes(64)

    def work() -> None:
        for _ in range(1000):
            hashlib.sha256(node).digest()

    return 1000 * per_second(work) / nodes


def say(what: str, rate: float, ceiling: float) -> None:
    print(f"{what:<52} {rate:>12,.0f}/s   bare {ceiling:>12,.0f}/s   {rate / ceiling:.3f}")


def appended(directory: Path, count: int) -> float:
    store = Store(directory / "log.sqlite", log_store.SCHEMA)
    entries = [bundle_entry(hashlib.sha256(b"%d" % number).digest()) for number in range(count)]
    start = time.perf_counter()
    for first in range(0, count, 1000):
        group = entries[first : first + 1000]
        store.write(lambda db, group=group: [log_store.append(db, each) for each in group])  # type: ignore[misc]
    took = time.perf_counter() - start
    store.close()
    return count / took


def main(count: int) -> None:
    chance = random.Random(5)  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        say(f"append {count:,} entries", appended(directory, count), bare(2))
        with SqliteStorage(directory / "log.sqlite", directory) as storage:
            plain = Tiles(count, storage.tile)
            root, levels = plain.root(), (count - 1).bit_length()
            head = Checkpoint("log", count, root)
            tree = TileTree(head, storage.tile)

            def opened() -> None:
                TileTree(head, storage.tile)

            def place() -> None:
                tree.inclusion(chance.randrange(count))

            def growth() -> None:
                tree.consistency(chance.randrange(1, count))

            index = count // 3
            path, leaf = tree.inclusion(index), tree.node(0, index)
            old = count // 2 + 1
            grown, old_root = tree.consistency(old), tree.root(old)
            say("a checkpoint's tiles compared (once for each)", per_second(opened), bare(levels))
            say("place of a random entry, proven", per_second(place), bare(levels))
            say("growth from a random size, proven", per_second(growth), bare(levels))
            say(
                "place verified",
                per_second(lambda: verify_inclusion(leaf, index, count, path, root)),
                bare(len(path)),
            )
            say(
                "growth verified",
                per_second(lambda: verify_consistency(old, old_root, count, root, grown)),
                bare(2 * len(grown)),
            )
            tiles = count // 256

            def tile() -> None:
                storage.tile(Place(0, chance.randrange(tiles), 256))

            def audited() -> None:
                tree.entries(chance.randrange(tiles))

            say("tile of 256 hashes read", per_second(tile), bare(256))
            say("bundle of 256 entries verified", per_second(audited), bare(512))
    heads = [Head(number.to_bytes(16, "big"), 1, 500, bytes(32)) for number in range(STATIONS)]
    key = SigningKey(bytes(32))

    def minute() -> None:
        made = heads_tree(heads)
        sign_heads(Heads(made.root(), len(heads), key.key_id, 5), key)

    say(f"root of {STATIONS:,} heads, signed", per_second(minute), bare(2 * STATIONS))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
