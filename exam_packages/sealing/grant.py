"""The grant: what lets one centre's enrolled machines open one package, once released.

A fresh secret S is sealed to each machine; the release secret R comes on the day. Only
both together give the key that unwraps the paper key::

    context        = package hash, slot, issue, release id, expiry
    KEK ‖ check    = HKDF-SHA256(salt = R, ikm = S, info = label ‖ context), 32 bytes each
    wrapped        = AES-256-GCM(KEK, zero nonce, paper key, AAD = label ‖ check)

A machine that is enrolled too late is named by an addendum
(:mod:`exam_packages.sealing.addendum`), which seals the same S to it.

The KEK is used once, so the nonce may be zero. ``check`` lies in the grant and is compared
first: AES-GCM alone does not commit to its key.

Expiry bars starting an exam, never resuming one.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

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
    SEALING_PUBLIC_SIZE,
    SealingError,
    SealingKey,
    SealingPublic,
    SigningKey,
    SuiteError,
    digest,
    hkdf,
    label,
)
from exam_packages.sealing.trust import PACKAGER, Trust

__all__ = [
    "Grant",
    "GrantError",
    "GrantExpired",
    "Recipient",
    "WrongMachine",
    "WrongRelease",
    "read_grant",
    "seal_grant",
]

GRANT_KIND: Final = "exam-kiosk/grant/v2"

_MAX_SIZE: Final = 16 * 1024 * 1024
_ZERO_NONCE: Final = bytes(12)
SECRET_SIZE: Final = 32


class GrantError(SealingError):
    """A grant cannot be made, is damaged, or does not open the package."""


class GrantExpired(GrantError):
    """The grant has expired: no attempt may start with it."""


class WrongMachine(GrantError):
    """The grant holds nothing for this machine."""


class WrongRelease(GrantError):
    """The release secret is not the one this grant was made for."""


class Grant(canon.Object):
    """A grant whose signatures are verified.

    ``slot`` names the sitting, such as ``2026-11-23/A``; ``issue`` counts full re-issues;
    ``codes`` says how many release codes, from as many people, open it: 1 or 2;
    ``evidence`` is the sitting's evidence key, which stations seal pictures to (a raw
    :class:`SealingPublic`); ``shares`` name the machines the grant is for.
    """

    package_hash: canon.Hash
    centre: canon.Text
    slot: canon.Text
    issue: Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]
    release_id: canon.Id
    expires_s: canon.Seconds
    codes: Annotated[int, msgspec.Meta(ge=1, le=2)]
    evidence: Annotated[
        bytes, msgspec.Meta(min_length=SEALING_PUBLIC_SIZE, max_length=SEALING_PUBLIC_SIZE)
    ]
    shares: Shares
    wrapped: Annotated[bytes, msgspec.Meta(min_length=48, max_length=48)]
    check: canon.Hash

    @property
    def evidence_key(self) -> SealingPublic:
        """The sitting's evidence key."""
        return SealingPublic(self.evidence)

    @property
    def hash(self) -> bytes:
        """32 bytes that name exactly this grant, as addenda do."""
        return digest(label("grant", "hash"), canon.pack(self))

    def has(self, machine: bytes) -> bool:
        """Whether the grant is for the machine with this key id (of its enrolment)."""
        return any(share.machine == machine for share in self.shares)

    def open(self, machine: SealingKey, release_secret: bytes) -> bytes:
        """The paper key, from a machine's sealing key and the release secret.

        Raises :class:`WrongMachine`, :class:`WrongRelease`, or :class:`GrantError` when
        the grant is damaged inside.
        """
        share = find_share(self.shares, machine)
        if share is None:
            raise WrongMachine(
                "The grant of centre “{centre}” for the sitting {slot} is not for this machine; "
                "ask the certification body for a grant that names it.",
                centre=self.centre,
                slot=self.slot,
            )
        try:
            secret = open_share(share, machine, label("grant", "share", *_context(self)))
        except SuiteError:
            raise self._damaged() from None
        return self.unwrap(secret, release_secret)

    def unwrap(self, secret: bytes, release_secret: bytes) -> bytes:
        """The paper key, from S as a share gave it and the release secret.

        Raises :class:`WrongRelease`, or :class:`GrantError` when the grant is damaged inside.
        """
        context = _context(self)
        if len(secret) != SECRET_SIZE:
            raise self._damaged()
        kek, check = _keys(secret, release_secret, context)
        # HMAC pads its key with zeros, so another length could stand for the same secret.
        if len(release_secret) != SECRET_SIZE or not hmac.compare_digest(check, self.check):
            raise WrongRelease(
                "The release does not fit the grant of centre “{centre}” for the sitting {slot}, "
                "issue {issue}: a code is missing, or belongs to another package, sitting or "
                "issue.",
                centre=self.centre,
                slot=self.slot,
                issue=self.issue,
            )
        try:
            return AESGCM(kek).decrypt(_ZERO_NONCE, self.wrapped, label("grant", "wrap", check))
        except InvalidTag:
            raise self._damaged() from None

    def _damaged(self) -> GrantError:
        return GrantError(
            "The grant of centre “{centre}” for the sitting {slot} is damaged inside, although "
            "its signatures hold; ask the certification body for a new one.",
            centre=self.centre,
            slot=self.slot,
        )


