"""Files that are either there whole or not there at all.

A file counts as written only when its bytes *and* its name have reached the disk: a
power cut right after :func:`write_durably` returned loses nothing, one in the middle of
it leaves what was there before.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

__all__ = ["make_directory", "sync_directory", "write_all", "write_durably"]


def write_durably(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write *data* to *path* so that it survives a power cut, replacing what was there.

    Writes a temporary file beside it, syncs, renames, syncs the directory. *mode* is the
    file's permissions from its first moment on. Raises :class:`OSError` when the disk
    will not; then *path* is as it was.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        try:
            os.fchmod(descriptor, mode)  # the umask has a say in os.open
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in directory *path* survive a power cut. Raises :class:`OSError`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(path: Path, mode: int = 0o755) -> None:
    """Make directory *path* and every missing parent, durably. Raises :class:`OSError`."""
    if not path.is_dir():
        make_directory(path.parent)
        path.mkdir(mode=mode, exist_ok=True)
    # Also when it is there: who made it may have ended, or failed, before this.
    sync_directory(path.parent)


def write_all(descriptor: int, data: bytes, offset: int | None = None) -> None:
    """Write every byte of *data*, at *offset* or where the file stands.

    The kernel may take less than it was given (a signal, a disk that fills up): what is
    left is offered again until it is taken or refused. Raises :class:`OSError`.
    """
    rest = memoryview(data)
    while rest:
        if offset is None:
            taken = os.write(descriptor, rest)
        else:
            taken = os.pwrite(descriptor, rest, offset)
            offset += taken
        rest = rest[taken:]
