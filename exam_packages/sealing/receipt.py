"""The receipt: the body's signed word that a bundle arrived. Its place in the log proves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from exam_packages import canon
from exam_packages.canon import Hash
from exam_packages.sealing.journal_format import Number
from exam_packages.sealing.signed import SignedError, sign
from exam_packages.sealing.suite import SealingError, SigningKey
from exam_packages.sealing.trust import INTAKE, Trust, TrustError

RECEIPT_KIND: Final = "exam-kiosk/receipt/v1"


class ReceiptError(SealingError):
    """This is not a receipt of the certification body."""


class Receipt(canon.Object):
    """That the bundle named arrived at that time, and is entry ``leaf`` of the log."""

    bundle_hash: Hash
    time_s: Number
    leaf: Number


def sign_receipt(receipt: Receipt, keys: Sequence[SigningKey]) -> bytes:
    """Sign a receipt with the intake's *keys*."""
    return sign(RECEIPT_KIND, canon.pack(receipt), keys)


def read_receipt(data: bytes, trust: Trust) -> Receipt:
    """The receipt that the *intake* role signed. Raises :class:`ReceiptError`.

    Whether it is for the bundle at hand is for the caller to compare.
    """
    try:
        return canon.unpack(trust.verify(data, RECEIPT_KIND, INTAKE), Receipt)
    except (SignedError, TrustError, canon.CanonError):
        raise ReceiptError(
            "This receipt is damaged, or not signed by the certification body's intake."
        ) from None
