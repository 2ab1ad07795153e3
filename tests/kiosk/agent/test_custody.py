"""What a station may open, and one clear sentence for each reason why it may not."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest
import small_exam
from sitting import CENTRE, CLOCK, SLOT, Site

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.addendum import keep_secret, seal_addendum
from exam_packages.sealing.grant import Recipient, WrongMachine, read_grant
from exam_packages.sealing.release import read_code, release_secret
from exam_packages.sealing.shares import open_share
from exam_packages.sealing.suite import SealingKey, label
from exam_packages.sealing.trust import PACKAGER
from kiosk.agent.custody import Custody, CustodyError, SittingPackage
from provisioning import authority, homes, preflight
from provisioning.preflight import PreflightError
from provisioning.station_home import StationHome
from sync.messages import Release

ITEMS = (small_exam.choice_item("one"),)


@cache
def now_s() -> int:
    """Unix seconds when the first test here runs, which may be long after it was read."""
    return CLOCK.wall_ns() // SECOND


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site whose hall does not run: nothing here needs it."""
    directory = tmp_path_factory.mktemp("still")
    return Site.found(directory, small_exam.paper(ITEMS), ITEMS, stations=1, candidates=1)


@pytest.fixture
def home(still: Site, tmp_path: Path) -> StationHome:
    """A copy of the station, to spoil."""
    shutil.copytree(still.stations[0].directory, tmp_path / "station")
    return StationHome.load(tmp_path / "station")


def release_of(site: Site, *, slot: str = SLOT) -> Release:
    """What the hall forwards once the code was typed."""
    package_hash = site.package_hash
    custody = Custody(site.stations[0])
    grant = custody._grant(package_hash, SLOT, now_s())
    code = read_code(site.codes[0], package_hash, SLOT, 1)
    secret = release_secret([code], package_hash, SLOT, grant.release_id)
    return Release(package_hash, slot, grant.release_id, secret)


def take(home: StationHome, site: Site, *, later_s: int = 0) -> SittingPackage:
    return Custody(home).sitting_package(site.package_hash, SLOT, now_s=now_s() + later_s)


def test_machine_key_and_release_together_open_the_paper(home: StationHome, still: Site) -> None:
    package = take(home, still)
    assert package.open is None
    assert "item/practice-1" in package.practice.names()
    release = release_of(still)
    assert package.fits(release)
    package.release(release.secret)
    assert package.open is not None
    assert list(package.open.items) == ["one"]
    assert package.open.items["one"] == ITEMS[0]
    with pytest.raises(KeyError):
        package.open.items["two"]
    package.close()
    assert package.open is None


def test_a_release_of_another_sitting_does_not_fit(home: StationHome, still: Site) -> None:
    package = take(home, still)
    assert not package.fits(release_of(still, slot="2026-11-24/B"))
    with pytest.raises(ExamError, match="does not fit the grant"):
        package.release(bytes(32))
    assert package.open is None
    package.close()


def test_a_tampered_package(home: StationHome, still: Site) -> None:
    path = next(home.packages.glob("*.package"))
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    with pytest.raises(ExamError, match=r"altered|damaged|signature"):
        take(home, still)


def test_a_package_damaged_behind_its_header_is_found_when_read(
    home: StationHome, still: Site
) -> None:
    path = next(home.packages.glob("*.package"))
    data = bytearray(path.read_bytes())
    for place in range(len(data) - 4096, len(data) - 4000):
        data[place] ^= 1
    path.write_bytes(data)
    package = take(home, still)
    with pytest.raises(ExamError, match="damaged"):
        package.release(release_of(still).secret)
        assert package.open is not None
        _ = package.open.items["one"]
    package.close()


def test_an_expired_grant_bars_starting_and_not_resuming(home: StationHome, still: Site) -> None:
    with pytest.raises(ExamError, match="expired"):
        take(home, still, later_s=7200)
    Custody(home).sitting_package(still.package_hash, SLOT, now_s=None).close()


