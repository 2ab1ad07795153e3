"""The package: a form's paper and its practice, sealed once for all centres.

::

    "exam-kiosk/package-file/v1\\n" ‖ u32 length ‖ signed object ‖ zeros to 4 KiB
    ‖ blobs, each a Cobblestone-256 message followed by zeros to 4 KiB

The signed body is ``[core, practice key, blobs]``: the core (:class:`Core`) as bytes, the
key of the practice part in clear, and for every blob its number, part, offset (from the
end of the header's zeros), length and SHA-256. The first blob of each part is its index:
names, types, sizes and order of the others, which only the part's key reveals. Plaintexts
are padded with zeros to buckets, so that a blob's length tells little.

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
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from exam_packages.sealing.keys import read_key_file, write_key_file
from exam_packages.sealing.package_format import (
    FILE_MAGIC,
    MAX_HEADER_SIZE,
    PACKAGE_KIND,
    PAPER,
    PRACTICE,
    Core,
    Entry,
    IndexEntry,
    PackageError,
    aligned,
    blob_context,
    decode_body,
    decode_core,
    decode_index,
    package_hash,
)
from exam_packages.sealing.package_writer import Blob, FileBlob, PaperKey, seal_package
from exam_packages.sealing.stream import RangeReader, open_stream
from exam_packages.sealing.suite import SuiteError
from exam_packages.sealing.trust import PACKAGER, Trust

__all__ = [
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


def write_paper_key(path: Path, key: PaperKey) -> None:
    """Write *key* to a new key file, mode 0600. Raises :class:`KeyFileError`."""
    write_key_file(path, "paper", (key.package_hash, key.key))


def read_paper_key(path: Path) -> PaperKey:
    """Read a paper key. Raises :class:`KeyFileError`."""
    return PaperKey(*read_key_file(path, "paper", (32, 32)))


class Package:
    """A package whose signatures are verified. Keeps its file open; close it when done.

    Reads from several threads at once are safe.
    """

    def __init__(self, file: _File, body: bytes) -> None:
        decoded = decode_body(body)
        self._file = file
        self._practice_key = decoded.practice_key
        self._core = decoded.core
        self._blobs = decoded.blobs
        self._sound: set[int] = set()  # numbers of the blobs compared since opening
        self._lock = threading.Lock()
        self.core: Final[Core] = decode_core(decoded.core)
        self.package_hash: Final = package_hash(body)
        """32 bytes that name exactly this package."""

    @classmethod
    def open(cls, path: Path, trust: Trust, *, now_s: int | None) -> Package:
        """Open a package and verify its signatures: cheap, whatever its size.

        With *now_s* an expired package is refused too; leave it out to resume an attempt.

        Raises :class:`PackageError`, or :class:`TrustError` or :class:`SignedError` when
        the packager's signatures do not hold.
        """
        file = _File(path)
        try:
            body = trust.verify(
                file.read_header(), PACKAGE_KIND, PACKAGER, max_size=MAX_HEADER_SIZE
            )
            package = cls(file, body)
            last = package._blobs[-1]
            file.check_size(last.offset + aligned(last.length))
            package._admit(trust, now_s)
        except BaseException:
            file.close()
            raise
        return package

    def close(self) -> None:
        """Close the file; nothing can be read afterwards."""
        self._file.close()

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
        """Read the whole file once and compare every blob with the signed body.

        *progress* is told (bytes done, bytes in all). Raises :class:`PackageError` that
        names the first damaged blob.
        """
        total = sum(entry.length for entry in self._blobs)
        done = 0

        def tick(count: int) -> None:
            nonlocal done
            done += count
            if progress is not None:
                progress(done, total)

        for entry in self._blobs:
            self._compare(entry, tick)

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

        def pieces() -> Iterator[memoryview]:
            for piece in self._pieces(entry):
                sha256.update(piece)
                yield piece

        try:
            for piece in open_stream(key, self._context(entry), pieces()):
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
                lambda offset, length: self._file.read(
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
        gap = self._file.read(entry.offset + entry.length, aligned(entry.length) - entry.length)
        if sha256.digest() != entry.sha256 or any(gap):
            raise self._damaged(entry)
        self._sound.add(entry.number)

    def _pieces(self, entry: Entry) -> Iterator[memoryview]:
        """A sealed blob, piece by piece in one buffer; a piece stands there until the next."""
        buffer = memoryview(bytearray(min(_PIECE, entry.length)))
        for done in range(0, entry.length, _PIECE):
            piece = buffer[: entry.length - done]
            self._file.read_into(entry.offset + done, piece)
            yield piece

    def _context(self, entry: Entry) -> bytes:
        return blob_context(self._core, entry.part, entry.number)

    def _damaged(self, entry: Entry) -> PackageError:
        return PackageError(
            "The package {path} is damaged (blob {number} of the {part}); copy it again from "
            "where it came.",
            path=str(self._file.path),
            number=entry.number,
            part=entry.part,
        )

    def _wrong_key(self) -> PackageError:
        return PackageError(
            "The key does not open the package {path}; the grant and the package may belong to "
            "different sittings.",
            path=str(self._file.path),
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


class _File:
    """The file of a package: its header, and bounded reads behind it."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._start = 0
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as problem:
            raise self._cannot(problem) from None

    def read_header(self) -> bytes:
        """The signed object at the front, not yet verified."""
        front = self._pread(0, len(FILE_MAGIC) + 4)
        size = int.from_bytes(front[-4:], "big")
        if front[:-4] != FILE_MAGIC:
            raise PackageError("{path} is not a package.", path=str(self.path))
        self._start = aligned(len(front) + size)
        if self._start > MAX_HEADER_SIZE:
            raise PackageError("The package {path} is damaged in its header.", path=str(self.path))
        header = self._pread(len(front), self._start - len(front))
        if len(header) < self._start - len(front):
            raise self._incomplete()
        if any(header[size:]):
            raise PackageError("The package {path} is damaged in its header.", path=str(self.path))
        return header[:size]

    def check_size(self, size: int) -> None:
        """Raise unless exactly *size* bytes follow the header."""
        if os.fstat(self._descriptor).st_size != self._start + size:
            raise self._incomplete()

    def read(self, offset: int, length: int) -> bytes:
        """Exactly *length* bytes, counted from the end of the header."""
        data = self._pread(self._start + offset, length)
        if len(data) < length:
            raise self._incomplete()
        return data

    def read_into(self, offset: int, buffer: memoryview) -> None:
        """Fill *buffer* from *offset*, counted from the end of the header."""
        offset += self._start
        try:
            while buffer:
                count = os.preadv(self._descriptor, [buffer], offset)
                if not count:
                    raise self._incomplete()
                buffer, offset = buffer[count:], offset + count
        except OSError as problem:
            raise self._cannot(problem) from None

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _pread(self, offset: int, length: int) -> bytes:
        try:
            data = os.pread(self._descriptor, length, offset)
            while len(data) < length:
                more = os.pread(self._descriptor, length - len(data), offset + len(data))
                if not more:
                    break
                data += more
        except OSError as problem:
            raise self._cannot(problem) from None
        return data

    def _incomplete(self) -> PackageError:
        return PackageError(
            "The package {path} is incomplete or has something behind its end; copy it again "
            "from where it came.",
            path=str(self.path),
        )

    def _cannot(self, problem: OSError) -> PackageError:
        return PackageError(
            "The package {path} cannot be read: {why}.",
            path=str(self.path),
            why=problem.strerror or type(problem).__name__,
        )


def _client_version() -> tuple[int, int, int]:
    numbers = [int(number) for number in re.findall(r"\d+", metadata.version("exam-kiosk"))[:3]]
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return major, minor, patch
