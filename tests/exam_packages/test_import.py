"""`exam-kiosk package import`: a bank in, what became of each item out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_packages.cli import package
from exam_packages.clock import SystemClock
from exam_packages.errors import ExamError
from exam_packages.formats.banks import read_bank
from exam_packages.formats.errors import FormatError
from exam_packages.formats.report import Verdict
from exam_packages.samples import FOOD_SAFETY
from provisioning.authority import found_body


def run(*arguments: object) -> str:
    done = CliRunner().invoke(package, [str(each) for each in arguments])
    if isinstance(done.exception, ExamError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def bank(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    shutil.copytree(FOOD_SAFETY, folder)
    (folder / "items" / "broken.xml").write_text("<qti-assessment-item>")
    item = folder / "items" / "practice-choice.xml"
    item.write_text(item.read_text().replace("<qti-item-body>", '<qti-item-body dir="ltr">'))
    return folder


def test_a_bank_is_told_in_the_terminal_as_a_page_and_as_json(tmp_path: Path) -> None:
    folder = bank(tmp_path)
    page, listing = tmp_path / "report.html", tmp_path / "report.json"
    said = run("import", folder, "--report", page, "--json", listing)
    assert "items/broken.xml: refused" in said
    assert "practice-choice: taken with a change" in said
    assert "QTI 3.0: 31 items: 29 taken, 1 taken with a change, 1 refused." in said
    assert said.endswith("3 tests: 3 taken.\n")
    assert "items/broken.xml" in page.read_text(encoding="utf-8")
    assert json.loads(listing.read_bytes())["counts"]["refused"] == 1


def test_with_a_body_it_also_draws_a_form(tmp_path: Path) -> None:
    found_body(tmp_path / "body", "Board", SystemClock())
    said = run("import", FOOD_SAFETY, "--body", tmp_path / "body", "--seed", "s")
    form = said.split()[-1]
    assert (tmp_path / "body" / "forms" / form / "answer.key").is_file()
    with_report = run(
        *("import", FOOD_SAFETY, "--body", tmp_path / "body", "--seed", "s"),
        *("--report", tmp_path / "report.html"),
    )
    assert with_report.split()[-1] == form
    assert "30 taken." in with_report


def test_what_is_no_bank_is_said(tmp_path: Path) -> None:
    (tmp_path / "letter.xml").write_text("<letter/>")
    with pytest.raises(FormatError, match=r"letter\.xml is no bank"):
        run("import", tmp_path / "letter.xml")
    with pytest.raises(FormatError, match="cannot be read"):
        run("import", tmp_path / "nothing")


def test_one_item_file_is_a_bank(tmp_path: Path) -> None:
    shutil.copy(FOOD_SAFETY / "items" / "practice-choice.xml", tmp_path / "one.xml")
    (reading,) = read_bank(tmp_path / "one.xml").readings
    assert reading.verdict is Verdict.TAKEN


def test_of_several_tests_none_is_exported_unless_a_blueprint_names_one(tmp_path: Path) -> None:
    folder = tmp_path / "bank"
    shutil.copytree(FOOD_SAFETY, folder)
    run("export", folder, "--out", tmp_path / "whole")
    assert len(read_bank(tmp_path / "whole").tests) == 3  # with the practice test and the survey
    (folder / "blueprint.toml").unlink()
    said = run("export", folder, "--out", tmp_path / "items")
    assert "The bank has 3 tests, and no blueprint.toml names one" in said
    assert "30 of 30 questions are in" in said
    (test,) = read_bank(tmp_path / "items").tests
    assert len(list(test.references())) == 30
