"""An attempt before a panel: what is shown, what never is, and what damage does."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from centre import CLOCK
from reviewed import SECRET_ANSWER, SECRET_NAME, Reviewed, drawn

from exam_packages import evidence, holds, retention
from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import BundleError
from exam_packages.sealing.retention import RetentionError
from exam_packages.sealing.review import ReviewError
from scoring.review import ledger
from scoring.review.attempt import Attempt, integrity_key, open_attempt
from scoring.review.keeping import hold_attempt


@pytest.fixture(scope="module")
def attempt(reviewed: Reviewed) -> Attempt:
    return reviewed.open()


def words(attempt: Attempt, kind: str) -> list[str]:
    return [each.words for each in attempt.happenings if each.kind == kind]


def test_what_happened_in_words(attempt: Attempt) -> None:
    assert not attempt.wrong
    assert words(attempt, "incident") == [
        "The hall does not answer; the exam goes on.",
        "The hall answers again.",
    ]
    acts = [each for each in attempt.happenings if each.kind == "command"]
    assert [each.words for each in acts] == ["Admitted", "Paused", "Resumed", "Added 2 min 00 s"]
    assert acts[1].detail == ("Ana, Break: asked to leave the room (signed by hall-1 (Lisbon))")
    assert words(attempt, "picture") == ["Picture 1 was taken.", "Picture 2 was taken."]
    assert "Went to “q8”." in words(attempt, "small")
    assert attempt.happenings[-1].words.startswith("hall-1 (Lisbon) countersigned")
    assert len(words(attempt, "witness")) == len(attempt.record.witnesses)
    entries = [each.entry for each in attempt.happenings if each.entry]
    assert entries == sorted(entries)


def test_no_answer_and_no_name(attempt: Attempt) -> None:
    told = repr(attempt.happenings) + repr(attempt.report)
    assert SECRET_ANSWER not in told
    assert SECRET_NAME not in told


def test_the_pictures_are_those_that_were_taken(attempt: Attempt) -> None:
    assert attempt.pictures is not None
    assert [attempt.pictures.open(shot) for shot in attempt.shots] == [drawn(1), drawn(2)]
    assert [place for place, _ in attempt.near(attempt.incidents[0].at_ns)] == [1, 2]


def test_the_ledger_as_a_picture(attempt: Attempt) -> None:
    times = attempt.record.times
    assert times is not None
    blocks = ledger.blocks(times)
    assert [each.kind for each in blocks] == [
        "waiting", "running", "paused", "running", "outage", "running",
    ]  # fmt: skip
    for before, after in itertools.pairwise(blocks):
        assert before.x + before.width == pytest.approx(after.x, abs=0.3)
    assert blocks[-1].x + blocks[-1].width == pytest.approx(ledger.WIDTH, abs=0.3)
    looks = ledger.legend(times)
    assert len({each.letter for each in looks}) == len(looks) == 4
    assert [each.total for each in looks] == ["2 min 00 s", "35 min 10 s", "3 min 00 s", "40 s"]


def test_a_damaged_record_says_so_and_shows_what_stands(desk: Reviewed) -> None:
    data = bytearray(desk.bundle.read_bytes())
    data[len(data) // 4] ^= 1
    desk.bundle.write_bytes(data)
    attempt = desk.open()
    assert attempt.wrong
    assert 0 < attempt.record.stands < 170
    assert attempt.happenings


def test_a_bundle_cut_short_is_still_shown(desk: Reviewed) -> None:
    data = desk.bundle.read_bytes()
    desk.bundle.write_bytes(data[: len(data) // 4])
    attempt = desk.open()
    assert attempt.wrong
    assert attempt.pictures is None
    assert attempt.unopened
    assert attempt.happenings


def test_no_bundle_is_no_attempt(desk: Reviewed) -> None:
    desk.bundle.write_bytes(b"nothing of the kind")
    with pytest.raises(ReviewError, match="no record of an attempt"):
        desk.open()


def test_answers_alone_have_no_pictures(desk: Reviewed) -> None:
    attempt = desk.open(bundle=desk.directory / "answers" / "exam.answers")
    assert attempt.pictures is not None
    assert len(attempt.shots) == 2
    with pytest.raises(BundleError, match="give the bundle with its pictures"):
        attempt.pictures.open(attempt.shots[0])


def test_another_key_is_not_the_integrity_role_s(desk: Reviewed) -> None:
    key = desk.body.opening_path("integrity")
    key.write_bytes(desk.body.opening_path("scoring").read_bytes())
    with pytest.raises(ReviewError, match="not the one that the root of trust names"):
        integrity_key(desk.body)


def test_what_lies_beside_is_verified_too(desk: Reviewed) -> None:
    other = desk.directory / "noise"
    other.write_bytes(b"noise")
    attempt = open_attempt(1, desk.body, integrity_key(desk.body), desk.bundle, [other], CLOCK)
    assert [each.code for each in attempt.wrong] == ["not-recognised"]


# --- Keeping -----------------------------------------------------------------------


def test_a_destroyed_picture_says_so_with_its_certificate(desk: Reviewed) -> None:
    attempt = desk.open()
    assert attempt.pictures is not None
    assert attempt.pictures.open(attempt.shots[0])
    certificate = desk.destroy()
    with pytest.raises(RetentionError, match="which entry 1 of the register certifies"):
        attempt.pictures.open(attempt.shots[0])  # at once, also at a desk that is open
    keeping = attempt.keeping(desk.body)
    (standing,) = keeping.keys
    assert standing.gone
    assert standing.certificate == certificate
    assert standing.believed
    assert keeping.due_s() is None
    with pytest.raises(RetentionError, match="No evidence key"):
        held(desk, attempt)


def held(desk: Reviewed, attempt: Attempt, reason: str = "file 17") -> int:
    (made,) = hold_attempt(
        desk.body, CLOCK, "appeal", attempt.record.evidence_keys, attempt.record.blind_id,
        reason=reason, by="Ana",
    )  # fmt: skip
    return made.number


def test_a_hold_that_review_opened_holds(desk: Reviewed) -> None:
    attempt = desk.open()
    assert attempt.keeping(desk.body).holds == ()
    assert held(desk, attempt) == 1
    (hold,) = attempt.keeping(desk.body).holds
    assert (hold.why, hold.reason, hold.attempts) == (
        "appeal", "file 17", (attempt.record.blind_id,)
    )  # fmt: skip
    with pytest.raises(RetentionError, match="is held"):
        desk.destroy()
    assert attempt.pictures is not None
    assert attempt.pictures.open(attempt.shots[0])
    holds.lift(desk.body, CLOCK, 1, reason="decided", by="Ben")
    assert attempt.keeping(desk.body).holds == ()
    desk.destroy()
    assert attempt.keeping(desk.body).keys[0].gone


def test_a_preserved_attempt_is_shown_still(desk: Reviewed) -> None:
    attempt = desk.open()
    another = desk.centre.hand_in(desk.directory / "another", pictures=1)
    (desk.directory / "answers" / "another.answers").write_bytes(another.part())
    held(desk, attempt)
    certificate = desk.destroy()
    assert attempt.pictures is not None
    assert attempt.pictures.open(attempt.shots[0]) == drawn(1)
    (standing,) = attempt.keeping(desk.body).keys
    assert standing.preserved
    assert not standing.gone
    assert standing.certificate == certificate
    holds.lift(desk.body, CLOCK, 1, reason="decided", by="Ben")
    (key,) = evidence.keys(desk.body)
    last = retention.destroy(desk.body, key.key_id, [], CLOCK)
    (standing,) = attempt.keeping(desk.body).keys
    assert standing.gone
    assert standing.certificate == last


@pytest.mark.parametrize("reason", ["", "x" * 201, "\x1b[2J"])
def test_a_hold_needs_a_line(desk: Reviewed, reason: str) -> None:
    with pytest.raises(RetentionError, match="one line each"):
        held(desk, desk.open(), reason)


def test_a_hold_is_signed_by_root_holders(desk: Reviewed) -> None:
    for path in desk.body.keys.glob("root-*.key"):
        path.unlink()
    with pytest.raises(ExamError, match="root"):
        held(desk, desk.open())


def test_a_desk_without_the_evidence_key(desk: Reviewed, tmp_path: Path) -> None:
    for path in desk.body.evidence.glob("*.key"):
        path.unlink()
    attempt = desk.open()
    (standing,) = attempt.keeping(desk.body).keys
    assert standing.elsewhere
    assert attempt.pictures is not None
    with pytest.raises(RetentionError, match="open them where it lies"):
        attempt.pictures.check()
