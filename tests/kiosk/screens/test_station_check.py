"""Trying the station before signing in."""

from __future__ import annotations

import asyncio
from typing import Any

from held_up import held_up

from kiosk.agent.session import Refusal
from kiosk.ipc import messages as ipc
from kiosk.proctoring.codes import CodeReader
from kiosk.screens.station_check import StationCheck
from kiosk.view import Stage

READER = CodeReader()
FRAME = held_up("KL7Q-2M", side=60)


def _eyes(message: ipc.Look) -> ipc.Seen:
    seen = READER.look(FRAME, message.width, message.height)
    return ipc.Seen(message.request, seen.width, seen.height, seen.pixels, seen.text, False)


def test_every_key_is_shown_and_does_nothing_else(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            s.agent.eyes = _eyes
            await s.press("f6")
            await s.until(lambda: isinstance(s.client.screen, StationCheck), "the check")
            await s.until(lambda: "sees, mirrored" in s.words() and "▀" in s.text())
            assert "Screen: 80×24" in s.text()
            assert "enough." in s.text()
            await s.press("a", "é", "space", "f3", "f2", "tab", "enter", "[")
            await s.until(lambda: "Keys: a é Space F3 F2" in s.text(), "the keys")
            assert isinstance(s.client.screen, StationCheck)
            assert s.client.theme == "calm-dark"
            await s.press("escape")
            await s.until(lambda: not isinstance(s.client.screen, StationCheck), "back")
            await s.press(*"KL7Q-2M", "enter")
            await s.stage(Stage.CONFIRM)

    asyncio.run(walk())


def test_a_camera_that_is_not_there_is_said(sit: Any) -> None:
    async def walk() -> None:
        async with sit(camera=0) as s:
            s.agent.eyes = lambda message: Refusal("This station has no camera at the moment.")
            await s.press("f6")
            await s.until(lambda: "Camera: This station has no camera" in s.words(), "it is said")
            await s.press("x")
            await s.until(lambda: "Keys: x" in s.words(), "keys all the same")

    asyncio.run(walk())
