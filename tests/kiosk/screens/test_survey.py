"""The feedback survey as a candidate meets it: after the code, by keys, to answer or to skip."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import Any

import pytest

from exam_packages.content import items as it
from exam_packages.content.survey import MAX_WORDS, Survey, unasked
from exam_packages.content.text import Paragraph, Slot, Text
from exam_packages.content.values import Response
from kiosk.screens.survey import IDLE_S, WARN_S
from kiosk.view import Stage

NAME = "Ada Whitmore"


def run(coroutine: Any) -> None:
    asyncio.run(coroutine)


def _question(name: str, interaction: it.Interaction) -> it.Item:
    return it.Item(name, name, "en", (Slot("R"),), (interaction,), (), ())


def _say(words: str) -> tuple[Paragraph, ...]:
    return (Paragraph((Text(words, 0),)),)


@pytest.fixture
def survey(forms: Any) -> Survey:
    clear = it.Choice("R", _say("Was it clear?"), forms.choices("Always", "Mostly", "No"), 0, 1)
    trouble = it.Choice("R", _say("What was hard?"), forms.choices("Noise", "Time", "Words"), 0, 0)
    own = it.ExtendedText("R", _say("What should be different?"), 3, "", 0, 0, 1, "", False)
    found = Survey(
        "How was this exam?",
        "en",
        _say("The board reads this."),
        (_question("clear", clear), _question("trouble", trouble), _question("own", own)),
    )
    assert unasked(found) is None
    return found


@pytest.fixture
def asked(sit: Any, survey: Survey) -> Any:
    """Start, hand in, and confirm that the code is written down."""

    @asynccontextmanager
    async def start(**how: Any) -> Any:
        async with sit(**how) as s:
            s.agent.survey = survey
            await s.begin()
            await s.client.hand_in()
            await s.stage(Stage.FINISHED)
            assert "7K2M-QX9R-04TB" in s.text()  # the code comes first, and nothing before it
            await s.press("enter", "right", "enter")
            await s.stage(Stage.SURVEY)
            await s.until(lambda: "How was this exam?" in s.text())
            assert s.client.screen.focused.id == "survey"  # as soon as there is something to read
            assert s.agent.surveys == []
            yield s

    return start


def test_answers_are_given_by_keys_and_sent_without_a_name_in_sight(asked: Any) -> None:
    async def walk() -> None:
        async with asked() as s:
            assert NAME not in s.text()
            await s.press("tab", "tab", "a", "c", "shift+tab", "b", "tab", "tab")
            s.client.screen.focused.insert("x" * (MAX_WORDS + 500))  # as a paste
            await s.press("f5")
            await s.until(lambda: "Help and display" in s.text())
            await s.press("escape", "tab", "enter")  # Send
            await s.stage(Stage.SIGN_IN)
            assert s.agent.surveys == [
                (
                    Response("clear", ("b",)),
                    Response("trouble", ("a", "c")),
                    Response("own", ("x" * MAX_WORDS,)),
                )
            ]
            # The next candidate sees nothing of it, and skips.
            await s.begin()
            await s.client.hand_in()
            await s.stage(Stage.FINISHED)
            await s.press("enter", "right", "enter")
            await s.stage(Stage.SURVEY)
            await s.press("tab")
            await s.until(lambda: "B ○ Mostly" in s.text())
            assert s.client.view.said == {}
            await s.press("b", "tab", "tab")
            await s.until(lambda: "0 words" in s.text())
            await s.press("tab", "tab", "enter")  # Skip
            await s.stage(Stage.SIGN_IN)
            assert s.agent.surveys[1:] == [()]

    run(walk())


def test_it_closes_by_itself_when_nobody_answers(asked: Any) -> None:
    async def walk() -> None:
        async with asked() as s:
            await s.press("tab", "b")
            s.clock.turn(IDLE_S - WARN_S - 1)
            s.client.wake()
            await s.pilot.pause()
            assert "Closes by itself" not in s.text()
            s.clock.turn(11)
            await s.until(lambda: "Closes by itself in 50 seconds" in s.text())
            await s.press("tab")  # somebody is there
            await s.until(lambda: "Closes by itself" not in s.text())
            s.clock.turn(IDLE_S + 1)
            await s.stage(Stage.SIGN_IN)
            assert s.agent.surveys == [()]  # what was not sent is not sent

    run(walk())


def test_an_agent_that_dies_brings_the_code_back_and_then_what_was_said(asked: Any) -> None:
    async def walk() -> None:
        async with asked() as s:
            await s.press("tab", "b")
            await s.agent.stop()
            await s.stage(Stage.LOST)
            await s.agent.start()
            await s.stage(Stage.FINISHED)
            assert "7K2M-QX9R-04TB" in s.text()
            await s.press("enter", "right", "enter")
            await s.stage(Stage.SURVEY)
            await s.press("tab")
            await s.until(lambda: "B ● Mostly" in s.text())

    run(walk())


def test_pictures_and_every_row_comes_into_sight_by_keys(asked: Any, picture_of: Any) -> None:
    async def walk() -> None:
        async with asked(size=(120, 36)) as s:
            await picture_of(s, "survey-120x36")
            await s.pilot.resize_terminal(80, 24)
            await picture_of(s, "survey-80x24")
            await s.pilot.resize_terminal(60, 20)
            await picture_of(s, "survey-60x20")
            for keys, words in (
                (("tab",), "A ○ Always"),
                (("down", "down"), "C ○ No"),
                (("tab",), "A ☐ Noise"),
                (("down", "down"), "C ☐ Words"),
                (("tab",), "0 words"),
                (("tab",), "› Send ‹"),
            ):
                await s.press(*keys)
                await s.until(lambda words=words: words in s.text(), words)
            assert "[ Skip ]" in s.text()

    run(walk())
