"""Corrections: what the packager signs and nobody else, within bounds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.attempt.commands import (
    MAX_COMMAND,
    Command,
    Correct,
    journaled_command,
    sign_command,
)
from exam_packages.errors import ExamError
from exam_packages.sealing import correction
from exam_packages.sealing.correction import (
    CORRECTION_KIND,
    MAX_CORRECTION,
    MAX_TEXT,
    Correction,
    CorrectionError,
    believed_correction,
    correction_id,
    read_correction,
    sign_correction,
)
from exam_packages.sealing.signed import sign
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import PACKAGER, Trust

SAID = Correction(b"p" * 32, "q-7", "Choice B must read 5 °C, not 50 °C.", 1_790_000_000)


def test_the_packager_signs_and_everybody_reads(people: Any, trust: Trust) -> None:
    data = sign_correction(SAID, [people.packager])
    assert read_correction(data, trust) == SAID == believed_correction(data)
    assert correction_id(SAID) != correction_id(msgspec.structs.replace(SAID, item="q-8"))


def test_the_role_is_the_packager() -> None:
    assert correction._ROLE == PACKAGER


def test_the_longest_fits_where_it_travels(people: Any, trust: Trust) -> None:
    longest = Correction(b"p" * 32, "字" * 200, "字" * MAX_TEXT, 1 << 40)
    data = sign_correction(longest, [people.packager])
    assert len(data) <= MAX_CORRECTION
    command = Command(b"b" * 16, 9, 9, 9, "名" * 100, 1, "routine.start", "字" * 500, Correct(data))
    signed = sign_command(command, SigningKey.generate(pair=True))
    assert len(signed) <= MAX_COMMAND
    assert journaled_command(signed) == command


@pytest.mark.parametrize("role", ["release", "enroller", "intake", "stranger"])
def test_no_other_role_may(people: Any, trust: Trust, role: str) -> None:
    signer = SigningKey.generate(pair=True) if role == "stranger" else getattr(people, role)
    with pytest.raises(CorrectionError, match="no correction that the certification body signed"):
        read_correction(sign_correction(SAID, [signer]), trust)


@pytest.mark.parametrize(
    "changed",
    [
        {"text": ""},
        {"text": "   "},
        {"text": "x" * (MAX_TEXT + 1)},
        {"text": "two\nlines"},
        {"text": "\x1b[2Jgone"},
        {"text": "\u202ereversed"},
        {"item": ""},
        {"package_hash": b"short"},
    ],
)
def test_what_could_not_be_shown_is_not_signed_and_not_read(
    people: Any, trust: Trust, changed: dict[str, Any]
) -> None:
    wrong = msgspec.structs.replace(SAID, **changed)
    with pytest.raises(ExamError):
        sign_correction(wrong, [people.packager])
    with pytest.raises(CorrectionError):
        read_correction(sign(CORRECTION_KIND, canon.pack(wrong), [people.packager]), trust)


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 1 << 30), bit=st.integers(0, 7))
def test_no_flipped_bit_is_read(people: Any, trust: Trust, place: int, bit: int) -> None:
    data = bytearray(_signed(people))
    data[place % len(data)] ^= 1 << bit
    with pytest.raises(CorrectionError):
        read_correction(bytes(data), trust)


_made: list[bytes] = []


def _signed(people: Any) -> bytes:
    if not _made:
        _made.append(sign_correction(SAID, [people.packager]))
    return _made[0]


def test_a_command_with_something_else_in_it_is_no_command_of_the_record() -> None:
    key = SigningKey.generate(pair=False)
    command = Command(
        b"b" * 16, 1, 1, 1, "chief", 1, "routine.start", "", Correct(b"no correction")
    )
    with pytest.raises(ExamError):
        journaled_command(sign_command(command, key))
