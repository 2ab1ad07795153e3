"""The second reader: the log (docs/formats-journal.md), its proofs, tiles and anchors.

Proofs are checked from the definitions in RFC 6962, 2.1: what a path must look like is
derived from the sizes, not from an algorithm that walks it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from second.suite import Who, field, label, need, u64, value, verified


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two below *size*."""
    return 1 << (size - 1).bit_length() - 1


def mth(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    middle = split(len(leaves))
    return node(mth(leaves[:middle]), mth(leaves[middle:]))


def root_of(found: bytes, place: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root of a tree of *size* with the leaf hash *found* at *place*."""
    need(0 <= place < size, "no such place")
    if size == 1:
        need(not proof, "the proof is too long")
        return found
    need(proof, "the proof is too short")
    *rest, sibling = proof
    middle = split(size)
    if place < middle:
        return node(root_of(found, place, middle, rest), sibling)
    return node(sibling, root_of(found, place - middle, size - middle, rest))


def grown(old: int, old_root: bytes, size: int, proof: Sequence[bytes]) -> bytes:
    """The root of the tree of *size* that continues the one of *old*; the old root compared."""
    need(0 < old < size, "it did not grow")
    before, after = _subproof(old, size, list(proof), old_root)
    need(before == old_root, "another history")
    return after


def _subproof(old: int, size: int, proof: list[bytes], whole: bytes | None) -> tuple[bytes, bytes]:
    """The old and the new hash of a subtree: SUBPROOF of RFC 6962, read backwards."""
    if old == size:
        if whole is None:
            need(len(proof) == 1, "the proof has another length")
            return proof[0], proof[0]
        need(not proof, "the proof is too long")
        return whole, whole
    need(proof, "the proof is too short")
    *rest, last = proof
    middle = split(size)
    if old <= middle:
        before, after = _subproof(old, middle, rest, whole)
        return before, node(after, last)
    before, after = _subproof(old - middle, size - middle, rest, None)
    return node(last, before), node(last, after)


def hashes(text: str) -> list[bytes]:
    found = [base64.b64decode(line, validate=True) for line in text.splitlines()]
    need(all(len(one) == 32 for one in found), "not a hash")
    return found


def place_proof(text: str) -> tuple[int, list[bytes], str]:
    """Index, path and checkpoint of a C2SP tlog-proof."""
    head, _, note = text.partition("\n\n")
    first, index, *path = head.split("\n")
    need(first == "c2sp.org/tlog-proof@v1" and index.startswith("index "), "not a proof")
    return int(index[6:]), hashes("\n".join(path)), note


def growth_proof(text: str) -> tuple[int, list[bytes], str]:
    """Old size, path and newer checkpoint of a proof of growth."""
    head, _, note = text.partition("\n\n")
    first, *path = head.split("\n")
    need(first.startswith("old "), "not a proof of growth")
    return int(first[4:]), hashes("\n".join(path)), note


def tiles(directory: Path, size: int) -> list[bytes]:
    """All entries of the log in *directory*, every tile compared with them."""
    entries: list[bytes] = []
    for data in _level(directory, "entries", size):
        while data:
            length = int.from_bytes(data[:2], "big")
            entries.append(data[2 : 2 + length])
            need(len(data) >= 2 + length, "cut short")
            data = data[2 + length :]
    need(len(entries) == size, "not as many entries as signed")
    level, below = 0, [leaf(entry) for entry in entries]
    while below:
        need(b"".join(_level(directory, str(level), len(below))) == b"".join(below), "a tile")
        full = len(below) // 256
        below = [mth(below[256 * at : 256 * at + 256]) for at in range(full)]
        level += 1
    return entries


def _level(directory: Path, level: str, count: int) -> list[bytes]:
    found = []
    for number in range(-(-count // 256)):
        width = min(256, count - 256 * number)
        need(number < 1000, "a larger log than this reader's paths")
        name = f"tile/{level}/{number:03}" + (f".p/{width}" if width < 256 else "")
        found.append((directory / name).read_bytes())
    return found


def anchors(data: bytes, halls: Sequence[Who]) -> list[dict[str, Any]]:
    """The anchors in a file: each head under the root that a hall stated, each entry made."""
    need(data[:8] == b"EXKANCH1", "not anchors")
    blind_id, listed = value(data[8:], 2)
    found = []
    for epoch, sequence, head, index, path, statement, received, proof in listed:
        kind = "exam-kiosk/heads/v1"
        body = verified(statement, kind, halls)
        need(field(statement[len(kind) + 1 :])[0] == body, "another body")
        root, count, hall, stated = value(body, 4)
        need(hall in {who.key_id for who in halls}, "another hall")
        entry = label("heads", "head", blind_id, u64(epoch), u64(sequence), head)
        need(root_of(leaf(entry), index, count, path) == root, "not under that root")
        place, way, note = place_proof(proof)
        found.append(
            {
                "sequence": sequence,
                "head": head,
                "stated": stated,
                "received": received,
                "place": place,
                "path": way,
                "note": note,
                "entry": label("log", "heads", statement, u64(received)),
            }
        )
    return found


def read_log(
    directory: Path,
    checkpoint: Any,
    bundle_hash: bytes,
    heads: Sequence[bytes],
    halls: Sequence[Who],
) -> dict[str, Any]:
    """Everything in a directory of the log's vectors.

    *checkpoint* reads a signed head; *heads* are the attempt's, before each frame and last.
    """

    def text(name: str) -> str:
        return (directory / name).read_text(encoding="utf-8")

    told = json.loads(text("manifest.json"))
    origin, size, root = checkpoint(text("checkpoint"))
    _, old, old_root = checkpoint(text("older.checkpoint"))
    from_size, path, note = growth_proof(text("growth"))
    need((from_size, checkpoint(note)) == (old, (origin, size, root)), "between other heads")
    need(grown(old, old_root, size, path) == root, "does not continue")
    entries = tiles(directory, size)
    leaves = [leaf(entry) for entry in entries]
    need((mth(leaves), mth(leaves[:old])) == (root, old_root), "another tree")
    place, path, note = place_proof(text("attempt.tlog-proof"))
    own = label("log", "bundle", bundle_hash)
    need(checkpoint(note)[1:] == (size, root) and entries[place] == own, "another entry")
    need(root_of(leaf(own), place, size, path) == root, "not in the log")
    found = anchors((directory / "attempt.anchors").read_bytes(), halls)
    for each in found:
        need(checkpoint(each["note"])[1:] == (size, root), "under another head")
        need(root_of(leaf(each["entry"]), each["place"], size, each["path"]) == root, "not logged")
        need(entries[each["place"]] == each["entry"], "another entry")
        need(heads[each["sequence"]] == each["head"], "of another record")
    anchored = [
        {"entry": each["place"], "sequence": each["sequence"], "received": each["received"]}
        for each in found
    ]
    said = [told[name] for name in ("origin", "sizes", "roots", "place", "anchored")]
    roots = [old_root.hex(), root.hex()]
    need([origin, [old, size], roots, place, anchored] == said, "not what was written")
    return {"size": size, "entries": entries, "anchored": anchored}
