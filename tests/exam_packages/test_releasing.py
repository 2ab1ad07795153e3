"""Releasing online: the packager orders, two officers act at two desks that share nothing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from exam_packages import packaging
from exam_packages.body import Body
from exam_packages.cli import package as package_cli
from exam_packages.clock import SECOND, SystemClock
from exam_packages.errors import ExamError
from exam_packages.granting import Granted, grant_package
from exam_packages.packaging import PackagingError, Sitting
from exam_packages.rehearsal import rehearse
from exam_packages.releasing import order_release, release_code
from exam_packages.samples import FOOD_SAFETY
from exam_packages.sealing.grant import read_grant
from exam_packages.sealing.keys import protect_again, read_signing_key
from exam_packages.sealing.order import ReleaseOrder, read_order, sign_order
from exam_packages.sealing.protection import Passphrase
from exam_packages.sealing.release import ReleaseError, new_code, read_release
from exam_packages.sealing.signed import SignedError
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import PACKAGER, TrustError
from provisioning.authority import enrol, found_body
from provisioning.homes import install, new_hall, new_station
from provisioning.station_home import StationHome
from sync.machine import HallMachine, MachineHome

CLOCK = SystemClock()
SLOT = "2026-11-23/A"
OFFICERS = ("release-1", "release-2")


@cache
def now_s() -> int:
    """Unix seconds when the first test here runs, which may be long after it was read."""
    return CLOCK.wall_ns() // SECOND


def sitting() -> Sitting:
    return Sitting(now_s() - 60, now_s() + 3600, now_s() - 60, now_s() + 3600)


@dataclass(frozen=True)
class Site:
    """A body with one sealed form, and machines of two centres."""

    directory: Path

    @property
    def body(self) -> Body:
        return Body(self.directory / "body")

    @property
    def station(self) -> StationHome:
        return StationHome.load(self.directory / "C1-s1")

    def hall(self, centre: str = "C1") -> HallMachine:
        return HallMachine.load(self.directory / f"{centre}-hall")

    def code(self, number: int, name: str = "code") -> Path:
        return self.directory / "codes" / f"{name}-{number}"

    def grant(self, codes: int = 2, name: str = "code") -> Granted:
        files = [self.code(number, name) for number in range(1, codes + 1)]
        for path in files:
            path.parent.mkdir(exist_ok=True)
        package = self.directory / "exam.package"
        return grant_package(self.body, package, "C1", SLOT, CLOCK, code_files=files)

    def order(self, granted: Granted) -> bytes:
        return order_release(self.body, granted.data, [self.hall().enrolment_bytes], CLOCK)

    def officer(self, name: str) -> SigningKey:
        return read_signing_key(self.body.keys / f"{name}.key")

    def release(self, order: bytes, number: int, officer: str = "", to: bytes = b"") -> bytes:
        code = self.code(number).read_text().strip()
        key = self.officer(officer or OFFICERS[number - 1])
        return release_code(order, self.body.trust(), code, [key], CLOCK, to=to)[0]

    def opens(self, granted: Granted, release: bytes) -> bool:
        """Whether a release gives what opens the paper at the station."""
        trust = self.body.trust()
        secret = read_release(release, trust, now_s=now_s()).secret(self.hall().sealing_key())
        grant = read_grant(granted.data, trust, now_s=now_s())
        return len(grant.open(self.station.sealing_key(), secret)) == 32


def _enrolled(body: Body, home: MachineHome, request: bytes) -> None:
    install(home, enrol(body, request, CLOCK)[1], CLOCK, pinned=body.trust().digest)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("site")
    body = Body(directory / "body")
    found_body(body.directory, "Board", CLOCK)
    form = packaging.import_exam(body, FOOD_SAFETY, b"seed").paper.form
    packaging.seal_form(body, form, directory / "exam.package", sitting())
    rehearse(body, CLOCK)
    request = new_station(directory / "C1-s1", "s1", "C1", "https://127.0.0.1:1", camera="none")
    _enrolled(body, StationHome.load(directory / "C1-s1"), request)
    for centre in ("C1", "C2"):
        home = directory / f"{centre}-hall"
        request = new_hall(home, "hall", centre, "127.0.0.1", "")
        _enrolled(body, HallMachine.load(home), request)
    return directory


@pytest.fixture
def site(founded: Path, tmp_path: Path) -> Site:
    return Site(shutil.copytree(founded, tmp_path / "site"))


@pytest.mark.parametrize("codes", [1, 2])
def test_a_release_carries_the_same_codes_as_people(site: Site, codes: int) -> None:
    granted = site.grant(codes)
    order = site.order(granted)
    release = site.release(order, 1)
    if codes == 2:
        release = site.release(order, 2, to=release)
    found = read_release(release, site.body.trust(), now_s=now_s())
    assert (found.not_before_s, found.expires_s) == (sitting().not_before_s, sitting().expires_s)
    assert site.opens(granted, release)


def test_either_officer_begins(site: Site) -> None:
    granted = site.grant()
    order = site.order(granted)
    second = site.release(order, 2)
    release = site.release(order, 1, to=second)
    assert site.opens(granted, release)
    with pytest.raises(ReleaseError, match="holds no code 1"):
        read_release(second, site.body.trust(), now_s=now_s())


def test_one_officer_alone_does_not_release(site: Site) -> None:
    """Not even with both codes in their hands."""
    order = site.order(site.grant())
    first = site.release(order, 1)
    with pytest.raises(PackagingError, match="This officer signed the other code"):
        site.release(order, 2, OFFICERS[0], to=first)
    with pytest.raises(PackagingError, match="holds code 1 already"):
        site.release(order, 1, OFFICERS[1], to=first)
    alone = site.release(order, 2, OFFICERS[0])
    with pytest.raises(ReleaseError, match="1 of the 2 release officers"):
        read_release(first + alone, site.body.trust(), now_s=now_s())


def test_an_old_issue_is_never_released(site: Site) -> None:
    old = site.grant(1, "old")
    order = site.order(old)
    code = site.code(1, "old").read_text()
    new = site.grant(1)
    with pytest.raises(PackagingError, match=r"Issue 1 .* is withdrawn"):
        site.order(old)
    officer = [site.officer(OFFICERS[0])]
    with pytest.raises(PackagingError, match="withdrawn and never released"):
        withdrawn = site.code(1, "old").read_text()
        release_code(order, site.body.trust(), withdrawn, officer, CLOCK)
    # A copy that somebody kept does not fit the order of the issue that stands.
    with pytest.raises(ReleaseError, match="not that of issue 2"):
        release_code(site.order(new), site.body.trust(), code, officer, CLOCK)


def test_an_order_is_for_halls_of_the_centre(site: Site) -> None:
    granted = site.grant()
    for stranger in (site.hall("C2"), site.station):
        with pytest.raises(PackagingError, match="no hall of centre “C1”"):
            order_release(site.body, granted.data, [stranger.enrolment_bytes], CLOCK)
    with pytest.raises(ReleaseError):
        order_release(site.body, granted.data, [], CLOCK)


def test_an_officer_believes_no_hall_that_was_not_enrolled(site: Site) -> None:
    """Whatever the packager's desk was made to sign."""
    trust = site.body.trust()
    order = read_order(site.order(site.grant()), trust)
    packager = [site.body.signing_key(PACKAGER)]
    for halls, problem in (
        ((site.hall("C2").enrolment_bytes,), PackagingError),
        ((site.station.enrolment_bytes,), PackagingError),
        ((b"no enrolment",), SignedError),
    ):
        forged = sign_order(msgspec.structs.replace(order, halls=halls), packager)
        with pytest.raises(problem):
            site.release(forged, 1)


