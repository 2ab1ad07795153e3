"""Several sittings in one hall: stations learn theirs, one closes while another goes on."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_packages.attempt.commands import Resume
from exam_packages.attempt.events import MOVE
from exam_packages.sealing.question_report import read_report
from sync.hall.cli import hall as hall_cli
from sync.hall.desk import DeskError
from sync.link import HolderRefused
from sync.messages import TakeUp

from .conftest import Hall, Site, Station, found_site, run_cli

OTHER = ("o-1,Other One,other-01,0", "o-2,Other Two,other-02,0")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Site]:
    """One body, two packages."""
    first = found_site(tmp_path_factory.mktemp("first"))
    return first, first.another("Second exam", "2026-11-23/B")


@pytest.fixture
def hall(two: tuple[Site, Site], request: pytest.FixtureRequest) -> Iterator[Hall]:
    first, second = two
    home = first.hall(f"hall-{request.node.name[:40]}", 3)
    roster = home.directory / "second.csv"
    roster.write_text("candidate,name,code,extra_minutes\n" + "\n".join(OTHER) + "\n")
    run_cli(
        "sitting", home.directory, "--package", second.package, "--grant", second.grant,
        "--roster", roster, "--title", "The other one",
    )  # fmt: skip
    running = Hall(home)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def station(two: tuple[Site, Site], hall: Hall, tmp_path: Path) -> Iterator[Callable[..., Station]]:
    made: list[Station] = []

    def make(name: str) -> Station:
        made.append(Station(two[0].station(name), hall, tmp_path / f"{name}-{len(made)}"))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_station_learns_its_sitting_from_the_code_and_is_released_only_that(
    hall: Hall, two: tuple[Site, Site], station: Callable[..., Station]
) -> None:
    first, second = two
    one, other = station("s1"), station("s2")
    assert one.welcome.package_hash == other.welcome.package_hash == first.package_hash
    one.begin("code-0001")
    with pytest.raises(HolderRefused, match="is for the exam “Second exam”"):
        other.client.sign_in("other-01")
    other.reconnect()
    assert other.welcome.package_hash == second.package_hash
    assert one.client.restore_key != other.client.restore_key
    other.begin("other-01")
    with hall.desk() as desk:
        board = desk.board()
        assert [each["title"] for each in board["sittings"]] == [
            "Food safety, morning", "The other one",
        ]  # fmt: skip
        assert {row["seat"] for row in board["rows"]} == {1, 2, 3, 4, 5}
        # Each code says by itself which exam it is for.
        for name, code in zip(("invigilator", "chief"), second.codes, strict=True):
            with hall.desk(name) as typing:
                told = typing.act("release", code=code, reason="routine.start")
        assert "is released" in told
    assert [each.package_hash for each in other.tick().releases] == [second.package_hash]
    assert one.tick().releases == ()


def test_one_sitting_closes_while_the_other_goes_on(
    hall: Hall, station: Callable[..., Station]
) -> None:
    one, other = station("s1"), station("s2")
    one.begin("code-0001").tick()
    with pytest.raises(HolderRefused):
        other.client.sign_in("other-01")
    other.reconnect()
    other.begin("other-01").tick()
    with hall.desk() as desk:
        with pytest.raises(DeskError, match="say which one by its number"):
            desk.act("close", all="1", reason="routine.end")
        with pytest.raises(DeskError, match="still open"):
            desk.act("close", all="1", sitting="2", reason="routine.end")
        other.client.hand_in(other.manifest())
        desk.act("absent", sitting="2", reason="routine.end")
        assert "is closed" in desk.act("close", all="1", sitting="2", reason="routine.end")
        assert [row["candidate"] for row in desk.board()["rows"]] != []
        assert {row["candidate"] for row in desk.board()["rows"]} == {"c-0", "c-1", "c-2"}
        one.add()
        assert one.tick().acknowledgement is not None
        one.client.hand_in(one.manifest())
        desk.act("absent", reason="routine.end")
        desk.act("close", all="1", reason="routine.end")
    # Each has its own name among restore keys, and both are stated to be gone.
    other.reconnect()
    assert len({each.sitting for each in other.client.closed}) == 2


def test_a_station_is_kept_for_one_sitting_and_a_spare_serves_both(
    hall: Hall, two: tuple[Site, Site], station: Callable[..., Station]
) -> None:
    kept = station("s1")
    with hall.desk() as desk:
        assert "is kept for The other one" in desk.act("keep-station", station="s1", sitting="2")
    kept.reconnect()
    assert kept.welcome.package_hash == two[1].package_hash
    with pytest.raises(HolderRefused, match="is kept for “Second exam”"):
        kept.client.sign_in("code-0001")
    # An exam of the first sitting moves to it all the same, by two people.
    seat, spare, neighbour = station("s2"), station("s3"), station("s4")
    with hall.desk() as desk:
        desk.act("keep-station", station="s3", sitting="2")
    spare.reconnect()
    for each in (seat, spare, neighbour):
        each.announce()
        each.tick()
    seat.begin("code-0002").tick()
    with pytest.raises(DeskError, match="is not ready for this sitting yet"), hall.desk() as desk:
        desk.act("move", candidate="c-2", station="s3", reason="technical.station")
    spare.reconnect()
    assert spare.welcome.package_hash == two[0].package_hash
    spare.announce()
    spare.tick()
    for name in ("chief", "invigilator"):
        neighbour.tick()
        with hall.desk(name) as desk:
            desk.act("move", candidate="c-2", station="s3", reason="technical.station")
    assert seat.seat is not None
    assert spare.tick().take_up == (TakeUp(seat.seat.blind_id, MOVE),)


def test_nobody_is_expected_at_two_sittings_at_once(
    hall: Hall, two: tuple[Site, Site], tmp_path: Path
) -> None:
    third = two[0].another("Third exam", "2026-11-23/C")
    roster = tmp_path / "third.csv"
    roster.write_text("candidate,name,code,extra_minutes\nc-1,Candidate 1,new-code,0\n")
    result = CliRunner().invoke(
        hall_cli,
        [
            "sitting", str(hall.home.directory), "--package", str(third.package),
            "--grant", str(third.grant), "--roster", str(roster), "--title", "Third",
        ],
    )  # fmt: skip
    assert "nobody can sit two exams at once" in str(result.exception)


def test_an_evacuation_calls_the_roll_of_every_sitting(
    hall: Hall, station: Callable[..., Station]
) -> None:
    one, other = station("s1"), station("s2")
    one.begin("code-0001").tick()
    with pytest.raises(HolderRefused):
        other.client.sign_in("other-01")
    other.reconnect()
    other.begin("other-01").tick()
    alarm = {"reason": "hall.alarm"}
    with hall.desk() as desk, hall.desk("invigilator") as second:
        desk.act("evacuate", ago="0", **alarm)
        assert [line["candidate"] for line in desk.look("/roll-call")["roll_call"]["lines"]] == [
            "c-1",
            "o-1",
        ]
        desk.act("present", candidate="c-1", **alarm)
        desk.act("present", candidate="o-1", **alarm)
        desk.act("end-evacuation", **alarm)
        second.act("end-evacuation", **alarm)
    for each in (one, other):
        assert [type(command.order) for command, _ in each.tick().commands][-1] is Resume


def test_an_exam_of_the_second_sitting_is_taken_in(
    hall: Hall, station: Callable[..., Station]
) -> None:
    seat, blind_id = station("s1"), secrets.token_bytes(16)
    seat.client.claim(blind_id, "o-2")
    with hall.desk() as desk:
        assert "o-2" in desk.act("take-in", candidate="o-2", reason="technical.hall")
        (row,) = (row for row in desk.board()["rows"] if row["candidate"] == "o-2")
    assert row["station"] == "s1"


def test_faults_and_the_plan_are_of_every_sitting(
    hall: Hall, two: tuple[Site, Site], station: Callable[..., Station]
) -> None:
    other = station("s1")
    with pytest.raises(HolderRefused):
        other.client.sign_in("other-01")
    other.reconnect()
    other.begin("other-01").tick(reports=(7,))
    plan = b"candidate,row,column\nc-0,1,1\no-1,1,2\n"
    with hall.desk() as desk:
        assert "o-1" in desk._http.get("/faults").text
        said = {"question": "7", "remark": "The picture is missing."}
        desk.act("report", candidate="o-1", reason="candidate.item", **said)
        data = desk._http.get("/faults/1").content
        assert "2 candidates" in desk.upload("seating-file", "plan", plan)
        placed = {row["candidate"]: row["place"] for row in desk.board()["rows"]}
        assert (placed["c-0"], placed["o-1"], placed["o-2"]) == ([1, 1], [1, 2], [0, 0])
        assert "5 candidates" in desk.act("seating", columns="3", reason="routine.start")
    report = read_report(data, hall.home.enrolment(now_s=None).verify_key)
    assert (report.slot, report.package_hash) == ("2026-11-23/B", two[1].package_hash)


def test_a_key_that_did_not_go_away_is_tried_again_while_another_sitting_is_open(
    hall: Hall, station: Callable[..., Station]
) -> None:
    one = station("s1")
    with pytest.raises(HolderRefused):
        one.client.sign_in("other-01")
    one.reconnect()
    one.begin("other-01").tick()
    one.client.hand_in(one.manifest())
    assert one.client.restore_key is not None
    name = one.client.restore_key.sitting.hex()
    key = hall.home.directory / "keys" / f"restore-{name}.key"
    with hall.desk() as desk:
        desk.act("absent", sitting="2", reason="routine.end")
        key.unlink()
        key.mkdir()  # what no disk deletes as a file
        with pytest.raises(DeskError, match="could not be deleted"):
            desk.act("close", all="1", sitting="2", reason="routine.end")
        key.rmdir()
        assert "is closed" in desk.act("close", all="1", sitting="2", reason="routine.end")
        with pytest.raises(DeskError, match="No sitting with the number 2 is open"):
            desk.act("close", all="1", sitting="2", reason="routine.end")
        assert [each["number"] for each in desk.board()["sittings"]] == [1]
