"""Sealing a package."""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final

from exam_packages import canon
from exam_packages.files import sync_directory
from exam_packages.sealing.package_format import (
    ALIGNMENT,
    FILE_MAGIC,
    MAX_BLOBS,
    MAX_DATA_SIZE,
    MAX_HEADER_SIZE,
    MAX_VOLUME_SIZE,
    MAX_VOLUMES,
    PACKAGE_KIND,
    PAPER,
    PRACTICE,
    VOLUMES_KIND,
    Body,
    Core,
    Entry,
    IndexEntry,
    PackageError,
    VolumesBody,
    aligned,
    blob_context,
    decode_core,
    package_hash,
    padded_size,
    volume_header,
    volume_name,
)
from exam_packages.sealing.signed import sign
from exam_packages.sealing.stream import hashed, seal_stream, sealed_size
from exam_packages.sealing.suite import SigningKey

__all__ = ["Blob", "FileBlob", "PaperKey", "seal_package"]

_PIECE: Final = 1024 * 1024
_NO_HASH: Final = bytes(32)
_SYNC_EVERY: Final = 32 * 1024 * 1024


@dataclass(frozen=True)
class Blob:
    """One named thing of a part: an item, a picture, the paper itself."""

    name: str
    media_type: str
    data: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.data)

    def pieces(self) -> Iterator[bytes | memoryview]:
        """Its bytes, piece by piece."""
        view = memoryview(self.data)
        for offset in range(0, len(view), _PIECE):
            yield view[offset : offset + _PIECE]


@dataclass(frozen=True)
class FileBlob:
    """A blob whose bytes stay in the file at *path* until they are sealed: a long video."""

    name: str
    media_type: str
    path: Path

    @cached_property
    def size(self) -> int:
        """How many bytes the file has; it must not change until it is sealed."""
        return self.path.stat().st_size

    def pieces(self) -> Iterator[bytes | memoryview]:
        """Its bytes, piece by piece in one buffer; a piece stands there until the next.

        Raises :class:`PackageError` when they are not as many as :attr:`size` said.
        """
        buffer = memoryview(bytearray(_PIECE))
        left = self.size
        with self.path.open("rb", buffering=0) as file:
            while count := file.readinto(buffer):
                left -= count
                yield buffer[:count]
        if left:
            raise PackageError(
                "The file {path} changed while it was being sealed; seal it again.",
                path=str(self.path),
            )


@dataclass(frozen=True)
class PaperKey:
    """The secret of a package, which grants wrap: keep it at the body."""

    package_hash: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class _Plan:
    """A blob that has its place in the package but is not sealed yet."""

    entry: Entry
    key: bytes = field(repr=False)
    blob: Blob | FileBlob = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes it takes in a volume."""
        return aligned(self.entry.length)


@dataclass(frozen=True)
class _Draft:
    """A signed body whose hashes are still to come. *volumes* as in :class:`VolumesBody`."""

    core: bytes
    practice_key: bytes = field(repr=False)
    entries: tuple[Entry, ...]
    volumes: tuple[int, ...] = ()

    def body(self) -> bytes:
        fields = (self.core, self.practice_key, self.entries)
        return canon.pack(VolumesBody(*fields, self.volumes) if self.volumes else Body(*fields))

    def header(self, signers: Sequence[SigningKey]) -> bytes:
        """The first volume's header, with the zeros behind it."""
        signed = sign(VOLUMES_KIND if self.volumes else PACKAGE_KIND, self.body(), signers)
        header = FILE_MAGIC + len(signed).to_bytes(4, "big") + signed
        return header.ljust(aligned(len(header)), b"\0")


