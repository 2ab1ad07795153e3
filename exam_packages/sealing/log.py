"""The log: what was received can be proved later, and nothing leaves it unseen.

A Merkle tree after RFC 6962, 2.1, over entries (:mod:`exam_packages.sealing.log_entry`);
its head travels as a *checkpoint*, the text of C2SP's tlog-checkpoint inside C2SP's signed
note. Checkpoints are signed elsewhere than the intake that appends, with a key used for
nothing else.

Two proofs make it more than a list: of *inclusion* (an entry is in the tree) and of
*consistency* (a longer tree is a shorter one continued). Both are made from whatever can
give the hashes of whole subtrees: :class:`Tree` has them in memory,
:class:`exam_packages.sealing.tiles.TileTree` in tiles.
"""

from __future__ import annotations

import base64
import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from exam_packages.sealing.suite import ED25519, SealingError, SigningKey, VerifyKey

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""The root of the tree without a leaf."""

_MAX_CHECKPOINT = 16 * 1024
_MAX_SIZE = 2**63 - 1
_ORIGIN = re.compile(r"[!-*,-~]{1,200}")  # a note's key name: no space, no plus sign
_BODY = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n")
_SIGNATURE = re.compile(r"— (\S+) (\S+)\n")


MAX_PATH: Final = 64
"""Hashes in a proof at most: a tree has fewer than 2**63 entries."""


class LogError(SealingError):
    """A proof, a checkpoint or an entry of the log is not right."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf: SHA-256 over 0x00 and the entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 over 0x01 and both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Hashes(ABC):
    """A Merkle tree, known by the hashes of its whole subtrees. Proofs come from here.

    What derives from it says how many leaves there are, and gives :meth:`node`.
    """

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def node(self, level: int, index: int) -> bytes:
        """The hash over the 2**level leaves from leaf index * 2**level on, all of them there."""

    def root(self, size: int | None = None) -> bytes:
        """The root over the first *size* leaves (all of them by default)."""
        size = self._within(size)
        return self._hash(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """The audit path of leaf *index* in the tree of the first *size* leaves.

        RFC 6962, 2.1.1: from the leaf's sibling upwards. Raises :class:`LogError` when
        there is no such leaf.
        """
        size = self._within(size)
        if not 0 <= index < size:
            raise LogError(
                "The log of {size} entries has no entry {index}.", size=size, index=index
            )
        path = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._hash(middle, end))
                end = middle
            else:
                path.append(self._hash(start, middle))
                start = middle
        return tuple(reversed(path))

    def consistency(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        """The proof that the tree of *size* leaves continues that of the first *old* ones.

        RFC 6962, 2.1.2. It is empty for *old* = 0, which every tree continues, and for
        *old* = *size*. Raises :class:`LogError` when there are not so many leaves.
        """
        size = self._within(size)
        if not 0 <= old <= size:
            raise LogError("The log of {size} entries has no first {old}.", size=size, old=old)
        if old in (0, size):
            return ()
        path = []
        start, end = 0, size
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                path.append(self._hash(middle, end))
                end = middle
            else:
                path.append(self._hash(start, middle))
                start = middle
        if start:  # otherwise it is the old root, which the verifier has
            path.append(self._hash(start, end))
        return tuple(reversed(path))

    def _within(self, size: int | None) -> int:
        if size is None:
            return len(self)
        if not 0 <= size <= len(self):
            raise LogError(
                "The log has only {held} entries, not {size}.", held=len(self), size=size
            )
        return size

    def _hash(self, start: int, end: int) -> bytes:
        """The hash of the subtree over leaves *start* to *end*; whole ones are at hand."""
        count = end - start
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self.node(level, start >> level)
        middle = start + _split(count)
        return node_hash(self._hash(start, middle), self._hash(middle, end))


class Tree(Hashes):
    """A Merkle tree in memory, from its leaf hashes: 64 bytes or so for each."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    def __len__(self) -> int:
        return len(self._levels[0])

    def node(self, level: int, index: int) -> bytes:
        return self._levels[level][index]

    def leaves(self) -> list[bytes]:
        """The leaf hashes, in order."""
        return list(self._levels[0])

    def append(self, leaf: bytes) -> int:
        """Append a leaf hash; return its index."""
        if len(leaf) != HASH_SIZE:
            raise ValueError("a leaf hash has 32 bytes")
        for level, nodes in enumerate(self._levels):
            nodes.append(leaf)
            if len(nodes) % 2:
                break
            leaf = node_hash(nodes[-2], nodes[-1])
            if level + 1 == len(self._levels):
                self._levels.append([leaf])
                break
        return len(self) - 1


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that *leaf* (a leaf hash) is entry *index* of the log of *size* with *root*.

    RFC 9162, 2.1.3.2. Raises :class:`LogError` when the proof does not show it.
    """
    found = leaf
    place, last = index, size - 1
    fits = 0 <= index < size and _are_hashes(proof) and len(leaf) == HASH_SIZE
    for sibling in proof if fits else ():
        if last == 0:
            fits = False
            break
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            found = node_hash(found, sibling)
        place >>= 1
        last >>= 1
    if not fits or last != 0 or found != root:
        raise LogError(
            "The proof does not show that this is entry {index} of the log of {size} entries.",
            index=index,
            size=size,
        )


def verify_consistency(
    old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the log of *size* with *root* is that of *old* with *old_root*, continued.

    RFC 9162, 2.1.4.2. Raises :class:`LogError` when the proof does not show it.
    """
    if not _continues(old, old_root, size, root, proof):
        raise LogError(
            "The proof does not show that the log of {size} entries continues the log of {old}.",
            size=size,
            old=old,
        )


def _continues(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    if not 0 <= old <= size or not _are_hashes(proof):
        return False
    if old == 0:  # every log continues the empty one
        return not proof and old_root == EMPTY_ROOT and (size > 0 or root == EMPTY_ROOT)
    if old == size:
        return not proof and old_root == root
    # A whole old tree is a subtree of the new one: its root is where the path begins.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = old - 1, size - 1
    while place & 1:
        place >>= 1
        last >>= 1
    found_old = found = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            found_old = node_hash(sibling, found_old)
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            found = node_hash(found, sibling)
        place >>= 1
        last >>= 1
    return last == 0 and found_old == old_root and found == root


def _are_hashes(proof: Sequence[bytes]) -> bool:
    return len(proof) <= MAX_PATH and all(len(one) == HASH_SIZE for one in proof)


# --- Checkpoints -------------------------------------------------------------------


@dataclass(frozen=True)
class Checkpoint:
    """The head of the log named *origin* at *size* entries."""

    origin: str
    size: int
    root: bytes


def checkpoint_body(origin: str, size: int, root: bytes) -> str:
    """The text of a checkpoint, to be signed. *origin* names the log, without spaces."""
    if not _ORIGIN.fullmatch(origin) or not 0 <= size <= _MAX_SIZE or len(root) != HASH_SIZE:
        raise LogError("A checkpoint needs a log's name without spaces, a size and a root.")
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def sign_checkpoint(note: str, key: SigningKey) -> str:
    """Sign a checkpoint's text as a note, with the Ed25519 key of *key*, named as the log.

    Raises :class:`LogError` when *note* is not a checkpoint's text.
    """
    origin = parse_checkpoint(note).origin
    signature = next(made for algorithm, made in key.sign(note.encode()) if algorithm == ED25519)
    blob = _note_key_id(origin, key.public) + signature
    return f"{note}\n— {origin} {base64.b64encode(blob).decode()}\n"


def read_checkpoint(text: str, key: VerifyKey) -> Checkpoint:
    """The checkpoint in the signed note *text*. Raises :class:`LogError` unless *key* signed it.

    Signatures of others (witnesses) may stand beside it.
    """
    if len(text) > _MAX_CHECKPOINT:
        raise LogError("This is too long for a checkpoint.")
    body, gap, signatures = text.rpartition("\n\n")
    note = body + "\n"
    checkpoint = parse_checkpoint(note)
    lines = signatures.splitlines(keepends=True)
    found = [_SIGNATURE.fullmatch(line) for line in lines]
    if not gap or not lines or not all(found):
        raise LogError("The signatures of this checkpoint are damaged.")
    name = _note_key_id(checkpoint.origin, key)
    for match in found:
        if match is None or match[1] != checkpoint.origin:
            continue
        try:
            blob = base64.b64decode(match[2], validate=True)
        except ValueError:
            continue
        if (
            blob[:4] == name
            and base64.b64encode(blob).decode() == match[2]
            and key.verifies(ED25519, blob[4:], note.encode())
        ):
            return checkpoint
    raise LogError("This checkpoint is not signed with the log's checkpoint key.")


def parse_checkpoint(note: str) -> Checkpoint:
    """What a checkpoint's text says, before anyone signed it. Raises :class:`LogError`."""
    match = _BODY.fullmatch(note)
    if match is None or not _ORIGIN.fullmatch(match[1]) or int(match[2]) > _MAX_SIZE:
        raise LogError("This is not a checkpoint of a log.")
    root = base64.b64decode(match[3])
    if base64.b64encode(root).decode() != match[3]:
        raise LogError("The root in this checkpoint is damaged.")
    return Checkpoint(match[1], int(match[2]), root)


def _note_key_id(name: str, key: VerifyKey) -> bytes:
    """C2SP signed-note: the first four bytes of SHA-256 over name, newline, type, key."""
    data = name.encode() + b"\n\x01" + key.ed25519
    return hashlib.sha256(data).digest()[:4]


def _split(count: int) -> int:
    """The largest power of two smaller than *count*."""
    return 1 << (count - 1).bit_length() - 1
