"""Trust over time: the next root, what it ends, and machines that never go back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from exam_packages import packaging
from exam_packages.body import Body, BodyError
from exam_packages.clock import SECOND, SystemClock
from exam_packages.errors import ExamError
from exam_packages.granting import addendum_for, grant_package
from exam_packages.packaging import Sitting
from exam_packages.rehearsal import rehearse
from exam_packages.releasing import order_release
from exam_packages.samples import FOOD_SAFETY
from exam_packages.sealing.grant import read_grant
from exam_packages.sealing.keys import read_sealing_key, read_signing_key
from exam_packages.sealing.package import Package
from exam_packages.sealing.trust import PACKAGER, RELEASE, ROOT, TrustError, sign_root
from provisioning import cli, succession
from provisioning.authority import enrol, found_body
from provisioning.homes import follow_trust, install, new_hall, new_station
from provisioning.station_home import StationHome
from sync.machine import HallMachine, MachineError

CLOCK = SystemClock()


@cache
def now_s() -> int:
    """Unix seconds when the first test here runs, which may be long after it was read."""
    return CLOCK.wall_ns() // SECOND


def sitting() -> Sitting:
    return Sitting(now_s() - 60, now_s() + 3600, now_s() - 60, now_s() + 3600)


@dataclass(frozen=True)
class Site:
    """A body, a station and a hall of it, to do as one pleases with."""

    body: Body
    station: StationHome
    hall: HallMachine

    @property
    def directory(self) -> Path:
        return self.body.directory.parent

    def root(self, version: int) -> bytes:
        return self.body.root_version_path(version).read_bytes()

    def enrolled(self, name: str) -> StationHome:
        home = self.directory / name
        request = new_station(home, name, "C1", "https://127.0.0.1:1", camera="none")
        answer = enrol(self.body, request, CLOCK)[1]
        install(StationHome.load(home), answer, CLOCK, pinned=self.body.trust().digest)
        return StationHome.load(home)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("founded")
    body = Body(directory / "body")
    digest = found_body(body.directory, "Board", CLOCK).digest
    rehearse(body, CLOCK)
    for machine, request in (
        (StationHome, new_station(directory / "s1", "s1", "C1", "https://127.0.0.1:1")),
        (HallMachine, new_hall(directory / "hall", "hall", "C1", "127.0.0.1", "")),
    ):
        home = directory / ("s1" if machine is StationHome else "hall")
        install(machine.load(home), enrol(body, request, CLOCK)[1], CLOCK, pinned=digest)
    return directory


@pytest.fixture
def site(founded: Path, tmp_path: Path) -> Site:
    copy = shutil.copytree(founded, tmp_path / "site")
    return Site(Body(copy / "body"), StationHome.load(copy / "s1"), HallMachine.load(copy / "hall"))


def _names(site: Site, role: str) -> list[str]:
    return [holder.name for holder in site.body.holders(role)]


# --- The next root ---------------------------------------------------------------


def test_the_time_is_renewed_and_nothing_else(site: Site) -> None:
    before = site.body.trust().root
    after = succession.rotate(site.body, CLOCK).root
    assert (after.version, after.body) == (2, before.body)
    assert (after.identities, after.roles, after.openings, after.revoked) == (
        before.identities,
        before.roles,
        before.openings,
        before.revoked,
    )
    assert follow_trust(site.station, [site.root(2)]).root == after
    assert site.station.trust().root.version == 2


def test_every_holder_can_be_replaced_and_the_next_root_signed_again(site: Site) -> None:
    holders = ["root-1", "root-2", "packager", "release-2", "enrolment"]
    old = {name: read_signing_key(site.body.keys / f"{name}.key") for name in holders}
    succession.rotate(site.body, CLOCK, replace=holders)
    for name in holders:
        assert not (site.body.keys / f"{name}.key").exists()
        new = read_signing_key(site.body.keys / f"{name}-v2.key")
        assert new.key_id != old[name].key_id
    assert [holder.name for holder in site.body.holders(ROOT)] == [
        "root-1-v2",
        "root-2-v2",
        "root-3",
    ]
    assert [holder.name for holder in site.body.holders(RELEASE)] == ["release-1", "release-2-v2"]
    succession.rotate(site.body, CLOCK, replace=["root-1-v2", "packager-v2"])
    assert site.body.holders(ROOT)[0].name == "root-1-v3"
    assert site.body.signing_key(PACKAGER).key_id == site.body.holders(PACKAGER)[0].key_id
    trust = follow_trust(site.hall, [site.root(2), site.root(3)])
    assert trust.digest == site.body.trust().digest


def test_a_lost_root_key_does_not_stop_the_body_but_two_do(site: Site) -> None:
    (site.body.keys / "root-2.key").unlink()
    succession.rotate(site.body, CLOCK, replace=["root-2"])
    assert follow_trust(site.station, [site.root(2)]).root.version == 2
    for name in ("root-1", "root-3"):
        (site.body.keys / f"{name}.key").unlink()
    before = site.body.root_bytes()
    with pytest.raises(BodyError, match="signed by 2 root holders"):
        succession.rotate(site.body, CLOCK, replace=["root-1", "root-3"])
    assert site.body.root_bytes() == before


def test_a_command_that_broke_off_is_finished_by_the_next(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(succession, "sign_root", crash)
        succession.rotate(site.body, CLOCK, replace=["packager"])
    assert site.body.trust().root.version == 1
    assert site.body.signing_key(PACKAGER).key_id == site.body.holders(PACKAGER)[0].key_id
    succession.rotate(site.body, CLOCK, replace=["packager"])
    assert site.body.signing_key(PACKAGER).key_id == site.body.holders(PACKAGER)[0].key_id
    assert read_sealing_key(site.body.keeping_path("packager-v2"))


@pytest.mark.parametrize(
    ("replace", "remove", "words"),
    [
        (["nobody"], [], "holds no signing key"),
        (["intake"], [], "cannot be replaced"),
        ([], ["checkpoint"], "cannot be replaced or removed"),
        ([], ["packager"], "must keep at least 1"),
        ([], ["root-1", "root-2"], "must keep at least 2"),
        (["root-1"], ["root-1"], "named twice"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    site: Site, replace: list[str], remove: list[str], words: str
) -> None:
    before = site.body.root_bytes()
    with pytest.raises(BodyError, match=words) as refused:
        succession.rotate(site.body, CLOCK, replace=replace, remove=remove)
    assert str(refused.value).endswith(".")
    assert site.body.root_bytes() == before
    assert not list(site.body.keys.glob("*-v2*"))


def test_a_removed_officer_signs_no_release_any_more(site: Site) -> None:
    key = read_signing_key(site.body.keys / "release-2.key")
    trust = succession.rotate(site.body, CLOCK, remove=["release-2"])
    assert key.key_id not in {holder.key_id for holder in site.body.holders(RELEASE)}
    assert key.key_id not in {identity.key_id for identity in trust.root.identities}
    assert not (site.body.keys / "release-2.key").exists()


# --- What machines take ----------------------------------------------------------


def test_an_earlier_root_is_never_taken_again(site: Site) -> None:
    first = site.body.root_bytes()
    request = (site.station.directory / "request.enrolment").read_bytes()
    first_answer = enrol(site.body, request, CLOCK)[1]
    first_digest = site.body.trust().digest
    succession.rotate(site.body, CLOCK)
    follow_trust(site.station, [site.root(2)])
    with pytest.raises(TrustError, match="after version 2 only version 3"):
        follow_trust(site.station, [first])
    with pytest.raises(TrustError, match="after version 2 only version 3"):
        install(site.station, first_answer, CLOCK, pinned=first_digest)
    assert StationHome.load(site.station.directory).trust().root.version == 2
    assert follow_trust(site.station, [site.root(2)]).root.version == 2


def test_a_root_is_not_skipped_and_those_before_a_bad_one_stay(site: Site) -> None:
    for _ in range(3):
        succession.rotate(site.body, CLOCK)
    with pytest.raises(TrustError, match="after version 1 only version 2"):
        follow_trust(site.hall, [site.root(3)])
    with pytest.raises(TrustError, match="after version 2 only version 3"):
        follow_trust(site.hall, [site.root(2), site.root(4)])
    assert site.hall.trust().root.version == 2


def test_a_root_that_replaced_holders_sign_is_not_taken(site: Site) -> None:
    old = site.body.signing_keys(ROOT)
    succession.rotate(site.body, CLOCK, replace=["root-1", "root-2"])
    follow_trust(site.station, [site.root(2)])
    made = msgspec.structs.replace(site.body.trust().root, version=3)
    with pytest.raises(TrustError, match="1 of the 2"):  # root-3 is still one, root-1 is not
        follow_trust(site.station, [sign_root(made, [old[0], old[2]])])


def test_a_machine_that_is_not_installed_takes_no_root(site: Site) -> None:
    new_station(site.directory / "bare", "bare", "C1", "https://127.0.0.1:1")
    with pytest.raises(MachineError, match="not enrolled"):
        follow_trust(StationHome.load(site.directory / "bare"), [site.body.root_bytes()])


def test_a_machine_that_comes_new_is_pinned_to_the_newest_root(site: Site) -> None:
    trust = succession.rotate(site.body, CLOCK, replace=["enrolment"])
    assert site.enrolled("s2").trust().digest == trust.digest


# --- What a replaced key ends ----------------------------------------------------


def test_what_a_replaced_packager_signed_is_refused_and_other_forms_go_on(
    site: Site, tmp_path: Path
) -> None:
    def sealed(seed: bytes) -> tuple[Path, bytes]:
        form = packaging.import_exam(site.body, FOOD_SAFETY, seed).paper.form
        path = tmp_path / f"{form}.package"
        packaging.seal_form(site.body, form, path, sitting())
        codes = [tmp_path / f"{form}.codes"]
        granted = grant_package(site.body, path, "C1", "slot", CLOCK, code_files=codes)
        return path, granted.data

    package, grant = sealed(b"one")
    succession.rotate(site.body, CLOCK, replace=["packager"])
    rehearse(site.body, CLOCK)  # what the packager of before signed does not count
    trust = follow_trust(site.station, [site.root(2)])
    with pytest.raises(TrustError, match="packager"):
        Package.open(package, trust, now_s=now_s())
    with pytest.raises(TrustError, match="packager"):
        read_grant(grant, trust, now_s=now_s())
    with pytest.raises(ExamError):
        grant_package(site.body, package, "C1", "slot", CLOCK, code_files=[tmp_path / "c"])
    other, grant = sealed(b"two")
    Package.open(other, trust, now_s=now_s()).close()
    late = site.enrolled("late")
    assert read_grant(grant, trust, now_s=now_s()).centre == "C1"
    assert addendum_for(site.body, grant, late.enrolment_bytes, CLOCK)


# --- Revoked machines ------------------------------------------------------------


def test_a_revoked_machine_gets_nothing_more(site: Site, tmp_path: Path) -> None:
    lost = site.enrolled("lost")
    form = packaging.import_exam(site.body, FOOD_SAFETY, b"seed").paper.form
    package, codes = tmp_path / "p", [tmp_path / "codes"]
    packaging.seal_form(site.body, form, package, sitting())
    first = grant_package(site.body, package, "C1", "slot", CLOCK, code_files=codes)
    assert first.stations == ("lost", "s1")
    records = [lost.enrolment_bytes, site.hall.enrolment_bytes]
    trust, machines = succession.revoke(site.body, CLOCK, records)
    assert [machine.machine for machine in machines] == ["lost", "hall"]
    assert trust.is_revoked(machines[0].key_id)
    again = grant_package(site.body, package, "C1", "slot", CLOCK, code_files=codes)
    assert (again.issue, again.stations) == (2, ("s1",))
    with pytest.raises(TrustError, match="has been revoked"):
        addendum_for(site.body, again.data, lost.enrolment_bytes, CLOCK)
    with pytest.raises(TrustError, match="has been revoked"):
        order_release(site.body, again.data, [site.hall.enrolment_bytes], CLOCK)
    with pytest.raises(TrustError, match="has been revoked"):
        succession.revoke(site.body, CLOCK, [lost.enrolment_bytes])
    request = (lost.directory / "request.enrolment").read_bytes()
    with pytest.raises(BodyError, match="were revoked"):
        enrol(site.body, request, CLOCK)
    follow_trust(lost, [site.root(2)])
    with pytest.raises(TrustError, match="has been revoked"):
        lost.enrolment()


def test_who_was_revoked_stays_revoked(site: Site) -> None:
    first, second = site.station.enrolment(), site.hall.enrolment()
    succession.revoke(site.body, CLOCK, [site.station.enrolment_bytes])
    succession.revoke(site.body, CLOCK, [site.hall.enrolment_bytes])
    trust = succession.rotate(site.body, CLOCK, replace=["root-1"])
    assert trust.is_revoked(first.key_id) and trust.is_revoked(second.key_id)


# --- The command line ------------------------------------------------------------


def _run(group: object, *arguments: object) -> str:
    result = CliRunner().invoke(group, [str(each) for each in arguments])  # type: ignore[arg-type]  # click's groups
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands_make_the_next_root_and_install_it(site: Site) -> None:
    body, phrase = site.body.directory, site.body.directory.parent / "phrase"
    phrase.write_text("seven quiet otters count")
    phrase.chmod(0o600)
    under = ("--passphrase-file", phrase)
    changes = ("--replace", "root-1", "--remove", "release-2")
    said = _run(cli.body, "trust", "rotate", body, *changes, *under)
    assert site.body.trust().digest.hex() in said
    assert str(site.body.root_version_path(2)) in said
    said = _run(cli.body, "trust", "revoke", body, site.hall.enrolment_path, *under)
    assert "Revoked: “hall” of centre “C1”" in said
    roots = [site.body.root_version_path(version) for version in (2, 3)]
    assert "version 3" in _run(cli.station, "trust", site.station.directory, *roots)
    assert "version 2" in _run(cli.hall, "trust", site.hall.directory, roots[0])
    with pytest.raises(TrustError, match="after version 3 only version 4"):
        _run(cli.station, "trust", site.station.directory, roots[0])
