"""A station's signed word how far its record goes, for whoever carries it to a hall.

Frames are sealed and not signed: nobody without the keys can tell one from noise. A station that
brings its own is known by its connection. What a neighbour brings in its place is believed up to
a place that the writing station marked, and no further.
"""

from __future__ import annotations

from typing import Final

from exam_packages import canon
from exam_packages.canon import Hash, Id
from exam_packages.sealing.journal_format import Number
from exam_packages.sealing.labels import SealingError
from exam_packages.sealing.signed import SignedError, read_signed, sign, verify
from exam_packages.sealing.suite import SigningKey, VerifyKey

__all__ = ["MAX_MARK", "Mark", "MarkError", "believed_mark", "read_mark", "sign_mark"]

MARK_KIND: Final = "exam-kiosk/mark/v1"
MAX_MARK: Final = 8 * 1024
"""Bytes of one, signed."""


class MarkError(SealingError):
    """This is not the word of the station that writes a record."""


class Mark(canon.Object):
    """The record of the attempt has this head at this sequence."""

    blind_id: Id
    sequence: Number
    head: Hash


def sign_mark(mark: Mark, station: SigningKey) -> bytes:
    """Mark a place as the *station* that writes the record."""
    return sign(MARK_KIND, canon.pack(mark), [station])


def read_mark(data: bytes, station: VerifyKey) -> Mark:
    """The place that *station* marked. Raises :class:`MarkError`."""
    try:
        body = verify(data, MARK_KIND, [station], max_size=MAX_MARK)
        return canon.unpack(body, Mark, max_size=MAX_MARK)
    except (SignedError, canon.CanonError):
        raise MarkError(
            "The word how far a record goes is damaged, or not signed by the station that writes "
            "it."
        ) from None


def believed_mark(data: bytes) -> Mark:
    """Decode a mark whose signature was checked before it was kept."""
    return canon.unpack(read_signed(data, MARK_KIND, max_size=MAX_MARK).body, Mark)
