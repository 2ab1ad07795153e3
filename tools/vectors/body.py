"""The certification body of the test vectors: keys from names, machines, roots of trust."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from exam_packages.sealing.grant import Recipient
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import (
    CHECKPOINT,
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
    TrustRoot,
    sign_enrolment,
    sign_root,
)

START_S = 1_790_000_000
"""The sitting's day, 2026-09-21: all times of the vectors lie around it."""
CENTRE, SLOT, SITTING = "Prüfungszentrum 7", "2026-09-21/A", "Food safety, morning"
RELEASE_ID = bytes(range(16))
BLIND_ID = bytes(range(16, 32))
BOOTS = (bytes([1]) * 16, bytes([2]) * 16)
ORIGIN = "log.example.org/vectors"


@dataclass(frozen=True)
class Machine:
    """An enrolled machine."""

    name: str
    signing: SigningKey
    sealing: SealingKey
    enrolment: bytes

    @property
    def recipient(self) -> Recipient:
        return Recipient(self.signing.key_id, self.sealing.public)


def seed(name: str) -> bytes:
    """The 32 bytes that the key called *name* is made from."""
    return hashlib.sha256(b"exam-kiosk test vectors: " + name.encode()).digest()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Body:
    """The certification body of the vectors, and the machines it enrolled."""

    def __init__(self) -> None:
        self.secrets: dict[str, dict[str, str]] = {}
        self.roots = [self.signing(f"root {number}", pair=True) for number in (1, 2, 3, 4)]
        self.packager = self.signing("packager", pair=True)
        self.release = self.signing("release", pair=True)
        self.officer = self.signing("release 2", pair=True)
        self.enroller = self.signing("enrolment", pair=False)
        self.intake = self.signing("intake", pair=False)
        self.checkpoint = self.signing("checkpoint", pair=False)
        self.openings = {role: self.sealing(role) for role in (SCORING, INTEGRITY, REGISTRAR)}
        self.evidence = self.sealing("evidence key")
        self.kept = self.sealing("evidence key, preserved")
        self.hall = self.enrol("hall", HALL)
        self.first = self.enrol("station 1", STATION)
        self.second = self.enrol("station 2", STATION)
        self.lost = self.enrol("station 3", STATION)

    def signing(self, name: str, *, pair: bool) -> SigningKey:
        seeds = [seed(f"{name}, ed25519"), seed(f"{name}, ml-dsa-65") if pair else b""]
        self.secrets[name] = {"ed25519": seeds[0].hex(), "ml-dsa-65": seeds[1].hex()}
        return SigningKey(*seeds)

    def sealing(self, name: str) -> SealingKey:
        self.secrets.setdefault(name, {})["sealing"] = seed(f"{name}, sealing").hex()
        return SealingKey.from_seed(seed(f"{name}, sealing"))

    def enrol(self, name: str, kind: int) -> Machine:
        signing, sealing = self.signing(name, pair=False), self.sealing(name)
        enrolment = Enrolment(
            machine=name,
            kind=kind,
            centre=CENTRE,
            ed25519=signing.public.ed25519,
            sealing=sealing.public.raw,
            tls_certificate=b"no real certificate",
            issued_s=START_S - 1_000_000,
            expires_s=START_S + 10_000_000,
            equipment=hashlib.sha256(name.encode()).digest() if kind == STATION else b"",
            protection=2 if name == "station 2" else 0,
        )
        return Machine(name, signing, sealing, sign_enrolment(enrolment, [self.enroller]))

    def root(self, version: int) -> bytes:
        """Version 1 has root holders 1, 2 and 3; version 2 has 4 for 1, and a lost station."""
        holders = self.roots[:3] if version == 1 else self.roots[1:]
        named: dict[str, Sequence[SigningKey]] = {
            ROOT: holders,
            PACKAGER: [self.packager],
            RELEASE: [self.release, self.officer],
            ENROLMENT: [self.enroller],
            INTAKE: [self.intake],
            CHECKPOINT: [self.checkpoint],
        }
        root = TrustRoot(
            body="Body of the vectors",
            version=version,
            issued_s=START_S - 2_000_000 + version,
            expires_s=START_S + 20_000_000,
            identities=tuple(
                Identity(f"{role} {place}", key.public.ed25519, key.public.mldsa65)
                for role, keys in named.items()
                for place, key in enumerate(keys, 1)
            ),
            roles=tuple(
                RoleKeys(role, 2 if role == ROOT else 1, tuple(key.key_id for key in keys))
                for role, keys in named.items()
            ),
            openings=tuple(Opening(role, key.public.raw) for role, key in self.openings.items()),
            revoked=(self.lost.signing.key_id,) if version == 2 else (),
        )
        return sign_root(root, self.roots[:2] if version == 1 else self.roots[:3])
