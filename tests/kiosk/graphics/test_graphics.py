"""Pictures in pixels: what is written is read back by readers of our own, and lies where its
cells lie."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rich.segment import Segment
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.style import Style

from kiosk.graphics import kitty, sixel
from kiosk.graphics.board import BOARD, Ability, Painting
from kiosk.graphics.detect import QUESTION, Questions
from kiosk.graphics.painter import Painter, _pieces
from kiosk.keyboard import Keyboard, Reply
from kiosk.widgets.canvas import Mark, View, draw
from kiosk.widgets.picture import Cells


def chequered(width: int, height: int) -> Image.Image:
    image = Image.new("RGB", (width, height), (255, 255, 255))
    for x in range(width):
        for y in range(height):
            if (x // 5 + y // 4) % 2:
                image.putpixel((x, y), (255, 0, 0) if x > y else (0, 0, 255))
    return image


def unsixel(data: str) -> Image.Image:
    """A reader of what a terminal would draw."""
    found = re.fullmatch(r'\x1bP0;1q"1;1;(\d+);(\d+)(.*)\x1b\\', data, re.DOTALL)
    assert found is not None
    image = Image.new("RGB", (int(found[1]), int(found[2])), (1, 2, 3))
    palette: dict[int, tuple[int, int, int]] = {}
    x = y = colour = 0
    for token in re.finditer(
        r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|([$-])", found[3]
    ):
        if token[1]:
            palette[int(token[1])] = tuple(int(each) * 255 // 100 for each in token.group(2, 3, 4))
        elif token[5]:
            colour = int(token[5])
        elif token[9]:
            x, y = 0, y + (6 if token[9] == "-" else 0)
        else:
            bits = ord(token[7] or token[8]) - 63
            for _ in range(int(token[6] or 1)):
                for row in range(6):
                    if bits >> row & 1:
                        image.putpixel((x, y + row), palette[colour])
                x = x + 1
    return image


@pytest.mark.parametrize("size", [(1, 1), (64, 48), (65, 47), (300, 7)])
def test_a_sixel_is_the_picture(size: tuple[int, int]) -> None:
    image = chequered(*size)
    assert unsixel(sixel.encode(image)).tobytes() == image.tobytes()


def test_kitty_s_pieces_are_the_picture() -> None:
    image = Image.effect_noise((200, 90), 90).convert("RGB")
    written = kitty.encode(image, 20, 5)
    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", written)
    assert "".join(f"\x1b_G{head};{data}\x1b\\" for head, data in pieces) == written
    assert "c=20,r=5" in pieces[0][0] and len(pieces) > 2
    assert [head[-3:] for head, _data in pieces] == ["m=1"] * (len(pieces) - 1) + ["m=0"]
    assert all(len(data) <= 4096 and "q=2" in head for head, data in pieces)
    data = base64.b64decode("".join(data for _head, data in pieces))
    assert Image.open(io.BytesIO(data)).convert("RGB").tobytes() == image.tobytes()


ANSWERS = [
    ("\x1b[?62;4;22c", Ability.SIXEL),
    ("\x1b[?62;22c", Ability.CELLS),
    ("\x1b[?4c", Ability.CELLS),  # a VT132, not a terminal with sixel
    ("\x1b_Gi=31;OK\x1b\\\x1b[?62;c", Ability.KITTY),
    ("\x1b_Gi=31;EINVAL:no\x1b\\\x1b[?62;4c", Ability.SIXEL),
    ("\x1b_Gi=7;OK\x1b\\\x1b[?62;4c", Ability.SIXEL),
]


@given(st.sampled_from(ANSWERS), st.data())
def test_answers_are_heard_between_keys_however_they_are_cut(
    answer: tuple[str, Ability], data: st.DataObject
) -> None:
    stream = "ab" + answer[0] + "\x1b[A" + "c"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    keyboard, questions, typed = Keyboard(), Questions(), ""
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        for token in keyboard.feed(stream[start:end]):
            if isinstance(token, Reply):
                questions.hear(token.text)
            else:
                typed += str(token)
    assert questions.ability is answer[1]
    assert typed == "ab\x1b[Ac"  # no piece of an answer is a key


def test_the_question_is_one_that_no_terminal_shows() -> None:
    assert re.fullmatch(r"\x1b_G[^\x1b]*\x1b\\\x1b\[c", QUESTION)


# The painter.


@pytest.fixture
def pixels() -> Iterator[None]:
    BOARD.ability = Ability.SIXEL
    yield
    BOARD.ability = Ability.CELLS
    BOARD.clear()


def strips(lines: list[Content]) -> list[Strip]:
    return [Strip(line.render_segments(Style())) for line in lines]


def painted(written: list[str]) -> list[tuple[int, int, Image.Image]]:
    """Where which pixels were put."""
    found = []
    for x, y, data in re.findall(
        r"\x1b\[(\d+);(\d+)H(\x1bP.*?\x1b\\)", "".join(written), re.DOTALL
    ):
        found.append((int(y) - 1, int(x) - 1, unsixel(data)))
    return found


class Run:
    """A painter on a terminal that tells no pixels: a cell has 8 by 16."""

    def __init__(self) -> None:
        self.written: list[str] = []
        with Path(os.devnull).open() as no_terminal:
            self.painter = Painter(self.written.append, no_terminal.fileno())

    async def frame(self, update: Any, screen: int = 1) -> list[tuple[int, int, Image.Image]]:
        self.written.clear()
        self.painter.frame(update, screen)
        for task in list(self.painter._tasks):
            await task
        return painted(self.written)


def full(lines: list[Content], x: int = 3, y: int = 2) -> LayoutUpdate:
    blank = [[Strip([Segment(" " * 60)])] for _ in range(y)]
    shown = [[Strip([Segment(" " * x)]), strip] for strip in strips(lines)]
    return LayoutUpdate([*blank, *shown], Region(0, 0, 60, y + len(shown)))


@pytest.mark.usefixtures("pixels")
def test_pixels_lie_on_the_cells_of_the_picture_and_nowhere_else() -> None:
    picture = Cells(chequered(40, 30))
    drawn = draw(picture, View(0, 0, 40, 30), View(0, 0, 40, 30), (12, 5), [Mark("A", (20, 15))])

    async def walk() -> None:
        run = Run()
        pieces = await run.frame(full(list(drawn.lines)))
        assert len(pieces) == 4  # above, left and right of the label, and below
        covered = set()
        for x, y, image in pieces:
            columns, rows = image.width // 8, image.height // 16
            cells = {(x + a, y + b) for a in range(columns) for b in range(rows)}
            assert not covered & cells
            covered |= cells
        whole = {(3 + a, 2 + b) for a in range(drawn.columns) for b in range(len(drawn.lines))}
        label = whole - covered
        assert covered < whole and len(label) == 3 and len({y for _x, y in label}) == 1

        # The same frame again: the text took the pixels away, they are put back at once.
        assert len(await run.frame(full(list(drawn.lines)))) == 4
        # A frame that touches no picture writes nothing.
        clock = ChopsUpdate([{0: Strip([Segment("1:00")])}], [(0, 0, 4)], [[60]])
        assert await run.frame(clock) == []
        # A change inside the picture puts it back; over its left half: only the right is left.
        lines = strips(list(drawn.lines))
        inside = ChopsUpdate(
            [{}] * 2 + [{3: lines[0]}], [(2, 3, 3 + drawn.columns)], [[], [], [60]]
        )
        assert len(await run.frame(inside)) == 4
        over = ChopsUpdate([{}] * 2 + [{3: Strip([Segment("xx")])}], [(2, 3, 5)], [[], [], [60]])
        rest = {(x, y) for x, y, _image in await run.frame(over)}
        assert (3, 2) not in rest and (5, 2) in rest
        # Another screen's frame without it: nothing is painted, and nothing remembered.
        assert await run.frame(full([Content("paused")])) == []
        assert run.painter._lines == {} and run.painter._shown == ()

    asyncio.run(walk())


@pytest.mark.usefixtures("pixels")
def test_what_stands_behind_a_dialog_stays_in_cells() -> None:
    lines = Cells(chequered(40, 30)).lines(12, 5)

    async def walk() -> None:
        run = Run()
        assert await run.frame(full(lines), screen=1)
        assert await run.frame(full(lines), screen=2) == []
        assert await run.frame(full(lines), screen=1)

    asyncio.run(walk())


def test_kitty_s_pictures_are_deleted_as_soon_as_they_do_not_stand_there() -> None:
    async def walk() -> None:
        BOARD.ability = Ability.KITTY
        try:
            run = Run()
            lines = Cells(chequered(40, 30)).lines(12, 5)
            await run.frame(full(lines))
            assert "a=T" in "".join(run.written) and kitty.DELETE not in run.written
            await run.frame(full([Content("paused")]))
            assert run.written == [kitty.DELETE]
            await run.frame(full([Content("paused")]))
            assert run.written == []
        finally:
            BOARD.ability = Ability.CELLS

    asyncio.run(walk())


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 6)), min_size=1))
def test_pieces_cover_every_cell_once(cells: set[tuple[int, int]]) -> None:
    runs = []
    for y in {y for _x, y in cells}:
        row = sorted(x for x, line in cells if line == y)
        start = before = row[0]
        for x in [*row[1:], 99]:
            if x != before + 1:
                runs.append((start, before + 1, y))
                start = x
            before = x
    covered = [(x + a, y + b) for x, y, w, h in _pieces(runs) for a in range(w) for b in range(h)]
    assert sorted(covered) == sorted(cells)


def test_without_pixels_nothing_is_marked() -> None:
    lines = [Content("▀▀")]
    painting = Painting(2, 1, lambda _w, _h: chequered(1, 1))
    assert BOARD.marked(lines, painting) is lines
