"""The release: the second secret, spoken as codes or sent to the halls.

A code (:mod:`exam_packages.sealing.codes`) carries 100 random bits, with checks bound to
package, slot and code number. Two people means two complete codes: half a code is worth
nothing.

``R = HKDF-SHA256(ikm = code₁ [‖ code₂], info = label ‖ package hash, slot, release id)``,
where a code is its 100 bits and four zero bits. A hundred random bits need no slow hash.

Sent or spoken, the codes are the same, so there is one path to R. Naming the exact
package keeps an older one from being opened; "not before" binds honest clocks only:
secrecy ends when the codes leave the body.

**Sent**, each code is a signed object of its own: sealed to the halls and signed at the desk
of the officer who holds it. A release file holds those of all its codes, one after the
other. No desk has two codes or two officers' keys; the halls join them.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Final

import msgspec

from exam_packages import canon
from exam_packages.sealing.codes import CODE_SIZE, CodeError, fits, neighbours, plain, read, spell
from exam_packages.sealing.shares import (
    Recipient,
    Shares,
    find_share,
    open_share,
    seal_shares,
)
from exam_packages.sealing.signed import read_signed, sign, split_signed
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
    "MAX_RELEASE",
    "Release",
    "ReleaseError",
    "SealedCode",
    "code_bound",
    "join_release",
    "new_code",
    "read_code",
    "read_release",
    "release_secret",
    "seal_code",
]

RELEASE_KIND: Final = "exam-kiosk/release/v2"
MAX_CODES: Final = 2
"""Release codes that one grant may have."""

MAX_RELEASE: Final = 256 * 1024
"""Bytes of a release file: for each code, a share of 1.2 KB for each hall, and signatures."""

_NUMBERS: Final = (1, 2)


class ReleaseError(SealingError):
    """A release or a code of one is not valid, or is not for here and now."""


# --- Codes -----------------------------------------------------------------------


def new_code(package_hash: bytes, slot: str, number: int) -> str:
    """A fresh code, such as ``7KQ2-M9XA-…``, for the first or the second person.

    *number* is 1 or 2. Raises :class:`ReleaseError` for any other.
    """
    return spell(secrets.token_bytes(CODE_SIZE), code_bound(package_hash, slot, number))


def read_code(text: str, package_hash: bytes, slot: str, number: int) -> bytes:
    """The 100 bits of a typed code, as 13 bytes, for :func:`release_secret`.

    Takes any case, spaces and dashes, the letter O for 0, and I or L for 1. Raises
    :class:`ReleaseError`, which names the group to check where that can be known.
    """
    bound = code_bound(package_hash, slot, number)
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


def code_bound(package_hash: bytes, slot: str, number: int) -> bytes:
    """What the checks of a code depend on. Raises :class:`ReleaseError` for no such number."""
    if number not in _NUMBERS:
        raise ReleaseError("The number of a release code is 1 or 2.")
    return label("release", "code", package_hash, slot.encode(), bytes([number]))


def _misread(typed: str, package_hash: bytes, slot: str, number: int) -> ReleaseError:
    """The most helpful thing to say about a complete code whose checks fail.

    A code that is one slip away from fitting tells where the slip is; chance finds such
    a neighbour for fewer than one in a thousand wrong codes.
    """
    for other in _NUMBERS:
        if other != number and fits(typed, code_bound(package_hash, slot, other)):
            return ReleaseError(
                "This is code {other} of the release; code {number} is needed here.",
                other=other,
                number=number,
            )
    bound = code_bound(package_hash, slot, number)
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


class SealedCode(canon.Object):
    """One code of a release, sealed to the halls by the officer who holds it.

    It is code *number* of the *codes* that the grant has. Times are Unix seconds;
    ``time_s`` is when it was signed.
    """

    package_hash: canon.Hash
    slot: canon.Text
    release_id: canon.Id
    number: Annotated[int, msgspec.Meta(ge=1, le=MAX_CODES)]
    codes: Annotated[int, msgspec.Meta(ge=1, le=MAX_CODES)]
    not_before_s: canon.Seconds
    expires_s: canon.Seconds
    time_s: canon.Seconds
    shares: Shares

    @property
    def release(self) -> tuple[bytes, str, bytes, int]:
        """What all codes of one release have in common."""
        return self.package_hash, self.slot, self.release_id, self.codes

    def open(self, hall: SealingKey) -> bytes:
        """The code's bits, with the sealing key of a hall. Raises :class:`ReleaseError`."""
        share = find_share(self.shares, hall)
        if share is None:
            raise ReleaseError(
                "The release of the sitting {slot} is not for this hall; type the codes, or ask "
                "the certification body for a release that names it.",
                slot=self.slot,
            )
        try:
            code = open_share(share, hall, self._info())
        except SuiteError:
            code = b""
        if len(code) != CODE_SIZE:
            raise ReleaseError(
                "The release of the sitting {slot} is damaged inside; type the codes instead.",
                slot=self.slot,
            )
        return code

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
            "sealed-code",
            self.package_hash,
            self.slot.encode(),
            self.release_id,
            bytes([self.number, self.codes]),
            *(time.to_bytes(8, "big") for time in (self.not_before_s, self.expires_s, self.time_s)),
        )


