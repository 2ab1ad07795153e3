"""A receipt's place in the log, as a text that can be checked anywhere, years later.

The leaf is the hash of the bundle (:func:`exam_packages.sealing.log.bundle_entry`). The
proof is a C2SP ``tlog-proof`` (https://c2sp.org/tlog-proof): the leaf's index, the path of
hashes up to the root (RFC 6962, 2.1.1), and the checkpoint with its signature.
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
    Checkpoint,
    LogError,
    bundle_entry,
    leaf_hash,
    read_checkpoint,
    verify_inclusion,
)
from exam_packages.sealing.receipt import Receipt
from exam_packages.sealing.suite import VerifyKey
from exam_packages.sealing.trust import CHECKPOINT, Trust

__all__ = [
    "Proof",
    "ProofError",
    "log_origin",
    "read_proof",
    "verify_checkpoint",
    "verify_receipt_in_log",
    "write_proof",
]

MAX_PROOF: Final = 16 * 1024
MAX_PATH: Final = 64
_FIRST = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,17})")


class ProofError(ExamError):
    """This is no proof that a receipt is in the log."""


@dataclass(frozen=True)
class Proof:
    """A proof taken apart; nothing in it is verified yet."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str


def write_proof(index: int, path: Sequence[bytes], checkpoint: str) -> str:
    """The proof as text."""
    hashes = "".join(base64.b64encode(each).decode("ascii") + "\n" for each in path)
    return f"{_FIRST}\nindex {index}\n{hashes}\n{checkpoint}"


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


def verify_receipt_in_log(receipt: Receipt, proof: Proof, trust: Trust) -> Checkpoint:
    """Check that the bundle of *receipt* is the leaf it says, in a signed checkpoint.

    Returns that checkpoint. Raises :class:`ProofError`.
    """
    checkpoint = verify_checkpoint(proof.checkpoint, trust)
    if proof.index != receipt.leaf:
        raise ProofError(
            "The proof is about entry {found} of the log; the receipt names entry {wanted}.",
            found=proof.index,
            wanted=receipt.leaf,
        )
    leaf = leaf_hash(bundle_entry(receipt.bundle_hash))
    try:
        verify_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root)
    except LogError as problem:
        raise ProofError(problem.template, **problem.fields) from None
    return checkpoint


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
