"""Every screen at 80×24 in every language and every theme: it fits, and it can be read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from rich.cells import cell_len
from textual.containers import VerticalScroll
from textual.widgets import TextArea

from exam_packages import language
from exam_packages.attempt.commands import (
    Accommodate,
    Admit,
    AllowBreaks,
    LetBack,
    Pause,
    Resume,
    Say,
)
from exam_packages.attempt.preferences import Accommodation, Preferences
from exam_packages.content.moving import NO_LEAVE, Control, Limit, Moving
from kiosk.screens.step import StepDialog
from kiosk.themes import CONSOLE, THEMES
from kiosk.view import Stage
from kiosk.widgets.bars import KeyBar, StatusBar
from kiosk.widgets.button import PushButton
from kiosk.widgets.lines import Lines

Look = Callable[[str], Awaitable[None]]


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    language.use(language.SOURCE)


INSPECTION = ("essay", "order", "match", "picture")
BOUND = Moving(
    0,
    (Limit("section/s2", "Inspection", INSPECTION, 0, 2400),),
    (Control(INSPECTION[-1:], True, 2, True, True, False),),
    (),
    NO_LEAVE,
)
"""What binds in the tour: a section with a limit, a question that is submitted by itself."""


async def tour(s: Any, look: Look) -> None:
    """Sit an exam past every screen there is; *look* at each."""
    await look("sign-in")
    await s.press("enter")
    await look("no code")
    await s.press(*"WRONG", "enter")
    await s.until(lambda: "WRONG" in s.text() and "…" not in s.text())
    await look("wrong code")
    await s.press(*["backspace"] * 5)
    await s.press(*"KL7Q-2M", "enter")
    await s.stage(Stage.CONFIRM)
    await look("confirm")
    await s.press("enter")
    await s.stage(Stage.WAITING)
    await look("waiting")
    s.agent.order(Admit(90))
    await s.stage(Stage.READY)
    await look("admitted")
    s.agent.release()
    await s.until(lambda: s.client.exam is not None)
    await look("ready")
    await s.client.practise()
    await s.until(lambda: s.client.screen is s.client.stages.screen(None))
    await look("practice")
    s.client.end_practice()
    await s.client.begin()
    await s.stage(Stage.EXAM)
    items = [each.identifier for each in s.agent.form.paper.references()]
    await s.at(items[0])
    s.agent.hall = False
    s.agent.safe_age_ms = 12 * 60_000
    s.agent.pass_time()
    await look("hall gone")
    s.agent.hall = True
    s.agent.pass_time()
    for item in items:
        await s.client.exam.go(item)
        await s.at(item)
        await s.press("space")
        await look(item)
    await s.saved()
    await s.press("f3")
    for key in ("f2", "f5", "f10"):
        await s.press(key)
        await look(key)
        if key == "f10":
            await s.press("right", "enter")
            await look("hand in now?")
        await s.press("escape")
    await s.press("f9")
    await look("submit?")
    await s.press("escape", "f2", "1", "enter")
    await s.until(lambda: isinstance(s.client.screen, StepDialog))
    await look("go on?")
    await s.press("escape")
    s.agent.order(AllowBreaks(1))
    await s.until(lambda: s.client.exam.ways.breaks_left())
    await s.press("f6", "b")
    await look("break?")
    await s.press("escape")
    await s.client.take_break()
    await s.stage(Stage.BREAK)
    await look("break")
    await s.client.come_back()
    await s.until(lambda: s.client.view.rest.returned)
    await look("returned")
    s.agent.order(LetBack())
    await s.stage(Stage.EXAM)
    s.agent.order(Say("Please stay seated."))
    await s.until(lambda: len(s.client.screen_stack) > 2)
    await look("message")
    await s.press("enter")
    s.agent.order(Pause())
    await s.stage(Stage.PAUSED)
    await look("paused")
    s.agent.order(Resume())
    await s.stage(Stage.EXAM)
    s.client.announce("The exam has not been released yet; it will open by itself.")
    await s.client.hand_in()
    await s.stage(Stage.FINISHED)
    await look("finished")
    await s.press("enter")
    await look("leave?")
    await s.press("escape")
    await s.agent.stop()
    await s.stage(Stage.LOST)
    await look("lost")


def overflows(screen: Any) -> list[str]:
    """What does not fit on *screen*: cut at its right, or outside what is in sight."""
    found = []
    for bar in screen.query("KeyBar, StatusBar").results(KeyBar | StatusBar):
        if bar._shown is not None and bar._shown.cell_length > bar.content_size.width:
            found.append(f"{bar}: {bar._shown.plain}")
    for lines in screen.query(Lines):
        if lines.display and lines.content_size.width:
            found += [f"{lines}: {line.plain}" for line in lines._lines
                      if line.cell_length > lines.content_size.width]  # fmt: skip
    for button in screen.query(PushButton):
        if button.is_on_screen and button.render().cell_length > button.content_size.width:
            found.append(f"{button}: {button.label}")
    for widget, place in screen._compositor.full_map.items():
        scrolled = any(isinstance(each, VerticalScroll | TextArea) for each in widget.ancestors)
        inside = place.visible_region == place.region or not place.region
        if not (inside or scrolled or widget is screen or widget.id == "small"):
            found.append(f"{widget} is cut: {place.region} to {place.visible_region}")
    return found


# Each language is walked once, and each theme is looked at in one of the walks.
COLOURFUL = {
    *("sign-in", "no code", "practice", "ready", "hall gone", "choice", "gaps", "match", "essay"),
    *("f2", "f5", "f10", "message", "paused", "finished", "submit?", "go on?", "break"),
}
SHARED = {
    "en": ("calm-dark", "contrast-dark", "console"),
    "fr": ("calm-dark", "calm-light", "low-glare"),
    "zh_CN": ("contrast-light", "safe-colours"),
}


def test_every_theme_is_looked_at() -> None:
    assert {theme.name for theme in THEMES} == {name for each in SHARED.values() for name in each}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(each, marks=pytest.mark.slow) if each == language.SOURCE else each
        for each in language.languages()
    ],
)
def test_every_screen_fits_and_can_be_read(sit: Any, forms: Any, name: str) -> None:
    seen: dict[str, str] = {}

    async def walk() -> None:
        async with sit(forms.form(moving=BOUND)) as s:

            async def look(screen: str) -> None:
                await s.pilot.pause()
                cut = overflows(s.client.screen)
                assert not cut, f"{screen} in {name}: {cut}\n{s.text()}"
                for theme in SHARED.get(name, ()) if screen in COLOURFUL else ():
                    s.client.theme = theme
                    s.client.presentation.signs.enabled = theme == CONSOLE
                    await s.pilot.pause()
                    bad = unreadable(s.client.screen, theme)
                    assert not bad, f"{screen} in {theme}: {bad}"
                s.client.presentation.signs.enabled = False
                s.client.theme = "calm-dark"
                await s.pilot.pause()
                seen[screen] = s.text()

            while language.in_use() != name:
                before = language.in_use()
                await s.press("f2")
                await s.until(lambda before=before: language.in_use() != before)
            await s.shown()
            await tour(s, look)

    asyncio.run(walk())
    assert len(seen) > 22
    language.use(name)
    for screen, sentence in (
        ("sign-in", "Need help? Raise your hand."),
        ("confirm", "Is this you?"),
        ("waiting", "You are signed in"),
        ("choice", "✓ Saved here"),
        ("message", "A message from the invigilator"),
        ("paused", "The exam is paused"),
        ("finished", "Thank you: your exam is handed in"),
        ("lost", "One moment"),
    ):
        assert _collapsed(language._(sentence)) in _collapsed(seen[screen]), screen


def _collapsed(text: str) -> str:
    return re.sub(r"[\s─-╿]", "", text)


def _luminance(colour: Any) -> float:
    def channel(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (channel(part) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def unreadable(screen: Any, theme: str) -> list[str]:
    """What is painted on *screen* with less contrast than it needs (WCAG 2.2, 1.4.3, 1.4.11),
    and on the console what is a sign that its font may lack."""
    least = 7.0 if theme.startswith("contrast") or theme == CONSOLE else 4.5
    found = []
    for strip in screen._compositor.render_strips():
        for text, style, _control in strip:
            if style is None or not text.strip() or "▀" in text:
                continue  # nothing, or a picture
            if theme == CONSOLE:
                found += [sign for sign in text if ord(sign) > 255 and not sign.isalpha()]
            fore, back = style.color.triplet, style.bgcolor.triplet
            light, dark = sorted((_luminance(fore), _luminance(back)), reverse=True)
            contrast = (light + 0.05) / (dark + 0.05)
            drawn = not re.sub("[─-╿▁-▟|+-]", "", text).strip()
            if contrast < (3.0 if drawn else least):
                found.append(f"{text.strip()!r} {fore.hex} on {back.hex}: {contrast:.2f}")
    return found


def test_a_choice_is_in_the_record_and_the_next_candidate_begins_anew(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.press("f2")
            await s.until(lambda: language.in_use() == "fr")
            await s.press(*"KL7Q-2M", "enter")
            await s.stage(Stage.CONFIRM)
            await s.press("enter")
            await s.stage(Stage.WAITING)
            wanted = Preferences("fr", "", False, 160)
            await s.until(lambda: s.agent.ledger.attempt.preferences == wanted, "recorded")
            s.agent.order(Admit(0))
            s.agent.release()
            await s.until(lambda: s.client.exam is not None)
            await s.client.begin()
            await s.stage(Stage.EXAM)
            await s.at("choice")
            assert "Reste 45:00" in s.text()
            await s.press("f5", "down", "space")
            await s.until(lambda: s.client.theme == "calm-light")
            assert s.agent.ledger.attempt.preferences == Preferences("fr", "calm-light", False, 160)
            await s.press("escape")
            await s.client.hand_in()
            await s.stage(Stage.FINISHED)
            await s.client.leave()
            await s.stage(Stage.SIGN_IN)
            await s.until(lambda: language.in_use() == "en" and "Welcome" in s.text())
            assert s.client.theme == "calm-dark"

    asyncio.run(walk())


def test_the_hall_accommodates_in_the_middle_and_nothing_typed_is_lost(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("essay")
            await s.at("essay")
            await s.press(*"half a")
            granted = Accommodation("zh_CN", "contrast-light", False)
            s.agent.order(Accommodate(granted))
            await s.until(lambda: "剩余" in s.text())
            assert s.client.theme == "contrast-light"
            await s.at("essay")
            await s.press(*" word")
            s.clock.turn(1)
            await s.saved()
            assert s.responses("essay") == {"R": ("half a word",)}

    asyncio.run(walk())


def test_a_screen_that_comes_back_shows_the_exam_as_it_was(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.presentation.choose(language="fr", theme="console")
            await s.until(lambda: "Reste" in s.text())
            await s.agent.stop()
            await s.stage(Stage.LOST)
            s.client.presentation.forget()  # as a new process would
            await s.agent.start()
            await s.stage(Stage.EXAM)
            await s.until(lambda: s.client.theme == "console" and "Reste" in s.text())

    asyncio.run(walk())


@pytest.mark.parametrize("sign", ["○", "⚑", "│", "…", "▼", "\u00a0"])
def test_a_plain_sign_is_as_wide_as_the_drawn_one(sign: str) -> None:
    from kiosk.themes.signs import plain_signs

    assert cell_len(plain_signs(sign)) == cell_len(sign) == 1
    assert plain_signs(sign).isascii()
    assert plain_signs("é 中") == "é 中"
