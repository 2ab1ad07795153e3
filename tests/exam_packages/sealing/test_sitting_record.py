"""The record of a sitting: exact bytes, bounds, and who can read what."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.sealing.sitting_record import (
    RecordedAct,
    RecordedLine,
    RecordedNote,
    RecordedPerson,
    RecordedStatement,
    RecordedWaiver,
    SittingRecord,
    SittingRecordError,
    open_record,
    parse_record,
    parse_sealed,
    read_record,
    read_sealed,
    record_digest,
    seal_record,
    sign_record,
)
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sitting_words import as_json

HALL = SigningKey.generate(pair=False)
REGISTRAR = SealingKey(bytes(range(32)))


def record(machine: bytes = bytes(range(16)), **changes: object) -> SittingRecord:
    statement = RecordedStatement(
        1, 1, 1_700_000_000, "Looked at a phone.", "P. Rocha", "M. Silva", 1_700_000_060,
        "form 12", 1, "It was a watch.", "M. Silva", 1_700_003_000, "", "",
    )  # fmt: skip
    line = RecordedLine(
        bytes(16), 1, "c-1", "Ada Almeida", 9, 2, "", "", 0, "", "", "s1", 20, bytes(32),
        1_699_999_000, 1_699_999_100, 1_700_002_000, True, 600, -60, (statement,),
    )  # fmt: skip
    made = SittingRecord(
        1, bytes(16), bytes(32), "2026-11-23/A", "C1", machine, "Morning", "Food safety",
        1_699_990_000, 1_700_004_000, "M. Silva", "routine.end", (line,),
        (RecordedAct(1_699_999_100, "M. Silva", "admit", "c-1", "routine.identity", ""),),
        (RecordedNote(1, 1, 1_700_000_500, "", "Fire bell.", "P. Rocha", "M. Silva",
                      1_700_005_000, "evacuation roll"),),
        (RecordedWaiver("standby", "None.", RecordedPerson("M. Silva", "chief", 1), "A spare."),),
        (RecordedPerson("M. Silva", "chief", 1_700_005_100),),
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def test_the_shape_is_frozen() -> None:
    """A published shape never changes: a change here is wrong, or takes a new kind."""
    assert hashlib.sha256(canon.pack(record())).hexdigest() == (
        "11f17bcf19c2a054cf61368f57f5249281660efc63c5017f9eda2b1b5c99058a"
    )


def test_the_hall_signs_and_the_registrar_alone_opens() -> None:
    made = record(HALL.key_id)
    signed = sign_record(made, HALL)
    assert read_record(signed, HALL.public) == made == parse_record(signed)
    sealed = seal_record(signed, HALL, REGISTRAR.public)
    outside = read_sealed(sealed, HALL.public)
    assert outside == parse_sealed(sealed)
    assert (outside.digest, outside.registrar) == (record_digest(signed), REGISTRAR.key_id)
    assert b"Ada" not in sealed and b"watch" not in sealed
    assert open_record(sealed, HALL.public, REGISTRAR) == made
    for key in (SealingKey.generate(), SealingKey.generate()):
        with pytest.raises(SittingRecordError, match="does not open"):
            open_record(sealed, HALL.public, key)


def test_nobody_else_speaks_for_a_hall() -> None:
    other = SigningKey.generate(pair=False)
    with pytest.raises(ValueError, match="speaks for itself"):
        sign_record(record(HALL.key_id), other)
    signed = sign_record(record(HALL.key_id), HALL)
    with pytest.raises(SittingRecordError):
        read_record(signed, other.public)
    with pytest.raises(SittingRecordError):
        read_sealed(seal_record(signed, HALL, REGISTRAR.public), other.public)
    with pytest.raises(SittingRecordError):
        seal_record(signed, other, REGISTRAR.public)


@given(st.data())
def test_a_changed_byte_is_refused_by_our_error_alone(data: st.DataObject) -> None:
    signed = sign_record(record(HALL.key_id), HALL)
    for good, read in (
        (signed, lambda bad: read_record(bad, HALL.public)),
        (seal_record(signed, HALL, REGISTRAR.public),
         lambda bad: open_record(bad, HALL.public, REGISTRAR)),
    ):  # fmt: skip
        place = data.draw(st.integers(0, len(good) - 1))
        bad = bytearray(good)
        bad[place] ^= data.draw(st.integers(1, 255))
        with pytest.raises(SittingRecordError):
            read(bytes(bad))
        with pytest.raises(SittingRecordError):
            read(good[:place])


def test_what_is_too_long_is_no_record() -> None:
    for changes in ({"title": "x" * 501}, {"number": 0}, {"slot": "x" * 501}):
        with pytest.raises(canon.CanonError):
            canon.unpack(canon.pack(record(**changes)), SittingRecord)


def test_as_data_every_field_has_its_name() -> None:
    plain = as_json(record())
    assert plain["lines"][0]["outcome_words"] == "Suspected misconduct"
    assert plain["lines"][0]["statements"][0]["kind_words"] == "Suspected misconduct"
    assert plain["notes"][0]["transcribed"] is True
    assert plain["package_hash"] == "00" * 32
