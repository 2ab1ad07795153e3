"""Text pictures of the screens, compared with the stored ones in ``pictures/``.

After a change that is meant: ``EXAM_KIOSK_PICTURES=1 pytest tests/kiosk/screens -k picture``,
then read the difference.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from exam_packages.attempt.commands import Admit, Evacuate, Pause
from kiosk.view import Stage

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])


@SIZES
def test_picture_of_the_way_in(sit: Any, picture_of: Any, size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"

    async def walk() -> None:
        async with sit(size=size) as s:
            await picture_of(s, f"sign-in-{name}")
            await s.press(*"KL7Q-2M", "enter")
            await s.stage(Stage.CONFIRM)
            await picture_of(s, f"confirm-{name}")
            await s.press("enter")
            await s.stage(Stage.WAITING)
            await s.until(lambda: "Safe in the hall" in s.text())
            await picture_of(s, f"waiting-{name}")
            s.agent.order(Admit(0))
            s.agent.release()
            await s.until(lambda: "Begin the exam:" in s.text() and "45 minutes" in s.text())
            await picture_of(s, f"ready-{name}")

    asyncio.run(walk())


@SIZES
def test_picture_of_every_kind_of_question(
    sit: Any, picture_of: Any, size: tuple[int, int]
) -> None:
    name = f"{size[0]}x{size[1]}"
    keys = {
        "choice": ["b"],
        "multiple": ["a", "c"],
        "gaps": ["6", "3", "tab", "space"],
        "essay": [*"A short word"],
        "order": ["space", "space"],
        "match": ["space", "down", "right", "space"],
    }

    async def walk() -> None:
        async with sit(size=size) as s:
            await s.begin()
            for item, typed in keys.items():
                await s.client.exam.go(item)
                await s.at(item)
                await s.press(*typed)
                s.clock.turn(1)
                await s.saved()
                s.agent.pass_time()
                await picture_of(s, f"{item}-{name}")
            await s.press("f3", "f2")
            await s.until(lambda: "⚑ flagged" in s.text())
            await picture_of(s, f"questions-{name}")
            await s.press("escape", "f10")
            await picture_of(s, f"review-{name}")
            await s.press("escape", "f5")
            await picture_of(s, f"help-{name}")
            await s.press("escape")
            s.agent.order(Pause())
            await s.stage(Stage.PAUSED)
            await picture_of(s, f"paused-{name}")
            s.agent.order(Evacuate(0))
            await s.stage(Stage.EVACUATED)
            await picture_of(s, f"evacuated-{name}")

    asyncio.run(walk())


@SIZES
def test_picture_of_the_end(sit: Any, picture_of: Any, size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"

    async def walk() -> None:
        async with sit(size=size) as s:
            await s.begin()
            await s.client.hand_in()
            await s.stage(Stage.FINISHED)
            await picture_of(s, f"finished-{name}")

    asyncio.run(walk())
