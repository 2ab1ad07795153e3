"""Codes survive people and telephones; releases open in their halls, in their time."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.errors import ExamError
from exam_packages.sealing.release import (
    RELEASE_KIND,
    ReleaseError,
    SealedCode,
    join_release,
    new_code,
    read_code,
    read_release,
    release_secret,
    seal_code,
)
from exam_packages.sealing.shares import Recipient
from exam_packages.sealing.signed import SignedError, read_signed
from exam_packages.sealing.trust import RELEASE, RoleKeys, Trust, TrustError

PACKAGE = bytes(32)
OTHER_PACKAGE = b"another package, thirty-two bytes"[:32]
SLOT = "2026-11-23/A"
RELEASE_ID = b"release id, 16 b"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE = "0123-4567-89AB-CDEF-GHJK-J0R4"  # fixed, so that chance finds no second slip in a test
SECRET = read_code(CODE, PACKAGE, SLOT, 1)


# --- Codes ---


def test_a_code_is_six_groups_of_four() -> None:
    code = new_code(PACKAGE, SLOT, 1)
    groups = code.split("-")
    assert [len(group) for group in groups] == [4] * 6
    assert set("".join(groups)) <= set(ALPHABET)
    assert len(read_code(code, PACKAGE, SLOT, 1)) == 13
    assert new_code(PACKAGE, SLOT, 1) != code


def test_a_fixed_code_has_a_fixed_check() -> None:
    """So that another implementation can compare (docs/formats.md)."""
    assert read_code(CODE, PACKAGE, SLOT, 1) == bytes.fromhex("00443214c74254b635cf846530")


@given(
    st.sampled_from([str.lower, str.upper, str.swapcase]),
    st.sampled_from(["", " ", "-", " - ", "–", "\t", "\n"]),
    st.booleans(),
)
def test_a_code_is_read_however_it_is_typed(case: Any, between: str, letters: bool) -> None:
    text = CODE.replace("-", between)
    if letters:
        text = text.replace("0", "O").replace("1", "l")
    assert read_code(f" {case(text)} ", PACKAGE, SLOT, 1) == SECRET


@given(st.integers(0, 23), st.sampled_from(ALPHABET))
def test_one_misread_character_is_found_in_its_group(place: int, character: str) -> None:
    plain = CODE.replace("-", "")
    typed = plain[:place] + character + plain[place + 1 :]
    if typed == plain:
        assert read_code(typed, PACKAGE, SLOT, 1) == SECRET
        return
    with pytest.raises(ReleaseError) as caught:
        read_code(typed, PACKAGE, SLOT, 1)
    # Once in about a thousand codes chance offers a second place, and no group is named.
    assert caught.value.fields.get("group", place // 4 + 1) == place // 4 + 1


def test_a_character_no_code_has_is_found_in_its_group() -> None:
    groups = CODE.split("-")
    for number in range(6):
        for wrong in ("U", "Ä", "?", "\x00"):
            typed = [*groups]
            typed[number] = wrong + typed[number][1:]
            with pytest.raises(ReleaseError, match=f"Group {number + 1} "):
                read_code("-".join(typed), PACKAGE, SLOT, 1)


def test_two_swapped_neighbours_are_found() -> None:
    plain = CODE.replace("-", "")
    place = next(place for place in range(23) if plain[place] != plain[place + 1])
    swapped = plain[:place] + plain[place + 1] + plain[place] + plain[place + 2 :]
    with pytest.raises(ReleaseError):
        read_code(swapped, PACKAGE, SLOT, 1)


@pytest.mark.parametrize("text", ["", "-", CODE[:14], CODE[:-1], CODE + "0", CODE * 100, "0" * 24])
def test_what_is_no_whole_code_is_refused(text: str) -> None:
    with pytest.raises(ReleaseError):
        read_code(text, PACKAGE, SLOT, 1)


def test_a_code_is_for_one_package_slot_and_person() -> None:
    with pytest.raises(ReleaseError, match="This is code 1"):
        read_code(CODE, PACKAGE, SLOT, 2)
    for package, slot in ((OTHER_PACKAGE, SLOT), (PACKAGE, "2026-11-23/B")):
        with pytest.raises(ReleaseError):
            read_code(CODE, package, slot, 1)
    for number in (0, 3, 256, -1):
        with pytest.raises(ReleaseError):
            new_code(PACKAGE, SLOT, number)
        with pytest.raises(ReleaseError):
            read_code(CODE, PACKAGE, SLOT, number)


def test_no_error_repeats_the_code() -> None:
    typed = CODE[:-1] + ("0" if CODE[-1] != "0" else "1")
    with pytest.raises(ReleaseError) as caught:
        read_code(typed, PACKAGE, SLOT, 1)
    shown = f"{caught.value} {caught.value!r} {caught.value.fields}"
    assert not any(group in shown for group in CODE.split("-"))


def test_the_secret_depends_on_everything() -> None:
    second = read_code(new_code(PACKAGE, SLOT, 2), PACKAGE, SLOT, 2)
    secrets = {
        release_secret(codes, package, slot, release)
        for codes in ((SECRET,), (second,), (SECRET, second), (second, SECRET))
        for package in (PACKAGE, OTHER_PACKAGE)
        for slot in (SLOT, "2026-11-23/B")
        for release in (RELEASE_ID, bytes(16))
    }
    assert len(secrets) == 4 * 2 * 2 * 2
    assert {len(secret) for secret in secrets} == {32}


@pytest.mark.parametrize(
    "codes", [(), (SECRET[:6],), (SECRET, SECRET[:12]), (SECRET,) * 3, (SECRET + SECRET,)]
)
def test_half_a_code_gives_no_secret(codes: tuple[bytes, ...]) -> None:
    with pytest.raises(ReleaseError):
        release_secret(codes, PACKAGE, SLOT, RELEASE_ID)


# --- The signed release ---

SECOND = read_code(new_code(PACKAGE, SLOT, 2), PACKAGE, SLOT, 2)


def _seal(people: Any, to: Any, now_s: int, code: bytes = SECRET, **changes: Any) -> bytes:
    """One code's part of a release: the first of one, unless *changes* say otherwise."""
    fields: dict[str, Any] = {
        "package_hash": PACKAGE,
        "slot": SLOT,
        "release_id": RELEASE_ID,
        "number": 1,
        "codes": 1,
        "not_before_s": now_s,
        "expires_s": now_s + 1000,
        "time_s": now_s - 5,
        "shares": (),
    }
    signers = changes.pop("signers", [people.release])
    halls = [Recipient(m.enrolment.key_id, m.enrolment.sealing_public) for m in to]
    return seal_code(SealedCode(**{**fields, **changes}), code, halls, signers)


