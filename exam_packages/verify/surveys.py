"""Sheaves of surveys: who handed them on, of which sitting, and that their order says nothing."""

from __future__ import annotations

from exam_packages.errors import ExamError
from exam_packages.sealing.survey import parse_sheaf, read_sheaf, read_survey
from exam_packages.sealing.trust import HALL
from exam_packages.verify.findings import Subject
from exam_packages.verify.machines import Machines


def sheaf(subject: Subject, data: bytes, machines: Machines) -> None:
    """What can be said of a sheaf without the key that opens its surveys."""
    try:
        named = parse_sheaf(data)
        hall = machines.get(named.machine)
        if hall is None or hall.kind != HALL or hall.centre != named.centre:
            subject.findings.not_proven(
                "machine-unknown",
                "Who signed this is not shown: the enrolment of its machine ({machine}…) is not "
                "among these files. Give it too.",
                machine=named.machine.hex()[:8],
            )
            return
        found = read_sheaf(data, hall.verify_key)
    except ExamError as problem:
        subject.findings.problem("survey-sheaf-not-signed", problem)
        return
    subject.package_hash, subject.centre = found.package_hash, hall.centre
    keys = {read_survey(each).key.hex() for each in found.surveys}
    subject.facts |= {
        "machine": machines.name(found.machine),
        "centre": found.centre,
        "sitting": found.slot,
        "package": found.package_hash.hex(),
        "sealed to": ", ".join(sorted(keys)),
    }
    subject.findings.proven(
        "survey-sheaf-signed",
        "{hall} handed on surveys of one sitting ({count}), in the order of their random numbers; "
        "only who has the survey key reads them.",
        hall=machines.name(found.machine),
        count=len(found.surveys),
    )
