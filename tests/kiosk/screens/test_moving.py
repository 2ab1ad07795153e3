"""Limits, irreversible steps, submission and breaks, at the screen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import Respond, Submit
from exam_packages.attempt.commands import AddTime, AllowBreaks, LetBack, Pause, Resume
from exam_packages.content.moving import NO_LEAVE, Break, Control, Leave, Limit, Moving
from exam_packages.content.paper import LINEAR
from exam_packages.content.values import Response
from kiosk.speech import words
from kiosk.view import Stage

STORAGE = ("choice", "multiple", "gaps")
SECTION = Limit("section/s1", "Storage", STORAGE, 0, 600)
SECOND = Limit("section/s2", "Inspection", ("essay", "order", "match", "picture"), 0, 900)
REST = Break("gaps", 300, stopped=True, identity=True)


def moving(
    *limits: Limit,
    breaks: tuple[Break, ...] = (),
    leave: Leave = NO_LEAVE,
    controls: tuple[Control, ...] = (),
) -> Moving:
    return Moving(0, limits, controls, breaks, leave)


async def push(sitting: Any, label: str) -> None:
    """Press the button *label* of the dialog in front, by keys."""
    for _ in range(9):
        if f"› {label} ‹" in sitting.text():
            break
        await sitting.press("tab")
    await sitting.press("enter")


def test_the_limit_that_ends_first_stands_before_the_whole(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(forms.form(moving=moving(SECTION))) as s:
            await s.begin()
            await s.until(lambda: "10:00 for this section · 45:00 in all" in s.text())
            s.clock.turn(595)
            await s.until(lambda: "⧗ 0:05 for this section · 35:05 in all" in s.text())
            s.agent.order(AddTime(60))
            await s.until(lambda: "1:05 for this section · 36:05 in all" in s.text())
            await s.press("f5")
            assert "1:05 for this section" in s.text()

    asyncio.run(walk())


def test_warnings_come_for_a_section_too(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(forms.form(moving=moving(SECTION))) as s:
            await s.begin()
            s.client._tick()
            s.clock.turn(541)
            s.agent.pass_time()
            await s.until(lambda: s.client.view.soonest()[1] < 60_000)
            s.client._tick()
            await s.until(lambda: "1 minute for this section" in s.text())

    asyncio.run(walk())


def test_a_section_ends_by_itself_and_what_is_typed_is_saved_before(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(forms.form(moving=moving(SECTION))) as s:
            await s.begin()
            await s.press("b", "f2")
            await s.until(lambda: "10 minutes of its own" in s.text())
            s.clock.turn(601)
            await s.at("essay")
            assert "The time for the section “Storage” is over; it is closed." in s.words()
            assert s.responses("choice") == {"R": ("b",)}
            await s.press("f2")
            await s.until(lambda: "All questions" in s.text())
            assert "Storage · ✕ closed" in s.text()
            assert s.text().count("✕ closed") == 5  # three questions, their section, the legend
            await s.press("1", "enter")
            await s.until(lambda: "This question is closed" in s.text())
            assert s.client.view.attempt.place == "essay"

    asyncio.run(walk())


def test_a_tool_over_a_question_goes_with_it(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(forms.form(moving=moving(SECTION))) as s:
            await s.begin()
            await s.press("f6", "n")
            await s.until(lambda: "Note on question 1" in s.text())
            await s.press(*"late")
            s.clock.turn(601)
            s.agent.pass_time()
            await s.at("essay")
            await s.until(lambda: "Note on question 1" not in s.text())
            await s.until(lambda: not s.client.drafts)

    asyncio.run(walk())


def test_what_came_too_late_is_let_go_of_and_said(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(forms.form(moving=moving(SECTION))) as s:
            await s.begin()
            s.agent.saves.clear()
            await s.press("a")
            late = Respond("gaps", (Response("R", ("late",)),))
            s.client.drafts.put(late, typed=True, now_ns=s.clock.boottime_ns())
            s.clock.turn(601)
            s.agent.pass_time()
            await s.until(lambda: s.client.view.attempt.place == "essay")
            s.agent.saves.set()
            await s.at("essay")
            await s.until(lambda: "came after its time" in s.words())
            assert "in question 1, 3 came after" in s.words()
            assert not s.client.drafts
            assert s.responses("choice") == {}

    asyncio.run(walk())


def test_leaving_a_section_asks_first_and_says_what_is_open(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(forms.form(moving=moving(SECTION, SECOND))) as s:
            await s.begin()
            await s.press("a", "f9")
            await s.at("multiple")
            await s.press("f9")
            await s.at("gaps")
            await s.press("f9")
            await s.until(lambda: "Go on?" in s.text())
            said = s.words()
            assert "The section “Storage” is closed for good when you go on." in said
            assert "The section “Inspection” has 15 minutes of its own; its clock starts" in said
            assert "2 questions that close have no answer." in said
            await s.press("enter")  # the focus stands on staying
            await s.until(lambda: "Go on?" not in s.text())
            assert s.client.view.attempt.place == "gaps"
            await s.press("f9")
            await s.until(lambda: "Go on?" in s.text())
            await push(s, "Yes, go on")
            await s.at("essay")
            assert s.agent.ledger.attempt.progress.closed("section/s1")
            await s.press("f8")  # nothing before is open
            await s.until(lambda: s.client.view.attempt.place == "essay")

    asyncio.run(walk())


def test_a_question_that_may_not_be_left_out_holds_one_back(sit: Any, forms: Any) -> None:
    control = Control(("choice", "essay"), False, 1, False, True, False)
    bounds = moving(controls=(control,))

    async def walk() -> None:
        async with sit(forms.form(navigation=LINEAR, moving=bounds)) as s:
            await s.begin()
            await s.press("f9")
            await s.until(lambda: "These questions must be answered first: 1." in s.words())
            await s.press("enter")
            await s.press("b", "f9")
            await s.until(lambda: "this question cannot be opened again" in s.words())
            await push(s, "Yes, go on")
            await s.at("multiple")
            await s.press("f10")
            await s.until(lambda: "These questions must be answered first: 4." in s.words())

    asyncio.run(walk())


@pytest.mark.parametrize("review", [True, False])
def test_a_question_is_submitted_by_itself(sit: Any, forms: Any, review: bool) -> None:
    bounds = moving(controls=(Control(STORAGE, True, 1, True, review, False),))

    async def walk() -> None:
        async with sit(forms.form(moving=bounds)) as s:
            await s.begin()
            assert "F9 Next" in s.text()
            await s.press("b")
            await s.until(lambda: "F9 Submit" in s.text())
            await s.press("f9")
            await s.until(lambda: "Submit this answer?" in s.text())
            await push(s, "Submit and go on")
            await s.at("multiple")
            assert Submit("choice") in s.agent.acts
            await s.press("f8")
            if not review:
                await s.press("f2")
                await s.until(lambda: "✕ closed" in s.text())
                return
            await s.at("choice")
            assert "✕ closed" in s.text()
            await s.press("a")
            await s.until(lambda: "its answer stands as it was" in s.words())
            await s.until(lambda: "B ● On the bottom shelf" in s.text())
            assert s.responses("choice") == {"R": ("b",)}
            assert not s.client.drafts

    asyncio.run(walk())


def test_a_break_between_sections(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(forms.form(moving=moving(SECTION, SECOND, breaks=(REST,)))) as s:
            await s.begin()
            for _ in range(3):
                await s.press("f9")
            await s.until(lambda: "A break of 5 minutes begins." in s.words())
            await push(s, "Yes, go on")
            await s.stage(Stage.BREAK)
            assert "5:00 left of this break." in s.text()
            assert "Clock stopped, 45:00 left" in s.text()
            assert "refrigerator" not in s.text()
            read = words.whole(s.client.screen, "en")
            s.clock.turn(2)
            await s.until(lambda: "4:58 left of this break." in s.text())
            assert words.whole(s.client.screen, "en") == read  # nothing is read each second
            s.clock.turn(299)
            await s.until(lambda: "The exam’s clock is running again." in s.words())
            s.clock.turn(9)
            s.agent.order(Pause())
            await s.stage(Stage.PAUSED)
            s.agent.order(Resume())
            await s.stage(Stage.BREAK)
            await s.press("enter")
            await s.until(lambda: "An invigilator checks who you are; then" in s.words())
            assert "I am back" not in s.text()
            s.agent.order(LetBack())
            await s.stage(Stage.EXAM)
            await s.at("essay")
            await s.until(lambda: "15:00 for this section" in s.text())

    asyncio.run(walk())


def test_a_break_is_asked_for_behind_f6(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("f6")
            await s.until(lambda: "Report a fault" in s.text())
            assert "Take a break" not in s.text()
            await s.press("escape")
            s.agent.order(AllowBreaks(1))
            await s.until(lambda: s.client.exam.ways.breaks_left() == 1)
            await s.press("f6", "b")
            await s.until(lambda: "You can take 1 break." in s.words())
            await s.press("right", "enter")
            await s.stage(Stage.BREAK)
            assert "The exam’s clock goes on during this break." in s.words()
            s.clock.turn(700)
            await s.until(lambda: "Please come back now." in s.words())
            assert not any(isinstance(e.event, ev.BreakOver) for e in s.agent.entries)
            s.agent.order(LetBack())
            await s.press("enter")
            await s.stage(Stage.EXAM)
            await s.at("choice")
            assert "33:20 left" in s.text()

    asyncio.run(walk())


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_pictures(sit: Any, forms: Any, picture_of: Any, size: tuple[int, int]) -> None:
    async def walk() -> None:
        bounds = moving(SECTION, SECOND, breaks=(REST,))
        async with sit(forms.form(moving=bounds), size=size) as s:
            await s.begin()
            await s.press("a", "f9")
            await s.at("multiple")
            await s.saved()
            await s.until(lambda: "Saved here" in s.text())
            await s.press("f2")
            await s.until(lambda: "All questions" in s.text())
            await picture_of(s, f"limits-{size[0]}")
            await s.press("4", "enter")
            await s.until(lambda: "Go on?" in s.text())
            await picture_of(s, f"step-{size[0]}")
            await push(s, "Yes, go on")
            await s.stage(Stage.BREAK)
            await picture_of(s, f"break-{size[0]}")

    asyncio.run(walk())
