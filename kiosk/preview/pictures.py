"""Pictures of a paper without a terminal: every question, page by page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from msgspec.structs import replace
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.widget import Widget

from exam_packages import canon
from exam_packages.content.paper import PAPER_BLOB
from exam_packages.content.reading import read_paper
from exam_packages.content.survey import SURVEY_BLOB
from exam_packages.errors import ExamError
from kiosk.course import Course, order
from kiosk.ipc.messages import PAPER
from kiosk.preview.agent import Parts
from kiosk.preview.client import Preview
from kiosk.screens.exam import ExamScreen
from kiosk.screens.survey import SurveyScreen
from kiosk.widgets.question import Question

WIDE: Final = (120, 36)
PATIENCE_S: Final = 30
_READING: Final = {"load", "pictures", "prefetch"}


class PictureError(ExamError):
    """A question did not come to stand on the screen."""


class Shot(NamedTuple):
    """One picture: ``name`` sorts as the questions come, ``svg`` and ``text`` show it."""

    name: str
    svg: str
    text: str


async def shoot(parts: Parts, take: Callable[[Shot], None], size: tuple[int, int] = WIDE) -> None:
    """Give *take* the instructions, every question and the survey, on a screen of *size*
    characters.

    A question longer than the screen, or whose exhibit is, has several pictures. Raises
    :class:`PictureError` when the screen does not come to rest.
    """
    client = Preview(_straight(parts))
    client.sounds.works = True  # no picture depends on the machine that it is made on
    async with client.run_test(size=size) as pilot:
        await _until(pilot, lambda: client.exam is not None and _stands(client))
        take(_shot(client, "000-instructions"))
        if client.practice is not None:
            await client.practise()
            await _walk(client, pilot, take, client.practice, "practice-")
            client.end_practice()
        await client.begin()
        if client.exam is not None:
            await _walk(client, pilot, take, client.exam, "")
            if SURVEY_BLOB in parts[PAPER]:
                await _survey(client, pilot, take)


async def _survey(client: Preview, pilot: Pilot[None], take: Callable[[Shot], None]) -> None:
    """Take what is asked after handing in, page by page."""
    await client.hand_in()
    await _until(pilot, lambda: client.view.survey is not None)
    await client.finish()
    await _until(pilot, lambda: isinstance(client.screen, SurveyScreen) and client.screen.stands)
    page, pane = 1, client.stage_screen.pane()
    while pane is not None:
        take(_shot(client, f"survey-{page}" if page > 1 else "survey"))
        if pane.scroll_y >= pane.max_scroll_y:
            break
        pane.scroll_relative(y=max(1, pane.size.height - 2), animate=False)
        await pilot.pause()
        page += 1


def _straight(parts: Parts) -> Parts:
    """*parts* with a paper whose every question is reached in turn, answered or not."""
    blobs = parts[PAPER]
    paper = read_paper(blobs[PAPER_BLOB])
    paper = replace(paper, moving=replace(paper.moving, controls=(), breaks=()))
    return {**parts, PAPER: {**blobs, PAPER_BLOB: canon.pack(paper)}}


async def _walk(
    client: Preview, pilot: Pilot[None], take: Callable[[Shot], None], course: Course, prefix: str
) -> None:
    """Take every question of *course*, in its order."""
    for number, item in enumerate(order(course), start=1):
        await course.go(item)
        await _until(pilot, partial(_rests, client, course, item))
        await _pages(client, pilot, take, f"{prefix}{number:03}-{item}")
        screen = client.screen
        if isinstance(screen, ExamScreen) and _covered(screen):
            screen.action_exhibit()  # on a narrow screen it stands in front of the question
            await pilot.pause()
            await _pages(client, pilot, take, f"{prefix}{number:03}-{item}-exhibit")


async def _pages(
    client: Preview, pilot: Pilot[None], take: Callable[[Shot], None], name: str
) -> None:
    """Take what stands on the screen, and go down until there is no more."""
    for pane in _panes(client):
        pane.scroll_home(animate=False)  # an exhibit stays where the last question left it
    await pilot.pause()
    page, more = 1, True
    while more:
        take(_shot(client, f"{name}-{page}" if page > 1 else name))
        more = await _scroll(client, pilot)
        page += 1


def _panes(client: Preview) -> list[Widget]:
    """What can be scrolled and is in sight: the question, its exhibit."""
    exhibits = client.screen.query("#exhibit").results(VerticalScroll)
    panes = [client.screen.query_one(Question), *exhibits]
    return [pane for pane in panes if pane.is_on_screen]


def _covered(screen: ExamScreen) -> bool:
    """Whether there is an exhibit that is not in sight."""
    keys = screen.keys()
    has_one = any(key.action == "exhibit" for key in keys)
    return has_one and not screen.query_one("#exhibit").display


def _stands(client: Preview) -> bool:
    return client.stage_screen in client.screen_stack


def _rests(client: Preview, course: Course, item: str) -> bool:
    """Whether *item* stands on the screen, read whole."""
    screen = client.screen
    reading = any(each.group in _READING and not each.is_finished for each in client.workers)
    return (
        isinstance(screen, ExamScreen)
        and screen is client.stage_screen
        and screen.course is course
        and screen.shown == item
        and not reading
    )


async def _until(pilot: Pilot[None], true: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await pilot.pause(0.01)
    except TimeoutError:
        raise PictureError(
            "The preview did not come to rest within {seconds} s; look at the paper in a terminal.",
            seconds=PATIENCE_S,
        ) from None
    await pilot.pause()


async def _scroll(client: Preview, pilot: Pilot[None]) -> bool:
    """Turn a page of question and exhibit; false when both were at their end."""
    moved = False
    for pane in _panes(client):
        if pane.scroll_y < pane.max_scroll_y:
            pane.scroll_relative(y=max(1, pane.size.height - 2), animate=False)
            moved = True
    if moved:
        await pilot.pause()
    return moved


def _shot(client: Preview, name: str) -> Shot:
    # A picture made again of the same screen must be the same file.
    svg = re.sub(r"terminal-\d+", f"preview-{name}", client.export_screenshot(title=""))
    lines = client.screen._compositor.render_strips()  # there is no public way to a screen's text
    text = "\n".join("".join(part.text for part in line).rstrip() for line in lines)
    return Shot(name, svg, text)
