"""What files of the log say of one another, and of the exams beside them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.log import Checkpoint, leaf_hash
from exam_packages.sealing.log_entry import bundle_entry, register_entry
from exam_packages.sealing.log_proof import (
    Proof,
    ProofError,
    overdue,
    verify_checkpoint,
    verify_growth,
    verify_receipt_in_log,
)
from exam_packages.sealing.receipt import Receipt
from exam_packages.sealing.trust import Trust
from exam_packages.verify.findings import Findings, Record, Subject
from exam_packages.verify.log import Anchors, Copy, Grown
from exam_packages.verify.machines import Machines
from exam_packages.verify.record import moment

__all__ = ["relate_log"]


def relate_log(
    found: Findings, subjects: Sequence[Subject], trust: Trust, machines: Machines, now_s: int
) -> None:
    """Places of exams, heads of the log, anchors of records; what is overdue."""
    shown = _places(found, subjects, trust)
    _registered(found, subjects)
    _heads(found, subjects, trust)
    for each in subjects:
        if isinstance(each.held, Anchors):
            _anchored(found, each, each.held, subjects, machines)
    for each in subjects:
        receipt = each.held
        if (
            isinstance(receipt, Receipt)
            and receipt.bundle_hash not in shown
            and overdue(receipt.time_s, now_s)
        ):
            found.note(
                "log-overdue",
                "{receipt} is more than 24 hours old, and nothing given here shows its exam in the "
                "body’s log. Ask the body for the proof; if there is none, that is an incident.",
                receipt=each.path,
            )


# --- Places ------------------------------------------------------------------------


def _places(found: Findings, subjects: Sequence[Subject], trust: Trust) -> set[bytes]:
    """What proofs and copies of the log show to be in it; the bundle hashes of that."""
    named = {
        each.bundle_hash: each
        for each in sorted(subjects, key=lambda each: isinstance(each.held, Receipt))
        if each.bundle_hash
    }
    shown: set[bytes] = set()
    for each in subjects if named else ():
        if isinstance(each.held, Proof):
            shown |= _included(found, each, each.held, list(named.values()), trust)
        elif isinstance(each.held, Copy):
            shown |= _listed(found, each, each.held, list(named.values()))
    return shown


def _included(
    found: Findings, subject: Subject, proof: Proof, exams: Sequence[Subject], trust: Trust
) -> set[bytes]:
    problem: ExamError | None = None
    for each in exams:
        receipt = each.held
        if not isinstance(receipt, Receipt):
            receipt = Receipt(each.bundle_hash, 0, proof.index)
        try:
            covered = verify_receipt_in_log(receipt, proof, trust)
        except ExamError as why:
            problem = why
            continue
        _in_log(found, subject, each, proof.index, covered)
        return {each.bundle_hash}
    if problem is not None:
        found.not_proven(
            "not-in-log",
            "{proof} does not prove that any exam given here is in the log: {why}",
            proof=subject.path,
            why=str(problem),
        )
    return set()


def _listed(found: Findings, subject: Subject, copy: Copy, exams: Sequence[Subject]) -> set[bytes]:
    wanted = {leaf_hash(bundle_entry(each.bundle_hash)): each for each in exams}
    shown = set()
    for index in range(copy.checkpoint.size):
        each = wanted.get(copy.tree.node(0, index))
        if each is not None and each.bundle_hash not in shown:
            _in_log(found, subject, each, index, copy.checkpoint)
            shown.add(each.bundle_hash)
    for each in exams:
        if each.bundle_hash not in shown:
            found.not_proven(
                "not-in-log",
                "{proof} does not prove that any exam given here is in the log: {why}",
                proof=subject.path,
                why=f"{each.path} is none of its {copy.checkpoint.size} entries.",
            )
    return shown


def _in_log(
    found: Findings, subject: Subject, exam: Subject, entry: int, covered: Checkpoint
) -> None:
    found.proven(
        "in-log",
        "{proof} proves that {path} is entry {entry} of the body’s log of {size}.",
        proof=subject.path,
        path=exam.path,
        entry=entry,
        size=covered.size,
    )


def _registered(found: Findings, subjects: Sequence[Subject]) -> None:
    """Which entries of the body's register a copy of the log has."""
    entries = [each for each in subjects if each.entry_digest]
    for subject in subjects if entries else ():
        if not isinstance(subject.held, Copy):
            continue
        tree, size = subject.held.tree, subject.held.checkpoint.size
        places = {tree.node(0, index): index for index in range(size)}
        for each in entries:
            index = places.get(leaf_hash(register_entry(each.entry_digest)))
            if index is not None:
                found.proven(
                    "register-in-log",
                    "{proof} proves that {path} is entry {entry} of the body’s log of {size}.",
                    proof=subject.path,
                    path=each.path,
                    entry=index,
                    size=size,
                )
            else:
                found.note(
                    "register-not-in-log",
                    "{path} is none of the {size} entries of {proof}: the body has not published "
                    "it, or did so later.",
                    proof=subject.path,
                    path=each.path,
                    size=size,
                )


# --- Heads of the log ----------------------------------------------------------------


