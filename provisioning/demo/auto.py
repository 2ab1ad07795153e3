"""``exam-kiosk demo --auto``: scripted candidates at the real client, every stage checked."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from provisioning.demo import checks, homeward
from provisioning.demo.candidate import Sitter
from provisioning.demo.processes import (
    Child,
    Children,
    command,
    exam_kiosk,
    listens,
    wait_until,
)
from provisioning.demo.script import Turn, write_script
from provisioning.demo.site import (
    OPERATOR,
    Candidate,
    Site,
    build,
    start_servers,
    take_command,
)
from provisioning.demo.stages import DemoError, Stages, some
from provisioning.demo.terminal import Terminal

_CLEAR: Final = ("always", "mostly", "often-not")
"""The choices of the sample survey's first question."""
_WORDS: Final = ("warm", "cold", "loud", "still")
RETURN_S = 2
"""Seconds by which the time left may be off after a fault: screens show whole seconds."""


@dataclass(frozen=True)
class Faults:
    """What goes wrong on purpose: ``kill_at`` is an answer's number (0: none)."""

    kill_at: int = 0
    hall_down: bool = False
    hall_dies: bool = False
    """The hall is killed for good, and the standby takes over."""


@dataclass
class Seat:
    """A candidate with the processes of the station they sit at."""

    candidate: Candidate
    sitter: Sitter
    agent: Child
    station: str
    code: str = ""
    left_s: int = 0
    left_ago_s: float = 0


