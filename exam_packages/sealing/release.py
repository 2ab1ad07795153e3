"""The release: the second secret, spoken as codes or sent to the halls.

A code (:mod:`exam_packages.sealing.codes`) carries 100 random bits, with checks bound to
package, slot and code number. Two people means two complete codes: half a code is worth
nothing.

``R = HKDF-SHA256(ikm = code₁ [‖ code₂], info = label ‖ package hash, slot, release id)``,
where a code is its 100 bits and four zero bits. A hundred random bits need no slow hash.

Sent or spoken, the codes are the same, so there is one path to R. Naming the exact
package keeps an older one from being opened; "not before" binds honest clocks only:
secrecy ends when the codes leave the body.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from exam_packages import canon
from exam_packages.sealing.codes import CODE_SIZE, CodeError, fits, neighbours, plain, read, spell
from exam_packages.sealing.shares import (
    Recipient,
    Shares,
    find_share,
    open_share,
    seal_shares,
)
from exam_packages.sealing.signed import sign
from exam_packages.sealing.suite import (
    SealingError,
    SealingKey,
    SigningKey,
    SuiteError,
    hkdf,
    label,
)
from exam_packages.sealing.trust import RELEASE, Trust

__all__ = [
    "Release",
    "ReleaseError",
    "new_code",
    "read_code",
    "read_release",
    "release_secret",
    "seal_release",
]

RELEASE_KIND: Final = "exam-kiosk/release/v1"

_NUMBERS: Final = (1, 2)
_MAX_SIZE: Final = 4 * 1024 * 1024


class ReleaseError(SealingError):
    """A release or a code of one is not valid, or is not for here and now."""


# --- Codes -----------------------------------------------------------------------


def new_code(package_hash: bytes, slot: str, number: int) -> str:
    """A fresh code, such as ``7KQ2-M9XA-…``, for the first or the second person.

    *number* is 1 or 2. Raises :class:`ReleaseError` for any other.
    """
    return spell(secrets.token_bytes(CODE_SIZE), _bound(package_hash, slot, number))


def read_code(text: str, package_hash: bytes, slot: str, number: int) -> bytes:
    """The 100 bits of a typed code, as 13 bytes, for :func:`release_secret`.

    Takes any case, spaces and dashes, the letter O for 0, and I or L for 1. Raises
    :class:`ReleaseError`, which names the group to check where that can be known.
    """
    bound = _bound(package_hash, slot, number)
    try:
        typed = plain(text)
    except CodeError as problem:
        raise ReleaseError(problem.template, **problem.fields) from None
    if not fits(typed, bound):
        raise _misread(typed, package_hash, slot, number)
    return read(typed, bound)


def release_secret(
    codes: Sequence[bytes], package_hash: bytes, slot: str, release_id: bytes
) -> bytes:
    """R, 32 bytes, from all the codes (as :func:`read_code` gives them) in their order.

    Raises :class:`ReleaseError` when there are not one or two complete codes.
    """
    if len(codes) not in _NUMBERS or any(len(code) != CODE_SIZE for code in codes):
        raise ReleaseError("A release needs one or two complete codes.")
    info = label("release", "secret", package_hash, slot.encode(), release_id)
    return hkdf(b"".join(codes), salt=None, info=info)


def _bound(package_hash: bytes, slot: str, number: int) -> bytes:
    if number not in _NUMBERS:
        raise ReleaseError("The number of a release code is 1 or 2.")
    return label("release", "code", package_hash, slot.encode(), bytes([number]))


def _misread(typed: str, package_hash: bytes, slot: str, number: int) -> ReleaseError:
    """The most helpful thing to say about a complete code whose checks fail.

    A code that is one slip away from fitting tells where the slip is; chance finds such
    a neighbour for fewer than one in a thousand wrong codes.
    """
    for other in _NUMBERS:
        if other != number and fits(typed, _bound(package_hash, slot, other)):
            return ReleaseError(
                "This is code {other} of the release; code {number} is needed here.",
                other=other,
                number=number,
            )
    bound = _bound(package_hash, slot, number)
    groups = {group for group, code in neighbours(typed) if fits(code, bound)}
    if len(groups) == 1:
        return ReleaseError(
            "The code is not right; a character in group {group} seems misread. Check that group.",
            group=groups.pop(),
        )
    return ReleaseError(
        "The code is not right: check every group, and that the code is for this package and "
        "the sitting {slot}.",
        slot=slot,
    )


# --- The signed release ----------------------------------------------------------


class Release(canon.Object):
    """A release whose signatures are verified; its codes are sealed to the halls.

    Times are Unix seconds; ``time_s`` is when it was signed.
    """

    package_hash: canon.Hash
    slot: canon.Text
    release_id: canon.Id
    not_before_s: canon.Seconds
    expires_s: canon.Seconds
    time_s: canon.Seconds
    shares: Shares

    def open(self, hall: SealingKey) -> tuple[bytes, ...]:
        """The codes, with the sealing key of a hall it was sealed to.

        Raises :class:`ReleaseError`.
        """
        share = find_share(self.shares, hall)
        if share is None:
            raise ReleaseError(
                "The release of the sitting {slot} is not for this hall; type the codes, or ask "
                "the certification body for a release that names it.",
                slot=self.slot,
            )
        try:
            codes: tuple[bytes, ...] = canon.unpack(
                open_share(share, hall, self._info()), tuple[bytes, ...], max_count=2
            )
        except (SuiteError, canon.CanonError):
            raise ReleaseError(
                "The release of the sitting {slot} is damaged inside; type the codes instead.",
                slot=self.slot,
            ) from None
        return codes

    def secret(self, hall: SealingKey) -> bytes:
        """R, with the sealing key of a hall. Raises :class:`ReleaseError`."""
        return release_secret(self.open(hall), self.package_hash, self.slot, self.release_id)

    def check_time(self, now_s: int) -> None:
        """Raise :class:`ReleaseError` when no exam may start under it at *now_s*."""
        if now_s < self.not_before_s:
            raise ReleaseError(
                "The release of the sitting {slot} is not valid yet; wait for its time, and "
                "check this machine's clock.",
                slot=self.slot,
            )
        if now_s >= self.expires_s:
            raise ReleaseError(
                "The release of the sitting {slot} has expired; ask the certification body for "
                "a new one, and check this machine's clock.",
                slot=self.slot,
            )

    def _info(self) -> bytes:
        return label(
            "release",
            "codes",
            self.package_hash,
            self.slot.encode(),
            self.release_id,
            *(time.to_bytes(8, "big") for time in (self.not_before_s, self.expires_s, self.time_s)),
        )


def seal_release(
    package_hash: bytes,
    slot: str,
    release_id: bytes,
    not_before_s: int,
    expires_s: int,
    time_s: int,
    codes: Sequence[bytes],
    halls: Sequence[Recipient],
    signers: Sequence[SigningKey],
) -> bytes:
    """Seal *codes* (as :func:`read_code` gives them) to the halls, and sign the release.

    Raises :class:`ReleaseError` when a field has no valid value.
    """
    release_secret(codes, package_hash, slot, release_id)
    draft = Release(package_hash, slot, release_id, not_before_s, expires_s, time_s, ())
    shares = seal_shares(canon.encode(tuple(codes)), halls, draft._info())
    body = canon.pack(
        Release(package_hash, slot, release_id, not_before_s, expires_s, time_s, shares)
    )
    _read(body)
    return sign(RELEASE_KIND, body, signers)


def read_release(data: bytes, trust: Trust, *, now_s: int | None, officers: int = 1) -> Release:
    """Verify and read a release; with *now_s*, also that it is valid then.

    As many release officers as the grant has codes must have signed: *officers*, where
    that is more than the threshold of their role.

    Raises :class:`ReleaseError`, or :class:`TrustError` or :class:`SignedError` when the
    release officers' signatures do not hold.
    """
    release = _read(
        trust.verify(data, RELEASE_KIND, RELEASE, max_size=_MAX_SIZE, at_least=officers)
    )
    if now_s is not None:
        release.check_time(now_s)
    return release


def _read(body: bytes) -> Release:
    try:
        release: Release = canon.unpack(body, Release, max_size=_MAX_SIZE)
    except canon.CanonError as problem:
        raise ReleaseError("The release is not valid: {why}", why=str(problem)) from None
    return release
