"""What the screen tells of combinations that its terminal passes on: the kind, and no key."""

from __future__ import annotations

import asyncio
from typing import Any

from kiosk.lockdown.signals import Category


def test_the_screen_tells_the_kind_of_a_combination_and_nothing_typed(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.press("alt+tab", "K", "7", "left_super", "print_screen", "space", "shift+tab")
            await s.until(lambda: len(s.agent.combinations) == 3, "three combinations")
            leaves = Category.LEAVE_SCREEN
            assert s.agent.combinations == [leaves, leaves, Category.PRINT]

    asyncio.run(walk())
