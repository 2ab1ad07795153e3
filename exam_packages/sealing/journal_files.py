"""The journal on disk: segments, written once, read together.

A journal directory holds numbered segments, ``000001.segment`` and so on. Each begins
with a preamble::

    magic ‖ u64 epoch ‖ u64 sequence ‖ u32 CRC-32      of the first frame

then frames, then zeros to the end of its preallocated size: appending writes over zeros
that are on disk already, so one fdatasync moves the bytes and no file size or map.

Rules:

* A commit is one write and one fdatasync. A group never spans segments.
* A write or sync that failed leaves its file untrusted: that file is never written or
  synced again, for the kernel may have dropped the pages and call the next sync a
  success. The group, byte for byte the same, goes to a new segment.
* A restart trusts no sync that it did not make: it copies the frames of the last segment
  into a new one and syncs that before it goes on.
* Nothing is ever deleted or changed here.

So one frame may lie in several segments; a reader merges them. Two frames of one epoch
and sequence with different bytes are an alarm (:class:`JournalConflict`). Reading a
segment stops at its first bad frame. A higher epoch that follows an earlier place cuts
off whatever the lower epoch had after it.
"""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from exam_packages.files import make_directory, sync_directory, write_all
from exam_packages.sealing.journal_format import (
    ChainDamage,
    Compartment,
    Context,
    Cursor,
    Frame,
    JournalError,
    frame_at,
    genesis,
    parse_header,
)

SEGMENT_SIZE: Final = 1024 * 1024
"""Bytes preallocated for one segment; a larger single group gets a larger one."""

_MAGIC = b"EXKJRNL1"
_PREAMBLE = 28
_MAX_SEGMENT = 64 * 1024 * 1024
_PATTERN = "[0-9][0-9][0-9][0-9][0-9][0-9].segment"


class DiskFull(JournalError):
    """There is no space left for the record."""


class DiskFault(JournalError):
    """The disk would not keep the record."""


class JournalConflict(JournalError):
    """One entry exists twice with different bytes. This is an alarm."""


class JournalDamage(JournalError):
    """What of a record could not be read. Carried as a note; raised by nothing here."""


class Place(NamedTuple):
    """Where on disk one frame lies."""

    segment: Path
    offset: int
    size: int


@dataclass(frozen=True)
class Recovered:
    """What a journal directory holds: the longest run of whole frames from the first.

    ``cursor`` is None for an empty journal. ``note`` says, for people, what at the end
    could not be read and was dropped; whoever restores compares with its holders, whose
    acknowledgements tell a group that was never saved from a damaged or altered disk.
    ``heads`` has the head before the first frame, then the head after each. ``epoch`` is the
    highest that anything readable here carries, joined to the record or not: a number that
    was used is not used again, or two entries would bear one name.
    """

    frames: tuple[bytes, ...]
    heads: tuple[bytes, ...]
    cursor: Cursor | None
    note: JournalDamage | None
    epoch: int


