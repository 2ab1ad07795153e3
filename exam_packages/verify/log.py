"""Files of the log: checkpoint, proofs of place and of growth, a copy of it all, anchors."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.heads import Anchor, Anchored, read_anchors, verify_anchor
from exam_packages.sealing.log import Checkpoint, LogError
from exam_packages.sealing.log_entry import read_entry
from exam_packages.sealing.log_files import LogDirectory
from exam_packages.sealing.log_proof import Growth, read_growth, read_proof, verify_checkpoint
from exam_packages.sealing.tiles import WIDTH, TileTree
from exam_packages.sealing.trust import Trust
from exam_packages.verify.findings import Subject
from exam_packages.verify.machines import Machines
from exam_packages.verify.record import moment

__all__ = ["Anchors", "Copy", "Grown", "anchors", "checkpoint", "directory", "growth", "proof"]


@dataclass(frozen=True)
class Grown:
    """A proof of growth whose newer head is signed; what it continues is for relations."""

    growth: Growth
    checkpoint: Checkpoint


@dataclass(frozen=True)
class Copy:
    """A copy of the log, every entry of which is the signed one."""

    tree: TileTree

    @property
    def checkpoint(self) -> Checkpoint:
        return self.tree.checkpoint


@dataclass(frozen=True)
class Anchors:
    """The anchors of an attempt that hold, oldest first."""

    blind_id: bytes
    held: tuple[tuple[Anchor, Anchored], ...]


def checkpoint(subject: Subject, text: str, trust: Trust) -> Checkpoint | None:
    """A signed head of the body's log."""
    try:
        found = verify_checkpoint(text, trust)
    except ExamError as problem:
        subject.findings.problem("checkpoint-not-signed", problem)
        return None
    subject.held = found
    subject.facts |= {
        "log": found.origin,
        "entries": str(found.size),
        "root": found.root.hex(),
    }
    subject.findings.proven(
        "checkpoint-signed",
        "The log of “{body}” was signed at {size} entries.",
        body=trust.root.body,
        size=found.size,
    )
    return found


def proof(subject: Subject, text: str, trust: Trust) -> None:
    """A proof of a place in the log; what lies there is for relations to show."""
    try:
        found = read_proof(text)
        covered = verify_checkpoint(found.checkpoint, trust)
    except ExamError as problem:
        subject.findings.problem("proof-not-signed", problem)
        return
    subject.held = found
    subject.facts |= {
        "log": covered.origin,
        "log entry": str(found.index),
        "entries": str(covered.size),
    }
    subject.findings.proven(
        "proof-signed",
        "The proof names entry {index} of the log that “{body}” signed at {size} entries.",
        index=found.index,
        body=trust.root.body,
        size=covered.size,
    )


def growth(subject: Subject, text: str, trust: Trust) -> None:
    """A proof that the log grew; which older head it continues is for relations to show."""
    try:
        found = read_growth(text)
        newer = verify_checkpoint(found.checkpoint, trust)
    except ExamError as problem:
        subject.findings.problem("growth-not-signed", problem)
        return
    subject.held = Grown(found, newer)
    subject.facts |= {
        "log": newer.origin,
        "older": str(found.old),
        "entries": str(newer.size),
        "root": newer.root.hex(),
    }
    subject.findings.proven(
        "growth-signed",
        "The proof goes from {old} entries to the log that “{body}” signed at {size} entries.",
        old=found.old,
        body=trust.root.body,
        size=newer.size,
    )


def directory(subject: Subject, path: Path, trust: Trust) -> None:
    """A copy of the log as tiles: every entry and every hash, up to the signed root."""
    source = LogDirectory(path)
    try:
        head = checkpoint(subject, source.checkpoint(), trust)
        if head is None:
            return
        tree = TileTree(head, source.tile)
        kinds: Counter[str] = Counter()
        for number in range(-(-head.size // WIDTH)):
            for entry in tree.entries(number):
                kinds[_kind(entry)] += 1
    except ExamError as problem:
        subject.held = None
        subject.findings.problem("log-damaged", problem)
        return
    subject.held = Copy(tree)
    subject.findings.proven(
        "log-whole",
        "All {size} entries are here, and are the ones that were signed: {kinds}.",
        size=head.size,
        kinds=", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none",
    )


def anchors(subject: Subject, data: bytes, trust: Trust, machines: Machines) -> None:
    """What shows that heads of one attempt were under roots in the log."""
    try:
        blind_id, found = read_anchors(data)
    except ExamError as problem:
        subject.findings.problem("anchors-damaged", problem)
        return
    subject.facts |= {"attempt": blind_id.hex()}
    held: list[tuple[Anchor, Anchored]] = []
    problems: list[ExamError] = []
    for anchor in found:
        try:
            held.append((anchor, verify_anchor(blind_id, anchor, machines.all_halls(), trust)))
        except ExamError as problem:
            problems.append(problem)
    if problems:
        subject.findings.not_proven(
            "anchors-not-proven",
            "{count} of {all} anchors are not proven; the first: {why}",
            count=len(problems),
            all=len(found),
            why=str(problems[0]),
        )
    if held:
        held.sort(key=lambda pair: pair[0].received_s)
        subject.held = Anchors(blind_id, tuple(held))
        subject.findings.proven(
            "anchors-in-log",
            "The body’s log has {hall}’s word for {count} heads of this attempt, taken from "
            "{start} to {end}.",
            hall=machines.name(held[0][1].heads.hall),
            count=len(held),
            start=moment(held[0][0].received_s * SECOND),
            end=moment(held[-1][0].received_s * SECOND),
        )
    elif not problems:
        subject.findings.note("anchors-none", "There is no anchor in this file.")


def _kind(entry: bytes) -> str:
    try:
        return read_entry(entry).kind
    except LogError:
        return "unknown"
