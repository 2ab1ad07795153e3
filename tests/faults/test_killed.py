"""Agents and their hall are killed (-9) at random over a whole sitting, all real processes: every
answer that was called saved is there and counted once, at the station and in the hall."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from pathlib import Path

import pytest
import small_exam
from sitting import Agent, Screen, Seat, Site, eventually, hall_running
from small_exam import chosen

from exam_packages.attempt.acts import HandIn, Respond
from exam_packages.attempt.state import Phase
from exam_packages.sealing.journal import read_frames
from kiosk.ipc import messages as ipc

ITEMS = (small_exam.choice_item("one"), small_exam.essay_item("three"))
PAPER = small_exam.paper(ITEMS, time_limit_s=7200, outage_limit_s=7200)


class Candidate:
    """Writes the numbers from 1 on, one answer each, at an agent that may die."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.agent: Agent | None = None
        self.screen: Screen | None = None
        self.saved = 0
        """The last number that was called saved."""
        self.sent = 0
        self._epoch = 0
        self._here = False
        """Whether the agent that lives now goes on with the exam."""

    def begin(self) -> None:
        self.agent = self.seat.agent()
        self.screen = self.agent.screen()
        self.screen.begin(self.seat.hall, self.seat.number)
        self._here = True

    def come_back(self, *, hall: bool) -> bool:
        """Start the agent if it is dead; whether the exam goes on, which needs the hall."""
        if self.agent is None:
            self.agent = self.seat.agent()
            self.screen = self.agent.screen()
        if not self._here and hall:
            self._look()
            self._here = True
        return self._here

    def _look(self) -> None:
        """All that was called saved is there, and of the rest a beginning; each counted once."""
        screen = self.screen
        assert screen is not None
        screen.await_(ipc.SignedIn, within_s=120)
        eventually(lambda: screen.attempt.epoch > self._epoch, "a new epoch", 120)
        attempt = screen.attempt
        assert attempt.phase is Phase.RUNNING
        there = attempt.responses.get("three")
        found = int(there[0].members[0]) if there else 0
        assert self.saved <= found <= self.sent
        assert attempt.recorded == found
        self.saved = self.sent = found

    def answer(self) -> None:
        assert self.screen is not None
        self.sent += 1
        said = self.screen.do(Respond("three", chosen(f"{self.sent:05d}")))
        assert isinstance(said, ipc.Saved), said
        self.saved = self.sent

    def type_on(self, count: int) -> None:
        """Without waiting for anything."""
        assert self.screen is not None
        for _ in range(count):
            self.sent += 1
            answer = Respond("three", chosen(f"{self.sent:05d}"))
            self.screen.channel.send(ipc.Do(5000 + self.sent, answer))

    def die(self) -> None:
        assert self.agent is not None
        assert self.screen is not None
        screen = self.screen
        self.agent.kill()
        if self._here:
            self._epoch = screen.attempt.epoch
            heard = [each.request - 5000 for each in screen.all(ipc.Saved) if each.request > 5000]
            self.saved = max(self.saved, *heard, 0)
        self.agent, self._here = None, False

    def end(self) -> None:
        if self.agent is not None:
            self.agent.__exit__()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_every_answer_is_counted(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  no secret
    site = Site.found(tmp_path, PAPER, ITEMS, stations=3, candidates=3)
    kills = {"agents": 0, "halls": 0}
    with hall_running(site) as hall, contextlib.ExitStack() as ends:
        people = [Candidate(Seat(n, home, hall, site)) for n, home in enumerate(site.stations, 1)]
        for each in people:
            ends.callback(each.end)
            each.begin()
        for _ in range(60):
            one = chance.choice(people)
            if not one.come_back(hall=hall.process is not None):
                hall.start()
                one.come_back(hall=True)
            for _ in range(chance.randrange(4)):
                one.answer()
            if chance.random() < 0.4:
                one.type_on(chance.randrange(30))
                one.die()
                kills["agents"] += 1
            if chance.random() < 0.2:
                if hall.process is None:
                    hall.start()
                else:
                    hall.stop()  # SIGKILL
                    kills["halls"] += 1
        if hall.process is None:
            hall.start()
        for each in people:
            each.come_back(hall=True)
            assert each.screen is not None
            assert isinstance(each.screen.do(HandIn()), ipc.Saved)
            each.screen.await_(ipc.Finished, lambda finished: finished.hall, 120)
            assert each.screen.attempt.recorded == each.saved
        hall.stop()
        held = _held(hall.home.directory)
        for each in people:
            (attempt,) = each.seat.station.attempts.iterdir()
            assert list(read_frames(attempt).frames) in held
    assert len(held) == len(people)
    print(f"killed {kills}; answers {[each.saved for each in people]}")
    assert kills["agents"] > 10
    assert kills["halls"] > 2


def _held(directory: Path) -> list[list[bytes]]:
    """The records in the hall."""
    with contextlib.closing(sqlite3.connect(directory / "hall.sqlite")) as database:
        found: dict[bytes, list[bytes]] = {}
        for blind_id, frame in database.execute(
            "SELECT blind_id, frame FROM frames ORDER BY blind_id, sequence"
        ):
            found.setdefault(blind_id, []).append(frame)
    return list(found.values())
