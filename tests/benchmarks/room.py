"""One sitting of as many real stations as this machine's memory holds, against one hall.

A station is what runs at a real one: the agent and the candidate's screen, a process each, the
screen in a pseudo-terminal that a program reads and types into. Nothing is shortened: agents
tell the hall once a second, over TLS, and screens draw what a candidate would see. There is no
camera, since the machine has none to share.

Stations are switched on until the number asked for, or until less than ``--leave`` megabytes of
memory are left; everybody signs in, is admitted, begins, and answers a question each ``--every``
seconds, not all at the same moment. Measured is, for each answer, from the key until that
screen says *Safe in the hall*: the hall has it on its disk and signed that it does. On one
machine the stations take the hall's processor time away, so the number is an upper bound.

Run: ``python tests/benchmarks/room.py --stations 50``
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import small_exam
from sitting import Site, candidate, eventually, hall_running, sign_in_code

from provisioning.demo.candidate import Sitter
from provisioning.demo.processes import Child, exam_kiosk
from provisioning.demo.terminal import Terminal
from provisioning.station_home import StationHome

QUESTIONS = 8
ITEMS = tuple(small_exam.choice_item(f"q{number}") for number in range(1, QUESTIONS + 1))
PATIENCE_S = 300
AT_ONCE = 4
"""People who sign in at the same moment."""
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass
class Station:
    """One station's two processes."""

    number: int
    agent: Child
    terminal: Terminal

    @property
    def sitter(self) -> Sitter:
        return Sitter(f"Name {self.number}", sign_in_code(self.number), self.terminal, ())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stations", type=int, default=20)
    parser.add_argument("--every", type=float, default=10, help="Seconds from answer to answer.")
    parser.add_argument("--leave", type=int, default=2048, help="Megabytes of memory to leave.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as ending:
        directory = Path(name)
        paper = small_exam.paper(ITEMS, time_limit_s=3600)
        count = asked.stations
        site = Site.found(directory, paper, ITEMS, stations=count, candidates=count)
        hall = ending.enter_context(hall_running(site))
        before = memory("MemAvailable")
        stations = switch_on(site.stations, directory, ending, asked.leave)
        if len(stations) < count:
            print(f"memory for {len(stations)} of {count} stations: {asked.leave} MB are left")
        began = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as people:
            list(people.map(lambda each: each.sitter.sign_in(), stations))
        hall.act("admit", all="1")
        for each in stations:
            each.terminal.wait("Practise first", patience_s=PATIENCE_S)
        hall.act("release", code=site.codes[0])
        with ThreadPoolExecutor(AT_ONCE) as people:
            list(people.map(begin, stations))
        print(f"{len(stations)} candidates began, {time.monotonic() - began:.0f} s after the first")
        used = before - memory("MemAvailable")
        assert hall.process is not None
        took = work(stations, asked.every, hall.process.pid)
        agents = [held(each.agent.pid) for each in stations]
        screens = [held(each.terminal.pid) for each in stations]
        say(len(stations), used, agents, screens, took, asked.every)
        numbers = {candidate(each.number) for each in stations}
        eventually(
            lambda: all(
                row["answered"] == QUESTIONS and not row["unsent"]
                for row in hall.board()["rows"]
                if row["candidate"] in numbers
            ),
            "the hall holds every answer",
        )
        print(f"answers missing in the hall: none of {QUESTIONS * len(stations)}")


def switch_on(
    homes: list[StationHome], directory: Path, ending: ExitStack, leave_mb: int
) -> list[Station]:
    """Switch stations on one after the other, as long as there is memory."""
    stations: list[Station] = []
    for number, home in enumerate(homes, start=1):
        if memory("MemAvailable") < leave_mb:
            break
        agent = Child(
            f"agent {number}", ["agent", home.directory], directory / f"agent-{number}.log"
        )
        ending.callback(agent.kill)
        agent.start()
        terminal = Terminal([exam_kiosk(), "screen", str(home.directory), "--once"])
        ending.callback(terminal.stop)
        terminal.start()
        terminal.wait("Type the sign-in code", patience_s=PATIENCE_S)
        stations.append(Station(number, agent, terminal))
    return stations


def begin(station: Station) -> None:
    station.sitter.accept()
    station.terminal.wait(f"Question 1 of {QUESTIONS}", patience_s=PATIENCE_S)


def work(stations: list[Station], every_s: float, hall: int) -> tuple[list[float], float, float]:
    """Everyone answers everything; each answer's seconds from key to *Safe in the hall*, and
    the share of a core that the hall took, and the machine's."""
    times: list[float] = []
    lock = threading.Lock()

    def answer_all(station: Station) -> None:
        chance = random.Random(station.number)  # noqa: S311  so that not all press at once
        for number in range(1, QUESTIONS + 1):
            time.sleep(chance.uniform(0.5, 1.5) * every_s)
            began = time.monotonic()
            station.terminal.press("b")
            station.terminal.wait(_safe(number), f"answer {number} safe", PATIENCE_S)
            with lock:
                times.append(time.monotonic() - began)
            if number < QUESTIONS:
                station.terminal.press("f9")
                station.terminal.wait(
                    f"Question {number + 1} of {QUESTIONS}", patience_s=PATIENCE_S
                )

    began, cpu, all_cpu = time.monotonic(), processor(hall), busy()
    with ThreadPoolExecutor(len(stations)) as people:
        for done in [people.submit(answer_all, each) for each in stations]:
            done.result()
    took = time.monotonic() - began
    return times, (processor(hall) - cpu) / took, (busy() - all_cpu) / took


def _safe(number: int) -> Callable[[str], bool]:
    counted = f"{number} of {QUESTIONS} answered"
    return lambda text: counted in text and "✓ Safe in the hall" in text


def say(
    stations: int,
    used_mb: float,
    agents: list[float],
    screens: list[float],
    took: tuple[list[float], float, float],
    every_s: float,
) -> None:
    times, hall, machine = took
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    print(f"{stations} stations, an agent and a screen each; an answer each {every_s:g} s of each")
    print(
        f"memory: {statistics.median(agents):.0f} MB an agent, {statistics.median(screens):.0f} MB"
        f" a screen (proportional set size); the machine lost {used_mb / stations:.0f} MB a"
        " station"
    )
    print(f"hall: {100 * hall:.0f} % of a core; the machine: {machine:.1f} of {os.cpu_count()}")
    print(
        f"key to safe in the hall, {len(times)} answers: p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s"
        f", longest {max(times):.2f} s"
    )


def memory(name: str) -> float:
    """A line of /proc/meminfo, in megabytes."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def held(pid: int) -> float:
    """What a process and its children have in memory, in megabytes: of pages that several
    processes share, its part of each. Reads what only root may of a process that keeps its
    memory private."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    own = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
    return own + sum(held(int(child)) for child in children.stdout.split())


def processor(pid: int) -> float:
    """Seconds of processor time that a process took."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def busy() -> float:
    """Seconds that all processors were busy since the start, whoever kept them so."""
    fields = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:8])) / _TICKS_A_SECOND


if __name__ == "__main__":
    main()
