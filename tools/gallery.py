"""The whole gallery: every screen and every interaction, in four themes and three sizes.

    make gallery                              # into build/gallery, some minutes
    make gallery ARGS="--out DIR NAME…"       # only some

One page, ``index.html``, with a drawing of each in each theme and size; a scene is reached
once, by keys, at 80×24, and then drawn again after each change of the window and of the
colours, as when a candidate changes them there. ``--png`` writes pixels beside the drawings,
``--sizes`` and ``--themes`` take less.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from html import escape
from itertools import product
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "support")]

from held_up import held_up  # noqa: E402
from pictures import ALL_KINDS, KINDS, SCENES, Stand, at, busy, drawn, png_of, stood  # noqa: E402
from pictures import svg_of as drawing  # noqa: E402

from exam_packages import forms  # noqa: E402
from exam_packages.attempt.commands import (  # noqa: E402
    AllowBreaks,
    Correct,
    Evacuate,
    GrantTools,
    Pause,
)
from exam_packages.content import text as rich  # noqa: E402
from exam_packages.content.catalogs import Card, Catalog  # noqa: E402
from exam_packages.content.moving import Break, Control, Leave, Limit, Moving  # noqa: E402
from exam_packages.content.paper import (  # noqa: E402
    CALCULATOR,
    GRANT,
    STANDARD_TOOLS,
    TRANSLATION,
)
from exam_packages.formats.qti.reader import read_test  # noqa: E402
from exam_packages.samples import FOOD_SAFETY, LISTENING  # noqa: E402
from exam_packages.sealing.correction import Correction, sign_correction  # noqa: E402
from exam_packages.sealing.suite import SigningKey  # noqa: E402
from kiosk.ipc import messages as ipc  # noqa: E402
from kiosk.proctoring.codes import CodeReader  # noqa: E402
from kiosk.view import Stage  # noqa: E402

SIZES = ((80, 24), (120, 36), (200, 60))
THEMES = ("calm-dark", "calm-light", "contrast-dark", "contrast-light")
Scene = Callable[[Stand], Awaitable[None]]


def limited(form: Any) -> Any:
    """*form* with limits of sections, breaks, and answers that are submitted one by one."""
    first, second = (
        tuple(each.identifier for each in section.items) for section in form.paper.parts[0].sections
    )
    moving = Moving(
        0,
        (
            Limit("section/hazards", "Hazards and controls", first, 0, 1200),
            Limit("section/inspection", "The inspection", second, 0, 1500),
        ),
        (),
        (Break(first[-1], 600, stopped=True, identity=False),),
        Leave(2, 300, identity=True),
    )
    form.paper = msgspec.structs.replace(form.paper, moving=moving)
    return form


def submitted(form: Any) -> Any:
    """*form* with answers that are submitted one by one."""
    items = tuple(each.identifier for each in form.paper.references())
    control = Control(items, True, 1, True, False, False)
    moving = Moving(0, (), (control,), (), Leave(0, 0, False))
    form.paper = msgspec.structs.replace(form.paper, moving=moving)
    return form


def explained(form: Any) -> Any:
    """*form* with words that the glossary explains."""
    said = (
        ("glossary-on-screen", "", "Traces of one food in another."),
        ("keyword-translation", "fr", "contact croisé"),
    )
    cards = tuple(
        Card(kind, language, (rich.Paragraph((rich.Text(words, 0),)),), "", ())
        for kind, language, words in said
    )
    item = form.items["freezing"]
    asked = rich.Paragraph(
        (
            rich.Text("Where is ", 0),
            rich.Term("cross", (rich.Text("cross-contact", rich.BOLD),)),
            rich.Text(" most likely?", 0),
        )
    )
    form.items["freezing"] = msgspec.structs.replace(
        item, body=(asked, *item.body), catalogs=(Catalog("cross", cards),)
    )
    return form


def granting(form: Any) -> Any:
    """*form* with tools that may be granted."""
    tools = (*STANDARD_TOOLS, GRANT + CALCULATOR, GRANT + TRANSLATION)
    policy = msgspec.structs.replace(form.paper.policy, tools=tools)
    form.paper = msgspec.structs.replace(form.paper, policy=policy)
    return form


def eyes(code: str, side: int) -> Callable[[ipc.Look], ipc.Seen]:
    """A camera before which a letter is held up."""
    reader = CodeReader()

    def look(message: ipc.Look) -> ipc.Seen:
        seen = reader.look(held_up(code, side=side), message.width, message.height)
        return ipc.Seen(message.request, seen.width, seen.height, seen.pixels, "", seen.strange)

    return look


async def refused(s: Stand) -> None:
    await s.pilot.press(*"XX9X-9X", "enter")
    await s.pilot.pause(0.3)


async def scan(s: Stand) -> None:
    s.agent.eyes = eyes("KL7Q-2M", 60)
    await s.pilot.press("f4")
    await s.pilot.pause(0.6)


async def station_check(s: Stand) -> None:
    s.agent.eyes = eyes("KL7Q-2M", 60)
    await s.pilot.press("f6")
    await s.pilot.pause(0.6)
    await s.pilot.press("a", "f3", "left")


async def starting(s: Stand) -> None:
    s.agent.restoring = "The answers of this station are being brought back from the hall."
    s.agent.trouble = s.agent.restoring
    await s.agent.stop()
    await s.stage(Stage.LOST)


async def accept(s: Stand) -> None:
    await s.ready()
    for _ in range(6):
        if "Begin" in getattr(s.client.focused, "label", ""):
            break
        await s.pilot.press("tab")
    await s.pilot.press("enter")
    await s.pilot.pause(0.3)


async def tools(s: Stand) -> None:
    await at("limits-breached", "f6")(s)


async def trouble(s: Stand) -> None:
    await at("freezing", "b")(s)
    s.agent.hall = False
    s.agent.trouble = "The disk of this station is full; call an invigilator."
    s.agent.tell_status()
    await s.pilot.pause(0.3)


async def correction(s: Stand) -> None:
    await s.begin()
    words = "In choice B read 5 °C for 50 °C. The choices are the same otherwise."
    signed_s = s.clock.wall_ns() // 1_000_000_000
    body = Correction(bytes(32), "freezing", words, signed_s)
    s.agent.order(Correct(sign_correction(body, [SigningKey.generate(pair=False)])))
    await s.go("freezing")


async def granted(s: Stand) -> None:
    await at("freezing", "b")(s)
    s.agent.order(GrantTools(("calculator", "keyword-translation")))
    await s.pilot.pause(0.3)


async def evacuated(s: Stand) -> None:
    await s.begin()
    s.clock.turn(600)
    s.agent.order(Pause())
    await s.stage(Stage.PAUSED)
    s.agent.order(Evacuate(0))
    await s.stage(Stage.EVACUATED)


async def step(s: Stand) -> None:
    await s.begin()
    first = s.exam.paper.parts[0].sections[0].items
    await s.go(first[-1].identifier)
    await s.pilot.press("f9")
    await s.pilot.pause(0.3)


async def rest(s: Stand) -> None:
    await step(s)
    for _ in range(6):
        if "on" in getattr(s.client.focused, "label", "").lower().split():
            break
        await s.pilot.press("tab")
    await s.pilot.press("enter")
    await s.stage(Stage.BREAK)


async def break_asked(s: Stand) -> None:
    await s.begin()
    s.agent.order(AllowBreaks(1))
    await s.pilot.pause(0.3)
    await s.pilot.press("f6", "b")
    await s.pilot.pause(0.2)


async def submit(s: Stand) -> None:
    await s.begin()
    await s.go("freezing")
    await s.pilot.press("b")
    await s.until(lambda: not s.client.drafts)
    await s.pilot.press("f9")
    await s.pilot.pause(0.3)


async def called(s: Stand) -> None:
    await at("freezing", "b", "f3", "-")(s)
    await s.pilot.press("f6", "i")
    await s.pilot.pause(0.3)


async def warning(s: Stand) -> None:
    await at("freezing", "b")(s)
    s.client._tick()
    s.clock.turn(55 * 60 - (7 * 60 + 12) - 590)
    s.agent.pass_time()
    await s.pilot.pause(0.3)
    s.client._tick()
    await s.pilot.pause(0.3)


async def code(s: Stand) -> None:
    await s.begin()
    await s.client.hand_in()
    await s.stage(Stage.FINISHED)
    await s.pilot.press("f4")
    await s.pilot.pause(0.3)


async def survey(s: Stand) -> None:
    s.agent.survey = forms.draw(read_test(FOOD_SAFETY), b"picture").survey
    await s.begin()
    await s.client.hand_in()
    await s.stage(Stage.FINISHED)
    await s.pilot.press("enter", "right", "enter")
    await s.stage(Stage.SURVEY)
    await s.pilot.pause(0.3)
    await s.pilot.press("tab", "b")
    await s.pilot.pause(0.3)


async def help_end(s: Stand) -> None:
    await s.begin()
    await s.pilot.press("f5")
    await s.pilot.press(*["tab"] * 6, *["down"] * 30)


async def aloud(s: Stand) -> None:
    await s.client.presentation.choose(aloud=True)
    await at("fridge-order", "space")(s)


async def busy_review_end(s: Stand) -> None:
    await busy(s)
    await s.pilot.press("f10", "end", *["down"] * 30)


MORE: dict[str, tuple[Callable[[], Any], Scene]] = {
    "sign-in-refused": (lambda: drawn(FOOD_SAFETY), refused),
    "scan": (lambda: drawn(FOOD_SAFETY), scan),
    "station-check": (lambda: drawn(FOOD_SAFETY), station_check),
    "accept": (lambda: drawn(FOOD_SAFETY), accept),
    "tools": (lambda: drawn(FOOD_SAFETY), tools),
    "scratchpad": (
        lambda: drawn(FOOD_SAFETY),
        at("freezing", "f6", "s", *"Tom 5 C, Ada 3 C"),
    ),
    "report-fault": (lambda: drawn(FOOD_SAFETY), at("freezing", "f6", "r", *"No answer fits")),
    "glossary": (lambda: explained(drawn(FOOD_SAFETY)), at("freezing", "f6", "g")),
    "struck-menu": (lambda: drawn(ALL_KINDS), at("menu", "space", "down", "-", "down")),
    "struck-words": (lambda: drawn(ALL_KINDS), at("hottext", "-", "right", "space", "right")),
    "struck-pairs": (lambda: drawn(ALL_KINDS), at("match", "-", "right", "space", "down", "-")),
    "granted": (lambda: granting(drawn(FOOD_SAFETY)), granted),
    "trouble": (lambda: drawn(FOOD_SAFETY), trouble),
    "called": (lambda: drawn(FOOD_SAFETY), called),
    "warning": (lambda: drawn(FOOD_SAFETY), warning),
    "correction": (lambda: drawn(FOOD_SAFETY), correction),
    "evacuated": (lambda: drawn(FOOD_SAFETY), evacuated),
    "step": (lambda: limited(drawn(FOOD_SAFETY)), step),
    "rest": (lambda: limited(drawn(FOOD_SAFETY)), rest),
    "break-asked": (lambda: limited(drawn(FOOD_SAFETY)), break_asked),
    "limits": (lambda: limited(drawn(FOOD_SAFETY)), at("freezing", "b", "f2")),
    "submit": (lambda: submitted(drawn(FOOD_SAFETY)), submit),
    "recording": (lambda: drawn(LISTENING), at("bell")),
    "recording-in-text": (lambda: drawn(LISTENING), at("bell-in-text")),
    "code": (lambda: drawn(FOOD_SAFETY), code),
    "survey": (lambda: drawn(FOOD_SAFETY), survey),
    "help-end": (lambda: drawn(FOOD_SAFETY), help_end),
    "review-end": (lambda: drawn(FOOD_SAFETY), busy_review_end),
    "aloud": (lambda: drawn(FOOD_SAFETY), aloud),
}
LINEUP: dict[str, tuple[Callable[[], Any], Scene]] = {
    **{name: (lambda: drawn(FOOD_SAFETY), scene) for name, (_, _, scene) in SCENES.items()},
    **{name: (lambda: drawn(ALL_KINDS), scene) for name, (_, _, scene) in KINDS.items()},
    **MORE,
}
for _same in ("match-narrow", "contrast-dark", "contrast-light"):
    del LINEUP[_same]  # the same at another size, or in other colours


@asynccontextmanager
async def reached(name: str) -> AsyncIterator[Stand]:
    """A stand at the scene *name*, 80×24."""
    make, scene = LINEUP[name]
    async with stood(make(), SIZES[0], THEMES[0]) as stand:
        await scene(stand)
        await stand.pilot.pause(0.2)
        yield stand


async def draw(
    name: str, out: Path, sizes: Iterable[tuple[int, int]], themes: Iterable[str], *, png: bool
) -> None:
    """Draw the scene *name* in each of *sizes* and *themes*."""
    async with reached(name) as stand:
        for size, theme in product(sizes, themes):
            if stand.client.size != size and name != "too-small":
                await stand.pilot.resize_terminal(*size)
                await stand.pilot.pause(0.25)
            stand.client.theme = theme
            await stand.pilot.pause(0.05)
            title = f"{name}-{theme}-{size[0]}x{size[1]}"
            svg = drawing(stand.client, title)
            (out / f"{title}.svg").write_text(svg, encoding="utf-8")
            if png:
                (out / f"{title}.png").write_bytes(png_of(svg))


def page(names: Iterable[str], sizes: Any, themes: Any) -> str:
    """One page with everything in *names*, a row for each size."""
    rows = []
    for name in names:
        rows.append(f'<h2 id="{escape(name)}">{escape(name)}</h2>')
        for columns, lines in sizes:
            cells = "".join(
                f'<a href="{title}.svg"><img loading="lazy" src="{title}.svg" alt="{title}"></a>'
                for theme in themes
                for title in [f"{name}-{theme}-{columns}x{lines}"]
            )
            rows.append(f"<h3>{columns}×{lines}</h3><div>{cells}</div>")
    links = " · ".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in names)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Exam Kiosk: gallery</title>'
        "<style>body{font:15px/1.5 sans-serif;margin:2em;background:#888;color:#000}"
        "div{display:grid;grid-template-columns:repeat(auto-fit,minmax(20em,1fr));gap:.6em}"
        "img{width:100%;background:#000}a{color:#000}</style>"
        f"<h1>Every screen of the candidate</h1><p>{links}</p>{''.join(rows)}</html>"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--sizes", help="like 80x24,120x36")
    parser.add_argument("--themes", help="like calm-dark,low-glare")
    parser.add_argument("--png", action="store_true", help="pixels beside the drawings")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "gallery")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in LINEUP]
    if unknown:
        raise SystemExit(f"no such scene: {', '.join(unknown)}; there are {', '.join(LINEUP)}")
    names = chosen.names or list(LINEUP)
    sizes: Any = SIZES
    if chosen.sizes:
        sizes = [tuple(map(int, each.split("x"))) for each in chosen.sizes.split(",")]
    themes = chosen.themes.split(",") if chosen.themes else THEMES
    chosen.out.mkdir(parents=True, exist_ok=True)
    for name in names:
        asyncio.run(draw(name, chosen.out, sizes, themes, png=chosen.png))
        print(name, flush=True)
    index = chosen.out / "index.html"
    index.write_text(page(names, sizes, themes), encoding="utf-8")
    total = sum(each.stat().st_size for each in chosen.out.glob("*.svg"))
    print(f"{len(names) * len(sizes) * len(themes)} drawings, {total / 1e6:.1f} MB: {index}")


if __name__ == "__main__":
    main()
