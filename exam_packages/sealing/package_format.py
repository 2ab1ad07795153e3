"""The layout of a package's files: what its writer and its reader agree on."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Annotated, Final

import msgspec

from exam_packages import canon
from exam_packages.sealing.suite import SealingError, digest, label

__all__ = [
    "ALIGNMENT",
    "FILE_MAGIC",
    "MAX_BLOBS",
    "MAX_DATA_SIZE",
    "MAX_HEADER_SIZE",
    "MAX_VOLUMES",
    "MAX_VOLUME_SIZE",
    "PACKAGE_KIND",
    "PAPER",
    "PRACTICE",
    "SUITE",
    "VOLUMES_KIND",
    "VOLUME_MAGIC",
    "Body",
    "Core",
    "Entry",
    "IndexEntry",
    "PackageError",
    "VolumesBody",
    "aligned",
    "announced_kind",
    "blob_context",
    "decode_body",
    "decode_core",
    "decode_index",
    "package_hash",
    "padded_size",
    "volume_header",
    "volume_name",
    "volume_sizes",
]

PACKAGE_KIND: Final = "exam-kiosk/package/v1"
VOLUMES_KIND: Final = "exam-kiosk/package/v2"
"""What a package in several volumes is signed as; in one, it is a :data:`PACKAGE_KIND`."""
FILE_MAGIC: Final = b"exam-kiosk/package-file/v1\n"
VOLUME_MAGIC: Final = b"exam-kiosk/package-volume/v1\n"
SUITE: Final = 1

PRACTICE: Final = "practice"
PAPER: Final = "paper"

ALIGNMENT: Final = 4096
MAX_HEADER_SIZE: Final = 16 * 1024 * 1024
MAX_DATA_SIZE: Final = (1 << 32) - 1
MAX_BLOBS: Final = 50_000
MAX_VOLUMES: Final = 64
MAX_VOLUME_SIZE: Final = (1 << 32) - ALIGNMENT
"""Bytes of the largest volume that is written: what a FAT32 stick takes as one file."""

_MAX_INDEX_SIZE: Final = 32 * 1024 * 1024
_LEAST_BUCKET: Final = 4096
_COARSE_BUCKET: Final = 64 * 1024

_Version = Annotated[int, msgspec.Meta(ge=0, le=1 << 31)]


class PackageError(SealingError):
    """A package cannot be made, is damaged, or is not to be used here or now."""


class Core(canon.Object):
    """What a package is, in clear.

    Times are Unix seconds. ``least_client`` is the oldest version of Exam Kiosk that can
    hold this exam, ``least_trust`` the oldest root of trust it may be opened under;
    ``policy_hash`` fixes the body's policy for the sitting.
    """

    suite: Annotated[int, msgspec.Meta(ge=SUITE, le=SUITE)]
    package_id: canon.Id
    exam: canon.Text
    form: canon.Text
    version: _Version
    window_from_s: canon.Seconds
    window_to_s: canon.Seconds
    not_before_s: canon.Seconds
    expires_s: canon.Seconds
    least_client: tuple[_Version, _Version, _Version]
    least_trust: _Version
    policy_hash: canon.Hash


class Entry(canon.Object):
    """One blob: where its sealed bytes lie, counted from the end of the first header.

    The count runs on from volume to volume and leaves their headers out.
    """

    number: Annotated[int, msgspec.Meta(ge=0, lt=MAX_BLOBS)]
    part: str
    offset: Annotated[int, msgspec.Meta(ge=0, le=MAX_VOLUMES * MAX_DATA_SIZE)]
    length: Annotated[int, msgspec.Meta(ge=0, le=MAX_DATA_SIZE)]
    sha256: canon.Hash


class Body(canon.Object):
    """The signed body of a package in one volume. ``core`` is a :class:`Core`, encoded."""

    core: bytes
    practice_key: canon.Hash
    blobs: Annotated[tuple[Entry, ...], msgspec.Meta(min_length=2, max_length=MAX_BLOBS)]


class VolumesBody(Body):
    """The signed body of a package in several volumes.

    ``volumes`` are the numbers of the blobs with which volumes 2, 3, … begin, so that no
    blob lies in two.
    """

    volumes: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=1, lt=MAX_BLOBS)], ...],
        msgspec.Meta(min_length=1, max_length=MAX_VOLUMES - 1),
    ]


class IndexEntry(canon.Object):
    """What one blob is, sealed in its part's index; ``size`` is without padding."""

    number: Annotated[int, msgspec.Meta(ge=0, lt=MAX_BLOBS)]
    name: canon.Text
    media_type: canon.Text
    size: Annotated[int, msgspec.Meta(ge=0, le=MAX_DATA_SIZE)]


