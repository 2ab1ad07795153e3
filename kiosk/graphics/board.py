"""Which pictures stand on the screen, and whether this terminal shows pixels.

There is one terminal to a process, so there is one board.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from textual.content import Content
from textual.style import Style

if TYPE_CHECKING:
    from PIL import Image

MARK: Final = "picture"
MOST: Final = 64
"""Paintings that are remembered; those on the screen are never forgotten for others."""


class Ability(Enum):
    """What a terminal shows."""

    CELLS = "cells"
    SIXEL = "sixel"
    KITTY = "kitty"


@dataclass(frozen=True)
class Painting:
    """A picture in *columns* by *rows* cells; ``paint`` draws it in any number of pixels."""

    columns: int
    rows: int
    paint: Callable[[int, int], Image.Image]


class Board:
    """The paintings by number."""

    def __init__(self) -> None:
        self.ability = Ability.CELLS
        self._paintings: OrderedDict[int, Painting] = OrderedDict()
        self._last = 0

    def marked(self, lines: list[Content], painting: Painting) -> list[Content]:
        """*lines*, which show *painting* in cells, so that the painter finds it there."""
        if self.ability is Ability.CELLS:
            return lines
        self._last += 1
        self._paintings[self._last] = painting
        while len(self._paintings) > MOST:
            self._paintings.popitem(last=False)
        return [
            line.stylize(Style.from_meta({MARK: (self._last, row)}))
            for row, line in enumerate(lines)
        ]

    def painting(self, number: int) -> Painting | None:
        """A painting that is on the screen."""
        found = self._paintings.get(number)
        if found is not None:
            self._paintings.move_to_end(number)
        return found

    def clear(self) -> None:
        """Forget all: another candidate may come."""
        self._paintings.clear()


BOARD: Final = Board()
