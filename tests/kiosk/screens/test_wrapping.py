"""Lines of text: spaces that must not break, words that must not stand alone."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content

from kiosk.screens.base import Dialog
from kiosk.widgets.answer import AnswerRows
from kiosk.widgets.text import Flow, wrap


def lines(text: str, width: int) -> list[str]:
    return [line.plain for line in wrap(Content(text), width)]


def test_a_space_that_does_not_break_keeps_number_and_unit_together() -> None:
    assert lines("From 60\u00a0°C to 21\u00a0°C within two hours", 18) == [
        "From 60\u00a0°C to",
        "21\u00a0°C within two",
        "hours",
    ]
    assert lines("Voulez-vous commencer\u202f?", 22) == ["Voulez-vous", "commencer\u202f?"]
    styled = Content.styled("a 5\u00a0°C", "bold")
    assert [line.spans for line in wrap(styled, 40)] == [styled.spans]


def test_a_short_word_does_not_stand_alone() -> None:
    words = "The questions are hidden for up to 5 minutes. The exam’s clock goes on."
    assert lines(words, 68)[-1] == "goes on."
    assert lines("one two three four", 14) == ["one two three", "four"]  # too narrow to care
    assert lines("x" * 60 + " on.", 60) == ["x" * 60, "on."]  # nothing to take along
    marked = Content("the word that ") + Content.styled("stands alone.", "on red")
    spaced = wrap(Content("Here is some longer text and ") + marked, 49)[-1]
    assert (spaced.plain, [(s.start, s.end) for s in spaced.spans]) == ("stands alone.", [(0, 13)])
    assert lines("A line with words enough\nalone", 30)[-1] == "alone"
    assert lines("字" * 31, 60) == ["字" * 30, "字"]


def test_further_lines_use_the_room_that_a_shorter_indent_leaves() -> None:
    made = wrap(Content("word " * 20), 30, Content("Picture: "), "  ")
    assert [line.plain.rstrip() for line in made][:2] == [
        "Picture: word word word word",
        "  word word word word word",
    ]


@given(st.text("ab. \u00a0\u202f字\u0301", max_size=200), st.integers(4, 90))
def test_no_line_is_too_long_and_no_word_is_lost(text: str, width: int) -> None:
    made = lines(text, width)
    assert all(cell_len(line.rstrip()) <= width for line in made)
    assert "".join("".join(made).split()) == "".join(text.split())


def test_a_hint_breaks_between_its_sentences() -> None:
    row = AnswerRows.hint(34, "in a gap, a letter puts it there", "Space picks up", "- strikes out")
    assert [line.plain for line in row.lines] == [
        "",
        "  In a gap, a letter puts it there",
        "  Space picks up · - strikes out",
    ]


def test_a_paragraph_is_as_high_as_its_lines_when_the_window_changes(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("f10")
            await s.until(lambda: isinstance(s.client.screen, Dialog), "the review")
            for size in ((60, 20), (80, 24), (200, 60), (80, 24)):
                await s.pilot.resize_terminal(*size)
                await s.pilot.pause()
                for paragraph in s.client.screen.query("#dialog > .words"):
                    flow = paragraph.content
                    assert isinstance(flow, Flow)
                    width = paragraph.content_size.width
                    assert paragraph.content_size.height == len(wrap(flow, width))

    asyncio.run(walk())
