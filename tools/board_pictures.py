"""Make the pictures of the invigilators' pages and of the score report in docs/pictures.

Run by ``make pictures``. A real hall runs in a process of its own, stations of the tests
sit in it, and an operator's signed-in pages are fetched as a browser fetches them. The
score report is made of scripted attempts at the sample exam. Chromium renders all of them.

``python tools/board_pictures.py --out DIR`` makes them elsewhere.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from running_hall import PASSWORD, Hall, Site, Station, found_site, run_cli  # noqa: E402  found above
from scored_exam import Answered, Exam  # noqa: E402

from exam_packages.clock import SECOND  # noqa: E402
from exam_packages.content.items import Choice, InlineChoice, Order  # noqa: E402
from exam_packages.content.values import Response  # noqa: E402
from scoring.blind import OpenedAttempt  # noqa: E402
from scoring.report import Batch, page  # noqa: E402
from scoring.score import score_attempts  # noqa: E402
from sync.hall.board import LINK_LOST_NS  # noqa: E402

WIDTH, NARROW = 1280, 1040
LIGHT, DARK = 1, 0
"""Chromium's numbers for what a reader prefers."""
SCORED_S = 1_795_440_600
ATTEMPTS = 40


# --- Rendering -------------------------------------------------------------------


@dataclass(frozen=True)
class Browser:
    """Chromium without a window and without the network."""

    program: str
    out: Path

    def shoot(self, name: str, html: str, *, width: int = WIDTH, scheme: int = LIGHT) -> None:
        """Render a whole page to ``NAME.png``."""
        with tempfile.TemporaryDirectory() as made:
            directory = Path(made)
            file = directory / "page.html"
            measure = "<script>document.title = document.documentElement.offsetHeight</script>"
            file.write_text(html + measure, encoding="utf-8")
            found = re.search(
                r"<title>(\d+)</title>",
                self._run(directory, scheme, (width, 600), "--dump-dom", file),
            )
            if found is None:
                raise SystemExit(f"the height of {name} could not be measured")
            file.write_text(html, encoding="utf-8")
            picture = directory / "page.png"
            size = (width, int(found[1]))
            self._run(directory, scheme, size, f"--screenshot={picture}", file)
            shutil.move(picture, self.out / f"{name}.png")
        print(f"{name}: {width}×{found[1]}, {'dark' if scheme == DARK else 'light'}")

    def _run(
        self, directory: Path, scheme: int, size: tuple[int, int], what: str, file: Path
    ) -> str:
        return subprocess.run(
            [
                self.program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--user-data-dir={directory / 'profile'}", f"--window-size={size[0]},{size[1]}",
                f"--blink-settings=preferredColorScheme={scheme}", what, file.as_uri(),
            ],
            check=True, capture_output=True, text=True, timeout=120,
        ).stdout  # fmt: skip


class Console:
    """An operator's browser: fetches pages of a running hall as files that stand alone."""

    def __init__(self, hall: Hall, name: str) -> None:
        tls = ssl.create_default_context(cafile=str(hall.home.tls_ca))
        self.http = httpx.Client(base_url=hall.console_url, verify=tls, trust_env=False)
        form = {"name": name, "password": PASSWORD}
        self.http.post("/sign-in", data=form, headers={"Origin": hall.console_url})
        self.style = self._get("/static/style.css")

    def news(self) -> Iterator[str]:
        """What the board's stream says: about each second, news in words or nothing."""
        with self.http.stream("GET", "/board/events") as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: ")).get("news", "")
                elif line.startswith(": "):
                    yield ""

    def page(self, path: str) -> str:
        """The page at *path* with its style sheet in it and without its scripts."""
        html = re.sub(r"<script [^>]*></script>|<link rel=\"icon\"[^>]*>", "", self._get(path))
        link = '<link rel="stylesheet" href="/static/style.css">'
        if link not in html:
            raise SystemExit(f"{path} does not use the style sheet that is expected")
        return html.replace(link, f"<style>{self.style}</style>")

    def _get(self, path: str) -> str:
        response = self.http.get(path)
        if response.status_code != 200:
            raise SystemExit(f"{path} answered {response.status_code}")
        return response.text