def aligned(size: int) -> int:
    """*size* rounded up to the file's alignment."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def padded_size(size: int) -> int:
    """The bucket a plaintext of *size* bytes is padded to.

    Powers of two from 4 KiB to 64 KiB, then multiples of 64 KiB.
    """
    if size <= _COARSE_BUCKET:
        return max(_LEAST_BUCKET, 1 << (size - 1).bit_length() if size else 0)
    return -(-size // _COARSE_BUCKET) * _COARSE_BUCKET


def package_hash(body: bytes) -> bytes:
    """The name of a package: a hash of its exact signed body."""
    return digest(label("package", "hash"), body)


def blob_context(core: bytes, part: str, number: int) -> bytes:
    """What a blob's sealing is bound to."""
    core_hash = digest(label("package", "core"), core)
    return label("package", "blob", core_hash, part.encode("ascii"), number.to_bytes(4, "big"))


def announced_kind(header: bytes) -> str:
    """What the signed object of a package says it is signed as; not yet verified."""
    in_volumes = header.startswith(VOLUMES_KIND.encode("ascii") + b"\n")
    return VOLUMES_KIND if in_volumes else PACKAGE_KIND


def volume_name(first: Path, number: int) -> Path:
    """Where volume *number* of the package lies whose first one is *first*: beside it."""
    return first if number == 1 else first.with_name(f"{first.name}.{number}")


def volume_header(package: bytes, number: int) -> bytes:
    """The header of volume *number*, from 2 on, of the package that is called *package*."""
    return (VOLUME_MAGIC + package + number.to_bytes(4, "big")).ljust(ALIGNMENT, b"\0")


def volume_sizes(body: Body) -> tuple[int, ...]:
    """Bytes of each volume behind its header."""
    begin = [body.blobs[number].offset for number in _beginning(body)]
    end = body.blobs[-1].offset + aligned(body.blobs[-1].length)
    return tuple(b - a for a, b in itertools.pairwise((0, *begin, end)))


def _beginning(body: Body) -> tuple[int, ...]:
    """Numbers of the blobs with which the volumes behind the first begin."""
    return body.volumes if isinstance(body, VolumesBody) else ()


def decode_core(data: bytes) -> Core:
    """Decode a core and check what it must keep. Raises :class:`PackageError`."""
    try:
        core: Core = canon.unpack(data, Core, max_size=ALIGNMENT)
    except canon.CanonError as problem:
        raise PackageError("The package's core cannot be read: {why}", why=str(problem)) from None
    if not (
        core.window_from_s < core.window_to_s <= core.expires_s
        and core.not_before_s < core.window_to_s
    ):
        raise PackageError(
            "The times of the package contradict each other: its sitting window must end after "
            "it begins and after “not before”, and the package must not expire within it."
        )
    return core


def decode_body(data: bytes, kind: str = PACKAGE_KIND) -> Body:
    """Decode a body that was signed as *kind*. Raises :class:`PackageError`.

    Blobs lie one behind the other, numbered from 0: first those of the practice part,
    then those of the paper, at least an index each.
    """
    try:
        body: Body = canon.unpack(
            data, VolumesBody if kind == VOLUMES_KIND else Body, max_size=MAX_HEADER_SIZE
        )
    except canon.CanonError as problem:
        raise PackageError("The package's header cannot be read: {why}", why=str(problem)) from None
    end = 0
    parts = []
    for number, entry in enumerate(body.blobs):
        if entry.number != number or entry.offset != end:
            raise PackageError("The package's table of blobs contradicts itself.")
        end += aligned(entry.length)
        parts.append(entry.part)
    practice = parts.count(PRACTICE)
    if not 0 < practice < len(parts) or parts != [PRACTICE] * practice + [PAPER] * (
        len(parts) - practice
    ):
        raise PackageError("The package does not have a practice part and then a paper.")
    ascending = all(a < b for a, b in itertools.pairwise((*_beginning(body), len(parts))))
    if not ascending or max(volume_sizes(body)) > MAX_DATA_SIZE:
        raise PackageError("The package's volumes contradict its table of blobs.")
    return body


def decode_index(data: bytes, blobs: tuple[Entry, ...]) -> tuple[IndexEntry, ...]:
    """Decode the index of a part whose other blobs are *blobs*. Raises :class:`PackageError`."""
    size = int.from_bytes(data[:4], "big")
    try:
        index: tuple[IndexEntry, ...] = canon.unpack(
            data[4 : 4 + size],
            tuple[IndexEntry, ...],
            max_size=_MAX_INDEX_SIZE,
            max_count=MAX_BLOBS,
        )
    except canon.CanonError as problem:
        raise PackageError("A part's index cannot be read: {why}", why=str(problem)) from None
    if len({entry.name for entry in index}) != len(index) or sorted(
        entry.number for entry in index
    ) != [entry.number for entry in blobs]:
        raise PackageError("A part's index does not agree with the package's table of blobs.")
    return index
