"""Intake without a network: exams from a stick, and their receipts onto it, with the corrections
of what is open at that hall.

Each file is taken as if it had come over the network: the same checks, the same receipt, and
what is known already is known. What cannot be taken is said by its name, and nothing else
waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from exam_packages.canon import CanonError
from exam_packages.errors import ExamError
from exam_packages.sealing.arrivals import MOST_DIGESTS
from exam_packages.sealing.correction import believed_correction, correction_id
from exam_packages.sealing.sitting_record import MAX_SEALED
from exam_packages.sealing.survey import MAX_SHEAF
from sync.intake.messages import (
    MAX_CHUNK,
    MAX_OFFER,
    MAX_PIECE,
    MAX_REPORT_OF_QUESTION,
    MAX_STATEMENT,
)
from sync.intake.service import Incomplete, Intake, NoRoom
from sync.stick import Stick, StickError

__all__ = ["Imported", "take_in"]


@dataclass
class Imported:
    """What a stick brought: exams taken now and known before, pictures, and what was not
    taken, in sentences. ``sheaves`` counts those of surveys, ``records`` those of sittings,
    ``corrections`` what was written onto the stick."""

    taken: int = 0
    known: int = 0
    pictures: int = 0
    erasures: int = 0
    sheaves: int = 0
    records: int = 0
    reports: int = 0
    corrections: int = 0
    problems: list[str] = field(default_factory=list)


def take_in(intake: Intake, stick: Stick, body: str) -> Imported:
    """Take in everything on *stick*, and write onto it the receipts, a word for what else
    arrived, and the corrections of exams that are open at the hall.

    Answers of all exams come before any picture. Raises a ``StickError`` when it is no stick
    of a hall of *body*, or cannot be read or written; :class:`NoRoom` when the disk is full.
    """
    about = stick.about()
    if about is None:
        raise StickError(
            "There are no exams on {path}; give the directory that the stick is mounted at.",
            path=str(stick.root),
        )
    if about.body != body:
        raise StickError(
            "The exams on {path} belong to the body “{found}”, not to “{body}”.",
            path=str(stick.root),
            found=about.body,
            body=body,
        )
    done = Imported()
    names = tuple(stick.names("bundles"))
    for name in names:
        try:
            _answers(intake, stick, name, done)
        except (NoRoom, StickError):
            raise
        except (ExamError, CanonError) as problem:
            done.problems.append(f"{name.hex()[:16]}…: {problem}")
    for name in names:
        _pictures(intake, stick, name, done)
    erasures = _each(stick, "erasures", 2 * MAX_STATEMENT + 64, intake.keep_erasure, done)
    sheaves = _each(stick, "surveys", MAX_SHEAF + MAX_STATEMENT + 64, intake.keep_surveys, done)
    records = _each(stick, "records", MAX_SEALED + MAX_STATEMENT + 64, intake.keep_record, done)
    reports = _each(stick, "reports", MAX_REPORT_OF_QUESTION, intake.keep_report, done)
    done.erasures, done.sheaves = len(erasures), len(sheaves)
    done.records, done.reports = len(records), len(reports)
    arrived = [*erasures, *records, *reports]
    for first in range(0, len(arrived), MOST_DIGESTS):
        word = intake.arrived(arrived[first : first + MOST_DIGESTS])
        stick.write(("arrivals", sha256(word).hexdigest()), word)
    for package in stick.names("packages"):
        for data in intake.corrections(package).corrections:
            name = correction_id(believed_correction(data))
            stick.write(("corrections", name.hex()), data)
            done.corrections += 1
    return done


def _each(
    stick: Stick, kind: str, limit: int, keep: Callable[[bytes], None], done: Imported
) -> list[bytes]:
    """Have each file of a *kind* kept; the SHA-256 of those that were."""
    kept = []
    for name in stick.names(kind):
        data = stick.read((kind, name.hex()), limit) or b""
        try:
            keep(data)
            kept.append(sha256(data).digest())
        except NoRoom:
            raise
        except ExamError as problem:
            done.problems.append(f"{kind} {name.hex()[:16]}…: {problem}")
    return kept


def _answers(intake: Intake, stick: Stick, name: bytes, done: Imported) -> None:
    place = ("bundles", name.hex())
    offer = stick.read((*place, "manifest"), MAX_OFFER)
    if offer is None:
        raise Incomplete(
            "This exam is not whole on the stick; export it again at the hall, onto this stick."
        )
    known = _has_receipt(intake, name)
    for digest in intake.offer(name, offer).digests:
        chunk = stick.read((*place, "chunks", digest.hex()), MAX_CHUNK)
        if chunk is not None:
            intake.stage(name, digest, chunk)
    stick.write(("receipts", name.hex()), intake.commit(name))
    if known:
        done.known += 1
    else:
        done.taken += 1


def _has_receipt(intake: Intake, name: bytes) -> bool:
    try:
        intake.receipt(name)
    except ExamError:
        return False
    return True


def _pictures(intake: Intake, stick: Stick, name: bytes, done: Imported) -> None:
    if not _has_receipt(intake, name):
        return
    for digest in intake.missing_evidence(name).digests:
        data = stick.read(("bundles", name.hex(), "evidence", digest.hex()), MAX_PIECE)
        if data is None:
            continue
        try:
            intake.keep_evidence(name, digest, data)
            done.pictures += 1
        except NoRoom:
            raise
        except ExamError as problem:
            done.problems.append(f"a picture of {name.hex()[:16]}…: {problem}")