# --- The hall --------------------------------------------------------------------

NAMES = (
    "Ada Almeida", "Bruno Costa", "Carla Dias", "Dora Esteves", "Elias Faria", "Filipa Gomes",
    "Hugo Lima", "Inês Matos", "Jorge Neves", "Katia Pinto", "Luís Ramos", "Marta Silva",
)  # fmt: skip
CHIEF, INVIGILATOR = "M. Silva", "P. Rocha"
SPARE = ("seat-11", "seat-12")
MINUTE = 60_000

SAID: dict[int, dict[str, Any]] = {
    1: {"phase": "waiting"},
    2: {"phase": "running", "running": True, "answered": 8, "left_ms": 45 * MINUTE, "camera": 1},
    3: {"phase": "running", "running": True, "answered": 9, "left_ms": 38 * MINUTE, "camera": 1},
    4: {"phase": "paused", "answered": 10, "left_ms": 31 * MINUTE, "camera": 1},
    5: {
        "phase": "running",
        "running": True,
        "answered": 11,
        "left_ms": 24 * MINUTE,
        "camera": 1,
        "incidents": ("The camera shows nothing: covered or dark",),
    },
    6: {"phase": "closed", "answered": 24, "camera": 1},
    7: {"phase": "running", "running": True, "answered": 19, "left_ms": 4 * MINUTE, "camera": 1},
    8: {"phase": "waiting"},
}
"""What the stations of the seats that are taken say of themselves."""
SILENT = 2
"""The seat whose station stops answering."""


def code(seat: int) -> str:
    return f"sign-in-{seat:04}"


def name_of(seat: int) -> str:
    return f"FS-{1040 + seat}"


@contextlib.contextmanager
def hall_with_roster(directory: Path) -> Iterator[tuple[Site, Hall]]:
    site = found_site(directory)
    lines = [
        f"{name_of(seat)},{name},{code(seat)},{15 if seat == 3 else 0}"
        for seat, name in enumerate(NAMES, 1)
    ]
    hall = Hall(site.hall("hall-1", lines=lines))
    for name, role in ((CHIEF, "chief"), (INVIGILATOR, "invigilator")):
        run_cli(
            "operator", hall.home.directory, name, "--role", role,
            "--password-file", hall.home.directory / "password",
        )  # fmt: skip
    hall.start()
    try:
        yield site, hall
    finally:
        hall.stop()


def seat_candidates(
    site: Site, hall: Hall, keep: Callable[[Station], Station]
) -> dict[int, Station]:
    """Candidates sign in, are admitted and work; one hands in, one falls silent."""
    taken = {}
    for seat in SAID:
        home = site.station(f"seat-{seat:02}")
        taken[seat] = keep(Station(home, hall, site.directory / f"journal-{seat}"))
        taken[seat].begin(code(seat)).tick()
    with hall.desk(INVIGILATOR) as desk:
        for seat in SAID:
            if SAID[seat]["phase"] != "waiting" or seat == 8:
                desk.act("admit", candidate=name_of(seat), reason="routine.identity")
        desk.act("pause", candidate=name_of(4), reason="candidate.break")
        desk.act(
            "add-time", candidate=name_of(3), minutes="5", reason="hall.noise",
            comment="drilling next door",
        )  # fmt: skip
    for seat, station in taken.items():
        station.tick()
        station.add()
        station.tick(**SAID[seat])
    finished = taken[6]
    finished.client.hand_in(finished.manifest())
    return taken


def pictures_of_the_hall(browser: Browser, directory: Path) -> None:
    with contextlib.ExitStack() as stack, hall_with_roster(directory) as (site, hall):

        def keep(station: Station) -> Station:
            stack.callback(station.close)
            return station

        with hall.desk(INVIGILATOR) as desk:
            desk.act("release", code=site.codes[0], reason="routine.start")
        console = Console(hall, CHIEF)
        stack.callback(console.http.close)
        browser.shoot("hall-release", console.page("/release"))
        with hall.desk(CHIEF) as desk:
            desk.act("release", code=site.codes[1], reason="routine.start")
            taken = seat_candidates(site, hall, keep)
            spare = [
                keep(Station(site.station(name), hall, site.directory / name)) for name in SPARE
            ]
            desk.act(
                "say", candidate=name_of(3), reason="candidate.question",
                text="You may ask for more paper.",
            )  # fmt: skip
            news = until_silent(console, taken, spare)
        pages = {
            "hall-board": with_news(console.page("/board"), news),
            "hall-seat": console.page("/seat/3"),
        }
    for name, html in pages.items():
        browser.shoot(name, html)
    browser.shoot("hall-board-dark", pages["hall-board"], scheme=DARK)


