"""Every kind of question, answered by keys and by mouse; what is seen is what is saved."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from exam_packages.content import items as it
from exam_packages.content import text as rich
from kiosk.client import Client
from kiosk.widgets.match import MatchRows
from kiosk.widgets.order import OrderRows


def line_of(sitting: Any, words: str) -> int:
    """The line of the screen on which *words* stand."""
    return next(y for y, line in enumerate(sitting.text().splitlines()) if words in line)


def run(coroutine: Any) -> None:
    asyncio.run(coroutine)


def test_a_single_choice_is_chosen_changed_and_taken_back(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("b")
            await s.saved()
            assert s.responses("choice") == {"R": ("b",)}
            await s.press("down", "space")
            await s.saved()
            assert s.responses("choice") == {"R": ("c",)}
            assert "C ● In the door" in s.text()
            assert s.text().count("●") == 2  # the camera's too
            await s.press("delete")
            await s.saved()
            assert s.responses("choice") == {"R": ()}
            assert "0 of 7 answered" in s.text()

    run(walk())


def test_a_choice_by_mouse(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.pilot.click(offset=(20, line_of(s, "In the door")))
            await s.saved()
            assert s.responses("choice") == {"R": ("c",)}
            await s.pilot.click(offset=(20, line_of(s, "so that nothing drips")))
            await s.saved()
            assert s.responses("choice") == {"R": ("b",)}

    run(walk())


def test_no_more_than_allowed_can_be_chosen(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("f9")
            await s.at("multiple")
            await s.press("c", "a", "b")
            await s.saved()
            assert s.responses("multiple") == {"R": ("a", "c")}
            assert "take one back first" in s.text()
            await s.press("a")
            await s.saved()
            assert s.responses("multiple") == {"R": ("c",)}
            assert "take one back first" not in s.text()

    run(walk())


def test_gaps_show_in_the_text_what_was_typed_and_chosen(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("gaps")
            await s.at("gaps")
            await s.press(*"63")
            assert "(1) 63" in s.text()
            await s.press("tab", "space", "down", "space")
            assert "(2) chilled at once" in s.text()
            s.clock.turn(1)
            await s.saved()
            assert s.responses("gaps") == {"T": ("63",), "C": ("a",)}
            await s.press("delete")
            s.clock.turn(1)
            await s.saved()
            assert s.responses("gaps") == {"T": ("63",), "C": ()}

    run(walk())


def test_an_essay_counts_words_and_keeps_lines(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("essay")
            await s.at("essay")
            await s.press(*"call", "enter", *"now")
            assert "2 words" in s.text()
            s.clock.turn(1)
            await s.saved()
            assert s.responses("essay") == {"R": ("call\nnow",)}

    run(walk())


def test_an_order_is_no_answer_until_placed(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("order")
            await s.at("order")
            assert "0 of 4 placed" in s.text()
            await s.press("down", "space")  # Wet hands first
            await s.saved()
            assert s.responses("order") == {"R": ("b",)}
            await s.press("space", "space", "space")  # the rest as they stand
            await s.saved()
            assert s.responses("order") == {"R": ("b", "a", "c", "d")}
            assert "4 of 4 placed" in s.text()
            await s.press("home", "space", "down", "down", "space")  # pick up, move, put down
            await s.saved()
            assert s.responses("order") == {"R": ("a", "c", "b", "d")}
            await s.press("1")  # the cursor is on it still
            await s.saved()
            assert s.responses("order") == {"R": ("b", "a", "c", "d")}
            await s.press("delete")
            await s.saved()
            assert s.responses("order") == {"R": ("a", "c", "d")}

    run(walk())


def test_an_order_by_mouse(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("order")
            await s.at("order")
            for words in ("Wet hands", "Lather", "Rinse"):
                await s.pilot.click(offset=(12, line_of(s, words)))
                await s.pilot.pause()
            await s.pilot.click(offset=(12, line_of(s, "Rinse")))  # picked up
            await s.pilot.pause()
            await s.pilot.click(offset=(12, line_of(s, "Wet hands")))  # put there
            await s.saved()
            assert s.responses("order") == {"R": ("a", "b", "d")}
            assert s.client.screen.query_one(OrderRows).held is None

    run(walk())


def test_a_match_as_a_grid(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("match")
            await s.at("match")
            assert s.client.screen.query_one(MatchRows)._grid is not None
            await s.press("space", "down", "right", "right", "space")
            await s.saved()
            assert s.responses("match") == {"R": ("a a", "b c")}
            await s.press("left", "space")  # one per source: the new takes the old one's place
            await s.saved()
            assert s.responses("match") == {"R": ("a a", "b b")}
            await s.press("space")
            await s.saved()
            assert s.responses("match") == {"R": ("a a",)}
            y = line_of(s, "Cleaning agent")
            x = s.text().splitlines()[y].rindex("○")
            await s.pilot.click(offset=(x, y))
            await s.saved()
            assert s.responses("match") == {"R": ("a a", "c c")}

    run(walk())


def test_a_match_too_wide_for_a_grid_opens_lists(sit: Any, forms: Any) -> None:
    match = it.Match(
        "R",
        (),
        forms.choices("First", "Second"),
        forms.choices(*(f"A rather long thing number {n}" for n in range(7)), match_max=1),
        0,
        2,
    )
    item = it.Item("m", "M", "en", (forms.para("Match."),), (match,), (), ())

    async def walk() -> None:
        async with sit(forms.form({"m": item})) as s:
            await s.begin()
            await s.press("space", "down", "down", "space")
            await s.saved()
            assert s.responses("m") == {"R": ("a b",)}
            assert "First → A rather long thing number 1" in s.text()
            await s.press("delete")
            await s.saved()
            assert s.responses("m") == {"R": ()}

    run(walk())


def test_a_recording_that_cannot_be_read_takes_nothing_else_away(sit: Any, forms: Any) -> None:
    bell = rich.Recording("a.mp3", "audio/mpeg", "A bell")
    media = it.Media("S", (), bell, 0, 0, False, False)
    choice = it.Choice("R", (), forms.choices("Yes", "No"), 0, 1)
    body = (
        forms.para("Look."),
        rich.Definitions((rich.Definition(((rich.Text("pH", 0),),), (forms.para("acid"),)),)),
        bell,
        rich.Table("", ((rich.Cell(True, (rich.Text("wide", 0),), 2, 1),),)),
        rich.Slot("S"),
        rich.Slot("R"),
    )
    item = it.Item("n", "N", "en", body, (media, choice), (), ())

    async def walk() -> None:
        async with sit(forms.form({"n": item})) as s:
            await s.begin()
            for words in ("Look.", "pH", "acid", "A bell", "wide", "Play"):
                assert words in s.text()
            await s.press("tab", "tab", "b")
            await s.saved()
            assert s.responses("n") == {"R": ("b",), "S": ()}

    run(walk())


def test_answers_stand_again_when_a_question_is_opened_again(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("b", "f9")
            await s.at("multiple")
            assert "☑" not in s.text()
            await s.press("a", "f8")
            await s.at("choice")
            assert "B ● On the bottom shelf" in s.text()
            await s.press("f9")
            await s.at("multiple")
            assert "A ☑ Core temperature" in s.text()

    run(walk())


def test_an_exhibit_covers_when_narrow_and_stands_beside_when_wide(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("f9")
            await s.at("multiple")
            assert "HACCP plan" not in s.text()
            await s.press("f4")
            assert "HACCP plan" in s.text()
            assert "critical limits" not in s.text()
            await s.press("f4")
            assert "HACCP plan" not in s.text()
            await s.pilot.resize_terminal(120, 36)
            await s.pilot.pause()
            await s.press("f4")
            assert "HACCP plan" in s.text()
            assert "critical limits" in s.text()

    run(walk())


def test_a_picture_is_drawn_with_its_words(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("picture")
            await s.at("picture")
            await s.until(lambda: "▀▀▀" in s.text(), "the picture")
            await s.press("pagedown", "pagedown")
            assert "A line that falls from left to right" in s.text()

    run(walk())


def test_the_navigator_tells_by_shape_and_word_and_jumps_by_number(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("b", "f3", "f9")
            await s.at("multiple")
            await s.press("f2")
            text = s.text()
            assert "1  ● answered" in text
            assert "⚑ flagged" in text
            assert "2  ○ not answered" in text
            assert "3  · not seen yet" in text
            await s.press("5", "enter")
            await s.at("order")
            await s.press("f2", "escape")
            assert "Put the steps of hand washing" in s.text()

    run(walk())


def test_a_flag_is_set_and_taken_off(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("f3")
            await s.until(lambda: "⚑ flagged" in s.text())
            assert "F3 Unflag" in s.text()
            assert s.agent.ledger.attempt.flags == {"choice"}
            await s.press("f3")
            await s.until(lambda: "⚑ flagged" not in s.text())

    run(walk())


def test_a_one_way_part_offers_no_way_back(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(forms.form(navigation=1)) as s:
            await s.begin()
            await s.press("f9")
            await s.at("multiple")
            assert "Back" not in s.text()
            assert "F2" not in s.text()
            await s.press("f8", "f2")
            await s.pilot.pause(0.05)
            assert s.client.exam.place == "multiple"
            assert "All questions" not in s.text()

    run(walk())


def test_a_question_and_its_number_are_painted_in_one_frame(
    sit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sees a number and another question's words may answer the wrong one."""
    frames: list[str] = []
    display = Client._display

    def noting(client: Client, screen: Any, renderable: Any) -> None:
        if hasattr(renderable, "render_segments"):
            sequence = renderable.render_segments(client.console)
            frames.append(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", sequence))
        display(client, screen, renderable)

    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            monkeypatch.setattr(Client, "_display", noting)
            items = [each.identifier for each in s.client.exam.paper.references()]
            for item in items[1:]:
                await s.press("f9")
                await s.at(item)
            for item in reversed(items[:-1]):
                await s.press("f8")
                await s.at(item)

    asyncio.run(walk())
    numbered = [frame for frame in frames if re.search(r"Question \d of \d", frame)]
    alone = [frame for frame in numbered if len(frame.split()) < 25]
    assert len(numbered) >= 12
    assert not alone, alone[0]
