"""Highlighting by dragging: what is sent is what a terminal sends, broken reports too."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual._xterm_parser import XTermParser

from exam_packages.content import items as it
from exam_packages.content import text as rich
from exam_packages.content.words import words
from kiosk.screens.highlight import HighlightPane
from kiosk.widgets.blocks import block_lines
from kiosk.widgets.pointing import numbered, on_line

DOWN, DRAG, MOVE, UP = "0;{}M", "32;{}M", "35;{}M", "0;{}m"


class Mouse:
    """A terminal's reports, for cells of the screen counted from 0."""

    def __init__(self, sitting: Any) -> None:
        self.sitting = sitting
        self.parser = XTermParser()

    async def __call__(self, *reports: tuple[str, tuple[int, int]]) -> None:
        for kind, (x, y) in reports:
            for event in self.parser.feed("\x1b[<" + kind.format(f"{x + 1};{y + 1}")):
                self.sitting.client.post_message(event)
            await self.sitting.pilot.pause()

    def at(self, words_: str, nth: int = 0) -> tuple[int, int]:
        """The cell where the *nth* such words begin."""
        found = []
        for y, line in enumerate(self.sitting.text().splitlines()):
            for place in re.finditer(re.escape(words_) + r"(?!\d)", line):
                found.append((cell_len(line[: place.start()]), y))
        return found[nth]


def question(forms: Any, *texts: str, exhibits: tuple[str, ...] = ()) -> Any:
    """One question with these paragraphs, and an exhibit with those."""
    body = (*map(forms.para, texts), rich.Slot("R"))
    choice = it.Choice("R", (), forms.choices("Yes", "No"), 0, 1)
    form = forms.form(
        {"q": it.Item("q", "A text", "en", body, (choice,), ("plan",) if exhibits else (), ())}
    )
    form.exhibits["plan"] = it.Exhibit("plan", "HACCP plan", tuple(map(forms.para, exhibits)), ())
    return form


async def opened(s: Any) -> Mouse:
    await s.begin()
    await s.press("f6", "h")
    await s.until(lambda: isinstance(s.client.screen, HighlightPane), "the tool")
    await s.pilot.pause()
    return Mouse(s)


def runs(s: Any, blob: str = "item/q") -> Any:
    return s.agent.ledger.attempt.workings.highlights.get(blob, ())


LONG = " ".join(f"w{n}" for n in range(60)) + "."


