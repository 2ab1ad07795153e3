"""Sealed surveys and their sheaves: one size, no order, and nothing but what was put in."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.sealing.signed import sign
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.survey import (
    PLAIN_SIZE,
    SHEAF_KIND,
    SHEAF_SIZE,
    SURVEY_KIND,
    SealedSurvey,
    Sheaf,
    SurveyError,
    open_survey,
    parse_sheaf,
    read_sheaf,
    read_survey,
    seal_survey,
    sign_sheaf,
)

KEY = SealingKey(bytes(range(32)))
HALL = SigningKey.generate(pair=False)
PACKAGE = b"\x21" * 32
SIZE = len(seal_survey(b"", PACKAGE, KEY.public))


def _sheaf(surveys: tuple[bytes, ...], **changes: object) -> Sheaf:
    fields: dict[str, object] = {
        "machine": HALL.key_id,
        "centre": "Lisbon",
        "package_hash": PACKAGE,
        "slot": "2026-11-23/A",
        "surveys": surveys,
    }
    return Sheaf(**(fields | changes))


def _in_order(count: int) -> tuple[bytes, ...]:
    made = [seal_survey(b"said", PACKAGE, KEY.public) for _ in range(count)]
    return tuple(sorted(made, key=lambda data: read_survey(data).number))


@settings(max_examples=25)
@given(st.binary(max_size=200) | st.integers(0, PLAIN_SIZE - 4).map(bytes))
@example(b"")
@example(bytes(PLAIN_SIZE - 4))
@example(b"\xff" * (PLAIN_SIZE - 4))
def test_what_was_said_comes_out_and_every_survey_has_one_size(said: bytes) -> None:
    sealed = seal_survey(said, PACKAGE, KEY.public)
    assert open_survey(sealed, KEY) == said
    assert len(sealed) == SIZE
    outside = read_survey(sealed)
    assert (outside.package_hash, outside.key) == (PACKAGE, KEY.key_id)


def test_more_than_the_one_size_is_not_sealed() -> None:
    with pytest.raises(ValueError, match="one size"):
        seal_survey(bytes(PLAIN_SIZE - 3), PACKAGE, KEY.public)


def test_the_same_words_give_nothing_to_compare() -> None:
    one, other = (read_survey(seal_survey(b"x", PACKAGE, KEY.public)) for _ in range(2))
    assert one.number != other.number
    assert one.sealed != other.sealed


@given(st.integers(0, SIZE - 1), st.integers(0, 7))
@settings(max_examples=60)
def test_every_bit_counts(at: int, bit: int) -> None:
    sealed = bytearray(SEALED)
    sealed[at] ^= 1 << bit
    try:
        read_survey(bytes(sealed))
    except SurveyError:
        return
    if sealed == SEALED or _key_name_only(bytes(sealed)):
        return
    with pytest.raises(SurveyError):
        open_survey(bytes(sealed), KEY)


SEALED = seal_survey(b"what was said", PACKAGE, KEY.public)


def _key_name_only(data: bytes) -> bool:
    """The id of the key is there to be told by; which key opens it is what counts."""
    changed, first = read_survey(data), read_survey(SEALED)
    return changed.key != first.key and changed.sealed == first.sealed


@given(st.binary(max_size=400))
def test_noise_is_no_survey(noise: bytes) -> None:
    for read in (read_survey, parse_sheaf):
        with pytest.raises(SurveyError):
            read(noise)


def test_it_opens_with_its_own_key_for_its_own_package_and_number_alone() -> None:
    survey = read_survey(SEALED)
    with pytest.raises(SurveyError, match="does not open"):
        open_survey(SEALED, SealingKey.generate())
    for changed in (
        SealedSurvey(SURVEY_KIND, b"\x22" * 32, survey.number, survey.key, survey.sealed),
        SealedSurvey(SURVEY_KIND, PACKAGE, secrets.token_bytes(16), survey.key, survey.sealed),
    ):
        with pytest.raises(SurveyError, match="does not open"):
            open_survey(canon.pack(changed), KEY)
    other = SealedSurvey("exam-kiosk/survey/v2", PACKAGE, survey.number, survey.key, survey.sealed)
    with pytest.raises(SurveyError, match="damaged"):
        read_survey(canon.pack(other))


def test_the_padding_is_zeros_and_the_length_is_true() -> None:
    from exam_packages.sealing.labels import label

    for plain in (b"\0\0\0\1xy".ljust(PLAIN_SIZE, b"\0"), b"\xff\xff\xff\xff".ljust(PLAIN_SIZE)):
        number = secrets.token_bytes(16)
        sealed = KEY.public.seal(plain, label("survey", "sealed", PACKAGE, number))
        data = canon.pack(SealedSurvey(SURVEY_KIND, PACKAGE, number, KEY.key_id, sealed))
        with pytest.raises(SurveyError, match="damaged"):
            open_survey(data, KEY)


def test_a_sheaf_is_the_halls_and_its_order_says_nothing() -> None:
    surveys = _in_order(SHEAF_SIZE)
    data = sign_sheaf(_sheaf(surveys), HALL)
    assert read_sheaf(data, HALL.public).surveys == surveys
    assert parse_sheaf(data).machine == HALL.key_id
    with pytest.raises(SurveyError):
        read_sheaf(data, SigningKey.generate(pair=False).public)
    for wrong in (
        _sheaf(surveys[::-1]),
        _sheaf((surveys[0], surveys[0])),
        _sheaf((seal_survey(b"", b"\x22" * 32, KEY.public),)),
        _sheaf((b"no survey",)),
    ):
        with pytest.raises(SurveyError):
            sign_sheaf(wrong, HALL)
        with pytest.raises(SurveyError):  # nor where a hall signed it all the same
            read_sheaf(sign(SHEAF_KIND, canon.pack(wrong), [HALL]), HALL.public)
    for empty in (_sheaf(()), _sheaf(_in_order(1) * (SHEAF_SIZE + 1))):
        with pytest.raises(SurveyError):
            read_sheaf(sign(SHEAF_KIND, canon.pack(empty), [HALL]), HALL.public)
    with pytest.raises(ValueError, match="for itself"):
        sign_sheaf(_sheaf(surveys), SigningKey.generate(pair=False))
