"""What proctoring costs the candidate's screen: keys and moves with the camera on and off.

    python tests/benchmarks/beside_camera.py [--blocks 16] [--seconds 15]

A body, a hall and a station in a temporary directory; agent, camera and screen are the processes
of a station, the screen in a real pseudo-terminal of 120×40 with the sample exam. The rules are a
picture every ten seconds and all detectors: two looks a second, faces counted in every tenth. A
film stands in for the camera, read by OpenCV.

In one run the camera process is switched on and off in turn (on off off on, so that what drifts
counts on both sides), as the agent does for an exam that forbids it. In each block letters are
typed into the longest answer and questions are moved between, and each is timed from outside: from
the key written to the terminal to the bytes that paint what it asked for.

Printed are p50 and p99 of both, and their ratio; beside it the ratio between the blocks that were
off and those that were off too, every other one: what differs there is the machine's noise. Then
the share of one core that the camera process took while it was on, by the kernel's count.

Goals (a quiet machine): p99 with the camera within 5 % of without; below 3 % of a core.
"""

from __future__ import annotations

import argparse
import importlib.util
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from exam_stations import ESSAY, FORM, ITEMS
from sitting import Agent, Seat, Site, eventually, hall_running
from terminals import processor_s, resident
from video import write_film

from exam_packages import forms
from exam_packages.attempt.events import NO_CAMERA
from exam_packages.content.paper import CAMERA_IF_PRESENT
from exam_packages.content.proctoring import STANDARD_PROCTORING
from exam_packages.content.text import plain
from exam_packages.sealing.package import Blob
from kiosk.ipc import messages as ipc
from kiosk.proctoring.rates.scenes import Condition
from provisioning.demo.processes import exam_kiosk

PICTURE_S = 10
ERASE = b"\x7f"
SWITCHED = """
import signal, sys
from pathlib import Path
from kiosk.agent import main

class Camera(main.Camera):
    def start(self):
        super().start()
        signal.signal(signal.SIGUSR1, lambda *_: self.want(True))
        signal.signal(signal.SIGUSR2, lambda *_: self.want(False))

main.Camera = Camera
main.run(Path(sys.argv[1]))
"""
"""The agent as it is, with two signals that switch its camera."""


class SwitchedAgent(Agent):
    """A real agent process whose camera can be switched on and off."""

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat.station, program=SWITCHED)

    @property
    def camera(self) -> int:
        """The camera process; 0 when there is none."""
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                return int(child)
        return 0


def client() -> Any:
    """The benchmark of the screen: it knows how to drive a program and what an item shows."""
    spec = importlib.util.spec_from_file_location(
        "client_bench", Path(__file__).parent / "client.py"
    )
    if spec is None or spec.loader is None:
        raise SystemExit("client.py cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    sys.modules["client_bench"] = module
    spec.loader.exec_module(module)
    return module


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=16, help="a multiple of four")
    parser.add_argument("--seconds", type=float, default=15, help="of each block")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        film = directory / "room.avi"
        write_film(film, Condition("as usual"))
        policy = msgspec.structs.replace(
            FORM.paper.policy,
            camera=CAMERA_IF_PRESENT,
            snapshot_interval_s=PICTURE_S,
            proctoring=STANDARD_PROCTORING,
        )
        form = replace(FORM, paper=msgspec.structs.replace(FORM.paper, policy=policy))
        blobs = [Blob(*each) for each in forms.blobs(form)]
        site = Site.found(
            directory / "site", form.paper, (), stations=1, candidates=1, blobs=blobs,
            camera=str(film),
        )  # fmt: skip
        seat = Seat(1, site.stations[0], site.hall, site)
        with hall_running(site), SwitchedAgent(seat) as agent:
            measure(seat, agent, arguments.blocks, arguments.seconds)


def measure(seat: Seat, agent: SwitchedAgent, blocks: int, seconds: float) -> None:
    watcher = agent.screen()
    watcher.await_(ipc.Status, lambda status: status.camera != NO_CAMERA)
    watcher.begin(seat.hall, 1)
    seat.hall.act("add-time", candidate=seat.candidate, minutes="240")
    bench = client()
    sights = bench.sights(ITEMS, [plain(item.body) for item in ITEMS])
    program = bench.Program(str(seat.station.directory), program=[exam_kiosk(), "screen"])
    try:
        program.until(*sights[0].marks)
        for sight in sights[1:ESSAY]:
            program.press(bench.NEXT, *sight.marks)
        took: dict[bool, list[dict[str, list[float]]]] = {True: [], False: []}
        used, lasted, size = 0.0, 0.0, 0
        for number in range(blocks):
            on = number % 4 in (0, 3)
            switch(agent, on)
            program.drain(1.0)
            before, began = processor_s(agent.camera) if on else 0.0, time.monotonic()
            took[on].append(block(bench, program, sights, seconds))
            if on:
                used += processor_s(agent.camera) - before
                lasted += time.monotonic() - began
                size = resident(agent.camera)
        tell(took)
        print(
            f"camera process: {100 * used / lasted:.2f} % of a core over {lasted:.0f} s, "
            f"{size >> 20} MB resident; goal below 3 %"
        )
    finally:
        program.close()


def switch(agent: SwitchedAgent, on: bool) -> None:
    """Have the camera on or off, and past its start: OpenCV and the cascade are loaded."""
    agent.process.send_signal(signal.SIGUSR1 if on else signal.SIGUSR2)
    eventually(lambda: bool(agent.camera) == on, f"the camera is {'on' if on else 'off'}")
    time.sleep(8 if on else 1)


def block(
    bench: Any, program: Any, sights: Sequence[Any], seconds: float
) -> dict[str, list[float]]:
    """Type and move for so long; seconds that each key and move took."""
    keys, moves = list[float](), list[float]()
    end, number, letters = time.monotonic() + seconds, 0, bench.LETTERS
    while time.monotonic() < end:
        number += 1
        word = "".join(letters[number * step % len(letters)] for step in (1, 5, 7, 11, 13, 17))
        program.press(word[:1].encode())
        program.drain(0.05)
        for length in range(2, len(word) + 1):
            letter = word[length - 1 : length].encode()
            keys.append(program.press(letter, word[:length].encode()))
            program.drain(0.02)
        for _ in word:
            program.press(ERASE)
            program.drain(0.01)
        moves.append(program.press(bench.BACK, *sights[ESSAY - 2].marks))
        program.drain(0.05)
        moves.append(program.press(bench.NEXT, *sights[ESSAY - 1].marks))
        program.drain(0.05)
    return {"key": keys, "move": moves}


def tell(took: dict[bool, list[dict[str, list[float]]]]) -> None:
    off = took[False]
    sides = {"on": took[True], "off": off, "one": off[::2], "other": off[1::2]}
    for what in ("key", "move"):
        found = {side: cuts(blocks, what) for side, blocks in sides.items()}
        count = sum(len(each[what]) for each in took[True])
        for place, name in ((49, "p50"), (98, "p99")):
            on, without = found["on"][place], found["off"][place]
            noise = found["one"][place] / found["other"][place]
            print(
                f"{what:5} {name}  on {1e3 * on:6.2f} ms  off {1e3 * without:6.2f} ms  ratio "
                f"{on / without:.3f}  off against off {noise:.3f}  ({count} of each)"
            )


def cuts(blocks: Sequence[dict[str, list[float]]], what: str) -> list[float]:
    return statistics.quantiles(
        [took for each in blocks for took in each[what]], n=100, method="inclusive"
    )


if __name__ == "__main__":
    main()