@pytest.mark.parametrize(("pattern", "words"), [("*.package", "package"), ("*.grant", "grant")])
def test_what_is_missing_is_named_with_the_command_that_brings_it(
    home: StationHome, still: Site, pattern: str, words: str
) -> None:
    next(home.packages.glob(pattern)).unlink()
    with pytest.raises(CustodyError, match=f"(?i){words}.*station load"):
        take(home, still)


def test_a_station_the_grant_does_not_name_opens_nothing(still: Site, tmp_path: Path) -> None:
    where = tmp_path / "late"
    request = homes.new_station(where, "seat-9", CENTRE, "https://127.0.0.1:1", camera="none")
    _, answer = authority.enrol(still.body, request, CLOCK)
    homes.install(StationHome.load(where), answer, CLOCK, pinned=still.body.trust().digest)
    late = StationHome.load(where)
    shutil.copytree(still.stations[0].packages, late.packages, dirs_exist_ok=True)
    package = take(late, still)
    with pytest.raises(ExamError, match="not for this machine"):
        package.release(release_of(still).secret)
    package.close()


def test_keys_of_another_machine(home: StationHome, still: Site, tmp_path: Path) -> None:
    other = Site.found(tmp_path / "other", small_exam.paper(ITEMS), ITEMS, stations=1, candidates=1)
    shutil.copy(other.stations[0].signing_path, home.signing_path)
    with pytest.raises(CustodyError, match="another machine"):
        Custody(home)


def test_nothing_secret_shows(home: StationHome, still: Site) -> None:
    custody = Custody(home)
    seen = repr(vars(custody)) + repr(custody.signing) + repr(custody.sealing)
    assert custody.sealing.seed.hex() not in seen
    assert repr(custody.sealing.seed) not in seen


def _late(still: Site, directory: Path) -> tuple[StationHome, Path]:
    """A station enrolled after the grant, and the addendum that names it."""
    request = homes.new_station(directory / "late", "late", CENTRE, "https://127.0.0.1:1")
    late = StationHome.load(directory / "late")
    pinned = still.body.trust().digest
    homes.install(late, authority.enrol(still.body, request, CLOCK)[1], CLOCK, pinned=pinned)
    grant = read_grant(still.grant, still.body.trust(), now_s=None)
    keeper, path = SealingKey.generate(), directory / "late.addendum"
    # S as the packager keeps it: here it comes from the share of the station that is named.
    (share,) = grant.shares
    context = (
        grant.package_hash,
        grant.slot.encode(),
        grant.issue.to_bytes(8, "big"),
        grant.release_id,
        grant.expires_s.to_bytes(8, "big"),
    )
    secret = open_share(share, still.stations[0].sealing_key(), label("grant", "share", *context))
    own = late.enrolment()
    path.write_bytes(
        seal_addendum(
            grant,
            keep_secret(secret, grant.hash, keeper.public),
            keeper,
            Recipient(own.key_id, own.sealing_public),
            [still.body.signing_key(PACKAGER)],
        )
    )
    return late, path


def test_a_late_station_opens_with_its_addendum(still: Site, tmp_path: Path) -> None:
    late, addendum = _late(still, tmp_path)
    grant = tmp_path / "exam.grant"
    grant.write_bytes(still.grant)
    with pytest.raises(PreflightError, match="or an addendum"):
        preflight.load(late, still.package_path, grant, CLOCK)
    preflight.load(late, still.package_path, grant, CLOCK, addendum=addendum)
    package = take(late, still)
    package.release(release_of(still).secret)
    assert package.open is not None
    assert list(package.open.items) == ["one"]
    package.close()
    spoilt = next(late.packages.glob("*.addendum"))
    data = bytearray(spoilt.read_bytes())
    data[100] ^= 1
    spoilt.write_bytes(data)
    with pytest.raises(ExamError):
        take(late, still)
    spoilt.unlink()
    package = take(late, still)
    with pytest.raises(WrongMachine):
        package.release(release_of(still).secret)
    package.close()