class AutoRun:
    """The whole exam, there and back, without a person."""

    def __init__(self, site: Site, faults: Faults, stages: Stages) -> None:
        self._site = site
        self._faults = faults
        self._stages = stages
        self._screen_back_s: list[float] = []
        self._agent_back_s: list[float] = []

    def run(self) -> None:
        """Run every stage. Raises :class:`DemoError` at the first that does not hold."""
        stages = self._stages
        stages.title("Setting up")
        build(self._site, stages)
        count = len(self._site.paper().references())
        if self._faults.kill_at >= count:
            raise DemoError(
                "This exam has {count} items, so --kill-at goes from 1 to {most}.",
                count=count,
                most=count - 1,
            )
        with Children(self._site.logs) as children, ExitStack() as terminals:
            start_servers(self._site, children, stages)
            stages.title("Sitting")
            seats = self._seat(children, terminals)
            self._before(seats)
            self._sit(seats, children)
            stages.title("Going home")
            self._arrive(seats)
            self._ask(seats, self._prove(seats))
        homeward.say_where(self._site, stages)

    # Sitting.

    def _seat(self, children: Children, terminals: ExitStack) -> list[Seat]:
        seats = []
        with self._stages.stage("Stations are running: an agent and a screen each") as stage:
            for offset, candidate in enumerate(self._site.candidates):
                home = self._site.station(candidate.station)
                agent = children.add(f"agent-{candidate.station}", "agent", home)
                terminal = Terminal([exam_kiosk(), "screen", str(home), "--once"])
                terminals.callback(terminal.stop)
                terminal.start()
                turns = write_script(self._site.body, self._site.form, candidate.number, offset)
                sitter = Sitter(candidate.name, candidate.code, terminal, turns)
                seats.append(Seat(candidate, sitter, agent, candidate.station))
            stage.figure = some(len(seats), "pseudo-terminal")
        return seats

    def _before(self, seats: list[Seat]) -> None:
        stages = self._stages
        with stages.stage("Everyone signs in and confirms their name"):
            each(seats, lambda seat: seat.sitter.sign_in())
        with stages.stage("The invigilator admits everyone"):
            self._site.act("admit", "--all")
            each(seats, lambda seat: seat.sitter.wait_admitted())
        with stages.stage("Everyone practises one question, off the clock"):
            each(seats, lambda seat: seat.sitter.practise())
        with stages.stage("The package is released by its code"):
            self._site.act("release", self._site.codes.read_text(encoding="ascii").strip())
            each(seats, lambda seat: seat.sitter.wait_released())

    def _sit(self, seats: list[Seat], children: Children) -> None:
        stages, faults = self._stages, self._faults
        count = len(seats[0].sitter.turns)
        half = count // 2
        with stages.stage("Everyone begins: the clock runs"):
            each(seats, lambda seat: seat.sitter.begin())
        with stages.stage(f"Items 1 to {half} are answered by keys, each saved") as stage:
            each(seats, lambda seat: self._work(seat, 0, half))
            stage.figure = f"{half * len(seats)} answers"
        if 0 < faults.kill_at < half:
            self._say_killed()
        if faults.hall_down:
            with stages.stage("The hall's process is killed"):
                children.named("hall").kill()
                wait_until(lambda: not listens(self._site.station_port), "the hall still listens")
        if faults.hall_dies:
            self._take_over(children)
        with stages.stage(f"Items {half + 1} to {count} are answered by keys, each saved") as stage:
            each(seats, lambda seat: self._work(seat, half, count))
            stage.figure = f"{(count - half) * len(seats)} answers" + (
                ", without the hall" if faults.hall_down else ""
            )
        if faults.kill_at >= half:
            self._say_killed()
        with stages.stage("Everyone hands in and gets a hand-in code") as stage:
            each(seats, self._hand_in)
            stage.figure = seats[0].code
        if faults.hall_down:
            with stages.stage("The hall is started again") as stage:
                hall = children.named("hall")
                hall.start()
                hall.ready(lambda: listens(self._site.station_port))
                stage.figure = "it catches up by itself"

    def _take_over(self, children: Children) -> None:
        stages, site = self._stages, self._site
        with stages.stage("The hall's process is killed, for good"):
            children.named("hall").kill()
            wait_until(lambda: not listens(site.station_port), "the hall still listens")
        with stages.stage("The chief gives command to the standby") as stage:
            stage.figure = take_command(site).rpartition("(")[2].rstrip(").\n")
        with stages.stage("The standby orders: every candidate gets a minute more") as stage:
            said = command(
                *("hall", "act", "--operator", OPERATOR, "--password-file", site.password),
                *(site.second_hall, "add-time", "--all", "--minutes", "1"),
                *("--reason", "technical.network"),
            )
            stage.figure = said.strip()

    def _work(self, seat: Seat, first: int, last: int) -> None:
        """Answer the items *first* to *last*, with the faults asked for on the way."""
        kill_at = self._faults.kill_at
        for turn in seat.sitter.turns[first:last]:
            seat.sitter.answer(turn)
            if kill_at and turn.number == kill_at:
                self._screen_back_s.append(
                    self._survive(seat, turn, seat.sitter.terminal.kill, seat.sitter.terminal.start)
                )
            elif kill_at and turn.number == kill_at + 1:
                self._agent_back_s.append(
                    self._survive(seat, turn, seat.agent.kill, seat.agent.start, lost=True)
                )
            seat.sitter.move_on(turn)

    def _survive(
        self,
        seat: Seat,
        turn: Turn,
        kill: Callable[[], None],
        start: Callable[[], None],
        *,
        lost: bool = False,
    ) -> float:
        """Kill a process of a station and start it again; the seconds until all was back."""
        sitter = seat.sitter
        sitter.see_all_saved_and_still()
        left_before, before = sitter.time_left_s(), time.monotonic()
        kill()
        if lost:
            sitter.terminal.wait(lambda text: "✓ Saved here" not in text, "that the agent is lost")
        killed = time.monotonic()
        start()
        sitter.come_back(turn)
        back = time.monotonic()
        left = sitter.time_left_s()
        passed = time.monotonic() - before
        if not left_before - passed - RETURN_S <= left <= left_before + RETURN_S:
            raise DemoError(
                "After the restart {left} s were left; {before} s before it, {passed} s ago.",
                left=left,
                before=left_before,
                passed=round(passed),
            )
        return back - killed

    def _say_killed(self) -> None:
        for words, took in (
            ("Screens killed with SIGKILL came back with every answer", self._screen_back_s),
            ("Agents killed with SIGKILL came back with every answer", self._agent_back_s),
        ):
            with self._stages.stage(words) as stage:
                stage.figure = f"{len(took)}, the slowest after {max(took):.1f} s"

    def _hand_in(self, seat: Seat) -> None:
        seat.left_s, looked = seat.sitter.time_left_s(), time.monotonic()
        seat.code = seat.sitter.hand_in()
        seat.left_ago_s = time.monotonic() - looked

    # Going home.

    def _arrive(self, seats: list[Seat]) -> None:
        site, stages = self._site, self._stages
        with stages.stage("The bundles arrive at the body's intake") as stage:
            wait_until(lambda: homeward.taken_in(site) >= len(seats), "bundles are missing")
            stage.figure = f"{homeward.taken_in(site)} of {len(seats)}"
        with stages.stage("Every screen shows that the body has it"):
            each(seats, lambda seat: seat.sitter.wait_received())
        with stages.stage("The log is signed with the checkpoint key") as stage:
            stage.figure = homeward.sign_log(site)
        with stages.stage("Receipts fit the codes, and are in the log") as stage:
            for seat in seats:
                stage.figure = homeward.verify_receipt(site, seat.code)

    def _prove(self, seats: list[Seat]) -> list[checks.OpenedAttempt]:
        site, stages = self._site, self._stages
        with stages.stage("The scoring desk opens responses only, and scores them blind"):
            homeward.score(site)
        with stages.stage("Every answer scored is the one that was typed") as stage:
            scripts = [seat.sitter.turns for seat in seats]
            scores = checks.check_scores(site, homeward.results(site), scripts, scripts[0])
            stage.figure = ", ".join(scores)
        with stages.stage("Every journal's chain and signatures hold") as stage:
            opened = checks.open_attempts(site, homeward.answers(site))
            attempts = [opened[checks.station_key(site, seat.station)] for seat in seats]
            stage.figure = f"{sum(each.frames for each in attempts)} records"
        with stages.stage("Every journal holds every answer") as stage:
            found = [
                checks.check_answers(attempt, seat.sitter.turns)
                for attempt, seat in zip(attempts, seats, strict=True)
            ]
            stage.figure = f"{sum(found)} answers"
        with stages.stage("Every second is in the ledger, and screens were right") as stage:
            limit_s = site.paper().time_limit_s + (60 if self._faults.hall_dies else 0)
            times = [
                checks.check_time(attempt, limit_s, seat.left_s, seat.left_ago_s)
                for attempt, seat in zip(attempts, seats, strict=True)
            ]
            spent, outage = max(each[0] for each in times), max(each[1] for each in times)
            stage.figure = f"at most {spent} s spent, {outage} s of outage given back"
        return attempts

    def _ask(self, seats: list[Seat], attempts: list[checks.OpenedAttempt]) -> None:
        site, stages = self._site, self._stages
        stages.title("What candidates say of the exam")
        said = [
            (_CLEAR[at % len(_CLEAR)], f"The room was {word} today")
            for at, word in zip(range(len(seats)), cycle(_WORDS))
        ]
        with stages.stage("Everyone answers the survey, which stands under no name") as stage:
            work = dict(zip(map(id, seats), said, strict=True))
            each(seats, lambda seat: _answer(seat, *work[id(seat)]))
            stage.figure = some(len(seats), "survey")
        with stages.stage("The chief closes the sitting, and the hall hands them on"):
            hall = site.second_hall if self._faults.hall_dies else site.hall
            wait_until(
                lambda: homeward.surveys_at(hall) == len(seats), "surveys are missing at the hall"
            )
            command(
                *("hall", "act", "--operator", OPERATOR, "--password-file", site.password),
                *(hall, "close", "--reason", "routine.end"),
            )
            wait_until(lambda: homeward.surveys_at(hall) == 0, "the hall keeps its surveys")
        with stages.stage("They open with their own key, and tell nothing of whose") as stage:
            size = checks.check_surveys(site, *homeward.surveys(site), attempts, said)
            stage.figure = f"{size:,} bytes each"


def _answer(seat: Seat, clear: str, words: str) -> None:
    """Clear the screen of the hand-in code, then answer the survey: *clear* by its letter."""
    seat.sitter.leave()
    seat.sitter.survey("abc"[_CLEAR.index(clear)], words)


def each(seats: list[Seat], work: Callable[[Seat], object]) -> None:
    """Do the same at every seat at once; the first failure is raised."""
    with ThreadPoolExecutor(len(seats)) as pool:
        for done in [pool.submit(work, seat) for seat in seats]:
            done.result()
