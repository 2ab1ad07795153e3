"""The release: the second secret, spoken as codes or sent to the halls.

A code is 100 random bits as 20 characters of Crockford's base 32, and 4 check characters
(the first 20 bits of a hash of the code, bound to package, slot and code number), written
as six groups of four. Two people means two complete codes: half a code is worth nothing.

``R = HKDF-SHA256(ikm = code₁ [‖ code₂], info = label ‖ package hash, slot, release id)``,
where a code is its 20 characters in ASCII. A hundred random bits need no slow hash.

Sent or spoken, the codes are the same, so there is one path to R. Naming the exact
package keeps an older one from being opened; "not before" binds honest clocks only:
secrecy ends when the codes leave the body.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

from exam_packages import canon
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

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS: Final = str.maketrans("OIL", "011")
_SEPARATORS: Final = re.compile(r"[\s\-‐‑–—.]+")
_SECRET_CHARACTERS: Final = 20
_CHARACTERS: Final = 24
_GROUP: Final = 4
_NUMBERS: Final = (1, 2)
_MAX_SIZE: Final = 4 * 1024 * 1024


class ReleaseError(SealingError):
    """A release or a code of one is not valid, or is not for here and now."""


# --- Codes -----------------------------------------------------------------------


def new_code(package_hash: bytes, slot: str, number: int) -> str:
    """A fresh code, such as ``7KQ2-M9XA-…``; *number* is 1 or 2, for the first or second person."""
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_CHARACTERS))
    code = secret + _check_characters(secret, package_hash, slot, number)
    return "-".join(code[place : place + _GROUP] for place in range(0, _CHARACTERS, _GROUP))


def read_code(text: str, package_hash: bytes, slot: str, number: int) -> bytes:
    """The secret of a typed code: 20 ASCII characters, for :func:`release_secret`.

    Takes any case, spaces and dashes, the letter O for 0, and I or L for 1. Raises
    :class:`ReleaseError`, which names the group to check where that can be known.
    """
    typed = _SEPARATORS.sub("", text[:200]).upper().translate(_READ_AS)
    for place, character in enumerate(typed[:_CHARACTERS]):
        if character not in _ALPHABET:
            raise ReleaseError(
                "Group {group} of the code has a character that no code contains; check that "
                "group.",
                group=place // _GROUP + 1,
            )
    if len(typed) != _CHARACTERS:
        raise ReleaseError(
            "The code has {found} characters; a complete code has {wanted}, in six groups of four.",
            found=len(typed),
            wanted=_CHARACTERS,
        )
    if not _fits(typed, package_hash, slot, number):
        raise _misread(typed, package_hash, slot, number)
    return typed[:_SECRET_CHARACTERS].encode("ascii")


def release_secret(
    codes: Sequence[bytes], package_hash: bytes, slot: str, release_id: bytes
) -> bytes:
    """R, 32 bytes, from all the codes in the order of their numbers.

    Raises :class:`ReleaseError` when there are not one or two complete codes.
    """
    if len(codes) not in _NUMBERS or any(len(code) != _SECRET_CHARACTERS for code in codes):
        raise ReleaseError("A release needs one or two complete codes.")
    info = label("release", "secret", package_hash, slot.encode(), release_id)
    return hkdf(b"".join(codes), salt=None, info=info)


def _check_characters(secret: str, package_hash: bytes, slot: str, number: int) -> str:
    if number not in _NUMBERS:
        raise ReleaseError("The number of a code is 1 or 2.")
    context = label(
        "release", "code", package_hash, slot.encode(), bytes([number]), secret.encode("ascii")
    )
    bits = int.from_bytes(hashlib.sha256(context).digest()[:3], "big") >> 4
    return "".join(_ALPHABET[bits >> shift & 31] for shift in (15, 10, 5, 0))


def _fits(code: str, package_hash: bytes, slot: str, number: int) -> bool:
    secret, check = code[:_SECRET_CHARACTERS], code[_SECRET_CHARACTERS:]
    return check == _check_characters(secret, package_hash, slot, number)


def _misread(typed: str, package_hash: bytes, slot: str, number: int) -> ReleaseError:
    """The most helpful thing to say about a complete code whose check fails.

    A code that is one slip away from fitting tells where the slip is; chance finds such
    a neighbour for fewer than one in a thousand wrong codes.
    """
    for other in _NUMBERS:
        if other != number and _fits(typed, package_hash, slot, other):
            return ReleaseError(
                "This is code {other} of the release; code {number} is needed here.",
                other=other,
                number=number,
            )
    groups = {
        place // _GROUP + 1
        for place, code in _neighbours(typed)
        if _fits(code, package_hash, slot, number)
    }
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


def _neighbours(code: str) -> Iterator[tuple[int, str]]:
    """Every code one wrong character or one swap away, and the place of the slip."""
    for place, character in product(range(_CHARACTERS), _ALPHABET):
        yield place, code[:place] + character + code[place + 1 :]
    for place in range(_CHARACTERS - 1):
        yield place, code[:place] + code[place + 1] + code[place] + code[place + 2 :]


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


def read_release(data: bytes, trust: Trust, *, now_s: int | None) -> Release:
    """Verify and read a release; with *now_s*, also that it is valid then.

    Raises :class:`ReleaseError`, or :class:`TrustError` or :class:`SignedError` when the
    release officers' signatures do not hold.
    """
    release = _read(trust.verify(data, RELEASE_KIND, RELEASE, max_size=_MAX_SIZE))
    if now_s is not None:
        release.check_time(now_s)
    return release


def _read(body: bytes) -> Release:
    try:
        release: Release = canon.unpack(body, Release, max_size=_MAX_SIZE)
    except canon.CanonError as problem:
        raise ReleaseError("The release is not valid: {why}", why=str(problem)) from None
    return release
