"""What the body says about a question, as the candidate sees it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from exam_packages.attempt.commands import Correct
from exam_packages.sealing.correction import MAX_TEXT, Correction, sign_correction
from exam_packages.sealing.suite import SigningKey
from kiosk.screens.correction import CorrectionNote

PACKAGER = SigningKey.generate(pair=False)
SIGNED_S = 1_790_001_000  # the day of the tests' own clock


def _order(text: str, item: str = "choice", time_s: int = SIGNED_S) -> Correct:
    return Correct(sign_correction(Correction(bytes(32), item, text, time_s), [PACKAGER]))


def run(coroutine: Any) -> None:
    asyncio.run(coroutine)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
def test_it_is_announced_and_stands_on_its_question_alone(sit: Any, size: Any) -> None:
    async def walk() -> None:
        async with sit(size=size) as s:
            await s.begin()
            s.agent.order(_order("Read 5 °C for 50 °C in choice B.", item="gaps"))
            await s.until(lambda: "has corrected question 3. It stands there." in s.words())
            note = s.client.screen.query_one(CorrectionNote)
            assert not note.display
            await s.client.exam.go("gaps")
            await s.at("gaps")
            at = time.strftime("%H:%M", time.localtime(SIGNED_S))
            said = f"Corrected by the certification body at {at}: Read 5 °C for 50 °C in choice B."
            await s.until(lambda: said in s.words(), "the correction")
            assert "Hot food" in s.text()
            s.agent.order(_order("And 63 °C for 36 °C.", item="gaps", time_s=SIGNED_S - 90_000))
            day = time.strftime("%Y-%m-%d", time.localtime(SIGNED_S - 90_000))
            await s.until(lambda: f"at {day}" in s.words(), "both, with the day of the other")
            await s.client.exam.go("choice")
            await s.at("choice")
            assert "Corrected by" not in s.words()

    run(walk())


def test_the_longest_leaves_the_question_in_sight_and_hostile_text_is_text(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            s.agent.order(_order("[@click=app.quit]x[/b] " + "word " * ((MAX_TEXT - 24) // 5)))
            await s.until(lambda: "[@click=app.quit]x[/b]" in s.text(), "as it is written")
            await s.until(lambda: "raw chicken" in s.text(), "the question below")
            note = s.client.screen.query_one(CorrectionNote)
            assert note.max_scroll_y == 0 or note.size.height >= 8

    run(walk())


def test_a_screen_that_comes_back_shows_it_and_announces_nothing(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            s.agent.order(_order("Read 5 °C."))
            await s.until(lambda: "Read 5 °C." in s.words())
            s.clock.turn(60)
            await s.until(lambda: not s.client.notice, "the notice is over")
            await s.agent.stop()
            await s.agent.start()
            await s.at("choice")
            await s.until(lambda: "Read 5 °C." in s.words())
            assert "has corrected" not in s.words()

    run(walk())
