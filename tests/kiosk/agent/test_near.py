"""Neighbour stations keep each other's records, on real agents and a real hall.

The hall is killed, and the disk of the station where somebody sits is lost: what a neighbour
acknowledged is all there again.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import small_exam
from near import kept_at, pair_up
from sitting import Agent, Screen, Seat, Site, eventually
from small_exam import chosen

from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import Respond
from exam_packages.sealing.journal import read_frames
from kiosk.ipc import messages as ipc

ITEMS = (small_exam.choice_item("one"), small_exam.choice_item("two"))
PAPER = small_exam.paper(ITEMS)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site.found(tmp_path, PAPER, ITEMS, stations=3, candidates=2)
    pair_up(made)
    made.hall.start()
    made.hall.act("release", code=made.codes[0])
    yield made
    made.hall.stop()


ALL = {"seat-1", "seat-2", "seat-3"}


def working(site: Site, stack: ExitStack) -> list[Agent]:
    """The agents of all stations, once the hall has them ready."""
    agents = [stack.enter_context(Agent(each)) for each in site.stations]
    site.hall.until(lambda board: set(board["idle"]) >= ALL, "all are ready")
    return agents


def begun(site: Site, agent: Agent) -> Screen:
    """The screen of the first candidate, who has answered once."""
    screen = agent.screen()
    screen.begin(site.hall, 1)
    screen.do(Respond("one", chosen("A")))
    return screen


def test_what_only_a_neighbour_acknowledged_is_not_lost(site: Site) -> None:
    hall, stations = site.hall, site.stations
    with ExitStack() as stack:
        seat = Seat(1, stations[0], hall, site)
        agent, neighbour, spare = working(site, stack)
        screen = begun(site, agent)
        screen.await_(ipc.SafeNear, lambda told: told.station == "seat-2" and told.safe > 1)
        # The hall is gone. Answers go on, and their only other copy is the neighbour's.
        hall.stop(signal.SIGKILL)
        screen.do(Respond("one", chosen("B")))
        screen.do(Respond("two", chosen("B")))
        saved = screen.entries[-1].sequence
        screen.await_(ipc.SafeNear, lambda told: told.safe >= saved)
        lost = screen.await_(ipc.Status, lambda status: not status.hall)
        assert lost.safe < saved  # no hall has it, and none is said to
        (here,) = stations[0].attempts.iterdir()
        blind_id, written = bytes.fromhex(here.name), read_frames(here).frames
        assert tuple(kept_at(stations[1])[blind_id])[:saved] == written[:saved]
        # The machine burns.
        agent.kill()
        shutil.rmtree(stations[0].directory)
        # The hall is back, and the neighbour brings what it lacks.
        hall.start()
        hall.until(
            lambda board: "which keeps a copy" in str(board["rows"][0]["incidents"]),
            "the neighbour brings the record",
        )
        hall.until(lambda board: ALL - {"seat-1"} <= set(board["idle"]), "they are back")
        hall.both("move", candidate=seat.candidate, station="seat-3")
        moved = spare.screen()
        moved.await_(ipc.SignedIn)
        eventually(lambda: moved.attempt.epoch == 2, "it goes on")
        assert moved.attempt.responses == {"one": chosen("B"), "two": chosen("B")}
        opened = [each.event for each in moved.entries if isinstance(each.event, ev.Opened)]
        assert [each.cause for each in opened] == [ev.START, ev.MOVE]
        # There it has a neighbour again, which takes the record with two writers.
        last = moved.entries[-1].sequence
        moved.await_(ipc.SafeNear, lambda told: told.station == "seat-2" and told.safe >= last)
        assert neighbour.process.poll() is None


@pytest.mark.slow
def test_a_neighbour_follows_an_exam_that_was_moved_before_it_could_bring_its_copy(
    site: Site,
) -> None:
    """Two people move the exam while the neighbour has more of it than the hall. What it has
    beyond that place is kept apart, there and in the hall, and it keeps the exam on."""
    hall, stations = site.hall, site.stations
    with ExitStack() as stack:
        seat = Seat(1, stations[0], hall, site)
        agent, neighbour, spare = working(site, stack)
        screen = begun(site, agent)
        first = screen.entries[-1].sequence
        screen.await_(ipc.Status, lambda status: status.safe >= first)
        screen.await_(ipc.SafeNear, lambda told: told.station == "seat-2" and told.safe >= first)
        hall.stop(signal.SIGKILL)
        screen.do(Respond("one", chosen("B")))
        saved = screen.entries[-1].sequence
        screen.await_(ipc.SafeNear, lambda told: told.station == "seat-2" and told.safe >= saved)
        keeping = keeping_process(neighbour.process.pid)
        os.kill(keeping, signal.SIGSTOP)
        agent.kill()
        hall.start()
        hall.until(lambda board: ALL - {"seat-1"} <= set(board["idle"]), "they are back")
        hall.both("move", candidate=seat.candidate, station="seat-3")
        moved = spare.screen()
        moved.await_(ipc.SignedIn)
        eventually(lambda: moved.attempt.epoch == 2, "it goes on")
        assert moved.attempt.responses == {"one": chosen("A")}
        moved.do(Respond("two", chosen("B")))
        last = moved.entries[-1].sequence
        os.kill(keeping, signal.SIGCONT)
        moved.await_(ipc.SafeNear, lambda told: told.station == "seat-2" and told.safe >= last)
        (here,) = stations[2].attempts.iterdir()
        written = read_frames(here).frames
        kept = kept_at(stations[1])[bytes.fromhex(here.name)]
        assert tuple(kept)[:last] == written[:last]
        hall.until(
            lambda board: "did not have when it was moved" in str(board["rows"][0]["incidents"]),
            "the neighbour hands over what was set apart",
        )


def keeping_process(agent: int) -> int:
    """The process in which the agent of that id keeps records of others."""
    children = Path(f"/proc/{agent}/task").glob("*/children")
    for child in " ".join(each.read_text() for each in children).split():
        if b"kiosk.keeping" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    raise AssertionError("it keeps nothing")
