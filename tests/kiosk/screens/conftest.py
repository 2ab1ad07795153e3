"""Fixtures for the screen's tests: a form with every kind of question, an agent's double,
and a text picture of the screen."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from exam_packages.attempt.commands import Admit
from exam_packages.content import items as it
from exam_packages.content import text as rich
from exam_packages.content.moving import UNBOUND, Moving
from exam_packages.content.paper import (
    CAMERA_IF_PRESENT,
    NONLINEAR,
    TOOLS,
    ItemReference,
    Paper,
    Policy,
    Section,
    TestPart,
)
from exam_packages.content.proctoring import STANDARD_PROCTORING
from kiosk.client import Client
from kiosk.view import Stage

HERE = Path(__file__).parent


def _load(name: str) -> Any:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


double = _load("agent_double")


def para(*words: str | rich.Inline) -> rich.Paragraph:
    return rich.Paragraph(
        tuple(rich.Text(word, 0) if isinstance(word, str) else word for word in words)
    )


def choices(*words: str, match_max: int = 1) -> tuple[it.SimpleChoice, ...]:
    return tuple(
        it.SimpleChoice(chr(97 + number), (rich.Text(word, 0),), match_max)
        for number, word in enumerate(words)
    )


def picture(width: int = 64, height: int = 32) -> bytes:
    image = Image.new("RGB", (width, height), "white")
    for x in range(width):
        image.putpixel((x, height * x // width), (200, 30, 30))
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def make_items() -> dict[str, it.Item]:
    slot = rich.Slot("R")
    cold = rich.Table(
        "Cold room log",
        (
            (
                rich.Cell(True, (rich.Text("Time", 0),), 1, 1),
                rich.Cell(True, (rich.Text("°C", 0),), 1, 1),
            ),
            (
                rich.Cell(False, (rich.Text("06:00", 0),), 1, 1),
                rich.Cell(False, (rich.Text("3.8", 0),), 1, 1),
            ),
            (
                rich.Cell(False, (rich.Text("14:00", 0),), 1, 1),
                rich.Cell(False, (rich.Text("9.4", 0),), 1, 1),
            ),
        ),
    )
    bodies: dict[
        str, tuple[tuple[rich.Block, ...], tuple[it.Interaction, ...], tuple[str, ...]]
    ] = {
        "choice": (
            (
                para("Where does raw chicken belong in a shared refrigerator, and why there?"),
                slot,
            ),
            (
                it.Choice(
                    "R",
                    (),
                    choices(
                        "On the top shelf, where it is seen first",
                        "On the bottom shelf, so that nothing drips on ready-to-eat food",
                        "In the door",
                        "Anywhere, as long as it is covered",
                    ),
                    0,
                    1,
                ),
            ),
            (),
        ),
        "multiple": (
            (para("Which of these are critical limits?"), cold, slot),
            (
                it.Choice(
                    "R",
                    (para("Choose two."),),
                    choices("Core temperature 75 °C", "A clean apron", "Chill below 5 °C"),
                    0,
                    2,
                ),
            ),
            ("plan",),
        ),
        "gaps": (
            (
                para(
                    "Hot food is held at ",
                    rich.Gap("T"),
                    " °C or more; cold food is ",
                    rich.Gap("C"),
                    ".",
                ),
            ),
            (
                it.TextEntry("T", 4, "", "", True),
                it.InlineChoice("C", choices("chilled at once", "left out to cool", "frozen")),
            ),
            (),
        ),
        "essay": (
            (para("Describe what you would do first on finding the log below."), slot),
            (it.ExtendedText("R", (), 6, "Write in your own words", 0, 0, 1, "", False),),
            ("plan",),
        ),
        "order": (
            (para("Put the steps of hand washing in order."), slot),
            (it.Order("R", (), choices("Rinse", "Wet hands", "Dry", "Lather 20 s"), 0, 0),),
            (),
        ),
        "match": (
            (para("Match each hazard with its kind."), slot),
            (
                it.Match(
                    "R",
                    (),
                    choices("Salmonella", "Glass splinter", "Cleaning agent"),
                    choices("Biological", "Chemical", "Physical", match_max=0),
                    0,
                    0,
                ),
            ),
            (),
        ),
        "picture": (
            (
                para("Look at the chart."),
                para(rich.Picture("chart.png", "A line that falls from left to right", 64, 32)),
                para("Is it falling?"),
                slot,
            ),
            (it.Choice("R", (), choices("Yes", "No"), 0, 1),),
            (),
        ),
    }
    return {
        name: it.Item(name, f"Question about {name}", "en", body, interactions, exhibits, ())
        for name, (body, interactions, exhibits) in bodies.items()
    }


def make_form(
    items: dict[str, it.Item] | None = None,
    navigation: int = NONLINEAR,
    tools: tuple[str, ...] = TOOLS,
    moving: Moving = UNBOUND,
) -> Any:
    items = items or make_items()
    names = list(items)
    half = max(1, len(names) // 2)

    def section(name: str, title: str, part: list[str]) -> Section:
        return Section(name, title, (), tuple(ItemReference(i, items[i].title) for i in part))

    sections = [section("s1", "Storage", names[:half])]
    if names[half:]:
        sections.append(section("s2", "Inspection", names[half:]))
    paper = Paper(
        "food-1",
        "Food-safety inspector, level 1",
        "en",
        45 * 60,
        (para("Answer every question as well as you can. No notes, no telephone."),),
        (TestPart("p", navigation, tuple(sections)),),
        Policy((600, 60), 60, CAMERA_IF_PRESENT, 10, tools, STANDARD_PROCTORING),
        moving,
    )
    exhibit = it.Exhibit(
        "plan", "HACCP plan, page 3", (para("Cold room: limit 5 °C, log daily."),), ()
    )
    return double.Form(paper, items, {"plan": exhibit}, {"chart.png": picture()})


def make_practice() -> Any:
    item = it.Item(
        "try",
        "Try it",
        "en",
        (para("This is practice: which of these is a fruit?"), rich.Slot("R")),
        (it.Choice("R", (), choices("Apple", "Spanner"), 0, 1),),
        (),
        (),
    )
    return make_form({"try": item})


class Sitting:
    """A running client and its agent, with what tests do to both."""

    def __init__(self, client: Client, agent: Any, clock: Any, pilot: Any) -> None:
        self.client = client
        self.agent = agent
        self.clock = clock
        self.pilot = pilot

    async def until(self, true: Callable[[], object], what: str = "") -> None:
        """Wait until something holds; fails with the screen's text when it does not."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 10
        while not true():
            if loop.time() > deadline:
                raise AssertionError(f"never happened: {what}\n{self.text()}")
            await self.pilot.pause(0.01)

    async def stage(self, stage: Stage) -> None:
        await self.until(lambda: self.client.view.stage is stage, stage.value)
        await self.shown()

    async def shown(self) -> None:
        """Wait until the screen that belongs is in front, and painted."""
        client = self.client
        # Asked for each time: a change of language makes the screens anew.
        await self.until(lambda: client.stage_screen in client.screen_stack, "the stage's screen")
        await self.pilot.pause()

    async def at(self, item: str) -> None:
        """Wait until the question *item* stands on the screen."""
        await self.until(
            lambda: (
                getattr(self.client.stage_screen, "_shown", None) is not None
                and self.client.stage_screen._shown[1] == item
            ),
            f"question {item}",
        )
        await self.pilot.pause()

    async def sign_in(self, *, admit: bool = True, release: bool = True) -> None:
        self.agent.open()
        if release:
            self.agent.release()
        if admit:
            self.agent.order(Admit(0))
            await self.stage(Stage.READY)

    async def begin(self) -> None:
        await self.sign_in()
        await self.until(lambda: self.client.exam is not None, "the paper is read")
        await self.client.begin()
        await self.stage(Stage.EXAM)
        await self.at(self.agent.form.paper.references()[0].identifier)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def saved(self) -> None:
        await self.until(lambda: not self.client.drafts, "all saved")

    def responses(self, item: str) -> dict[str, tuple[str, ...]]:
        """What the agent recorded."""
        given = self.agent.ledger.attempt.responses.get(item, ())
        return {response.identifier: response.members for response in given}

    def text(self) -> str:
        """The screen as plain text."""
        return screen_text(self.client)

    def words(self) -> str:
        """The screen's words in one line, without frames."""
        return _collapse(self.text())


