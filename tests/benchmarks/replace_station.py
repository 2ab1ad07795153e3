"""How long it takes to replace a station, as invigilators do it, with everything real.

A hall, three agents at their ordinary pace (a tick each second) and a screen at each, each in
a process of its own; no internet. A candidate works at the first station, and its agent is
killed. Two people then do the one act each, at once; the clock runs from the first act until
the spare's screen shows the exam in its new epoch. Beside it: the same two acts alone, which
is the least that two people's words to a hall take.

Run: ``python tests/benchmarks/replace_station.py [times]``
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import small_exam
from sitting import (
    CHIEF,
    INVIGILATOR,
    PASSWORD,
    Agent,
    Screen,
    Site,
    candidate,
    eventually,
    hall_running,
)

from exam_packages.attempt.acts import Respond
from exam_packages.attempt.ledger import Kind, account
from kiosk.ipc import messages as ipc
from sync.hall.desk import Desk

ITEMS = (small_exam.choice_item("one"), small_exam.choice_item("two", most=2))
_ORDINARY = (
    "import sys; from pathlib import Path; from kiosk.agent.main import run;"
    " from exam_packages.clock import SystemClock; run(Path(sys.argv[1]), SystemClock())"
)


class Ordinary(Agent):
    """An agent at its ordinary pace."""

    def __init__(self, home: object) -> None:
        super().__init__(home)  # type: ignore[arg-type]
        self.process.kill()
        self.process.wait()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ORDINARY, str(self.home.directory)], stderr=self._log
        )


def once(directory: Path) -> tuple[float, float, float]:
    """Seconds from the first act to going on; of the two acts alone; given back."""
    paper = small_exam.paper(ITEMS, time_limit_s=600)
    site = Site.found(directory, paper, ITEMS, stations=3, candidates=2)
    with (
        hall_running(site) as hall,
        Ordinary(site.stations[0]) as failed,
        Ordinary(site.stations[1]),
        Ordinary(site.stations[2]) as spare,
    ):
        names = {f"seat-{number}" for number in (1, 2, 3)}
        hall.until(lambda board: names <= set(board["idle"]), "the stations are ready")
        screen, other = failed.screen(), spare.screen()
        screen.begin(hall, 1)
        answer(screen)
        with (
            Desk(hall.home, hall.home.console_port) as chief,
            Desk(hall.home, hall.home.console_port) as second,
        ):
            chief.sign_in(CHIEF, PASSWORD)
            second.sign_in(INVIGILATOR, PASSWORD)
            failed.kill()
            began = time.monotonic()
            chief.act("replace-station", candidate=candidate(1), reason="technical.station")
            second.act("replace-station", candidate=candidate(1), reason="technical.station")
            acts = time.monotonic() - began
            other.await_(ipc.SignedIn)
            eventually(lambda: other.attempt.epoch == 2, "it goes on")
            took = time.monotonic() - began
        given = account(other.entries).total_ns(Kind.OUTAGE) / 1e9
    return took, acts, given


def answer(screen: Screen) -> None:
    assert isinstance(screen.do(Respond("one", small_exam.chosen("A"))), ipc.Saved)
    last = screen.entries[-1].sequence
    screen.await_(ipc.Status, lambda status: status.safe >= last)


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    found = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as directory:
            found.append(once(Path(directory)))
    took = [each[0] for each in found]
    print(
        f"replaced in {min(took):.1f} to {max(took):.1f} s (median {statistics.median(took):.1f} s)"
        f" from the first act; the two acts alone {statistics.median(e[1] for e in found):.2f} s: "
        f"{statistics.median(e[0] / e[1] for e in found):.1f} times that; "
        f"{statistics.median(e[2] for e in found):.1f} s were given back"
    )


if __name__ == "__main__":
    main()
