"""What the candidate's screen costs, beside a bare Textual app in the same run.

    python tests/benchmarks/client.py [--moves N] [--keys N] [--starts N] [--idle SECONDS]

Both run in a real pseudo-terminal of 120×40 and show the sample exam. The client talks with
the agent's double of the tests over a real socket, in a process of its own, so that a move
is journalled and told before it is painted; the bare app (``bare/screen.py``) has stock
widgets and the same words, and no one to ask. Each figure is taken from outside: from a key
written to the terminal to the bytes that paint what it asked for.

- *start*: from exec to the first question, an attempt that runs being resumed.
- *key*: a letter typed into the longest answer.
- *move*: F9 or F8 until the other question's number and first words are painted; there and
  back through all the questions, those with an exhibit or a picture among them.
- *idle*: share of one core while nobody does anything; a status comes five times a second.
- *memory*: resident, when the first question stands, after one round, and after all moves.

A round has 46 moves; the last must end at the last question, so N is 23 and some rounds:
161 takes less than a minute, 10,005 a quarter of an hour.

Budgets (a quiet machine): start 0.6 s, key 15 ms p99, move 60 ms p99, idle 1.5 %, memory
64 MB and flat over 10,000 moves.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import importlib.util
import json
import multiprocessing
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from exam_packages import forms
from exam_packages.attempt.acts import Begin
from exam_packages.attempt.commands import Admit
from exam_packages.clock import SystemClock
from exam_packages.content import text as rich
from exam_packages.content.items import ExtendedText, Item, Match, TextEntry
from exam_packages.formats.qti.reader import read_test
from exam_packages.samples import FOOD_SAFETY

HERE = Path(__file__).parent
CLIENT = "import sys; from pathlib import Path; from kiosk.app import run; run(Path(sys.argv[1]))"
COLUMNS, ROWS = 120, 40
BACK, NEXT = b"\x1b[19~", b"\x1b[20~"
ESCAPES = re.compile(rb"\x1b(\[[0-9;?<>=]*[A-Za-z~]|[PX^_\]].*?\x1b\\|[()].|.)", re.DOTALL)
PATIENCE_S = 20
THINKING_S = 0.15
"""Seconds without a word from the program before the next move: the quickest person's."""
LETTERS = "bcdfgjklmnpqrtvwxz"  # no words of ours are made of consonants alone


@dataclass(frozen=True)
class Sight:
    """What must be painted before an item stands: its number and its first words."""

    marks: tuple[bytes, ...]


