"""Statements about keys that died or were kept: restore keys, moves, erasures; holds,
liftings, preservations and certificates of deletion. What each proves by itself; of which
exams is for :mod:`exam_packages.verify.keeping`.
"""

from __future__ import annotations

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.restore_keys import (
    RestoreKey,
    RestoreKeyError,
    Transfer,
    parse_statement,
    read_erasure,
    read_restore_key,
    read_transfer,
)
from exam_packages.sealing.retention import (
    Deletion,
    Hold,
    Lifting,
    entry_digest,
    preservation_digest,
    read_entry,
    read_preservation,
)
from exam_packages.sealing.suite import VerifyKey
from exam_packages.sealing.trust import Trust
from exam_packages.verify.findings import Subject
from exam_packages.verify.machines import Machines
from exam_packages.verify.record import moment

# --- Restore keys, moves, erasures -------------------------------------------------


def statement(subject: Subject, data: bytes, machines: Machines) -> None:
    """A restore key, a transfer or an erasure: by the machine that must say it."""
    try:
        named = parse_statement(data)
    except ExamError as problem:
        subject.findings.problem("statement-not-signed", problem)
        return
    if isinstance(named, Transfer):
        _transfer(subject, data, named, machines)
        return
    machine = machines.get(named.machine)
    if machine is None:
        subject.findings.not_proven(
            "machine-unknown",
            "Who signed this is not shown: the enrolment of its machine ({machine}…) is not among "
            "these files. Give it too.",
            machine=named.machine.hex()[:8],
        )
        return
    try:
        if isinstance(named, RestoreKey):
            _restore_key(subject, data, machine.verify_key, machines)
        else:
            _erasure(subject, data, machine.verify_key, machines)
    except ExamError as problem:
        subject.findings.problem("statement-not-signed", problem)
        return
    subject.centre = machine.centre


def _restore_key(subject: Subject, data: bytes, key: VerifyKey, machines: Machines) -> None:
    found = read_restore_key(data, key)
    restore = found.sealing.key_id
    subject.held = found
    subject.facts |= {"machine": machines.name(found.machine), "restore keys": restore.hex()}
    subject.findings.proven(
        "restore-key-signed",
        "{machine} signed that the restore key {key}… is its own, for one sitting.",
        machine=machines.name(found.machine),
        key=restore.hex()[:8],
    )


def _erasure(subject: Subject, data: bytes, key: VerifyKey, machines: Machines) -> None:
    found = read_erasure(data, key)
    subject.held, subject.package_hash = found, found.package_hash
    subject.facts |= {
        "machine": machines.name(found.machine),
        "sitting": found.slot,
        "restore keys": ", ".join(each.hex() for each in found.keys) or "none",
        "halves": str(found.halves),
        "operator": found.operator,
        "reason": found.reason,
        "said": _time(found.time_s),
        "package": found.package_hash.hex(),
    }
    subject.findings.proven(
        "erasure-signed",
        "{machine} signed at {time} that it deleted {keys} restore keys and {halves} halves of a "
        "sitting that was closed.",
        machine=machines.name(found.machine),
        time=_time(found.time_s),
        keys=len(found.keys),
        halves=found.halves,
    )


def _transfer(subject: Subject, data: bytes, named: Transfer, machines: Machines) -> None:
    """A move names its station and not its hall: a hall of the station's centre signed it."""
    station = machines.station(named.station)
    if station is None:
        subject.findings.not_proven(
            "machine-unknown",
            "Who signed this is not shown: the enrolment of its machine ({machine}…) is not among "
            "these files. Give it too.",
            machine=named.station.hex()[:8],
        )
        return
    problem: ExamError = RestoreKeyError(
        "This move is by no hall of centre “{centre}” whose enrolment is among these files.",
        centre=station.centre,
    )
    for hall in machines.halls(station.centre):
        try:
            found = read_transfer(data, hall)
        except ExamError as why:
            problem = why
            continue
        subject.held, subject.centre = found, station.centre
        subject.facts |= {
            "attempt": found.blind_id.hex(),
            "station": machines.name(found.station),
            "operator": ", ".join(found.operators),
            "said": _time(found.time_s),
        }
        subject.findings.proven(
            "transfer-signed",
            "{hall} signed at {time} that two people moved an exam to {station}.",
            hall=machines.name(hall.key_id),
            time=_time(found.time_s),
            station=machines.name(found.station),
        )
        return
    subject.findings.problem("statement-not-signed", problem)