def seal_package(
    path: Path,
    core: Core,
    practice: Sequence[Blob | FileBlob],
    paper: Sequence[Blob | FileBlob],
    signers: Sequence[SigningKey],
    *,
    volume_size: int = MAX_VOLUME_SIZE,
) -> PaperKey:
    """Seal a package into a new file at *path*, and return the secret of its paper.

    Blobs keep their order. What is larger than *volume_size* bytes goes on in further volumes
    beside *path*. The package appears whole, synced, or not at all.

    Raises :class:`PackageError`: a file is there already, a name is used twice or is no
    short printable line, the times of *core* contradict each other, a blob does not fit into
    a volume, or there are more of either than a package may have.
    """
    if volume_size > MAX_VOLUME_SIZE:
        raise ValueError(f"a volume has at most {MAX_VOLUME_SIZE} bytes")
    packed = canon.pack(core)
    decode_core(packed)
    practice_key, paper_key = secrets.token_bytes(32), secrets.token_bytes(32)
    plans = list(
        _plan([(PRACTICE, practice_key, _named(practice)), (PAPER, paper_key, _named(paper))])
    )
    draft = _Draft(packed, practice_key, tuple(plan.entry for plan in plans))
    # Lengths are known before anything is sealed, so the header's size is too: drafted
    # with empty hashes and throwaway keys, then written over its own place at the end.
    shape = {key.key_id: bool(key.mldsa65_seed) for key in signers}
    strangers = [SigningKey.generate(pair=pair) for pair in shape.values()]
    start = len(draft.header(strangers))
    if start + sum(plan.size for plan in plans) > volume_size:
        # Saying where volumes begin takes less than one more page.
        draft = replace(draft, volumes=_split(plans, volume_size, start + ALIGNMENT))
        start = len(draft.header(strangers))
    if start > MAX_HEADER_SIZE:
        raise PackageError("The package has too many blobs for its header.")

    paths = [volume_name(path, number + 1) for number in range(len(draft.volumes) + 1)]
    for each in paths:
        if each.exists():
            raise PackageError(
                "There is a file at {path} already, and a sealed package is never overwritten; "
                "choose another name.",
                path=str(each),
            )
    token = secrets.token_hex(8)
    temporary = [each.with_name(f".{each.name}.{token}") for each in paths]
    try:
        with ExitStack() as stack:
            files = [stack.enter_context(each.open("xb")) for each in temporary]
            disk = _Disk(stack.enter_context(ThreadPoolExecutor(1)))
            entries: list[Entry] = []
            for file, (first, end) in zip(
                files, itertools.pairwise((0, *draft.volumes, len(plans))), strict=True
            ):
                file.seek(start if first == 0 else ALIGNMENT)
                entries += [_seal(file, disk, packed, plan) for plan in plans[first:end]]
            disk.wait()
            draft = replace(draft, entries=tuple(entries))
            name = package_hash(draft.body())
            for number, file in enumerate(files, 1):
                file.seek(0)
                file.write(draft.header(signers) if number == 1 else volume_header(name, number))
                file.flush()
                os.fsync(file.fileno())
        _appear(temporary, paths)
    except OSError as problem:
        raise PackageError(
            "The package {path} cannot be written: {why}.",
            path=str(path),
            why=problem.strerror or type(problem).__name__,
        ) from None
    finally:
        for each in temporary:
            each.unlink(missing_ok=True)
    return PaperKey(name, paper_key)


class _Disk:
    """Has the disk take what is written while more is sealed, so that it never piles up."""

    def __init__(self, beside: ThreadPoolExecutor) -> None:
        self._beside = beside
        self._since = 0
        self._syncing: Future[None] | None = None

    def wrote(self, file: BinaryIO, count: int) -> None:
        """*count* more bytes are in *file*. Raises like :meth:`wait`."""
        self._since += count
        if self._since >= _SYNC_EVERY:
            self.wait()
            self._syncing, self._since = self._beside.submit(os.fdatasync, file.fileno()), 0

    def wait(self) -> None:
        """Until a sync that is under way is done. Raises its :class:`OSError`: it is told once."""
        if self._syncing is not None:
            self._syncing.result()
            self._syncing = None


def _appear(temporary: Sequence[Path], paths: Sequence[Path]) -> None:
    """Give the volumes their names; the first one's comes last and makes it a package."""
    try:
        for each, final in reversed(list(zip(temporary, paths, strict=True))):
            each.replace(final)
        sync_directory(paths[0].parent)
    except OSError:
        for final in paths:
            final.unlink(missing_ok=True)
        raise


