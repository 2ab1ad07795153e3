"""Sealing a package."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final

from exam_packages import canon
from exam_packages.files import sync_directory
from exam_packages.sealing.package_format import (
    FILE_MAGIC,
    MAX_BLOBS,
    MAX_DATA_SIZE,
    MAX_HEADER_SIZE,
    PACKAGE_KIND,
    PAPER,
    PRACTICE,
    Body,
    Core,
    Entry,
    IndexEntry,
    PackageError,
    aligned,
    blob_context,
    decode_core,
    package_hash,
    padded_size,
)
from exam_packages.sealing.signed import sign
from exam_packages.sealing.stream import seal_stream, sealed_size
from exam_packages.sealing.suite import SigningKey

__all__ = ["Blob", "FileBlob", "PaperKey", "seal_package"]

_PIECE: Final = 1024 * 1024
_NO_HASH: Final = bytes(32)


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
    """A blob that has its place in the file but is not sealed yet."""

    entry: Entry
    key: bytes = field(repr=False)
    blob: Blob | FileBlob = field(repr=False)


def seal_package(
    path: Path,
    core: Core,
    practice: Sequence[Blob | FileBlob],
    paper: Sequence[Blob | FileBlob],
    signers: Sequence[SigningKey],
) -> PaperKey:
    """Seal a package into a new file at *path*, and return the secret of its paper.

    Blobs keep their order. The file appears whole, synced, or not at all.

    Raises :class:`PackageError`: a file is there already, a name is used twice or is no
    short printable line, the times of *core* contradict each other, or the blobs take
    4 GiB or more.
    """
    if path.exists():
        raise PackageError(
            "There is a file at {path} already, and a sealed package is never overwritten; "
            "choose another name.",
            path=str(path),
        )
    packed = canon.pack(core)
    decode_core(packed)
    practice_key, paper_key = secrets.token_bytes(32), secrets.token_bytes(32)
    plans = list(
        _plan([(PRACTICE, practice_key, _named(practice)), (PAPER, paper_key, _named(paper))])
    )
    # Lengths are known before anything is sealed, so the header's size is too: drafted
    # with empty hashes and throwaway keys, then written over its own place at the end.
    draft = canon.pack(Body(packed, practice_key, tuple(plan.entry for plan in plans)))
    shape = {key.key_id: bool(key.mldsa65_seed) for key in signers}
    start = _header_size(
        len(sign(PACKAGE_KIND, draft, [SigningKey.generate(pair=pair) for pair in shape.values()]))
    )
    if start > MAX_HEADER_SIZE:
        raise PackageError("The package has too many blobs for its header.")

    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.seek(start)
            entries = tuple(_seal(file, packed, plan) for plan in plans)
            body = canon.pack(Body(packed, practice_key, entries))
            signed = sign(PACKAGE_KIND, body, signers)
            header = FILE_MAGIC + len(signed).to_bytes(4, "big") + signed
            file.seek(0)
            file.write(header.ljust(start, b"\0"))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_directory(path.parent)
    except OSError as problem:
        raise PackageError(
            "The package {path} cannot be written: {why}.",
            path=str(path),
            why=problem.strerror or type(problem).__name__,
        ) from None
    finally:
        temporary.unlink(missing_ok=True)
    return PaperKey(package_hash(body), paper_key)


def _header_size(signed: int) -> int:
    return aligned(len(FILE_MAGIC) + 4 + signed)


def _named(blobs: Sequence[Blob | FileBlob]) -> Sequence[Blob | FileBlob]:
    """*blobs*, when each has a name of its own."""
    for name, count in Counter(blob.name for blob in blobs).items():
        if count > 1:
            raise PackageError("The name “{name}” is used for two blobs of one part.", name=name)
    return blobs


def _index(first: int, blobs: Sequence[Blob | FileBlob]) -> bytes:
    """The index of *blobs*, which are numbered from *first*."""
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
            if number >= MAX_BLOBS or offset + aligned(length) > MAX_DATA_SIZE:
                raise PackageError(
                    "A package is one file below 4 GiB with at most {count} blobs, and this "
                    "content is larger; packages in several volumes are not built yet. Make the "
                    "media smaller, or spread the items over two forms.",
                    count=MAX_BLOBS,
                )
            yield _Plan(Entry(number, part, offset, length, _NO_HASH), key, blob)
            number += 1
            offset += aligned(length)


def _seal(file: BinaryIO, core: bytes, plan: _Plan) -> Entry:
    """Write one sealed blob where *file* stands, with its zeros, and return its final entry."""
    entry = plan.entry
    sha256 = hashlib.sha256()
    for sealed in seal_stream(
        plan.key, blob_context(core, entry.part, entry.number), _pieces(plan.blob)
    ):
        sha256.update(sealed)
        file.write(sealed)
    file.write(bytes(aligned(entry.length) - entry.length))
    return Entry(entry.number, entry.part, entry.offset, entry.length, sha256.digest())


def _pieces(blob: Blob | FileBlob) -> Iterator[bytes | memoryview]:
    """The bytes of *blob*, and the zeros that fill its bucket."""
    yield from blob.pieces()
    yield bytes(padded_size(blob.size) - blob.size)
