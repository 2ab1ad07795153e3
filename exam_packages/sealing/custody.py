"""Secrets that any two of three custodians can recover, and one alone cannot.

A custody object holds one secret (the seed of an opening key, a release code) for each of
the three pairs of custodians anew: two fresh random halves, each sealed to one of the pair,
and the secret under a key that both halves make. Half a pair is 32 bytes of chance.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from itertools import combinations
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exam_packages import canon
from exam_packages.sealing.signed import read_signed, sign
from exam_packages.sealing.suite import (
    SEALED_OVERHEAD,
    SEALING_PUBLIC_SIZE,
    SealingError,
    SealingKey,
    SealingPublic,
    SigningKey,
    SuiteError,
    hkdf,
    label,
    lp,
)
from exam_packages.sealing.trust import ROOT, Trust

__all__ = [
    "CUSTODIANS",
    "MAX_CUSTODY",
    "Custodian",
    "Custody",
    "CustodyError",
    "read_custodian",
    "read_custody",
    "read_unproven_custody",
    "seal_custody",
    "sign_custodian",
]

CUSTODIANS: Final = 3
MAX_CUSTODY: Final = 64 * 1024
"""Bytes of the longest signed custodian's record or custody object."""

_CUSTODIAN_KIND: Final = "exam-kiosk/custodian/v1"
_CUSTODY_KIND: Final = "exam-kiosk/custody/v1"
_HALF: Final = 32
_NONCE: Final = bytes(12)  # every key seals once
_SealedHalf = Annotated[
    bytes, msgspec.Meta(min_length=_HALF + SEALED_OVERHEAD, max_length=_HALF + SEALED_OVERHEAD)
]


class CustodyError(SealingError):
    """A custodian or what they keep is not what it should be."""


class Custodian(canon.Object):
    """Somebody who keeps, by the public half of the key on their own medium."""

    name: canon.Text
    sealing: Annotated[
        bytes, msgspec.Meta(min_length=SEALING_PUBLIC_SIZE, max_length=SEALING_PUBLIC_SIZE)
    ]

    @property
    def public(self) -> SealingPublic:
        return SealingPublic(self.sealing)


class Keeper(canon.Object):
    """A custodian as a custody object names them: name and sealing key id."""

    name: canon.Text
    key_id: canon.Id


class Pair(canon.Object):
    """What two custodians (their places among the keepers) recover together."""

    first: Annotated[int, msgspec.Meta(ge=0, lt=CUSTODIANS)]
    second: Annotated[int, msgspec.Meta(ge=0, lt=CUSTODIANS)]
    first_half: _SealedHalf
    second_half: _SealedHalf
    sealed: Annotated[bytes, msgspec.Meta(max_length=128)]


class Custody(canon.Object):
    """One secret in custody: *what* it is called, and the 32 bytes that say exactly which."""

    what: canon.Text
    subject: canon.Hash
    keepers: Annotated[
        tuple[Keeper, ...], msgspec.Meta(min_length=CUSTODIANS, max_length=CUSTODIANS)
    ]
    pairs: Annotated[tuple[Pair, ...], msgspec.Meta(min_length=CUSTODIANS, max_length=CUSTODIANS)]

    def recover(self, keys: Sequence[SealingKey]) -> bytes:
        """The secret, by two custodians' *keys*. Raises :class:`CustodyError`."""
        held = {key.key_id: key for key in keys}
        present = [at for at, keeper in enumerate(self.keepers) if keeper.key_id in held]
        if len(present) < 2:
            raise CustodyError(
                "“{what}” is recovered by two of the custodians {names}; the keys given are of "
                "{found}. Bring another custodian's key.",
                what=self.what,
                names=", ".join(keeper.name for keeper in self.keepers),
                found=", ".join(self.keepers[at].name for at in present) or "none of them",
            )
        pair = next(each for each in self.pairs if [each.first, each.second] == present[:2])
        first, second = self.keepers[pair.first].key_id, self.keepers[pair.second].key_id
        context = _context(self.what, self.subject, first, second)
        try:
            halves = [
                held[first].open(pair.first_half, _half_info(context, first)),
                held[second].open(pair.second_half, _half_info(context, second)),
            ]
            key = _key(context, halves)
            return AESGCM(key).decrypt(_NONCE, pair.sealed, label("custody", "secret", context))
        except (SuiteError, InvalidTag):
            raise CustodyError(
                "“{what}” does not open with these two custodians' keys: it is damaged. Try "
                "another two, or a copy.",
                what=self.what,
            ) from None


