"""The packager corrects an item of an exam that is being sat, from the command line."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exam_packages import packaging
from exam_packages.body import Body
from exam_packages.cli import package as package_cli
from exam_packages.clock import SECOND, SystemClock
from exam_packages.packaging import Sitting
from exam_packages.samples import FOOD_SAFETY
from exam_packages.sealing.correction import read_correction
from exam_packages.sealing.package import Package
from exam_packages.verify.findings import Standing
from exam_packages.verify.verify import verify
from provisioning.authority import found_body

CLOCK = SystemClock()


@cache
def now_s() -> int:
    """Unix seconds when the first test here runs, which may be long after it was read."""
    return CLOCK.wall_ns() // SECOND


def _sealed(directory: Path, opens_s: int) -> tuple[Body, str]:
    body = Body(directory / "body")
    found_body(body.directory, "Board", CLOCK)
    form = packaging.import_exam(body, FOOD_SAFETY, b"seed")
    sitting = Sitting(opens_s, opens_s + 3600, opens_s, opens_s + 3600)
    packaging.seal_form(body, form.paper.form, directory / "exam.package", sitting)
    return body, form.paper.references()[0].identifier


def _run(directory: Path, item: str, text: str) -> Result:
    arguments = ["correct", directory / "exam.package", "--body", directory / "body"]
    named = ["--item", item, "--text", text, "--out", directory / "out.correction"]
    return CliRunner().invoke(package_cli, [str(each) for each in (*arguments, *named)])


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Body, str]:
    directory = tmp_path_factory.mktemp("sealed")
    return directory, *_sealed(directory, now_s() - 60)


def test_an_item_is_corrected_and_anyone_can_verify_it(sealed: tuple[Path, Body, str]) -> None:
    directory, body, item = sealed
    done = _run(directory, item, "  Choice B must read\n5 °C. ")
    assert done.exit_code == 0, done.output
    said = read_correction((directory / "out.correction").read_bytes(), body.trust())
    assert (said.item, said.text) == (item, "Choice B must read 5 °C.")
    with Package.open(directory / "exam.package", body.trust(), now_s=now_s()) as package:
        assert said.package_hash == package.package_hash
    report = verify([directory / "out.correction"], body.trust(), now_s=now_s())
    (subject,) = report.subjects
    assert [each.code for each in subject.findings] == ["correction-signed"]
    assert subject.facts["text"] == "Choice B must read 5 °C."


def test_a_changed_correction_is_told(sealed: tuple[Path, Body, str], tmp_path: Path) -> None:
    directory, body, item = sealed
    _run(directory, item, "Choice B must read 5 °C.")
    data = (directory / "out.correction").read_bytes().replace(b" 5 ", b" 9 ")
    (tmp_path / "changed").write_bytes(data)
    report = verify([tmp_path / "changed"], body.trust(), now_s=now_s())
    (subject,) = report.subjects
    assert [each.standing for each in subject.findings] == [Standing.NOT_PROVEN]


@pytest.mark.parametrize(
    ("item", "text", "words"),
    [
        ("nowhere", "Text.", "no item “nowhere”"),
        ("", "x" * 501, "not valid"),
        ("", " ", "not valid"),
    ],
)
def test_what_is_none_is_refused(
    sealed: tuple[Path, Body, str], item: str, text: str, words: str
) -> None:
    directory, _, first = sealed
    done = _run(directory, item or first, text)
    assert done.exit_code == 1
    assert words in str(done.exception)


def test_before_the_exam_may_be_opened_nothing_is_said_about_it(tmp_path: Path) -> None:
    _, item = _sealed(tmp_path, now_s() + 36_000)
    done = _run(tmp_path, item, "Choice B must read 5 °C.")
    assert "may not be opened yet" in str(done.exception)
    assert not (tmp_path / "out.correction").exists()
