"""Nothing an author, a roster or a key can send drives the screen or ends it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hostile_items import HOSTILE, hostile_item, hostile_kinds
from textual import events
from textual.widgets import Input, TextArea

from exam_packages.content import items as it
from exam_packages.content import text as rich
from exam_packages.content.values import MAX_TEXT
from kiosk.client import Client
from kiosk.view import Stage
from kiosk.widgets.extended_text import Essay


def safe(text: str) -> bool:
    forbidden = [*range(0x20), *range(0x7F, 0xA0), 0x200B, 0x202E, 0x2066, 0xFEFF, 0xE0041]
    return not any(chr(code) in text.replace("\n", "") for code in forbidden)


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_shown_and_do_nothing(sit: Any, forms: Any, words: str) -> None:
    async def walk() -> None:
        async with sit(forms.form({"x": hostile_item(words)}), size=(100, 60)) as s:
            await s.begin()
            await s.at("x")
            for _ in range(7):
                assert safe(s.text())
                await s.press("tab", "space")
            for y in range(3, 50, 4):
                await s.pilot.click(offset=(6, y))
            await s.press("f2")
            assert safe(s.text())
            await s.press("escape")
            assert s.client.is_running
            assert s.client.view.stage is Stage.EXAM

    asyncio.run(walk())


@pytest.mark.parametrize(
    "words",
    [
        "".join(HOSTILE),
        pytest.param("Z\u200d👩\u200d🔬 " * 1_200, marks=pytest.mark.slow),  # 100,000 an item
    ],
    ids=["hostile", "long"],
)
def test_hostile_words_in_every_further_kind(sit: Any, forms: Any, words: str) -> None:
    items = {item.identifier: item for item in hostile_kinds(words)}

    async def walk() -> None:
        async with sit(forms.form(items), size=(100, 40)) as s:
            await s.begin()
            for name in items:
                await s.at(name)
                await s.press("space", "down", "space", "a", "1", "delete")
                assert safe(s.text()), name
                await s.press("f7", "plus", "right")
                assert safe(s.text()), name
                await s.press("escape", "f9")
                assert s.client.is_running and s.client.view.stage is Stage.EXAM

    asyncio.run(walk())


def test_markup_is_shown_as_it_was_written(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(forms.form({"x": hostile_item(HOSTILE[0])}), size=(100, 60)) as s:
            await s.begin()
            assert "[@click=app.quit]leave[/]" in s.text()

    asyncio.run(walk())


def test_hostile_names_titles_and_refusals(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            for words in HOSTILE:
                s.client.announce("{why}", why=words)
                await s.until(lambda: not s.client._changed.is_set())
                await s.pilot.pause()
                assert safe(s.text())
            s.client.announce("{missing} {0} {x.y}", why="x")
            await s.pilot.pause()
            assert "{missing}" in s.text()

    asyncio.run(walk())


def test_a_hundred_thousand_characters(sit: Any, forms: Any) -> None:
    words = "temperature " * 8400
    item = it.Item(
        "long",
        "Long",
        "en",
        (forms.para(words), rich.Slot("R")),
        (it.Choice("R", (), forms.choices("Yes", "No"), 0, 1),),
        (),
        (),
    )

    async def walk() -> None:
        async with sit(forms.form({"long": item})) as s:
            await s.begin()
            assert "goes on below" in s.text()
            await s.press("b")
            await s.saved()
            assert s.responses("long") == {"R": ("b",)}

    asyncio.run(walk())


@pytest.mark.parametrize(
    "key",
    ["ctrl+q", "ctrl+c", "ctrl+z", "ctrl+p", "ctrl+backslash", "ctrl+d", "ctrl+s", "escape"],
)
def test_no_key_leaves_the_exam(sit: Any, key: str) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press(key, key)
            assert s.client.is_running
            assert "Where does raw chicken" in s.text()

    asyncio.run(walk())


def test_the_actions_that_lead_out_do_nothing(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            for action in (
                "quit",
                "help_quit",
                "suspend_process",
                "screenshot",
                "command_palette",
                "show_help_panel",
                "change_theme",
            ):
                await s.client.run_action(action)
            s.client.open_url("http://example.org")
            assert s.client.is_running
            assert len(s.client.screen_stack) == 2

    asyncio.run(walk())


def test_copying_stays_inside_the_exam(sit: Any) -> None:
    written: list[str] = []

    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("essay")
            await s.at("essay")
            s.client._driver.write = written.append  # type: ignore[method-assign]
            await s.press(*"abc", "f7", "ctrl+x")
            assert s.client.screen.query_one(Essay).text == ""
            await s.press("ctrl+v", "ctrl+v")
            assert s.client.screen.query_one(Essay).text == "abcabc"

    asyncio.run(walk())
    assert not any("\x1b]52" in data for data in written)


def test_a_huge_paste_is_cut_and_its_undo_does_not_fail(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("essay")
            await s.at("essay")
            essay = s.client.screen.query_one(Essay)
            essay.post_message(events.Paste("line\x1b[31m\r\n" * 60_000))
            await s.until(lambda: essay.text)
            assert len(essay.text) == MAX_TEXT
            assert "\x1b" not in essay.text
            await s.until(lambda: "this answer is full" in s.words())
            await s.press("x")
            assert len(essay.text) == MAX_TEXT
            s.clock.turn(1)
            await s.saved()
            for _ in range(4):
                await s.press("ctrl+z", "ctrl+z", "ctrl+y", "ctrl+z")
            assert essay.text == ""

    asyncio.run(walk())


@pytest.mark.parametrize("pasted", ["\n", "\r\n\r\n", "", "\x1b", "a\nb", "9" * 100_000])
def test_pastes_into_a_gap(sit: Any, pasted: str) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("gaps")
            await s.at("gaps")
            field = s.client.screen.query_one("#question Input", Input)
            field.post_message(events.Paste(pasted))
            await s.pilot.pause()
            assert len(field.value) <= 1000
            assert "\n" not in field.value
            assert s.client.is_running

    asyncio.run(walk())


def test_a_fault_tells_no_locals(tmp_path: Any, clock: Any, capsys: Any) -> None:
    class Broken(Client):
        def on_mount(self) -> None:
            secret = "the answer is b"
            raise RuntimeError(secret)

    async def walk() -> None:
        async with Broken(tmp_path / "no.sock", clock=clock).run_test() as pilot:
            await pilot.pause()

    with pytest.raises(RuntimeError):
        asyncio.run(walk())
    told = capsys.readouterr()
    assert "the answer is b" not in told.out + told.err
    assert "RuntimeError" not in told.err  # the agent is told where, the candidate is not
    assert "saved answer is safe" in told.err.replace("\n", " ")


def test_no_stock_text_area_is_used() -> None:
    """The stock widget fails on what ours survives: the reason for ours."""
    assert issubclass(Essay, TextArea)
    assert Essay._undo_batch is not TextArea._undo_batch
