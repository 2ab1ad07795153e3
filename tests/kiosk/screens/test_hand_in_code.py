"""The hand-in code as a telephone sees it: the cells that are painted, as pixels, decoded."""

from __future__ import annotations

import asyncio
from typing import Any

import cv2
import numpy as np
import pytest

from exam_packages.sealing.bundle import check_hand_in_code, hand_in_code
from kiosk.screens.finished import CodeDialog
from kiosk.themes import CONSOLE, THEMES
from kiosk.view import Stage

CELL = 8, 16
BUNDLE = bytes(range(32))


def run(coroutine: Any) -> None:
    asyncio.run(coroutine)


def _painted(client: Any) -> Any:
    """The screen as a terminal paints it: each cell its ground, a half block its ink above."""
    wide, high = CELL
    strips = client.screen._compositor.render_strips()
    pixels = np.zeros((high * len(strips), wide * client.size.width, 3), np.uint8)
    for row, strip in enumerate(strips):
        column = 0
        for segment in strip:
            style = segment.style
            ink, ground = ((128,) * 3, (0, 0, 0))
            if style is not None and style.color is not None and style.color.triplet is not None:
                ink = tuple(style.color.triplet)
            if style is not None and style.bgcolor is not None and style.bgcolor.triplet:
                ground = tuple(style.bgcolor.triplet)
            for character in segment.text:
                top, left = row * high, column * wide
                pixels[top : top + high, left : left + wide] = ground
                if character == "▀":
                    pixels[top : top + high // 2, left : left + wide] = ink
                column += 1
    return pixels


def _photographed(client: Any) -> str:
    """What a telephone makes of it, a little turned and not quite sharp."""
    pixels = _painted(client)
    rows, columns = pixels.shape[:2]
    turned = cv2.getRotationMatrix2D((columns / 2, rows / 2), 4, 1.0)
    photo = cv2.GaussianBlur(cv2.warpAffine(pixels, turned, (columns, rows)), (0, 0), 1.2)
    return str(cv2.QRCodeDetector().detectAndDecode(photo)[0])


@pytest.mark.parametrize("theme", [each.name for each in THEMES if each.name != CONSOLE])
def test_the_code_beside_the_words_is_read_in_every_theme(sit: Any, theme: str) -> None:
    async def walk() -> None:
        async with sit(size=(120, 36)) as s:
            s.client.theme = theme
            await s.begin()
            await s.client.hand_in()
            await s.stage(Stage.FINISHED)
            code = s.client.view.finished.code
            await s.until(lambda: _photographed(s.client) == code, "a telephone reads it")
            assert "F4" not in s.text().splitlines()[-2]

    run(walk())


def test_where_there_is_no_room_it_stands_behind_a_key(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.hand_in()
            await s.stage(Stage.FINISHED)
            assert _photographed(s.client) == ""
            await s.press("f4")
            await s.until(lambda: isinstance(s.client.screen, CodeDialog), "the code alone")
            code = s.client.view.finished.code
            await s.until(lambda: _photographed(s.client) == code, "a telephone reads it")
            assert code in s.text()
            await s.press("enter")
            await s.until(lambda: not isinstance(s.client.screen, CodeDialog), "back")

    run(walk())


def test_the_console_has_the_letters_alone(sit: Any) -> None:
    async def walk() -> None:
        async with sit(size=(120, 36)) as s:
            await s.begin()
            await s.client.presentation.choose(theme=CONSOLE)
            await s.until(lambda: s.client.theme == CONSOLE, "the console's theme")
            await s.client.hand_in()
            await s.stage(Stage.FINISHED)
            await s.press("f4")
            await s.pilot.pause()
            assert not isinstance(s.client.screen, CodeDialog)
            assert "###" not in s.text()
            assert s.client.view.finished.code in s.text()

    run(walk())


def test_what_a_scanner_types_is_the_code() -> None:
    """Scanners end a text with a line; people type it in their own way."""
    code = hand_in_code(BUNDLE)
    for typed in (code, f"{code}\r\n", code.lower(), code.replace("-", " ")):
        assert check_hand_in_code(typed, BUNDLE)
    assert not check_hand_in_code(hand_in_code(bytes(32)), BUNDLE)
