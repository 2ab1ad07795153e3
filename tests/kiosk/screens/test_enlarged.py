"""A picture by itself is moved over by mouse alone."""

from __future__ import annotations

import asyncio
from typing import Any

from rich.cells import cell_len

from kiosk.screens.enlarge import Large, PictureDialog


def test_a_click_on_an_arrow_moves_over_the_picture(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("picture")
            await s.at("picture")
            await s.press("f7")
            await s.until(lambda: isinstance(s.client.screen, PictureDialog), "the picture")
            await s.press("+", "+")
            large = s.client.screen.query_one(Large)
            keys = s.client.size.height - 2
            line = s.text().splitlines()[keys]
            assert large.zoom == 4
            for sign, across, down in (("→", 1, 0), ("↓", 0, 1), ("←", -1, 0), ("↑", 0, -1)):
                before = large.at
                await s.pilot.click(offset=(cell_len(line[: line.index(sign)]), keys))
                await s.pilot.pause()
                moved = (large.at[0] - before[0], large.at[1] - before[1])
                assert [(each > 0) - (each < 0) for each in moved] == [across, down], sign
                assert large.zoom == 4  # a click on “Move” showed all of it again

    asyncio.run(walk())