def with_news(board: str, words: str) -> str:
    """The board's page as it stands once its stream has said *words*."""
    shown, count = re.subn(r'(<p id="news">)(?=</p>)', rf"\1{words}", board)
    if count != 1:
        raise SystemExit("the board has no place for news")
    return shown


def until_silent(console: Console, taken: dict[int, Station], spare: list[Station]) -> str:
    """Tick for everybody but one until the hall says that its station does not answer; how
    it says it."""
    deadline = time.monotonic() + 4 * LINK_LOST_NS / SECOND
    for words in console.news():
        if words.startswith(f"Seat {SILENT}: "):
            return words
        if time.monotonic() > deadline:
            break
        for seat, station in taken.items():
            if seat != SILENT:
                station.tick(obey=False, **SAID[seat])
        for station in spare:
            station.tick()
    raise SystemExit("the silent station was not missed")


# --- The score report ------------------------------------------------------------


def answers(exam: Exam, chance: random.Random) -> Answered:
    """What somebody of some ability might answer, the harder questions more often wrong."""
    ability = chance.gauss(1.0, 0.9)
    given: Answered = {}
    for place, (item, correct) in enumerate(exam.perfect("The log shows it.").items()):
        difficulty = random.Random(item).uniform(-1.6, 1.4)  # noqa: S311  the same for everybody
        knows = chance.random() < 1 / (1 + 2.7 ** (1.7 * (difficulty - ability)))
        ends = place > 20 and ability < 0 and chance.random() < 0.4
        wrong = tuple(
            miss(exam, item, each, chance)
            if chance.random() > 0.15
            else Response(each.identifier, ())
            for each in correct
        )
        given[item] = () if ends else correct if knows else wrong
    return given


def miss(exam: Exam, item: str, right: Response, chance: random.Random) -> Response:
    """A wrong answer of the right kind."""
    (asked,) = (
        each for each in exam.form.items[item].interactions if each.response == right.identifier
    )
    if isinstance(asked, Choice | InlineChoice) and len(right.members) == 1:
        others = [each.identifier for each in asked.choices]
        others.remove(right.members[0])
        return Response(right.identifier, (chance.choice(others),))
    if isinstance(asked, Order):
        return Response(right.identifier, right.members[1:] + right.members[:1])
    return Response(right.identifier, right.members[: len(right.members) // 2])


def picture_of_the_report(browser: Browser, directory: Path) -> None:
    exam = Exam.found(directory)
    chance = random.Random(24)  # noqa: S311  not a secret: the same picture each time
    attempts = [
        OpenedAttempt(
            chance.randbytes(6).hex(), bytes(32), answers(exam, chance), 1,
            ("The answers end without the station's conclusion.",) if number == 7 else (),
        )
        for number in range(ATTEMPTS)
    ]  # fmt: skip
    attempts.sort(key=lambda each: each.id)
    with ThreadPoolExecutor(1) as executor:
        scored = score_attempts(exam.form, attempts, executor)
    browser.shoot("report", page(Batch(exam.form, scored, SCORED_S)), width=NARROW)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    out: Path = parser.parse_args().out
    program = shutil.which("chromium")
    if program is None:
        print("The pictures of pages need Chromium: install the package “chromium”.")
        return
    out.mkdir(parents=True, exist_ok=True)
    browser = Browser(program, out)
    with tempfile.TemporaryDirectory() as directory:
        pictures_of_the_hall(browser, Path(directory))
    with tempfile.TemporaryDirectory() as directory:
        picture_of_the_report(browser, Path(directory))


if __name__ == "__main__":
    main()
