"""A small certification body, with its people's keys and the machines it enrolled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import (
    ENROLMENT,
    HALL,
    INTAKE,
    INTEGRITY,
    PACKAGER,
    REGISTRAR,
    RELEASE,
    ROOT,
    SCORING,
    STATION,
    Enrolment,
    Identity,
    Opening,
    RoleKeys,
    Trust,
    TrustRoot,
    sign_enrolment,
    sign_root,
)

NOW_S = 1_700_000_000


def identity(name: str, key: SigningKey) -> Identity:
    return Identity(name, key.public.ed25519, key.public.mldsa65)


@dataclass(frozen=True)
class Machine:
    enrolment: Enrolment
    signed: bytes
    signing: SigningKey
    sealing: SealingKey


@dataclass(frozen=True)
class People:
    """Everybody's keys: three root holders, two release officers, one person for each other
    role."""

    roots: tuple[SigningKey, ...]
    packager: SigningKey
    release: SigningKey
    officer: SigningKey
    """The second release officer."""
    enroller: SigningKey
    intake: SigningKey
    scoring: SealingKey
    integrity: SealingKey
    registrar: SealingKey

    def root(self, **changes: object) -> TrustRoot:
        """The first root of trust, or one that differs in *changes*."""
        people = [
            *((f"Root {number}", key) for number, key in enumerate(self.roots)),
            ("Packager", self.packager),
            ("Release officer", self.release),
            ("Another officer", self.officer),
            ("Enrolment", self.enroller),
            ("Intake", self.intake),
        ]
        fields: dict[str, object] = {
            "body": "Body of Tests",
            "version": 1,
            "issued_s": NOW_S - 1000,
            "expires_s": NOW_S + 1_000_000,
            "identities": tuple(identity(name, key) for name, key in people),
            "roles": (
                RoleKeys(ROOT, 2, tuple(key.key_id for key in self.roots)),
                RoleKeys(PACKAGER, 1, (self.packager.key_id,)),
                RoleKeys(RELEASE, 1, (self.release.key_id, self.officer.key_id)),
                RoleKeys(ENROLMENT, 1, (self.enroller.key_id,)),
                RoleKeys(INTAKE, 1, (self.intake.key_id,)),
            ),
            "openings": (
                Opening(SCORING, self.scoring.public.raw),
                Opening(INTEGRITY, self.integrity.public.raw),
                Opening(REGISTRAR, self.registrar.public.raw),
            ),
            "revoked": (),
        }
        return TrustRoot(**{**fields, **changes})  # type: ignore[arg-type]

    def signed_root(self, keys: Sequence[SigningKey] = (), **changes: object) -> bytes:
        return sign_root(self.root(**changes), keys or self.roots[:2])

    def trust(self, **changes: object) -> Trust:
        return Trust.first(self.signed_root(**changes), pinned=None)

    def enrol(self, machine: str, kind: int, **changes: object) -> Machine:
        signing, sealing = SigningKey.generate(pair=False), SealingKey.generate()
        fields: dict[str, object] = {
            "machine": machine,
            "kind": kind,
            "centre": "centre-1",
            "ed25519": signing.public.ed25519,
            "sealing": sealing.public.raw,
            "tls_certificate": b"certificate",
            "issued_s": NOW_S,
            "expires_s": NOW_S + 100_000,
            "equipment": bytes(32),
            "protection": 0,
        }
        enrolment = Enrolment(**{**fields, **changes})  # type: ignore[arg-type]
        return Machine(enrolment, sign_enrolment(enrolment, [self.enroller]), signing, sealing)


@pytest.fixture(scope="session")
def people() -> People:
    return People(
        roots=tuple(SigningKey.generate(pair=True) for _ in range(3)),
        packager=SigningKey.generate(pair=True),
        release=SigningKey.generate(pair=True),
        officer=SigningKey.generate(pair=True),
        enroller=SigningKey.generate(pair=False),
        intake=SigningKey.generate(pair=False),
        scoring=SealingKey.generate(),
        integrity=SealingKey.generate(),
        registrar=SealingKey.generate(),
    )


@pytest.fixture(scope="session")
def trust(people: People) -> Trust:
    return people.trust()


@pytest.fixture(scope="session")
def station(people: People) -> Machine:
    return people.enrol("station-1", STATION)


@pytest.fixture(scope="session")
def other_station(people: People) -> Machine:
    return people.enrol("station-2", STATION)


@pytest.fixture(scope="session")
def hall(people: People) -> Machine:
    return people.enrol("hall-1", HALL)


@pytest.fixture(scope="session")
def now_s() -> int:
    return NOW_S
