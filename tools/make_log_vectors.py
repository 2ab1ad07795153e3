"""Make the test vectors of the log, in tests/vectors/log: proofs, tiles, anchors.

``python tools/make_log_vectors.py DIR VECTORS`` writes into a new directory what belongs to
the attempt in VECTORS. What is published is never edited: see ``tools/make_vectors.py``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from vectors.body import BLIND_ID, START_S, Body, sha256

from exam_packages.sealing.heads import Anchor, Head, Heads, heads_tree, sign_heads, write_anchors
from exam_packages.sealing.journal import Compartment, Frame, epoch_header, genesis, split_frames
from exam_packages.sealing.log import Tree, checkpoint_body, leaf_hash, sign_checkpoint
from exam_packages.sealing.log_entry import bundle_entry, heads_entry, log_entry
from exam_packages.sealing.log_files import LogDirectory
from exam_packages.sealing.log_proof import log_origin, verify_checkpoint, write_growth, write_proof
from exam_packages.sealing.tiles import ENTRIES, WIDTH, Place, join_entries
from exam_packages.sealing.trust import Trust

SIZES = (200, 300)
PLACE = 3
ROOTS = ((100, 5), (299, 9))
"""Entry in the log, and how far the attempt had come."""


def heads_of(journal: bytes) -> list[Head]:
    """The attempt's head after each of its frames."""
    found, head, epoch = [], genesis(BLIND_ID), 0
    for data in split_frames(journal):
        frame = Frame.parse(data)
        if frame.compartment is Compartment.HEADER:
            epoch = epoch_header(data).context.epoch
        head = frame.head_after(head)
        found.append(Head(BLIND_ID, epoch, frame.sequence, head))
    return found


def make(out: Path, vectors: Path) -> None:
    body = Body()
    trust = Trust.first((vectors / "root-1.trust").read_bytes(), pinned=None)
    facts = json.loads((vectors / "manifest.json").read_bytes())
    bundle = bytes.fromhex(facts["bundle"]["hash"])
    own = heads_of((vectors / "attempt.journal").read_bytes())
    entries = [log_entry("vector", number.to_bytes(4, "big")) for number in range(SIZES[1])]
    entries[PLACE] = bundle_entry(bundle)
    anchors = []
    for place, sequence in ROOTS:
        others = [Head(bytes([n]) * 16, 1, 10 + n, bytes([n]) * 32) for n in (1, 0x11, 0x55, 0xEE)]
        heads = sorted([own[sequence - 1], *others])
        tree, index = heads_tree(heads), heads.index(own[sequence - 1])
        time_s = START_S + 60 * place
        key = body.hall.signing
        statement = sign_heads(Heads(tree.root(), len(heads), key.key_id, time_s), key)
        entries[place] = heads_entry(statement, time_s + 2)
        head = own[sequence - 1]
        anchors.append(
            Anchor(
                head.epoch, head.sequence, head.head, index, tree.inclusion(index), statement,
                time_s + 2, "",
            )
        )  # fmt: skip

    tree = Tree(leaf_hash(entry) for entry in entries)
    texts = [
        sign_checkpoint(checkpoint_body(log_origin(trust), size, tree.root(size)), body.checkpoint)
        for size in SIZES
    ]

    def tile(place: Place) -> bytes:
        span = range(place.number * WIDTH, place.number * WIDTH + place.width)
        if place.level == ENTRIES:
            return join_entries([entries[number] for number in span])
        return b"".join(tree.node(8 * place.level, number) for number in span)

    LogDirectory(out).write(verify_checkpoint(texts[1], trust), texts[1], tile)
    proven = [
        Anchor(
            each.epoch, each.sequence, each.head, each.index, each.path, each.statement,
            each.received_s, write_proof(place, tree.inclusion(place), texts[1]),
        )
        for each, (place, _) in zip(anchors, ROOTS, strict=True)
    ]  # fmt: skip
    files = {
        "older.checkpoint": texts[0].encode(),
        "growth": write_growth(SIZES[0], tree.consistency(SIZES[0]), texts[1]).encode(),
        "attempt.tlog-proof": write_proof(PLACE, tree.inclusion(PLACE), texts[1]).encode(),
        "attempt.anchors": write_anchors(BLIND_ID, proven),
    }
    for name, data in files.items():
        (out / name).write_bytes(data)
    found = {
        str(path.relative_to(out)): sha256(path.read_bytes())
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }
    told = {
        "about": "Made by tools/make_log_vectors.py. Never edited.",
        "files": found,
        "origin": log_origin(trust),
        "sizes": SIZES,
        "roots": [tree.root(size).hex() for size in SIZES],
        "place": PLACE,
        "anchored": [
            {"entry": place, "sequence": sequence, "received": START_S + 60 * place + 2}
            for place, sequence in ROOTS
        ],
    }
    text = json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True)
    (out / "manifest.json").write_text(f"{text}\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Make the test vectors of the log.")
    parser.add_argument("out", type=Path, help="a directory that does not exist yet")
    parser.add_argument("vectors", type=Path, help="the vectors with the attempt")
    given = parser.parse_args(arguments)
    if given.out.exists():
        sys.exit(f"{given.out} exists: vectors are never overwritten; choose a new directory.")
    make(given.out, given.vectors)
    print(f"The vectors of the log are in {given.out}")


if __name__ == "__main__":
    main()
