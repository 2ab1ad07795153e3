"""Labels and digests: what all sealed objects share, and what needs no key.

Apart from :mod:`exam_packages.sealing.suite` so that a program that holds no key, such as
the candidate's screen, does not load the library of ciphers either.
"""

from __future__ import annotations

import hashlib
from typing import Final

from exam_packages.errors import ExamError

KEY_ID_SIZE: Final = 16
"""Bytes of the name of a key."""


class SealingError(ExamError):
    """Root of the errors of sealed and signed objects."""


def lp(*parts: bytes) -> bytes:
    """Join *parts*, each behind its length as a 32-bit big-endian number."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def label(obj: str, use: str, *fields: bytes) -> bytes:
    """The domain separator of one *use* of one kind of object, bound to *fields*."""
    return f"exam-kiosk/{obj}/{use}/v1\0".encode("ascii") + lp(*fields)


def digest(label: bytes, *parts: bytes) -> bytes:
    """SHA-256 over the label and the length-prefixed *parts*: 32 bytes."""
    return hashlib.sha256(label + lp(*parts)).digest()
