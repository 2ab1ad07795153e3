"""Custody: any two of three recover, one alone does not, and nothing can be moved."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.sealing.custody import (
    Custodian,
    Custody,
    CustodyError,
    read_custodian,
    read_custody,
    seal_custody,
    sign_custodian,
)
from exam_packages.sealing.signed import SignedError, read_signed, sign
from exam_packages.sealing.suite import SealingError, SealingKey
from exam_packages.sealing.trust import PACKAGER, ROOT, Trust, TrustError

KEYS = [SealingKey.from_seed(bytes([at]) * 32) for at in range(1, 4)]
PEOPLE = [Custodian(name, key.public.raw) for name, key in zip("ABC", KEYS, strict=True)]
SECRET, SUBJECT = b"the seed of an opening key, 32 b", b"S" * 32


def seal(people: Any, **changes: Any) -> bytes:
    fields = {"what": "scoring", "subject": SUBJECT, "secret": SECRET, "custodians": PEOPLE}
    return seal_custody(**{**fields, "signers": people.roots[:2], **changes})


def read(data: bytes, trust: Trust) -> Custody:
    return read_custody(data, trust, ROOT, "scoring")


def test_any_two_recover(people: Any, trust: Trust) -> None:
    data = seal(people)
    assert SECRET not in data
    found = read(data, trust)
    for keys in [*permutations(KEYS, 2), *permutations(KEYS, 3)]:
        assert found.recover(keys) == SECRET


@pytest.mark.parametrize("key", KEYS)
def test_one_alone_does_not(people: Any, trust: Trust, key: SealingKey) -> None:
    found = read(seal(people), trust)
    for keys in ([key], [key, key], [key, SealingKey.generate()], []):
        with pytest.raises(CustodyError, match="two of the custodians A, B, C"):
            found.recover(keys)


def test_one_custodian_opens_halves_of_chance_only(people: Any, trust: Trust) -> None:
    """What one person's key opens is two halves, unlike each other in every sealing."""
    from exam_packages.sealing.suite import label, lp

    seen = set()
    for _ in range(2):
        found = read(seal(people), trust)
        for pair in found.pairs[:2]:  # those of the first custodian
            first, second = (found.keepers[at].key_id for at in (pair.first, pair.second))
            context = lp(b"scoring", SUBJECT, first, second)
            seen.add(KEYS[0].open(pair.first_half, label("custody", "half", context, first)))
    assert len(seen) == 4
    assert all(len(half) == 32 and half != SECRET for half in seen)


@pytest.mark.parametrize("member", ["first_half", "second_half", "sealed"])
def test_nothing_can_be_moved_between_pairs_or_objects(
    people: Any, trust: Trust, member: str
) -> None:
    found, other = read(seal(people), trust), read(seal(people), trust)
    for at, pair in enumerate(found.pairs):
        for donor in (*found.pairs[:at], *found.pairs[at + 1 :], other.pairs[at]):
            changed = msgspec.structs.replace(pair, **{member: getattr(donor, member)})
            pairs = (*found.pairs[:at], changed, *found.pairs[at + 1 :])
            moved = msgspec.structs.replace(found, pairs=pairs)
            with pytest.raises(CustodyError, match="does not open"):
                moved.recover([KEYS[pair.first], KEYS[pair.second]])


@pytest.mark.parametrize("changes", [{"what": "integrity"}, {"subject": b"T" * 32}])
def test_a_secret_is_bound_to_what_it_is(
    people: Any, trust: Trust, changes: dict[str, Any]
) -> None:
    found = msgspec.structs.replace(read(seal(people), trust), **changes)
    for keys in combinations(KEYS, 2):
        with pytest.raises(CustodyError, match="does not open"):
            found.recover(keys)


def test_three_different_people_keep(people: Any) -> None:
    for custodians in (PEOPLE[:2], [*PEOPLE, PEOPLE[0]], [*PEOPLE[:2], PEOPLE[0]]):
        with pytest.raises(CustodyError):
            seal(people, custodians=custodians)


def test_who_may_sign(people: Any, trust: Trust) -> None:
    for signers in (people.roots[:1], [people.packager]):
        with pytest.raises(TrustError):
            read(seal(people, signers=signers), trust)
        with pytest.raises(TrustError):
            read_custodian(sign_custodian(PEOPLE[0], signers), trust)
    code = seal(people, what="code", signers=[people.packager])
    assert read_custody(code, trust, PACKAGER, "code").recover(KEYS) == SECRET
    with pytest.raises(CustodyError, match="not of “scoring”"):
        read_custody(code, trust, PACKAGER, "scoring")
    assert read_custodian(sign_custodian(PEOPLE[0], people.roots[:2]), trust) == PEOPLE[0]
    with pytest.raises(SignedError):
        read_custodian(seal(people), trust)


def test_signed_nonsense_is_refused(people: Any, trust: Trust) -> None:
    signed = read_signed(seal(people), "exam-kiosk/custody/v1")
    changes: tuple[Callable[[Any], object], ...] = (
        lambda v: v[3].reverse(),
        lambda v: v[3].pop(),
        lambda v: v[2].pop(),
        lambda v: v[2].__setitem__(1, v[2][0]),
        lambda v: v[3][0].__setitem__(1, 9),
        lambda v: v[3][0].__setitem__(2, b"short"),
        lambda v: v.append(0),
    )
    for change in changes:
        value: Any = canon.decode(signed.body)
        change(value)
        data = sign(signed.kind, canon.encode(value), people.roots[:2])
        with pytest.raises(CustodyError):
            read(data, trust)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_changed_bytes_give_our_errors_only(people: Any, trust: Trust, data: st.DataObject) -> None:
    whole = bytearray(seal(people))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealingError):
        read(bytes(whole), trust)
    with pytest.raises(SealingError):
        read(bytes(whole[:at]), trust)
