"""A correction: what the body says about one item of a package while it is sat.

A sealed paper is never changed: a candidate could not tell a correction from a forgery, nor
an appeals panel who saw what. A correction stands *beside* the item, signed by the packager
as the package is, with the moment at which it was signed. Halls hand it on inside a command,
so that it is in the journal of each attempt it reached, between the answers that came before
and after; a station takes it for the packager's signature alone, whatever a hall says.

It is not secret: whoever carries it can read it. So it must not be made before the release,
nor tell of an item more than what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.labels import SealingError, digest, label
from exam_packages.sealing.signed import read_signed, sign

if TYPE_CHECKING:
    from exam_packages.sealing.suite import SigningKey
    from exam_packages.sealing.trust import Trust

__all__ = [
    "CORRECTION_KIND",
    "MAX_CORRECTION",
    "MAX_TEXT",
    "Correction",
    "CorrectionError",
    "believed_correction",
    "correction_id",
    "read_correction",
    "sign_correction",
]

CORRECTION_KIND: Final = "exam-kiosk/correction/v1"
MAX_TEXT: Final = 500
"""Characters: it must be read within an exam's time, beside the question."""
MAX_CORRECTION: Final = 12 * 1024
"""Bytes, signatures and all."""
_ROLE: Final = "packager"
"""As in :mod:`exam_packages.sealing.trust_root`, which the screen does not load: ciphers."""


class CorrectionError(ExamError):
    """What is no correction, or not one of this exam."""


class Correction(canon.Object):
    """One correction. ``time_s`` is when it was signed, in Unix seconds."""

    package_hash: canon.Hash
    item: canon.Text
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
    time_s: canon.Seconds


def sign_correction(correction: Correction, signers: Sequence[SigningKey]) -> bytes:
    """Sign *correction* as the packager. Raises :class:`CorrectionError`."""
    body = canon.pack(correction)
    _read(body)
    return sign(CORRECTION_KIND, body, signers)


def read_correction(data: bytes, trust: Trust) -> Correction:
    """Verify and read a correction. Raises :class:`CorrectionError`."""
    try:
        body = trust.verify(data, CORRECTION_KIND, _ROLE, max_size=MAX_CORRECTION)
    except SealingError as problem:
        raise CorrectionError(
            "This is no correction that the certification body signed ({why}).", why=str(problem)
        ) from None
    return _read(body)


def believed_correction(data: bytes) -> Correction:
    """Decode a correction whose signature was checked before it was journaled."""
    return _read(read_signed(data, CORRECTION_KIND, max_size=MAX_CORRECTION).body)


def correction_id(correction: Correction) -> bytes:
    """What tells one correction from another, however often it was signed."""
    return digest(label("correction", "id"), canon.pack(correction))


def _read(body: bytes) -> Correction:
    try:
        found: Correction = canon.unpack(body, Correction, max_size=MAX_CORRECTION)
    except canon.CanonError as problem:
        raise CorrectionError("The correction is not valid: {why}", why=str(problem)) from None
    if not found.text.isprintable() or not found.text.strip():
        raise CorrectionError("A correction must be one line of plain text.")
    return found
