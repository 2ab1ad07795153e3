"""The content of a root of trust, and the rules it must keep by itself.

A threshold counts identities, not signatures, so no two identities may share a key; and
whoever signs trust, packages, grants or releases signs with a pair of keys. How one root
follows another is the business of :mod:`exam_packages.sealing.trust`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from exam_packages import canon
from exam_packages.sealing.signed import Signed, sign
from exam_packages.sealing.suite import (
    SealingError,
    SealingPublic,
    SigningKey,
    SuiteError,
    VerifyKey,
)

__all__ = [
    "CHECKPOINT",
    "ENROLMENT",
    "INTAKE",
    "INTEGRITY",
    "MAX_ROOT_SIZE",
    "OPENING_ROLES",
    "PACKAGER",
    "PAIRED_ROLES",
    "REGISTRAR",
    "RELEASE",
    "ROOT",
    "ROOT_KIND",
    "SCORING",
    "SIGNING_ROLES",
    "Identity",
    "Opening",
    "RoleKeys",
    "RootRules",
    "TrustError",
    "TrustRoot",
    "read_root",
    "sign_root",
]

ROOT: Final = "root"
PACKAGER: Final = "packager"
RELEASE: Final = "release"
ENROLMENT: Final = "enrolment"
INTAKE: Final = "intake"
CHECKPOINT: Final = "checkpoint"
SIGNING_ROLES: Final = (ROOT, PACKAGER, RELEASE, ENROLMENT, INTAKE, CHECKPOINT)
PAIRED_ROLES: Final = (ROOT, PACKAGER, RELEASE)
"""Roles whose identities must sign with Ed25519 and ML-DSA-65 both."""

SCORING: Final = "scoring"
INTEGRITY: Final = "integrity"
REGISTRAR: Final = "registrar"
OPENING_ROLES: Final = (SCORING, INTEGRITY, REGISTRAR)

ROOT_KIND: Final = "exam-kiosk/trust/v1"

MAX_ROOT_SIZE: Final = 4 * 1024 * 1024
_MAX_IDENTITIES: Final = 256


class TrustError(SealingError):
    """A root of trust or an enrolment is not valid, or does not vouch for what is asked."""


class Identity(canon.Object):
    """A person or service that signs: a name for people, and its public keys.

    ``mldsa65`` is empty for an identity that signs with Ed25519 alone.
    """

    name: canon.Text
    ed25519: bytes
    mldsa65: bytes

    @property
    def verify_key(self) -> VerifyKey:
        """The key that checks this identity's signatures. Raises :class:`SuiteError`."""
        return VerifyKey(self.ed25519, self.mldsa65)

    @property
    def key_id(self) -> bytes:
        """16 bytes that name this identity."""
        return self.verify_key.key_id


class RoleKeys(canon.Object):
    """How many of which identities must sign for a role."""

    role: canon.Text
    threshold: Annotated[int, msgspec.Meta(ge=1, le=_MAX_IDENTITIES)]
    key_ids: Annotated[tuple[canon.Id, ...], msgspec.Meta(min_length=1, max_length=_MAX_IDENTITIES)]


class Opening(canon.Object):
    """The sealing key of a role that opens results: scoring, integrity or registrar."""

    role: canon.Text
    public: bytes


class TrustRoot(canon.Object):
    """The signed content of a root of trust.

    ``revoked`` names machines (by the key id of their enrolment) that are no longer
    believed although their enrolment has not expired.
    """

    body: canon.Text
    version: Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]
    issued_s: canon.Seconds
    expires_s: canon.Seconds
    identities: Annotated[tuple[Identity, ...], msgspec.Meta(max_length=_MAX_IDENTITIES)]
    roles: Annotated[tuple[RoleKeys, ...], msgspec.Meta(max_length=len(SIGNING_ROLES))]
    openings: Annotated[tuple[Opening, ...], msgspec.Meta(max_length=len(OPENING_ROLES))]
    revoked: Annotated[tuple[canon.Id, ...], msgspec.Meta(max_length=100_000)]


