"""Writing one epoch of a journal: seal, append, commit.

The attempt's directory::

    lock                     held by the one writer
    journal/000001.segment   frames, see :mod:`exam_packages.sealing.journal_files`
    halves/<header>.half     half 2 of each epoch's restore secret, mode 0600; sealed under the
                             machine's secret where it has one
    evidence/<digest>        sealed pictures
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from exam_packages.clock import Stamp
from exam_packages.files import sync_directory, write_durably
from exam_packages.sealing.journal_files import (
    DiskFault,
    Recovered,
    Segments,
    disk_error,
    prepare_directory,
)
from exam_packages.sealing.journal_format import (
    SEALED,
    ChainFork,
    ChainGap,
    ChainPermit,
    Compartment,
    Context,
    Cursor,
    Frame,
    JournalError,
    genesis,
    head_after,
    header_digest,
    make_frame,
    parse_acknowledgement,
    parse_permit,
    sign_header,
)
from exam_packages.sealing.journal_keys import (
    KEY_SIZE,
    EpochKeys,
    Header,
    SealedBlob,
    blob_digest,
    draw_epoch,
    epoch_header,
    frame_context,
    seal_body,
    seal_picture,
    seal_stamp,
)
from exam_packages.sealing.machine_secret import OVERHEAD, MachineSecret
from exam_packages.sealing.suite import SealingPublic, SigningKey, label

MAX_BATCH: Final = 1024 * 1024
"""Bytes of frames handed to a holder at once."""


class JournalLocked(JournalError):
    """Another process writes this journal."""


class JournalWriter:
    """One epoch of one attempt's journal, being written. Only :meth:`begin` makes one.

    One thread appends and commits; :meth:`frames`, :attr:`synced_cursor` and
    :meth:`seal_snapshot` may be used from others.
    """

    def __init__(
        self,
        segments: Segments,
        lock: int,
        heads: list[bytes],
        context: Context,
        keys: EpochKeys,
        pictures: bytes,
    ) -> None:
        self._segments = segments
        self._lock = lock
        self._keys = keys
        self._pictures = pictures
        self._context = context
        self._header = b""
        self._heads = heads
        self._synced = Cursor(context.blind_id, 0, len(heads) - 1, heads[-1])
        self._cursor = self._synced
        self._pending: list[bytes] = []

    @classmethod
    def begin(
        cls,
        directory: Path,
        context: Context,
        permit: bytes,
        *,
        station: SigningKey,
        openings: Mapping[str, SealingPublic],
        evidence: SealingPublic,
        hall: Sequence[SealingPublic],
        neighbour: SealingPublic | None,
        stamp: Stamp,
        sync: Callable[[int], None] = os.fdatasync,
        keeper: MachineSecret | None = None,
    ) -> JournalWriter:
        """Open the epoch *context* in the attempt's *directory*; its header is durable after.

        *openings* gives the public key of each opening role, *evidence* is the sitting's
        evidence key, which pictures are sealed to as well. Half 1 of the restore secret
        is sealed to every machine in *hall*, half 2 kept here (under *keeper*, the machine's
        secret, where it has one) and sealed to *neighbour*.

        Raises :class:`ChainGap`, :class:`ChainFork` or :class:`ChainPermit` when *context*
        does not follow what lies in the directory or *permit* was not given for it,
        :class:`JournalConflict`, :class:`JournalLocked`, :class:`DiskFull` or
        :class:`DiskFault`. After a disk error a new context and permit are needed, for the
        header may have reached the disk.
        """
        if parse_permit(permit)[1].context != context:
            raise ChainPermit("The permit was given for another place or station; ask again.")
        if context.station != station.key_id or context.boot != stamp.boot:
            raise ChainPermit("The epoch to open belongs to another station or another start.")
        prepare_directory(directory / "journal")
        prepare_directory(directory / "halves")
        lock = _take_lock(directory)
        segments = Segments(directory / "journal", sync)
        try:
            recovered = segments.recover()
            _check_follows(recovered, context)
            segments.copy_last()
            epoch = draw_epoch(context, permit, stamp.wall_ns, openings, evidence, hall, neighbour)
            signed = sign_header(epoch.body, station)
            heads = list(recovered.heads) or [genesis(context.blind_id)]
            writer = cls(segments, lock, heads, context, epoch.keys, epoch.pictures)
            writer._header = header_digest(signed)
            _keep_half(directory, writer._header, epoch.half2, keeper)
            writer._add(stamp, Compartment.HEADER, signed)
            writer.commit()
        except BaseException:
            segments.retire()
            os.close(lock)
            raise
        return writer

    @property
    def epoch(self) -> int:
        """The epoch being written."""
        return self._context.epoch

    @property
    def sequence(self) -> int:
        """The sequence of the last frame appended, durable or not."""
        return self._cursor.sequence

    @property
    def head(self) -> bytes:
        """The head after the last frame appended, durable or not."""
        return self._cursor.head

    @property
    def cursor(self) -> Cursor:
        """The place after the last frame appended, durable or not."""
        return self._cursor

    @property
    def synced(self) -> int:
        """The sequence of the last frame that is durable: all a person may be told is saved."""
        return self._synced.sequence

    @property
    def synced_cursor(self) -> Cursor:
        """The place after the last durable frame: all a holder may be sent."""
        return self._synced

    def head_at(self, sequence: int) -> bytes | None:
        """The head after entry *sequence*, to compare with a holder's; None if not reached."""
        return self._heads[sequence] if 0 <= sequence < len(self._heads) else None

    def append(self, stamp: Stamp, body: bytes, compartment: Compartment) -> int:
        """Seal *body* into the next frame and return its sequence. Nothing is written yet.

        What was appended is part of the record: it cannot be taken back, only committed,
        also after a commit failed. Raises :class:`JournalError` for a body too long.
        """
        if compartment not in SEALED:
            raise ValueError(f"nothing is appended to {compartment.name}")
        return self._add(stamp, compartment, body)

    def append_acknowledgement(self, stamp: Stamp, data: bytes) -> int:
        """Append a holder's signed acknowledgement, in clear. The caller verified its signature.

        Raises :class:`ChainDamage` when it is none, :class:`ChainFork` when it speaks of
        another record than this.
        """
        word = parse_acknowledgement(data)[1]
        if word.blind_id != self._context.blind_id or word.head != self.head_at(word.sequence):
            raise ChainFork("A holder acknowledged another record than this one.")
        return self._add(stamp, Compartment.ACKNOWLEDGEMENT, data)

    def commit(self) -> None:
        """Make everything appended durable: one write, one fdatasync.

        Raises :class:`DiskFull` or :class:`DiskFault`. Then nothing since the last good
        commit counts as saved; it is kept, and the next commit writes it, byte for byte
        the same, to a new segment.
        """
        if self._pending:
            first = self._synced.sequence + 1
            self._segments.append(self._pending, self.epoch, first)
            self._pending = []
            self._synced = self._cursor

    def frames(self, after: int, most_bytes: int = MAX_BATCH) -> tuple[bytes, ...]:
        """Durable frames after sequence *after*, for a holder: at least one if there is any.

        From any thread. Raises :class:`DiskFault` when the disk does not give them back.
        """
        return self._segments.read(after, most_bytes)

    def seal_snapshot(self, number: int, picture: bytes) -> SealedBlob:
        """Seal *picture* as snapshot *number* of this epoch: a number is used once.

        From any thread. Raises :class:`JournalError` when it is too big, or after
        :meth:`close`.
        """
        if not self._pictures:
            raise JournalError("No picture is taken any more: this record was closed.")
        return seal_picture(self._pictures, self._header, number, picture)

    def close(self) -> None:
        """Write no more and let go of the lock. What was not committed is dropped.

        The keys are let go of; Python cannot wipe the ``bytes`` that held them.
        """
        self._segments.retire()
        self._keys, self._pictures = EpochKeys({}), b""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _add(self, stamp: Stamp, compartment: Compartment, body: bytes) -> int:
        sequence = self._cursor.sequence + 1
        bound = frame_context(self._header, sequence, compartment, self._cursor.head)
        sealed_stamp = seal_stamp(self._keys[Compartment.EVENTS], sequence, stamp, bound)
        if compartment in SEALED:
            body = seal_body(self._keys[compartment], sequence, body, bound)
        frame = make_frame(sequence, compartment, sealed_stamp, body)
        head = head_after(self._cursor.head, frame[4:-4])
        self._pending.append(frame)
        self._heads.append(head)
        self._cursor = Cursor(self._context.blind_id, self.epoch, sequence, head)
        return sequence


