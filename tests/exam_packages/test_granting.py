"""Grants, issues, late stations and online releases, over the sample exam and a real body."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_packages import packaging, register
from exam_packages.body import Body
from exam_packages.cli import package as package_cli
from exam_packages.clock import SECOND, SystemClock
from exam_packages.errors import ExamError
from exam_packages.granting import Granted, addendum_for, grant_package
from exam_packages.packaging import PackagingError, Sitting
from exam_packages.register import RegisterError
from exam_packages.rehearsal import rehearse
from exam_packages.samples import FOOD_SAFETY
from exam_packages.sealing.addendum import read_addendum
from exam_packages.sealing.grant import Grant, WrongRelease, read_grant
from exam_packages.sealing.keys import read_key_file
from exam_packages.sealing.package import read_paper_key
from exam_packages.sealing.release import (
    read_code,
    release_secret,
)
from provisioning.authority import enrol, found_body
from provisioning.homes import install, new_hall, new_station
from provisioning.station_home import StationHome
from sync.machine import HallMachine

CLOCK = SystemClock()
SLOT = "2026-11-23/A"


@cache
def now_s() -> int:
    """Unix seconds when the first test here runs, which may be long after it was read."""
    return CLOCK.wall_ns() // SECOND


def sitting() -> Sitting:
    return Sitting(now_s() - 60, now_s() + 3600, now_s() - 60, now_s() + 3600)


@dataclass(frozen=True)
class Desk:
    """A body with one sealed form, one centre with a station and a hall."""

    body: Body
    form: str
    package: Path
    here: StationHome
    hall: HallMachine

    @property
    def paper_key(self) -> bytes:
        return read_paper_key(self.body.form_directory(self.form) / "paper.key").key

    def codes(self, name: str, count: int = 1) -> list[Path]:
        return [self.body.directory / f"{name}-{at}.codes" for at in range(1, count + 1)]

    def grant(self, name: str = "codes", count: int = 1, slot: str = SLOT) -> Granted:
        files = self.codes(name, count)
        return grant_package(self.body, self.package, "C1", slot, CLOCK, code_files=files)

    def read(self, granted: Granted) -> Grant:
        return read_grant(granted.data, self.body.trust(), now_s=now_s())

    def secret(self, grant: Grant, files: list[Path]) -> bytes:
        codes = [
            read_code(path.read_text(), grant.package_hash, SLOT, at)
            for at, path in enumerate(files, 1)
        ]
        return release_secret(codes, grant.package_hash, SLOT, grant.release_id)


def _station(body: Body, name: str, centre: str = "C1") -> StationHome:
    home = body.directory.parent / f"{centre}-{name}"
    request = new_station(home, name, centre, "https://127.0.0.1:1", camera="none")
    station = StationHome.load(home)
    install(station, enrol(body, request, CLOCK)[1], CLOCK, pinned=body.trust().digest)
    return station


def _hall(body: Body, name: str, centre: str = "C1") -> HallMachine:
    home = body.directory.parent / f"{centre}-{name}"
    request = new_hall(home, name, centre, "127.0.0.1", "")
    hall = HallMachine.load(home)
    install(hall, enrol(body, request, CLOCK)[1], CLOCK, pinned=body.trust().digest)
    return hall


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A site to copy for each test, and the form that is sealed there."""
    site = tmp_path_factory.mktemp("site")
    body = Body(site / "body")
    found_body(body.directory, "Board", CLOCK)
    form = packaging.import_exam(body, FOOD_SAFETY, b"seed").paper.form
    packaging.seal_form(body, form, body.directory / "exam.package", sitting())
    rehearse(body, CLOCK)
    _station(body, "s1")
    _hall(body, "hall")
    return site, form


@pytest.fixture
def desk(sealed: tuple[Path, str], tmp_path: Path) -> Desk:
    site, form = sealed
    shutil.copytree(site, tmp_path / "site")
    body = Body(tmp_path / "site" / "body")
    station, hall = (body.directory.parent / name for name in ("C1-s1", "C1-hall"))
    return Desk(
        body,
        form,
        body.directory / "exam.package",
        StationHome.load(station),
        HallMachine.load(hall),
    )


# --- Granting --------------------------------------------------------------------


