"""The hall is killed in the middle, and the standby takes over: real halls, real agents.

The two long ones are slow tests; quick slices of them are in ``tests/sync/hall/test_several``
(exams taken in), ``tests/sync/test_seat_orders`` (orders at the seat) and ``test_two_halls``.
"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_exam
from click.testing import CliRunner
from sitting import (
    CENTRE,
    CLOCK,
    INVIGILATOR,
    Agent,
    Hall,
    Screen,
    Seat,
    Site,
    _open_sitting,
    eventually,
)
from small_exam import chosen
from two_halls import Centre, both_running

from exam_packages.attempt.acts import HandIn, Respond
from exam_packages.attempt.commands import journaled_command
from exam_packages.attempt.events import Commanded, Mandated
from exam_packages.attempt.state import Phase
from exam_packages.clock import SECOND
from exam_packages.sealing.keys import write_signing_key
from exam_packages.sealing.mandate import read_mandate, term_of
from exam_packages.sealing.protection import Passphrase
from exam_packages.sealing.suite import SigningKey
from kiosk.agent.chief import station as station_cli
from kiosk.ipc import messages as ipc
from provisioning import chiefs
from sync.hall.cli import hall as hall_cli
from sync.hall.desk import DeskError
from sync.hall.home import HallHome
from sync.web.wire import HttpError

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
        arguments = [str(centre.second.home.directory), "Eve", "--role", "chief"]
        with pytest.raises(HttpError, match="does not command"):
            CliRunner().invoke(
                hall_cli,
                ["operator", *arguments, "--password-file", str(centre.second.home.settings_path)],
                catch_exceptions=False,
            )
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_with_no_hall_left_the_chief_orders_at_the_seat(tmp_path: Path) -> None:
    site = Site.found(tmp_path, PAPER, ITEMS, stations=1, candidates=1)
    hall = site.hall
    hall.start()
    seat = Seat(1, site.stations[0], hall, site)
    agent = seat.agent()
    key, record = tmp_path / "chief.key", tmp_path / "chief.record"
    chief = SigningKey.generate(pair=False)
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse battery\n")
    passphrase.chmod(0o600)
    write_signing_key(key, chief, Passphrase("correct horse battery"))
    request = chiefs.request_chief(chief, "Ana Chief", CENTRE)
    named = chiefs.name_chief(site.body, request, CLOCK.wall_ns() // SECOND)[1]
    record.write_bytes(named)

    def order(*what: str) -> str:
        arguments = ["order", str(seat.station.directory), *what, "--key", str(key)]
        arguments += ["--chief", str(record), "--passphrase-file", str(passphrase)]
        done = CliRunner().invoke(station_cli, arguments)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    try:
        hall.act("release", code=site.codes[0])
        screen = agent.screen()
        screen.begin(hall, 1)
        hall.stop(signal.SIGKILL)
        order("pause")
        screen.await_phase(Phase.PAUSED)
        # Somebody without the key leaves the same order again, and one of their own.
        orders = seat.station.orders
        (orders / f"{1:020}.order").write_bytes(b"nothing")
        order("resume")
        screen.await_phase(Phase.RUNNING)
        order("add-time", "--minutes", "5")
        eventually(lambda: screen.attempt.allowed_s == 600 + 5 * 60, "more time")
        operators = [
            journaled_command(entry.event.command).operator
            for entry in screen.entries
            if isinstance(entry.event, Commanded)
        ]
        assert operators[-3:] == ["Ana Chief"] * 3
        mandates = [e.event.mandate for e in screen.entries if isinstance(e.event, Mandated)]
        (said,) = (read_mandate(each, site.body.trust(), CENTRE)[0] for each in mandates)
        assert said.commander == chief.key_id
        # The hall is back, is told, and does not command until it is given command.
        hall.start()
        hall.until(
            lambda board: any("does not command any more" in words for words in board["alarms"]),
            "the hall hears of it",
        )
        screen.do(Respond("one", chosen("B")))
        eventually(lambda: b"".join(frame for _, _, frame in held(hall)), "it holds all the same")
        turn, _ = chiefs.give_command(
            hall.home, chief, named, "technical.hall", "", CLOCK.wall_ns()
        )
        assert turn == 2
        eventually(lambda: _paused(hall, seat.candidate), "the hall commands again")
        screen.await_phase(Phase.PAUSED)
        order("stop")
        finished = screen.await_(ipc.Finished)
        assert finished.code
    finally:
        agent.kill()
        hall.stop()


def _paused(hall: Hall, candidate: str) -> bool:
    try:
        return bool(hall.act("pause", candidate=candidate))
    except DeskError:
        return False


_ALONE = "from kiosk.alone import alone; alone()"


def test_hall_and_station_on_one_machine(tmp_path: Path) -> None:
    site = Site.found(tmp_path, PAPER, ITEMS, stations=1, candidates=1)
    station = site.stations[0]
    with (tmp_path / "alone.log").open("ab") as log:
        both = subprocess.Popen(
            [
                *(sys.executable, "-c", _ALONE),
                *(str(station.directory), str(site.hall.home.directory)),
            ],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert both.stdout is not None
    with both.stdout as said:
        assert '"ready": true' in said.readline()
        screen = Screen(station.socket)
        try:
            site.hall.act("release", code=site.codes[0])
            screen.begin(site.hall, 1)
            screen.do(Respond("one", chosen("A")))
            assert isinstance(screen.do(HandIn()), ipc.Saved)
            screen.await_(ipc.Finished, lambda finished: finished.hall)
        finally:
            screen.close()
            both.terminate()
            assert both.wait(30) == 0
    with pytest.raises(DeskError, match="does not answer"):  # the hall ended with it
        site.hall.board()
