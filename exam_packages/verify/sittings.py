"""Records of sittings: who signed them, and what they say of the exams beside them."""

from __future__ import annotations

from collections.abc import Sequence

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.sitting_record import (
    SealedRecord,
    SittingRecord,
    parse_record,
    parse_sealed,
    read_record,
    read_sealed,
    record_digest,
)
from exam_packages.sealing.trust import HALL, Enrolment
from exam_packages.sitting_words import OUTCOMES, VERDICTS
from exam_packages.verify.findings import Findings, Subject
from exam_packages.verify.machines import Machines
from exam_packages.verify.record import moment


def record(subject: Subject, data: bytes, machines: Machines) -> None:
    """A record in clear, as the hall keeps it and the registrar reads it."""
    try:
        hall = _hall(subject, parse_record(data), machines)
        if hall is None:
            return
        found = read_record(data, hall.verify_key)
    except ExamError as problem:
        subject.findings.problem("sitting-record-not-signed", problem)
        return
    subject.held, subject.package_hash = (found, record_digest(data)), found.package_hash
    subject.centre = hall.centre
    subject.facts |= {
        **_facts(found, machines),
        "exam": found.exam,
        "candidates": str(len(found.lines)),
        "operator": found.operator,
        "reason": found.reason,
    }
    subject.findings.proven(
        "sitting-record-signed",
        "{hall} signed record {number} of a sitting closed at {time}: {lines} lines of the roster.",
        hall=machines.name(found.machine),
        number=found.number,
        time=moment(found.closed_s * SECOND),
        lines=len(found.lines),
    )
    open_lines = sum(not line.outcome for line in found.lines)
    if open_lines:
        subject.findings.not_proven(
            "sitting-record-open",
            "How it ended is not said for {count} lines of the roster.",
            count=open_lines,
        )
    signers = {person.name.casefold() for person in found.signers}
    if len(signers) >= 2:
        subject.findings.note(
            "sitting-record-people",
            "{count} people put their names to it: {names}. The hall says so; their names are not "
            "signatures of their own.",
            count=len(signers),
            names=", ".join(person.name for person in found.signers),
        )
    else:
        subject.findings.note(
            "sitting-record-people-missing",
            "{count} of two people have put their names to this record.",
            count=len(signers),
        )


def sealed(subject: Subject, data: bytes, machines: Machines) -> None:
    """A record sealed to the registrar: only who signed it, and when, can be said."""
    try:
        hall = _hall(subject, parse_sealed(data), machines)
        if hall is None:
            return
        found = read_sealed(data, hall.verify_key)
    except ExamError as problem:
        subject.findings.problem("sitting-record-not-signed", problem)
        return
    subject.held, subject.package_hash = found, found.package_hash
    subject.centre = hall.centre
    subject.facts |= {**_facts(found, machines), "sealed to": found.registrar.hex()}
    subject.findings.proven(
        "sealed-record-signed",
        "{hall} signed record {number} of a sitting closed at {time}; only the registrar reads it.",
        hall=machines.name(found.machine),
        number=found.number,
        time=moment(found.closed_s * SECOND),
    )


def relate_records(found: Findings, subjects: Sequence[Subject]) -> None:
    """Which sealed record holds which, and how the exams beside them ended."""
    records = [
        (each.path, held[0], held[1])
        for each in subjects
        if isinstance(held := each.held, tuple) and isinstance(held[0], SittingRecord)
    ]
    for each in subjects:
        if isinstance(each.held, SealedRecord):
            for path, _, digest in records:
                if digest == each.held.digest:
                    found.proven(
                        "sealed-record-of",
                        "{sealed} holds exactly {path}.",
                        sealed=each.path,
                        path=path,
                    )
    exams = {each.bundle_hash: each.path for each in subjects if each.record is not None}
    for path, record, _ in records:
        for line in record.lines:
            exam = exams.get(line.bundle_hash) if line.bundle_hash else None
            if exam is not None:
                found.proven(
                    "outcome-of",
                    "{path} says that {exam} ended as “{outcome}”, and asks for “{verdict}”.",
                    path=path,
                    exam=exam,
                    outcome=OUTCOMES.get(line.outcome, "open"),
                    verdict=VERDICTS.get(line.verdict, "nothing"),
                )


def _hall(
    subject: Subject, named: SittingRecord | SealedRecord, machines: Machines
) -> Enrolment | None:
    hall = machines.get(named.machine)
    if hall is not None and hall.kind == HALL and hall.centre == named.centre:
        return hall
    subject.findings.not_proven(
        "machine-unknown",
        "Who signed this is not shown: the enrolment of its machine ({machine}…) is not among "
        "these files. Give it too.",
        machine=named.machine.hex()[:8],
    )
    return None


def _facts(found: SittingRecord | SealedRecord, machines: Machines) -> dict[str, str]:
    return {
        "machine": machines.name(found.machine),
        "centre": found.centre,
        "sitting": found.slot,
        "package": found.package_hash.hex(),
        "closed": moment(found.closed_s * SECOND),
    }