def _collapse(text: str) -> str:
    return " ".join(re.sub("[─-╿]", " ", text).split())


def screen_text(client: Client) -> str:
    height = client.size.height
    screen = client.screen
    lines = screen._compositor.render_strips()
    return "\n".join("".join(s.text for s in strip).rstrip() for strip in lines[:height])


@pytest.fixture
def clock() -> Any:
    return double.HandClock()


@pytest.fixture
def sit(tmp_path: Path, clock: Any) -> Callable[..., Any]:
    """``async with sit(form, size=(w, h)) as sitting``."""

    @asynccontextmanager
    async def start(
        form: Any = None,
        *,
        size: tuple[int, int] = (80, 24),
        camera: int = 1,
        agent: bool = True,
        sound: str = "null",
        letters: Path | None = None,
    ) -> AsyncIterator[Sitting]:
        server = double.AgentDouble(
            tmp_path / "agent.sock", form or make_form(), make_practice(), clock, camera=camera
        )
        if agent:
            await server.start()
        client = Client(tmp_path / "agent.sock", clock=clock, sound=sound, letters=letters)
        try:
            async with client.run_test(size=size) as pilot:
                sitting = Sitting(client, server, clock, pilot)
                if agent:
                    await sitting.stage(Stage.SIGN_IN)
                yield sitting
        finally:
            await server.stop()

    return start


@pytest.fixture
def picture_of() -> Callable[[Sitting, str], Any]:
    """Compare the screen's text with the stored one, once it has settled.

    ``EXAM_KIOSK_PICTURES=1`` stores what is there instead.
    """

    async def compare(sitting: Sitting, name: str) -> None:
        path = HERE / "pictures" / f"{name}.txt"
        if os.environ.get("EXAM_KIOSK_PICTURES") == "1":
            await sitting.pilot.pause(1.5)  # settled, also past the next tick
            path.parent.mkdir(exist_ok=True)
            path.write_text(sitting.text() + "\n", encoding="utf-8")
        stored = path.read_text(encoding="utf-8")
        await sitting.until(lambda: sitting.text() + "\n" == stored, f"{path.name}:\n{stored}")

    return compare


@pytest.fixture
def forms() -> Any:
    """Makers of forms and their parts."""

    class Forms:
        form = staticmethod(make_form)
        items = staticmethod(make_items)
        para = staticmethod(para)
        choices = staticmethod(choices)
        picture = staticmethod(picture)

    return Forms
