"""Taking a package in at a station, and every way it is not for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from exam_packages import packaging
from exam_packages.clock import SECOND, SystemClock
from exam_packages.errors import ExamError
from exam_packages.granting import addendum_for, grant_package
from exam_packages.packaging import Sitting
from exam_packages.rehearsal import rehearse
from exam_packages.samples import FOOD_SAFETY
from provisioning.preflight import PreflightError, examine, load
from provisioning.station_home import StationHome

if TYPE_CHECKING:
    from conftest import Place

CLOCK = SystemClock()


@cache
def now_s() -> int:
    """Unix seconds when the first test here runs, which may be long after it was read."""
    return CLOCK.wall_ns() // SECOND


@dataclass(frozen=True)
class Sealed:
    station: StationHome
    spare: StationHome
    package: Path
    grant: Path


@dataclass(frozen=True)
class LaterClock:
    """The system's clock, some seconds on."""

    seconds: int

    def boot(self) -> bytes:
        return CLOCK.boot()

    def boottime_ns(self) -> int:
        return CLOCK.boottime_ns()

    def wall_ns(self) -> int:
        return CLOCK.wall_ns() + self.seconds * SECOND


@pytest.fixture(scope="module")
def sealed(place: Place) -> Sealed:
    station, spare = place.station("pre"), place.station("spare")
    form = packaging.import_exam(place.body, FOOD_SAFETY, b"preflight").paper.form
    package, grant = place.directory / "p.package", place.directory / "p.grant"
    sitting = Sitting(now_s() - 60, now_s() + 3600, now_s() - 60, now_s() + 3600)
    packaging.seal_form(place.body, form, package, sitting)
    rehearse(place.body, CLOCK)
    codes = [place.directory / "p.codes"]
    grant.write_bytes(_granted(place, package, codes))
    return Sealed(station, spare, package, grant)


def _granted(place: Place, package: Path, codes: list[Path]) -> bytes:
    return grant_package(place.body, package, "C1", "slot", CLOCK, code_files=codes).data


def test_a_good_package_is_kept_whole(sealed: Sealed) -> None:
    told: list[tuple[int, int]] = []
    load(sealed.station, sealed.package, sealed.grant, CLOCK, lambda *now: told.append(now))
    kept = sorted(path.suffix for path in sealed.station.packages.iterdir())
    assert kept == [".grant", ".package"]
    assert next(sealed.station.packages.glob("*.package")).read_bytes() == (
        sealed.package.read_bytes()
    )
    assert told[-1][0] == told[-1][1] > 0
    load(sealed.station, sealed.package, sealed.grant, CLOCK)
    assert len(list(sealed.station.packages.iterdir())) == 2


def test_a_package_in_volumes_is_kept_in_all_of_them(place: Place, tmp_path: Path) -> None:
    station = place.station("volumes")
    form = packaging.import_exam(place.body, FOOD_SAFETY, b"volumes").paper.form
    package, grant = tmp_path / "exam.package", tmp_path / "grant"
    sitting = Sitting(now_s() - 60, now_s() + 3600, now_s() - 60, now_s() + 3600)
    packaging.seal_form(place.body, form, package, sitting, volume_size=120_000)
    volumes = sorted(tmp_path.glob("exam.package*"))
    assert len(volumes) >= 3
    rehearse(place.body, CLOCK)
    grant.write_bytes(_granted(place, package, [tmp_path / "codes"]))
    away = volumes[1].rename(tmp_path / "away")
    with pytest.raises(ExamError, match=r"is missing: copy exam\.package\.2 beside"):
        load(station, package, grant, CLOCK)
    assert not station.packages.exists()

    away.rename(volumes[1])
    load(station, package, grant, CLOCK)
    (kept,) = station.packages.glob("*.package")
    copies = [kept, *sorted(station.packages.glob("*.package.*"))]
    assert [each.read_bytes() for each in copies] == [each.read_bytes() for each in volumes]
    assert any("is whole, and granted" in each.words for each in examine(station, CLOCK))
    copies[-1].unlink()
    bad = [each.words for each in examine(station, CLOCK) if not each.good]
    assert any(f"is missing: copy {copies[-1].name} beside" in words for words in bad)
    load(station, package, grant, CLOCK)  # mends it
    assert copies[-1].read_bytes() == volumes[-1].read_bytes()


