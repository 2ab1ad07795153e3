"""Reviews: what reviewers judged of an attempt's incidents, by whom, and whether it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.review import Judged, Review, follow, read_reviewer
from exam_packages.sealing.trust import Trust
from exam_packages.verify.findings import Findings, Subject
from exam_packages.verify.record import moment


def review(subject: Subject, data: bytes, trust: Trust) -> None:
    """A review: followed to the first judgement that does not fit."""
    judged: list[Judged] = []
    try:
        for each in follow(data, trust):
            judged.append(each)
    except ExamError as problem:
        subject.findings.not_proven(
            "review-not-signed",
            "The review is not proven from judgement {number} on: {why}",
            number=len(judged) + 1,
            why=str(problem),
        )
    if not judged:
        return
    found = Review(tuple(judged))
    names = ", ".join(sorted({each.reviewer.name for each in judged}))
    first = judged[0].judgement
    subject.held = found
    subject.facts |= {
        "attempt": first.blind_id.hex(),
        "bundle": first.bundle_hash.hex(),
        "judgements": str(len(judged)),
        "reviewers": names,
        "said": moment(judged[-1].judgement.time_s * SECOND),
    }
    subject.findings.proven(
        "review-signed",
        "Judgements 1 to {count} follow one another, each signed by a reviewer whom root holders "
        "of “{body}” appointed ({names}); {standing} stand, the others were corrected.",
        count=len(judged),
        body=trust.root.body,
        names=names,
        standing=len(found.standing()),
    )


def reviewer(subject: Subject, data: bytes, trust: Trust) -> None:
    """A reviewer's appointment."""
    try:
        found = read_reviewer(data, trust)
    except ExamError as problem:
        subject.findings.problem("reviewer-not-signed", problem)
        return
    subject.held = found
    subject.facts |= {"reviewers": found.name, "said": moment(found.time_s * SECOND)}
    subject.findings.proven(
        "reviewer-signed",
        "Root holders of “{body}” appointed “{name}” as a reviewer, with the key {key}….",
        body=trust.root.body,
        name=found.name,
        key=found.key_id.hex()[:8],
    )


def relate_reviews(found: Findings, subjects: Sequence[Subject]) -> None:
    """Which exams here a review is about, and whether two reviews of one exam agree."""
    reviews = [(each.path, each.held) for each in subjects if isinstance(each.held, Review)]
    exams = [each for each in subjects if each.record is not None]
    for path, made in reviews:
        named = made.judgements[0].judgement
        for exam in exams:
            if exam.bundle_hash == named.bundle_hash:
                found.proven("review-for", "{path} is about {exam}.", path=path, exam=exam.path)
                _entries(found, path, made, exam)
            elif exam.record is not None and exam.record.blind_id == named.blind_id:
                found.not_proven(
                    "review-of-other-bundle",
                    "{path} is about the attempt of {exam}, but as it was handed in another time.",
                    path=path,
                    exam=exam.path,
                )
    for (path, one), (other, two) in combinations(reviews, 2):
        if one.judgements[0].judgement.bundle_hash == two.judgements[0].judgement.bundle_hash:
            shared = zip(one.judgements, two.judgements, strict=False)
            if any(mine.data != theirs.data for mine, theirs in shared):
                found.not_proven(
                    "review-forked",
                    "{path} and {other} are two reviews of one exam that contradict each other. "
                    "Keep both files and raise an alarm.",
                    path=path,
                    other=other,
                )


def _entries(found: Findings, path: str, made: Review, exam: Subject) -> None:
    """Every judgement is about an entry that the record has."""
    record = exam.record
    strange = [
        each.judgement.number
        for each in made.judgements
        if record is not None and each.judgement.entry > record.entries
    ]
    if strange:
        found.not_proven(
            "review-entry-unknown",
            "{path} judges entries that {exam} does not have (judgements {numbers}).",
            path=path,
            exam=exam.path,
            numbers=", ".join(map(str, strange[:20])),
        )