def seal_grant(
    package_hash: bytes,
    centre: str,
    slot: str,
    issue: int,
    release_id: bytes,
    expires_s: int,
    paper_key: bytes,
    release_secret: bytes,
    recipients: Sequence[Recipient],
    signers: Sequence[SigningKey],
    *,
    evidence: SealingPublic,
    codes: int = 1,
    secret: bytes | None = None,
) -> bytes:
    """Make and sign the grant of one centre for one sitting.

    *release_secret* is R, 32 bytes, from *codes* release codes; *evidence* is the sitting's
    evidence key. *secret* is S: 32 fresh
    random bytes, given by a packager who keeps it for addenda, else drawn here. Raises
    :class:`GrantError` when a field has no valid value or two recipients are one.
    """
    if len(paper_key) != 32 or len(release_secret) != SECRET_SIZE:
        raise GrantError("The paper key and the release secret must be 32 bytes long.")
    if len({to.sealing.key_id for to in recipients}) != len(recipients):
        raise GrantError("A machine is named twice among those the grant is for.")
    secret = secrets.token_bytes(SECRET_SIZE) if secret is None else secret
    if len(secret) != SECRET_SIZE:
        raise GrantError("The secret of a grant must be 32 bytes long.")
    draft = Grant(
        *(package_hash, centre, slot, issue, release_id, expires_s, codes),
        *(evidence.raw, (), bytes(48), bytes(32)),
    )
    context = _context(draft)
    kek, check = _keys(secret, release_secret, context)
    body = canon.pack(
        msgspec.structs.replace(
            draft,
            shares=seal_shares(secret, recipients, label("grant", "share", *context)),
            wrapped=AESGCM(kek).encrypt(_ZERO_NONCE, paper_key, label("grant", "wrap", check)),
            check=check,
        )
    )
    _read(body)
    return sign(GRANT_KIND, body, signers)


def read_grant(data: bytes, trust: Trust, *, now_s: int | None) -> Grant:
    """Verify and read a grant; with *now_s*, also that it has not expired then.

    Raises :class:`GrantError` (:class:`GrantExpired`), or :class:`TrustError` or
    :class:`SignedError` when the packager's signatures do not hold.
    """
    grant = _read(trust.verify(data, GRANT_KIND, PACKAGER, max_size=_MAX_SIZE))
    if now_s is not None and now_s >= grant.expires_s:
        raise GrantExpired(
            "The grant of centre “{centre}” for the sitting {slot} has expired; ask the "
            "certification body for a new one, and check this machine's clock.",
            centre=grant.centre,
            slot=grant.slot,
        )
    return grant


def _read(body: bytes) -> Grant:
    try:
        grant: Grant = canon.unpack(body, Grant, max_size=_MAX_SIZE)
        _ = grant.evidence_key
    except (canon.CanonError, SuiteError) as problem:
        raise GrantError("The grant is not valid: {why}", why=str(problem)) from None
    return grant


def _context(grant: Grant) -> tuple[bytes, ...]:
    return (
        grant.package_hash,
        grant.slot.encode(),
        grant.issue.to_bytes(8, "big"),
        grant.release_id,
        grant.expires_s.to_bytes(8, "big"),
    )


def _keys(secret: bytes, release_secret: bytes, context: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    both = hkdf(secret, salt=release_secret, info=label("grant", "key", *context), length=64)
    return both[:32], both[32:]