# --- Holds and certificates --------------------------------------------------------


def entry(subject: Subject, data: bytes, trust: Trust) -> None:
    """An entry of the body's register: a hold, its lifting, or a certificate of deletion."""
    try:
        found = read_entry(data, trust)
    except ExamError as problem:
        subject.findings.problem("entry-not-signed", problem)
        return
    subject.held, subject.entry_digest = found, entry_digest(data)
    subject.facts |= {"entry": str(found.number), "said": _time(found.time_s)}
    match found:
        case Hold():
            _hold(subject, found, trust)
        case Lifting():
            subject.facts |= {"hold": str(found.hold), "reason": found.reason}
            subject.findings.proven(
                "lifting-signed",
                "Root holders of “{body}” lifted the hold of entry {hold} of the register.",
                body=trust.root.body,
                hold=found.hold,
            )
        case Deletion():
            _deletion(subject, found, trust)


def _hold(subject: Subject, found: Hold, trust: Trust) -> None:
    subject.facts |= {"hold": found.why, "reason": found.reason}
    if found.keys:
        subject.facts["evidence key"] = found.keys[0].hex()
    if found.attempts:
        subject.facts["attempt"] = found.attempts[0].hex()
    subject.findings.proven(
        "hold-signed",
        "Root holders of “{body}” signed that pictures are held: {cause}.",
        body=trust.root.body,
        cause=found.why,
    )


def _deletion(subject: Subject, found: Deletion, trust: Trust) -> None:
    sitting, kept = found.sitting, sum(len(each.attempts) for each in found.preserved)
    subject.package_hash, subject.centre = sitting.package_hash, sitting.centre
    subject.facts |= {
        "centre": sitting.centre,
        "sitting": sitting.slot,
        "evidence key": found.key.hex(),
        "due": _time(found.policy.due_s),
        "attempts": str(len(found.bundles)),
        "pictures": str(found.pictures),
        "kept": str(kept),
        "package": sitting.package_hash.hex(),
    }
    subject.findings.proven(
        "deletion-signed",
        "Root holders of “{body}” certify that the evidence key {key}… was destroyed at {time}: "
        "{pictures} pictures of {attempts} attempts.",
        body=trust.root.body,
        key=found.key.hex()[:8],
        time=_time(found.time_s),
        pictures=found.pictures,
        attempts=len(found.bundles),
    )
    if found.time_s < found.policy.due_s:
        subject.findings.not_proven(
            "deletion-early",
            "The pictures were to be kept until {due}, and the certificate is of {time}.",
            due=_time(found.policy.due_s),
            time=_time(found.time_s),
        )
    if found.elsewhere:
        subject.findings.note(
            "deletion-elsewhere",
            "{count} attempts of the same package and centre have pictures under another evidence "
            "key; this certificate says nothing of those.",
            count=len(found.elsewhere),
        )


def preservation(subject: Subject, data: bytes, trust: Trust) -> None:
    """Attempts that were preserved because they were held."""
    try:
        found = read_preservation(data, trust)
    except ExamError as problem:
        subject.findings.problem("preservation-not-signed", problem)
        return
    subject.held, subject.centre = (found, preservation_digest(data)), found.sitting.centre
    subject.package_hash = found.sitting.package_hash
    subject.facts |= {
        "centre": found.sitting.centre,
        "sitting": found.sitting.slot,
        "evidence key": found.key.key_id.hex(),
        "attempts": str(len(found.attempts)),
        "said": _time(found.time_s),
        "package": found.sitting.package_hash.hex(),
    }
    subject.findings.proven(
        "preservation-signed",
        "Root holders of “{body}” preserved the pictures of {count} attempts under another "
        "evidence key.",
        body=trust.root.body,
        count=len(found.attempts),
    )


def _time(seconds: int) -> str:
    return moment(seconds * SECOND)
