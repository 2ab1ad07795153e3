"""Who commands a centre: the chief's key, and the numbered act by which command moves.

Each hall of a centre holds; one of them commands. Without any act it is the one that the
machines' settings name: that is *term* 0. A **mandate** begins a new term: signed with the
key of a chief whom the body named for the centre, it says which machine commands from now
on. Terms only rise. Authority numbers (:mod:`exam_packages.attempt.commands`) of a term lie
within it, so no two machines ever command under the same number: in term n they are
n · 2**20 + 1 and up, and a commander raises its own within the term at each start and when
it was restored from an old copy.

Whoever obeys takes orders of the highest term it has verified, from the machine that the
mandate of that term names. Of two mandates of one term the first that was seen stands:
people must sign another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import Meta

from exam_packages import canon
from exam_packages.canon import Id, Seconds, Text
from exam_packages.sealing.signed import SignedError, read_signed, sign, verify
from exam_packages.sealing.suite import SealingError, SigningKey, VerifyKey
from exam_packages.sealing.trust import ENROLMENT, Trust

__all__ = [
    "CHIEF_KIND",
    "MANDATE_KIND",
    "MAX_MANDATE",
    "Chief",
    "Mandate",
    "MandateError",
    "first_authority",
    "last_authority",
    "parse_mandate",
    "read_chief",
    "read_mandate",
    "sign_chief",
    "sign_mandate",
    "term_of",
]

CHIEF_KIND: Final = "exam-kiosk/chief/v1"
MANDATE_KIND: Final = "exam-kiosk/mandate/v1"
MAX_MANDATE: Final = 32 * 1024
"""Bytes of a mandate, with the body's word about its chief inside."""
_TERM: Final = 20
MAX_TERM: Final = (1 << 20) - 1

Why = Annotated[str, Meta(max_length=500)]


class MandateError(SealingError):
    """A word about who commands is damaged, or not by whom it must be."""


def term_of(authority: int) -> int:
    """The term that an authority number belongs to."""
    return authority >> _TERM


def first_authority(term: int) -> int:
    """The number under which the commander of *term* begins."""
    return (term << _TERM) + 1


def last_authority(term: int) -> int:
    """The highest number of *term*."""
    return ((term + 1) << _TERM) - 1


class Chief(canon.Object):
    """The body's word that whoever holds this key may say who commands at *centre*."""

    name: Text
    centre: Text
    ed25519: Annotated[bytes, Meta(min_length=32, max_length=32)]
    issued_s: Seconds
    expires_s: Seconds

    @property
    def verify_key(self) -> VerifyKey:
        """The key that checks the chief's signatures."""
        return VerifyKey(self.ed25519, b"")

    @property
    def key_id(self) -> bytes:
        """The id of the chief's key."""
        return self.verify_key.key_id


class Mandate(canon.Object):
    """From now on *commander* (a hall's signing key id) commands at *centre*, in *term*.

    ``chief`` is the body's word about who signs, as it was signed; ``reason`` and
    ``comment`` are theirs.
    """

    centre: Text
    term: Annotated[int, Meta(ge=1, le=MAX_TERM)]
    commander: Id
    chief: Annotated[bytes, Meta(max_length=16 * 1024)]
    reason: Why
    comment: Why
    time_s: Seconds


def sign_chief(chief: Chief, keys: Sequence[SigningKey]) -> bytes:
    """Name a chief, with the keys of the body's role *enrolment*."""
    return sign(CHIEF_KIND, canon.pack(chief), keys)


def read_chief(data: bytes, trust: Trust, *, now_s: int | None) -> Chief:
    """The chief whom the body named; with *now_s*, also that this holds then.

    Raises :class:`MandateError`, or the error of the signature.
    """
    body = trust.verify(data, CHIEF_KIND, ENROLMENT, max_size=MAX_MANDATE)
    try:
        chief: Chief = canon.unpack(body, Chief, max_size=MAX_MANDATE)
    except canon.CanonError as problem:
        raise MandateError(
            "The body's word about a chief cannot be read: {why}", why=str(problem)
        ) from None
    if trust.is_revoked(chief.key_id):
        raise MandateError(
            "The key of the chief “{name}” of centre “{centre}” has been revoked by the "
            "certification body.",
            name=chief.name,
            centre=chief.centre,
        )
    if now_s is not None and now_s >= chief.expires_s:
        raise MandateError(
            "The key of the chief “{name}” of centre “{centre}” has expired; ask the "
            "certification body for a new one, and check this machine's clock.",
            name=chief.name,
            centre=chief.centre,
        )
    return chief


def sign_mandate(mandate: Mandate, key: SigningKey) -> bytes:
    """Sign as the chief that the mandate names."""
    return sign(MANDATE_KIND, canon.pack(mandate), [key])


def read_mandate(data: bytes, trust: Trust, centre: str) -> tuple[Mandate, Chief]:
    """The mandate for *centre*, and the chief who signed it.

    Whether the chief's key had expired is judged by the mandate's own time: an act that was
    right stays right. Raises :class:`MandateError`, or the error of a signature.
    """
    mandate = parse_mandate(data)
    chief = read_chief(mandate.chief, trust, now_s=mandate.time_s)
    if (mandate.centre, chief.centre) != (centre, centre):
        raise MandateError(
            "This act of command is for the centre “{found}”, and this machine belongs to "
            "“{centre}”.",
            found=mandate.centre,
            centre=centre,
        )
    try:
        verify(data, MANDATE_KIND, [chief.verify_key], max_size=MAX_MANDATE)
    except SignedError:
        raise _damaged() from None
    return mandate, chief


def parse_mandate(data: bytes) -> Mandate:
    """A mandate, nothing of it verified: one that was verified before it was kept.

    Raises :class:`MandateError`.
    """
    try:
        mandate: Mandate = canon.unpack(
            read_signed(data, MANDATE_KIND, max_size=MAX_MANDATE).body,
            Mandate,
            max_size=MAX_MANDATE,
        )
    except (SignedError, canon.CanonError):
        raise _damaged() from None
    return mandate


def _damaged() -> MandateError:
    return MandateError("An act of command is damaged, or not signed by the chief whom it names.")