def read_frames(directory: Path) -> Recovered:
    """Read the journal of the attempt's *directory*, as far as it is whole.

    Raises :class:`JournalConflict`, or :class:`DiskFault` when the disk cannot be read.
    """
    return Segments(directory / "journal").recover()


def refill(directory: Path, frames: Sequence[bytes]) -> Recovered:
    """Put *frames*, which a holder kept, after what the attempt's *directory* holds.

    For a record whose end was lost here, and for an attempt moved to this station. The
    caller checked their chain. Raises like :meth:`JournalWriter.begin`.
    """
    prepare_directory(directory / "journal")
    lock = _take_lock(directory)
    try:
        segments = Segments(directory / "journal")
        held = segments.recover()
        if frames:
            parsed = Frame.parse(frames[0])
            if parsed.sequence != len(held.frames) + 1:
                raise ChainGap(
                    "The record continues with entry {found} where entry {wanted} must follow.",
                    found=parsed.sequence,
                    wanted=len(held.frames) + 1,
                )
            epoch = held.cursor.epoch if held.cursor else 0
            if parsed.compartment is Compartment.HEADER:
                epoch = epoch_header(frames[0]).context.epoch
            segments.append(frames, epoch, parsed.sequence)
        segments.retire()
        return Segments(directory / "journal").recover()
    finally:
        os.close(lock)


