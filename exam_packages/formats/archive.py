"""Taking in a package of files, as a folder or a zip, that a stranger may have made.

Everything is read into memory, within bounds that are checked on what is really read,
never on what a zip's directory claims. Nothing is ever unpacked to disk.
"""

from __future__ import annotations

import io
import os
import stat
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
    """As :func:`load`; any other file is a bank of that one file."""
    if path.is_dir() or zipfile.is_zipfile(path):
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
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > 2 * MAX_FILES:
                raise _too_many()
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
