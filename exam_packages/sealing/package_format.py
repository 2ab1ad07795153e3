"""The layout of a package file: what its writer and its reader agree on."""

from __future__ import annotations

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
    "PACKAGE_KIND",
    "PAPER",
    "PRACTICE",
    "SUITE",
    "Body",
    "Core",
    "Entry",
    "IndexEntry",
    "PackageError",
    "aligned",
    "blob_context",
    "decode_body",
    "decode_core",
    "decode_index",
    "package_hash",
    "padded_size",
]

PACKAGE_KIND: Final = "exam-kiosk/package/v1"
FILE_MAGIC: Final = b"exam-kiosk/package-file/v1\n"
SUITE: Final = 1

PRACTICE: Final = "practice"
PAPER: Final = "paper"

ALIGNMENT: Final = 4096
MAX_HEADER_SIZE: Final = 16 * 1024 * 1024
MAX_DATA_SIZE: Final = (1 << 32) - 1
MAX_BLOBS: Final = 50_000

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
    """One blob: where its sealed bytes lie, counted from the end of the header."""

    number: Annotated[int, msgspec.Meta(ge=0, lt=MAX_BLOBS)]
    part: str
    offset: Annotated[int, msgspec.Meta(ge=0, le=MAX_DATA_SIZE)]
    length: Annotated[int, msgspec.Meta(ge=0, le=MAX_DATA_SIZE)]
    sha256: canon.Hash


class Body(canon.Object):
    """The signed body. ``core`` is a :class:`Core`, encoded."""

    core: bytes
    practice_key: canon.Hash
    blobs: Annotated[tuple[Entry, ...], msgspec.Meta(min_length=2, max_length=MAX_BLOBS)]


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


def decode_body(data: bytes) -> Body:
    """Decode a body whose signatures hold. Raises :class:`PackageError`.

    Blobs lie one behind the other, numbered from 0: first those of the practice part,
    then those of the paper, at least an index each.
    """
    try:
        body: Body = canon.unpack(data, Body, max_size=MAX_HEADER_SIZE)
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
