"""From the readiness sheet to the signed report: one sitting at a real hall, by its commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from click.testing import CliRunner

from exam_packages.sealing.sitting_record import (
    SittingRecordError,
    open_record,
    read_record,
    seal_record,
)
from exam_packages.sealing.trust import REGISTRAR, SCORING, read_enrolment
from exam_packages.verify.verify import verify
from sync.hall.desk import DeskError
from sync.intake.cli import intake as intake_cli
from sync.intake.home import IntakeHome
from sync.stick import NAME

from .conftest import CLOCK, Hall, Site, Station, run_cli
from .test_cli import refused


def act(hall: Hall, *arguments: object, name: str = "chief") -> tuple[object, ...]:
    password = hall.home.directory / "password"
    return (
        "act", hall.home.directory, "--operator", name, "--password-file", password,
        "--port", hall.ports["console"], *arguments,
    )  # fmt: skip


def test_a_sitting_from_its_readiness_to_its_signed_report(
    hall: Hall, site: Site, station: Callable[..., Station], tmp_path: Path
) -> None:
    # Before: the sheet is red, and what cannot be put right is waived by name.
    assert "✗ Spare station" in refused(*act(hall, "readiness"))
    with pytest.raises(DeskError, match="Only the chief"), hall.desk("invigilator") as desk:
        desk.act("waive", point="standby", why="none here")
    assert "is waived by chief" in run_cli(
        *act(hall, "waive", "standby", "--why", "A second machine stands ready.")
    )
    with pytest.raises(DeskError, match="not red"), hall.desk() as desk:
        desk.act("waive", point="keys", why="why not")
    with hall.desk() as desk:
        (sheet,) = desk.look("/readiness")
    states = {point["name"]: point["state"] for point in sheet["points"]}
    assert states["standby"] == "waived" and states["papers"] == states["stations"] == "red"
    assert "keepers" not in states  # no station here keeps records of others
    assert states["keys"] == states["disk"] == states["certificates"] == states["clock"] == "good"

    before = tmp_path / "before"
    assert "files written" in run_cli(*act(hall, "papers", "--out", before))
    names = {path.name for path in before.iterdir()}
    assert {"register.pdf", "evacuation.html", "slips.pdf", "cards.pdf", "report.pdf"} <= names
    assert "sitting.record" not in names
    assert "DRAFT" in (before / "report.html").read_text()
    register = pypdfium2.PdfDocument(before / "register.pdf")
    words = "".join(page.get_textpage().get_text_range() for page in register)
    assert "Candidate 11" in words and "Signature" in words
    with hall.desk() as desk:
        (sheet,) = desk.look("/readiness")
    assert {"papers": "good"}.items() <= {p["name"]: p["state"] for p in sheet["points"]}.items()

    # The sitting: a release that warns, one hand-in, one note, everybody else absent.
    run_cli(*act(hall, "release", site.codes[0], name="invigilator"))
    assert "red on the readiness sheet: " in run_cli(*act(hall, "release", site.codes[1]))
    seat = station().begin("code-0002")
    with hall.desk() as desk:
        desk.act("admit", candidate="c-2", reason="routine.identity")
        desk.act("add-time", candidate="c-2", minutes="7", reason="hall.noise", comment="drill")
    seat.tick()
    seat.tick()
    seat.client.hand_in(seat.manifest())
    run_cli(*act(hall, "note", "--kind", "conditions", "--words", "21 degrees, quiet."))
    with hall.desk("invigilator") as desk:
        desk.act(
            "suspect",
            candidate="c-2",
            statement="Spoke to a neighbour.",
            reason="candidate.conduct",
        )
    run_cli(*act(hall, "absent"))
    with pytest.raises(DeskError, match="once the sitting is closed"), hall.desk() as desk:
        desk.act("sign-report", sitting="1")
    run_cli(*act(hall, "close"))

    # After: two people sign; what was on paper is typed in.
    assert "second person" in run_cli(*act(hall, "sign-report", name="invigilator"))
    assert "already" in refused(*act(hall, "sign-report", name="invigilator"))
    assert run_cli(*act(hall, "sign-report")) == "Signed.\n"
    transcribed = run_cli(
        *act(hall, "note", "--kind", "incident", "--words", "Fire bell, two minutes."),
        "--paper", "evacuation roll", "--writer", "P. Rocha",
    )  # fmt: skip
    assert "marked transcribed" in transcribed

    after = tmp_path / "after"
    run_cli(*act(hall, "papers", "--out", after))
    plain = json.loads((after / "report.json").read_text())
    assert plain["acts"][-1]["act"] == "close"
    assert plain["number"] == 4  # closed, two signatures, one transcription
    line = next(each for each in plain["lines"] if each["candidate"] == "c-2")
    assert (line["outcome_words"], line["verdict_words"]) == (
        "Suspected misconduct", "Hold the result",
    )  # fmt: skip
    assert (line["given_s"], line["extra_s"]) == (420, 600)
    assert [person["name"] for person in plain["signers"]] == ["invigilator", "chief"]
    assert [note["transcribed"] for note in plain["notes"]] == [False, True]
    assert plain["waivers"][0]["point"] == "standby"
    assert sum(each["outcome_words"] == "Absent" for each in plain["lines"]) == 11
    assert "DRAFT" not in (after / "report.html").read_text()

    # Anyone with the hall's enrolment verifies it; the scoring desk cannot open what travels.
    signed = (after / "sitting.record").read_bytes()
    machine = read_enrolment((after / "hall.enrolment").read_bytes(), site.body.trust(), now_s=None)
    assert read_record(signed, machine.verify_key).number == 4
    sealed = seal_record(signed, hall.home.signing_key(), site.body.trust().opening(REGISTRAR))
    opened = open_record(sealed, machine.verify_key, site.body.opening_key(REGISTRAR))
    assert opened.lines == read_record(signed, machine.verify_key).lines
    with pytest.raises(SittingRecordError, match="does not open"):
        open_record(sealed, machine.verify_key, site.body.opening_key(SCORING))
    (after / "sealed.record").write_bytes(sealed)
    report = verify(
        [after / "sitting.record", after / "sealed.record", after / "hall.enrolment"],
        site.body.trust(),
        now_s=CLOCK.wall_ns() // 1_000_000_000,
    )
    found = {each.code for subject in report.subjects for each in subject.findings}
    assert {"sitting-record-signed", "sealed-record-signed", "sitting-record-people"} <= found
    assert [each.code for each in report.relations] == ["sealed-record-of"]
    # Without a network it goes by stick, with what was deleted; the body's word comes back.
    stick = tmp_path / "stick"
    stick.mkdir()
    assert "1 exams" in run_cli("export", hall.home.directory, stick)
    intake = IntakeHome.create(tmp_path / "intake", site.body, "127.0.0.1", 0, ["127.0.0.1"])
    brought = CliRunner().invoke(intake_cli, ["import", str(intake.directory), str(stick)])
    assert brought.exit_code == 0, brought.output
    with intake.storage() as storage:
        counts = storage.counts()
    assert (counts["records"], counts["erasures"]) == (4, 1)
    said = run_cli("receipts", hall.home.directory, stick)
    assert "1 receipts taken" in said
    assert "5 statements, records and reports have arrived" in said
    again = tmp_path / "again"
    again.mkdir()
    run_cli("export", hall.home.directory, again)
    assert not (again / NAME / "records").exists() and not (again / NAME / "erasures").exists()

    broken = bytearray(signed)
    broken[-1] ^= 1
    (after / "sitting.record").write_bytes(bytes(broken))
    report = verify(
        [after / "sitting.record", after / "hall.enrolment"], site.body.trust(), now_s=0
    )
    assert "sitting-record-not-signed" in {
        each.code for subject in report.subjects for each in subject.findings
    }
