"""Make the pictures of the main screens in docs/pictures, from the real client.

Run by ``make pictures``. The client runs without a terminal against the agent's double
of the tests and sits the sample exams; every picture is what a terminal would show. SVG
is written as Textual draws it; PNG is rendered from it with a monospaced font of this
machine (Fira Code, else DejaVu Sans Mono).

``python tools/pictures.py NAME…`` makes only some, ``--out DIR`` elsewhere, ``--size`` and
``--theme`` otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import resvg_py
from textual.pilot import Pilot

from exam_packages import forms
from exam_packages.attempt.commands import Admit, Pause, Say
from exam_packages.content.values import Response
from exam_packages.formats.qti.reader import read_test
from exam_packages.samples import ALL_KINDS, FOOD_SAFETY
from kiosk.client import Client
from kiosk.course import ExamCourse
from kiosk.view import Stage

ROOT = Path(__file__).parent.parent
FONTS = (Path("/usr/share/fonts/truetype/firacode"), Path("/usr/share/fonts/truetype/dejavu"))


def _double() -> Any:
    path = ROOT / "tests/kiosk/screens/agent_double.py"
    spec = importlib.util.spec_from_file_location("agent_double", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules["agent_double"] = module
    spec.loader.exec_module(module)
    return module


@dataclass
class Stand:
    """A running client and its agent."""

    client: Client
    agent: Any
    clock: Any
    pilot: Pilot[None]

    async def until(self, true: Callable[[], object]) -> None:
        deadline = asyncio.get_running_loop().time() + 20
        while not true():
            if asyncio.get_running_loop().time() > deadline:
                raise SystemExit("a picture's moment never came")
            await self.pilot.pause(0.01)

    async def stage(self, stage: Stage) -> None:
        client = self.client
        await self.until(
            lambda: client.view.stage is stage and client.stage_screen in client.screen_stack
        )
        await self.pilot.pause()

    async def ready(self) -> None:
        self.agent.open()
        self.agent.release()
        self.agent.order(Admit(600))
        await self.stage(Stage.READY)
        await self.until(lambda: self.client.exam is not None)

    @property
    def exam(self) -> ExamCourse:
        if self.client.exam is None:
            raise SystemExit("the paper was not read")
        return self.client.exam

    async def begin(self, *answers: tuple[str, str, tuple[str, ...]]) -> None:
        """Begin, with some answers given and some questions flagged already."""
        await self.ready()
        await self.client.begin()
        await self.stage(Stage.EXAM)
        for item, identifier, members in answers:
            self.exam.answer(item, (Response(identifier, members),), typed=False)
        await self.until(lambda: not self.client.drafts)

    async def go(self, item: str) -> None:
        await self.exam.go(item)
        screen = self.client.stages.screen(Stage.EXAM)
        await self.until(lambda: getattr(screen, "_shown", (0, ""))[1:] == (item,))
        await self.pilot.pause(0.3)


async def sign_in(s: Stand) -> None:
    await s.pilot.press(*"KL7Q-2")


async def confirm(s: Stand) -> None:
    await s.pilot.press(*"kl7q-2m", "enter")
    await s.stage(Stage.CONFIRM)


async def waiting(s: Stand) -> None:
    s.agent.open()
    await s.stage(Stage.WAITING)


async def ready(s: Stand) -> None:
    await s.ready()
    await s.pilot.pause(0.2)


async def practice(s: Stand) -> None:
    await s.ready()
    await s.client.practise()
    await s.until(lambda: s.client.stages.screen(None) in s.client.screen_stack)
    await s.pilot.pause(0.3)
    await s.pilot.press("b")


def at(item: str, *keys: str) -> Callable[[Stand], Awaitable[None]]:
    async def show(s: Stand) -> None:
        await s.begin()
        s.clock.turn(7 * 60 + 12)
        s.agent.pass_time()
        await s.go(item)
        await s.pilot.press(*keys)
        s.clock.turn(1)
        await s.until(lambda: not s.client.drafts)
        await s.pilot.pause(0.3)

    return show


async def busy(s: Stand) -> None:
    """An exam half done: some answered, some flagged."""
    await s.begin()
    exam = s.exam
    references = exam.paper.references()
    for number, reference in enumerate(references[:14]):
        await s.go(reference.identifier)
        item = await s.client.library.item(2, reference.identifier)
        interaction = item.interactions[0]
        choices = getattr(interaction, "choices", ())
        if choices and number not in (3, 9):
            await s.pilot.press("space")
        if number in (3, 8):
            await exam.flag(reference.identifier, True)
    await s.until(lambda: not s.client.drafts)
    s.clock.turn(21 * 60 + 40)
    s.agent.pass_time()
    await s.pilot.pause(0.3)


async def navigator(s: Stand) -> None:
    await busy(s)
    await s.pilot.press("f2")


async def review(s: Stand) -> None:
    await busy(s)
    await s.pilot.press("f10")


async def hand_in(s: Stand) -> None:
    await busy(s)
    await s.pilot.press("f10", "right", "enter")


async def message(s: Stand) -> None:
    await s.begin()
    s.agent.order(Say("The fire drill at 11:00 is for the floor below. Please stay seated."))
    await s.until(lambda: len(s.client.screen_stack) > 2)


async def paused(s: Stand) -> None:
    await s.begin()
    s.clock.turn(600)
    s.agent.order(Pause())
    await s.stage(Stage.PAUSED)


async def lost(s: Stand) -> None:
    await s.begin()
    await s.agent.stop()
    await s.stage(Stage.LOST)


async def finished(s: Stand) -> None:
    await s.begin()
    await s.client.hand_in()
    await s.stage(Stage.FINISHED)


async def help_(s: Stand) -> None:
    await s.begin()
    await s.pilot.press("f5")


async def small(s: Stand) -> None:
    await s.begin()
    await s.pilot.resize_terminal(56, 18)
    await s.pilot.pause(0.3)


WIDE, NARROW = (120, 36), (80, 24)
_MENUS = ("space", "down", "space", "tab", "space")
_WORDS = ("down", "down", "enter", "down", "space", "right", "right")
_PAIRS = ("space", "down", "right", "space")
SCENES: dict[str, tuple[tuple[int, int], str, Callable[[Stand], Awaitable[None]]]] = {
    "sign-in": (NARROW, "calm-dark", sign_in),
    "confirm": (NARROW, "calm-dark", confirm),
    "waiting": (NARROW, "calm-dark", waiting),
    "ready": (WIDE, "calm-dark", ready),
    "practice": (NARROW, "calm-dark", practice),
    "choice": (NARROW, "calm-dark", at("freezing", "b")),
    "multiple": (WIDE, "calm-light", at("rodent-signs", "a", "c")),
    "picture": (WIDE, "calm-dark", at("log-minutes", *"95")),
    "text-entry": (NARROW, "calm-dark", at("cooling-time", *"90")),
    "inline-choice": (
        NARROW,
        "calm-light",
        at("fridge-order", "space", "down", "space", "tab", "space"),
    ),
    "order": (NARROW, "calm-dark", at("cleaning-steps", "space", "space")),
    "match": (WIDE, "calm-dark", at("hidden-allergens", "space", "down", "right", "space")),
    "match-narrow": (
        NARROW,
        "contrast-dark",
        at("hidden-allergens", "space", "down", "right", "space"),
    ),
    "exhibit": (WIDE, "calm-dark", at("limits-breached", "a")),
    "exhibit-narrow": (NARROW, "calm-light", at("limits-breached", "f4")),
    "essay": (WIDE, "calm-light", at("finding", *"The cold room log shows 9.4 C at 14:00.")),
    "calculator": (
        NARROW,
        "calm-dark",
        at("cabinet-difference", "f6", "c", *"1/3*3", "enter", *"63-58"),
    ),
    "note": (NARROW, "calm-light", at("freezing", "down", "-", "f6", "n", *"Warm again: alive?")),
    "highlight": (WIDE, "calm-dark", at("limits-breached", "f6", "h", "enter", "f4", *_WORDS)),
    "search": (WIDE, "calm-light", at("limits-breached", "f6", "f", *"limit")),
    "contrast-light": (NARROW, "contrast-light", at("freezing", "b", "f3")),
    "contrast-dark": (NARROW, "contrast-dark", at("freezing", "b", "f3")),
    "navigator": (WIDE, "calm-dark", navigator),
    "review": (NARROW, "calm-dark", review),
    "hand-in": (NARROW, "calm-dark", hand_in),
    "message": (NARROW, "calm-dark", message),
    "paused": (NARROW, "calm-dark", paused),
    "lost": (NARROW, "calm-dark", lost),
    "finished": (NARROW, "calm-dark", finished),
    "help": (NARROW, "calm-dark", help_),
    "too-small": (NARROW, "calm-dark", small),
}

KINDS: dict[str, tuple[tuple[int, int], str, Callable[[Stand], Awaitable[None]]]] = {
    "hottext": (NARROW, "calm-dark", at("hottext", "right", "space")),
    "gap-match": (NARROW, "calm-light", at("gaps", "a", "right", "c")),
    "associate": (NARROW, "calm-dark", at("associate", "a", "c", "b", "d", "e")),
    "first-two": (NARROW, "calm-light", at("first-two", "b", "c")),
    "slider": (NARROW, "calm-dark", at("slider", *"4.5")),
    "reasons": (NARROW, "calm-light", at("reasons", *"Fish at 7 C", "tab", *"Torn sack")),
    "reading": (WIDE, "calm-dark", at("reading", "a")),
    "picture-choice": (NARROW, "calm-dark", at("picture-choice", "a")),
    "hotspot": (NARROW, "calm-dark", at("hotspot", "e")),
    "graphic-order": (WIDE, "calm-dark", at("route", "b", "a")),
    "graphic-associate": (WIDE, "calm-light", at("links", "a", "b", "c", "d")),
    "graphic-gap-match": (WIDE, "calm-dark", at("labels", "1", "a", "c")),
    "select-point": (WIDE, "calm-dark", at("point", *"20 200", "enter", "space")),
    "position-object": (WIDE, "calm-light", at("traps", *"100 300", "enter", "space", "right")),
    "enlarged": (WIDE, "calm-dark", at("hotspot", "e", "f7", "plus", "right", "right")),
}


def drawn(folder: Path) -> Any:
    """The form that a sample draws for its pictures."""
    form = forms.draw(read_test(folder), b"pictures")
    return _double().Form(form.paper, dict(form.items), dict(form.exhibits), dict(form.media))


@asynccontextmanager
async def stood(form: Any, size: tuple[int, int], theme: str) -> AsyncIterator[Stand]:
    """A client at its first screen, with an agent that has *form*."""
    double = _double()
    trial = forms.practice(read_test(FOOD_SAFETY), b"pictures")
    if trial is None:
        raise SystemExit("the sample exam has no practice questions")
    clock = double.HandClock()
    with tempfile.TemporaryDirectory() as directory:
        agent = double.AgentDouble(
            Path(directory) / "agent.sock",
            form,
            double.Form(trial.paper, dict(trial.items), dict(trial.exhibits), dict(trial.media)),
            clock,
        )
        await agent.start()
        client = Client(Path(directory) / "agent.sock", clock=clock, sound="null")
        async with client.run_test(size=size) as pilot:
            stand = Stand(client, agent, clock, pilot)
            await stand.stage(Stage.SIGN_IN)
            client.theme = theme
            yield stand
        await agent.stop()


def svg_of(client: Client, name: str) -> str:
    """The screen as a drawing. Made again of the same screen it is the same file."""
    svg = client.export_screenshot(title="")
    return re.sub(r"terminal-\d+", f"kiosk-{name}", svg).replace("arial", "Fira Code, monospace")


def png_of(svg: str) -> bytes:
    """The drawing in pixels, with a monospaced font of this machine."""
    directory_of_fonts = next((str(each) for each in FONTS if each.is_dir()), None)
    png = resvg_py.svg_to_bytes(
        svg_string=svg,
        font_dirs=[directory_of_fonts] if directory_of_fonts else None,
        monospace_family="Fira Code" if FONTS[0].is_dir() else "DejaVu Sans Mono",
    )
    return bytes(png)


async def make(
    name: str, out: Path, other_size: tuple[int, int] | None, other_theme: str | None
) -> None:
    size, theme, scene = (KINDS | SCENES)[name]
    size, theme = other_size or size, other_theme or theme
    async with stood(drawn(FOOD_SAFETY if name in SCENES else ALL_KINDS), size, theme) as stand:
        await scene(stand)
        await stand.pilot.pause(0.2)
        svg = svg_of(stand.client, name)
    (out / f"{name}.svg").write_text(svg, encoding="utf-8")
    (out / f"{name}.png").write_bytes(png_of(svg))
    print(f"{name}: {size[0]}×{size[1]}, {theme}")


async def make_all(chosen: argparse.Namespace) -> None:
    size = tuple(map(int, chosen.size.split("x"))) if chosen.size else None
    for name in chosen.names or list(SCENES | KINDS):
        await make(name, chosen.out, size, chosen.theme)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--size", help="another size, like 80x24")
    parser.add_argument("--theme", help="another theme")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in SCENES | KINDS]
    if unknown:
        raise SystemExit(f"no such picture: {', '.join(unknown)}")
    chosen.out.mkdir(parents=True, exist_ok=True)
    asyncio.run(make_all(chosen))


if __name__ == "__main__":
    main()
