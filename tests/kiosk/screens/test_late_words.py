"""A quick candidate types into the next question before it stands there. Nothing of that
may become an answer to a question it was not typed for."""

from __future__ import annotations

import asyncio
from typing import Any

from textual import events
from textual.widgets import Input

from kiosk.widgets.answer import Answered
from kiosk.widgets.question import Question
from kiosk.widgets.text_entry import Field, TextEntryField


def test_a_late_answer_is_not_taken_for_another_question(sit: Any) -> None:
    """Both questions call their response “R”, so only the interaction tells them apart."""

    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            question = s.client.screen.query_one(Question)
            first = question.item.interactions[0]
            await s.client.exam.go("order")
            await s.at("order")
            question.post_message(Answered(first, ("b",)))
            question.post_message(Answered(question.item.interactions[0], ("b", "a")))
            await s.saved()
            await s.until(lambda: s.responses("order"), "the order is recorded")
            assert s.responses("order") == {"R": ("b", "a")}

    asyncio.run(walk())


def test_typed_text_stays_with_its_question(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("gaps")
            await s.at("gaps")
            entry = s.client.screen.query_one(TextEntryField)
            field = entry.query_one(Field)
            entry.post_message(Input.Changed(field, "typed for the question before"))
            await s.press("6", "3")
            await s.until(lambda: entry._given == "63", "63 is typed")
            s.clock.turn(1)
            await s.saved()
            assert s.responses("gaps")["T"] == ("63",)

    asyncio.run(walk())


def test_the_number_above_belongs_to_the_question_below(sit: Any) -> None:
    """While the next question is still being read, the old one stands there with its own."""

    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("essay")
            await s.at("essay")
            await s.until(lambda: "Question 4 of" in s.text(), "the number of the essay")
            screen, course = s.client.screen, s.client.exam
            screen._shown = (course.part, "choice")  # as before the essay was read
            assert screen.title_lines()[1][0].plain.startswith("Question 1 of")

    asyncio.run(walk())


def test_keys_typed_right_after_tab_go_where_tab_leads(sit: Any) -> None:
    """A quick hand, or a slow machine: all keys are there before the first is looked at."""

    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("gaps")
            await s.at("gaps")
            await s.press("6", "3")
            for key in ("tab", "space", "down", "space"):
                s.client.post_message(events.Key(key, None))
            await s.until(lambda: s.responses("gaps").get("C"), "the second gap is answered")
            assert s.responses("gaps") == {"T": ("63",), "C": ("a",)}

    asyncio.run(walk())