class Program:
    """A program in a pseudo-terminal."""

    def __init__(self, *arguments: str, program: Sequence[str] = (sys.executable,)) -> None:
        self._fd, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.begun = time.perf_counter()
        environment = os.environ | {"TERM": "xterm-256color"}
        self._process = subprocess.Popen(
            [*program, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)

    def read(self, seconds: float) -> bytes:
        if select.select([self._fd], [], [], seconds)[0]:
            with contextlib.suppress(OSError):  # the program ended
                return os.read(self._fd, 1 << 16)
        return b""

    def until(self, *marks: bytes) -> float:
        """Read until all of *marks* were painted; the moment."""
        painted = b""
        deadline = time.perf_counter() + PATIENCE_S
        while True:
            painted += self.read(0.2)
            now = time.perf_counter()
            words = ESCAPES.sub(b"", painted)
            if all(mark in words for mark in marks):
                return now
            if now > deadline:
                raise SystemExit(f"{marks} never came; instead: {words[-1500:]!r}")

    def drain(self, seconds: float) -> None:
        """Read what comes, until nothing has come for *seconds*."""
        while self.read(seconds):
            pass

    def press(self, key: bytes, *marks: bytes) -> float:
        """Seconds from *key* to *marks*."""
        before = time.perf_counter()
        os.write(self._fd, key)
        return self.until(*marks) - before

    @property
    def _pid(self) -> int:
        """What draws: the copy that the process started made of itself, if it did."""
        started = self._process.pid
        children = Path(f"/proc/{started}/task/{started}/children").read_text().split()
        return int(children[0]) if children else started

    def resident(self) -> float:
        """Resident memory in MB (10⁶ bytes); what is shared with the process that was started,
        which keeps still, counts once."""
        status = Path(f"/proc/{self._pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6

    def used(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._fd)


def measure(command: list[str], sights: list[Sight], arguments: Any) -> dict[str, float]:
    """All figures of one program, which shows the first of *sights* when it starts."""
    starts = []
    for _ in range(arguments.starts):
        program = Program(*command)
        starts.append(program.until(*sights[0].marks) - program.begun)
        program.close()

    program = Program(*command)
    program.until(*sights[0].marks)
    program.drain(1.0)
    found = {"start": statistics.median(starts) * 1e3, "memory at start": program.resident()}

    before, began = program.used(), time.perf_counter()
    while time.perf_counter() - began < arguments.idle:
        program.read(0.1)
    found["idle"] = (program.used() - before) / (time.perf_counter() - began) * 100

    there = [(NEXT, sight) for sight in sights[1:]]
    back = [(BACK, sight) for sight in reversed(sights[:-1])]
    moves: list[float] = []
    for key, sight in islice(cycle([*there, *back]), arguments.moves):
        moves.append(program.press(key, *sight.marks))
        program.drain(THINKING_S)
        if len(moves) == len(there) + len(back):
            found["memory after a round"] = program.resident()
    found |= tell("move", moves)
    found["memory after all"] = program.resident()
    at = arguments.moves % (len(there) + len(back))
    for key, sight in islice(there, min(at, len(there)), None):
        program.press(key, *sight.marks)
    if at > len(there):
        raise SystemExit("The moves must end on the way to the last question.")

    keys: list[float] = []
    for number in range(arguments.keys // 5):
        word = "".join(LETTERS[number * step // 3 % len(LETTERS)] for step in (1, 5, 7, 11, 13, 17))
        program.press(word[:1].encode())
        program.drain(0.05)
        for length in range(2, len(word) + 1):
            letter = word[length - 1 : length].encode()
            keys.append(program.press(letter, word[:length].encode()))
            program.drain(0.02)
        program.press(b" ")
        program.drain(0.05)
    found |= tell("key", keys)
    program.close()
    return found


def tell(name: str, took: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return {f"{name} p50": cuts[49] * 1e3, f"{name} p99": cuts[98] * 1e3}


# What is shown.


def words(blocks: tuple[rich.Block, ...]) -> str:
    return rich.plain(blocks)


def sights(items: list[Item], texts: list[str]) -> list[Sight]:
    found = []
    for number, text in enumerate(texts, 1):
        first = " ".join(text.split()[:3])
        found.append(Sight((f"Question {number} of {len(items)}".encode(), first.encode())))
    return found


def plain_item(form: forms.DrawnForm, item: Item) -> dict[str, Any]:
    """An item for the bare app."""
    interaction = item.interactions[0]
    if isinstance(interaction, ExtendedText | TextEntry):
        widget, options = ("TextArea", "Input")[isinstance(interaction, TextEntry)], []
    else:
        widget = "OptionList"
        choices = interaction.sources if isinstance(interaction, Match) else interaction.choices
        options = [rich.plain_inlines(each.body) for each in choices]
    exhibits = [words(form.exhibits[each].body) for each in item.exhibits]
    return {
        "stem": words(item.body),
        "widget": widget,
        "options": options,
        "exhibit": "\n\n".join(exhibits),
    }


def serve(path: Path, form: forms.DrawnForm) -> None:
    """An agent's double whose candidate has begun already."""
    spec = importlib.util.spec_from_file_location(
        "agent_double", HERE.parent / "kiosk" / "screens" / "agent_double.py"
    )
    assert spec is not None and spec.loader is not None
    double = importlib.util.module_from_spec(spec)
    sys.modules["agent_double"] = double
    spec.loader.exec_module(double)

    async def work() -> None:
        whole = double.Form(form.paper, form.items, form.exhibits, form.media)
        agent = double.AgentDouble(path, whole, None, SystemClock())
        agent.open()
        agent.release()
        agent.order(Admit(0))
        await agent._do(0, Begin())
        await agent.start()
        await asyncio.Event().wait()

    asyncio.run(work())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=161, help="moves between questions")
    parser.add_argument("--keys", type=int, default=100, help="letters typed")
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--idle", type=float, default=3, metavar="SECONDS")
    arguments = parser.parse_args()

    form = forms.draw(read_test(FOOD_SAFETY), b"benchmark")
    items = [form.items[each.identifier] for each in form.paper.references()]
    shown = sights(items, [words(item.body) for item in items])
    with tempfile.TemporaryDirectory() as name:
        exam = Path(name) / "exam.json"
        exam.write_text(json.dumps([plain_item(form, item) for item in items]))
        bare = measure([str(HERE / "bare" / "screen.py"), str(exam)], shown, arguments)

        path = Path(name) / "agent.sock"
        agent = multiprocessing.Process(target=serve, args=(path, form), daemon=True)
        agent.start()
        while not path.exists():
            time.sleep(0.01)
        ours = measure(["-c", CLIENT, str(path)], shown, arguments)
        agent.terminate()
        agent.join()

    print(f"{arguments.moves} moves, {arguments.keys} letters, {COLUMNS}×{ROWS}")
    print(f"  {'':22} {'client':>9} {'bare':>9}  ratio")
    for what, figure in ours.items():
        unit = "%" if what == "idle" else "MB" if what.startswith("memory") else "ms"
        ratio = f"{figure / bare[what]:6.2f}" if bare[what] else "     –"
        print(f"  {what:22} {figure:6.1f} {unit:2} {bare[what]:6.1f} {unit:2} {ratio}")


if __name__ == "__main__":
    main()
