"""Admission letters, from the roster to what a camera reads off the paper."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
from click.testing import CliRunner, Result

from exam_packages.attempt.preferences import NOTHING
from exam_packages.sealing.codes import ALPHABET
from sync.hall.letters import spelled
from sync.hall.roster import Profile, normalised, read_roster
from sync.hall.roster_cli import hall

ROSTER = """candidate,name,code,extra_minutes,language,extra_factor,tools,profile
C-1,Zoë Müller,,15,fr,,,
C-2,王小明,ab12 cd34 ef,,zh_CN,1.25,,
C-3,Ada,,,,,calculator glossary,ada.xml
"""
PROFILE = """<access-for-all-pnp><high-contrast/><sign-language/>
<additional-testing-time><fixed-minutes>7.5</fixed-minutes></additional-testing-time>
</access-for-all-pnp>"""


def _run(home: Path, *arguments: str, roster: str = ROSTER) -> Result:
    (home / "roster.csv").write_text(roster, encoding="utf-8")
    fixed = ["--exam", "Food safety", "--title", "Monday", "--place", "Room 4"]
    out = ["--out", str(home / "letters.pdf")]
    return CliRunner().invoke(hall, ["letters", str(home / "roster.csv"), *out, *fixed, *arguments])


def test_each_candidate_gets_a_page_with_a_code_that_signs_in(tmp_path: Path) -> None:
    (tmp_path / "ada.xml").write_text(PROFILE)
    made = tmp_path / "with-codes.csv"
    done = _run(tmp_path, "--roster-out", str(made), "--profiles", str(tmp_path), "--minutes", "90")
    assert done.exit_code == 0, done.output
    assert "C-3: to be arranged by people: sign-language" in done.output
    written = list(csv.DictReader(made.read_text(encoding="utf-8").splitlines()))
    assert [row["candidate"] for row in written] == ["C-1", "C-2", "C-3"]
    assert written[1]["code"] == "ab12 cd34 ef"  # as it was
    assert len(written[0]["code"]) == 12
    assert {*written[0]["code"]} <= {*ALPHABET}
    assert written[0]["code"] != written[2]["code"]
    document = pypdfium2.PdfDocument(tmp_path / "letters.pdf")
    assert len(document) == 3
    for page, row in zip(document, written, strict=True):
        text = page.get_textpage().get_text_range()
        assert row["name"] in text
        assert row["candidate"] in text
        assert spelled(row["code"]) in text
        pixels = np.asarray(page.render(scale=2).to_pil().convert("L"))
        scanned, *_ = cv2.QRCodeDetector().detectAndDecode(pixels)
        assert normalised(scanned) == normalised(row["code"])
    assert "15 minutes" in document[0].get_textpage().get_text_range()
    assert "23 分钟" in document[1].get_textpage().get_text_range()  # a quarter of 90
    assert "sign-language" in document[2].get_textpage().get_text_range()
    granted = " ".join(document[2].get_textpage().get_text_range().split())
    assert "where the exam lets it be granted: Calculator, Glossary" in granted
    for path in (made, tmp_path / "letters.pdf"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # What was written is a roster that opens a sitting.
    first, *_ = read_roster(made.read_bytes(), lambda _name: Profile(NOTHING), minutes=90)
    assert first.code == normalised(written[0]["code"])


def test_without_codes_nothing_is_printed(tmp_path: Path) -> None:
    done = _run(tmp_path, "--minutes", "90", roster=ROSTER.replace("ada.xml", ""))
    assert done.exit_code == 1
    assert "Line 2 of the roster has a sign-in code of fewer" in str(done.exception)
    assert not (tmp_path / "letters.pdf").exists()


def test_a_profile_is_a_file_of_its_directory_alone(tmp_path: Path) -> None:
    secret = tmp_path / "outside.xml"
    secret.write_text(PROFILE)
    inside = tmp_path / "profiles"
    inside.mkdir()
    for name in ("../outside.xml", str(secret), "..", "none.xml"):
        roster = "candidate,name,code,extra_minutes,profile\n" + f"C-1,Ada,code1234,,{name}\n"
        done = _run(tmp_path, "--profiles", str(inside), roster=roster)
        assert done.exit_code == 1
        assert "The profile" in str(done.exception)


def test_the_bodys_own_rules_take_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "rules.txt").write_text("Bring a pencil.\n\n  Be   kind.\n")
    roster = "candidate,name,code,extra_minutes\nC-1,Ada,code1234,\n"
    done = _run(tmp_path, "--rules", str(tmp_path / "rules.txt"), roster=roster)
    assert done.exit_code == 0, done.output
    text = pypdfium2.PdfDocument(tmp_path / "letters.pdf")[0].get_textpage().get_text_range()
    assert "Bring a pencil." in text
    assert "Be kind." in text
    assert "identity card" not in text