def test_only_the_packager_orders_and_only_officers_release(site: Site) -> None:
    trust = site.body.trust()
    data = site.order(site.grant())
    order: ReleaseOrder = read_order(data, trust)
    forged = sign_order(order, [site.officer(OFFICERS[0])])
    with pytest.raises(TrustError, match="packager"):
        site.release(forged, 1)
    with pytest.raises(PackagingError, match="not that of a release officer"):
        site.release(data, 1, "packager")
    with pytest.raises(SignedError):
        site.release(site.grant().data, 1)


def test_a_slip_is_noticed_at_the_officers_desk(site: Site) -> None:
    order = site.order(site.grant())
    trust, officer = site.body.trust(), [site.officer(OFFICERS[0])]
    right = site.code(1).read_text().strip()
    slip = right[:-1] + ("0" if right[-1] != "0" else "1")
    package_hash = read_order(order, trust).package_hash
    for wrong in (slip, "", new_code(package_hash, SLOT, 1), new_code(bytes(32), SLOT, 1)):
        with pytest.raises(ExamError) as refused:
            release_code(order, trust, wrong, officer, CLOCK)
        assert right[:4] not in str(refused.value)


def test_what_is_added_to_must_be_of_this_release(site: Site) -> None:
    order = site.order(site.grant())
    first = site.release(order, 1)
    again = site.order(site.grant())
    with pytest.raises(PackagingError, match="another exam"):
        site.release(again, 2, to=first)
    with pytest.raises(SignedError):
        site.release(again, 2, to=first[:-1])


