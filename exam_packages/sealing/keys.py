"""Private keys on disk.

A key file is one canonical array ``["exam-kiosk/key/v1", protection, kind, secrets]``,
readable by its owner alone. Protection 0 is none: what guards the key is the mode of the
file and the disk it lies on. A reader refuses any other number, so that a later, stronger
protection cannot be mistaken for this one.

Python cannot wipe ``bytes``: a secret read from here stays in memory until it is reused.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec

from exam_packages import canon
from exam_packages.files import sync_directory
from exam_packages.sealing.suite import SealingError, SealingKey, SigningKey

__all__ = [
    "KeyFileError",
    "read_key_file",
    "read_sealing_key",
    "read_signing_key",
    "write_key_file",
    "write_sealing_key",
    "write_signing_key",
]

UNPROTECTED: Final = 0

_FORMAT: Final = "exam-kiosk/key/v1"
_MAX_SIZE: Final = 4096
_Secret = Annotated[bytes, msgspec.Meta(max_length=64)]


class KeyFileError(SealingError):
    """A key file cannot be written or read."""


class _KeyFile(canon.Object):
    format: str
    protection: int
    kind: canon.Text
    secrets: Annotated[tuple[_Secret, ...], msgspec.Meta(max_length=8)]


def write_signing_key(path: Path, key: SigningKey) -> None:
    """Write *key* to a new file. Raises :class:`KeyFileError`."""
    write_key_file(path, "signing", (key.ed25519_seed, key.mldsa65_seed))


def read_signing_key(path: Path) -> SigningKey:
    """Read a signing key. Raises :class:`KeyFileError`."""
    secrets = read_key_file(path, "signing", (32, 32), (32, 0))
    return SigningKey(*secrets)


def write_sealing_key(path: Path, key: SealingKey) -> None:
    """Write *key* to a new file. Raises :class:`KeyFileError`."""
    write_key_file(path, "sealing", (key.seed,))


def read_sealing_key(path: Path) -> SealingKey:
    """Read a sealing key. Raises :class:`KeyFileError`."""
    (seed,) = read_key_file(path, "sealing", (32,))
    return SealingKey.from_seed(seed)


def write_key_file(path: Path, kind: str, secrets: Sequence[bytes]) -> None:
    """Write *secrets* (at most eight of 64 bytes) to *path*, mode 0600, synced.

    A key that exists is never replaced. Raises :class:`KeyFileError`.
    """
    data = canon.pack(_KeyFile(_FORMAT, UNPROTECTED, kind, tuple(secrets)))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileError(
            "There is a key file at {path} already, and it is not overwritten; move it away "
            "first, or choose another name.",
            path=str(path),
        ) from None
    except OSError as problem:
        raise _cannot("written", path, problem) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        sync_directory(path.parent)
    except OSError as problem:
        path.unlink(missing_ok=True)
        raise _cannot("written", path, problem) from None


def read_key_file(path: Path, kind: str, *lengths: tuple[int, ...]) -> tuple[bytes, ...]:
    """Read the secrets of a *kind* of key file; each of *lengths* is one allowed shape.

    Raises :class:`KeyFileError` when the file is missing, readable by others, protected
    in a way this version does not know, damaged, or holds another kind of key.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(_MAX_SIZE + 1)
    except FileNotFoundError:
        raise KeyFileError("There is no key file at {path}.", path=str(path)) from None
    except OSError as problem:
        raise _cannot("read", path, problem) from None
    if mode & 0o077:
        raise KeyFileError(
            "The key file {path} can be read by other users of this machine; find out who read "
            "it, then run: chmod 600 {path}",
            path=str(path),
        )
    try:
        content: _KeyFile = canon.unpack(data, _KeyFile, max_size=_MAX_SIZE)
    except canon.CanonError:
        raise KeyFileError(
            "The key file {path} is damaged or is not a key file.", path=str(path)
        ) from None
    if content.format != _FORMAT or content.protection != UNPROTECTED:
        raise KeyFileError(
            "The key file {path} was written by a newer version, or is protected in a way this "
            "version does not know; update Exam Kiosk.",
            path=str(path),
        )
    shape = tuple(len(secret) for secret in content.secrets)
    if content.kind != kind or shape not in lengths:
        raise KeyFileError(
            "The key file {path} holds a {found} key; a {kind} key is needed here.",
            path=str(path),
            found=content.kind,
            kind=kind,
        )
    return content.secrets


def _cannot(done: str, path: Path, problem: OSError) -> KeyFileError:
    return KeyFileError(
        "The key file {path} cannot be " + done + ": {why}.",
        path=str(path),
        why=problem.strerror or type(problem).__name__,
    )
