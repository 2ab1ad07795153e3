"""Private keys on disk.

A key file is one canonical array, readable by its owner alone. Its second member says how
it is protected:

* 0, not at all: ``["exam-kiosk/key/v1", 0, kind, secrets]``. What guards the key is the
  mode of the file and the disk it lies on: for machines, which start without a person.
* 1, by a passphrase: ``["exam-kiosk/key/v1", 1, kind, lock, sealed secrets]``, as
  :mod:`exam_packages.sealing.protection` says: for the keys that people hold.
* 2, by the machine: ``["exam-kiosk/key/v1", 2, kind, sealed secrets]``, under the machine's
  secret (:mod:`exam_packages.sealing.machine_secret`), which its TPM opens at start.

A reader refuses any other number, so that a later protection cannot be mistaken for one
of these.

Python cannot wipe ``bytes``: a secret read from here stays in memory until it is reused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec

from exam_packages import canon
from exam_packages.files import sync_directory, write_durably
from exam_packages.sealing.machine_secret import MachineSecret
from exam_packages.sealing.protection import Lock, Passphrase, open_sealed, seal
from exam_packages.sealing.suite import SealingError, SealingKey, SigningKey, label

__all__ = [
    "MACHINE",
    "UNPROTECTED",
    "Guard",
    "KeyFileError",
    "Unlock",
    "is_protected",
    "protect_again",
    "read_key_file",
    "read_sealing_key",
    "read_signing_key",
    "write_key_file",
    "write_sealing_key",
    "write_signing_key",
]

UNPROTECTED: Final = 0
PASSPHRASE: Final = 1
MACHINE: Final = 2

Guard = Passphrase | MachineSecret
"""What a key file is written under."""
Unlock = Callable[[Path], Iterable[Passphrase]] | MachineSecret
"""Gives the passphrases to try on the key file at a path, until one opens it; or the secret
of the machine that the file was sealed by."""

_FORMAT: Final = "exam-kiosk/key/v1"
_MAX_SIZE: Final = 4096
_MAX_SECRETS: Final = 8
_MAX_SECRET: Final = 64
_Secret = Annotated[bytes, msgspec.Meta(max_length=_MAX_SECRET)]


class KeyFileError(SealingError):
    """A key file cannot be written or read."""


class _KeyFile(canon.Object):
    format: str
    protection: int
    kind: canon.Text
    secrets: Annotated[tuple[_Secret, ...], msgspec.Meta(max_length=_MAX_SECRETS)]


class _ProtectedFile(canon.Object):
    format: str
    protection: int
    kind: canon.Text
    lock: Lock
    sealed: Annotated[bytes, msgspec.Meta(max_length=1024)]


class _MachineFile(canon.Object):
    format: str
    protection: int
    kind: canon.Text
    sealed: Annotated[bytes, msgspec.Meta(max_length=1024)]


_SHAPES: Final[dict[object, type[_KeyFile | _ProtectedFile | _MachineFile]]] = {
    UNPROTECTED: _KeyFile,
    PASSPHRASE: _ProtectedFile,
    MACHINE: _MachineFile,
}


def write_signing_key(path: Path, key: SigningKey, guard: Guard | None = None) -> None:
    """Write *key* to a new file. Raises :class:`KeyFileError`."""
    write_key_file(path, "signing", (key.ed25519_seed, key.mldsa65_seed), guard)


def read_signing_key(path: Path, unlock: Unlock | None = None) -> SigningKey:
    """Read a signing key. Raises :class:`KeyFileError`."""
    secrets = read_key_file(path, "signing", (32, 32), (32, 0), unlock=unlock)
    return SigningKey(*secrets)


def write_sealing_key(path: Path, key: SealingKey, guard: Guard | None = None) -> None:
    """Write *key* to a new file. Raises :class:`KeyFileError`."""
    write_key_file(path, "sealing", (key.seed,), guard)


def read_sealing_key(path: Path, unlock: Unlock | None = None) -> SealingKey:
    """Read a sealing key. Raises :class:`KeyFileError`."""
    (seed,) = read_key_file(path, "sealing", (32,), unlock=unlock)
    return SealingKey.from_seed(seed)


def write_key_file(
    path: Path, kind: str, secrets: Sequence[bytes], guard: Guard | None = None
) -> None:
    """Write *secrets* (at most eight of 64 bytes) to *path*, mode 0600, synced.

    Without a *guard* the file is unprotected. A key that exists is never replaced.
    Raises :class:`KeyFileError`.
    """
    data = _content(kind, secrets, guard)
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


def read_key_file(
    path: Path, kind: str, *lengths: tuple[int, ...], unlock: Unlock | None = None
) -> tuple[bytes, ...]:
    """Read the secrets of a *kind* of key file; each of *lengths* is one allowed shape.

    Raises :class:`KeyFileError` when the file is missing, readable by others, protected
    in a way this version does not know or by a passphrase that *unlock* does not give,
    damaged, or holds another kind of key.
    """
    found, secrets = _open(path, unlock)
    shape = tuple(len(secret) for secret in secrets)
    if found != kind or shape not in lengths:
        raise KeyFileError(
            "The key file {path} holds a {found} key; a {kind} key is needed here.",
            path=str(path),
            found=found,
            kind=kind,
        )
    return secrets


def is_protected(path: Path) -> bool:
    """Whether a passphrase opens the key file at *path*. Raises :class:`KeyFileError`."""
    return isinstance(_parse(path), _ProtectedFile)


def protect_again(path: Path, unlock: Unlock | None, passphrase: Passphrase) -> None:
    """Put the key file at *path* under another *passphrase*, in one step.

    Raises :class:`KeyFileError`; then the file is as it was.
    """
    kind, secrets = _open(path, unlock)
    try:
        write_durably(path, _content(kind, secrets, passphrase), mode=0o600)
    except OSError as problem:
        raise _cannot("written", path, problem) from None


def _content(kind: str, secrets: Sequence[bytes], guard: Guard | None) -> bytes:
    if guard is None:
        return canon.pack(_KeyFile(_FORMAT, UNPROTECTED, kind, tuple(secrets)))
    if isinstance(guard, MachineSecret):
        sealed = guard.seal(_machine_context(kind), canon.encode(list(secrets)))
        return canon.pack(_MachineFile(_FORMAT, MACHINE, kind, sealed))
    lock = guard.new_lock()
    sealed = seal(guard, lock, _header(kind, lock), secrets)
    return canon.pack(_ProtectedFile(_FORMAT, PASSPHRASE, kind, lock, sealed))


def _header(kind: str, lock: Lock) -> bytes:
    """The clear part of a protected file: a canonical array of its first four members."""
    fields: list[canon.Value] = [lock.memory_kib, lock.passes, lock.lanes, lock.salt, lock.nonce]
    return canon.encode([_FORMAT, PASSPHRASE, kind, fields])


def _machine_context(kind: str) -> bytes:
    header = canon.encode([_FORMAT, MACHINE, kind])
    return label("key-file", "header", header)


def _open(path: Path, unlock: Unlock | None) -> tuple[str, tuple[bytes, ...]]:
    """The kind and the secrets of any key file."""
    file = _parse(path)
    if isinstance(file, _KeyFile):
        return file.kind, file.secrets
    if isinstance(file, _MachineFile):
        return file.kind, _opened_here(path, file, unlock)
    return file.kind, _unlocked(path, file, unlock)


def _opened_here(path: Path, file: _MachineFile, unlock: Unlock | None) -> tuple[bytes, ...]:
    plain = None
    if isinstance(unlock, MachineSecret):
        plain = unlock.open(_machine_context(file.kind), file.sealed)
    try:
        if plain is None:
            raise canon.CanonError("It does not open.")
        secrets: tuple[bytes, ...] = canon.unpack(plain, tuple[bytes, ...])
    except canon.CanonError:
        raise KeyFileError(
            "The key file {path} is sealed by the TPM of the machine it was made on, and does "
            "not open here; if it is damaged or the machine is gone, enrol a new one.",
            path=str(path),
        ) from None
    return secrets


def _parse(path: Path) -> _KeyFile | _ProtectedFile | _MachineFile:
    data = _read(path)
    try:
        found = canon.decode(data, max_size=_MAX_SIZE)
        if not isinstance(found, list) or len(found) < 2:
            raise canon.CanonError("The data is no key file.")
        number = found[1]
        if found[0] != _FORMAT or type(number) is not int or number not in _SHAPES:
            raise KeyFileError(
                "The key file {path} was written by a newer version, or is protected in a way "
                "this version does not know; update Exam Kiosk.",
                path=str(path),
            )
        file: _KeyFile | _ProtectedFile | _MachineFile = canon.unpack(
            data, _SHAPES[number], max_size=_MAX_SIZE
        )
    except canon.CanonError:
        raise KeyFileError(
            "The key file {path} is damaged or is not a key file.", path=str(path)
        ) from None
    return file


def _unlocked(path: Path, file: _ProtectedFile, unlock: Unlock | None) -> tuple[bytes, ...]:
    tried = False
    people = None if isinstance(unlock, MachineSecret) else unlock
    for passphrase in () if people is None else people(path):
        tried = True
        header = _header(file.kind, file.lock)
        secrets = open_sealed(passphrase, file.lock, header, file.sealed)
        if secrets is not None:
            return secrets
    if tried:
        raise KeyFileError(
            "The key file {path} does not open: the passphrase is another, or the file is "
            "damaged. Try again; if you are sure of the passphrase, take the copy.",
            path=str(path),
        )
    raise KeyFileError(
        "The key file {path} is protected by a passphrase; give the file that holds it with "
        "--passphrase-file, or run the command at a terminal, where it asks.",
        path=str(path),
    )


def _read(path: Path) -> bytes:
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
    return data


def _cannot(done: str, path: Path, problem: OSError) -> KeyFileError:
    return KeyFileError(
        "The key file {path} cannot be " + done + ": {why}.",
        path=str(path),
        why=problem.strerror or type(problem).__name__,
    )