class Segments:
    """The segments of one journal directory. *sync* makes a file descriptor's data durable.

    Only one may write at a time: :class:`~exam_packages.sealing.journal.JournalWriter`
    holds the lock.
    """

    def __init__(self, directory: Path, sync: Callable[[int], None] = os.fdatasync) -> None:
        self._directory = directory
        self._sync = sync
        self._descriptor: int | None = None
        self._path = directory
        self._offset = 0
        self._room = 0
        self._next = 1
        self._tail: list[_Entry] = []
        self.places: list[Place] = []
        """Where each frame lies, by sequence from 1: what is durable, and no more."""

    def recover(self) -> Recovered:
        """Read everything. Raises :class:`JournalConflict`, or :class:`DiskFault`."""
        try:
            paths = sorted(self._directory.glob(_PATTERN))
            read = [_read_segment(path) for path in paths]
        except OSError as problem:
            raise disk_error(problem, self._directory) from None
        if paths:
            self._next = int(paths[-1].stem) + 1
        merged = _merge(read)
        line = _live_line(merged)
        self.places = [entry.place for entry in line.entries]
        self._tail = [
            entry for entry in line.entries if entry.place.segment == self.places[-1].segment
        ]
        return Recovered(
            tuple(entry.frame for entry in line.entries),
            tuple(line.heads),
            line.cursor,
            _note(read, merged, line),
            max((segment.epoch for segment in read), default=0),
        )

    def salvage(self) -> tuple[Recovered, JournalConflict | None]:
        """What :meth:`recover` reads, but of a record that contradicts itself what lies before.

        For a verifier, never for going on. Raises :class:`DiskFault`.
        """
        try:
            read = [_read_segment(path) for path in sorted(self._directory.glob(_PATTERN))]
        except OSError as problem:
            raise disk_error(problem, self._directory) from None
        seen: dict[tuple[int, int], bytes] = {}
        differ = [
            entry.parsed.sequence
            for segment in read
            for entry in segment.entries
            if seen.setdefault((entry.epoch, entry.parsed.sequence), entry.frame) != entry.frame
        ]
        conflict = None
        if differ:
            end = min(differ)
            conflict = _conflict(end)
            read = [
                _Segment([e for e in one.entries if e.parsed.sequence < end], one.whole, one.epoch)
                for one in read
            ]
        merged = _merge(read)
        line = _live_line(merged)
        frames = tuple(entry.frame for entry in line.entries)
        note = _note(read, merged, line)
        epoch = max((segment.epoch for segment in read), default=0)
        return Recovered(frames, tuple(line.heads), line.cursor, note, epoch), conflict

    def copy_last(self) -> None:
        """Write the last segment's frames again and sync them. Raises like :meth:`append`."""
        if self._tail:
            epoch, first = self._tail[0].epoch, self._tail[0].parsed.sequence
            del self.places[first - 1 :]
            self.append([entry.frame for entry in self._tail], epoch, first)
            self.retire()
            self._tail = []

    def append(self, frames: Sequence[bytes], epoch: int, first: int) -> None:
        """Write *frames*, the first of which is *first* in *epoch*, and make them durable.

        Raises :class:`DiskFull` or :class:`DiskFault`; then nothing of this group counts
        as saved, and the same frames are to be offered again, with others after them.
        """
        data = b"".join(frames)
        try:
            if self._descriptor is None or len(data) > self._room:
                self.retire()
                self._create(len(data), epoch, first)
            assert self._descriptor is not None  # noqa: S101 - _create set it
            write_all(self._descriptor, data, self._offset)
            self._sync(self._descriptor)
        except OSError as problem:
            self.retire()
            raise disk_error(problem, self._directory) from None
        offset = self._offset
        for frame in frames:
            self.places.append(Place(self._path, offset, len(frame)))
            offset += len(frame)
        self._offset = offset
        self._room -= len(data)

    def read(self, after: int, most_bytes: int) -> tuple[bytes, ...]:
        """Durable frames after sequence *after*, whole, up to *most_bytes* but at least one.

        May be called from another thread while frames are appended. Raises
        :class:`DiskFault` when the disk does not give them back.
        """
        frames: list[bytes] = []
        left = most_bytes
        descriptor, opened = -1, None
        try:
            for place in self.places[after:]:
                left -= place.size
                if frames and left < 0:
                    break
                if place.segment != opened:
                    if opened is not None:
                        os.close(descriptor)
                        opened = None
                    descriptor = os.open(place.segment, os.O_RDONLY | os.O_CLOEXEC)
                    opened = place.segment
                frame = os.pread(descriptor, place.size, place.offset)
                if len(frame) != place.size:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                frames.append(frame)
        except OSError as problem:
            raise disk_error(problem, self._directory) from None
        finally:
            if opened is not None:
                os.close(descriptor)
        return tuple(frames)

    def retire(self) -> None:
        """Write no more to the segment in use."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def _create(self, least: int, epoch: int, first: int) -> None:
        """Begin a new segment with room for *least* bytes, its zeros and name durable."""
        size = max(SEGMENT_SIZE, _PREAMBLE + least)
        path = self._directory / f"{self._next:06d}.segment"
        self._next += 1  # a number that failed is not used again
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            write_all(descriptor, _preamble(epoch, first).ljust(size, b"\0"), 0)
            os.fsync(descriptor)
            sync_directory(self._directory)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)  # it held no frame yet, and its space may be needed
            raise
        self._descriptor, self._path = descriptor, path
        self._offset, self._room = _PREAMBLE, size - _PREAMBLE


# --- Reading -----------------------------------------------------------------------


class _Entry(NamedTuple):
    epoch: int
    frame: bytes
    parsed: Frame
    context: Context | None
    place: Place


@dataclass(frozen=True)
class _Segment:
    entries: list[_Entry]
    whole: bool
    """Whether nothing but zeros follows the last frame."""
    epoch: int
    """The highest epoch in it; 0 when nothing of it can be read."""


@dataclass(frozen=True)
class _Line:
    entries: list[_Entry]
    heads: list[bytes]
    cursor: Cursor | None


def _read_segment(path: Path) -> _Segment:
    with path.open("rb") as file:
        data = file.read(_MAX_SEGMENT + 1)
    epoch = int.from_bytes(data[8:16], "big")
    expected = int.from_bytes(data[16:24], "big")
    if data[:_PREAMBLE] != _preamble(epoch, expected):
        return _Segment([], not data.strip(b"\0"), 0)
    entries = []
    offset = _PREAMBLE
    while (frame := frame_at(data, offset)) is not None:
        try:
            parsed = Frame.parse(frame)
            context = None
            if parsed.compartment is Compartment.HEADER:
                context = parse_header(parsed.body).context
                epoch = context.epoch
        except ChainDamage:
            break
        if parsed.sequence != expected:
            break
        place = Place(path, offset, len(frame))
        entries.append(_Entry(epoch, frame, parsed, context, place))
        expected += 1
        offset += len(frame)
    highest = max((entry.epoch for entry in entries), default=epoch)
    return _Segment(entries, not data[offset:].strip(b"\0"), highest)


def _preamble(epoch: int, sequence: int) -> bytes:
    fields = _MAGIC + epoch.to_bytes(8, "big") + sequence.to_bytes(8, "big")
    return fields + zlib.crc32(fields).to_bytes(4, "big")


def _merge(segments: Sequence[_Segment]) -> dict[int, dict[int, _Entry]]:
    """Every readable frame by sequence and epoch; of copies, the one in the last segment."""
    merged: dict[int, dict[int, _Entry]] = {}
    for segment in segments:
        for entry in segment.entries:
            here = merged.setdefault(entry.parsed.sequence, {})
            other = here.get(entry.epoch)
            if other is not None and other.frame != entry.frame:
                raise _conflict(entry.parsed.sequence)
            here[entry.epoch] = entry
    return merged


def _conflict(sequence: int) -> JournalConflict:
    return JournalConflict(
        "Entry {sequence} of the record on this station exists twice and differs; "
        "keep the disk as it is and tell the certification body.",
        sequence=sequence,
    )


def _live_line(merged: dict[int, dict[int, _Entry]]) -> _Line:
    """Follow the record from its first frame, turning into each later epoch that continues it."""
    first = next((entry.context for entry in merged.get(1, {}).values() if entry.context), None)
    if first is None:
        return _Line([], [], None)
    epoch, heads = 0, [genesis(first.blind_id)]
    entries: list[_Entry] = []
    while True:
        found = merged.get(len(entries) + 1, {})
        turns = [
            entry
            for entry in found.values()
            if entry.context is not None
            and entry.epoch > epoch
            and entry.context.previous_head == heads[-1]
            and entry.context.blind_id == first.blind_id
        ]
        entry = max(turns, key=lambda entry: entry.epoch) if turns else found.get(epoch)
        if entry is None:
            break
        epoch = entry.epoch
        heads.append(entry.parsed.head_after(heads[-1]))
        entries.append(entry)
    if not entries:
        return _Line([], [], None)
    return _Line(entries, heads, Cursor(first.blind_id, epoch, len(entries), heads[-1]))


def _note(
    segments: Sequence[_Segment], merged: dict[int, dict[int, _Entry]], line: _Line
) -> JournalDamage | None:
    last = len(line.entries)
    epoch = line.cursor.epoch if line.cursor else 0
    beyond = sum(
        1
        for sequence, found in merged.items()
        if sequence > last and any(entry.epoch >= epoch for entry in found.values())
    )
    if beyond:
        return JournalDamage(
            "The record on this station is damaged after entry {last}; {count} later entries "
            "are there but cannot be joined to it.",
            last=last,
            count=beyond,
        )
    torn = next((s for s in reversed(segments) if s.entries or not s.whole), None)
    if torn is not None and not torn.whole:
        return JournalDamage(
            "The record on this station breaks off after entry {last}; what was being written "
            "then could not be read.",
            last=last,
        )
    return None


def prepare_directory(directory: Path) -> None:
    """Make a journal's directory, durably. Raises :class:`DiskFull` or :class:`DiskFault`."""
    try:
        make_directory(directory, 0o700)
    except OSError as problem:
        raise disk_error(problem, directory) from None


def disk_error(problem: OSError, where: Path) -> JournalError:
    """What a person must know of *problem*: :class:`DiskFull` or :class:`DiskFault`."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            "The disk under {path} is full, so this is not saved yet; make space and it will be.",
            path=str(where),
        )
    return DiskFault(
        "The disk under {path} did not take the record ({why}), so this is not saved yet; "
        "if this stays, move to another station.",
        path=str(where),
        why=problem.strerror or type(problem).__name__,
    )
