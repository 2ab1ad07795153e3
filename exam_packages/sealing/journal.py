"""The journal: the append-only, sealed, hash-chained record of one attempt.

This module is the door; what stands behind it:

* :mod:`~exam_packages.sealing.journal_format`: frames, heads, headers, permits,
  acknowledgements, and the errors. Needs no key.
* :mod:`~exam_packages.sealing.journal_keys`: the seals, the restore halves, opening.
* :mod:`~exam_packages.sealing.journal_files`: segments on disk, recovery.
* :mod:`~exam_packages.sealing.journal_writer`: writing an epoch.

The verifier is :mod:`exam_packages.sealing.chain`.

A restart goes: :func:`read_frames`, exchange what is missing with the holders,
:func:`next_context`, a permit for it, :func:`restore` with both halves of every earlier
epoch, :func:`open_frames`, :meth:`JournalWriter.begin`.
"""

from exam_packages.sealing.journal_files import (
    DiskFault,
    DiskFull,
    JournalConflict,
    JournalDamage,
    Recovered,
)
from exam_packages.sealing.journal_format import (
    MAX_BODY,
    MAX_CORE,
    SEALED,
    Acknowledgement,
    ChainDamage,
    ChainError,
    ChainForgery,
    ChainFork,
    ChainGap,
    ChainPermit,
    Compartment,
    Context,
    Cursor,
    Frame,
    JournalError,
    Permit,
    first_context,
    genesis,
    next_context,
    read_acknowledgement,
    read_permit,
    sign_acknowledgement,
    sign_permit,
    split_frames,
)
from exam_packages.sealing.journal_keys import (
    MAX_PICTURE,
    ROLE_OF,
    EpochKeys,
    Header,
    Opened,
    OpenError,
    SealedBlob,
    blob_digest,
    epoch_header,
    open_frames,
    open_snapshot,
    restore,
)
from exam_packages.sealing.journal_writer import (
    MAX_BATCH,
    EvidenceStore,
    JournalLocked,
    JournalWriter,
    forget_halves,
    keep_half,
    read_frames,
    read_half,
    refill,
)

__all__ = [
    "MAX_BATCH",
    "MAX_BODY",
    "MAX_CORE",
    "MAX_PICTURE",
    "ROLE_OF",
    "SEALED",
    "Acknowledgement",
    "ChainDamage",
    "ChainError",
    "ChainForgery",
    "ChainFork",
    "ChainGap",
    "ChainPermit",
    "Compartment",
    "Context",
    "Cursor",
    "DiskFault",
    "DiskFull",
    "EpochKeys",
    "EvidenceStore",
    "Frame",
    "Header",
    "JournalConflict",
    "JournalDamage",
    "JournalError",
    "JournalLocked",
    "JournalWriter",
    "OpenError",
    "Opened",
    "Permit",
    "Recovered",
    "SealedBlob",
    "blob_digest",
    "epoch_header",
    "first_context",
    "forget_halves",
    "genesis",
    "keep_half",
    "next_context",
    "open_frames",
    "open_snapshot",
    "read_acknowledgement",
    "read_frames",
    "read_half",
    "read_permit",
    "refill",
    "restore",
    "sign_acknowledgement",
    "sign_permit",
    "split_frames",
]
