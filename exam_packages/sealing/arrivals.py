"""The intake's word that things arrived which have no receipt of their own.

Over the network the intake's answer is enough. On a stick nothing is believed for being there, so
it signs which statements, records of sittings and reports it keeps, and their hall stops sending
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import Meta

from exam_packages import canon
from exam_packages.canon import Hash, Seconds
from exam_packages.sealing.labels import SealingError
from exam_packages.sealing.signed import SignedError, sign
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import INTAKE, Trust, TrustError

__all__ = [
    "MAX_ARRIVALS",
    "MOST_DIGESTS",
    "Arrivals",
    "ArrivalsError",
    "read_arrivals",
    "sign_arrivals",
]

ARRIVALS_KIND: Final = "exam-kiosk/arrivals/v1"
MOST_DIGESTS: Final = 10_000
MAX_ARRIVALS: Final = 40 * MOST_DIGESTS


class ArrivalsError(SealingError):
    """This is not the word of the certification body's intake."""


class Arrivals(canon.Object):
    """What is kept at the intake: the SHA-256 of each thing as it lay on the stick, whatever its
    file was called there."""

    digests: Annotated[tuple[Hash, ...], Meta(max_length=MOST_DIGESTS)]
    time_s: Seconds


def sign_arrivals(arrivals: Arrivals, keys: Sequence[SigningKey]) -> bytes:
    """Sign with the intake's *keys*."""
    return sign(ARRIVALS_KIND, canon.pack(arrivals), keys)


def read_arrivals(data: bytes, trust: Trust) -> Arrivals:
    """What the *intake* role signed. Raises :class:`ArrivalsError`."""
    try:
        body = trust.verify(data, ARRIVALS_KIND, INTAKE, max_size=MAX_ARRIVALS)
        return canon.unpack(body, Arrivals, max_size=MAX_ARRIVALS)
    except (SignedError, TrustError, canon.CanonError):
        raise ArrivalsError(
            "A word about what arrived is damaged, or not signed by the certification body's "
            "intake."
        ) from None
