"""Taking in a package of files, as a folder or a zip, that a stranger may have made.

Everything is read into memory, within bounds that are checked on what is really read,
never on what a zip's directory claims. Nothing is ever unpacked to disk.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import IO

from exam_packages.formats.errors import FormatError

MAX_FILES = 5_000
MAX_FILE = 32 * 1024 * 1024
MAX_TOTAL = 256 * 1024 * 1024
MAX_ZIP = 256 * 1024 * 1024
MAX_NAME = 200
MAX_DEPTH = 16
MAX_RATIO = 200
"""Bytes out for each byte of zip in; XML full of blanks stays far below."""
_RATIO_FROM = 1024 * 1024
_CHUNK = 64 * 1024
MAX_DIRECTORY = 8 * 1024 * 1024
"""Bytes of a zip's directory: an entry of it has some two hundred."""
_END = struct.Struct("<4s4H2LH")


def load(path: Path) -> dict[str, bytes]:
    """The files of the folder or zip at *path*, by their names with ``/``.

    Raises :class:`FormatError` for what is neither, too much, or has a name, a link or
    a method of packing that is not taken in.
    """
    try:
        if path.is_dir():
            return _load_folder(path)
        with path.open("rb") as file:
            data = file.read(MAX_ZIP + 1)
    except OSError as problem:
        raise FormatError(
            "{path} cannot be read: {why}.", path=str(path), why=problem.strerror or "error"
        ) from None
    if len(data) > MAX_ZIP:
        raise FormatError(
            "{path} is larger than {limit} MB; split the package.",
            path=str(path),
            limit=MAX_ZIP // 2**20,
        )
    return load_zip(data)


def load_any(path: Path) -> dict[str, bytes]:
    """As :func:`load`; any other file is a bank of that one file, and so is a workbook, which
    is a zip as well."""
    workbook = path.suffix.lower() == ".xlsx"
    if path.is_dir() or (zipfile.is_zipfile(path) and not workbook):
        return load(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as problem:
        raise FormatError(
            "{path} cannot be read: {why}.", path=str(path), why=problem.strerror or "error"
        ) from None
    if len(data) > MAX_FILE:
        raise FormatError(
            "{path} is larger than {limit} MB; split it.",
            path=str(path),
            limit=MAX_FILE // 2**20,
        )
    check_name(path.name)
    return {path.name: data}


def load_zip(data: bytes) -> dict[str, bytes]:
    """The files of a zip in memory. Raises as :func:`load`."""
    files = _Files(limit=max(_RATIO_FROM, len(data) * MAX_RATIO))
    _check_directory(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > 2 * MAX_FILES:
                raise _too_many()
            _check_overlap(data, entries)
            for entry in entries:
                # orig_filename is what the file says; filename was already mended.
                if entry.is_dir():
                    check_name(entry.orig_filename.removesuffix("/"))
                    continue
                _check_entry(entry)
                with archive.open(entry) as file:
                    files.take(entry.orig_filename, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as problem:
        raise FormatError(
            "The package is damaged or is not a zip file ({why}); export it again.",
            why=type(problem).__name__,
        ) from None
    except (OSError, ValueError, IndexError, OverflowError) as problem:
        # zipfile lets these through on crafted offsets and dates.
        raise FormatError(
            "The package is damaged ({why}); export it again.", why=type(problem).__name__
        ) from None
    return files.found


def _check_directory(data: bytes) -> None:
    """Bound the zip's directory before anything makes objects of it."""
    end = len(data) - _END.size
    if end < 0 or data[end : end + 4] != b"PK\5\6" or data[-2:] != b"\0\0":
        end = data.rfind(b"PK\5\6", max(0, len(data) - _END.size - 0xFFFF))
    if end < 0 or end + _END.size > len(data):
        return  # no zip at all, which zipfile will say
    size = _END.unpack_from(data, end)[5]
    if size > MAX_DIRECTORY or data[max(0, end - 20) :][:4] == b"PK\6\7":
        raise _too_many()


def _check_overlap(data: bytes, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse entries that share bytes: so a small file could unpack to a huge one.

    Python looks for this itself from 3.11.8 and 3.12.2 on.
    """
    reached = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        start = entry.header_offset
        if start < reached or start + 30 > len(data):
            raise FormatError("The package is damaged: its files overlap; export it again.")
        name, extra = struct.unpack_from("<HH", data, start + 26)
        reached = start + 30 + name + extra + entry.compress_size


def check_name(name: str) -> None:
    """Refuse a file name that could mean another place or another file."""
    parts = name.split("/")
    good = (
        0 < len(name) <= MAX_NAME
        and len(parts) <= MAX_DEPTH
        and name == unicodedata.normalize("NFC", name)
        and not any(part in ("", ".", "..") for part in parts)
        and not any(char in '\\:*?"<>|' or not char.isprintable() for char in name)
    )
    if not good:
        raise FormatError(
            "The package has a file named “{name}”, which is not taken in; use relative names"
            " of ordinary characters, at most {limit} long.",
            name="".join(char if char.isprintable() else "�" for char in name[:80]),
            limit=MAX_NAME,
        )


class _Files:
    """What was read so far, and what may still be read."""

    def __init__(self, limit: int = MAX_TOTAL) -> None:
        self.found: dict[str, bytes] = {}
        self._seen: set[str] = set()
        self._limit = min(limit, MAX_TOTAL)
        self._total = 0

    def take(self, name: str, file: IO[bytes]) -> None:
        check_name(name)
        # Some machines would take Items/a.xml and items/A.xml for one file.
        if name.casefold() in self._seen:
            raise FormatError("The package has the file “{name}” twice; leave one out.", name=name)
        self._seen.add(name.casefold())
        if len(self._seen) > MAX_FILES:
            raise _too_many()
        parts, size = [], 0
        while part := file.read(_CHUNK):
            size += len(part)
            self._total += len(part)
            if size > MAX_FILE:
                raise FormatError(
                    "The file “{name}” is larger than {limit} MB; make it smaller.",
                    name=name,
                    limit=MAX_FILE // 2**20,
                )
            if self._total > self._limit:
                raise FormatError(
                    "The package unpacks to far more than an exam needs, or than its size"
                    " allows; it was not read further than “{name}”.",
                    name=name,
                )
            parts.append(part)
        self.found[name] = b"".join(parts)


def _too_many() -> FormatError:
    return FormatError("The package has more than {limit} files; split it.", limit=MAX_FILES)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise FormatError(
            "“{name}” in the package is a link or a device; put the file itself there.",
            name=entry.filename[:80],
        )
    if entry.flag_bits & 0x1:
        raise FormatError(
            "“{name}” in the package is encrypted; hand in the package without a password.",
            name=entry.filename[:80],
        )
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FormatError(
            "“{name}” in the package is packed in an unusual way; use an ordinary zip.",
            name=entry.filename[:80],
        )


def _load_folder(folder: Path) -> dict[str, bytes]:
    files = _Files()
    pending = [folder]
    while pending:
        for entry in sorted(os.scandir(pending.pop()), key=lambda each: each.name):
            name = Path(entry.path).relative_to(folder).as_posix()
            check_name(name)
            if entry.is_dir(follow_symlinks=False):
                pending.append(Path(entry.path))
                continue
            if not entry.is_file(follow_symlinks=False):
                raise FormatError(
                    "“{name}” in the package is a link or a device; put the file itself there.",
                    name=name,
                )
            # O_NOFOLLOW: between the look and the reading it may have become a link.
            number = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            with os.fdopen(number, "rb") as file:
                files.take(name, file)
    return files.found
