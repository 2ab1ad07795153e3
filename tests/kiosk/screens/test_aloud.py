"""Reading aloud at the real screen: what is said, in order, as the focus moves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from exam_packages import language
from exam_packages.attempt.commands import Correct, Say
from exam_packages.content import text as rich
from exam_packages.sealing.correction import Correction, sign_correction
from exam_packages.sealing.suite import SigningKey
from kiosk.speech import words
from kiosk.speech.voice import NO_SPEECH, Piece
from kiosk.view import Stage
from kiosk.widgets.sheet import Sheet


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    language.use(language.SOURCE)


class Listening:
    """Stands where a voice stands, and writes down what it is given."""

    def __init__(self, s: Any) -> None:
        self.said: list[Piece] = []
        self.stops = 0
        self.pace = 0
        self.s = s
        s.client.presentation.reader.voice = self

    def say(self, pieces: list[Piece], pace: int) -> None:
        self.said, self.pace = [*pieces], pace

    def add(self, pieces: list[Piece], pace: int) -> None:
        self.said += pieces

    def stop(self) -> None:
        self.stops += 1

    async def close(self) -> None:
        pass

    def words(self) -> str:
        return " ".join(piece.text for piece in self.said)

    async def until(self, *words: str) -> None:
        await self.s.until(lambda: all(word in self.words() for word in words), self.words())


async def reading(s: Any) -> Listening:
    """The exam has begun, and its first question is read aloud."""
    ears = Listening(s)
    await s.begin()
    await s.press("f11")
    await ears.until("Question 1 of 7")
    return ears


def test_a_question_is_read_whole_then_what_gets_the_focus(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            ears = Listening(s)
            await s.press("f11")
            await ears.until("Welcome", "Type the sign-in code", "text field", "Sign in")
            await s.press("K")
            await s.until(lambda: ears.words() == "K")
            await s.press("backspace")
            await ears.until("deleted")
            await s.begin()
            await ears.until("Question 1 of 7", "45 minutes left", "Where does raw chicken belong")
            await ears.until("On the top shelf, where it is seen first", "not chosen")
            await s.press("down")
            await s.until(lambda: ears.words().startswith("B, On the bottom shelf"), ears.words())
            assert "top shelf" not in ears.words()
            await s.press("space")
            await ears.until("B, On the bottom shelf")
            await s.until(lambda: ears.words().endswith(" chosen."))
            assert "not chosen" not in ears.words()

    asyncio.run(walk())


def test_messages_time_and_dialogs_are_read(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            ears = await reading(s)
            s.agent.order(Say("Please stay seated."))
            await ears.until("A message from the invigilator", "Please stay seated", "button")
            await s.press("enter")
            await ears.until("Question 1 of 7")
            s.client.announce("{time} left.", time="5 minutes")
            await ears.until("5 minutes left.")
            await s.press("f2")
            await ears.until("All questions", "not answered", "Question about choice")
            await s.press("escape", "f10", "tab")
            await ears.until("button")

    asyncio.run(walk())


def test_content_is_read_in_its_language_and_our_words_in_ours(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            ears = Listening(s)
            await s.client.presentation.choose(language="fr", aloud=True)
            await s.until(lambda: language.in_use() == "fr")
            await s.begin()
            await ears.until("Question 1 sur 7", "Where does raw chicken", "pas choisi")
            by_language = {piece.language: "" for piece in ears.said}
            for piece in ears.said:
                by_language[piece.language] += piece.text
            assert "Where does raw chicken" in by_language["en"]
            assert "Question 1 sur 7" in by_language["fr"]
            assert "pas choisi" in by_language["fr"]
            assert "chicken" not in by_language["fr"]

    asyncio.run(walk())


def test_keys_stop_repeat_and_change_the_pace(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            ears = await reading(s)
            stops = ears.stops
            await s.press("f12")
            assert ears.stops == stops + 1
            await s.press("down")
            await s.press("ctrl+up", "ctrl+up", "ctrl+down")
            wanted = 180
            await s.until(lambda: s.agent.ledger.attempt.preferences.pace == wanted)
            await s.press("f11")
            await ears.until("Question 1 of 7")
            assert ears.pace == 180
            await s.press("f5", *["down"] * 8, "space")
            await s.until(lambda: not s.client.presentation.now.aloud)
            ears.said = []
            await s.press("escape", "down")
            assert not ears.said

    asyncio.run(walk())


def test_every_kind_of_question_says_something_of_its_own(sit: Any) -> None:
    expected = {
        "gaps": ("Gap 1", "text field"),
        "essay": ("text field", "0 words"),
        "order": ("Still to place",),
        "match": ("not chosen",),
    }

    async def walk() -> None:
        async with sit() as s:
            ears = await reading(s)
            for item, words in expected.items():
                await s.client.exam.go(item)
                await s.at(item)
                await ears.until(*words)
                assert not set("○●☐☑│─┼▀") & set(ears.words())
            await s.client.hand_in()
            await s.stage(Stage.FINISHED)
            await ears.until("Thank you: your exam is handed in", "7 K 2 M, Q X 9 R")

    asyncio.run(walk())


def test_without_a_speech_program_the_key_says_so(
    sit: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    async def walk() -> None:
        async with sit() as s:
            await s.press("f11")
            await s.until(lambda: "cannot read aloud: the programs" in s.text())
            assert s.client.notice == NO_SPEECH
            assert not s.client.presentation.now.aloud
            await s.press("f11")  # and again, as often as it is asked
            await s.until(lambda: not s.client.presentation.now.aloud)

    asyncio.run(walk())


def test_a_correction_is_announced_and_read_before_its_question(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            ears = await reading(s)
            await ears.until("Where does raw chicken belong")
            said = Correction(bytes(32), "choice", "Choice B: the lowest shelf.", 1_790_001_000)
            s.agent.order(Correct(sign_correction(said, [SigningKey.generate(pair=False)])))
            await ears.until("has corrected question 1")
            await s.press("f11")
            await ears.until("Corrected by the certification body", "Where does raw chicken belong")
            heard = ears.words()
            assert heard.index("Choice B: the lowest shelf.") < heard.index("Where does raw")

    asyncio.run(walk())


def test_a_table_is_read_row_by_row_and_a_list_point_by_point() -> None:
    """A cell of two lines was read across: both first lines, then both second ones."""

    def cell(words: str) -> rich.Cell:
        return rich.Cell(False, (rich.Text(words, 0),), 1, 1)

    long = "From 60 °C to 21 °C within two hours, and to 5 °C within four hours more"
    table = rich.Table("Limits", ((cell("Step"), cell("Limit")), (cell(long), cell(long))))
    point = (rich.Paragraph((rich.Text("chilled food", 0),)),)
    blocks = (rich.Heading(2, (rich.Text("Plan", 0),)), table, rich.Listing(False, (point, point)))
    sheet = Sheet()
    sheet.blocks = blocks
    said = [each.text for each in words._lines(sheet, "en")]
    assert said == [
        "Plan",
        "Limits",
        "Step, Limit",
        f"{long}, {long}",
        "chilled food",
        "chilled food",
    ]


def test_what_was_computed_placed_and_struck_out_is_heard(sit: Any) -> None:
    """The result was drowned by “deleted”: the field is empty after it."""

    async def walk() -> None:
        async with sit() as s:
            ears = await reading(s)
            await s.press("f6", "c", *"6*7")
            await s.until(lambda: ears.words() == "7")
            await s.press("enter")
            await s.until(lambda: "= 42" in ears.words(), "the result")
            await s.press("escape", "-")
            await s.until(lambda: "struck out" in ears.words(), "the strike")
            await s.client.exam.go("order")
            await s.at("order")
            await s.press("space")
            await s.until(lambda: "1 of 4 placed" in ears.words(), "the place")

    asyncio.run(walk())
