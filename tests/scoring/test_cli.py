"""From handed-in bundles to a report, by the commands people use."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from centre import write_parts
from click.testing import CliRunner, Result

from scoring.cli import score


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(score, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_batch_is_scored_blind(exam, attempts: Iterator[Path], tmp_path: Path) -> None:
    perfect = list(exam.perfect(essay="Found at 12 °C.").items())
    options = {"package_hash": exam.package_hash, "candidate": "Ada Example"}
    bundles = [exam.centre.hand_in(next(attempts), perfect, **options)]
    bundles += [exam.centre.hand_in(next(attempts), perfect[:3], **options) for _ in range(2)]
    answers, out, body = tmp_path / "in", tmp_path / "out", exam.centre.body.directory
    write_parts(answers, bundles)
    result = run(answers, "--body", body, "--out", out, "--workers", 1)
    assert result.exit_code == 0, result.output
    name = exam.form.key.form
    results = json.loads((out / name / "results.json").read_text())
    assert results["standings"] == {"reaches": 1, "below": 2, "open": 0, "held": 0}
    assert len({each["attempt"] for each in results["attempts"]}) == 3
    written = {path: path.read_text() for path in (out / name).iterdir()}
    for path, text in written.items():
        assert str(path) in result.output
        assert "Ada Example" not in text
        for handed in bundles:
            assert handed.blind_id.hex() not in text
    for secret in (out / "batch.key", out / name / "answers.json", out / name / "marking.json"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    # A second batch needs a place of its own: its ids are others.
    with pytest.raises(Exception, match="not overwritten"):
        run(answers, "--body", body, "--out", out, "--workers", 1)


def test_attempts_of_an_unknown_package_and_an_empty_directory_are_said_so(
    exam, attempts: Iterator[Path], tmp_path: Path
) -> None:
    body = exam.centre.body.directory
    with pytest.raises(Exception, match="There are no answers in"):
        run(tmp_path, "--body", body, "--out", tmp_path / "out")
    write_parts(tmp_path / "in", [exam.centre.hand_in(next(attempts))])
    with pytest.raises(Exception, match=r"No form in .* was sealed as the package"):
        run(tmp_path / "in", "--body", body, "--out", tmp_path / "out", "--workers", 1)


def test_a_bundle_that_does_not_open_ends_the_command_badly(
    exam, attempts: Iterator[Path], tmp_path: Path
) -> None:
    good = exam.centre.hand_in(next(attempts), package_hash=exam.package_hash, answers=())
    (path,) = write_parts(tmp_path / "in", [good])
    (tmp_path / "in" / "bad.answers").write_bytes(path.read_bytes()[:-1])
    result = run(
        tmp_path / "in", "--body", exam.centre.body.directory, "--out", tmp_path / "out",
        "--workers", 1,
    )  # fmt: skip
    assert result.exit_code == 1
    assert "1 bundles could not be opened" in result.output
    assert "bad.answers: This bundle is incomplete" in result.output