@pytest.mark.parametrize("people", [1, 2])
def test_a_grant_opens_with_every_code_on_its_machines_only(desk: Desk, people: int) -> None:
    other = _station(desk.body, "s1", "C2")
    granted = desk.grant(count=people)
    assert (granted.stations, granted.issue, granted.withdrawn) == (("s1",), 1, ())
    grant, files = desk.read(granted), desk.codes("codes", people)
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    assert grant.has(desk.here.enrolment().key_id)
    assert not grant.has(other.enrolment().key_id)
    secret = desk.secret(grant, files)
    assert grant.open(desk.here.sealing_key(), secret) == desk.paper_key
    with pytest.raises(ExamError):
        grant.open(other.sealing_key(), secret)
    if people == 2:
        with pytest.raises(WrongRelease):
            grant.open(desk.here.sealing_key(), desk.secret(grant, files[:1]))


def test_two_codes_never_share_a_file(desk: Desk) -> None:
    (path,) = desk.codes("one")
    with pytest.raises(PackagingError, match="file of its own"):
        grant_package(desk.body, desk.package, "C1", SLOT, CLOCK, code_files=[path, path])


def test_a_centre_without_stations_gets_no_grant(desk: Desk) -> None:
    with pytest.raises(PackagingError, match="enrol"):
        grant_package(desk.body, desk.package, "C2", SLOT, CLOCK, code_files=desk.codes("c"))


def test_nothing_is_done_when_the_codes_have_nowhere_to_go(desk: Desk) -> None:
    nowhere = [desk.body.directory / "nowhere" / "codes"]
    with pytest.raises(PackagingError, match="no directory"):
        grant_package(desk.body, desk.package, "C1", SLOT, CLOCK, code_files=nowhere)
    assert desk.grant().issue == 1


def test_a_package_has_one_release_moment(desk: Desk) -> None:
    desk.grant()
    with pytest.raises(PackagingError, match="one release moment"):
        desk.grant("later", slot="2026-11-24/A")
    assert not desk.codes("later")[0].exists()


def test_a_package_of_another_desk_is_not_granted(desk: Desk) -> None:
    for path in (desk.body.register / "forms").iterdir():
        path.unlink()
    with pytest.raises(RegisterError, match="not sealed at this desk"):
        desk.grant()


# --- Re-issue --------------------------------------------------------------------


def test_a_new_issue_has_new_secrets_and_withdraws_the_codes_before(desk: Desk) -> None:
    old = desk.grant("old", 2)
    old_grant, old_codes = desk.read(old), desk.codes("old", 2)
    old_secret = desk.secret(old_grant, old_codes)
    new = desk.grant("new", 2)
    grant = desk.read(new)
    assert (new.issue, new.withdrawn, new.astray) == (2, tuple(old_codes), ())
    assert grant.release_id != old_grant.release_id
    for path in old_codes:
        assert path.read_text().startswith("WITHDRAWN: issue 1 of the grant of centre “C1”")
        assert path.stat().st_mode & 0o077 == 0
    secret = desk.secret(grant, desk.codes("new", 2))
    assert grant.open(desk.here.sealing_key(), secret) == desk.paper_key
    with pytest.raises(WrongRelease):
        grant.open(desk.here.sealing_key(), old_secret)
    with pytest.raises(WrongRelease):
        old_grant.open(desk.here.sealing_key(), secret)


def test_codes_that_went_astray_are_named_and_other_files_left_alone(desk: Desk) -> None:
    desk.grant("old", 2)
    gone, changed = desk.codes("old", 2)
    gone.unlink()
    changed.write_text("a shopping list")
    new = desk.grant("new", 2)
    assert (new.withdrawn, new.astray) == ((), (gone, changed))
    assert changed.read_text() == "a shopping list"


def test_a_new_issue_may_write_its_codes_where_the_old_ones_were(desk: Desk) -> None:
    desk.grant()
    new = desk.grant()
    assert (new.issue, new.withdrawn, new.astray) == (2, (), ())
    grant = desk.read(new)
    assert desk.secret(grant, desk.codes("codes"))


def test_issues_of_centres_do_not_touch_each_other(desk: Desk) -> None:
    _station(desk.body, "s1", "C2")
    first = desk.grant()
    files = desk.codes("c2")
    other = grant_package(desk.body, desk.package, "C2", SLOT, CLOCK, code_files=files)
    assert (first.issue, other.issue, other.withdrawn) == (1, 1, ())
    assert not desk.codes("codes")[0].read_text().startswith("WITHDRAWN")


