"""A long attempt by a scripted hand: does anything grow, does anything slow down?

    make soak                             # 10,000 interactions at the real screen
    make soak ARGS="--moves 2000"

A certification body, a hall and a station are founded in a temporary directory; agent and
screen are the processes of a station, the screen in a real pseudo-terminal of 120×40. The
hand goes there and back through the sample exam and, on the way, writes, opens help and the
list of questions. An interaction is a key and the paint that shows it was heeded. Ten times
a line is printed: how long moves between questions took since the last one, and the
resident memory of screen and agent. docs/measurements.md holds what was found.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from exam_stations import ESSAY, FORM, ITEMS  # noqa: E402
from sitting import Seat, Site, hall_running  # noqa: E402
from terminals import resident  # noqa: E402

from exam_packages import forms  # noqa: E402
from exam_packages.content.text import plain  # noqa: E402
from exam_packages.sealing.package import Blob  # noqa: E402
from provisioning.demo.processes import exam_kiosk  # noqa: E402

LINES = 10
F2, F5, ESCAPE = b"\x1bOQ", b"\x1b[15~", b"\x1b[27u"
KEYS = b"F10"
"""Stands among the keys below a question, not below a dialog."""
LETTERS = "bcdfgjklmnpqrtvwxz"


def bench() -> Any:
    """The benchmark of the screen: it knows how to drive a program and what an item shows."""
    path = ROOT / "tests" / "benchmarks" / "client.py"
    spec = importlib.util.spec_from_file_location("client_bench", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    sys.modules["client_bench"] = module
    spec.loader.exec_module(module)
    return module


def soak(directory: Path, moves: int, say: Callable[[str], None] = print) -> list[list[float]]:
    """Make *moves* interactions; the lines that were printed, as numbers."""
    blobs = [Blob(*each) for each in forms.blobs(FORM)]
    site = Site.found(directory, FORM.paper, (), stations=1, candidates=1, blobs=blobs)
    with hall_running(site):
        seat = Seat(1, site.stations[0], site.hall, site)
        with seat.agent() as agent:
            screen = agent.screen()
            screen.begin(site.hall, 1)
            site.hall.act("add-time", candidate=seat.candidate, minutes="240")
            client = bench()
            sights = client.sights(ITEMS, [plain(item.body) for item in ITEMS])
            program = client.Program(str(seat.station.directory), program=[exam_kiosk(), "screen"])
            try:
                program.until(*sights[0].marks)
                program.drain(0.5)
                return _work(client, program, agent.process.pid, sights, moves, say)
            finally:
                program.close()


def _work(
    client: Any, program: Any, agent: int, sights: list[Any], moves: int, say: Callable[[str], None]
) -> list[list[float]]:
    last = len(sights) - 1
    path = itertools.cycle([*range(1, last + 1), *range(last - 1, -1, -1)])
    at = made = 0
    since: list[float] = []
    lines: list[list[float]] = []
    letters = itertools.cycle(LETTERS)
    say(f"{'interactions':>12} {'move p50':>9} {'move p99':>9} {'screen':>8} {'agent':>8}")

    def press(key: bytes, *marks: bytes) -> float:
        nonlocal made
        took: float = program.press(key, *marks)
        program.drain(0.02)
        made += 1
        return took

    while made < moves:
        there = next(path)
        since.append(press(client.NEXT if there > at else client.BACK, *sights[there].marks))
        at = there
        if at + 1 == ESSAY:
            for _ in range(3):
                letter = next(letters).encode()
                press(letter, letter)
            press(b"\x7f")
        if at % 4 == 0:
            press(F5, b"Help and display")
            press(ESCAPE, sights[at].marks[1], KEYS)
        if at % 6 == 0:
            press(F2, b"All questions")
            press(ESCAPE, sights[at].marks[1], KEYS)
        if made >= moves * (len(lines) + 1) // LINES and len(since) > 1:
            cuts = statistics.quantiles(since, n=100, method="inclusive")
            line = [made, cuts[49] * 1e3, cuts[98] * 1e3]
            line += [program.resident(), resident(agent) / 1e6]
            lines.append(line)
            since.clear()
            say("{:12.0f} {:6.1f} ms {:6.1f} ms {:5.1f} MB {:5.1f} MB".format(*line))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=10_000, help="interactions")
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        soak(Path(directory), arguments.moves, lambda words: print(words, flush=True))
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