def _second(people: Any, to: Any, now_s: int, **changes: Any) -> bytes:
    """The other officer's part of a release of two codes."""
    fields = {"number": 2, "codes": 2, "signers": [people.officer], "code": SECOND, **changes}
    return _seal(people, to, now_s, **fields)


@pytest.fixture(scope="module")
def sealed(people: Any, hall: Any, now_s: int) -> bytes:
    return _seal(people, [hall], now_s)


@pytest.fixture(scope="module")
def both(people: Any, hall: Any, now_s: int) -> bytes:
    """A release of two codes, each from its own officer."""
    first = _seal(people, [hall], now_s, codes=2)
    return join_release(_second(people, [hall], now_s), first)


def test_sent_or_spoken_the_secret_is_the_same(
    sealed: bytes, both: bytes, hall: Any, trust: Trust, now_s: int
) -> None:
    for data, codes in ((sealed, (SECRET,)), (both, (SECRET, SECOND))):
        release = read_release(data, trust, now_s=now_s)
        assert release.open(hall.sealing) == codes
        spoken = release_secret(codes, PACKAGE, SLOT, RELEASE_ID)
        assert release.secret(hall.sealing) == spoken


def test_only_its_halls_open_it(sealed: bytes, station: Any, trust: Trust, now_s: int) -> None:
    with pytest.raises(ReleaseError, match="not for this hall"):
        read_release(sealed, trust, now_s=now_s).secret(station.sealing)
    assert SECRET not in sealed


def test_it_is_valid_in_its_time_only(sealed: bytes, trust: Trust, now_s: int) -> None:
    for early in (0, now_s - 1):
        with pytest.raises(ReleaseError, match="not valid yet"):
            read_release(sealed, trust, now_s=early)
    with pytest.raises(ReleaseError, match="expired"):
        read_release(sealed, trust, now_s=now_s + 1000)
    read_release(sealed, trust, now_s=now_s + 999)
    read_release(sealed, trust, now_s=None)


def test_both_codes_must_be_valid(people: Any, hall: Any, trust: Trust, now_s: int) -> None:
    first = _seal(people, [hall], now_s, codes=2)
    late = join_release(first, _second(people, [hall], now_s, not_before_s=now_s + 10))
    assert read_release(late, trust, now_s=None).not_before_s == now_s + 10
    with pytest.raises(ReleaseError, match="not valid yet"):
        read_release(late, trust, now_s=now_s)
    short = join_release(first, _second(people, [hall], now_s, expires_s=now_s + 10))
    with pytest.raises(ReleaseError, match="expired"):
        read_release(short, trust, now_s=now_s + 10)


def test_only_the_release_officer_releases(
    people: Any, hall: Any, trust: Trust, now_s: int
) -> None:
    for signer in (people.packager, people.roots[0], hall.signing):
        with pytest.raises(TrustError, match="release"):
            read_release(_seal(people, [hall], now_s, signers=[signer]), trust, now_s=now_s)
        first = _seal(people, [hall], now_s, codes=2)
        mixed = join_release(first, _second(people, [hall], now_s, signers=[signer]))
        with pytest.raises(TrustError, match="release"):
            read_release(mixed, trust, now_s=now_s)


