"""Every further kind of question, sat at the sample of all kinds: by keys alone, by mouse alone,
opened again, in a window that changes its size."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from exam_packages import forms as drawing
from exam_packages.content.items import complete, problem
from exam_packages.content.values import Response
from exam_packages.formats.qti.reader import read_test
from exam_packages.rules.processing import score
from exam_packages.samples import ALL_KINDS

KEYS: dict[str, tuple[list[str], str]] = {
    "choice": (["b"], "B ● At the basin"),
    "choices": (["a", "b"], "A ☑ Raw chicken"),
    "order": (["c", "b", "d", "a"], "4 of 4 placed"),
    "first-two": (["b", "c"], "2 of 2 placed"),
    "match": (["space", "down", "right", "right", "space", "down", "left", "space"], "●"),
    "associate": (["a", "c", "b", "d"], "2 pairs: A – C   B – D"),
    "gaps": (["a", "right", "c"], "(1) A 5 °C"),
    "hottext": (["right", "space", "right", "right", "space"], "[☑ tasted"),
    "slider": ([*"4.5"], "Your value: 4.5"),
    "hotspot": (["e"], "E ● Hand-wash basin"),
    "route": (["a", "b", "c"], "3 of 3 placed"),
    "links": (["a", "b", "c", "d"], "2 pairs: A – B   C – D"),
    "labels": (["a", "c", "b"], "2 Cooker ← C at least 75"),
    "point": ([*"20 200", "enter", "space"], "1 20 across, 200 down"),
    "traps": ([*"100 300", "enter", "space", *"310 340", "enter", "space"], "2 310 across"),
    "reading": (["a"], "A ● Yes"),
    "picture-choice": (["a"], "A ●"),
    "entry": ([*"75"], "75"),
    "menu": (["space", "down", "down", "down", "space"], "below"),
    "reasons": ([*"warm", "tab", *"torn"], "2 answers"),
}
"""What answers each question rightly by keys, and what the screen then shows."""


@pytest.fixture(scope="module")
def drawn() -> Any:
    return drawing.draw(read_test(ALL_KINDS), b"kinds")


@pytest.fixture
def kinds(drawn: Any, forms: Any) -> Any:
    form = forms.form()
    return type(form)(drawn.paper, dict(drawn.items), dict(drawn.exhibits), dict(drawn.media))


def only(form: Any, *names: str) -> list[str]:
    return [each.identifier for each in form.paper.references() if not names or each in names]


def test_every_kind_is_answered_by_keys_alone_and_stands_when_opened_again(
    sit: Any, kinds: Any, drawn: Any
) -> None:
    keys = {entry.key.item: entry.key for entry in drawn.key.entries}

    async def walk() -> None:
        async with sit(kinds, size=(120, 40)) as s:
            await s.begin()
            for name, (typed, shown) in KEYS.items():
                await s.client.exam.go(name)
                await s.at(name)
                await s.press(*typed)
                assert shown in s.text(), f"{name}\n{s.text()}"
                s.clock.turn(1)
                await s.saved()
            for name, (_typed, shown) in KEYS.items():
                await s.client.exam.go(name)
                await s.at(name)
                assert shown in s.text(), f"{name}\n{s.text()}"
                item = kinds.items[name]
                given = tuple(Response(*pair) for pair in s.responses(name).items())
                for interaction, response in zip(item.interactions, given, strict=True):
                    assert problem(interaction, response) is None
                    assert complete(interaction, response), name
                result = score(item, keys[name], given)
                if name != "reasons":  # which a person marks
                    assert result.score == result.max_score > 0, name

    asyncio.run(walk())


CLICKS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "hottext": (["tasted it", "with the hand"], ("bare", "tasted")),
    "gaps": (["63 °C", "(2)"], ("c63 hot",)),
    "associate": (["Cooked ham", "Washed salad"], ("ham salad",)),
    "first-two": (["Cover it", "Get everybody"], ("alarm", "guests")),
    "hotspot": (["Hand-wash"], ("basin",)),
    "links": (["Waste room", "Dry store"], ("waste store",)),
    "labels": (["2 Cooker", "at least 75"], ("c75 cooker",)),
}
"""Words clicked one after the other, and the answer."""


def test_kinds_are_answered_by_mouse_alone(sit: Any, kinds: Any) -> None:
    async def walk() -> None:
        async with sit(kinds, size=(120, 40)) as s:
            await s.begin()
            for name, (words, members) in CLICKS.items():
                await s.client.exam.go(name)
                await s.at(name)
                for each in words:
                    await click(s, each)
                await s.saved()
                assert s.responses(name) == {"RESPONSE": members}, s.text()

    asyncio.run(walk())


async def click(s: Any, words: str) -> None:
    lines = s.text().splitlines()
    y = next(y for y, line in enumerate(lines) if words in line)
    await s.pilot.click(offset=(lines[y].index(words) + 1, y))
    await s.pilot.pause()


def test_areas_points_and_scales_are_clicked_where_they_are(sit: Any, kinds: Any) -> None:
    async def walk() -> None:
        async with sit(kinds, size=(120, 40)) as s:
            await s.begin()
            await s.client.exam.go("hotspot")
            await s.at("hotspot")
            await s.until(lambda: "▀▀▀" in s.text(), "the picture")
            await click(s, "G")  # over the picture: its label
            await s.saved()
            assert s.responses("hotspot") == {"RESPONSE": ("store",)}
            await s.client.exam.go("point")
            await s.at("point")
            await s.until(lambda: "▀▀▀" in s.text(), "the picture")
            widget = s.client.focused
            region, drawn = widget.region, widget.drawn
            await s.pilot.click(offset=(region.x + drawn.columns // 2, region.y + widget._top + 3))
            await s.saved()
            (member,) = s.responses("point")["RESPONSE"]
            across, down = map(int, member.split())
            assert abs(across - 300) < 10 and 0 < down < 100
            await s.client.exam.go("slider")
            await s.at("slider")
            await click(s, "┤")
            s.clock.turn(1)
            await s.saved()
            assert s.responses("slider") == {"RESPONSE": ("10",)}

    asyncio.run(walk())


def test_a_point_is_moved_coarsely_and_by_single_steps(sit: Any, kinds: Any) -> None:
    async def walk() -> None:
        async with sit(kinds, size=(160, 40)) as s:
            await s.begin()
            await s.client.exam.go("traps")
            await s.at("traps")
            assert "300 across, 200 down (in the middle)" in s.words()
            await s.press("right", "down")
            assert "315 across, 215 down" in s.words()
            await s.press(".", "left", "shift+up")
            assert "314 across, 214 down" in s.words()
            await s.press("plus", "space", "home", "space")
            await s.saved()
            assert s.responses("traps") == {"RESPONSE": ("300 200", "314 214")}
            await s.press("down", "space")
            assert "take one back first" in s.words()
            await s.press("n", "delete", *"601 9", "enter")
            await s.saved()
            assert s.responses("traps") == {"RESPONSE": ("314 214",)}
            assert "600 across, 9 down" in s.words()
            await s.press(*"7 x", "enter")
            assert "Type two numbers" in s.words()

    asyncio.run(walk())


def test_a_slider_begins_with_no_answer_and_takes_one_back(sit: Any, kinds: Any) -> None:
    async def walk() -> None:
        async with sit(kinds) as s:
            await s.begin()
            await s.client.exam.go("slider")
            await s.at("slider")
            assert "Nothing picked yet" in s.text()
            await s.press("right", "right", "shift+right", "end", "left")
            assert "Your value: 9.5" in s.text()
            await s.press(*"4.3")
            assert "Typed: 4.3▏ (not on the scale)" in s.text()
            assert "Your value: 4" in s.text()
            await s.press("backspace", "5")
            assert "Your value: 4.5" in s.text()
            await s.press("delete")
            s.clock.turn(1)
            await s.saved()
            assert s.responses("slider").get("RESPONSE", ()) == ()

    asyncio.run(walk())


def test_answers_stay_while_the_window_changes_its_size(sit: Any, kinds: Any) -> None:
    async def walk() -> None:
        async with sit(kinds) as s:
            await s.begin()
            for name in ("gaps", "labels", "traps", "hottext", "reasons"):
                typed, shown = KEYS[name]
                await s.client.exam.go(name)
                await s.at(name)
                half = len(typed) // 2
                await s.press(*typed[:half])
                for size in ((200, 60), (20, 5), (100, 30), (80, 24)):
                    await s.pilot.resize_terminal(*size)
                    await s.pilot.pause()
                await s.press(*typed[half:])
                assert shown in s.text(), s.text()

    asyncio.run(walk())


def test_pictures_are_shown_by_themselves_and_enlarged(sit: Any, kinds: Any) -> None:
    async def walk() -> None:
        async with sit(kinds) as s:
            await s.begin()
            await s.client.exam.go("picture-choice")
            await s.at("picture-choice")
            await s.press("f7")
            await s.until(lambda: "Picture 1 of 2" in s.text())
            assert "A mouse trap" in s.text()
            await s.press("n")
            assert "Picture: A cup" in s.text()
            await s.press("plus", "plus", "right", "down", "minus", "0", "escape")
            await s.press("b")
            await s.saved()
            assert s.responses("picture-choice") == {"RESPONSE": ("cup",)}

    asyncio.run(walk())
