"""Holding a letter up at the sign-in screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from held_up import held_up

from kiosk.agent.session import Refusal
from kiosk.ipc import messages as ipc
from kiosk.proctoring.codes import CodeReader
from kiosk.screens.scan import ScanDialog, Sighting
from kiosk.view import Stage

READER = CodeReader()


def _eyes(frames: Iterator[Any]) -> Callable[[ipc.Look], ipc.Seen]:
    """What a camera sees, frame by frame, as the real reader tells it; then the last again."""
    last: list[Any] = []

    def look(message: ipc.Look) -> ipc.Seen:
        last[:] = [next(frames, *last)]
        seen = READER.look(last[0], message.width, message.height)
        return ipc.Seen(
            message.request, seen.width, seen.height, seen.pixels, seen.text, seen.strange
        )

    return look


def run(coroutine: Any) -> None:
    asyncio.run(coroutine)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
def test_a_letter_is_aimed_read_and_signed_in(sit: Any, size: tuple[int, int]) -> None:
    async def walk() -> None:
        async with sit(size=size) as s:
            seen = [held_up("KL7Q-2M", side=60)] * 3 + [held_up("KL7Q-2M", side=240, angle=20)]
            gate = asyncio.Event()

            def frames() -> Iterator[Any]:
                while not gate.is_set():
                    yield seen[0]
                yield from seen

            s.agent.eyes = _eyes(frames())
            await s.press("f4")
            await s.until(lambda: isinstance(s.client.screen, ScanDialog), "the camera's picture")
            sighting = s.client.screen.query_one(Sighting)
            await s.until(lambda: "▀" in s.text(), "something to aim by")
            assert sighting.size.height == sighting.seen.height // 2
            assert s.client.screen.query_one("#leave").region.bottom <= size[1] - 2  # all in sight
            gate.set()
            await s.stage(Stage.CONFIRM)
            assert "Ada Whitmore" in s.text()

    run(walk())


def test_another_code_is_said_and_a_wrong_one_is_refused_like_a_typed_one(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            strange = held_up("https://example.org/" + "x" * 80, side=380)
            s.agent.eyes = _eyes(iter([strange]))
            await s.press("f4")
            await s.until(lambda: "another code than" in s.words(), "it is no sign-in code")
            s.agent.eyes = _eyes(iter([held_up("[@click=app.quit]x[/b]", side=300)]))
            await s.until(lambda: "No candidate of this sitting" in s.words(), "typed text")
            assert s.client.view.stage is Stage.SIGN_IN
            assert not isinstance(s.client.screen, ScanDialog)

    run(walk())


def test_one_may_type_at_any_time(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            s.agent.eyes = lambda message: Refusal("This station has no camera at the moment.")
            await s.press("f4")
            await s.until(lambda: "no camera at the moment" in s.words(), "it is said")
            await s.press("escape")
            await s.until(lambda: not isinstance(s.client.screen, ScanDialog), "back")
            await s.press(*"KL7Q-2M", "enter")
            await s.stage(Stage.CONFIRM)

    run(walk())


def test_without_a_camera_there_is_no_such_key(sit: Any) -> None:
    async def walk() -> None:
        async with sit(camera=0) as s:
            await s.press("f4")
            await s.pilot.pause()
            assert "camera" not in s.text().splitlines()[-2]
            assert not isinstance(s.client.screen, ScanDialog)

    run(walk())


def test_colours_and_language_are_one_key_away(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            before = s.client.theme
            await s.press("f3")
            await s.until(lambda: s.client.theme != before, "other colours")
            assert "F2" in s.text()
            assert "Français" in s.text()

    run(walk())


def test_leaving_while_the_camera_looks_ends_nothing(sit: Any) -> None:
    """The answer came when the dialog was being taken apart, and the screen stopped."""

    async def walk() -> None:
        async with sit() as s:
            answer = asyncio.Event()
            room = held_up("KL7Q-2M", side=60)

            def look(message: ipc.Look) -> ipc.Seen:
                answer.set()
                return _eyes(iter([room]))(message)

            s.agent.eyes = look
            for _ in range(4):
                await s.press("f4")
                await s.until(lambda: isinstance(s.client.screen, ScanDialog), "the dialog")
                answer.clear()
                await answer.wait()
                await s.press("escape")
                await s.until(lambda: not isinstance(s.client.screen, ScanDialog), "back")
            assert s.client.is_running
            await s.press(*"KL7Q-2M", "enter")
            await s.stage(Stage.CONFIRM)

    run(walk())
