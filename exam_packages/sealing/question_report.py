"""A report of a faulty question: what a hall says of it, and how that reaches the body.

A person in the room writes a remark, and the hall signs it as a :class:`QuestionReport`. To the
body it goes inside a :class:`SealedReport`, signed by the same hall and sealed to the *integrity*
role, which also opens what the candidate wrote: a remark may tell of a secret question, and it
stands beside a blind id. Intake keeps it without reading it.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

from msgspec import Meta

from exam_packages import canon
from exam_packages.canon import Hash, Id, Text
from exam_packages.sealing.labels import SealingError, digest, label
from exam_packages.sealing.signed import SignedError, read_signed, sign, verify
from exam_packages.sealing.suite import (
    SealingKey,
    SealingPublic,
    SigningKey,
    SuiteError,
    VerifyKey,
)

__all__ = [
    "MAX_SEALED_REPORT",
    "REPORT_KIND",
    "SEALED_REPORT_KIND",
    "QuestionReport",
    "QuestionReportError",
    "SealedReport",
    "open_report",
    "parse_report",
    "parse_sealed_report",
    "read_report",
    "read_sealed_report",
    "report_digest",
    "seal_report",
    "sign_report",
    "unseal_report",
]

REPORT_KIND: Final = "exam-kiosk/question-report/v1"
SEALED_REPORT_KIND: Final = "exam-kiosk/sealed-question-report/v1"
MAX_REPORT: Final = 48 * 1024
"""Bytes of a signed report: its remark has at most 4,000 characters."""
MAX_SEALED_REPORT: Final = MAX_REPORT + 4 * 1024
T = TypeVar("T", bound=canon.Object)


class QuestionReportError(SealingError):
    """What is no report of a question, or not of the hall that must sign it."""


class QuestionReport(canon.Object):
    """What a hall says of a question that a candidate holds to be faulty. ``question`` counts
    from 1 in the order of the form."""

    centre: str
    slot: str
    package_hash: bytes
    blind_id: bytes
    question: int
    remark: str
    operator: str
    time_s: int


class SealedReport(canon.Object):
    """A signed report, sealed. ``machine`` is the key id of the hall that signed it and this,
    ``digest`` that of the signed report, ``integrity`` the key id it is sealed to."""

    centre: Text
    package_hash: Hash
    machine: Id
    digest: Hash
    integrity: Id
    sealed: Annotated[bytes, Meta(max_length=MAX_SEALED_REPORT)]


def sign_report(report: QuestionReport, hall: SigningKey) -> bytes:
    """Sign a report as a hall."""
    return sign(REPORT_KIND, canon.pack(report), [hall])


def read_report(data: bytes, hall: VerifyKey) -> QuestionReport:
    """The report that *hall* signed. Raises :class:`QuestionReportError`."""
    return _read(REPORT_KIND, data, QuestionReport, hall, MAX_REPORT)


def parse_report(data: bytes) -> QuestionReport:
    """A report, nothing of it verified: to know which halls may have signed it."""
    return _parse(REPORT_KIND, data, QuestionReport, MAX_REPORT)


def report_digest(data: bytes) -> bytes:
    """What names a signed report."""
    return digest(label("question-report", "digest"), data)


def seal_report(data: bytes, hall: SigningKey, integrity: SealingPublic) -> bytes:
    """The signed report *data*, sealed to *integrity* and signed by the same *hall*."""
    report, name = read_report(data, hall.public), report_digest(data)
    sealed = integrity.seal(data, _info(hall.key_id, name))
    body = SealedReport(
        report.centre, report.package_hash, hall.key_id, name, integrity.key_id, sealed
    )
    return sign(SEALED_REPORT_KIND, canon.pack(body), [hall])


def read_sealed_report(data: bytes, hall: VerifyKey) -> SealedReport:
    """The sealed report that *hall* signed. Raises :class:`QuestionReportError`."""
    sealed = _read(SEALED_REPORT_KIND, data, SealedReport, hall, MAX_SEALED_REPORT)
    if sealed.machine != hall.key_id:
        raise _damaged()
    return sealed


def parse_sealed_report(data: bytes) -> SealedReport:
    """A sealed report, nothing of it verified: to know who must have signed it."""
    return _parse(SEALED_REPORT_KIND, data, SealedReport, MAX_SEALED_REPORT)


def unseal_report(data: bytes, hall: VerifyKey, integrity: SealingKey) -> bytes:
    """The signed report inside, as the *integrity* role. Raises :class:`QuestionReportError`."""
    sealed = read_sealed_report(data, hall)
    try:
        report = integrity.open(sealed.sealed, _info(sealed.machine, sealed.digest))
    except SuiteError:
        raise QuestionReportError(
            "This report of a question does not open with this integrity key; it is sealed to the "
            "key {key}….",
            key=sealed.integrity.hex()[:8],
        ) from None
    if report_digest(report) != sealed.digest:
        raise QuestionReportError("The report inside is another one than the hall signed for.")
    return report


def open_report(data: bytes, hall: VerifyKey, integrity: SealingKey) -> QuestionReport:
    """What is said inside. Raises :class:`QuestionReportError`."""
    return read_report(unseal_report(data, hall, integrity), hall)


def _info(machine: bytes, name: bytes) -> bytes:
    return label("question-report", "integrity", machine, name)


def _read(kind: str, data: bytes, shape: type[T], hall: VerifyKey, limit: int) -> T:
    try:
        return canon.unpack(verify(data, kind, [hall], max_size=limit), shape, max_size=limit)
    except (SignedError, canon.CanonError):
        raise _damaged() from None


def _parse(kind: str, data: bytes, shape: type[T], limit: int) -> T:
    try:
        return canon.unpack(read_signed(data, kind, max_size=limit).body, shape, max_size=limit)
    except (SignedError, canon.CanonError):
        raise _damaged() from None


def _damaged() -> QuestionReportError:
    return QuestionReportError(
        "This report of a question is damaged, or not signed by the hall that must sign it."
    )
