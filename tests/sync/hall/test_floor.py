"""The worst hour at a real hall: hands, second people, undo, evacuation, power cut, cases."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from exam_packages.attempt.commands import (
    Accommodate,
    AddTime,
    Admit,
    Attend,
    Evacuate,
    Order,
    Pause,
    Replace,
    Resume,
    Return,
    Stop,
    journaled_command,
)
from exam_packages.attempt.events import RESTART
from exam_packages.sealing.question_report import read_report
from sync.hall.desk import Desk, DeskError
from sync.hall.home import HallHome

from .conftest import CLOCK, Hall, Site, Station

NOISE = {"reason": "hall.noise"}


class Room:
    """A hall of its own with stations that sit at it."""

    def __init__(self, hall: Hall, site: Site, make: Callable[..., Station]) -> None:
        self.hall = hall
        self.site = site
        self._make = make
        self._desks: dict[str, Desk] = {}
        self.stations: list[Station] = []

    def sit(self, count: int) -> list[Station]:
        for number in range(count):
            seat = self._make(f"r{number}", self.hall).begin(f"code-{number:04}")
            seat.tick()
            self.stations.append(seat)
        self.act("admit", all="1")
        for seat in self.stations:
            seat.tick()
        return self.stations

    def act(self, act: str, who: str = "chief", **fields: str) -> str:
        if who not in self._desks:
            self._desks[who] = self.hall.desk(who)
        return self._desks[who].act(act, **{**NOISE, **fields})

    def both(self, act: str, **fields: str) -> str:
        assert "second person" in self.act(act, "invigilator", **fields)
        return self.act(act, "chief", **fields)

    def row(self, number: int) -> dict[str, Any]:
        board = self.board()
        (row,) = (row for row in board["rows"] if row["candidate"] == f"c-{number}")
        found: dict[str, Any] = row
        return found

    def board(self) -> dict[str, Any]:
        self.act("say", all="1", text="?") if not self._desks else None
        return next(iter(self._desks.values())).board()

    def get(self, path: str) -> dict[str, Any]:
        return next(iter(self._desks.values()))._ask("GET", path, None)

    def close(self) -> None:
        for desk in self._desks.values():
            desk._http.close()


@pytest.fixture(scope="module")
def fresh(site: Site) -> HallHome:
    """A hall that was never started, to be copied."""
    return site.hall("room", 4)


@pytest.fixture
def room(
    site: Site, fresh: HallHome, station: Callable[..., Station], tmp_path: Path
) -> Iterator[Room]:
    home = tmp_path / "hall"
    shutil.copytree(fresh.directory, home)
    running = Hall(HallHome.load(home))
    running.start()
    room = Room(running, site, station)
    yield room
    room.close()
    running.stop()


def orders(seat: Station, **said: Any) -> list[Order]:
    """The orders a station gets with its next tick, carried out."""
    return [command.order for command, _ in seat.tick(**said).commands]


def test_raised_hands_wait_the_oldest_first_and_an_answer_reaches_the_candidate(
    room: Room,
) -> None:
    one, two, _ = room.sit(3)
    two.tick(calling=True)
    one.tick(calling=True)
    rows = {row["candidate"]: row for row in room.board()["rows"]}
    assert rows["c-1"]["hand_ms"] >= rows["c-0"]["hand_ms"] >= 0 > rows["c-2"]["hand_ms"]
    assert rows["c-1"]["concern"] == "waits"
    assert "Answered c-1." in room.act("attend", candidate="c-1", text="I come to you.")
    assert orders(two) == [Attend("I come to you.")]
    assert room.row(1)["hand_ms"] == -1


def test_who_does_not_come_back_from_a_break_stands_first_with_the_time(room: Room) -> None:
    one, two, three, four = room.sit(4)
    four.tick(phase="running")
    one.tick(phase="break", break_ms=170_000)
    two.tick(phase="break", break_ms=-61_000)
    three.tick(phase="break", break_ms=-400_000)
    rows = room.board()["rows"]
    assert [row["candidate"] for row in rows[:4]] == ["c-2", "c-1", "c-0", "c-3"]
    states = {row["candidate"]: (row["state"], row["concern"]) for row in rows}
    assert states["c-2"] == states["c-1"] == ("Break over: not back", "waits")
    assert states["c-0"] == ("On a break", "running")
    with room.hall.desk("observer") as desk:
        desk._http.headers["accept"] = "text/html"
        page = desk.download("/board").decode()
    assert "(for 6 min)" in page
    assert "(for 1 min)" in page
    assert "(3 min left)" in page
    three.tick(phase="returning")
    back = room.row(2)
    assert (back["state"], back["break_ms"]) == ("Back from a break: check identity", 0)


def test_stopping_takes_two_people_who_are_not_the_same(room: Room) -> None:
    one, two = room.sit(2)
    stop = {"candidate": "c-0", "reason": "candidate.withdraws"}
    for _ in range(2):
        assert "second person" in room.act("stop", "invigilator", **stop)
    assert orders(one) == []
    assert "wants to stop" in " ".join(room.row(0)["incidents"])
    assert "Stopping" in room.act("stop", **stop)
    assert (orders(one), orders(two)) == ([Stop()], [])


def test_much_time_takes_two_people_and_the_same_number_of_minutes(room: Room) -> None:
    (one,) = room.sit(1)
    assert "Adding 15" in room.act("add-time", candidate="c-0", minutes="15")
    assert orders(one) == [AddTime(900)]
    assert "second person" in room.act("add-time", candidate="c-0", minutes="16")
    assert "second person" in room.act("add-time", "invigilator", candidate="c-0", minutes="17")
    assert orders(one) == []
    room.act("add-time", candidate="c-0", minutes="17")
    assert orders(one) == [AddTime(1020)]
    assert room.row(0)["changed_s"] == 900 + 1020


def test_a_share_of_the_time_left_is_given_to_a_candidate_who_needs_more(room: Room) -> None:
    (one,) = room.sit(1)
    with pytest.raises(DeskError, match="not known now"):
        room.act("add-time", candidate="c-0", percent="25")
    one.tick(phase="running", left_ms=50 * 60_000 + 1, running=True)
    assert "Adding 13 minutes" in room.act("add-time", candidate="c-0", percent="25")
    assert orders(one) == [AddTime(13 * 60)]
    for wrong in ("0", "101", "all"):
        with pytest.raises(DeskError, match="percent"):
            room.act("add-time", candidate="c-0", percent=wrong)


def test_a_pause_of_all_is_undone_for_those_it_paused(room: Room) -> None:
    one, two, three = room.sit(3)
    room.act("pause", candidate="c-0", reason="candidate.ill")
    assert "2 candidates" in room.act("pause", all="1")
    room.act("resume", candidate="c-2")
    for seat in (one, two, three):
        seat.tick()
    (deed,) = [deed for deed in room.board()["deeds"] if deed["act"] == "pause"]
    assert "Undone for c-1." in room.act("undo", deed=str(deed["id"]))
    assert [orders(seat) for seat in (one, two, three)] == [[], [Resume()], []]
    with pytest.raises(DeskError, match="cannot be undone"):
        room.act("undo", deed=str(deed["id"]))


def test_time_given_to_all_is_taken_back(room: Room) -> None:
    one, two = room.sit(2)
    room.act("add-time", all="1", minutes="5")
    (deed,) = room.board()["deeds"]
    room.act("undo", deed=str(deed["id"]))
    for seat in (one, two):
        assert orders(seat) == [AddTime(300), AddTime(-300)]
    assert room.row(1)["changed_s"] == 0
    assert room.board()["deeds"] == []


def test_resuming_all_leaves_those_alone_who_were_paused_by_themselves(room: Room) -> None:
    one, two = room.sit(2)
    room.act("pause", candidate="c-0", reason="candidate.ill")
    room.act("pause", all="1")
    assert "c-1" in room.act("resume", all="1")
    assert orders(one) == [Pause()]
    assert orders(two) == [Pause(), Resume()]
    row = (one.tick(phase="paused"), room.row(0))[1]
    assert (row["state"], row["state_why"]) == ("Paused", "Taken ill")


def test_why_a_seat_is_paused_stays_said_whatever_else_is_done_for_it(room: Room) -> None:
    (one,) = room.sit(1)
    room.act("pause", candidate="c-0", reason="candidate.ill")
    room.act("say", candidate="c-0", reason="candidate.question", text="Help is on its way.")
    room.act("allow-break", candidate="c-0", reason="candidate.break")
    row = (one.tick(phase="paused"), room.row(0))[1]
    assert (row["state"], row["state_why"]) == ("Paused", "Taken ill")


def test_an_evacuation_locks_the_console_until_two_people_called_everybody(room: Room) -> None:
    one, two, three = room.sit(3)
    room.act("pause", candidate="c-2", reason="candidate.ill")
    three.tick()
    before = CLOCK.wall_ns()
    room.act("evacuate", "invigilator", ago="60", reason="hall.alarm")
    given = [orders(seat) for seat in (one, two, three)]
    for (order,) in given:
        assert isinstance(order, Evacuate)
        assert abs(order.alarm_ns + 60_000_000_000 - before) < 60_000_000_000
    for act in ("pause", "resume", "add-time", "admit", "move", "close", "suspect"):
        with pytest.raises(DeskError, match="evacuated"):
            room.act(act, candidate="c-0", all="1", minutes="1", statement="x", station="r1")
    assert room.board()["evacuated"]
    with pytest.raises(DeskError, match="3 on the roll"):
        room.act("end-evacuation")
    room.act("present", candidate="c-0")
    room.act("missing", candidate="c-1")
    with pytest.raises(DeskError, match="1 on the roll"):
        room.act("end-evacuation")
    with pytest.raises(DeskError, match="not in the room"):
        room.act("present", candidate="c-3")
    room.act("present", candidate="c-2")
    assert "second person" in room.act("end-evacuation")
    assert "second person" in room.act("end-evacuation")
    assert orders(one) == []
    assert "running on: c-0" in room.act("end-evacuation", "invigilator")
    assert orders(one) == [Return(), Resume()]
    assert orders(two) == [Return()], "missing: stays paused"
    assert orders(three) == [Return()], "was paused before: stays paused"
    assert not room.board()["evacuated"]
    room.act("pause", all="1")
    room.act("resume", all="1")
    assert orders(two) == [], "what concerns all leaves the missing alone"


def test_after_a_power_cut_two_people_let_all_go_on(room: Room) -> None:
    one, two = room.sit(2)
    for seat in (one, two):
        seat.tick()  # the hall holds all there is
        with pytest.raises(Exception, match="must allow it"):
            seat.restart(RESTART, boot=b"\x07" * 16)
    assert {row["waits_restart"] for row in room.board()["rows"][:2]} == {True}
    fields = {"minutes": "3", "reason": "technical.power"}
    assert "2 candidates" in room.both("power-cut", **fields)
    for number, seat in enumerate((one, two)):
        seat.reconnect()
        seat.restart(RESTART)
        assert orders(seat) == [AddTime(180), Resume()]
        assert room.row(number)["changed_s"] == 180


def test_a_suspicion_holds_the_result_and_the_exam_goes_on(room: Room) -> None:
    (one,) = room.sit(1)
    stated = {"candidate": "c-0", "statement": "A phone lay on the table.\nMs Ito saw it too."}
    room.act("suspect", "invigilator", reason="candidate.conduct", **stated)
    assert orders(one) == []
    assert room.row(0)["result"] == "hold"
    room.act("reply", "invigilator", case="1", reply="It was switched off.")
    with pytest.raises(DeskError, match="already"):
        room.act("reply", case="1", reply="Something else.")
    with pytest.raises(DeskError, match="chief"):
        room.act("settle", "invigilator", case="1", result="score", verdict="Nothing in it.")
    room.act("settle", case="1", result="score", verdict="Nothing in it.")
    assert room.row(0)["result"] == ""


def test_an_identity_that_does_not_fit(room: Room) -> None:
    seats = [room._make(f"r{n}", room.hall).begin(f"code-{n:04}") for n in range(2)]
    for seat in seats:
        seat.tick()
    why = {"reason": "candidate.identity"}
    room.act("admit-provisionally", candidate="c-0", statement="Another first name.", **why)
    assert orders(seats[0]) == [Admit(0)]
    assert room.row(0)["result"] == "hold"
    with pytest.raises(DeskError, match="was admitted"):
        room.both("refuse", candidate="c-0", **why)
    room.both("refuse", candidate="c-1", **why)
    assert orders(seats[1]) == [Stop()]
    assert room.row(1)["result"] == "void"


def test_a_result_that_does_not_count(room: Room) -> None:
    (one,) = room.sit(1)
    room.both("do-not-count", candidate="c-0", reason="candidate.conduct")
    assert orders(one) == [Stop()]
    assert room.row(0)["result"] == "void"


def test_a_broken_camera_and_how_the_screen_is_read(room: Room) -> None:
    (one,) = room.sit(1)
    room.act("replace", candidate="c-0", device="camera", minutes="15")
    assert room.row(0)["replacing"] == ["camera"]
    room.act("replace", candidate="c-0", device="camera", minutes="0")
    assert room.row(0)["replacing"] == []
    room.act("accommodate", candidate="c-0", language="fr", theme="contrast-dark", aloud="1")
    first, second, third = orders(one)
    assert (first, second) == (Replace("camera", True), Replace("camera", False))
    assert isinstance(third, Accommodate)
    assert (third.granted.language, third.granted.aloud) == ("fr", True)
    with pytest.raises(DeskError, match="Say which device"):
        room.act("replace", candidate="c-0", device="roof", minutes="1")


def test_a_faulty_question_reaches_the_body_with_the_halls_signature(room: Room) -> None:
    (one,) = room.sit(1)
    one.tick(reports=(7,))
    assert room.row(0)["reports"] == [7]
    said = {"candidate": "c-0", "question": "7", "remark": "The picture is missing."}
    assert "question 7" in room.act("report", **said)
    desk = next(iter(room._desks.values()))
    data = desk._http.get("/faults/1").content
    report = read_report(data, room.hall.home.enrolment(now_s=None).verify_key)
    assert one.seat is not None
    assert (report.question, report.remark) == (7, "The picture is missing.")
    assert report.blind_id == one.seat.blind_id


def test_the_room_has_a_plan(room: Room) -> None:
    room.sit(1)
    desk = next(iter(room._desks.values()))
    assert "4 candidates" in room.act("seating", columns="3")
    assert room.row(3)["place"] == [2, 1]
    plan = b"candidate;row;column\nc-0;2;5\nc-1;1;1\n"  # as where the comma is a decimal mark
    assert "2 candidates" in desk.upload("seating-file", "plan", plan)
    assert [room.row(n)["place"] for n in range(3)] == [[2, 5], [1, 1], [0, 0]]
    for wrong, words in (
        (b"candidate,row,column\nc-0,1,1\nc-1,1,1\n", "second time"),
        (b"candidate,row,column\nnobody,1,1\n", "not on the roster"),
        (b"candidate,row,column\nc-0,0,1\n", "1 to"),
        (b"name\n", "columns"),
        (b"\xff", "UTF-8"),
    ):
        with pytest.raises(DeskError, match=words):
            desk.upload("seating-file", "plan", wrong)


def test_the_log_says_it_in_the_words_of_assessment_control(room: Room) -> None:
    room.sit(1)
    room.act("add-time", candidate="c-0", minutes="5", reason="technical.station")
    log = room.get("/log")["log"]
    assert log[0]["role"] == "chief"
    control = log[0]["assessment_control"]
    assert (control["action"], control["extra_time"]) == ("update", 5)
    assert control["reason_code"] == "technical.station"
    assert log[1]["act"] == "admit"
    assert log[1]["assessment_control"] is None


def test_every_order_names_who_and_why(room: Room) -> None:
    (one,) = room.sit(1)
    room.act(
        "pause", "invigilator", candidate="c-0", reason="hall.noise", comment="Drill next door"
    )
    ((command, data),) = one.tick().commands
    assert journaled_command(data) == command
    assert (command.operator, command.reason, command.comment) == (
        "invigilator",
        "hall.noise",
        "Drill next door",
    )