def sign_custodian(custodian: Custodian, root_keys: Sequence[SigningKey]) -> bytes:
    """A custodian's record, signed by the root role."""
    return sign(_CUSTODIAN_KIND, canon.pack(custodian), root_keys)


def read_custodian(data: bytes, trust: Trust) -> Custodian:
    """Read a custodian's record. Raises :class:`CustodyError`, or the signature's error."""
    body = trust.verify(data, _CUSTODIAN_KIND, ROOT, max_size=MAX_CUSTODY)
    try:
        found: Custodian = canon.unpack(body, Custodian, max_size=MAX_CUSTODY)
        _ = found.public
    except (canon.CanonError, SuiteError) as problem:
        raise CustodyError("The custodian's record is not valid: {why}", why=str(problem)) from None
    return found


def seal_custody(
    what: str,
    subject: bytes,
    secret: bytes,
    custodians: Sequence[Custodian],
    signers: Sequence[SigningKey],
) -> bytes:
    """Seal *secret* (at most 64 bytes) to every pair of three *custodians*, and sign that.

    Raises :class:`CustodyError` when they are not three different people's keys.
    """
    keys = [each.public for each in custodians]
    if not len({key.key_id for key in keys}) == len(keys) == CUSTODIANS:
        raise CustodyError(
            "There are {found} custodians, and exactly {wanted} with different keys must keep "
            "each secret; add or remove custodians first.",
            found=len(keys),
            wanted=CUSTODIANS,
        )
    pairs = []
    for first, second in combinations(range(CUSTODIANS), 2):
        ids = keys[first].key_id, keys[second].key_id
        context = _context(what, subject, *ids)
        halves = [secrets.token_bytes(_HALF), secrets.token_bytes(_HALF)]
        key = _key(context, halves)
        pairs.append(
            Pair(
                first,
                second,
                keys[first].seal(halves[0], _half_info(context, ids[0])),
                keys[second].seal(halves[1], _half_info(context, ids[1])),
                AESGCM(key).encrypt(_NONCE, secret, label("custody", "secret", context)),
            )
        )
    keepers = tuple(
        Keeper(each.name, key.key_id) for each, key in zip(custodians, keys, strict=True)
    )
    body = canon.pack(Custody(what, subject, keepers, tuple(pairs)))
    return sign(_CUSTODY_KIND, body, signers)


def read_custody(data: bytes, trust: Trust, role: str, what: str) -> Custody:
    """Read the custody of *what*, signed by *role*.

    Raises :class:`CustodyError`, or the signature's error.
    """
    return _parse(trust.verify(data, _CUSTODY_KIND, role, max_size=MAX_CUSTODY), what)


def read_unproven_custody(data: bytes, what: str) -> Custody:
    """Read the custody of *what* without asking who signed it.

    For a secret that proves itself, such as an opening key, whose public half stands in the
    root of trust: it must come back also when those who signed its custody are gone. Raises
    :class:`CustodyError`, or :class:`~exam_packages.sealing.signed.SignedError`.
    """
    return _parse(read_signed(data, _CUSTODY_KIND, max_size=MAX_CUSTODY).body, what)


def _parse(body: bytes, what: str) -> Custody:
    try:
        found: Custody = canon.unpack(body, Custody, max_size=MAX_CUSTODY)
    except canon.CanonError as problem:
        raise CustodyError("The custody object is not valid: {why}", why=str(problem)) from None
    places = [(pair.first, pair.second) for pair in found.pairs]
    ids = {keeper.key_id for keeper in found.keepers}
    if places != list(combinations(range(CUSTODIANS), 2)) or len(ids) != CUSTODIANS:
        raise CustodyError("The custody object does not name three custodians and their pairs.")
    if found.what != what:
        raise CustodyError(
            "This is the custody of “{found}”, not of “{what}”.", found=found.what, what=what
        )
    return found


def _context(what: str, subject: bytes, first: bytes, second: bytes) -> bytes:
    return lp(what.encode(), subject, first, second)


def _half_info(context: bytes, keeper: bytes) -> bytes:
    return label("custody", "half", context, keeper)


def _key(context: bytes, halves: Sequence[bytes]) -> bytes:
    return hkdf(b"".join(halves), salt=None, info=label("custody", "key", context))
