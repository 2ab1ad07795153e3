"""What the verifier says of keys that died or were kept: over the published vectors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import readers

from exam_packages.sealing.restore_keys import (
    Transfer,
    read_erasure,
    sign_erasure,
    sign_transfer,
)
from exam_packages.sealing.retention import Deletion, read_entry, sign_entry
from exam_packages.verify.findings import Finding, Report, Standing
from exam_packages.verify.terminal import to_text
from exam_packages.verify.verify import verify

VECTORS = readers.VECTORS
ENROLMENTS = ("hall.enrolment", "station-1.enrolment", "station-2.enrolment")
ROOTS = [readers.signing("root 1"), readers.signing("root 2")]


def look(*names: str | Path) -> Report:
    return verify([VECTORS / name for name in names], readers.trust(), now_s=2_000_000_000)


def findings(report: Report, *, of: str = "") -> list[Finding]:
    return [
        finding
        for subject in report.subjects
        if not of or Path(subject.path).name == of
        for finding in subject.findings
    ]


def codes(report: Report, *, of: str = "") -> list[str]:
    return [each.code for each in findings(report, of=of)]


def together(report: Report) -> set[str]:
    return {each.code for each in report.relations}


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("hall.restore-key", "restore-key-signed", "hall (Prüfungszentrum 7) signed"),
        ("attempt.transfer", "transfer-signed", "moved an exam to station 2"),
        ("hall.erasure", "erasure-signed", "deleted 1 restore keys and 1 halves"),
        ("station-1.erasure", "erasure-signed", "deleted 0 restore keys and 2 halves"),
        ("1.hold", "hold-signed", "complaint"),
        ("2.lifting", "lifting-signed", "hold of entry 1"),
        ("3.hold", "hold-signed", "appeal"),
        ("kept.preservation", "preservation-signed", "1 attempts"),
        ("4.deletion", "deletion-signed", "7 pictures of 1 attempts"),
    ],
)
def test_each_statement_is_proven_by_who_must_say_it(name: str, code: str, words: str) -> None:
    report = look(name, *ENROLMENTS)
    assert report.all_proven
    (finding,) = findings(report, of=name)
    assert finding.code == code
    assert words in finding.words
    assert words in " ".join(to_text(report).split())


@pytest.mark.parametrize("name", ["hall.restore-key", "attempt.transfer", "hall.erasure"])
def test_a_machine_that_is_not_enrolled_here_proves_nothing(name: str) -> None:
    report = look(name)
    assert codes(report) == ["machine-unknown"]
    assert not report.all_proven


def test_a_move_by_no_hall_of_the_centre_is_told() -> None:
    assert codes(look("attempt.transfer", "station-2.enrolment"), of="attempt.transfer") == [
        "statement-not-signed"
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("hall.restore-key", "statement-not-signed"),
        ("attempt.transfer", "statement-not-signed"),
        ("hall.erasure", "statement-not-signed"),
        ("3.hold", "entry-not-signed"),
        ("2.lifting", "entry-not-signed"),
        ("4.deletion", "entry-not-signed"),
        ("kept.preservation", "preservation-not-signed"),
    ],
)
def test_an_altered_one_is_told(name: str, code: str, tmp_path: Path) -> None:
    data = bytearray((VECTORS / name).read_bytes())
    data[-20] ^= 1
    path = tmp_path / name
    path.write_bytes(data)
    report = look(path, *ENROLMENTS)
    assert codes(report, of=name) == [code]
    assert not report.all_proven
    path.write_bytes(data[:40])
    assert codes(look(path, *ENROLMENTS), of=name) == [code]


def test_a_station_that_states_for_another_is_told(tmp_path: Path) -> None:
    erasure = read_erasure((VECTORS / "hall.erasure").read_bytes(), readers.HALL)
    station = readers.signing("station 1")
    mine = msgspec.structs.replace(erasure, machine=station.key_id)
    body = sign_erasure(mine, station)
    other = readers.signing("hall").key_id
    path = tmp_path / "other.erasure"
    path.write_bytes(body.replace(station.key_id, other))
    assert codes(look(path, *ENROLMENTS), of="other.erasure") == ["statement-not-signed"]


def test_a_move_by_one_person_is_told(tmp_path: Path) -> None:
    moved = Transfer(
        readers.BLIND_ID, bytes(16), readers.signing("station 2").key_id, ("Ana", "ana"), 1
    )
    path = tmp_path / "one.transfer"
    path.write_bytes(sign_transfer(moved, readers.signing("hall")))
    (finding,) = findings(look(path, *ENROLMENTS), of="one.transfer")
    assert finding.standing is Standing.NOT_PROVEN
    assert "two people" in finding.words


# --- Together ----------------------------------------------------------------------


def test_what_they_say_of_an_exam() -> None:
    report = look(
        "attempt.bundle", "centre.grant", "hall.erasure", "attempt.transfer", "1.hold",
        "2.lifting", "3.hold", "4.deletion", "kept.preservation",
    )  # fmt: skip
    assert report.all_proven
    assert together(report) >= {
        "evidence-key-granted",
        "halves-erased",
        "lifting-for",
        "pictures-preserved",
        "preservation-certified",
        "transfer-for",
    }


@pytest.fixture
def change(tmp_path: Path) -> Callable[..., Path]:
    """A certificate like the published one, changed and signed by root holders."""

    def made(**changes: object) -> Path:
        done = read_entry((VECTORS / "4.deletion").read_bytes(), readers.trust())
        assert isinstance(done, Deletion)
        path = tmp_path / "changed.deletion"
        path.write_bytes(sign_entry(msgspec.structs.replace(done, **changes), ROOTS))  # type: ignore[arg-type]
        return path

    return made


def test_a_certificate_of_the_exam_says_its_pictures_are_gone(change: Callable[..., Path]) -> None:
    bundle = bytes.fromhex(readers.FACTS["bundle"]["hash"])
    report = look("attempt.bundle", change(bundles=(bundle,), preserved=()))
    assert report.all_proven
    assert "pictures-destroyed" in together(report)


def test_a_certificate_of_another_key_is_contradicted(change: Callable[..., Path]) -> None:
    bundle = bytes.fromhex(readers.FACTS["bundle"]["hash"])
    path = change(key=bytes(16), origin=bytes(16), bundles=(bundle,), preserved=())
    report = look("attempt.bundle", path)
    assert "deletion-contradicted" in together(report)
    assert not report.all_proven


def test_a_certificate_says_what_lies_under_another_key(change: Callable[..., Path]) -> None:
    path = change(elsewhere=(bytes(32), b"\1" * 32))
    assert codes(look(path)) == ["deletion-signed", "deletion-elsewhere"]


def test_another_preservation_is_not_the_one_certified(change: Callable[..., Path]) -> None:
    report = look("kept.preservation", change(preserved=()))
    assert "preservation-other" in together(report)
    assert not report.all_proven


def test_a_lifting_must_lift_a_hold(tmp_path: Path) -> None:
    lifting = read_entry((VECTORS / "2.lifting").read_bytes(), readers.trust())
    path = tmp_path / "5.lifting"
    other = msgspec.structs.replace(lifting, number=5, hold=2)  # type: ignore[type-var]
    path.write_bytes(sign_entry(other, ROOTS))
    report = look("2.lifting", path)
    assert "lifting-other" in together(report)


def test_a_move_of_which_nothing_came_is_noted(tmp_path: Path) -> None:
    moved = Transfer(
        readers.BLIND_ID, bytes(16), readers.signing("station 3").key_id, ("Ana", "Bo"), 1
    )
    path = tmp_path / "unused.transfer"
    path.write_bytes(sign_transfer(moved, readers.signing("hall")))
    report = look("attempt.bundle", "station-3.enrolment", path)
    assert "transfer-unused" in together(report)


def test_pictures_under_another_key_than_the_grants_are_told(tmp_path: Path) -> None:
    from exam_packages.sealing.grant import GRANT_KIND, read_grant
    from exam_packages.sealing.signed import sign

    grant = read_grant((VECTORS / "centre.grant").read_bytes(), readers.trust(), now_s=None)
    other = readers.sealing("evidence key, preserved").public.raw
    path = tmp_path / "other.grant"
    from exam_packages import canon

    changed = canon.pack(msgspec.structs.replace(grant, evidence=other))
    path.write_bytes(sign(GRANT_KIND, changed, [readers.signing("packager")]))
    report = look("attempt.bundle", path)
    assert "evidence-key-other" in together(report)
    assert not report.all_proven
