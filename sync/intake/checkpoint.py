"""Signing the log's checkpoint: done by another role, who believes nothing intake says.

The signer keeps the last checkpoint it signed at its own desk. It signs the next only with
a proof that the log of then is the beginning of the log of now (RFC 6962, 2.1.2). So
whoever breaks into intake can withhold, but not rewrite. That the entries are the ones
behind the hashes is for monitors to see (``exam-kiosk log audit``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.log import (
    EMPTY_ROOT,
    Checkpoint,
    LogError,
    checkpoint_body,
    parse_checkpoint,
    sign_checkpoint,
    verify_consistency,
)
from exam_packages.sealing.log_proof import log_origin, read_growth, verify_checkpoint
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import Trust

__all__ = ["CheckpointError", "UnsignedLog", "sign_log"]


class CheckpointError(ExamError):
    """The log is not what it was when it was last signed. This is an alarm."""


class UnsignedLog(Protocol):
    """What the signer needs of a log, near or far (:class:`sync.intake.log.Log`)."""

    def unsigned(self, old: int) -> str:
        """Proof of growth since *old* entries, with the head that is to be signed."""

    def take_checkpoint(self, text: str) -> object:
        """Serve the signed checkpoint *text* from now on."""


def sign_log(log: UnsignedLog, trust: Trust, key: SigningKey, memory: Path) -> Checkpoint:
    """Sign the log as it stands, and hand the checkpoint to intake.

    *memory* is the file in which the signer keeps its last checkpoint. Raises
    :class:`CheckpointError` when the log does not continue that one; nothing is signed then.
    """
    last = _remembered(memory, trust)
    growth = read_growth(log.unsigned(last.size))
    new = parse_checkpoint(growth.checkpoint)
    try:
        if growth.old != last.size:
            raise LogError("The proof is about another size.")
        verify_consistency(last.size, last.root, new.size, new.root, growth.path)
    except LogError:
        raise CheckpointError(
            "The log was rewritten: its first {size} entries are not those that were signed "
            "before. Nothing is signed; keep this machine as it is and raise an alarm.",
            size=last.size,
        ) from None
    text = sign_checkpoint(checkpoint_body(log_origin(trust), new.size, new.root), key)
    checkpoint = verify_checkpoint(text, trust)
    make_directory(memory.parent, 0o700)
    write_durably(memory, text.encode())  # first: what was signed is never signed otherwise
    log.take_checkpoint(text)
    return checkpoint


def _remembered(memory: Path, trust: Trust) -> Checkpoint:
    """The last checkpoint signed here; the empty log before the first."""
    try:
        return verify_checkpoint(memory.read_text(encoding="utf-8"), trust)
    except FileNotFoundError:
        return Checkpoint(log_origin(trust), 0, EMPTY_ROOT)
