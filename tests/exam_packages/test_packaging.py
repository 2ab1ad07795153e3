"""The packager's desk over the sample exam: draw, check, seal, and open again."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from exam_packages import packaging
from exam_packages.body import Body, BodyError
from exam_packages.cli import package as package_cli
from exam_packages.clock import SECOND, SystemClock
from exam_packages.content.paper import PAPER_BLOB
from exam_packages.content.reading import read_item, read_paper, read_survey
from exam_packages.content.survey import SURVEY_BLOB, SURVEY_KEY_BLOB
from exam_packages.errors import ExamError
from exam_packages.formats.qti.reader import read_test
from exam_packages.forms import FormsError, draw
from exam_packages.packaging import PackagingError, Sitting
from exam_packages.samples import FOOD_SAFETY
from exam_packages.sealing.package import Package, read_paper_key
from exam_packages.sealing.suite import SealingPublic
from exam_packages.sealing.survey import SURVEY_KEY_ROLE
from exam_packages.sealing.trust_root import OPENING_ROLES
from provisioning.authority import found_body

CLOCK = SystemClock()


@cache
def now_s() -> int:
    """Unix seconds when the first test here runs, which may be long after it was read."""
    return CLOCK.wall_ns() // SECOND


def sitting() -> Sitting:
    return Sitting(now_s() - 60, now_s() + 3600, now_s() - 60, now_s() + 3600)


@pytest.fixture
def body(tmp_path: Path) -> Body:
    found_body(tmp_path / "body", "Board", CLOCK)
    return Body(tmp_path / "body")


def _sealed(body: Body, seed: bytes = b"seed") -> tuple[str, Path]:
    form = packaging.import_exam(body, FOOD_SAFETY, seed).paper.form
    path = body.directory / f"{form}.package"
    packaging.seal_form(body, form, path, sitting())
    return form, path


def test_the_package_holds_the_drawn_form_and_no_key_of_it(body: Body) -> None:
    drawn = draw(read_test(FOOD_SAFETY), b"seed")
    form, path = _sealed(body)
    assert form == drawn.paper.form
    secret = read_paper_key(body.form_directory(form) / "paper.key")
    with Package.open(path, body.trust(), now_s=now_s()) as package:
        package.check()
        part = package.paper(secret.key)
        assert part.names()[0] == PAPER_BLOB
        assert read_paper(part.read(PAPER_BLOB)) == drawn.paper
        for name, item in drawn.items.items():
            assert read_item(part.read(f"item/{name}")) == item
        assert {part.media_type(f"media/{name}") for name in drawn.media} == {"image/png"}
        assert not [name for name in part.names() if "key" in name.rpartition("/")[2]]
        assert read_paper(package.practice().read(PAPER_BLOB)).references()
        assert read_survey(part.read(SURVEY_BLOB)) == drawn.survey
        sealed_to = SealingPublic(part.read(SURVEY_KEY_BLOB))
        assert sealed_to == body.opening_key(SURVEY_KEY_ROLE).public
        assert sealed_to not in {body.opening_key(role).public for role in OPENING_ROLES}
    assert body.answer_key(form) == drawn.key


def test_without_a_key_for_surveys_nothing_is_sealed_or_used_up(body: Body) -> None:
    form = packaging.import_exam(body, FOOD_SAFETY, b"seed").paper.form
    body.survey_public_path.rename(body.directory / "kept")
    with pytest.raises(BodyError, match="body survey-key"):
        packaging.seal_form(body, form, body.directory / "exam.package", sitting())
    (body.directory / "kept").rename(body.survey_public_path)
    packaging.seal_form(body, form, body.directory / "exam.package", sitting())


def _run(*arguments: object) -> str:
    done = CliRunner().invoke(package_cli, [str(each) for each in arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_commands_seal_and_check_a_package_in_volumes(body: Body, tmp_path: Path) -> None:
    form = packaging.import_exam(body, FOOD_SAFETY, b"seed").paper.form
    for name in "ab":  # noise, which no format makes smaller: 750 kB each
        noise = Image.frombytes("RGB", (500, 500), os.urandom(750_000))
        noise.save(body.form_directory(form) / "paper" / "media" / f"{name}.png")
    out, root = tmp_path / "exam.package", body.directory / "trust" / "root.trust"
    times = [datetime.fromtimestamp(now_s() + hour * 3600, UTC).isoformat() for hour in (1, 2)]
    sealing = ("seal", form, "--body", body.directory, "--from", times[0], "--to", times[1])
    said = _run(*sealing, "--out", out, "--volume-size", 1)
    assert "These 3 files are one package: keep them together." in said
    for path in (out, *(tmp_path / f"exam.package.{number}" for number in (2, 3))):
        assert f"({path.stat().st_size} bytes): {path}" in said
        assert path.stat().st_size <= 1024 * 1024
    assert "Sound: “Food-safety inspector" in _run("check", out, "--trust", root)
    (tmp_path / "exam.package.2").rename(tmp_path / "elsewhere")
    with pytest.raises(ExamError, match=r"Volume 2 of 3 is missing: copy exam\.package\.2 beside"):
        CliRunner().invoke(
            package_cli, ["check", str(out), "--trust", str(root)], catch_exceptions=False
        )


def test_a_form_is_sealed_once(body: Body) -> None:
    form, path = _sealed(body)
    with pytest.raises(PackagingError, match="sealed already"):
        packaging.seal_form(body, form, path.with_suffix(".second"), sitting())
    assert not path.with_suffix(".second").exists()


def test_an_unknown_form_is_one_sentence(body: Body) -> None:
    with pytest.raises(BodyError, match="package draw"):
        packaging.seal_form(body, "nothing", body.directory / "x", sitting())
    with pytest.raises(BodyError, match="cannot be the name"):
        packaging.seal_form(body, "../../etc", body.directory / "x", sitting())


def test_a_form_is_known_by_its_paper_and_not_by_its_name(body: Body) -> None:
    form, path = _sealed(body)
    copied = shutil.copytree(body.form_directory(form), body.form_directory("renamed"))
    (copied / "paper.key").unlink()
    later = Sitting(now_s() + 90_000, now_s() + 93_600, now_s() + 90_000, now_s() + 93_600)
    other = path.with_suffix(".other")
    with pytest.raises(PackagingError, match=rf"as “{form}”.* one window only") as refused:
        packaging.seal_form(body, "renamed", other, later)
    assert "could open it for those who sit later" in str(refused.value)
    assert not other.exists()


def test_a_practice_part_may_be_used_again(body: Body) -> None:
    form, _ = _sealed(body)
    again = packaging.import_exam(body, FOOD_SAFETY, b"another seed").paper.form
    practice, used = (body.form_directory(name) / "practice" for name in (again, form))
    shutil.rmtree(practice)
    shutil.copytree(used, practice)
    packaging.seal_form(body, again, body.directory / "again.package", sitting())
    with Package.open(body.directory / "again.package", body.trust(), now_s=now_s()) as package:
        assert package.practice().names()


def test_a_form_whose_sealing_broke_off_is_not_sealed_again(body: Body) -> None:
    form, path = _sealed(body)
    shutil.rmtree(body.register)
    with pytest.raises(PackagingError, match="sealed already"):
        packaging.seal_form(body, form, path.with_suffix(".second"), sitting())
    assert not path.with_suffix(".second").exists()


def test_an_exam_without_blueprint_is_refused(body: Body, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(FOOD_SAFETY, source)
    (source / "blueprint.toml").unlink()
    with pytest.raises(ExamError):
        packaging.import_exam(body, source, b"seed")
    assert not (body.directory / "forms").exists()


def test_a_form_that_breaks_its_blueprint_is_refused(body: Body, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(FOOD_SAFETY, source)
    path = source / "blueprint.toml"
    path.write_text(path.read_text().replace("cut_score = ", "cut_score = 9"))
    with pytest.raises(FormsError, match="cut score"):
        packaging.import_exam(body, source, b"seed")
    assert not (body.directory / "forms").exists()
