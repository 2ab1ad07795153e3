"""Verifying files: recognise each, check each, then what they say of one another."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from exam_packages.errors import ExamError, UsageError
from exam_packages.sealing.heads import MAX_ANCHORS_SIZE
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.trust import Trust
from exam_packages.verify import (
    attempts,
    chiefs,
    log,
    objects,
    question_reports,
    reviews,
    sittings,
    statements,
)
from exam_packages.verify.findings import Report, Subject
from exam_packages.verify.machines import Machines
from exam_packages.verify.recognise import START, Kind, further_volume, inner_kind, recognise
from exam_packages.verify.relations import relate
from exam_packages.verify.surveys import sheaf

__all__ = ["verify"]

_MAX_FILE: Final = 17 * 1024 * 1024
"""Bytes of the largest thing that is read whole: a grant."""


def verify(
    paths: Sequence[Path],
    trust: Trust,
    *,
    now_s: int,
    integrity_key: SealingKey | None = None,
    hand_in_code: str | None = None,
) -> Report:
    """Everything that can be found out about the files at *paths*.

    *now_s* is written into the report and proves nothing: what was valid when it was made
    stays so. It tells which receipts should be in the log by now. Raises
    :class:`UsageError` when a hand-in code is given and no exam.
    """
    machines = Machines(trust)
    found = list(_recognised(paths))
    if hand_in_code is not None and not any(
        kind in (Kind.BUNDLE, Kind.ATTEMPT, Kind.MANIFEST, Kind.RECEIPT) for _, kind, _ in found
    ):
        raise UsageError(
            "A hand-in code is checked against a bundle, a receipt or an attempt’s directory; "
            "give one of them too."
        )
    # Enrolments first: every file may need the machines that another one brings.
    for path, kind, _ in found:
        if kind is Kind.ENROLMENT:
            machines.take_all([_read(path)])
        elif kind is Kind.CHIEF:
            with contextlib.suppress(ExamError):  # said when it is that file's turn
                machines.chief(_read(path))
        elif kind is Kind.BUNDLE:
            machines.take_all(attempts.enrolments_of(path))
    subjects = []
    for path, kind, start in found:
        subject = Subject(str(path), kind.value if kind else "unknown")
        try:
            _check(subject, path, kind, start, trust, machines, integrity_key)
        except OSError as problem:
            subject.findings.not_proven(
                "not-readable",
                "The file cannot be read: {why}.",
                why=problem.strerror or type(problem).__name__,
            )
        subjects.append(subject)
        if kind is Kind.ATTEMPT:
            subjects.extend(_beside(path, trust))
    return Report(
        body=trust.root.body,
        trust_version=trust.root.version,
        trust_digest=trust.digest,
        trust_expires_s=trust.root.expires_s,
        verified_s=now_s,
        with_integrity_key=integrity_key is not None,
        subjects=tuple(subjects),
        relations=relate(subjects, trust, machines, hand_in_code, now_s),
    )


def _recognised(paths: Iterable[Path]) -> Iterator[tuple[Path, Kind | None, bytes]]:
    """Each file once, with its kind; segments of one journal as their directory."""
    seen: set[Path] = set()
    for path in paths:
        kind, start = None, b""
        if path.is_dir():
            if (path / "journal").is_dir():
                kind = Kind.ATTEMPT
            elif any(path.glob("*.segment")):
                kind = Kind.SEGMENT
            elif (path / "checkpoint").is_file() and (path / "tile").is_dir():
                kind = Kind.LOG
        else:
            start = _start(path)
            if further_volume(start) and (first := _start(path.with_suffix(""))):
                path, start = path.with_suffix(""), first
            kind = recognise(start)
            if kind is Kind.SEGMENT:
                path = path.parent
        if path.resolve() not in seen:
            seen.add(path.resolve())
            yield path, kind, start


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(START)
    except OSError:
        return b""  # said again, with the reason, when the file is checked


def _check(
    subject: Subject,
    path: Path,
    kind: Kind | None,
    start: bytes,
    trust: Trust,
    machines: Machines,
    key: SealingKey | None,
) -> None:
    match kind:
        case Kind.PACKAGE:
            objects.package(subject, path, trust)
        case Kind.BUNDLE:
            attempts.bundle(subject, path, machines, key)
        case Kind.ATTEMPT:
            attempts.directory(subject, path, machines, key)
        case Kind.SEGMENT:
            attempts.segments(subject, path, machines, key)
        case Kind.GRANT:
            objects.grant(subject, _read(path), trust, machines)
        case Kind.ADDENDUM:
            objects.addendum(subject, _read(path), trust, machines)
        case Kind.RELEASE:
            objects.release(subject, _read(path), trust)
        case Kind.CORRECTION:
            objects.correction(subject, _read(path), trust)
        case Kind.TRUST:
            objects.root(subject, _read(path), trust)
        case Kind.ENROLMENT:
            objects.enrolment(subject, _read(path), machines)
        case Kind.CHIEF:
            chiefs.chief(subject, _read(path), machines)
        case Kind.MANDATE:
            chiefs.mandate(subject, _read(path), machines)
        case Kind.MANIFEST:
            objects.manifest(subject, _read(path), machines)
        case Kind.RECEIPT:
            objects.receipt(subject, _read(path), trust)
        case Kind.RESTORE_KEY | Kind.TRANSFER | Kind.ERASURE:
            statements.statement(subject, _read(path), machines)
        case Kind.SITTING_RECORD:
            sittings.record(subject, _read(path), machines)
        case Kind.SEALED_RECORD:
            sittings.sealed(subject, _read(path), machines)
        case Kind.SURVEYS:
            sheaf(subject, _read(path), machines)
        case Kind.QUESTION_REPORT:
            question_reports.report(subject, _read(path), machines)
        case Kind.SEALED_REPORT:
            question_reports.sealed(subject, _read(path), machines, key)
        case Kind.ARRIVALS:
            objects.arrivals(subject, _read(path), trust)
        case Kind.HOLD | Kind.LIFTING | Kind.DELETION:
            statements.entry(subject, _read(path), trust)
        case Kind.PRESERVATION:
            statements.preservation(subject, _read(path), trust)
        case Kind.REVIEW:
            reviews.review(subject, _read(path), trust)
        case Kind.REVIEWER:
            reviews.reviewer(subject, _read(path), trust)
        case Kind.CHECKPOINT:
            log.checkpoint(subject, _text(path), trust)
        case Kind.PROOF:
            log.proof(subject, _text(path), trust)
        case Kind.GROWTH:
            log.growth(subject, _text(path), trust)
        case Kind.LOG:
            log.directory(subject, path, trust)
        case Kind.ANCHORS:
            log.anchors(subject, _read(path, MAX_ANCHORS_SIZE), trust, machines)
        case None:
            _unknown(subject, path, start)


def _unknown(subject: Subject, path: Path, start: bytes) -> None:
    if not path.is_dir():
        path.open("rb").close()
    inner = inner_kind(start)
    if inner:
        subject.findings.not_proven(
            "needs-its-whole",
            "This is a part of something larger (“{kind}”) and proves nothing alone; give the "
            "attempt’s directory, the bundle or the package that it belongs to.",
            kind=inner,
        )
    else:
        subject.findings.not_proven(
            "not-recognised",
            "This is no file of Exam Kiosk, or its very beginning is damaged; nothing of it can "
            "be proven.",
        )


def _beside(attempt: Path, trust: Trust) -> Iterator[Subject]:
    """The receipt that lies in an attempt's directory."""
    path = attempt / "receipt"
    if path.is_file():
        subject = Subject(str(path), Kind.RECEIPT.value)
        objects.receipt(subject, _read(path), trust)
        yield subject


def _read(path: Path, limit: int = _MAX_FILE) -> bytes:
    with path.open("rb") as file:
        return file.read(limit)


def _text(path: Path) -> str:
    return _read(path).decode("utf-8", "replace")