def _heads(found: Findings, subjects: Sequence[Subject], trust: Trust) -> None:
    """Whether the log's heads agree, and whether longer ones continue shorter ones."""
    heads: list[tuple[str, Checkpoint]] = []
    for each in subjects:
        if isinstance(each.held, Checkpoint):
            heads.append((each.path, each.held))
        elif isinstance(each.held, Proof):
            heads.append((each.path, verify_checkpoint(each.held.checkpoint, trust)))
        elif isinstance(each.held, Grown | Copy):
            heads.append((each.path, each.held.checkpoint))
    for (path, one), (other_path, other) in combinations(heads, 2):
        if one.size > other.size:
            path, one, other_path, other = other_path, other, path, one
        if one.size != other.size:
            _continued(found, subjects, trust, (path, one), (other_path, other))
        elif one.root == other.root:
            found.proven(
                "log-heads-agree",
                "{path} and {other} show the same log at {size} entries.",
                path=path,
                other=other_path,
                size=one.size,
            )
        else:
            found.not_proven(
                "log-forked",
                "{path} and {other} show two different logs of {size} entries: the log was "
                "rewritten. Keep both files and raise an alarm.",
                path=path,
                other=other_path,
                size=one.size,
            )


def _continued(
    found: Findings,
    subjects: Sequence[Subject],
    trust: Trust,
    old: tuple[str, Checkpoint],
    new: tuple[str, Checkpoint],
) -> None:
    """Whether anything here shows that the larger head *new* continues *old*."""
    fields: dict[str, str | int] = {
        "path": new[0],
        "other": old[0],
        "size": new[1].size,
        "other_size": old[1].size,
    }
    judged = [_judge(each, trust, old[1], new[1]) for each in subjects]
    if False in judged:
        found.not_proven(
            "log-not-continued",
            "{path} ({size} entries) does not continue {other} ({other_size} entries): the log was "
            "rewritten, or the proof is another’s. Keep both files and ask the body.",
            **fields,
        )
    elif True in judged:
        found.proven(
            "log-continued",
            "{path} ({size} entries) is the log of {other} ({other_size} entries), continued: "
            "nothing in it was changed or dropped.",
            **fields,
        )
    else:
        found.note(
            "log-heads-apart",
            "{path} and {other} show the log at {size} and {other_size} entries; that the longer "
            "one continues the shorter is not shown by these files.",
            **fields,
        )


def _judge(subject: Subject, trust: Trust, old: Checkpoint, new: Checkpoint) -> bool | None:
    """What a proof of growth, or a copy of the log, says of two heads; None: nothing."""
    if isinstance(subject.held, Grown):
        if (subject.held.growth.old, subject.held.checkpoint) != (old.size, new):
            return None
        try:
            verify_growth(subject.held.growth, old, trust)
        except ProofError:
            return False
        return True
    if isinstance(subject.held, Copy) and new.size <= subject.held.checkpoint.size:
        tree = subject.held.tree
        return (tree.root(old.size), tree.root(new.size)) == (old.root, new.root)
    return None


# --- Anchors ---------------------------------------------------------------------------


def _anchored(
    found: Findings,
    subject: Subject,
    anchors: Anchors,
    subjects: Sequence[Subject],
    machines: Machines,
) -> None:
    """Which records are the ones that the log has the hall's word for."""
    records = [
        (each.path, each.record)
        for each in subjects
        if each.record is not None and each.record.blind_id == anchors.blind_id
    ]
    longest = max((record.entries for _, record in records), default=0)
    for path, record in records:
        _anchors_of(found, subject, anchors, path, record, longest, machines)


def _anchors_of(
    found: Findings,
    subject: Subject,
    anchors: Anchors,
    path: str,
    record: Record,
    longest: int,
    machines: Machines,
) -> None:
    fitting = []
    for anchor, held in anchors.held:
        hall = machines.get(held.heads.hall)
        if hall is None or hall.centre != record.centre:
            found.not_proven(
                "anchors-of-other-hall",
                "{anchors} has the word of a hall of another centre than that of {path}.",
                anchors=subject.path,
                path=path,
            )
            return
        if anchor.sequence > record.entries:
            continue
        if record.heads[anchor.sequence] != anchor.head:
            found.not_proven(
                "anchor-contradicted",
                "{path} is not the record that the body’s log has {hall}’s word for: at {time} "
                "entry {entry} and those before it were others. Two histories exist.",
                path=path,
                hall=machines.name(held.heads.hall),
                time=moment(anchor.received_s * SECOND),
                entry=anchor.sequence,
            )
            return
        fitting.append(anchor)
    last = max(anchors.held, key=lambda pair: pair[0].sequence)[0]
    if fitting:
        reached = max(fitting, key=lambda anchor: anchor.sequence)
        found.proven(
            "anchored",
            "{path} is anchored in the body’s log from {start} to {end}, {count} times: entries 1 "
            "to {entry} of {entries} are what they were then, whoever held them since.",
            path=path,
            start=moment(fitting[0].received_s * SECOND),
            end=moment(fitting[-1].received_s * SECOND),
            count=len(fitting),
            entry=reached.sequence,
            entries=record.entries,
        )
    if last.sequence > longest:
        found.not_proven(
            "anchor-beyond",
            "The body’s log has the hall’s word for {entry} entries of this attempt; {path} has "
            "{entries}: the rest is missing here.",
            entry=last.sequence,
            path=path,
            entries=record.entries,
        )
