"""The packager's desk over the sample exam: draw, seal, grant, and open again."""

from __future__ import annotations

from pathlib import Path

import pytest

from exam_packages import packaging
from exam_packages.body import Body, BodyError
from exam_packages.clock import SECOND, SystemClock
from exam_packages.content.paper import PAPER_BLOB
from exam_packages.content.reading import read_item, read_paper
from exam_packages.errors import ExamError
from exam_packages.formats.qti.reader import read_test
from exam_packages.forms import draw
from exam_packages.packaging import PackagingError, Sitting
from exam_packages.samples import FOOD_SAFETY
from exam_packages.sealing.grant import WrongRelease, read_grant
from exam_packages.sealing.package import Package
from exam_packages.sealing.release import read_code, release_secret
from provisioning.authority import enrol, found_body
from provisioning.homes import install, new_station
from provisioning.station_home import StationHome

CLOCK = SystemClock()
NOW_S = CLOCK.wall_ns() // SECOND
SITTING = Sitting(NOW_S - 60, NOW_S + 3600, NOW_S - 60, NOW_S + 3600)
SLOT = "2026-11-23/A"


@pytest.fixture
def body(tmp_path: Path) -> Body:
    found_body(tmp_path / "body", "Board", CLOCK)
    return Body(tmp_path / "body")


def _station(body: Body, name: str, centre: str) -> StationHome:
    home = body.directory.parent / f"{centre}-{name}"
    request = new_station(home, name, centre, "https://127.0.0.1:1", camera="none")
    station = StationHome.load(home)
    install(station, enrol(body, request, CLOCK)[1], CLOCK, pinned=body.trust().digest)
    return station


def _sealed(body: Body, seed: bytes = b"seed") -> tuple[str, Path]:
    form = packaging.import_exam(body, FOOD_SAFETY, seed).paper.form
    path = body.directory / f"{form}.package"
    packaging.seal_form(body, form, path, SITTING)
    return form, path


def test_the_package_holds_the_drawn_form_and_no_key_of_it(body: Body) -> None:
    drawn = draw(read_test(FOOD_SAFETY), b"seed")
    form, path = _sealed(body)
    assert form == drawn.paper.form
    secret = packaging.read_paper_key(body.form_directory(form) / "paper.key")
    with Package.open(path, body.trust(), now_s=NOW_S) as package:
        package.check()
        part = package.paper(secret.key)
        assert part.names()[0] == PAPER_BLOB
        assert read_paper(part.read(PAPER_BLOB)) == drawn.paper
        for name, item in drawn.items.items():
            assert read_item(part.read(f"item/{name}")) == item
        assert {part.media_type(f"media/{name}") for name in drawn.media} == {"image/png"}
        assert not [name for name in part.names() if "key" in name.rpartition("/")[2]]
        assert read_paper(package.practice().read(PAPER_BLOB)).references()
    assert body.answer_key(form) == drawn.key


def test_a_form_is_sealed_once(body: Body) -> None:
    form, path = _sealed(body)
    with pytest.raises(PackagingError, match="sealed already"):
        packaging.seal_form(body, form, path.with_suffix(".second"), SITTING)
    assert not path.with_suffix(".second").exists()


def test_an_unknown_form_is_one_sentence(body: Body) -> None:
    with pytest.raises(BodyError, match="package import"):
        packaging.seal_form(body, "nothing", body.directory / "x", SITTING)
    with pytest.raises(BodyError, match="cannot be the name"):
        packaging.seal_form(body, "../../etc", body.directory / "x", SITTING)


@pytest.mark.parametrize("people", [1, 2])
def test_a_grant_opens_with_every_code_on_its_machines_only(body: Body, people: int) -> None:
    here, other = _station(body, "s1", "C1"), _station(body, "s1", "C2")
    form, path = _sealed(body)
    granted = packaging.grant_package(body, path, "C1", SLOT, CLOCK, people=people)
    assert granted.stations == ("s1",)
    assert len(granted.codes) == people
    grant = read_grant(granted.data, body.trust(), now_s=NOW_S)
    assert grant.has(here.enrolment().key_id)
    assert not grant.has(other.enrolment().key_id)
    codes = [
        read_code(code, grant.package_hash, SLOT, number)
        for number, code in enumerate(granted.codes, 1)
    ]
    secret = release_secret(codes, grant.package_hash, SLOT, grant.release_id)
    key = grant.open(here.sealing_key(), secret)
    assert key == packaging.read_paper_key(body.form_directory(form) / "paper.key").key
    with pytest.raises(ExamError):
        grant.open(other.sealing_key(), secret)
    if people == 2:
        half = release_secret(codes[:1], grant.package_hash, SLOT, grant.release_id)
        with pytest.raises(WrongRelease):
            grant.open(here.sealing_key(), half)


def test_a_centre_without_stations_gets_no_grant(body: Body) -> None:
    _station(body, "s1", "C1")
    _, path = _sealed(body)
    with pytest.raises(PackagingError, match="enrol"):
        packaging.grant_package(body, path, "C2", SLOT, CLOCK, people=1)


def test_an_exam_without_blueprint_is_refused(body: Body, tmp_path: Path) -> None:
    import shutil

    source = tmp_path / "source"
    shutil.copytree(FOOD_SAFETY, source)
    (source / "blueprint.toml").unlink()
    with pytest.raises(ExamError):
        packaging.import_exam(body, source, b"seed")
    assert not (body.directory / "forms").exists()


def test_a_form_that_breaks_its_blueprint_is_refused(body: Body, tmp_path: Path) -> None:
    import shutil

    source = tmp_path / "source"
    shutil.copytree(FOOD_SAFETY, source)
    path = source / "blueprint.toml"
    path.write_text(path.read_text().replace("cut_score = ", "cut_score = 9"))
    with pytest.raises(PackagingError, match="cut score"):
        packaging.import_exam(body, source, b"seed")
    assert not (body.directory / "forms").exists()