@dataclass(frozen=True)
class Release:
    """The codes of one release, in their order, whose signatures are verified.

    ``officers`` are the key ids of the release officers who signed them, and ``needed`` how
    many must: as many as there are codes, or the threshold of their role where that is more.
    """

    sealed: tuple[SealedCode, ...]
    officers: frozenset[bytes]
    needed: int

    @property
    def package_hash(self) -> bytes:
        return self.sealed[0].package_hash

    @property
    def slot(self) -> str:
        return self.sealed[0].slot

    @property
    def release_id(self) -> bytes:
        return self.sealed[0].release_id

    @property
    def codes(self) -> int:
        """How many codes the grant has."""
        return self.sealed[0].codes

    @property
    def not_before_s(self) -> int:
        return max(code.not_before_s for code in self.sealed)

    @property
    def expires_s(self) -> int:
        return min(code.expires_s for code in self.sealed)

    @cached_property
    def missing(self) -> tuple[int, ...]:
        """The numbers of the codes that are not here."""
        here = {code.number for code in self.sealed}
        return tuple(number for number in range(1, self.codes + 1) if number not in here)

    def check_whole(self) -> None:
        """Raise :class:`ReleaseError` unless every code is here, from officers enough."""
        if self.missing:
            raise ReleaseError(
                "This release of the sitting {slot} holds no code {missing}, and the exam has "
                "{codes}: the other release officer must still add theirs.",
                slot=self.slot,
                missing=self.missing[0],
                codes=self.codes,
            )
        if len(self.officers) < self.needed:
            raise ReleaseError(
                "This release of the sitting {slot} is signed by {count} of the {needed} release "
                "officers it needs; each must bring their own code.",
                slot=self.slot,
                count=len(self.officers),
                needed=self.needed,
            )

    def check_time(self, now_s: int) -> None:
        """Raise :class:`ReleaseError` when no exam may start under it at *now_s*."""
        for code in self.sealed:
            code.check_time(now_s)

    def open(self, hall: SealingKey) -> tuple[bytes, ...]:
        """Every code, with the sealing key of a hall. Raises :class:`ReleaseError`."""
        self.check_whole()
        return tuple(code.open(hall) for code in self.sealed)

    def secret(self, hall: SealingKey) -> bytes:
        """R, with the sealing key of a hall. Raises :class:`ReleaseError`."""
        return release_secret(self.open(hall), self.package_hash, self.slot, self.release_id)


def seal_code(
    draft: SealedCode, code: bytes, halls: Sequence[Recipient], signers: Sequence[SigningKey]
) -> bytes:
    """Seal one *code* (as :func:`read_code` gives it) to the halls, and sign it.

    *draft* says what it is; its shares are made here. Raises :class:`ReleaseError` when a
    field has no valid value.
    """
    if len(code) != CODE_SIZE:
        raise ReleaseError("A release needs one or two complete codes.")
    shares = seal_shares(code, halls, draft._info())
    body = canon.pack(msgspec.structs.replace(draft, shares=shares))
    _read(body)
    return sign(RELEASE_KIND, body, signers)


def join_release(*releases: bytes) -> bytes:
    """One release file of the codes in *releases*. Whoever reads it verifies it.

    Raises :class:`SignedError` when one is no release, or they hold too many codes.
    """
    parts = [
        part
        for data in releases
        for part in split_signed(data, RELEASE_KIND, most=MAX_CODES, max_size=MAX_RELEASE)
    ]
    parts.sort(key=_number)
    return b"".join(parts)


def read_release(data: bytes, trust: Trust, *, now_s: int | None, whole: bool = True) -> Release:
    """Verify and read a release; with *now_s*, also that it is valid then.

    Each code must be signed by a release officer, and all together by as many as there are
    codes, or by the threshold of their role where that is more. One that is not *whole* may
    lack codes and officers still.

    Raises :class:`ReleaseError`, or :class:`TrustError` or :class:`SignedError` when the
    release officers' signatures do not hold.
    """
    sealed: list[SealedCode] = []
    officers: frozenset[bytes] = frozenset()
    for part in split_signed(data, RELEASE_KIND, most=MAX_CODES, max_size=MAX_RELEASE):
        body, signed_by = trust.signers(part, RELEASE_KIND, RELEASE, max_size=MAX_RELEASE)
        sealed.append(_read(body))
        officers |= signed_by
    first = sealed[0]
    for earlier, later in pairwise(sealed):
        if later.release != first.release or later.number <= earlier.number:
            raise ReleaseError("The two codes in this file do not belong to one release.")
    release = Release(tuple(sealed), officers, max(first.codes, trust.threshold(RELEASE)))
    if whole:
        release.check_whole()
    if now_s is not None:
        release.check_time(now_s)
    return release


def _number(part: bytes) -> int:
    return _read(read_signed(part, RELEASE_KIND, max_size=MAX_RELEASE).body).number


def _read(body: bytes) -> SealedCode:
    try:
        code: SealedCode = canon.unpack(body, SealedCode, max_size=MAX_RELEASE)
    except canon.CanonError as problem:
        raise ReleaseError("The release is not valid: {why}", why=str(problem)) from None
    if code.number > code.codes:
        raise ReleaseError("The release is not valid: its code has a number that it has not.")
    return code
