"""Codes survive people and telephones; releases open in their halls, in their time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.errors import ExamError
from exam_packages.sealing.release import (
    RELEASE_KIND,
    Release,
    ReleaseError,
    new_code,
    read_code,
    read_release,
    release_secret,
    seal_release,
)
from exam_packages.sealing.shares import Recipient
from exam_packages.sealing.signed import read_signed
from exam_packages.sealing.trust import Trust, TrustError

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


def _seal(people: Any, to: Any, now_s: int, **changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "package_hash": PACKAGE,
        "slot": SLOT,
        "release_id": RELEASE_ID,
        "not_before_s": now_s,
        "expires_s": now_s + 1000,
        "time_s": now_s - 5,
        "codes": (SECRET,),
        "halls": [Recipient(m.enrolment.key_id, m.enrolment.sealing_public) for m in to],
        "signers": [people.release],
    }
    return seal_release(**{**fields, **changes})


@pytest.fixture(scope="module")
def sealed(people: Any, hall: Any, now_s: int) -> bytes:
    return _seal(people, [hall], now_s)


def test_sent_or_spoken_the_secret_is_the_same(
    people: Any, hall: Any, trust: Trust, now_s: int
) -> None:
    second = read_code(new_code(PACKAGE, SLOT, 2), PACKAGE, SLOT, 2)
    for codes in ((SECRET,), (SECRET, second)):
        release = read_release(_seal(people, [hall], now_s, codes=codes), trust, now_s=now_s)
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


def test_only_the_release_officer_releases(
    people: Any, hall: Any, trust: Trust, now_s: int
) -> None:
    for signer in (people.packager, people.roots[0], hall.signing):
        with pytest.raises(TrustError, match="release"):
            read_release(_seal(people, [hall], now_s, signers=[signer]), trust, now_s=now_s)


def test_the_codes_are_bound_to_what_is_signed(
    people: Any, sealed: bytes, hall: Any, trust: Trust, now_s: int
) -> None:
    release = read_release(sealed, trust, now_s=None)
    fields = {name: getattr(release, name) for name in release.__struct_fields__}
    for change in ({"slot": "2027-01-01/A"}, {"not_before_s": 0}, {"release_id": bytes(16)}):
        with pytest.raises(ReleaseError, match="damaged inside"):
            Release(**{**fields, **change}).open(hall.sealing)


def test_no_single_bit_may_differ(sealed: bytes, trust: Trust) -> None:
    body = len(RELEASE_KIND) + 5 + len(read_signed(sealed, RELEASE_KIND).body)
    places = [*range(body * 8), *(place * 8 + place % 8 for place in range(body, len(sealed)))]
    for place in places:
        changed = bytearray(sealed)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(ExamError):
            read_release(bytes(changed), trust, now_s=None)


def test_every_cut_is_refused(sealed: bytes, trust: Trust) -> None:
    for end in range(len(sealed)):
        with pytest.raises(ExamError):
            read_release(sealed[:end], trust, now_s=None)


@pytest.mark.parametrize(
    "changes",
    [
        {"package_hash": b""},
        {"slot": ""},
        {"release_id": bytes(15)},
        {"not_before_s": 1 << 41},
        {"codes": ()},
        {"codes": (SECRET[:12],)},
        {"halls": []},
    ],
)
def test_what_could_not_be_read_is_not_released(
    people: Any, hall: Any, now_s: int, changes: dict[str, Any]
) -> None:
    with pytest.raises(ReleaseError):
        _seal(people, [hall], now_s, **changes)
