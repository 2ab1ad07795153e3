"""The package: a form's paper and its practice, sealed once for all centres.

::

    "exam-kiosk/package-file/v1\\n" ‖ u32 length ‖ signed object ‖ zeros to 4 KiB
    ‖ blobs, each a Cobblestone-256 message followed by zeros to 4 KiB

The signed body is ``[core, practice key, blobs]``: the core (:class:`Core`) as bytes, the
key of the practice part in clear, and for every blob its number, part, offset (from the
end of the header's zeros), length and SHA-256. The first blob of each part is its index:
names, types, sizes and order of the others, which only the part's key reveals. Plaintexts
are padded with zeros to buckets, so that a blob's length tells little.

What is too large for one file goes on in further volumes beside the first, each with the
package's hash and its own number in front of its blobs; the signed body then also tells
which blob each begins with (:class:`VolumesBody`).

Each blob is sealed under its part's key in a context that names the core, the part and
the blob's number. Whoever has a part's key could seal under it again, so a blob counts
only once its SHA-256 agrees with the signed body.

Opening and checking need no secret.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from exam_packages.sealing.keys import read_key_file, write_key_file
from exam_packages.sealing.package_format import (
    MAX_HEADER_SIZE,
    MAX_VOLUME_SIZE,
    PAPER,
    PRACTICE,
    Core,
    Entry,
    IndexEntry,
    PackageError,
    aligned,
    announced_kind,
    blob_context,
    decode_body,
    decode_core,
    decode_index,
    package_hash,
    volume_sizes,
)
from exam_packages.sealing.package_volumes import Volumes
from exam_packages.sealing.package_writer import Blob, FileBlob, PaperKey, seal_package
from exam_packages.sealing.stream import RangeReader, hashed, open_stream
from exam_packages.sealing.suite import SuiteError
from exam_packages.sealing.trust import PACKAGER, Trust

__all__ = [
    "MAX_VOLUME_SIZE",
    "Blob",
    "Core",
    "FileBlob",
    "Package",
    "PackageError",
    "PaperKey",
    "Part",
    "read_paper_key",
    "seal_package",
    "write_paper_key",
]

_PIECE: Final = 1024 * 1024
_MOST_THREADS: Final = 4


def write_paper_key(path: Path, key: PaperKey) -> None:
    """Write *key* to a new key file, mode 0600. Raises :class:`KeyFileError`."""
    write_key_file(path, "paper", (key.package_hash, key.key))


def read_paper_key(path: Path) -> PaperKey:
    """Read a paper key. Raises :class:`KeyFileError`."""
    return PaperKey(*read_key_file(path, "paper", (32, 32)))


class Package:
    """A package whose signatures are verified. Keeps its files open; close it when done.

    Reads from several threads at once are safe.
    """

    def __init__(self, volumes: Volumes, body: bytes, kind: str) -> None:
        decoded = decode_body(body, kind)
        self._volumes = volumes
        self._practice_key = decoded.practice_key
        self._core = decoded.core
        self._blobs = decoded.blobs
        self._sound: set[int] = set()  # numbers of the blobs compared since opening
        self._lock = threading.Lock()
        self.core: Final[Core] = decode_core(decoded.core)
        self.package_hash: Final = package_hash(body)
        """32 bytes that name exactly this package."""
        for problem in volumes.join(volume_sizes(decoded), self.package_hash):
            raise problem

    @classmethod
    def open(cls, path: Path, trust: Trust, *, now_s: int | None) -> Package:
        """Open a package and verify its signatures: cheap, whatever its size.

        *path* is its first volume; the others lie beside it. With *now_s* an expired package
        is refused too; leave it out to resume an attempt.

        Raises :class:`PackageError`, or :class:`TrustError` or :class:`SignedError` when
        the packager's signatures do not hold.
        """
        volumes = Volumes(path)
        try:
            header = volumes.read_header()
            kind = announced_kind(header)
            body = trust.verify(header, kind, PACKAGER, max_size=MAX_HEADER_SIZE)
            package = cls(volumes, body, kind)
            package._admit(trust, now_s)
        except BaseException:
            volumes.close()
            raise
        return package

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files it lies in, the first volume first."""
        return self._volumes.paths

    def close(self) -> None:
        """Close its files; nothing can be read afterwards."""
        self._volumes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def check(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Read every volume once and compare every blob with the signed body.

        Several blobs are read at once where there are several processors: SHA-256 keeps one
        busy. *progress* is told (bytes done, bytes in all), one call after the other, from
        the threads that read. Raises :class:`PackageError` that names the first damaged blob.
        """
        total = sum(entry.length for entry in self._blobs)
        done = 0
        lock = threading.Lock()

        def tick(count: int) -> None:
            nonlocal done
            with lock:
                done += count
                if progress is not None:
                    progress(done, total)

        threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS)
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(lambda entry: self._compare(entry, tick), self._blobs):
                pass

    def practice(self) -> Part:
        """The practice part, whose key lies in clear in the signed body."""
        return Part(self, PRACTICE, self._practice_key)

    def paper(self, key: bytes) -> Part:
        """The paper, opened with the key that a grant gave.

        Raises :class:`PackageError` when *key* is not that of this package.
        """
        return Part(self, PAPER, key)

    def _admit(self, trust: Trust, now_s: int | None) -> None:
        if now_s is not None and now_s >= self.core.expires_s:
            raise PackageError(
                "The package of “{exam}” has expired; get the current one from the "
                "certification body, and check this machine's clock.",
                exam=self.core.exam,
            )
        if trust.root.version < self.core.least_trust:
            raise PackageError(
                "The package of “{exam}” needs version {wanted} of the root of trust, and this "
                "machine has version {found}; install the current one.",
                exam=self.core.exam,
                wanted=self.core.least_trust,
                found=trust.root.version,
            )
        found = _client_version()
        if found < self.core.least_client:
            raise PackageError(
                "The package of “{exam}” needs version {wanted} of Exam Kiosk, and this machine "
                "has version {found}; update it.",
                exam=self.core.exam,
                wanted=".".join(map(str, self.core.least_client)),
                found=".".join(map(str, found)),
            )

    def _entries(self, part: str) -> tuple[Entry, ...]:
        return tuple(entry for entry in self._blobs if entry.part == part)

    def _read_blob(self, entry: Entry, key: bytes, size: int | None = None) -> bytes:
        """The first *size* bytes of a blob's plaintext; all of it, with padding, if None.

        Every byte that was opened was also compared with the signed body.
        """
        sha256 = hashlib.sha256()
        opened = io.BytesIO()  # gives out what it holds without a copy
        left = entry.length if size is None else size
        sealed = hashed(self._pieces(entry), sha256)
        try:
            for piece in open_stream(key, self._context(entry), sealed):
                left -= opened.write(piece[:left])
        except SuiteError:
            self._compare(entry)
            raise self._wrong_key() from None
        if sha256.digest() != entry.sha256:
            raise self._damaged(entry)
        return opened.getvalue()

    def _blob_reader(self, entry: Entry, key: bytes) -> RangeReader:
        """A reader of ranges of a blob, which is compared as a whole once per opening."""
        with self._lock:
            if entry.number not in self._sound:
                self._compare(entry)
        try:
            return RangeReader(
                key,
                self._context(entry),
                entry.length,
                lambda offset, length: self._volumes.read(
                    entry.offset + offset, min(length, entry.length - offset)
                ),
            )
        except SuiteError:
            raise self._wrong_key() from None

    def _compare(self, entry: Entry, tick: Callable[[int], None] | None = None) -> None:
        """Compare a blob, and the zeros behind it, with the signed body."""
        sha256 = hashlib.sha256()
        for piece in self._pieces(entry):
            sha256.update(piece)
            if tick is not None:
                tick(len(piece))
        gap = self._volumes.read(entry.offset + entry.length, aligned(entry.length) - entry.length)
        if sha256.digest() != entry.sha256 or any(gap):
            raise self._damaged(entry)
        self._sound.add(entry.number)

    def _pieces(self, entry: Entry) -> Iterator[memoryview]:
        """A sealed blob, piece by piece; a piece stands until the next but one is asked for."""
        buffers = [memoryview(bytearray(min(_PIECE, entry.length)))]
        if entry.length > _PIECE:
            buffers.append(memoryview(bytearray(_PIECE)))
        for done in range(0, entry.length, _PIECE):
            piece = buffers[done // _PIECE % 2][: entry.length - done]
            self._volumes.read_into(entry.offset + done, piece)
            yield piece

    def _context(self, entry: Entry) -> bytes:
        return blob_context(self._core, entry.part, entry.number)

    def _damaged(self, entry: Entry) -> PackageError:
        return PackageError(
            "The package {path} is damaged (blob {number} of the {part}); copy it again from "
            "where it came.",
            path=str(self._volumes.holder(entry.offset)),
            number=entry.number,
            part=entry.part,
        )

    def _wrong_key(self) -> PackageError:
        return PackageError(
            "The key does not open the package {path}; the grant and the package may belong to "
            "different sittings.",
            path=str(self._volumes.path),
        )


class Part:
    """The practice part or the paper of a package, open for reading by name."""

    def __init__(self, package: Package, part: str, key: bytes) -> None:
        if len(key) != 32:
            raise PackageError("The key of a package's part must be 32 bytes long.")
        index, *blobs = package._entries(part)
        self._package = package
        self._key = key
        self._index = {
            entry.name: entry
            for entry in decode_index(package._read_blob(index, key), tuple(blobs))
        }
        self._blobs = {entry.number: entry for entry in blobs}
        self._readers: dict[str, RangeReader] = {}

    def names(self) -> tuple[str, ...]:
        """The names of all blobs, in their order."""
        return tuple(self._index)

    def media_type(self, name: str) -> str:
        """The media type of a blob. Raises :class:`PackageError` for an unknown name."""
        return self._named(name).media_type

    def size(self, name: str) -> int:
        """The size of a blob in bytes. Raises :class:`PackageError` for an unknown name."""
        return self._named(name).size

    def read(self, name: str) -> bytes:
        """A whole blob. Raises :class:`PackageError` (unknown name, damaged)."""
        entry = self._named(name)
        return self._package._read_blob(self._blobs[entry.number], self._key, entry.size)

    def read_range(self, name: str, offset: int, length: int) -> bytes:
        """Up to *length* bytes of a blob from *offset*; fewer at its end, none behind it.

        The first range of a blob waits until the whole blob was compared with the signed
        body, unless :meth:`Package.check` has done so since the package was opened; from
        then on only the chunks that hold the range are read, and each proves itself.

        Raises :class:`PackageError` (unknown name, damaged).
        """
        entry = self._named(name)
        reader = self._readers.get(name)
        if reader is None:
            reader = self._package._blob_reader(self._blobs[entry.number], self._key)
            self._readers[name] = reader
        try:
            return reader.read(offset, min(length, entry.size - offset))
        except SuiteError:
            raise self._package._damaged(self._blobs[entry.number]) from None

    def _named(self, name: str) -> IndexEntry:
        entry = self._index.get(name)
        if entry is None:
            raise PackageError("The package has nothing called “{name}”.", name=name[:200])
        return entry


def _client_version() -> tuple[int, int, int]:
    numbers = [int(number) for number in re.findall(r"\d+", metadata.version("exam-kiosk"))[:3]]
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return major, minor, patch
