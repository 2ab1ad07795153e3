"""What certificates of deletion, preservations, erasures, moves and grants say of the keys of
the exams beside them."""

from __future__ import annotations

from collections.abc import Sequence

from exam_packages.sealing.grant import Grant
from exam_packages.sealing.restore_keys import Erasure, Transfer
from exam_packages.sealing.retention import Deletion, Hold, Lifting, Preservation
from exam_packages.verify.findings import Findings, Record, Subject
from exam_packages.verify.machines import Machines


def relate_keys(found: Findings, subjects: Sequence[Subject], machines: Machines) -> None:
    """Whose pictures a certificate is about, and whose halves an erasure."""
    exams = [(each, each.record) for each in subjects if each.record is not None]
    for each in subjects:
        match each.held:
            case Deletion() as certificate:
                _destroyed(found, each.path, certificate, exams)
            case (Preservation() as kept, bytes(named)):
                _preserved(found, each.path, kept, named, subjects)
            case Grant() as grant:
                _sealed_to(found, each.path, grant, exams)
            case Erasure() as erasure:
                _erased(found, each.path, erasure, exams, machines)
            case Transfer() as moved:
                _moved(found, each.path, moved, exams, machines)
    _register(found, subjects)


def _destroyed(
    found: Findings,
    path: str,
    certificate: Deletion,
    exams: Sequence[tuple[Subject, Record]],
) -> None:
    preserved = {kept.bundle_hash for each in certificate.preserved for kept in each.attempts}
    for exam, record in exams:
        named = exam.bundle_hash in certificate.bundles
        kept = exam.bundle_hash in preserved
        under = bool({certificate.key, certificate.origin} & record.evidence_keys)
        if (named or kept) and not under:
            found.not_proven(
                "deletion-contradicted",
                "{path} names {exam}, whose pictures are not sealed to the evidence key it is "
                "about.",
                path=path,
                exam=exam.path,
            )
        elif named:
            found.proven(
                "pictures-destroyed",
                "{path} certifies that no key opens the pictures of {exam} any more.",
                path=path,
                exam=exam.path,
            )
        elif kept:
            found.proven(
                "pictures-preserved",
                "{path} certifies that the pictures of {exam} were preserved, because they were "
                "held.",
                path=path,
                exam=exam.path,
            )
        else:
            found.note(
                "deletion-for-other",
                "{path} says nothing of {exam}.",
                path=path,
                exam=exam.path,
            )


def _preserved(
    found: Findings, path: str, kept: Preservation, named: bytes, subjects: Sequence[Subject]
) -> None:
    certificates = [
        (each.path, each.held)
        for each in subjects
        if isinstance(each.held, Deletion) and each.held.key == kept.source
    ]
    for other, certificate in certificates:
        if named in [each.preservation for each in certificate.preserved]:
            found.proven(
                "preservation-certified",
                "{path} is what {certificate} names as preserved.",
                path=path,
                certificate=other,
            )
        else:
            found.not_proven(
                "preservation-other",
                "{path} is not what {certificate} names as preserved.",
                path=path,
                certificate=other,
            )


def _sealed_to(
    found: Findings, path: str, grant: Grant, exams: Sequence[tuple[Subject, Record]]
) -> None:
    """A station sealed its pictures to the evidence key that its grant names."""
    for exam, record in exams:
        place = (record.package_hash, record.centre)
        if not record.stands or place != (grant.package_hash, grant.centre):
            continue
        if record.evidence_keys == {grant.evidence_key.key_id}:
            found.proven(
                "evidence-key-granted",
                "The pictures of {exam} are sealed to the evidence key of {grant}.",
                exam=exam.path,
                grant=path,
            )
        else:
            found.not_proven(
                "evidence-key-other",
                "The pictures of {exam} are not all sealed to the evidence key of {grant}: they "
                "are not destroyed with it.",
                exam=exam.path,
                grant=path,
            )


def _erased(
    found: Findings,
    path: str,
    erasure: Erasure,
    exams: Sequence[tuple[Subject, Record]],
    machines: Machines,
) -> None:
    for exam, record in exams:
        if record.restore_keys & set(erasure.keys):
            found.proven(
                "halves-erased",
                "{path} states that {machine} deleted a key that halves of {exam} are sealed to.",
                path=path,
                machine=machines.name(erasure.machine),
                exam=exam.path,
            )


def _moved(
    found: Findings,
    path: str,
    moved: Transfer,
    exams: Sequence[tuple[Subject, Record]],
    machines: Machines,
) -> None:
    for exam, record in exams:
        if record.blind_id != moved.blind_id:
            continue
        if machines.name(moved.station) in [epoch.station for epoch in record.epochs]:
            found.proven(
                "transfer-for", "{path} is a move of {exam}, which went on there.",
                path=path, exam=exam.path,
            )  # fmt: skip
        else:
            found.note(
                "transfer-unused",
                "{path} is a move of {exam}, of which no entry was written there.",
                path=path,
                exam=exam.path,
            )


def _register(found: Findings, subjects: Sequence[Subject]) -> None:
    """Entries of one register: two of one number contradict each other; a lifting has its hold."""
    entries = [
        (each.path, each.held)
        for each in subjects
        if isinstance(each.held, Hold | Lifting | Deletion)
    ]
    numbers: dict[int, tuple[str, object]] = {}
    for path, written in entries:
        other = numbers.setdefault(written.number, (path, written))
        if other[1] != written:
            found.not_proven(
                "register-forked",
                "{path} and {other} are both entry {number} of the register, and differ: one was "
                "put in the other’s place. Keep both files and raise an alarm.",
                path=path,
                other=other[0],
                number=written.number,
            )
    for path, written in entries:
        if isinstance(written, Lifting) and written.hold in numbers:
            lifted, hold = numbers[written.hold]
            if isinstance(hold, Hold):
                found.proven(
                    "lifting-for", "{path} lifts the hold of {hold}.", path=path, hold=lifted
                )
            else:
                found.not_proven(
                    "lifting-other", "{path} lifts {hold}, which is no hold.",
                    path=path, hold=lifted,
                )  # fmt: skip
