"""A report of a question: exact bytes, bounds, and who can read what."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.sealing.labels import SealingError
from exam_packages.sealing.question_report import (
    REPORT_KIND,
    QuestionReport,
    QuestionReportError,
    open_report,
    parse_sealed_report,
    read_report,
    read_sealed_report,
    report_digest,
    seal_report,
    sign_report,
    unseal_report,
)
from exam_packages.sealing.signed import sign, verify
from exam_packages.sealing.suite import SealingKey, SigningKey

HALL, OTHER = SigningKey.generate(pair=False), SigningKey.generate(pair=False)
INTEGRITY = SealingKey(bytes(range(32)))
REPORT = QuestionReport(
    "C1",
    "2026-11-23/A",
    bytes(32),
    bytes(16),
    7,
    "The table is cut off.",
    "M. Silva",
    1_700_000_000,
)


def test_the_shape_is_frozen() -> None:
    """A published shape never changes: a change here is wrong, or takes a new kind."""
    assert hashlib.sha256(canon.pack(REPORT)).hexdigest() == (
        "888e78481314f8da77f9e802afaf2e825520b8a9f91bcb95f3edad4dca4462fa"
    )


@given(st.text(max_size=4000), st.integers(1, 10_000), st.integers(0, 1 << 40))
def test_only_the_integrity_role_reads_what_the_hall_said(
    remark: str, question: int, time_s: int
) -> None:
    report = QuestionReport("C1", "A", bytes(32), bytes(16), question, remark, "chief", time_s)
    signed = sign_report(report, HALL)
    sealed = seal_report(signed, HALL, INTEGRITY.public)
    assert open_report(sealed, HALL.public, INTEGRITY) == report
    assert unseal_report(sealed, HALL.public, INTEGRITY) == signed
    shown = read_sealed_report(sealed, HALL.public)
    assert parse_sealed_report(sealed) == shown
    assert (shown.machine, shown.digest) == (HALL.key_id, report_digest(signed))
    if len(remark.encode()) > 8:
        assert remark.encode() not in sealed
    with pytest.raises(QuestionReportError, match="does not open"):
        open_report(sealed, HALL.public, SealingKey(bytes(32)))


def test_what_another_hall_signed_or_was_damaged_is_refused() -> None:
    signed = sign_report(REPORT, HALL)
    sealed = seal_report(signed, HALL, INTEGRITY.public)
    with pytest.raises(QuestionReportError):
        read_report(signed, OTHER.public)
    with pytest.raises(QuestionReportError):
        seal_report(signed, OTHER, INTEGRITY.public)
    for bad in (b"", signed, sealed[:-1], sealed + b"\x00", b"\xc0"):
        with pytest.raises(QuestionReportError):
            read_sealed_report(bad, HALL.public)
        if bad != sealed:
            with pytest.raises(QuestionReportError):
                open_report(bad, HALL.public, INTEGRITY)
    with pytest.raises(QuestionReportError):
        parse_sealed_report(signed)


def test_a_report_that_was_exchanged_inside_is_found() -> None:
    """Another hall that copies the outer fields cannot pass its own words off."""
    mine = seal_report(sign_report(REPORT, HALL), HALL, INTEGRITY.public)
    theirs = read_sealed_report(
        seal_report(sign_report(REPORT, OTHER), OTHER, INTEGRITY.public), OTHER.public
    )
    shown = read_sealed_report(mine, HALL.public)
    kind = "exam-kiosk/sealed-question-report/v1"
    forged = type(shown)(
        shown.centre,
        shown.package_hash,
        shown.machine,
        shown.digest,
        shown.integrity,
        theirs.sealed,
    )
    with pytest.raises(QuestionReportError, match="does not open"):
        open_report(sign(kind, canon.pack(forged), [HALL]), HALL.public, INTEGRITY)
    assert verify(sign_report(REPORT, HALL), REPORT_KIND, [HALL.public]) == canon.pack(REPORT)


@given(st.data())
def test_no_bit_can_be_turned(data: st.DataObject) -> None:
    sealed = seal_report(sign_report(REPORT, HALL), HALL, INTEGRITY.public)
    place = data.draw(st.integers(0, 8 * len(sealed) - 1))
    turned = bytearray(sealed)
    turned[place // 8] ^= 1 << place % 8
    with pytest.raises(SealingError):
        open_report(bytes(turned), HALL.public, INTEGRITY)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (parse_sealed_report, lambda given: read_sealed_report(given, HALL.public)):
        with pytest.raises(QuestionReportError):
            read(data)
