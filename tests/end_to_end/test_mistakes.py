"""What a person reads when something is wrong: one clear sentence each, at the real command.

A full disk is shown in ``tests/kiosk/agent/test_disk.py``, a terminal that is too small in
``tests/kiosk/screens/test_stages.py``.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provisioning.demo.processes import Children, exam_kiosk
from provisioning.demo.site import OPERATOR, Site, build, plan_site, start_servers
from provisioning.demo.stages import Stages


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A body, a hall and a station, with hall and intake running."""
    site = plan_site(tmp_path_factory.mktemp("mistakes") / "site", 1, "none")
    build(site, Stages())
    with Children(site.logs) as children:
        start_servers(site, children, Stages())
        yield site


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [exam_kiosk(), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _sentence(*arguments: str | Path) -> str:
    """The one sentence with which the command refuses."""
    done = _run(*arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("exam-kiosk: ")
    assert lines[0].endswith((".", "?"))
    return lines[0].removeprefix("exam-kiosk: ")


def _station(site: Site) -> Path:
    return site.station(site.candidates[0].station)


def test_a_wrong_release_code(site: Site) -> None:
    act = ("hall", "act", "--operator", OPERATOR, "--password-file", site.password, site.hall)
    assert "code" in _sentence(*act, "release", "ABCD-EFGH-JKMN-PQRS-TVWX-YZ01")
    code = site.codes.read_text(encoding="ascii").strip()
    slip = code[:-1] + ("0" if code[-1] != "0" else "1")
    assert "group" in _sentence(*act, "release", slip)
    board = _run(*act, "status", "--json")
    assert '"released": false' in board.stdout


def test_a_tampered_package(site: Site, tmp_path: Path) -> None:
    altered = tmp_path / "altered.package"
    data = bytearray(site.package.read_bytes())
    data[len(data) // 2] ^= 1
    altered.write_bytes(data)
    said = _sentence("station", "load", _station(site), altered, site.grant)
    assert "altered.package is damaged" in said
    assert "copy it again" in said
    trust = site.body.directory / "trust" / "root.trust"
    assert "damaged" in _sentence("package", "check", altered, "--trust", trust)


def test_a_tampered_grant(site: Site, tmp_path: Path) -> None:
    altered = tmp_path / "altered.grant"
    data = bytearray(site.grant.read_bytes())
    data[len(data) // 3] ^= 1
    altered.write_bytes(data)
    assert "altered" in _sentence("station", "load", _station(site), site.package, altered)


def test_a_station_that_the_grant_does_not_name(site: Site, tmp_path: Path) -> None:
    home = tmp_path / "late"
    centre = ("--centre", "Riverside Centre", "--hall-url", "https://127.0.0.1:1")
    assert _run("station", "init", home, "--id", "late", *centre).returncode == 0
    said = site.with_keys(
        "body", "enrol", site.body.directory, home / "request.enrolment", "--out", tmp_path
    )
    answer = said.strip().rpartition(": ")[2]
    assert _run("station", "install", home, answer, "--trust", site.trust).returncode == 0
    said = _sentence("station", "load", home, site.package, site.grant)
    assert "late" in said or "this station" in said.lower()


def test_an_expired_grant(site: Site, tmp_path: Path) -> None:
    done = _run("package", "import", _sample(tmp_path), "--body", site.body.directory)
    assert done.returncode == 0, done.stderr
    form = done.stdout.split()[-1]
    package, grant = tmp_path / "brief.package", tmp_path / "brief.grant"
    now = datetime.now(UTC)
    until = now + timedelta(seconds=8)
    site.with_keys(
        *("package", "seal", form, "--body", site.body.directory, "--out", package),
        *("--from", (now - timedelta(hours=1)).isoformat(timespec="seconds")),
        *("--to", until.isoformat(timespec="seconds")),
    )
    site.with_keys(
        *("package", "grant", package, "--body", site.body.directory),
        *("--centre", "Riverside Centre", "--slot", "2026-11-22/brief", "--out", grant),
        *("--codes-file", tmp_path / "brief.codes"),
    )
    while datetime.now(UTC) < until + timedelta(seconds=1):  # the real clock must pass it
        time.sleep(0.1)
    said = _sentence("station", "load", _station(site), package, grant)
    assert "expired" in said


def _sample(tmp_path: Path) -> Path:
    """The sample exam with another title: another form, which needs a window of its own."""
    from exam_packages.samples import FOOD_SAFETY

    copy = tmp_path / "sample"
    shutil.copytree(FOOD_SAFETY, copy)
    test = copy / "test.xml"
    text = test.read_text(encoding="utf-8")
    assert 'title="Food-safety inspector, level 1"' in text
    test.write_text(
        text.replace('title="Food-safety inspector, level 1"', 'title="Brief"', 1),
        encoding="utf-8",
    )
    return copy


def test_a_hall_that_cannot_be_reached(site: Site, tmp_path: Path) -> None:
    home = tmp_path / "station"
    shutil.copytree(_station(site), home)
    settings = home / "station.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        text.replace(f"127.0.0.1:{site.station_port}", "127.0.0.1:9"), encoding="utf-8"
    )
    done = _run("station", "check", home)
    assert done.returncode == 1
    wrong = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("✗ ")]
    assert len(wrong) == 1
    assert "127.0.0.1:9" in wrong[0]


def test_keys_that_others_may_read(site: Site, tmp_path: Path) -> None:
    home = tmp_path / "open"
    shutil.copytree(_station(site), home)
    (home / "keys" / "signing.key").chmod(0o644)
    done = _run("station", "check", home)
    assert done.returncode == 1
    assert "signing.key" in done.stdout + done.stderr
