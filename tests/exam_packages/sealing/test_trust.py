"""The root of trust follows its own rules, and an enrolment is worth what signs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.keys import (
    KeyFileError,
    read_sealing_key,
    read_signing_key,
    write_key_file,
    write_sealing_key,
    write_signing_key,
)
from exam_packages.sealing.signed import SignedError, sign
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import (
    CHECKPOINT,
    ENROLMENT,
    ENROLMENT_KIND,
    INTAKE,
    PACKAGER,
    RELEASE,
    ROOT,
    ROOT_KIND,
    SCORING,
    STATION,
    Identity,
    Opening,
    RoleKeys,
    Trust,
    TrustError,
    TrustStore,
    read_enrolment,
    sign_enrolment,
)

KIND = "exam-kiosk/something/v1"


def _identity(name: str, key: SigningKey) -> Identity:
    return Identity(name, key.public.ed25519, key.public.mldsa65)


def _next(people: Any, keys: Any = (), **changes: Any) -> bytes:
    return people.signed_root(keys, version=2, **changes)  # type: ignore[no-any-return]


# --- The first root ---


def test_a_pinned_root_is_believed(people: Any) -> None:
    data = people.signed_root()
    digest = Trust.first(data, pinned=None).digest
    assert Trust.first(data, pinned=digest).root == people.root()
    with pytest.raises(TrustError, match="not the one this machine was told to expect"):
        Trust.first(data, pinned=bytes(32))


def test_a_root_needs_its_own_threshold(people: Any) -> None:
    for keys in (people.roots[:1], (people.roots[0], people.packager)):
        with pytest.raises(TrustError, match="1 of the 2"):
            Trust.first(people.signed_root(keys), pinned=None)


def test_a_root_with_a_changed_byte_is_refused(people: Any) -> None:
    # The bare minimum of a body, signed by just enough: every byte of it matters.
    data = people.signed_root(people.roots[:2])
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        with pytest.raises(ExamError):
            Trust.first(bytes(changed), pinned=None)


def test_scraps_of_a_root_are_refused(people: Any) -> None:
    data = people.signed_root()
    for end in range(0, len(data), 97):
        with pytest.raises(ExamError):
            Trust.first(data[:end], pinned=None)


def _broken_roots(people: Any) -> dict[str, dict[str, Any]]:
    root = people.root()
    single = SigningKey.generate(pair=False)
    half = SigningKey(people.roots[0].ed25519_seed)
    stranger = SigningKey.generate(pair=True).key_id
    ids = tuple(key.key_id for key in people.roots)

    def roles(*extra: RoleKeys) -> tuple[RoleKeys, ...]:
        return (RoleKeys(ROOT, 2, ids), *extra)

    return {
        "no root role": {"roles": (RoleKeys(PACKAGER, 1, (people.packager.key_id,)),)},
        "a role twice": {"roles": roles(RoleKeys(ROOT, 1, ids))},
        "an unknown role": {"roles": roles(RoleKeys("janitor", 1, ids))},
        "a stranger in a role": {"roles": roles(RoleKeys(INTAKE, 1, (stranger,)))},
        "one person twice": {"roles": (RoleKeys(ROOT, 2, (ids[0], ids[0])),)},
        "too high a threshold": {"roles": (RoleKeys(ROOT, 4, ids),)},
        "a threshold of none": {"roles": (RoleKeys(ROOT, 0, ids),)},
        "a packager without a pair": {
            "identities": (*root.identities, _identity("Single", single)),
            "roles": roles(RoleKeys(PACKAGER, 1, (single.key_id,))),
        },
        "one Ed25519 key in two identities": {
            "identities": (*root.identities, _identity("Double", half)),
        },
        "one ML-DSA key in two identities": {
            "identities": (
                *root.identities,
                Identity("Double", single.public.ed25519, people.roots[0].public.mldsa65),
            ),
        },
        "no key at all": {"identities": (*root.identities, Identity("Empty", b"", b""))},
        "an opening twice": {"openings": (root.openings[0], root.openings[0])},
        "an unknown opening": {"openings": (Opening("janitor", people.scoring.public.raw),)},
        "a broken opening key": {"openings": (Opening(SCORING, b"\xff" * 1216),)},
        "expires before it is issued": {"expires_s": root.issued_s},
        "version 0": {"version": 0},
        "a name that writes on the terminal": {"body": "Body\x1b[2J"},
    }


def test_a_root_that_breaks_a_rule_is_neither_signed_nor_read(people: Any) -> None:
    for name, changes in _broken_roots(people).items():
        with pytest.raises(TrustError):
            people.signed_root(**changes)
        body = canon.pack(people.root(**changes))
        with pytest.raises(TrustError):
            Trust.first(sign(ROOT_KIND, body, people.roots), pinned=None)
            pytest.fail(name)


def test_time_ends_a_root(people: Any, now_s: int) -> None:
    trust = people.trust(expires_s=now_s)
    trust.check_time(now_s - 1)
    with pytest.raises(TrustError, match="expired"):
        trust.check_time(now_s)


# --- The next root ---


def test_the_next_root_is_signed_by_the_old_and_the_new(people: Any, trust: Trust) -> None:
    fresh = tuple(SigningKey.generate(pair=True) for _ in range(3))
    identities = tuple(_identity(f"Fresh {number}", key) for number, key in enumerate(fresh))
    changes = {
        "identities": (*people.root().identities, *identities),
        "roles": (RoleKeys(ROOT, 2, tuple(key.key_id for key in fresh)),),
    }
    old, new = people.roots[:2], fresh[:2]
    after = trust.update(_next(people, (*old, *new), **changes))
    assert after.root.version == 2
    for keys in (old, new, (*old, new[0]), (old[0], *new)):
        with pytest.raises(TrustError):
            trust.update(_next(people, keys, **changes))


def test_versions_are_taken_one_by_one(people: Any, trust: Trust) -> None:
    second = trust.update(_next(people))
    for version in (1, 2, 4):
        with pytest.raises(TrustError, match="version"):
            second.update(people.signed_root(version=version))
    assert second.update(people.signed_root(version=3)).root.version == 3


def test_another_bodys_root_is_not_the_next(people: Any, trust: Trust) -> None:
    with pytest.raises(TrustError, match="belongs to"):
        trust.update(_next(people, body="Another Body"))


def test_the_store_keeps_the_highest_root(people: Any, tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "trust")
    with pytest.raises(TrustError, match="provision"):
        store.load()
    first, second, third = (people.signed_root(version=version) for version in (1, 2, 3))
    with pytest.raises(TrustError):
        store.install(first, bytes(32))
    with pytest.raises(TrustError):
        store.load()
    assert store.install(first, people.trust().digest).root.version == 1
    with pytest.raises(TrustError):
        store.install(third)
    assert store.install(second).root.version == 2
    assert store.install(second).root.version == 2
    with pytest.raises(TrustError):
        store.install(first)
    assert TrustStore(tmp_path / "trust").load().root.version == 2


def test_a_damaged_store_is_a_sentence(people: Any, tmp_path: Path) -> None:
    store = TrustStore(tmp_path)
    store.install(people.signed_root())
    file = tmp_path / "trust-root.signed"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(SignedError):
        store.load()


# --- Roles ---


def test_a_role_verifies_only_what_it_signed(people: Any, trust: Trust) -> None:
    data = sign(KIND, b"body", [people.packager])
    assert trust.verify(data, KIND, PACKAGER) == b"body"
    for role in (RELEASE, ROOT, ENROLMENT, INTAKE):
        with pytest.raises(TrustError, match=role):
            trust.verify(data, KIND, role)
    with pytest.raises(TrustError, match="names nobody"):
        trust.verify(data, KIND, CHECKPOINT)
    with pytest.raises(SignedError):
        trust.verify(data, "exam-kiosk/other/v1", PACKAGER)
    with pytest.raises(SignedError):
        trust.verify(data, KIND, PACKAGER, max_size=10)


def test_opening_keys_are_found_by_role(people: Any, trust: Trust) -> None:
    assert trust.opening(SCORING) == people.scoring.public
    with pytest.raises(TrustError):
        trust.opening(PACKAGER)
    with pytest.raises(TrustError):
        people.trust(openings=()).opening(SCORING)


# --- Enrolments ---


def test_an_enrolment_names_a_machines_keys(station: Any, trust: Trust, now_s: int) -> None:
    enrolment = read_enrolment(station.signed, trust, now_s=now_s)
    assert enrolment == station.enrolment
    assert enrolment.key_id == station.signing.key_id
    assert enrolment.verify_key == station.signing.public
    assert enrolment.sealing_public == station.sealing.public


def test_an_enrolment_ends(people: Any, trust: Trust, now_s: int) -> None:
    machine = people.enrol("old", STATION, expires_s=now_s)
    assert read_enrolment(machine.signed, trust, now_s=None).machine == "old"
    with pytest.raises(TrustError, match="expired"):
        read_enrolment(machine.signed, trust, now_s=now_s)


def test_a_revoked_machine_is_not_believed(people: Any, station: Any, other_station: Any) -> None:
    trust = people.trust(revoked=(station.signing.key_id,))
    with pytest.raises(TrustError, match="revoked"):
        read_enrolment(station.signed, trust, now_s=None)
    assert read_enrolment(other_station.signed, trust, now_s=None)


def test_only_the_enrolment_role_enrols(people: Any, station: Any, trust: Trust) -> None:
    for key in (people.packager, people.release, station.signing):
        with pytest.raises(TrustError):
            read_enrolment(sign_enrolment(station.enrolment, [key]), trust, now_s=None)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": 0},
        {"kind": 3},
        {"ed25519": bytes(31)},
        {"sealing": bytes(7)},
        {"equipment": bytes(31)},
        {"machine": ""},
        {"tls_certificate": bytes(20_000)},
    ],
)
def test_a_malformed_enrolment_is_neither_signed_nor_read(
    people: Any, station: Any, trust: Trust, changes: dict[str, Any]
) -> None:
    fields = {
        name: getattr(station.enrolment, name) for name in station.enrolment.__struct_fields__
    }
    enrolment = type(station.enrolment)(**{**fields, **changes})
    with pytest.raises(TrustError):
        sign_enrolment(enrolment, [people.enroller])
    signed = sign(ENROLMENT_KIND, canon.pack(enrolment), [people.enroller])
    with pytest.raises(TrustError):
        read_enrolment(signed, trust, now_s=None)


# --- Key files ---


def test_keys_come_back_from_their_files(tmp_path: Path) -> None:
    pair, single = SigningKey.generate(pair=True), SigningKey.generate(pair=False)
    sealing = SealingKey.generate()
    write_signing_key(tmp_path / "pair", pair)
    write_signing_key(tmp_path / "single", single)
    write_sealing_key(tmp_path / "sealing", sealing)
    assert read_signing_key(tmp_path / "pair").key_id == pair.key_id
    assert read_signing_key(tmp_path / "single").key_id == single.key_id
    assert read_sealing_key(tmp_path / "sealing").key_id == sealing.key_id
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    key = SealingKey.generate()
    write_sealing_key(tmp_path / "key", key)
    with pytest.raises(KeyFileError, match="already"):
        write_sealing_key(tmp_path / "key", SealingKey.generate())
    assert read_sealing_key(tmp_path / "key").key_id == key.key_id


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    write_sealing_key(tmp_path / "key", SealingKey.generate())
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        read_sealing_key(tmp_path / "key")


def test_odd_key_files_are_refused_without_showing_their_content(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="no key file"):
        read_sealing_key(tmp_path / "none")
    with pytest.raises(KeyFileError):
        read_sealing_key(tmp_path)
    with pytest.raises(KeyFileError):
        write_sealing_key(tmp_path / "none" / "key", SealingKey.generate())

    seed = b"secret seed, thirty-two bytes lo"
    path = tmp_path / "key"
    write_key_file(path, "signing", (seed,))
    whole = path.read_bytes()
    for data in (
        whole,  # a signing key where a sealing key is wanted
        whole[:-1],
        b"",
        bytes(10_000),
        canon.encode(["exam-kiosk/key/v1", 1, "sealing", [seed]]),
        canon.encode(["exam-kiosk/key/v2", 0, "sealing", [seed]]),
        canon.encode(["exam-kiosk/key/v1", 0, "sealing", [seed[:31]]]),
        canon.encode(["exam-kiosk/key/v1", 0, "sealing", [seed, seed]]),
    ):
        path.write_bytes(data)
        with pytest.raises(KeyFileError) as caught:
            read_sealing_key(path)
        assert "secret seed" not in str(caught.value)
