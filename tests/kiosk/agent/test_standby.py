"""The hall is killed in the middle, and the standby takes over: real halls, real agents."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_exam
from sitting import INVIGILATOR, Agent, Hall, Seat, Site, _open_sitting, eventually
from small_exam import chosen
from two_halls import Centre, both_running

from exam_packages.attempt.acts import HandIn, Respond
from exam_packages.attempt.commands import journaled_command
from exam_packages.attempt.events import Commanded
from exam_packages.attempt.state import Phase
from exam_packages.sealing.mandate import term_of
from kiosk.ipc import messages as ipc
from sync.hall.home import HallHome

ITEMS = (small_exam.choice_item("one"), small_exam.choice_item("two", most=2))
PAPER = small_exam.paper(ITEMS, time_limit_s=600)


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    site = Site.found(tmp_path, PAPER, ITEMS, stations=2, candidates=2)
    made = Centre.of(site, tmp_path)
    with both_running(made):
        made.followed()
        yield made


def held(hall: Hall) -> list[tuple[bytes, int, bytes]]:
    """Every frame that a hall has."""
    database = sqlite3.connect(hall.home.directory / "hall.sqlite")
    try:
        return database.execute(
            "SELECT blind_id, sequence, frame FROM frames ORDER BY blind_id, sequence"
        ).fetchall()
    finally:
        database.close()


def test_the_hall_dies_and_the_standby_takes_over(centre: Centre) -> None:
    seats = [
        Seat(number, centre.site.stations[number - 1], centre.first, centre.site)
        for number in (1, 2)
    ]
    agents = [seat.agent() for seat in seats]
    try:
        screens = [agent.screen() for agent in agents]
        for seat, screen in zip(seats, screens, strict=True):
            screen.begin(centre.first, seat.number)
            screen.do(Respond("one", chosen("A")))
            screen.await_(ipc.Status, lambda status: status.hall and status.safe == status.saved)
        eventually(lambda: held(centre.first) == held(centre.second), "both halls hold the same")
        centre.can_restore()

        with pytest.raises(Exception, match="does not command"):
            centre.second.act("pause", candidate=seats[0].candidate)
        centre.first.stop(signal.SIGKILL)
        for screen in screens:
            screen.do(Respond("one", chosen("B")))
            # The standby has it: it is safe in a hall, though none commands.
            screen.await_(ipc.Status, lambda status: status.safe == status.saved)
        assert centre.give_command(centre.second) == 1
        centre.second.until(lambda board: not board["idle"] or board["rows"], "the board")
        centre.second.act("add-time", candidate=seats[0].candidate, minutes="7")
        eventually(lambda: screens[0].attempt.allowed_s == 600 + 7 * 60, "the standby commands")
        orders = [
            journaled_command(entry.event.command)
            for entry in screens[0].entries
            if isinstance(entry.event, Commanded)
        ]
        assert [term_of(order.authority) for order in orders] == [0, 1]

        # The agent dies under the standby, which gives back its half of the key.
        agents[1].kill()
        agents[1] = Agent(seats[1].station)
        screens[1] = agents[1].screen()
        screens[1].await_phase(Phase.RUNNING)
        eventually(lambda: screens[1].attempt.epoch == 2, "it goes on in a new epoch")
        assert screens[1].attempt.responses["one"] == chosen("B")

        # The old hall comes back, is told that it is deposed, and follows.
        centre.first.start()
        centre.first.until(
            lambda board: any("does not command any more" in words for words in board["alarms"]),
            "the old hall says that it is deposed",
        )
        assert (centre.first.home.directory / "before-turn-1.sqlite").exists()
        with pytest.raises(Exception, match="does not command"):
            centre.first.act("pause", candidate=seats[0].candidate)

        for screen in screens:
            assert isinstance(screen.do(HandIn()), ipc.Saved)
            screen.await_(ipc.Finished, lambda finished: finished.hall)
        board = centre.second.board()
        assert [row["handed_in"] for row in board["rows"]] == [True, True]
        eventually(lambda: held(centre.first) == held(centre.second), "and both hold the same")
        eventually(
            lambda: [row["handed_in"] for row in centre.first.board()["rows"]] == [True, True],
            "the old hall knows the hand-ins",
        )

        # And command may go back.
        assert centre.give_command(centre.first) == 2
        eventually(
            lambda: any(
                "does not command any more" in words for words in centre.second.board()["alarms"]
            ),
            "the second hall is deposed in its turn",
        )
    finally:
        for agent in agents:
            agent.kill()


def test_a_new_hall_gets_everything_from_the_stations(tmp_path: Path) -> None:
    """The only hall burned; another machine is enrolled and stands at its address."""
    site = Site.found(tmp_path, PAPER, ITEMS, stations=2, candidates=2)
    old = site.hall
    old.start()
    seats = [Seat(number, site.stations[number - 1], old, site) for number in (1, 2)]
    agents = [seat.agent() for seat in seats]
    new: Hall | None = None
    try:
        old.act("release", code=site.codes[0])
        screens = [agent.screen() for agent in agents]
        for seat, screen in zip(seats, screens, strict=True):
            screen.begin(old, seat.number)
            screen.do(Respond("one", chosen("A")))
            screen.await_(ipc.Status, lambda status: status.hall and status.safe == status.saved)
        kept = held(old)
        old.stop(signal.SIGKILL)
        for screen in screens:
            screen.do(Respond("one", chosen("C")))

        home = Centre.machine(site, tmp_path / "new", "hall-new", standby=False)
        home.settings_path.write_text(
            home.settings_path.read_text().replace(
                f"station_port = {home.station_port}", f"station_port = {old.home.station_port}"
            )
        )
        new = Hall(HallHome.load(home.directory))
        _open_sitting(new.home, site.package_hash, site.release_id, 2)
        new.start()
        new.until(
            lambda board: sum("does not know" in words for words in board["alarms"]) == 2,
            "both stations say what they have",
        )
        assert not held(new)
        with pytest.raises(Exception, match="Only the chief"):
            new.act("take-in", who=INVIGILATOR, all="1")
        assert new.act("take-in", all="1") == "Taken in from their stations: 2 candidates."
        eventually(lambda: len(held(new)) > len(kept), "the stations send everything again")
        assert set(kept) < set(held(new))
        new.act("add-time", candidate=seats[0].candidate, minutes="3")
        eventually(lambda: screens[0].attempt.allowed_s == 600 + 3 * 60, "the new hall commands")
        for screen in screens:
            assert isinstance(screen.do(HandIn()), ipc.Saved)
            screen.await_(ipc.Finished, lambda finished: finished.hall)
        assert [row["handed_in"] for row in new.board()["rows"]] == [True, True]
    finally:
        for agent in agents:
            agent.kill()
        old.stop()
        if new is not None:
            new.stop()