def _split(plans: Sequence[_Plan], volume_size: int, header: int) -> tuple[int, ...]:
    """With which blobs volumes 2, 3, … begin. The first has a *header* of so many bytes."""
    begin: list[int] = []
    room = volume_size - header
    for plan in plans:
        if plan.size > room and plan.entry.number > 0:
            begin.append(plan.entry.number)
            room = volume_size - ALIGNMENT
        if plan.size > room:
            name = plan.blob.name or f"the index of the {plan.entry.part}"
            raise _too_large(name, plan.size, max(room, 0))
        room -= plan.size
    if len(begin) >= MAX_VOLUMES:
        raise PackageError(
            "The package would have {count} volumes, and {most} are possible; make the media "
            "smaller, or the volumes larger (below 4 GiB).",
            count=len(begin) + 1,
            most=MAX_VOLUMES,
        )
    return tuple(begin)


def _too_large(name: str, size: int, room: int) -> PackageError:
    return PackageError(
        "“{name}” takes {size} bytes, and one volume has room for {room}; a blob never lies in "
        "two. Make it smaller, or the volumes larger: they end below 4 GiB.",
        name=name[:200],
        size=size,
        room=room,
    )


def _named(blobs: Sequence[Blob | FileBlob]) -> Sequence[Blob | FileBlob]:
    """*blobs*, when each has a name of its own."""
    for name, count in Counter(blob.name for blob in blobs).items():
        if count > 1:
            raise PackageError("The name “{name}” is used for two blobs of one part.", name=name)
    return blobs


def _index(first: int, blobs: Sequence[Blob | FileBlob]) -> bytes:
    """The index of *blobs*, which are numbered from *first*."""
    for blob in blobs:
        if blob.size > MAX_DATA_SIZE:
            raise _too_large(blob.name, blob.size, MAX_DATA_SIZE)
    index = canon.encode(
        [(first + place, blob.name, blob.media_type, blob.size) for place, blob in enumerate(blobs)]
    )
    try:
        canon.unpack(index, tuple[IndexEntry, ...])
    except canon.CanonError as problem:
        raise PackageError(
            "A blob has a name or a type that is not a short printable line, or is too large: "
            "{why}",
            why=str(problem),
        ) from None
    return len(index).to_bytes(4, "big") + index


def _plan(parts: Sequence[tuple[str, bytes, Sequence[Blob | FileBlob]]]) -> Iterator[_Plan]:
    """Give every blob its number and place: each part's index, then its blobs."""
    number = offset = 0
    for part, key, blobs in parts:
        for blob in (Blob("", "", _index(number + 1, blobs)), *blobs):
            length = sealed_size(padded_size(blob.size))
            if number >= MAX_BLOBS:
                raise PackageError(
                    "A package has at most {count} blobs, and this content has more; spread the "
                    "items over two forms.",
                    count=MAX_BLOBS,
                )
            yield _Plan(Entry(number, part, offset, length, _NO_HASH), key, blob)
            number += 1
            offset += aligned(length)


def _seal(file: BinaryIO, disk: _Disk, core: bytes, plan: _Plan) -> Entry:
    """Write one sealed blob where *file* stands, with its zeros, and return its final entry."""
    entry = plan.entry
    sha256 = hashlib.sha256()
    context = blob_context(core, entry.part, entry.number)
    for sealed in hashed(seal_stream(plan.key, context, _pieces(plan.blob)), sha256):
        file.write(sealed)
        disk.wrote(file, len(sealed))
    file.write(bytes(aligned(entry.length) - entry.length))
    return Entry(entry.number, entry.part, entry.offset, entry.length, sha256.digest())


def _pieces(blob: Blob | FileBlob) -> Iterator[bytes | memoryview]:
    """The bytes of *blob*, and the zeros that fill its bucket."""
    yield from blob.pieces()
    yield bytes(padded_size(blob.size) - blob.size)
