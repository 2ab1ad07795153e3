"""Signing the log's checkpoint: done by another role, who believes nothing intake says.

The signer keeps the last checkpoint it signed at its own desk. Before it signs the next,
it computes the log's root at the *old* size from the leaves as they are now: had intake
changed or dropped anything since, that root would differ. So whoever breaks into intake
can withhold, but not rewrite.
"""

from __future__ import annotations

from pathlib import Path

from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.log import Checkpoint, Tree, checkpoint_body, sign_checkpoint
from exam_packages.sealing.log_proof import log_origin, verify_checkpoint
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import Trust
from sync.intake.storage import Storage

__all__ = ["CheckpointError", "sign_log"]


class CheckpointError(ExamError):
    """The log is not what it was when it was last signed. This is an alarm."""


def sign_log(storage: Storage, trust: Trust, key: SigningKey, memory: Path) -> Checkpoint:
    """Sign the log as it stands, and hand the checkpoint to intake.

    *memory* is the file in which the signer keeps its last checkpoint. Raises
    :class:`CheckpointError` when the log does not continue that one; nothing is signed then.
    """
    size = storage.size()
    tree = Tree(storage.leaf_hashes(0, size))
    try:
        last = verify_checkpoint(memory.read_text(encoding="utf-8"), trust)
    except FileNotFoundError:
        last = None
    if last is not None and (last.size > len(tree) or tree.root(last.size) != last.root):
        raise CheckpointError(
            "The log was rewritten: its first {size} entries are not those that were signed "
            "before. Nothing is signed; keep this machine as it is and raise an alarm.",
            size=last.size,
        )
    text = sign_checkpoint(checkpoint_body(log_origin(trust), len(tree), tree.root()), key)
    checkpoint = verify_checkpoint(text, trust)
    make_directory(memory.parent, 0o700)
    write_durably(memory, text.encode())
    storage.add_checkpoint(checkpoint.size, text)
    return checkpoint
