"""Proofs about the log, as texts that can be checked anywhere, years later.

A *place* in the log is proven by a C2SP ``tlog-proof`` (https://c2sp.org/tlog-proof): the
index of an entry (:mod:`exam_packages.sealing.log_entry`), the path of hashes up to the
root (RFC 6962, 2.1.1), and the checkpoint with its signature.

*Growth* is proven by what C2SP's ``tlog-witness`` calls an add-checkpoint request: the size
of an older checkpoint, the path of RFC 6962, 2.1.2, and the newer checkpoint. It shows that
the newer log is the older one with entries added, and none changed or dropped.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exam_packages.errors import ExamError
from exam_packages.sealing.log import (
    MAX_PATH,
    Checkpoint,
    LogError,
    leaf_hash,
    read_checkpoint,
    verify_consistency,
    verify_inclusion,
)
from exam_packages.sealing.log_entry import bundle_entry
from exam_packages.sealing.receipt import Receipt
from exam_packages.sealing.suite import VerifyKey
from exam_packages.sealing.trust import CHECKPOINT, Trust

__all__ = [
    "INCLUSION_S",
    "Growth",
    "Proof",
    "ProofError",
    "log_origin",
    "overdue",
    "read_growth",
    "read_proof",
    "verify_checkpoint",
    "verify_entry_in_log",
    "verify_growth",
    "verify_receipt_in_log",
    "write_growth",
    "write_proof",
]

MAX_PROOF: Final = 16 * 1024
INCLUSION_S: Final = 24 * 3600
"""Seconds within which a checkpoint must cover what was received; later is an incident."""

_FIRST = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,17})")
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


class ProofError(ExamError):
    """This is no proof of what it should show about the log."""


@dataclass(frozen=True)
class Proof:
    """A proof taken apart; nothing in it is verified yet."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str


@dataclass(frozen=True)
class Growth:
    """A proof of growth taken apart; nothing in it is verified yet."""

    old: int
    path: tuple[bytes, ...]
    checkpoint: str


def overdue(received_s: int, now_s: int) -> bool:
    """Whether what was received then must be in the log by now."""
    return now_s - received_s > INCLUSION_S


def write_proof(index: int, path: Sequence[bytes], checkpoint: str) -> str:
    """The proof as text."""
    return f"{_FIRST}\nindex {index}\n{_lines(path)}\n{checkpoint}"


def write_growth(old: int, path: Sequence[bytes], checkpoint: str) -> str:
    """The proof that *checkpoint* continues the log of *old* entries, as text."""
    return f"old {old}\n{_lines(path)}\n{checkpoint}"


def read_growth(text: str) -> Growth:
    """Take a proof of growth apart. Raises :class:`ProofError`."""
    head, gap, checkpoint = text[: MAX_PROOF + 1].partition("\n\n")
    first, *lines = head.split("\n")
    old = _OLD.fullmatch(first)
    if len(text) > MAX_PROOF or not gap or old is None or len(lines) > MAX_PATH:
        raise _no_proof()
    return Growth(int(old[1]), tuple(_hash(line) for line in lines), checkpoint)


def read_proof(text: str) -> Proof:
    """Take a proof apart. Raises :class:`ProofError`; extra data is passed over."""
    if len(text) > MAX_PROOF:
        raise _no_proof()
    head, gap, checkpoint = text.partition("\n\n")
    first, *lines = head.split("\n")
    if lines and lines[0].startswith("extra "):
        lines = lines[1:]
    index = _INDEX.fullmatch(lines[0]) if lines else None
    if first != _FIRST or not gap or index is None or len(lines) - 1 > MAX_PATH:
        raise _no_proof()
    return Proof(int(index[1]), tuple(_hash(line) for line in lines[1:]), checkpoint)


def log_origin(trust: Trust) -> str:
    """The name of the body's log, as its checkpoints carry it."""
    name = re.sub(r"[^a-z0-9]+", "-", trust.root.body.lower()).strip("-")
    return f"exam-kiosk/{name or 'body'}"


def checkpoint_keys(trust: Trust) -> list[VerifyKey]:
    """The keys that may sign the log's checkpoints (role *checkpoint*)."""
    named = {
        key_id for role in trust.root.roles if role.role == CHECKPOINT for key_id in role.key_ids
    }
    return [each.verify_key for each in trust.root.identities if each.key_id in named]


def verify_checkpoint(text: str, trust: Trust) -> Checkpoint:
    """The checkpoint *text* of the body's log. Raises :class:`ProofError`."""
    for key in checkpoint_keys(trust):
        try:
            checkpoint = read_checkpoint(text, key)
        except LogError:
            continue
        if checkpoint.origin == log_origin(trust):
            return checkpoint
    raise ProofError("The checkpoint is not signed with the checkpoint key of the body's log.")


def verify_growth(growth: Growth, old: Checkpoint, trust: Trust) -> Checkpoint:
    """Check that the checkpoint in *growth* continues the log of *old*; return it.

    *old* is a verified checkpoint. Raises :class:`ProofError`.
    """
    new = verify_checkpoint(growth.checkpoint, trust)
    if growth.old != old.size:
        raise ProofError(
            "The proof begins at {found} entries; the older checkpoint has {wanted}.",
            found=growth.old,
            wanted=old.size,
        )
    try:
        verify_consistency(old.size, old.root, new.size, new.root, growth.path)
    except LogError as problem:
        raise ProofError(problem.template, **problem.fields) from None
    return new


def verify_entry_in_log(entry: bytes, proof: Proof, trust: Trust) -> Checkpoint:
    """Check that *entry* is the one at the place that *proof* names, in a signed checkpoint.

    Returns that checkpoint. Raises :class:`ProofError`.
    """
    checkpoint = verify_checkpoint(proof.checkpoint, trust)
    leaf = leaf_hash(entry)
    try:
        verify_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root)
    except LogError as problem:
        raise ProofError(problem.template, **problem.fields) from None
    return checkpoint


def verify_receipt_in_log(receipt: Receipt, proof: Proof, trust: Trust) -> Checkpoint:
    """Check that the bundle of *receipt* is the leaf it says, in a signed checkpoint.

    Returns that checkpoint. Raises :class:`ProofError`.
    """
    if proof.index != receipt.leaf:
        verify_checkpoint(proof.checkpoint, trust)
        raise ProofError(
            "The proof is about entry {found} of the log; the receipt names entry {wanted}.",
            found=proof.index,
            wanted=receipt.leaf,
        )
    return verify_entry_in_log(bundle_entry(receipt.bundle_hash), proof, trust)


def _lines(path: Sequence[bytes]) -> str:
    return "".join(base64.b64encode(each).decode("ascii") + "\n" for each in path)


def _hash(line: str) -> bytes:
    try:
        data = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != 32 or base64.b64encode(data).decode("ascii") != line:
        raise _no_proof()
    return data


def _no_proof() -> ProofError:
    return ProofError("The proof is damaged or not a transparency log's proof; get it again.")
