"""The body's custodians, and what any two of them can bring back.

::

    custodians/<name>.custodian         who keeps: signed by the root holders
    custody/<role>.custody              an opening key: signed by the root holders
    custody/<grant>-code-<n>.custody    a release code: signed by the packager

Custodians' own keys are never in the body's directory: each lies on its custodian's medium.
Copies of the custody objects are no secret; keep several.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from exam_packages.body import Body
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.custody import (
    CUSTODIANS,
    MAX_CUSTODY,
    Custodian,
    CustodyError,
    read_custodian,
    read_custody,
    read_unproven_custody,
    seal_custody,
    sign_custodian,
)
from exam_packages.sealing.keys import write_sealing_key
from exam_packages.sealing.protection import Passphrase
from exam_packages.sealing.suite import SealingKey, digest, label
from exam_packages.sealing.trust import PACKAGER, ROOT, Trust, TrustError
from exam_packages.sealing.trust_root import OPENING_ROLES

__all__ = [
    "add_custodian",
    "custodians",
    "forget_codes",
    "keep_codes",
    "keep_openings",
    "recover_code",
    "recover_opening",
]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")


def custodians(body: Body) -> tuple[Custodian, ...]:
    """Who keeps for this body, by name. Raises an :class:`~exam_packages.errors.ExamError`."""
    trust = body.trust()
    return tuple(_custodian(path, trust) for path in sorted(body.custodians.glob("*.custodian")))


def add_custodian(body: Body, name: str, key: Path, passphrase: Passphrase) -> Custodian:
    """Make a custodian's key on their own medium, and their record signed by the root.

    Raises an :class:`~exam_packages.errors.ExamError`.
    """
    if not _NAME.fullmatch(name):
        raise CustodyError(
            "“{name}” cannot be a custodian's name here; use letters, digits, dots and dashes.",
            name=name[:100],
        )
    if key.resolve().is_relative_to(body.directory.resolve()):
        raise CustodyError(
            "A custodian's key lies on their own medium, and never in the body's directory "
            "({path}); name a path there.",
            path=str(key),
        )
    others = custodians(body)
    record = body.custodians / f"{name}.custodian"
    if record.exists() or len(others) >= CUSTODIANS:
        raise CustodyError(
            "The custodians are {names} already; to replace one, delete their record in "
            "{directory}, add the new one, and seal the custody again.",
            names=", ".join(each.name for each in others),
            directory=str(body.custodians),
        )
    signers = body.signing_keys(ROOT)  # first: nothing is made that nobody may sign
    made = SealingKey.generate()
    custodian = Custodian(name, made.public.raw)
    data = sign_custodian(custodian, signers)
    _check_signed(body, data)
    write_sealing_key(key, made, passphrase)
    make_directory(body.custodians, 0o700)
    write_durably(record, data)
    return custodian


def keep_openings(body: Body) -> tuple[Path, ...]:
    """Seal every opening key to the pairs of custodians; where the objects lie.

    Raises an :class:`~exam_packages.errors.ExamError`, also when a key here is not the one
    that the root of trust names.
    """
    keepers, signers, trust = custodians(body), body.signing_keys(ROOT), body.trust()
    sealed = []
    for role in OPENING_ROLES:
        key = body.opening_key(role)
        if key.public != trust.opening(role):
            raise CustodyError(
                "The key in {path} is not the one that the root of trust names for “{role}”; "
                "put the right key file there.",
                path=str(body.opening_path(role)),
                role=role,
            )
        subject = digest(label("custody", "opening", role.encode()), key.public.raw)
        sealed.append((role, seal_custody(role, subject, key.seed, keepers, signers)))
    return tuple(_keep(body, what, data) for what, data in sealed)


def keep_codes(body: Body, grant_hash: bytes, codes: Sequence[str]) -> tuple[Path, ...]:
    """Seal a grant's release codes to the pairs of custodians, where there are three.

    With none appointed yet it does nothing. Raises an
    :class:`~exam_packages.errors.ExamError`.
    """
    keepers = custodians(body)
    if not keepers:
        return ()
    sealed = []
    for number, code in enumerate(codes, 1):
        what = _code_name(grant_hash, number)
        subject = digest(label("custody", "code"), grant_hash, bytes([number]))
        signers = [body.signing_key(PACKAGER)]
        sealed.append((what, seal_custody(what, subject, code.encode(), keepers, signers)))
    return tuple(_keep(body, what, data) for what, data in sealed)


def forget_codes(body: Body, grant_hash: bytes) -> None:
    """Delete the custody of the codes of a withdrawn grant; copies still open."""
    for number in (1, 2):
        path = body.custody / f"{_code_name(grant_hash, number)}.custody"
        path.unlink(missing_ok=True)


def recover_opening(body: Body, role: str, keys: Sequence[SealingKey]) -> SealingKey:
    """The opening key of *role*, by two custodians' *keys*.

    The root of trust proves it, whoever signed the custody. Raises an
    :class:`~exam_packages.errors.ExamError`, also when what comes out is not the key that
    the root of trust names.
    """
    found = read_unproven_custody(_read_custody(body, role), role)
    key = SealingKey.from_seed(found.recover(keys))
    if key.public != body.trust().opening(role):
        raise CustodyError(
            "The key that was in custody is not the one that the root of trust names for "
            "“{role}” now: the custody is of an earlier key.",
            role=role,
        )
    return key


def recover_code(body: Body, what: str, keys: Sequence[SealingKey]) -> str:
    """A release code, by two custodians' *keys*.

    Raises an :class:`~exam_packages.errors.ExamError`.
    """
    found = read_custody(_read_custody(body, what), body.trust(), PACKAGER, what)
    return found.recover(keys).decode("ascii", "replace")


def _code_name(grant_hash: bytes, number: int) -> str:
    return f"{grant_hash.hex()[:16]}-code-{number}"


def _keep(body: Body, what: str, data: bytes) -> Path:
    make_directory(body.custody, 0o700)
    path = body.custody / f"{what}.custody"
    write_durably(path, data)
    return path


def _check_signed(body: Body, data: bytes) -> None:
    try:
        read_custodian(data, body.trust())
    except TrustError:
        raise CustodyError(
            "Custodians are appointed by the root holders, and the keys of too few lie in "
            "{directory}; bring the others' key files.",
            directory=str(body.keys),
        ) from None


def _custodian(path: Path, trust: Trust) -> Custodian:
    try:
        return read_custodian(_read(path), trust)
    except TrustError:
        raise CustodyError(
            "The custodian's record {path} is not signed by the root holders of today; delete "
            "it, appoint the custodian again, and seal the custody again.",
            path=str(path),
        ) from None


def _read_custody(body: Body, what: str) -> bytes:
    path = body.custody / f"{what}.custody"
    if not _NAME.fullmatch(what) or not path.is_file():
        there = sorted(each.stem for each in body.custody.glob("*.custody"))
        raise CustodyError(
            "There is no custody of “{what}” in {directory}; there is of: {there}.",
            what=what[:100],
            directory=str(body.custody),
            there=", ".join(there) or "nothing",
        )
    return _read(path)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_CUSTODY + 1)
