"""The next root of trust: keys replaced or removed, machines revoked, its time renewed.

A new root is signed by the root holders of the one before and by its own. It reaches
machines as a file (``trust/root-<version>.trust``); each takes the one that follows its own,
so a machine that missed some needs all of those, in their order.

A replaced key goes by a new name (``packager-v2``), so that the root of trust and the key
files beside it cannot disagree: until the root is written, it names the old keys; from then
on, the new ones. Old private keys are deleted then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from exam_packages.body import Body, BodyError
from exam_packages.clock import SECOND, Clock
from exam_packages.files import sync_directory, write_durably
from exam_packages.sealing.keys import read_signing_key, write_sealing_key, write_signing_key
from exam_packages.sealing.suite import SealingKey, SigningKey
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

__all__ = ["CHANGING_ROLES", "revoke", "rotate"]

CHANGING_ROLES: Final = (ROOT, PACKAGER, RELEASE, ENROLMENT)
"""Roles whose keys can be replaced. What intake and checkpoint have signed must be verified
for years, by the root that was valid then: exchanging their keys is not built yet."""

_DAY_S: Final = 86_400
_VERSIONED = re.compile(r"-v[0-9]+$")


def rotate(
    body: Body, clock: Clock, *, replace: Sequence[str] = (), remove: Sequence[str] = ()
) -> Trust:
    """Make the next root: new keys for the holders in *replace*, none for those in *remove*.

    With neither, it renews the time for which the root is valid. Raises an
    :class:`~exam_packages.errors.ExamError`; then the root is as it was.
    """
    root = body.trust().root
    named = {identity.name: identity for identity in root.identities}
    roles = {
        identity.name: each.role for each in root.roles for identity in body.holders(each.role)
    }
    for holder in (*replace, *remove):
        _check_holder(holder, roles)
    if len({*replace, *remove}) != len(replace) + len(remove):
        raise BodyError("A holder is named twice.")
    version = root.version + 1
    keys = {holder: _new_key(body, holder, roles[holder], version) for holder in replace}
    identities: dict[str, Identity | None] = dict(named)
    for holder in remove:
        identities[holder] = None
    for holder, key in keys.items():
        identities[holder] = Identity(
            _next_name(holder, version), key.public.ed25519, key.public.mldsa65
        )
    new_ids = {
        named[holder].key_id: now.key_id if now is not None else None
        for holder, now in identities.items()
    }
    made = msgspec.structs.replace(
        root,
        identities=tuple(now for now in identities.values() if now is not None),
        roles=tuple(_role(each, new_ids) for each in root.roles),
    )
    trust = _install(body, made, clock, list(keys.values()))
    for holder in (*replace, *remove):
        (body.keys / f"{holder}.key").unlink(missing_ok=True)
        if roles[holder] == PACKAGER:
            body.keeping_path(holder).unlink(missing_ok=True)
    sync_directory(body.keys)
    return trust


def revoke(body: Body, clock: Clock, enrolments: Sequence[bytes]) -> tuple[Trust, list[Enrolment]]:
    """Make the next root, under which the machines of *enrolments* are not believed any more.

    Raises an :class:`~exam_packages.errors.ExamError`; then the root is as it was.
    """
    trust = body.trust()
    machines = [read_enrolment(data, trust, now_s=None) for data in enrolments]
    revoked = {*trust.root.revoked, *(machine.key_id for machine in machines)}
    made = msgspec.structs.replace(trust.root, revoked=tuple(sorted(revoked)))
    return _install(body, made, clock, []), machines


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


def _install(body: Body, root: TrustRoot, clock: Clock, new: Sequence[SigningKey]) -> Trust:
    """Sign *root* as the next one with every root key that is here, check it, and keep it."""
    before = body.trust()
    now_s = clock.wall_ns() // SECOND
    made = msgspec.structs.replace(
        root,
        version=before.root.version + 1,
        issued_s=now_s,
        expires_s=now_s + ROOT_DAYS * _DAY_S,
    )
    here = body.signing_keys(ROOT)
    threshold = next(each.threshold for each in before.root.roles if each.role == ROOT)
    after = next(each for each in made.roles if each.role == ROOT)
    signers = {key.key_id: key for key in (*here, *new)}
    if len(here) < threshold or len(signers.keys() & set(after.key_ids)) < after.threshold:
        raise BodyError(
            "The next root of trust must be signed by {threshold} root holders of this one and "
            "of the next; the keys of {found} are here. Bring the others' key files to "
            "{directory}.",
            threshold=threshold,
            found=len(here),
            directory=str(body.keys),
        )
    entitled = {key.key_id for key in here} | set(after.key_ids)
    data = sign_root(made, [key for key_id, key in signers.items() if key_id in entitled])
    trust = before.update(data)
    write_durably(body.root_version_path(trust.root.version), data)
    write_durably(body.root_path, data)
    return trust