def test_dragging_over_words_highlights_them_as_the_keys_do(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(question(forms, LONG)) as s:
            mouse = await opened(s)
            first, last = mouse.at("w3"), mouse.at("w25")
            assert last[1] > first[1]  # over the end of a line
            await mouse((DOWN, first), (DRAG, last))
            assert "Let go at the last word" in s.words()
            await mouse((UP, last))
            await s.saved()
            assert runs(s) == ((3, 25),)
            await mouse((DOWN, mouse.at("w40")), (DRAG, first), (UP, first))  # backwards
            await s.saved()
            assert runs(s) == ((3, 40),)
            inside = mouse.at("w50")
            await mouse((DOWN, inside), (DRAG, (inside[0] + 1, inside[1])), (UP, inside))
            await s.saved()
            assert runs(s) == ((3, 40),)  # back where it began: a click
            await s.press("space", "right", "space")  # the keys go on from where it was clicked
            await s.saved()
            assert runs(s) == ((3, 40), (50, 51))
            await s.press("escape")
            assert not isinstance(s.client.screen, HighlightPane)

    asyncio.run(walk())


def test_a_click_on_a_highlight_offers_to_take_it_off(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(question(forms, LONG)) as s:
            mouse = await opened(s)
            await mouse((DOWN, mouse.at("w3")), (DRAG, mouse.at("w8")), (UP, mouse.at("w8")))
            await s.saved()
            there = mouse.at("w5")
            await mouse((DOWN, there), (UP, there))
            assert "Take it off?" in s.words()
            await s.press("escape")
            assert "Take it off?" not in s.words()
            await s.saved()
            assert runs(s) == ((3, 8),)
            await mouse((DOWN, there), (UP, there))
            key = mouse.at("Take off")
            await mouse((DOWN, key), (UP, key))
            await s.until(lambda: not runs(s), "taken off")
            assert "Take it off?" not in s.words()
            plain = mouse.at("w20")
            await mouse((DOWN, plain), (UP, plain))
            assert "Take it off?" not in s.words()

    asyncio.run(walk())


def test_a_drag_that_leaves_the_text_takes_the_nearest_words(sit: Any, forms: Any) -> None:
    exhibits = tuple(f"Line {n}: below 5 °C." for n in range(60))

    async def walk() -> None:
        async with sit(question(forms, LONG, exhibits=exhibits), size=(120, 36)) as s:
            mouse = await opened(s)
            in_exhibit = mouse.at("Line 3")
            await mouse((DOWN, mouse.at("w50")), (DRAG, in_exhibit), (DRAG, (119, 35)))
            await mouse((UP, (5000, 5000)))
            await s.saved()
            assert runs(s) == ((50, 59),)
            assert not runs(s, "exhibit/plan")
            # In the exhibit, on with the wheel, and up to what came into sight.
            await mouse((DOWN, in_exhibit), (DRAG, (in_exhibit[0], 20)))
            for _turn in range(5):
                await mouse(("65;{}M", (in_exhibit[0], 20)))
            await mouse((UP, (in_exhibit[0], 20)))
            await s.saved()
            ((begun, ended),) = runs(s, "exhibit/plan")
            assert begun == 15 and ended >= 15 + 5 * 5
            # The pane itself, the bars and the choices begin nothing.
            for place in (mouse.at("Highlight words"), (3, 0), (3, 35), mouse.at("Yes")):
                await mouse((DOWN, place), (DRAG, mouse.at("w3")), (UP, mouse.at("w3")))
            await s.saved()
            assert runs(s) == ((50, 59),)

    asyncio.run(walk())


def test_wide_characters_are_dragged_over_one_by_one(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(question(forms, "冷藏室的温度必须低于五度，并且每天记录。" * 4)) as s:
            mouse = await opened(s)
            x, y = mouse.at("冷藏室")
            await mouse((DOWN, (x + 3, y)), (DRAG, (x + 8, y)), (UP, (x + 8, y)))
            await s.saved()
            assert runs(s) == ((1, 4),)  # from the right half of one to the left half of another

    asyncio.run(walk())


def test_broken_reports_and_another_window_in_the_middle(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(question(forms, LONG)) as s:
            mouse = await opened(s)
            await mouse((UP, mouse.at("w5")), (MOVE, mouse.at("w9")), (UP, (9000, 0)))
            await s.saved()
            assert not runs(s)
            # Let go outside of the window: the next report without a button ends it.
            await mouse((DOWN, mouse.at("w5")), (DRAG, mouse.at("w9")), (MOVE, mouse.at("w1")))
            await s.saved()
            assert runs(s) == ((5, 9),)
            await mouse((DRAG, mouse.at("w30")), (UP, mouse.at("w30")))
            await s.saved()
            assert runs(s) == ((5, 9),)
            # Pressed twice: the second one counts. Escape begins again, and what follows is late.
            await mouse((DOWN, mouse.at("w20")), (DOWN, mouse.at("w22")))
            await mouse((DRAG, mouse.at("w24")), (UP, mouse.at("w24")))
            await s.saved()
            assert runs(s) == ((5, 9), (22, 24))
            await mouse((DOWN, mouse.at("w30")), (DRAG, mouse.at("w35")))
            await s.press("escape")
            await mouse((DRAG, mouse.at("w36")), (UP, mouse.at("w36")))
            await s.saved()
            assert runs(s) == ((5, 9), (22, 24))
            # The window changes meanwhile: it is the word that counts, not the cell.
            await mouse((DOWN, mouse.at("w40")), (DRAG, mouse.at("w41")))
            await s.pilot.resize_terminal(120, 36)
            await s.pilot.pause(0.1)
            await mouse((DRAG, mouse.at("w44")))
            await s.pilot.resize_terminal(20, 5)
            await s.pilot.pause(0.1)
            await mouse((DRAG, (3, 3)))
            await s.pilot.resize_terminal(80, 24)
            await s.pilot.pause(0.1)
            await mouse((DRAG, mouse.at("w45")), (UP, mouse.at("w45")))
            await s.saved()
            assert runs(s) == ((5, 9), (22, 24), (40, 45))
            # The tool goes away while the mouse is down: nothing is held.
            await mouse((DOWN, mouse.at("w50")))
            await s.press("escape", "escape")
            assert s.client.mouse_captured is None
            await mouse((UP, mouse.at("w50")))
            await s.press("a")
            await s.saved()
            assert s.responses("q") == {"R": ("a",)}

    asyncio.run(walk())


text = st.text("ab .,\u4e2d\u56fd\u00e9\u0301\t", max_size=30)


@given(st.lists(text, max_size=4), st.integers(4, 30), st.data())
def test_every_word_is_found_where_it_stands(
    texts: list[str], width: int, data: st.DataObject
) -> None:
    body = tuple(rich.Paragraph((rich.Text(each, 0),)) for each in texts)
    known = words(body)
    lines = block_lines(numbered(body), width)
    assert [line.plain for line in lines] == [line.plain for line in block_lines(body, width)]
    seen = set()
    for line in lines:
        for x in range(line.cell_length):
            found = on_line(line, x, lambda _n: True)
            if found is not None and found[0] == 0:
                seen.add(found[1])
    # What takes no cell (a mark alone) cannot be pointed at; all else can.
    assert seen == {n for n, word in enumerate(known) if cell_len(word.strip()) > 0}