def test_half_a_release_releases_nothing(people: Any, hall: Any, trust: Trust, now_s: int) -> None:
    for half, missing in (
        (_seal(people, [hall], now_s, codes=2), 2),
        (_second(people, [hall], now_s), 1),
    ):
        with pytest.raises(ReleaseError, match=f"holds no code {missing}"):
            read_release(half, trust, now_s=now_s)
        waiting = read_release(half, trust, now_s=now_s, whole=False)
        assert waiting.missing == (missing,)
        with pytest.raises(ReleaseError, match="the other release officer"):
            waiting.open(hall.sealing)


def test_one_officer_with_both_codes_is_one_officer(
    people: Any, hall: Any, trust: Trust, now_s: int
) -> None:
    first = _seal(people, [hall], now_s, codes=2)
    alone = join_release(first, _second(people, [hall], now_s, signers=[people.release]))
    with pytest.raises(ReleaseError, match="1 of the 2 release officers"):
        read_release(alone, trust, now_s=now_s)
    with pytest.raises(ReleaseError, match="1 of the 2 release officers"):
        read_release(alone, trust, now_s=now_s, whole=False).secret(hall.sealing)


def test_the_threshold_of_the_role_counts_where_it_is_more(
    people: Any, hall: Any, now_s: int
) -> None:
    officers = (people.release.key_id, people.officer.key_id)
    roles = [each for each in people.root().roles if each.role != RELEASE]
    strict = people.trust(roles=(*roles, RoleKeys(RELEASE, 2, officers)))
    with pytest.raises(ReleaseError, match="1 of the 2 release officers"):
        read_release(_seal(people, [hall], now_s), strict, now_s=now_s)
    signers = [people.release, people.officer]
    read_release(_seal(people, [hall], now_s, signers=signers), strict, now_s=now_s)


def test_codes_of_different_releases_do_not_join(
    people: Any, hall: Any, both: bytes, trust: Trust, now_s: int
) -> None:
    first = _seal(people, [hall], now_s, codes=2)
    for change in (
        {"slot": "2027-01-01/A"},
        {"release_id": bytes(16)},
        {"package_hash": OTHER_PACKAGE},
    ):
        mixed = join_release(first, _second(people, [hall], now_s, **change))
        with pytest.raises(ReleaseError, match="do not belong to one release"):
            read_release(mixed, trust, now_s=now_s)
    for twice in (first + first, join_release(_seal(people, [hall], now_s), first)):
        with pytest.raises(ReleaseError, match="do not belong to one release"):
            read_release(twice, trust, now_s=now_s)
    swapped = both[len(first) :] + both[: len(first)]
    with pytest.raises(ExamError):  # there is one order
        read_release(swapped, trust, now_s=now_s)
    with pytest.raises(SignedError):
        read_release(join_release(both, first), trust, now_s=now_s)


def test_the_codes_are_bound_to_what_is_signed(sealed: bytes, hall: Any, trust: Trust) -> None:
    (code,) = read_release(sealed, trust, now_s=None).sealed
    assert code.open(hall.sealing) == SECRET
    for change in (
        {"slot": "2027-01-01/A"},
        {"not_before_s": 0},
        {"release_id": bytes(16)},
        {"number": 2},
        {"codes": 2},
    ):
        with pytest.raises(ReleaseError, match="damaged inside"):
            msgspec.structs.replace(code, **change).open(hall.sealing)


def test_no_single_bit_may_differ(sealed: bytes, trust: Trust) -> None:
    body = len(RELEASE_KIND) + 5 + len(read_signed(sealed, RELEASE_KIND).body)
    places = [*range(body * 8), *(place * 8 + place % 8 for place in range(body, len(sealed)))]
    for place in places:
        changed = bytearray(sealed)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(ExamError):
            read_release(bytes(changed), trust, now_s=None)


def test_every_cut_is_refused(both: bytes, trust: Trust) -> None:
    for end in range(len(both)):
        with pytest.raises(ExamError):
            read_release(both[:end], trust, now_s=None)


@pytest.mark.parametrize(
    "changes",
    [
        {"package_hash": b""},
        {"slot": ""},
        {"release_id": bytes(15)},
        {"not_before_s": 1 << 41},
        {"code": b""},
        {"code": SECRET[:12]},
        {"number": 2},
        {"number": 0},
        {"codes": 3},
        {"to": []},
    ],
)
def test_what_could_not_be_read_is_not_released(
    people: Any, hall: Any, now_s: int, changes: dict[str, Any]
) -> None:
    with pytest.raises(ReleaseError):
        _seal(people, **{"to": [hall], "now_s": now_s, **changes})
