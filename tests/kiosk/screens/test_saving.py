"""“Saved here” is a promise: said when the agent said so, never earlier, and kept."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from textual.widget import Widget

from exam_packages.attempt.acts import Move, Respond
from kiosk.agent.session import Refusal
from kiosk.drafts import LONGEST_NS, PAUSE_NS
from kiosk.view import Stage


def run(coroutine: Any) -> None:
    asyncio.run(coroutine)


def status(sitting: Any) -> str:
    return str(sitting.text().splitlines()[-1])


def test_saved_is_said_only_after_the_agent_said_so(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            assert "No answers yet" in status(s)
            s.agent.saves.clear()
            await s.press("b")
            await s.until(lambda: "… Saving" in status(s))
            assert "Saved here" not in s.text()
            s.agent.saves.set()
            await s.until(lambda: "✓ Saved here" in status(s))

    run(walk())


def test_typed_text_is_saved_within_a_second_after_the_last_key(sit: Any) -> None:
    assert PAUSE_NS < 1_000_000_000

    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("essay")
            await s.at("essay")
            await s.press(*"Call")
            assert s.responses("essay") == {}
            s.clock.turn(1)
            await s.saved()
            assert s.responses("essay") == {"R": ("Call",)}
            acts = [act for act in s.agent.acts if isinstance(act, Respond)]
            assert len(acts) == 1

    run(walk())


def test_typing_without_a_pause_is_saved_too(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("essay")
            await s.at("essay")
            for _ in range(LONGEST_NS // 500_000_000 + 2):
                await s.press("x")
                s.clock.turn(0.5)
            await s.until(lambda: s.responses("essay"), "saved while typing")

    run(walk())


def test_every_move_saves_what_was_typed_first(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("essay")
            await s.at("essay")
            await s.press(*"Hm", "f9")
            await s.at("order")
            assert s.responses("essay") == {"R": ("Hm",)}
            last_two = [type(act) for act in s.agent.acts[-2:]]
            assert last_two == [Respond, Move]

    run(walk())


def test_a_refused_answer_is_kept_told_and_tried_again(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            s.agent.refusal = Refusal("The disk of this station is full; call the invigilator.")
            s.agent.trouble = "The disk of this station is full; call the invigilator."
            await s.press("b")
            await s.until(lambda: "Not saved yet" in status(s))
            assert "disk of this station is full" in s.text()
            assert "Saved here" not in s.text()
            assert "B ● On the bottom shelf" in s.text()
            s.agent.refusal, s.agent.trouble = None, ""
            s.clock.turn(3)
            await s.saved()
            await s.until(lambda: "✓ Saved here" in status(s))
            assert s.responses("choice") == {"R": ("b",)}

    run(walk())


def test_a_dead_agent_keeps_the_draft_and_the_place(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("b")
            await s.saved()
            await s.client.exam.go("essay")
            await s.at("essay")
            await s.press(*"Before")
            await s.agent.stop()
            await s.stage(Stage.LOST)
            assert "Your answers up to now are saved." in s.words()
            assert "What you typed last is kept here" in s.words()
            assert "Describe what you would do" not in s.text()
            s.agent.reopen()
            await s.agent.start()
            await s.stage(Stage.EXAM)
            await s.at("essay")
            assert "Before" in s.text()
            s.clock.turn(1)
            await s.saved()
            assert s.responses("essay") == {"R": ("Before",)}
            assert s.responses("choice") == {"R": ("b",)}

    run(walk())


def test_an_agent_that_restores_says_why_it_waits(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.agent.stop()
            s.agent.restoring = "Your answers are saved. The hall must allow the exam to go on."
            await s.agent.start()
            await s.until(lambda: "The hall must allow" in s.words())
            assert s.client.view.stage is Stage.LOST
            assert "sign-in code" not in s.text()
            s.agent.restoring = ""
            s.agent.resume()
            await s.stage(Stage.EXAM)
            await s.at("choice")

    run(walk())


def test_a_new_screen_shows_all_that_was_saved(sit: Any, tmp_path: Any, clock: Any) -> None:
    from kiosk.client import Client

    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("b", "f3")
            await s.saved()
            await s.client.exam.go("order")
            await s.at("order")
            await s.press("space")
            await s.saved()
            again = Client(tmp_path / "agent.sock", clock=clock)
            async with again.run_test(size=(80, 24)) as pilot:
                second = type(s)(again, s.agent, clock, pilot)
                await second.stage(Stage.EXAM)
                await second.at("order")
                assert "1 of 4 placed" in second.text()
                assert "2 of 7 answered" in second.text()
                assert "✓ Saved here" in second.text()

    run(walk())


def test_the_hall_is_told_truly(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            assert "✓ Safe in the hall" in status(s)
            s.agent.behind = 2
            await s.until(lambda: "On its way to the hall" in status(s))
            s.agent.behind, s.agent.safe_age_ms = 0, 12_000
            await s.until(lambda: "✓ Safe in the hall (12 s ago)" in status(s))
            s.agent.hall, s.agent.safe_age_ms = False, 125_000
            await s.until(lambda: "Hall out of reach, kept here" in status(s))
            assert "(safe 2 min ago)" in status(s)
            # Another station has it: that is said by name, and never as the hall's word.
            s.agent.near = "seat-2"
            await s.until(lambda: "✓ Safe at the station seat-2" in status(s))
            s.agent.near_behind = 1
            await s.until(lambda: "Hall out of reach, kept here" in status(s))
            s.agent.near_behind, s.agent.hall, s.agent.behind = 0, True, 1
            await s.until(lambda: "✓ Safe at the station seat-2" in status(s))
            s.agent.behind = 0
            await s.until(lambda: "✓ Safe in the hall" in status(s))
            s.agent.camera = 0
            await s.until(lambda: "○ No camera" in status(s))
            s.agent.camera = 2
            await s.until(lambda: "● Test video" in status(s))

    run(walk())


def test_typing_a_long_answer_lays_nothing_out_anew(
    sit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key costs what the field costs: the count beneath it is painted, not laid out."""
    laid_out: list[str] = []
    refresh = Widget.refresh

    def noting(widget: Widget, *regions: Any, layout: bool = False, **more: Any) -> Widget:
        if layout:
            laid_out.append(f"{widget!r} {widget.region}")
        return refresh(widget, *regions, layout=layout, **more)

    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("essay")
            await s.at("essay")
            await s.press(*"One", "space")
            monkeypatch.setattr(Widget, "refresh", noting)
            await s.press(*"two", "space", *"three")
            assert "3 words" in s.text()
            assert laid_out == []

    run(walk())