def test_a_tampered_package_is_not_kept(sealed: Sealed, tmp_path: Path) -> None:
    data = bytearray(sealed.package.read_bytes())
    data[len(data) // 2] ^= 1
    bad = tmp_path / "bad.package"
    bad.write_bytes(data)
    with pytest.raises(ExamError, match="damaged"):
        load(sealed.spare, bad, sealed.grant, CLOCK)
    assert not sealed.spare.packages.exists()


def test_a_station_that_is_not_granted_is_told_so(place: Place, sealed: Sealed) -> None:
    station = place.station("late")
    with pytest.raises(PreflightError, match="does not name the station “late”"):
        load(station, sealed.package, sealed.grant, CLOCK)
    assert not station.packages.exists()


def test_a_late_station_loads_its_addendum(place: Place, sealed: Sealed, tmp_path: Path) -> None:
    late, other = place.station("late-named"), place.station("late-other")
    paths = {}
    for machine in (late, other):
        paths[machine.id] = tmp_path / f"{machine.id}.addendum"
        paths[machine.id].write_bytes(
            addendum_for(place.body, sealed.grant.read_bytes(), machine.enrolment_bytes, CLOCK)
        )
    with pytest.raises(PreflightError, match="or an addendum"):
        load(late, sealed.package, sealed.grant, CLOCK, addendum=paths[other.id])
    assert not late.packages.exists()
    load(late, sealed.package, sealed.grant, CLOCK, addendum=paths[late.id])
    good = [finding.words for finding in examine(late, CLOCK) if finding.good]
    assert any("is whole, and granted for slot" in words for words in good)


def test_a_station_never_goes_back_to_an_earlier_issue(place: Place, tmp_path: Path) -> None:
    station, late = place.station("reissue"), tmp_path / "late"
    form = packaging.import_exam(place.body, FOOD_SAFETY, b"reissue").paper.form
    package, old, new = (tmp_path / name for name in ("p", "old", "new"))
    sitting = Sitting(now_s() - 60, now_s() + 3600, now_s() - 60, now_s() + 3600)
    packaging.seal_form(place.body, form, package, sitting)
    rehearse(place.body, CLOCK)
    old.write_bytes(_granted(place, package, [tmp_path / "codes"]))
    machine = place.station("reissue-late")
    late.write_bytes(addendum_for(place.body, old.read_bytes(), machine.enrolment_bytes, CLOCK))
    new.write_bytes(_granted(place, package, [tmp_path / "codes"]))
    load(station, package, old, CLOCK)
    load(station, package, new, CLOCK)
    with pytest.raises(PreflightError, match="issue 1 is withdrawn"):
        load(station, package, old, CLOCK)
    assert next(station.packages.glob("*.grant")).read_bytes() == new.read_bytes()
    with pytest.raises(PreflightError, match="another grant"):
        load(machine, package, new, CLOCK, addendum=late)


def test_an_expired_grant_is_refused(sealed: Sealed) -> None:
    with pytest.raises(ExamError, match="expired"):
        load(sealed.station, sealed.package, sealed.grant, LaterClock(7200))


def test_package_and_grant_must_belong_together(place: Place, sealed: Sealed) -> None:
    form = packaging.import_exam(place.body, FOOD_SAFETY, b"another").paper.form
    other = place.directory / "other.package"
    sitting = Sitting(now_s() - 60, now_s() + 3600, now_s() - 60, now_s() + 3600)
    packaging.seal_form(place.body, form, other, sitting)
    with pytest.raises(PreflightError, match="another package"):
        load(sealed.station, other, sealed.grant, CLOCK)


def test_the_check_names_what_is_missing(place: Place, sealed: Sealed) -> None:
    load(sealed.station, sealed.package, sealed.grant, CLOCK)
    findings = list(examine(sealed.station, CLOCK))
    bad = [finding.words for finding in findings if not finding.good]
    assert len(bad) == 1 and bad[0].startswith("The hall at 127.0.0.1:1 ")
    bare = list(examine(place.station("bare"), CLOCK))
    assert any("No package is loaded" in finding.words for finding in bare if not finding.good)


def test_the_check_sees_swapped_keys(place: Place) -> None:
    station, other = place.station("swapped"), place.station("donor")
    station.signing_path.write_bytes(other.signing_path.read_bytes())
    bad = [finding.words for finding in examine(station, CLOCK) if not finding.good]
    assert any("keys are not those of the enrolment" in words for words in bad)


def test_the_check_sees_a_missing_video(place: Place) -> None:
    station = place.station("video")
    path = station.settings_path
    path.write_text(path.read_text().replace('"none"', '"/nowhere.avi"'))
    findings = list(examine(StationHome.load(station.directory), CLOCK))
    assert any("/nowhere.avi" in finding.words for finding in findings if not finding.good)
