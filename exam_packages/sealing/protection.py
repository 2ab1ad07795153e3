"""Key files under a passphrase: protection 1.

What a person can remember is stretched by Argon2id (RFC 9106) into a uniform key, whose
cost stands in the file, so that a later version can ask for more. From it each file gets
a key of its own through a nonce: files written in one go may share the costly step, and
no key seals twice. The clear header is bound as associated data.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from exam_packages import canon
from exam_packages.sealing.suite import SealingError, hkdf_expand, label

__all__ = ["MAX_PASSPHRASE", "Lock", "Passphrase", "PassphraseError", "open_sealed", "seal"]

MAX_PASSPHRASE: Final = 1024
"""Bytes of the longest passphrase."""
MEMORY_KIB: Final = 64 * 1024
"""What Argon2id is asked for when a file is written: RFC 9106's second recommendation (4)."""
PASSES: Final = 3
LANES: Final = 4

_MAX_MEMORY_KIB: Final = 1 << 20
_MAX_PASSES: Final = 16
_MAX_LANES: Final = 16
_NONCE: Final = bytes(12)  # every key seals once


class PassphraseError(SealingError):
    """A passphrase is missing, cannot be one, or cannot be read."""


class Lock(canon.Object):
    """How a file is locked: Argon2id's cost and salt, and the file's own nonce."""

    memory_kib: Annotated[int, msgspec.Meta(ge=8, le=_MAX_MEMORY_KIB)]
    passes: Annotated[int, msgspec.Meta(ge=1, le=_MAX_PASSES)]
    lanes: Annotated[int, msgspec.Meta(ge=1, le=_MAX_LANES)]
    salt: canon.Id
    nonce: canon.Hash


class Passphrase:
    """What a person typed, in Unicode's NFC, and the keys it was stretched to so far.

    Raises :class:`PassphraseError` when it is empty or longer than ``MAX_PASSPHRASE``
    bytes. It is never part of a ``repr`` or an error.
    """

    def __init__(self, text: str) -> None:
        try:
            self._data = unicodedata.normalize("NFC", text).encode()
        except UnicodeEncodeError:
            raise PassphraseError("A passphrase holds something that is no character.") from None
        if not 1 <= len(self._data) <= MAX_PASSPHRASE:
            raise PassphraseError(
                "A passphrase has at least one character and at most {limit} bytes.",
                limit=MAX_PASSPHRASE,
            )
        self._salt = secrets.token_bytes(16)
        self._stretched: dict[tuple[int, int, int, bytes], bytes] = {}

    def new_lock(self) -> Lock:
        """The lock of a file to be written; all files of this object share its salt."""
        return Lock(MEMORY_KIB, PASSES, LANES, self._salt, secrets.token_bytes(32))

    def key(self, lock: Lock) -> bytes:
        """The AES-256 key of the file with this *lock*.

        Takes as long and as much memory as the lock says, once for each cost and salt.
        Raises :class:`PassphraseError` when this machine has not that much memory.
        """
        cost = (lock.memory_kib, lock.passes, lock.lanes, lock.salt)
        if cost not in self._stretched:
            try:
                self._stretched[cost] = Argon2id(
                    salt=lock.salt,
                    length=32,
                    iterations=lock.passes,
                    lanes=lock.lanes,
                    memory_cost=lock.memory_kib,
                ).derive(self._data)
            except MemoryError:
                raise PassphraseError(
                    "Opening this key file takes {size} MiB of memory, which this machine does "
                    "not have free.",
                    size=lock.memory_kib // 1024,
                ) from None
        return hkdf_expand(self._stretched[cost], label("key-file", "seal", lock.nonce))

    def __repr__(self) -> str:
        return "Passphrase(…)"


def seal(passphrase: Passphrase, lock: Lock, header: bytes, parts: Sequence[bytes]) -> bytes:
    """Seal the secret *parts* of a key file under its *lock* and clear *header*."""
    plain = canon.encode(list(parts))
    context = label("key-file", "header", header)
    return AESGCM(passphrase.key(lock)).encrypt(_NONCE, plain, context)


def open_sealed(
    passphrase: Passphrase, lock: Lock, header: bytes, sealed: bytes
) -> tuple[bytes, ...] | None:
    """The secret parts, or none when the passphrase is another or the file is damaged."""
    if lock.memory_kib < 8 * lock.lanes:  # less than Argon2id knows
        return None
    context = label("key-file", "header", header)
    try:
        plain = AESGCM(passphrase.key(lock)).decrypt(_NONCE, sealed, context)
        parts: tuple[bytes, ...] = canon.unpack(plain, tuple[bytes, ...])
    except (InvalidTag, canon.CanonError):
        return None
    return parts
