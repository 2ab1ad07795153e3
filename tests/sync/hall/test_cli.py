"""The command line: opening a sitting, naming operators, acting from a script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from evidence_key import EVIDENCE

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.grant import Recipient, seal_grant
from exam_packages.sealing.trust import PACKAGER
from sync.hall.cli import hall as hall_cli
from sync.hall.desk import DeskError

from .conftest import CLOCK, SLOT, Hall, Site, Station, run_cli


def refused(*arguments: object) -> str:
    """The sentence with which a command ends."""
    result: Result = CliRunner().invoke(hall_cli, [str(each) for each in arguments])
    assert result.exit_code != 0
    if isinstance(result.exception, ExamError):
        return str(result.exception)
    return result.output


def sitting(hall: Hall, site: Site, **changes: Path) -> list[object]:
    files = {
        "package": site.package,
        "grant": site.grant,
        "roster": hall.home.directory / "roster.csv",
        **changes,
    }
    options = [part for name, path in files.items() for part in (f"--{name}", path)]
    return ["sitting", hall.home.directory, *options, "--title", "Again"]


def act(hall: Hall, *arguments: object, name: str = "chief") -> list[object]:
    password = hall.home.directory / "password"
    port = hall.ports["console"]
    return [
        "act", hall.home.directory, "--operator", name, "--password-file", password,
        "--port", port, *arguments,
    ]  # fmt: skip


def test_one_sitting_is_open_at_a_time(hall: Hall, site: Site) -> None:
    assert "is open here for the slot" in refused(*sitting(hall, site))


def test_the_grant_of_another_centre_is_refused(hall: Hall, site: Site, tmp_path: Path) -> None:
    station = site.station("s1").enrolment()
    other = tmp_path / "c2.grant"
    other.write_bytes(
        seal_grant(
            site.package_hash, "C2", SLOT, 1, site.release_id, CLOCK.wall_ns() // SECOND + 1000,
            bytes(32), bytes(32), [Recipient(station.key_id, station.sealing_public)],
            [site.body.signing_key(PACKAGER)], evidence=EVIDENCE.public,
        )
    )  # fmt: skip
    assert "centre “C2”" in refused(*sitting(hall, site, grant=other))


def test_a_tampered_package_is_refused(hall: Hall, site: Site, tmp_path: Path) -> None:
    data = bytearray(site.package.read_bytes())
    data[200] ^= 1
    spoilt = tmp_path / "spoilt.package"
    spoilt.write_bytes(data)
    assert refused(*sitting(hall, site, package=spoilt))


def test_a_short_password_is_refused(hall: Hall, tmp_path: Path) -> None:
    password = tmp_path / "p"
    password.write_text("short\n")
    words = refused(
        "operator", hall.home.directory, "x", "--role", "chief", "--password-file", password
    )
    assert "10 to 200" in words


def test_a_script_acts_and_reads_the_board(hall: Hall) -> None:
    board = json.loads(run_cli(*act(hall, "status", "--json")))
    assert (board["title"], len(board["rows"])) == ("Food safety, morning", 12)
    assert "Food safety, morning" in run_cli(*act(hall, "status"))
    assert "Nobody waits" in run_cli(*act(hall, "admit", "--all"))
    assert "no exam open" in refused(*act(hall, "stop", "c-1"))
    assert "--all" in refused(*act(hall, "pause"))
    assert "--all" in refused(*act(hall, "pause", "c-1", "--all"))


def test_a_wrong_password_and_a_hall_that_is_down_are_said(hall: Hall, tmp_path: Path) -> None:
    wrong = tmp_path / "p"
    wrong.write_text("not the password\n")
    home = hall.home.directory
    base = ["act", home, "--operator", "chief", "--password-file"]
    assert "do not belong together" in refused(
        *base, wrong, "--port", hall.ports["console"], "status"
    )
    assert "hall serve" in refused(*base, wrong, "--port", 1, "status")


def test_the_sitting_closes_when_all_is_handed_in_and_another_can_open(
    hall: Hall, site: Site
) -> None:
    first, second = site.codes
    assert "Code 1 is in" in run_cli(*act(hall, "release", first))
    assert "is released" in run_cli(*act(hall, "release", second, name="invigilator"))
    assert "Give one code" in refused(*act(hall, "release"))
    with pytest.raises(DeskError, match="Only the chief"), hall.desk("invigilator") as desk:
        desk.act("close", all="1", reason="routine.end")
    assert "How it ended is not said for c-0 (12 in all)" in refused(*act(hall, "close"))
    assert "Absent: c-0" in run_cli(*act(hall, "absent"))
    assert "closed" in run_cli(*act(hall, "close", "--reason", "routine.end"))
    board = json.loads(run_cli(*act(hall, "status", "--json")))
    assert not board["released"]  # the secret is forgotten
    assert "is open" in run_cli(*sitting(hall, site))


def test_a_sitting_whose_key_did_not_go_away_is_closed_by_closing_it_again(
    site: Site, tmp_path: Path
) -> None:
    hall = Hall(site.hall("hall-stuck", 1))
    hall.start()
    try:
        station = Station(site.station("s1"), hall, tmp_path)  # its greeting made the key
        station.close()
        (key,) = (hall.home.directory / "keys").glob("restore-*.key")
        key.unlink()
        key.mkdir()  # what no disk deletes as a file
        run_cli(*act(hall, "absent"))
        for _ in range(2):
            assert "could not be deleted" in refused(*act(hall, "close"))
        key.rmdir()
        assert "is closed" in run_cli(*act(hall, "close"))
        assert "No sitting is open" in refused(*act(hall, "close"))
    finally:
        hall.stop()


def test_a_password_file_in_another_encoding_is_refused_with_a_sentence(
    hall: Hall, tmp_path: Path
) -> None:
    password = tmp_path / "p"
    password.write_bytes("Schlüsselwörter\n".encode("latin-1"))
    words = refused(
        "operator", hall.home.directory, "x", "--role", "chief", "--password-file", password
    )
    assert "UTF-8" in words