def sign_root(root: TrustRoot, keys: Sequence[SigningKey]) -> bytes:
    """Sign a root. Raises :class:`TrustError` when *root* breaks the rules it must keep."""
    body = canon.pack(root)
    RootRules(read_root(body))
    return sign(ROOT_KIND, body, keys)


class RootRules:
    """A root, taken apart once and checked as a whole."""

    def __init__(self, root: TrustRoot) -> None:
        try:
            self.keys = {entry.key_id: entry.verify_key for entry in root.identities}
            self.openings = {entry.role: SealingPublic(entry.public) for entry in root.openings}
        except SuiteError as problem:
            raise TrustError(
                "A key in the root of trust is not valid: {why}", why=str(problem)
            ) from None
        self.roles = {entry.role: entry for entry in root.roles}
        paired = [entry.mldsa65 for entry in root.identities if entry.mldsa65]
        for wrong, why in (
            (len(self.roles) != len(root.roles), "a role is listed twice"),
            (len(self.openings) != len(root.openings), "an opening role is listed twice"),
            (not self.roles.keys() <= set(SIGNING_ROLES), "it names an unknown role"),
            (not self.openings.keys() <= set(OPENING_ROLES), "it names an unknown opening role"),
            (ROOT not in self.roles, "it has no root role"),
            (
                len({entry.ed25519 for entry in root.identities}) != len(root.identities)
                or len(set(paired)) != len(paired),
                "two identities share a key",
            ),
            (root.expires_s <= root.issued_s, "it expires before it is issued"),
        ):
            if wrong:
                raise _broken(why)
        for entry in root.roles:
            if len(set(entry.key_ids)) != len(entry.key_ids):
                raise _broken(f"an identity is listed twice for the role {entry.role}")
            if not self.keys.keys() >= set(entry.key_ids):
                raise _broken(f"the role {entry.role} names an identity that is not listed")
            if entry.threshold > len(entry.key_ids):
                raise _broken(f"the role {entry.role} can never reach its threshold")
            if entry.role in PAIRED_ROLES and not all(
                self.keys[key_id].mldsa65 for key_id in entry.key_ids
            ):
                raise _broken(f"the role {entry.role} needs identities with a pair of keys")

    def wanted(self, role: str) -> RoleKeys:
        """Who signs as *role*. Raises :class:`TrustError` when nobody does."""
        found = self.roles.get(role)
        if found is None:
            raise TrustError(
                "The root of trust names nobody for the role “{role}”; get the current root "
                "from the certification body.",
                role=role,
            )
        return found

    def signers(self, signed: Signed, role: str, *, at_least: int = 1) -> frozenset[bytes]:
        """The key ids of *role* that signed. Raises :class:`TrustError` for fewer than
        *at_least*."""
        found = signed.signers([self.keys[key_id] for key_id in self.wanted(role).key_ids])
        if len(found) < at_least:
            raise TrustError(
                "This “{kind}” is not signed as it must be: {count} of the {threshold} "
                "signatures needed from the role “{role}” are valid. It was altered, it comes "
                "from someone else, or this machine's root of trust is out of date; get both "
                "again from the certification body.",
                kind=signed.kind,
                count=len(found),
                threshold=at_least,
                role=role,
            )
        return found

    def check(self, signed: Signed, role: str) -> None:
        """Raise :class:`TrustError` unless the threshold of *role* signed."""
        self.signers(signed, role, at_least=self.wanted(role).threshold)


def read_root(body: bytes) -> TrustRoot:
    """Decode the body of a root. Raises :class:`TrustError`."""
    try:
        root: TrustRoot = canon.unpack(body, TrustRoot, max_size=MAX_ROOT_SIZE)
    except canon.CanonError as problem:
        raise TrustError("The root of trust cannot be read: {why}", why=str(problem)) from None
    return root


def _broken(why: str) -> TrustError:
    return TrustError(
        "The root of trust breaks a rule it must keep: {why}. Ask the certification body for "
        "a correct one.",
        why=why,
    )
