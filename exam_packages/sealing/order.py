"""The order to release: what a release officer's desk must know, and nothing secret.

The packager's desk knows which issue of a grant stands, and that the opening keys were
rehearsed. It writes that down, signed, with the halls to seal to; from then on each officer
acts with the order, their own key and their own code alone.

Each code is known by the SHA-256 of the file it was written to (the code as it is spelled,
and a line end), so that a slip, or the code of an issue that was withdrawn, is noticed at
the officer's desk. Nobody guesses a hundred random bits back from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from exam_packages import canon
from exam_packages.sealing.codes import spell
from exam_packages.sealing.release import MAX_CODES, ReleaseError, code_bound, read_code
from exam_packages.sealing.signed import sign
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import PACKAGER, Trust

__all__ = ["MAX_ORDER", "ReleaseOrder", "code_line", "read_order", "sign_order"]

MAX_ORDER: Final = 512 * 1024
"""Bytes of the longest order: eight halls' enrolments, with room."""

_KIND: Final = "exam-kiosk/release-order/v1"
_MAX_HALLS: Final = 8


class ReleaseOrder(canon.Object):
    """Which codes to release, and to whom. Times are Unix seconds.

    ``codes`` has the digest of each code's file; ``halls`` the signed enrolments of those to
    seal to; ``rehearsed_s`` is when the opening keys were rehearsed last.
    """

    package_hash: canon.Hash
    centre: canon.Text
    slot: canon.Text
    issue: Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]
    release_id: canon.Id
    not_before_s: canon.Seconds
    expires_s: canon.Seconds
    codes: Annotated[tuple[canon.Hash, ...], msgspec.Meta(min_length=1, max_length=MAX_CODES)]
    halls: Annotated[tuple[bytes, ...], msgspec.Meta(min_length=1, max_length=_MAX_HALLS)]
    rehearsed_s: canon.Seconds
    time_s: canon.Seconds

    def find(self, text: str) -> tuple[int, bytes]:
        """Which of the codes *text* is, from 1, and its bits.

        Raises :class:`ReleaseError`, which says what is wrong with it.
        """
        problem: ReleaseError | None = None
        for number, digest in enumerate(self.codes, 1):
            try:
                bits = read_code(text, self.package_hash, self.slot, number)
            except ReleaseError as why:
                problem = problem or why
                continue
            bound = code_bound(self.package_hash, self.slot, number)
            if hashlib.sha256(code_line(spell(bits, bound))).digest() == digest:
                return number, bits
            problem = ReleaseError(
                "This code is not that of issue {issue} of the grant of centre “{centre}” for "
                "the sitting {slot}; the codes of another issue are never released.",
                issue=self.issue,
                centre=self.centre,
                slot=self.slot,
            )
            break
        assert problem is not None  # noqa: S101  an order has at least one code
        raise problem


def code_line(code: str) -> bytes:
    """What a code's file holds."""
    return f"{code}\n".encode()


def sign_order(order: ReleaseOrder, signers: Sequence[SigningKey]) -> bytes:
    """Sign *order* as the packager. Raises :class:`ReleaseError`."""
    body = canon.pack(order)
    _read(body)
    return sign(_KIND, body, signers)


def read_order(data: bytes, trust: Trust) -> ReleaseOrder:
    """Verify and read an order.

    Raises :class:`ReleaseError`, or :class:`TrustError` or :class:`SignedError` when the
    packager's signatures do not hold.
    """
    return _read(trust.verify(data, _KIND, PACKAGER, max_size=MAX_ORDER))


def _read(body: bytes) -> ReleaseOrder:
    try:
        order: ReleaseOrder = canon.unpack(body, ReleaseOrder, max_size=MAX_ORDER)
    except canon.CanonError as problem:
        raise ReleaseError("The order to release is not valid: {why}", why=str(problem)) from None
    return order
