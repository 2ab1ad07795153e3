"""Cobblestone-256: large things sealed as a stream, and read again from any place.

The format is C2SP chunked-encryption (https://c2sp.org/chunked-encryption): 24 bytes of
salt, 32 bytes of key commitment, then chunks of 16 KiB under AES-256-GCM, the last one
always shorter. The library seals and opens it from front to back; :class:`RangeReader`
opens chunks from the middle, by the same specification.

On today's processors SHA-256 takes four times as long as sealing does, so what is both
sealed and hashed is hashed in a thread of its own (:func:`hashed`).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from exam_packages.sealing.suite import SuiteError

if TYPE_CHECKING:
    import hashlib

__all__ = ["RangeReader", "hashed", "open_stream", "seal_stream", "sealed_size"]

CHUNK: Final = 16 * 1024
_KEY: Final = 32
_SALT: Final = 24
_COMMITMENT: Final = 32
_TAG: Final = 16
_NONCE: Final = 12
_PREFIX: Final = _SALT + _COMMITMENT
_WORTH_A_THREAD: Final = 128 * 1024

_Piece = TypeVar("_Piece", bytes, memoryview)


def sealed_size(size: int) -> int:
    """Bytes that *size* bytes take when sealed."""
    return _PREFIX + size + _TAG * (size // CHUNK + 1)


def seal_stream(
    key: bytes, context: bytes, pieces: Iterable[bytes | memoryview]
) -> Iterator[bytes]:
    """Seal *pieces* as one message under a 32-byte *key*, bound to *context*."""
    encryptor = Cobblestone256Encryptor(key, context)
    for piece in pieces:
        yield encryptor.update(piece)
    yield encryptor.finalize()


def open_stream(
    key: bytes, context: bytes, pieces: Iterable[bytes | memoryview]
) -> Iterator[memoryview]:
    """Open a sealed message that comes in *pieces*.

    What is given out stands in one buffer, used again and again, and only until the next is
    asked for: touching fresh memory costs more than opening does. Every chunk given out is
    authentic; that the message is whole is known only at the end. Raises
    :class:`SuiteError`.
    """
    buffer = memoryview(b"")
    try:
        decryptor = Cobblestone256Decryptor(key, context)
        for piece in pieces:
            if len(buffer) < len(piece) + CHUNK:  # a chunk may have waited for its end
                buffer = memoryview(bytearray(len(piece) + CHUNK))
            yield buffer[: decryptor.update_into(piece, buffer)]
        yield memoryview(decryptor.finalize())
    except (InvalidTag, ValueError):
        raise _closed() from None


def hashed(pieces: Iterable[_Piece], sha256: hashlib._Hash) -> Iterator[_Piece]:
    """*pieces*, each taken into *sha256* beside the caller's work with it.

    The digest is whole when the pieces are at their end. A piece must stand until the next
    but one is asked for.
    """
    with ThreadPoolExecutor(1) as beside:  # which starts its thread with the first long piece
        before: Future[None] | None = None
        for piece in pieces:
            if before is not None:
                before.result()
                before = None
            if len(piece) < _WORTH_A_THREAD:
                sha256.update(piece)
            else:
                before = beside.submit(sha256.update, piece)
            yield piece
        if before is not None:
            before.result()


class RangeReader:
    """Reads plaintext from the middle of a sealed message.

    ``read_at(offset, length)`` gives bytes of the sealed message, which is *size* bytes
    long. Raises :class:`SuiteError` when *key* or *context* is not the one it was sealed
    under, or when *size* cannot be that of a sealed message.
    """

    def __init__(
        self, key: bytes, context: bytes, size: int, read_at: Callable[[int, int], bytes]
    ) -> None:
        chunks, last = divmod(size - _PREFIX, CHUNK + _TAG)
        # HKDF would take a key of any length, and some of two lengths for the same one.
        if len(key) != _KEY or size < _PREFIX + _TAG or last < _TAG:
            raise _closed()
        self.size: Final = chunks * CHUNK + last - _TAG
        """Bytes of the plaintext."""
        self._read_at = read_at
        prefix = read_at(0, _PREFIX)
        derived = HKDFExpand(
            algorithm=hashes.SHA512(),
            length=32 + _NONCE + _COMMITMENT,
            info=b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + prefix[:_SALT] + context,
        ).derive(key)
        if not hmac.compare_digest(derived[32 + _NONCE :], prefix[_SALT:]):
            raise _closed()
        self._cipher = AESGCM(derived[:32])
        self._nonce = int.from_bytes(derived[32 : 32 + _NONCE], "big")

    def read(self, offset: int, length: int) -> bytes:
        """Up to *length* bytes from *offset*; fewer at the end, none behind it.

        Raises :class:`SuiteError` when a chunk was altered.
        """
        end = min(offset + length, self.size)
        if offset < 0 or offset >= end:
            return b""
        first = offset // CHUNK
        # Up to the very end, the last chunk proves that it is the end, even an empty one.
        last = (end if end == self.size else end - 1) // CHUNK
        sealed = memoryview(
            self._read_at(_PREFIX + first * (CHUNK + _TAG), (last - first + 1) * (CHUNK + _TAG))
        )
        opened = memoryview(bytearray(len(sealed) - _TAG * (last - first + 1)))
        try:
            for number in range(first, last + 1):
                chunk = sealed[(number - first) * (CHUNK + _TAG) :][: CHUNK + _TAG]
                start = (number - first) * CHUNK
                self._cipher.decrypt_into(
                    (self._nonce ^ number).to_bytes(_NONCE, "big"),
                    chunk,
                    None,
                    opened[start : start + len(chunk) - _TAG],
                )
        except (InvalidTag, ValueError):
            raise _closed() from None
        start = offset - first * CHUNK
        return bytes(opened[start : start + end - offset])


def _closed() -> SuiteError:
    return SuiteError(
        "Something sealed does not open with this key: it was sealed with another key, for "
        "another purpose, or it is damaged."
    )