def test_of_two_issues_at_the_same_moment_one_is_refused(desk: Desk) -> None:
    grant = desk.read(desk.grant())
    entry = register.newest_issue(desk.body, grant.package_hash, "C1", SLOT)
    assert entry is not None
    with pytest.raises(RegisterError, match="same moment"):
        register.add_issue(desk.body, entry)
    assert register.newest_issue(desk.body, grant.package_hash, "C1", SLOT) == entry


def test_a_changed_entry_of_the_register_is_not_believed(desk: Desk) -> None:
    desk.grant()
    (path,) = (desk.body.register / "grants").rglob("*.issue")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(RegisterError, match="cannot be believed"):
        desk.grant()


def test_the_register_holds_no_code_and_no_secret(desk: Desk) -> None:
    granted = desk.grant()
    grant, (codes,) = desk.read(granted), desk.codes("codes")
    secret = desk.secret(grant, [codes])
    held = b"".join(path.read_bytes() for path in desk.body.register.rglob("*.*"))
    code = codes.read_text().strip()
    bits = read_code(code, grant.package_hash, SLOT, 1)
    for private in (code.encode(), bits, bits[:12], secret, desk.paper_key):
        assert private not in held


# --- Late stations ---------------------------------------------------------------


def test_a_late_station_needs_no_code_and_no_package_key(desk: Desk) -> None:
    granted = desk.grant()
    grant, codes = desk.read(granted), desk.codes("codes")
    secret = desk.secret(grant, codes)
    late = _station(desk.body, "late")
    (codes[0]).unlink()
    (desk.body.form_directory(desk.form) / "paper.key").rename(desk.body.directory / "away")
    data = addendum_for(desk.body, granted.data, late.enrolment_bytes, CLOCK)
    addendum = read_addendum(data, desk.body.trust())
    (key,) = read_key_file(desk.body.directory / "away", "paper", (32, 32))[1:]
    assert addendum.open(grant, late.sealing_key(), secret) == key


def test_an_addendum_is_for_stations_of_the_centre_that_are_not_named(desk: Desk) -> None:
    granted = desk.grant()
    for machine in (_station(desk.body, "s9", "C2"), desk.hall):
        with pytest.raises(PackagingError, match="no station of centre “C1”"):
            addendum_for(desk.body, granted.data, machine.enrolment_bytes, CLOCK)
    with pytest.raises(ExamError, match="already"):
        addendum_for(desk.body, granted.data, desk.here.enrolment_bytes, CLOCK)


def test_an_old_issue_gets_no_addendum(desk: Desk) -> None:
    old = desk.grant()
    desk.grant()
    late = _station(desk.body, "late")
    with pytest.raises(PackagingError, match=r"Issue 1 .* is withdrawn; take issue 2"):
        addendum_for(desk.body, old.data, late.enrolment_bytes, CLOCK)


# --- Online release --------------------------------------------------------------


# --- The command line ------------------------------------------------------------


def _run(*arguments: object) -> str:
    result = CliRunner().invoke(package_cli, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands_grant_and_name_a_late_station(desk: Desk, tmp_path: Path) -> None:
    grant, addendum = (tmp_path / name for name in ("g", "a"))
    first, second = desk.codes("cli", 2)
    common = ("--body", desk.body.directory)
    granting = ("grant", desk.package, *common, "--centre", "C1", "--slot", SLOT, "--out", grant)
    with pytest.raises(ExamError, match="2 release codes need 2 files"):
        _run(*granting, "--codes", 2, "--codes-file", first)
    said = _run(*granting, "--codes", 2, "--codes-file", first, "--codes-file", second)
    assert f"Granted to s1 of C1: {grant}" in said
    late = _station(desk.body, "late")
    _run("addendum", grant, *common, "--station", late.enrolment_path, "--out", addendum)
    opened = read_grant(grant.read_bytes(), desk.body.trust(), now_s=now_s())
    secret = desk.secret(opened, [first, second])
    named = read_addendum(addendum.read_bytes(), desk.body.trust())
    assert named.open(opened, late.sealing_key(), secret) == desk.paper_key
    third = tmp_path / "third.codes"
    again = _run(*granting, "--codes-file", third)
    assert "issue 2" in again
    assert f"withdrawn: {first}" in again
