"""The next root of trust: keys replaced or removed, machines revoked, its time renewed.

A new root is signed by the root holders of the one before and by its own: with the keys that
are here, or as a draft that travels from desk to desk until enough signed it. It reaches
machines as a file (``trust/root-<version>.trust``); each takes the one that follows its own,
so a machine that missed some needs all of those, in their order.

A replaced key goes by a new name (``packager-v2``), so that the root of trust and the key
files beside it cannot disagree: until the root is written, it names the old keys; from then
on, the new ones. Old private keys are deleted then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from exam_packages.body import Body, BodyError
from exam_packages.clock import SECOND, Clock
from exam_packages.files import sync_directory, write_durably
from exam_packages.sealing.keys import read_signing_key, write_sealing_key, write_signing_key
from exam_packages.sealing.suite import SealingKey, SigningKey, VerifyKey
from exam_packages.sealing.trust import (
    ENROLMENT,
    PACKAGER,
    RELEASE,
    ROOT,
    Enrolment,
    Identity,
    RoleKeys,
    Trust,
    TrustRoot,
    read_enrolment,
    sign_root,
)
from exam_packages.sealing.trust_root import PAIRED_ROLES
from provisioning.authority import ROOT_DAYS
from provisioning.drafts import look, root_holders

__all__ = [
    "CHANGING_ROLES",
    "draft",
    "install",
    "revoke",
    "revoked",
    "rotate",
    "rotated",
    "signed",
]

CHANGING_ROLES: Final = (ROOT, PACKAGER, RELEASE, ENROLMENT)
"""Roles whose keys can be replaced. What intake and checkpoint have signed must be verified
for years, by the root that was valid then: exchanging their keys is not built yet."""

_MADE_ELSEWHERE: Final = (ROOT, RELEASE)
"""Roles whose holders make their keys at desks of their own."""
_DAY_S: Final = 86_400
_VERSIONED = re.compile(r"-v[0-9]+$")


def rotate(
    body: Body, clock: Clock, *, replace: Sequence[str] = (), remove: Sequence[str] = ()
) -> Trust:
    """Make the next root: new keys for the holders in *replace*, none for those in *remove*.

    With neither, it renews the time for which the root is valid. Raises an
    :class:`~exam_packages.errors.ExamError`; then the root is as it was.
    """
    made, new = rotated(body, clock, replace=replace, remove=remove)
    return install(body, signed(body, made, new))


def rotated(
    body: Body,
    clock: Clock,
    *,
    replace: Sequence[str] = (),
    remove: Sequence[str] = (),
    newcomers: Mapping[str, VerifyKey] = MappingProxyType({}),
) -> tuple[TrustRoot, list[SigningKey]]:
    """The next root, which nobody signed yet, and the new keys that were made here for it.

    *newcomers* gives, for a holder who is replaced, the key that their successor made
    elsewhere. Raises an :class:`~exam_packages.errors.ExamError`.
    """
    root = body.trust().root
    named = {identity.name: identity for identity in root.identities}
    roles = {
        identity.name: each.role for each in root.roles for identity in body.holders(each.role)
    }
    for holder in (*replace, *remove, *newcomers):
        _check_holder(holder, roles)
    if len({*replace, *remove, *newcomers}) != len(replace) + len(remove) + len(newcomers):
        raise BodyError("A holder is named twice.")
    for holder in newcomers:
        if roles[holder] not in _MADE_ELSEWHERE:
            raise BodyError(
                "The key of “{holder}” is made at the desk it works at: use --replace there.",
                holder=holder,
            )
    version = root.version + 1
    keys = {holder: _new_key(body, holder, roles[holder], version) for holder in replace}
    identities: dict[str, Identity | None] = dict(named)
    for holder in remove:
        identities[holder] = None
    publics = {**{holder: key.public for holder, key in keys.items()}, **newcomers}
    for holder, public in publics.items():
        identities[holder] = Identity(_next_name(holder, version), public.ed25519, public.mldsa65)
    new_ids = {
        named[holder].key_id: now.key_id if now is not None else None
        for holder, now in identities.items()
    }
    made = msgspec.structs.replace(
        root,
        identities=tuple(now for now in identities.values() if now is not None),
        roles=tuple(_role(each, new_ids) for each in root.roles),
    )
    return _dated(made, clock), list(keys.values())


def revoke(body: Body, clock: Clock, enrolments: Sequence[bytes]) -> tuple[Trust, list[Enrolment]]:
    """Make the next root, under which the machines of *enrolments* are not believed any more.

    Raises an :class:`~exam_packages.errors.ExamError`; then the root is as it was.
    """
    made, machines = revoked(body, clock, enrolments)
    return install(body, signed(body, made)), machines


def revoked(
    body: Body, clock: Clock, enrolments: Sequence[bytes]
) -> tuple[TrustRoot, list[Enrolment]]:
    """The next root without the machines of *enrolments*, which nobody signed yet.

    Raises an :class:`~exam_packages.errors.ExamError`.
    """
    trust = body.trust()
    machines = [read_enrolment(data, trust, now_s=None) for data in enrolments]
    ended = {*trust.root.revoked, *(machine.key_id for machine in machines)}
    return _dated(
        msgspec.structs.replace(trust.root, revoked=tuple(sorted(ended))), clock
    ), machines


def signed(body: Body, root: TrustRoot, new: Sequence[SigningKey] = ()) -> bytes:
    """*root* signed with every root key that is here, and with those of *new* that are such.

    Raises :class:`BodyError` when these are too few.
    """
    data = draft(body, root, new)
    standing = look(body.trust(), data)
    if not standing.enough:
        raise BodyError(
            "The next root of trust must be signed by {threshold} root holders of this one and "
            "of the next; the keys of {found} are here. Bring the others' key files (--key), or "
            "write a draft that they sign at their own desks (--draft).",
            threshold=standing.before.needed,
            found=min(standing.before.count, standing.after.count),
        )
    return data


def draft(body: Body, root: TrustRoot, new: Sequence[SigningKey] = ()) -> bytes:
    """*root* signed with the root keys that are here, if any: others sign it elsewhere."""
    keys = {key.key_id: key for key in (*body.present_keys(ROOT), *new)}
    entitled = root_holders(body.trust().root) | root_holders(root)
    return sign_root(root, [key for key_id, key in keys.items() if key_id in entitled])


def install(body: Body, data: bytes) -> Trust:
    """Put the next root in its place, once enough signed it; delete keys that it ended here.

    Raises an :class:`~exam_packages.errors.ExamError`; then the root is as it was.
    """
    before = body.trust()
    trust = before.update(data)
    write_durably(body.root_version_path(trust.root.version), data)
    write_durably(body.root_path, data)
    stay = {identity.name for identity in trust.root.identities}
    for identity in before.root.identities:
        if identity.name not in stay:
            (body.keys / f"{identity.name}.key").unlink(missing_ok=True)
            body.keeping_path(identity.name).unlink(missing_ok=True)
    sync_directory(body.keys)
    return trust


def _check_holder(holder: str, roles: Mapping[str, str]) -> None:
    role = roles.get(holder)
    if role is None:
        raise BodyError(
            "“{holder}” holds no signing key of this body; the holders are {holders}.",
            holder=holder[:100],
            holders=", ".join(sorted(roles)),
        )
    if role not in CHANGING_ROLES:
        raise BodyError(
            "The key of “{holder}” cannot be replaced or removed yet: what the role “{role}” "
            "signed must be verified for years.",
            holder=holder,
            role=role,
        )


def _role(role: RoleKeys, new_ids: Mapping[bytes, bytes | None]) -> RoleKeys:
    key_ids = tuple(now for before in role.key_ids if (now := new_ids[before]) is not None)
    if len(key_ids) < role.threshold:
        raise BodyError(
            "The role “{role}” must keep at least {threshold} of its holders; replace a "
            "key rather than remove it.",
            role=role.role,
            threshold=role.threshold,
        )
    return RoleKeys(role.role, role.threshold, key_ids)


def _new_key(body: Body, holder: str, role: str, version: int) -> SigningKey:
    """A new key of *holder*, on disk. One that an interrupted command left is taken."""
    name = _next_name(holder, version)
    path = body.keys / f"{name}.key"
    keeping = body.keeping_path(name)
    passphrase = body.new_passphrase(f"The new key “{name}”")
    if not path.exists():
        write_signing_key(path, SigningKey.generate(pair=role in PAIRED_ROLES), passphrase)
    if role == PACKAGER and not keeping.exists():
        write_sealing_key(keeping, SealingKey.generate(), passphrase)
    return read_signing_key(path, body.unlock)


def _next_name(holder: str, version: int) -> str:
    return f"{_VERSIONED.sub('', holder)}-v{version}"


def _dated(root: TrustRoot, clock: Clock) -> TrustRoot:
    """*root* as the next one, valid from now on."""
    now_s = clock.wall_ns() // SECOND
    return msgspec.structs.replace(
        root,
        version=root.version + 1,
        issued_s=now_s,
        expires_s=now_s + ROOT_DAYS * _DAY_S,
    )