def read_half(directory: Path, header: Header, keeper: MachineSecret | None = None) -> bytes:
    """Half 2 of the restore secret of *header*'s epoch, kept in the attempt's *directory*.

    Raises :class:`JournalError` when it is not there (moved, or the sitting was closed), or
    was kept by another machine than the one of *keeper*.
    """
    path = _half_path(directory, header.digest)
    try:
        with path.open("rb") as file:
            half = file.read(KEY_SIZE + OVERHEAD + 1)
    except FileNotFoundError:
        raise JournalError(
            "This station does not keep what is needed to open epoch {epoch} of the record "
            "again: it was written elsewhere, or the sitting was closed.",
            epoch=header.context.epoch,
        ) from None
    except OSError as problem:
        raise disk_error(problem, path) from None
    if len(half) == KEY_SIZE + OVERHEAD:
        opened = None if keeper is None else keeper.open(_half_context(header.digest), half)
        if opened is None:
            raise JournalError(
                "What opens epoch {epoch} of the record again was kept by another machine, or "
                "this one’s TPM was cleared; move the exam to another station.",
                epoch=header.context.epoch,
            )
        half = opened
    if len(half) != KEY_SIZE:
        raise DiskFault("The file {path} is damaged.", path=str(path))
    return half


def keep_half(
    directory: Path, header: Header, half: bytes, keeper: MachineSecret | None = None
) -> None:
    """Keep half 2 of an epoch that another station wrote, for going on here from now on.

    The caller made sure that it is that epoch's. Raises :class:`DiskFull` or
    :class:`DiskFault`.
    """
    prepare_directory(directory / "halves")
    _keep_half(directory, header.digest, half, keeper)


def forget_halves(directory: Path) -> int:
    """Delete every kept half 2, when the sitting is closed; return how many there were.

    What a disk's own wear levelling keeps is beyond reach. Raises :class:`DiskFault`.
    """
    halves = directory / "halves"
    try:
        paths = sorted(halves.glob("*.half"))
        for path in paths:
            path.unlink(missing_ok=True)
        if paths:
            sync_directory(halves)
    except OSError as problem:
        raise disk_error(problem, halves) from None
    return len(paths)


class EvidenceStore:
    """Sealed pictures of one attempt, by digest, in ``evidence/`` of its *directory*."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory / "evidence"

    def put(self, blob: SealedBlob) -> Path:
        """Keep *blob*, durably. Raises :class:`DiskFull` or :class:`DiskFault`."""
        prepare_directory(self._directory)
        path = self._directory / blob.digest.hex()
        try:
            if not path.exists():
                write_durably(path, blob.data, 0o600)
        except OSError as problem:
            raise disk_error(problem, path) from None
        return path

    def get(self, digest: bytes) -> bytes:
        """The blob named *digest*. Raises :class:`DiskFault` when it is not there, or altered."""
        path = self._directory / digest.hex()
        try:
            data = path.read_bytes()
        except OSError as problem:
            raise disk_error(problem, path) from None
        if blob_digest(data) != digest:
            raise DiskFault("The picture in {path} was altered on this disk.", path=str(path))
        return data


def _check_follows(recovered: Recovered, context: Context) -> None:
    """Make sure that *context* follows what is here. Raises a :class:`ChainError`."""
    blind_id = context.blind_id
    held = recovered.cursor or Cursor(blind_id, 0, 0, genesis(blind_id))
    if held.sequence + 1 != context.sequence:
        raise ChainGap(
            "The permit continues the record at entry {wanted}, but this station holds {held} "
            "entries; exchange the missing ones with the hall and ask again.",
            wanted=context.sequence,
            held=held.sequence,
        )
    if (held.blind_id, held.head) != (blind_id, context.previous_head):
        raise ChainFork(
            "The permit continues another record than the one on this station; keep both and "
            "tell the certification body."
        )
    if context.epoch <= recovered.epoch:
        raise ChainPermit(
            "The permit opens epoch {epoch}, but epoch {last} was open before; ask again.",
            epoch=context.epoch,
            last=recovered.epoch,
        )


def _take_lock(directory: Path) -> int:
    """Become the one writer. The kernel lets go when the process ends, however it ends."""
    path = directory / "lock"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise disk_error(problem, path) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise JournalLocked(
            "The record under {path} is being written by another process; end that one first.",
            path=str(directory),
        ) from None
    return lock


def _keep_half(directory: Path, header: bytes, half: bytes, keeper: MachineSecret | None) -> None:
    path = _half_path(directory, header)
    if keeper is not None:
        half = keeper.seal(_half_context(header), half)
    try:
        write_durably(path, half, 0o600)
    except OSError as problem:
        raise disk_error(problem, path) from None


def _half_context(header: bytes) -> bytes:
    return label("machine", "half", header)


def _half_path(directory: Path, header: bytes) -> Path:
    return directory / "halves" / f"{header.hex()}.half"
