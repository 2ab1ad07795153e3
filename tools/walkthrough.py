"""Walk through an exam twice, with the keyboard alone and with the voice alone, and write it down.

    python tools/walkthrough.py               # writes docs/walk-throughs.md

A body, a hall and a station are founded in a temporary directory; agent and screen are the
processes of a station, the screen in a real pseudo-terminal of 80×24. What is *heard* is what
the screen gave to espeak-ng, which really speaks it; only the loudspeaker is left out. What is
*seen* are the lines that a step changed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from exam_stations import FORM, ITEMS, Station  # noqa: E402
from sitting import Seat, Site, eventually, hall_running, sign_in_code  # noqa: E402

from exam_packages import forms  # noqa: E402
from exam_packages.sealing.package import Blob  # noqa: E402

SPEAKER = """#!{python} -I
import json, subprocess, sys
text = sys.stdin.read()
with open({log!r}, "a") as log:
    log.write(json.dumps([text, sys.argv[1:]]) + "\\n")
sys.exit(subprocess.run(["espeak-ng", *sys.argv[1:]], input=text, text=True).returncode)
"""
SCREEN = """
import sys
from kiosk.speech import voice
voice.SYNTHESISER = {speaker!r}
voice.PLAYER = ({python!r}, "-c", "import sys; sys.stdin.buffer.read()")
sys.argv = ["screen", {socket!r}]
from kiosk.app import main
main()
"""
SETTLED_S = 1.5
"""With nothing new for so long, a step has had its effect."""
NAMES = {f"f{number}": f"F{number}" for number in range(1, 13)} | {
    "enter": "Enter", "escape": "Esc", "tab": "Tab", "space": "Space", "up": "↑", "down": "↓",
    "left": "←", "right": "→", "pagedown": "Page Down", "end": "End", "home": "Home",
}  # fmt: skip
SENT = {
    "escape": "\x1b[27u", "f11": "\x1b[23~", "pagedown": "\x1b[6~"
}  # fmt: skip
"""Keys that the terminal of the demo has no name for."""
CLOCK = re.compile(r"\d+:\d\d( left)?|\d+ s ago")


@dataclass(frozen=True)
class Step:
    """What the candidate wants, the keys for it, text to type, and what must come."""

    wish: str
    keys: tuple[str, ...] = ()
    typed: str = ""
    mark: str = ""


@dataclass
class Walk:
    """One walk, and what came of each step."""

    station: Station
    log: Path
    aloud: bool
    rows: list[tuple[str, str, list[str]]] = field(default_factory=list)
    _before: str = ""

    def take(self, step: Step) -> None:
        """Press what *step* says and write down what it brought."""
        terminal = self.station.terminal
        heard = len(self._said())
        terminal.press(*(SENT.get(key, key) for key in step.keys))
        for letter in step.typed:
            terminal.type(letter)
            time.sleep(0.3)
        if step.mark:
            terminal.until(step.mark)
        self._settle()
        text = terminal.text()
        brought = self._said()[heard:] if self.aloud else _new(self._before, text)
        self._before = text
        pressed = [NAMES.get(key, key) for key in step.keys]
        if step.typed:
            pressed.append(f"“{step.typed}”")
        self.rows.append((step.wish, " ".join(pressed) or "(nothing)", brought))
        print(step.wish, pressed, brought, sep="\n   ", flush=True)

    def _said(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [json.loads(line)[0].strip() for line in lines]

    def _settle(self) -> None:
        def state() -> tuple[str, int]:
            return CLOCK.sub("", self.station.terminal.text()), len(self._said())

        last, since = state(), time.monotonic()
        while time.monotonic() - since < SETTLED_S:
            time.sleep(0.1)
            now = state()
            if now != last:
                last, since = now, time.monotonic()


def _new(before: str, after: str) -> list[str]:
    """The lines of *after* that were not on the screen before, without frames and clocks."""

    def lines(text: str) -> list[str]:
        plain = re.sub("[─-╿▀-▟]", " ", CLOCK.sub("", text))
        return [" ".join(line.split()) for line in plain.splitlines() if line.strip()]

    known = set(lines(before))
    return [line for line in lines(after) if line not in known]


def number(kind: str) -> int:
    """The number of the first question of a kind, as ``Match`` or ``Choice``."""
    kinds = [type(item.interactions[0]).__name__ for item in ITEMS]
    return kinds.index(kind) + 1


def steps(code: str, *, aloud: bool, admit: Callable[[], None]) -> list[Step | Callable[[], None]]:
    """The way through the exam."""
    exhibit = next(n for n, item in enumerate(ITEMS, 1) if item.exhibits)
    walk: list[Step | Callable[[], None]] = [Step("A station waits", mark="Welcome")]
    if aloud:
        walk.append(Step("Have it read aloud", ("f11",)))
    walk += [
        Step("Type the code of the letter", typed=code),
        Step("Sign in", ("enter",), mark="Is this you?"),
        Step("Say that it is me", ("enter",), mark="You are signed in"),
        admit,
        Step("Be admitted by the invigilator", mark="Everything is ready"),
        Step("Practise first", ("enter",), mark="Which one?"),
        Step("Choose by its letter", typed="b"),
        Step("End practising", ("f10",), mark="Everything is ready"),
        Step("To the other button", ("tab",)),
        Step("Begin", ("enter",), mark="Do you accept"),
        Step("Accept the rules; the clock starts", ("enter",), mark="Question 1 of"),
        Step("Go to a question by its number", ("f2",), mark="All questions"),
        Step("Open one: an order", ("enter",), mark=_of(number("Order"))),
        Step("Place the third thing first", ("down", "down", "space")),
        Step("Place one by its letter", typed="a"),
        Step("Take it back", ("up", "delete")),
        Step("On to the next question", ("f9",), mark=_of(number("Order") + 1)),
        Step("Type a number", typed="3"),
        Step("On to a choice", ("f9",), mark=_of(number("Order") + 2)),
        Step("Look at the choices", ("down", "down")),
        Step("Choose", ("space",)),
        Step("Strike another out", ("up", "-")),
        Step("Flag the question", ("f3",)),
        *_jump(number("InlineChoice")),
        Step("Open the list of the gap", ("space",)),
        Step("Choose in it", ("down", "space")),
        Step("On to the second gap", ("tab",)),
        *_jump(number("Match")),
        Step("Open the list of the first line", ("space",)),
        Step("Choose in it", ("down", "space")),
        *_jump(exhibit),
        Step("Have the exhibit", ("f4",)),
        Step("Back to the question", ("f4",)),
        Step("Choose two by their letters", typed="ab"),
        Step("Open the tools", ("f6",), mark="Tools"),
        Step("Write a note", typed="n", mark="Note on question"),
        Step("… its words", typed="Soup too slow"),
        Step("Back to the question", ("escape",)),
        Step("Open the calculator", ("f6", "c"), mark="Calculator"),
        Step("Compute a difference", typed="63-58"),
        Step("… its result", ("enter",)),
        Step("Back to the question", ("escape",)),
        *_jump(number("ExtendedText")),
        Step("Write", typed="Cooled too slowly."),
        Step("Review", ("f10",), mark="Review before handing in"),
        Step("To the button that hands in", ("tab",)),
        Step("Hand in", ("enter",), mark="Hand in now?"),
        Step("To the button that says yes", ("tab",)),
        Step("Hand in for good", ("enter",), mark="hand-in code"),
    ]
    return walk


def _of(question: int) -> str:
    return f"Question {question} of {len(ITEMS)}"


def _jump(question: int) -> list[Step | Callable[[], None]]:
    return [
        Step("Open the list of questions", ("f2",), mark="All questions"),
        Step("Type the number of a question", typed=str(question)),
        Step("Open it", ("enter",), mark=_of(question)),
    ]


def walked(directory: Path, *, aloud: bool) -> Walk:
    """Walk once."""
    blobs = [Blob(*each) for each in forms.blobs(FORM)]
    site = Site.found(directory, FORM.paper, (), stations=1, candidates=1, blobs=blobs)
    speaker, log = directory / "speaker", directory / "said"
    speaker.write_text(SPEAKER.format(python=sys.executable, log=str(log)))
    speaker.chmod(0o755)
    with hall_running(site):
        seat = Seat(1, site.stations[0], site.hall, site)
        program = SCREEN.format(
            speaker=str(speaker), python=sys.executable, socket=str(seat.station.socket)
        )
        station = Station(seat, [sys.executable, "-I", "-c", program], {})
        try:
            station.terminal.start()
            station.terminal.until("Welcome")
            station.terminal.resize(24, 80)
            walk = Walk(station, log, aloud)
            for each in steps(
                sign_in_code(1),
                aloud=aloud,
                admit=lambda: _admit(site, seat),
            ):
                if isinstance(each, Step):
                    walk.take(each)
                else:
                    each()
        finally:
            station.close()
    return walk


def _admit(site: Site, seat: Seat) -> None:
    eventually(lambda: site.hall.row(seat.candidate), "the candidate is on the board")
    site.hall.act("admit", candidate=seat.candidate)


HEAD = """# Two walk-throughs

The sample exam, from the sign-in to the code, once with the keyboard alone and once with the
voice alone. Written by `python tools/walkthrough.py` from the real processes of a station: what
is *heard* is what espeak-ng was given to speak, what is *seen* are the lines that the step
changed at 80×24. No mouse was touched. Keys came three a second: what the next one broke off
before it was spoken is missing.
"""


def table(walk: Walk) -> str:
    """A walk as a table."""
    lines = [f"| | pressed | {'heard' if walk.aloud else 'seen'} |", "|---|---|---|"]
    for wish, pressed, brought in walk.rows:
        said = (" " if walk.aloud else " ⏎ ").join(brought).replace("|", "\\|").replace("<", "&lt;")
        lines.append(f"| {wish} | {pressed} | {said} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "walk-throughs.md")
    parser.add_argument("--only", choices=("keyboard", "aloud"))
    chosen = parser.parse_args()
    parts = [HEAD]
    for name, title in (("keyboard", "With the keyboard alone"), ("aloud", "With the voice alone")):
        if chosen.only in (None, name):
            with tempfile.TemporaryDirectory() as directory:
                walk = walked(Path(directory), aloud=name == "aloud")
            parts.append(f"## {title}\n\n{table(walk)}\n")
    chosen.out.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
