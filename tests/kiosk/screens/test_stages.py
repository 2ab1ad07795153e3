"""The stages around the questions: waiting, pausing, warnings, messages, the end."""

from __future__ import annotations

import asyncio
from typing import Any

from exam_packages.attempt.acts import HandIn
from exam_packages.attempt.commands import (
    AddTime,
    Admit,
    Evacuate,
    Pause,
    Resume,
    Return,
    Say,
    Stop,
)
from kiosk.ipc import messages as ipc
from kiosk.view import Stage


def run(coroutine: Any) -> None:
    asyncio.run(coroutine)


def test_somebody_else_is_not_signed_in(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.press("enter")
            assert "type your sign-in code first" in s.text()
            await s.press(*"KL7Q-2M", "enter")
            await s.stage(Stage.CONFIRM)
            await s.press("right")
            await s.press("enter")
            await s.stage(Stage.SIGN_IN)
            assert "Ada" not in s.text()
            assert "KL7Q" not in s.text()

    run(walk())


def test_a_station_without_its_agent_says_that_it_is_starting(sit: Any) -> None:
    async def walk() -> None:
        async with sit(agent=False) as s:
            await s.stage(Stage.STARTING)
            assert "This station is starting." in s.words()
            await s.agent.start()
            await s.stage(Stage.SIGN_IN)

    run(walk())


def test_the_camera_notice_is_the_truth(sit: Any) -> None:
    async def walk() -> None:
        async with sit(size=(120, 36), camera=0) as s:
            await s.sign_in()
            assert "No camera is in use: no pictures of you are taken" in s.words()
            s.agent.camera = 1
            await s.until(lambda: "Pictures of you are taken" in s.words())

    run(walk())


def test_the_common_start_is_counted_down_by_what_the_hall_says(sit: Any) -> None:
    async def walk() -> None:
        async with sit(size=(120, 36)) as s:
            await s.sign_in(release=False)
            assert "All begin" not in s.words()
            s.agent.tell(ipc.CommonStart(2_530_000, False))
            await s.until(lambda: "All begin together, in 43 minutes." in s.words())
            s.clock.turn(2000)
            s.client._tick()
            await s.until(lambda: "All begin together, in 8:50." in s.words())
            s.clock.turn(9)
            s.client._tick()
            await s.until(lambda: "in 8:41." in s.words())
            # Nothing opens by itself: the clock of a screen opens no exam.
            s.clock.turn(540)
            s.client._tick()
            await s.until(lambda: "All begin now." in s.words())
            assert "has not been released yet" in s.words()
            s.agent.tell(ipc.CommonStart(-725_000, False))
            await s.until(lambda: "The others began 12 minutes ago." in s.words())
            assert "You have your whole time from when you begin." in s.words()
            s.agent.tell(ipc.CommonStart(-725_000, True))
            await s.until(lambda: "what you missed is not given back" in s.words())
            s.agent.release()
            await s.until(lambda: "Everything is ready" in s.words())
            assert "The others began 12 minutes ago." in s.words()

    run(walk())


def test_a_pause_hides_the_questions_and_stops_the_clock(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            s.clock.turn(60)
            s.agent.order(Pause())
            await s.stage(Stage.PAUSED)
            assert "refrigerator" not in s.text()
            assert "Paused, 44:00 left" in s.text()
            s.clock.turn(600)
            s.agent.pass_time()
            await s.press("b", "f9")
            s.agent.order(Resume())
            await s.stage(Stage.EXAM)
            await s.at("choice")
            await s.until(lambda: "44:00 left" in s.text())
            assert s.responses("choice") == {}

    run(walk())


def test_an_evacuation_says_leave_and_what_is_safe(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            s.agent.order(Evacuate(0))
            await s.stage(Stage.EVACUATED)
            assert "refrigerator" not in s.text()
            assert "Leave the room now" in s.words()
            assert "Your answers are saved." in s.words()
            assert "given back" in s.words()
            s.agent.order(Return())
            await s.stage(Stage.PAUSED)
            s.agent.order(Resume())
            await s.stage(Stage.EXAM)

    run(walk())


def test_time_is_warned_of_shown_and_hidden(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            s.clock.turn(35 * 60 - 10)
            s.agent.pass_time()
            await s.until(lambda: "10:10 left" in s.text())
            s.client._tick()
            s.clock.turn(11)
            s.client._tick()
            await s.until(lambda: "10 minutes left." in s.text())
            s.clock.turn(13)
            s.client._tick()
            await s.until(lambda: "10 minutes left." not in s.text())
            await s.press("f5", *["down"] * 7, "space", "f5")
            await s.until(lambda: "Time hidden" in s.text())
            assert "9:46" not in s.text()
            s.agent.order(AddTime(300))
            await s.press("f5", "space", "escape")
            await s.press("f5", *["down"] * 7, "space", "escape")
            await s.until(lambda: "14:46 left" in s.text())

    run(walk())


def test_a_message_stays_until_it_was_read(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            s.agent.order(Say("Please\x1b[31m close the window. [b]Thank you[/b]"))
            await s.until(lambda: "close the window" in s.text())
            assert "\x1b" not in s.text()
            assert "[b]Thank you[/b]" in s.text()
            assert "45:00 left" in s.text()
            s.agent.order(Say("And the door."))
            await s.until(lambda: "And the door." in s.text())
            await s.press("enter")
            await s.until(lambda: "close the window" not in s.text())
            assert s.client.view.unread == ()
            await s.press("b")
            await s.saved()

    run(walk())


def test_old_messages_are_not_told_again_to_a_new_screen(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            s.agent.order(Say("An old word."))
            await s.until(lambda: "An old word." in s.text())
            await s.press("enter")
            s.clock.turn(300)
            s.agent.order(Say("A fresh word."))
            await s.until(lambda: "A fresh word." in s.text())
            fresh = type(s.client.view)(s.clock)
            fresh.meet()
            for message in [*s.agent._record(), s.agent.status()]:
                fresh.receive(message)
            assert fresh.unread == ("A fresh word.",)

    run(walk())


def test_the_deadline_closes_and_gives_a_code(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("essay")
            await s.at("essay")
            await s.press(*"last words")
            s.clock.turn(45 * 60 - 2)
            s.agent.pass_time()
            await s.until(lambda: "0:02 left" in s.text())
            s.client._tick()
            await s.until(lambda: s.responses("essay"), "saved before the end")
            s.clock.turn(3)
            s.agent.pass_time()
            await s.stage(Stage.FINISHED)
            assert "The time is over" in s.text()
            assert "7K2M-QX9R" in s.text()
            assert s.responses("essay") == {"R": ("last words",)}

    run(walk())


def test_an_invigilator_stops(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("f2")  # also in front of a dialog
            s.agent.order(Stop())
            await s.stage(Stage.FINISHED)
            assert "stopped by the invigilator" in s.words()

    run(walk())


def test_handing_in_asks_twice_and_going_back_is_the_first_choice(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("f10", "enter")
            assert "Where does raw chicken" in s.text()
            await s.press("f10")
            await s.press("right")
            await s.press("enter")
            await s.until(lambda: "Hand in now?" in s.text())
            assert "7 questions have no answer" in s.words()
            await s.press("enter")
            assert "Where does raw chicken" in s.text()
            assert not any(isinstance(act, HandIn) for act in s.agent.acts)

    run(walk())


def test_the_review_leads_to_what_is_open(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("b", "f10")
            await s.until(lambda: "1 of 7 questions are answered" in s.words())
            assert "Question about choice" not in s.text()
            await s.press("shift+tab")
            await s.press("down", "down")
            await s.press("enter")
            await s.at("essay")

    run(walk())


def test_too_small_a_window_says_so_and_comes_back(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("b", "f2")
            for width, height in ((59, 24), (80, 19), (20, 5), (1, 1)):
                await s.pilot.resize_terminal(width, height)
                await s.pilot.pause()
            await s.pilot.resize_terminal(59, 20)
            await s.until(lambda: "too small for the exam: 59×20" in s.words())
            assert "All questions" not in s.text()
            await s.pilot.resize_terminal(80, 24)
            await s.until(lambda: "All questions" in s.text())
            await s.press("escape")
            await s.until(lambda: "B ● On the bottom shelf" in s.text())

    run(walk())


def test_themes_change_at_once_and_are_back_for_the_next_candidate(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("f5", "down", "down", "space")
            assert s.client.theme == "contrast-dark"
            assert "● High contrast, dark" in s.text()
            await s.press("escape")
            await s.client.hand_in()
            await s.stage(Stage.FINISHED)
            await s.client.leave()
            await s.stage(Stage.SIGN_IN)
            assert s.client.theme == "calm-dark"

    run(walk())


def test_extra_time_stands_in_the_rules(sit: Any) -> None:
    async def walk() -> None:
        async with sit(size=(120, 36)) as s:
            await s.sign_in(admit=False)
            s.agent.order(Admit(90))
            await s.until(lambda: "46 minutes 30 seconds (with 1 minute 30 seconds" in s.words())

    run(walk())
