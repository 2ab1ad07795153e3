"""Judging: reviewers, their file beside the bundle, and what the verifier says of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from centre import CLOCK
from reviewed import Reviewed

from exam_packages.errors import ExamError
from exam_packages.passphrases import Passphrases
from exam_packages.sealing.review import ReviewError
from exam_packages.sealing.trust import INTEGRITY
from exam_packages.verify.findings import Report
from exam_packages.verify.verify import verify
from provisioning.succession import rotate
from scoring.review.judging import ReviewFile, Said
from scoring.review.reasons import REASONS, check_reason, reason_words
from scoring.review.reviewers import appoint, directory, seat

LOST = Said(71, "unfounded", "technical.network", "The switch had failed.")


def file_of(desk: Reviewed) -> ReviewFile:
    return desk.open().review()


def looked_at(desk: Reviewed, *paths: Path) -> Report:
    return verify(
        [*paths, desk.bundle],
        desk.body.trust(),
        now_s=1_800_000_000,
        integrity_key=desk.body.opening_key(INTEGRITY),
    )


def codes(report: Report) -> set[str]:
    findings = [each for subject in report.subjects for each in subject.findings]
    return {each.code for each in (*findings, *report.relations)}


def test_two_reviewers_judge_and_one_corrects(desk: Reviewed) -> None:
    rosa, sven = desk.seated()
    trust, file = desk.body.trust(), file_of(desk)
    file.append(LOST, rosa, trust, CLOCK)
    before = file.path.read_bytes()
    file.append(replace(LOST, ruling="founded"), sven, trust, CLOCK)
    shot = desk.open().shots[0].digest
    file.append(
        replace(LOST, ruling="cannot-be-said", pictures=(shot,), corrects=1), rosa, trust, CLOCK
    )
    assert file.path == desk.bundle.with_suffix(".review")
    assert file.path.read_bytes().startswith(before)
    assert file.path.stat().st_mode & 0o077 == 0
    review = file.read(trust)
    assert [(each.reviewer.name, each.judgement.word) for each in review.standing()] == [
        ("Sven", "founded"),
        ("Rosa", "cannot-be-said"),
    ]
    report = looked_at(desk, file.path)
    assert report.all_proven
    assert {"review-signed", "review-for"} <= codes(report)
    (subject,) = [each for each in report.subjects if each.kind == "review"]
    assert subject.facts["judgements"] == "3"
    assert subject.facts["reviewers"] == "Rosa, Sven"


def test_what_is_altered_is_found_and_not_appended_to(desk: Reviewed) -> None:
    rosa, _ = desk.seated()
    trust, file = desk.body.trust(), file_of(desk)
    file.append(LOST, rosa, trust, CLOCK)
    file.append(LOST, rosa, trust, CLOCK)
    data = bytearray(file.path.read_bytes())
    data[-100] ^= 1
    file.path.write_bytes(data)
    report = looked_at(desk, file.path)
    assert not report.all_proven
    assert {"review-signed", "review-not-signed"} <= codes(report)
    (subject,) = [each for each in report.subjects if each.kind == "review"]
    assert subject.facts["judgements"] == "1"
    with pytest.raises(ExamError):
        file.append(LOST, rosa, trust, CLOCK)
    assert file.path.read_bytes() == data


def test_two_reviews_of_one_exam_that_contradict_each_other(desk: Reviewed) -> None:
    rosa, sven = desk.seated()
    trust, file = desk.body.trust(), file_of(desk)
    file.append(LOST, rosa, trust, CLOCK)
    shorter = desk.directory / "shorter.review"
    shorter.write_bytes(file.path.read_bytes())
    file.append(LOST, sven, trust, CLOCK)
    assert "review-forked" not in codes(looked_at(desk, file.path, shorter))
    replace(file, path=shorter).append(replace(LOST, ruling="founded"), rosa, trust, CLOCK)
    assert "review-forked" in codes(looked_at(desk, file.path, shorter))


def test_a_review_is_of_one_bundle(desk: Reviewed) -> None:
    rosa, _ = desk.seated()
    trust, file = desk.body.trust(), file_of(desk)
    strange = replace(file, bundle_hash=b"x" * 32)
    strange.append(LOST, rosa, trust, CLOCK)
    with pytest.raises(ReviewError, match="about another bundle"):
        file.read(trust)
    assert "review-of-other-bundle" in codes(looked_at(desk, file.path))


def test_an_entry_that_the_record_has_not(desk: Reviewed) -> None:
    rosa, _ = desk.seated()
    file = file_of(desk)
    file.append(replace(LOST, entry=9999), rosa, desk.body.trust(), CLOCK)
    assert "review-entry-unknown" in codes(looked_at(desk, file.path))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"ruling": "guilty"}, "Choose founded"),
        ({"reason": "pictures"}, "Choose one of the reasons"),
        ({"reason": "other", "comment": " "}, "needs a comment"),
        ({"comment": "\x07"}, "plain text"),
        ({"corrects": 1}, "still stands"),
    ],
)
def test_what_cannot_be_said_is_not_written(
    desk: Reviewed, changes: dict[str, object], why: str
) -> None:
    rosa, _ = desk.seated()
    file = file_of(desk)
    said = replace(LOST, **changes)  # type: ignore[arg-type]
    with pytest.raises(ReviewError, match=why):
        file.append(said, rosa, desk.body.trust(), CLOCK)
    assert not file.path.exists()


def test_each_bundle_has_a_review_of_its_own() -> None:
    names = ("file.bundle", "file.answers", "file.17", "file.18", "file")
    found = [ReviewFile.beside(Path("/panel", name), b"", b"").path.name for name in names]
    assert found == [
        "file.review",
        "file.review",
        "file.17.review",
        "file.18.review",
        "file.review",
    ]


def test_every_reason_is_one_that_can_be_signed(desk: Reviewed) -> None:
    for group in REASONS.values():
        for code, words in group.items():
            check_reason(code, "because")
            assert reason_words(code) == words
    assert reason_words("of.later") == "of.later"


# --- Reviewers ---------------------------------------------------------------------


def test_an_appointment_proves_itself(desk: Reviewed) -> None:
    path = directory(desk.body) / "Rosa.reviewer"
    report = looked_at(desk, path)
    assert report.all_proven
    assert "reviewer-signed" in codes(report)
    path.write_bytes(path.read_bytes().replace(b"Rosa", b"Rita"))
    assert "reviewer-not-signed" in codes(looked_at(desk, path))


def test_a_key_that_nobody_appointed_does_not_sit(desk: Reviewed) -> None:
    (directory(desk.body) / "Rosa.reviewer").unlink()
    with pytest.raises(ReviewError, match="whom today’s root holders appointed"):
        desk.seated()
    assert [each.name for each in seat(desk.body, desk.keys[1:], Passphrases())] == ["Sven"]


def test_after_new_root_holders_reviewers_are_appointed_anew(desk: Reviewed) -> None:
    rotate(desk.body, CLOCK, replace=["root-1", "root-2"])
    with pytest.raises(ReviewError, match="appointed"):
        desk.seated()


def test_a_key_stays_on_its_medium_and_is_made_once(desk: Reviewed) -> None:
    with pytest.raises(ReviewError, match="never in the body’s directory"):
        appoint(desk.body, "Tom", desk.body.directory / "tom.key", None, CLOCK)
    with pytest.raises(ReviewError, match="cannot be a reviewer’s name"):
        appoint(desk.body, "../Tom", desk.directory / "tom.key", None, CLOCK)
    for name, key in (("Rosa", "new.key"), ("Tom", "rosa.key")):
        with pytest.raises(ReviewError, match="there already"):
            appoint(desk.body, name, desk.directory / key, None, CLOCK)


def test_without_root_holders_nobody_is_appointed(desk: Reviewed) -> None:
    for path in desk.body.keys.glob("root-*.key"):
        path.unlink()
    with pytest.raises(ExamError, match="“root”"):
        appoint(desk.body, "Tom", desk.directory / "tom.key", None, CLOCK)
    assert not (desk.directory / "tom.key").exists()
