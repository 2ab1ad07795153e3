"""Striking out in every kind that has something to strike: by key, by mouse, again, restored."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from rich.cells import cell_len

from exam_packages import forms as drawing
from exam_packages import language
from exam_packages.content.items import Choice, Hotspot, Hottext, InlineChoice, Match
from exam_packages.content.striking import strikable
from exam_packages.formats.qti.reader import read_test
from exam_packages.samples import ALL_KINDS
from kiosk.client import Client
from kiosk.speech.words import here
from kiosk.view import Stage

TO_THE_FIRST: dict[str, tuple[list[str], str, list[str]]] = {
    "menu": (["space", "down"], "✕ ", ["space"]),
    "hottext": ([], "[✕ ", ["space"]),
    "match": ([], "✕", ["space"]),
    "hotspot": ([], "A ✕", ["a"]),
}
"""Keys to the first thing that can be struck out, how it then stands, and what chooses it."""


@pytest.fixture(scope="module")
def drawn() -> Any:
    return drawing.draw(read_test(ALL_KINDS), b"kinds")


@pytest.fixture
def kinds(drawn: Any, forms: Any) -> Any:
    form = forms.form()
    return type(form)(drawn.paper, dict(drawn.items), dict(drawn.exhibits), dict(drawn.media))


def struck(s: Any, item: str) -> set[str]:
    found = s.agent.ledger.attempt.workings.struck_of(item)
    return {choice for _response, choice in found}


def first_of(interaction: Any) -> str:
    match interaction:
        case Choice(choices=choices) | InlineChoice(choices=choices):
            return str(choices[0].identifier)
        case Hotspot(areas=areas):
            return str(areas[0].identifier)
        case Hottext(words=words):
            return str(words[0])
        case Match(sources=sources, targets=targets):
            return f"{sources[0].identifier} {targets[0].identifier}"
    raise AssertionError(interaction)


def cell(s: Any, what: str) -> tuple[int, int]:
    for y, line in enumerate(s.text().splitlines()):
        if found := re.search(re.escape(what), line):
            return cell_len(line[: found.start()]), y
    raise AssertionError(f"{what} in\n{s.text()}")


def test_what_cannot_be_the_answer_is_struck_out_and_chosen_after_all(sit: Any, kinds: Any) -> None:
    async def walk() -> None:
        async with sit(kinds, size=(160, 40)) as s:
            await s.begin()
            for item, (keys, mark, choosing) in TO_THE_FIRST.items():
                interaction = kinds.items[item].interactions[0]
                name = first_of(interaction)
                assert strikable(interaction, name)
                assert not strikable(interaction, name + "x")
                await s.client.exam.go(item)
                await s.at(item)
                await s.press(*keys, "-")
                await s.saved()
                assert struck(s, item) == {name}
                assert mark in s.text(), s.text()
                before = s.responses(item)
                await s.press("ctrl+z")
                await s.saved()
                assert struck(s, item) == set()
                assert "✕" not in s.text()
                await s.press("-")
                # Whoever comes back finds it struck out.
                await s.client.exam.go("choice")
                await s.at("choice")
                await s.client.exam.go(item)
                await s.at(item)
                await s.press(*keys)
                assert mark in s.text(), s.text()
                assert s.responses(item) == before
                await s.press(*choosing)
                await s.saved()
                assert struck(s, item) == set()
                (given,) = s.responses(item).values()
                assert given == (name,)
                # The answer itself is not struck out.
                await s.press(*(["space"] if item == "menu" else []), "-")
                await s.saved()
                assert struck(s, item) == set()
                assert "take it back before you strike it out" in s.words()

    asyncio.run(walk())


def test_the_right_button_strikes_what_it_is_on_and_chooses_nothing(sit: Any, kinds: Any) -> None:
    async def walk() -> None:
        async with sit(kinds, size=(100, 36)) as s:
            await s.begin()
            for item, opening in (("menu", ["space"]), ("hottext", []), ("match", [])):
                interaction = kinds.items[item].interactions[0]
                await s.client.exam.go(item)
                await s.at(item)
                await s.press(*opening)
                place = cell(s, "[○" if "[○" in s.text() else "[☐" if "[☐" in s.text() else "○")
                await s.pilot.click(offset=(place[0] + 1, place[1]), button=3)
                await s.saved()
                assert struck(s, item) == {first_of(interaction)}, s.text()
                assert s.responses(item) == {}

    asyncio.run(walk())


def test_a_closed_list_is_opened_and_its_choices_are_struck_in_a_narrow_window(
    sit: Any, kinds: Any, clock: Any
) -> None:
    async def walk() -> None:
        async with sit(kinds, size=(60, 24)) as s:
            await s.begin()
            for item in ("menu", "match"):
                await s.client.exam.go(item)
                await s.at(item)
                if item == "match" and "▾" not in s.text():
                    continue  # a grid has room even here
                await s.press("-", "down", "-")
                await s.saved()
                assert struck(s, item) == {first_of(kinds.items[item].interactions[0])}
            second = Client(s.client._socket, clock=clock)
            async with second.run_test(size=(60, 24)):
                s.client = second
                await s.stage(Stage.EXAM)
                await second.exam.go("menu")
                await s.at("menu")
                second.screen.query_one("InlineChoiceRows").unfold()
                await s.until(lambda: "✕" in s.text(), "restored")

    asyncio.run(walk())


def test_hot_words_and_pairs_are_told_with_their_strike(sit: Any, kinds: Any) -> None:
    async def walk() -> None:
        async with sit(kinds, size=(100, 36)) as s:
            await s.begin()
            for item in ("hottext", "match"):
                await s.client.exam.go(item)
                await s.at(item)
                said = " ".join(piece.text for piece in here(s.client.screen, "en"))
                assert language._("not chosen") in said
                await s.press("-")
                said = " ".join(piece.text for piece in here(s.client.screen, "en"))
                assert "struck out" in said and "chosen" not in said
                await s.press("space")
                said = " ".join(piece.text for piece in here(s.client.screen, "en"))
                assert "chosen" in said and "not chosen" not in said

    asyncio.run(walk())
