"""Watching the log: does it only grow, and is in it what must be?

Needs the body's root of trust and no key. A monitor remembers every checkpoint it saw, each
in a file of its own that is never replaced. At each look it shows itself that

1. the newest checkpoint is signed by the body and continues the last one remembered;
2. every entry added since is the one behind its hash, and every hash the one behind the root;
3. each receipt and hand-in code it was given is there, or not due yet.

What it finds wrong it keeps and says; it never forgets a checkpoint for a newer one that
contradicts it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.bundle import check_hand_in_code
from exam_packages.sealing.log import Checkpoint, LogError, leaf_hash, verify_consistency
from exam_packages.sealing.log_entry import BUNDLE, bundle_entry, read_entry
from exam_packages.sealing.log_proof import overdue, verify_checkpoint
from exam_packages.sealing.receipt import Receipt
from exam_packages.sealing.tiles import WIDTH, Place, TileTree
from exam_packages.sealing.trust import Trust

__all__ = ["Audit", "AuditAlarm", "AuditStale", "Memory", "Source", "audit"]

_MAX_NOTE = 16 * 1024


class AuditAlarm(ExamError):
    """The log contradicts what it said before, or itself. Keep everything; tell others."""


class AuditStale(ExamError):
    """The log is shown as it was earlier: by a slow cache, or because entries are withheld."""


class Source(Protocol):
    """Where the log is read: a site or a directory. Nothing it gives is believed."""

    def checkpoint(self) -> str: ...
    def tile(self, place: Place) -> bytes: ...


class Memory:
    """The checkpoints seen so far, in *directory*: ``<size>.checkpoint``, never replaced."""

    def __init__(self, directory: Path, trust: Trust) -> None:
        self._directory = directory
        self._trust = trust

    def last(self) -> Checkpoint | None:
        """The largest checkpoint seen. Raises a ``ProofError`` when its file was altered."""
        sizes = [
            int(path.stem) for path in self._directory.glob("*.checkpoint") if path.stem.isdecimal()
        ]
        return self.at(max(sizes)) if sizes else None

    def at(self, size: int) -> Checkpoint | None:
        """The checkpoint seen at *size*."""
        path = self._directory / f"{size}.checkpoint"
        if not path.exists():
            return None
        with path.open("rb") as file:
            text = file.read(_MAX_NOTE + 1).decode("utf-8", "replace")
        return verify_checkpoint(text, self._trust)

    def keep(self, checkpoint: Checkpoint, text: str) -> None:
        """Remember a verified checkpoint that contradicts none."""
        path = self._directory / f"{checkpoint.size}.checkpoint"
        if not path.exists():
            make_directory(self._directory)
            write_durably(path, text.encode())

    def accuse(self, checkpoint: Checkpoint, text: str) -> Path:
        """Keep a signed checkpoint that contradicts another: it is evidence. Its file."""
        path = self._directory / f"{checkpoint.size}-{checkpoint.root.hex()[:16]}.contradiction"
        make_directory(self._directory)
        write_durably(path, text.encode())
        return path


@dataclass(frozen=True)
class Audit:
    """What one look at the log showed. ``before`` is what was remembered, or None.

    ``kinds`` counts the entries new since then, by kind. Receipts by the name they were given
    under, codes as they were given: ``found`` are in the log, ``waiting`` have until their
    day is over, ``missing`` should be there and are not.
    """

    checkpoint: Checkpoint
    before: Checkpoint | None
    kinds: tuple[tuple[str, int], ...]
    found: tuple[str, ...]
    waiting: tuple[str, ...]
    missing: tuple[str, ...]


def audit(
    source: Source,
    memory: Memory,
    trust: Trust,
    *,
    now_s: int,
    receipts: Mapping[str, Receipt] = MappingProxyType({}),
    codes: Sequence[str] = (),
) -> Audit:
    """Look at the log once, and remember its checkpoint.

    Raises :class:`AuditAlarm` when the log was rewritten or is not what was signed,
    :class:`AuditStale` when it shows an older head, and what *source* raises when it cannot be
    read.
    """
    text = source.checkpoint()
    new = verify_checkpoint(text, trust)
    before = memory.last()
    if before is not None and new.size < before.size and memory.at(new.size) == new:
        raise AuditStale(
            "The log shows its older head of {now} entries; {before} were seen before. Look again "
            "in some minutes: if it stays so, entries are being withheld.",
            now=new.size,
            before=before.size,
        )
    known = before.size if before is not None else 0
    unseen, kinds = set(codes), Counter[str]()
    try:
        tree = _continued(new, before, source)
        for index, entry in _entries(tree, 0 if codes else known):
            kind, unseen = _look(entry, unseen)
            if index >= known:
                kinds[kind] += 1
        placed = {name: _placed(tree, receipt) for name, receipt in receipts.items()}
    except LogError as problem:
        raise AuditAlarm(
            "The log is not the one that was signed and seen before. {why} The checkpoint is "
            "kept in {path}; keep all of this and raise an alarm.",
            why=str(problem),
            path=str(memory.accuse(new, text)),
        ) from None
    memory.keep(new, text)
    late = {name for name, receipt in receipts.items() if overdue(receipt.time_s, now_s)}
    absent = {name for name, there in placed.items() if not there}
    named = [*receipts, *codes]
    return Audit(
        checkpoint=new,
        before=before,
        kinds=tuple(sorted(kinds.items())),
        found=tuple(each for each in named if each not in absent | unseen),
        waiting=tuple(each for each in receipts if each in absent - late),
        missing=tuple(each for each in named if each in absent & late or each in unseen),
    )


def _continued(new: Checkpoint, before: Checkpoint | None, source: Source) -> TileTree:
    """The tree of *new*, shown to continue that of *before*. Raises ``LogError``."""
    if before is not None and before.size > new.size:
        raise LogError("It shows {now} entries and had {before}.", now=new.size, before=before.size)
    tree = TileTree(new, source.tile)
    if before is not None:
        path = tree.consistency(before.size)
        verify_consistency(before.size, before.root, new.size, new.root, path)
    return tree


def _entries(tree: TileTree, start: int) -> Iterator[tuple[int, bytes]]:
    """Every entry from *start* on, with its number, each compared with the tree."""
    for number in range(start // WIDTH, -(-len(tree) // WIDTH)):
        for index, entry in enumerate(tree.entries(number), number * WIDTH):
            if index >= start:
                yield index, entry


def _look(entry: bytes, codes: set[str]) -> tuple[str, set[str]]:
    """What kind an entry is, and which of *codes* are not its."""
    try:
        found = read_entry(entry)
    except LogError:
        return "unknown", codes
    if found.kind == BUNDLE and len(found.fields) == 1 and codes:
        codes = {each for each in codes if not check_hand_in_code(each, found.fields[0])}
    return found.kind, codes


def _placed(tree: TileTree, receipt: Receipt) -> bool:
    """Whether the log has the bundle of *receipt* where that says."""
    return receipt.leaf < len(tree) and tree.node(0, receipt.leaf) == leaf_hash(
        bundle_entry(receipt.bundle_hash)
    )