# --- The command line, at two desks -----------------------------------------------


def _run(*arguments: object) -> str:
    result = CliRunner().invoke(package_cli, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def _desk(site: Site, tmp_path: Path, number: int, order: Path) -> Path:
    """A desk of one officer: what is carried there, and nothing else."""
    desk = tmp_path / f"desk-{number}"
    desk.mkdir()
    shutil.copy(site.body.root_path, desk / "root.trust")
    shutil.copy(order, desk / "c1.order")
    shutil.move(site.code(number), desk / "code")
    key = Path(shutil.move(site.body.keys / f"{OFFICERS[number - 1]}.key", desk / "my.key"))
    phrase = desk / "phrase"
    phrase.write_text(f"a passphrase of officer {number}\n")
    phrase.chmod(0o600)
    protect_again(key, None, Passphrase(f"a passphrase of officer {number}"))
    return desk


def _release(desk: Path, *more: object) -> str:
    return _run(
        "release", desk / "c1.order", "--trust", desk / "root.trust", "--key", desk / "my.key",
        "--codes-file", desk / "code", "--passphrase-file", desk / "phrase",
        "--out", desk / "c1.release", *more,
    )  # fmt: skip


def test_two_officers_release_at_two_desks(site: Site, tmp_path: Path) -> None:
    granted = site.grant()
    grant, order = tmp_path / "c1.grant", tmp_path / "c1.order"
    grant.write_bytes(granted.data)
    body = site.body.directory
    _run("order", grant, "--body", body, "--hall", site.hall().enrolment_path, "--out", order)
    first, second = (_desk(site, tmp_path, number, order) for number in (1, 2))
    said = _release(first)
    assert "Code 2 is missing" in said
    half = (first / "c1.release").read_bytes()
    with pytest.raises(ReleaseError, match="holds no code 2"):
        site.opens(granted, half)
    shutil.copy(first / "c1.release", second / "from-first")
    assert "Send it to the hall" in _release(second, "--add-to", second / "from-first")
    assert site.opens(granted, (second / "c1.release").read_bytes())
    assert (second / "c1.release").stat().st_mode & 0o777 == 0o600
    # Neither desk holds the other's key or code, under whatever name.
    for desk, other in ((first, second), (second, first)):
        there = b"".join(path.read_bytes() for path in desk.rglob("*") if path.is_file())
        assert (other / "my.key").read_bytes() not in there
        assert (other / "code").read_bytes().strip() not in there
