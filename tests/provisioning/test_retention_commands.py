"""Holding, destroying and looking at pictures by the real commands, with real passphrases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from centre import CLOCK, PACKAGE, Centre
from click.testing import CliRunner
from desk_of_integrity import PICTURES, Desk, evidence_key

from exam_packages.body import Body
from exam_packages.errors import ExamError
from exam_packages.passphrases import Passphrases
from exam_packages.verify.cli import verify
from provisioning.authority import found_body
from provisioning.cli import body as body_cli


@pytest.fixture
def phrase(tmp_path: Path) -> Path:
    path = tmp_path / "phrase"
    path.touch(mode=0o600)
    path.write_text("seven quiet otters\n")
    return path


@pytest.fixture
def desk(tmp_path: Path, phrase: Path) -> Desk:
    """A body whose keys lie under a passphrase; three attempts, of two pictures each."""
    body = Body(tmp_path / "body", Passphrases([phrase]))
    found_body(body.directory, "Board", CLOCK, body.passphrases)
    centre = Centre.found(tmp_path, body=body)
    centre = replace(centre, evidence=evidence_key(body, PACKAGE))
    handed = tuple(
        centre.hand_in(tmp_path / f"attempt-{number}", pictures=PICTURES) for number in range(3)
    )
    desk = Desk(tmp_path, centre, handed)
    desk.write()
    return desk


def run(phrase: Path, *arguments: str | Path) -> str:
    words = [str(each) for each in arguments]
    if words[:2] != ["retention", "list"]:
        words += ["--passphrase-file", str(phrase)]
    result = CliRunner().invoke(body_cli, words)
    if result.exception is not None:
        raise result.exception
    return result.output


def test_the_life_of_a_sittings_pictures(desk: Desk, phrase: Path, tmp_path: Path) -> None:
    body, key = desk.body.directory, desk.key.hex()
    said = ("--reason", "file 17", "--by", "Zoë")
    assert f"{key}  2026-11-23/A, Lisbon: DUE since" in run(phrase, "retention", "list", body)
    attempt = desk.attempts[1].blind_id.hex()
    held = run(
        phrase, "retention", "hold", body, "--cause", "appeal", "--key", key,
        "--attempt", attempt, *said,
    )  # fmt: skip
    assert f"held: attempt {attempt} of {key}; appeal, file 17 (Zoë)" in held
    assert f"held by entry 1: attempt {attempt}" in run(phrase, "retention", "list", body)

    certificate = tmp_path / "out" / "1.deletion"
    answers = ("--answers", tmp_path / "answers")
    done = run(phrase, "retention", "destroy", body, key, *answers, "--out", certificate)
    assert f"destroyed: {key}, 2026-11-23/A, Lisbon: 4 pictures of 2 attempts" in done
    assert "1 attempts are kept: " in done
    kept = done.partition("are kept: ")[2][:32]

    looked = run(phrase, "pictures", body, desk.bundle(1), "--out", tmp_path / "panel")
    assert f"Opened {PICTURES} pictures" in looked
    assert len(list((tmp_path / "panel").iterdir())) == PICTURES
    with pytest.raises(ExamError, match="do not open any more"):
        run(phrase, "pictures", body, desk.bundle(0), "--out", tmp_path / "none")
    assert not (tmp_path / "none").exists()

    trust = ("--trust", str(body / "trust" / "root.trust"))
    seen = CliRunner().invoke(verify, [str(certificate), str(desk.bundle(0)), *trust])
    assert "certifies that no key opens the pictures" in " ".join(seen.output.split())
    assert seen.exit_code == 0

    assert "lifted: entry 1" in run(phrase, "retention", "lift", body, "1", *said)
    second = tmp_path / "out" / "2.deletion"
    assert "2 pictures of 1 attempts" in run(
        phrase, "retention", "destroy", body, kept, "--out", second
    )
    listed = run(phrase, "retention", "list", body).splitlines()
    assert [line.split()[2].rstrip(":") for line in listed] == [
        "held",
        "destroyed",
        "lifted",
        "destroyed",
    ]


def test_what_cannot_be_meant_is_refused(desk: Desk, phrase: Path, tmp_path: Path) -> None:
    body = desk.body.directory
    said = ("--reason", "-", "--by", "Zoë")
    with pytest.raises(ExamError, match="32 hexadecimal digits"):
        run(phrase, "retention", "hold", body, "--cause", "appeal", "--key", "xyz", *said)
    with pytest.raises(ExamError, match="name both"):
        run(phrase, "retention", "hold", body, "--cause", "appeal", "--attempt", "0" * 32, *said)
    with pytest.raises(ExamError, match="no evidence key"):
        run(phrase, "retention", "destroy", body, "0" * 32, "--out", tmp_path / "x")
    (tmp_path / "panel").mkdir()
    with pytest.raises(ExamError, match="there already"):
        run(phrase, "pictures", body, desk.bundle(0), "--out", tmp_path / "panel")


def test_without_the_passphrase_nothing_is_held_or_destroyed(desk: Desk, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch(mode=0o600)
    other.write_text("eight loud badgers\n")
    with pytest.raises(ExamError, match="does not open"):
        run(other, "retention", "destroy", desk.body.directory, desk.key.hex(), "--answers",
            tmp_path / "answers", "--out", tmp_path / "x")  # fmt: skip
    assert desk.pictures(0) == PICTURES
