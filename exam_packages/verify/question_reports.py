"""Reports of faulty questions: which hall signed them, and what the integrity key shows of them."""

from __future__ import annotations

from collections.abc import Sequence

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.question_report import (
    QuestionReport,
    QuestionReportError,
    SealedReport,
    parse_report,
    parse_sealed_report,
    read_report,
    read_sealed_report,
    report_digest,
    unseal_report,
)
from exam_packages.sealing.suite import SealingKey, VerifyKey
from exam_packages.sealing.trust import HALL
from exam_packages.verify.findings import Findings, Subject
from exam_packages.verify.machines import Machines
from exam_packages.verify.record import moment


def report(subject: Subject, data: bytes, machines: Machines) -> None:
    """A report in clear, as its hall keeps it and the integrity role reads it."""
    try:
        halls = machines.halls(parse_report(data).centre)
        if not halls:
            _unknown(subject)
            return
        found, hall = _signed(data, halls)
    except ExamError as problem:
        subject.findings.problem("question-report-not-signed", problem)
        return
    subject.held = (found, report_digest(data))
    subject.package_hash, subject.centre = found.package_hash, found.centre
    subject.facts["machine"] = machines.name(hall.key_id)
    subject.facts |= _said(found)
    subject.findings.proven(
        "question-report-signed",
        "{hall} signed what {operator} said of question {question} of its form, at {time}.",
        hall=machines.name(hall.key_id),
        operator=found.operator,
        question=found.question,
        time=moment(found.time_s * SECOND),
    )


def sealed(subject: Subject, data: bytes, machines: Machines, key: SealingKey | None) -> None:
    """A report sealed to the integrity role: who signed it, and with its *key* what it says."""
    try:
        named = parse_sealed_report(data)
        hall = machines.get(named.machine)
        if hall is None or hall.kind != HALL or hall.centre != named.centre:
            _unknown(subject, named.machine)
            return
        found = read_sealed_report(data, hall.verify_key)
    except ExamError as problem:
        subject.findings.problem("question-report-not-signed", problem)
        return
    subject.held = found
    subject.package_hash, subject.centre = found.package_hash, hall.centre
    subject.facts |= {
        "machine": machines.name(found.machine),
        "centre": found.centre,
        "package": found.package_hash.hex(),
        "sealed to": found.integrity.hex(),
    }
    subject.findings.proven(
        "sealed-report-signed",
        "{hall} signed a report of a question; only the integrity role reads it.",
        hall=machines.name(found.machine),
    )
    if key is None:
        return
    try:
        inside = read_report(unseal_report(data, hall.verify_key, key), hall.verify_key)
    except ExamError as problem:
        subject.findings.problem("integrity-key-unfit", problem)
        return
    subject.facts |= _said(inside)
    if (inside.centre, inside.package_hash) != (found.centre, found.package_hash):
        subject.findings.not_proven(
            "sealed-report-other",
            "The report inside is of another centre or package than it says outside.",
        )
        return
    subject.findings.proven(
        "sealed-report-open",
        "It opens with the integrity key: {operator} said it of question {question}, at {time}.",
        operator=inside.operator,
        question=inside.question,
        time=moment(inside.time_s * SECOND),
    )


def relate_reports(found: Findings, subjects: Sequence[Subject]) -> None:
    """Which sealed report holds which."""
    reports = {
        held[1]: each.path
        for each in subjects
        if isinstance(held := each.held, tuple) and isinstance(held[0], QuestionReport)
    }
    for each in subjects:
        if isinstance(each.held, SealedReport) and each.held.digest in reports:
            found.proven(
                "sealed-report-of",
                "{sealed} holds exactly {path}.",
                sealed=each.path,
                path=reports[each.held.digest],
            )


def _signed(data: bytes, halls: Sequence[VerifyKey]) -> tuple[QuestionReport, VerifyKey]:
    """A report names no hall: the one of its centre that signed it. Raises an ``ExamError``."""
    for hall in halls[:-1]:
        try:
            return read_report(data, hall), hall
        except QuestionReportError:
            continue
    return read_report(data, halls[-1]), halls[-1]


def _said(found: QuestionReport) -> dict[str, str]:
    return {
        "centre": found.centre,
        "sitting": found.slot,
        "package": found.package_hash.hex(),
        "attempt": found.blind_id.hex(),
        "question": str(found.question),
        "remark": " ".join(found.remark.split()),
        "operator": found.operator,
    }


def _unknown(subject: Subject, machine: bytes | None = None) -> None:
    if machine is None:
        subject.findings.not_proven(
            "machine-unknown",
            "Who signed this is not shown: no enrolment of a hall of its centre is among these "
            "files. Give it too.",
        )
        return
    subject.findings.not_proven(
        "machine-unknown",
        "Who signed this is not shown: the enrolment of its machine ({machine}…) is not among "
        "these files. Give it too.",
        machine=machine.hex()[:8],
    )
