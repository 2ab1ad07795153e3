"""Which word stands where the mouse is: for highlighting by dragging.

For that a text is laid out once more, each word with its number on it: so it is found wherever
text can stand, in a table, a list, over the end of a line, and it stays the same word when the
window changes. What is painted goes without: for each word a style of its own makes painting slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region
from textual.style import Style

from exam_packages.content.text import Block
from exam_packages.content.words import styled
from kiosk.widgets.text import NUMBERED, WORD


@dataclass(frozen=True)
class Pointed:
    """The word nearest to a place on the screen, by its number; ``on`` it, or beside it."""

    number: int
    on: bool


def numbered(blocks: tuple[Block, ...], base: int = 0) -> tuple[Block, ...]:
    """*blocks* with its number on each word, counted from *base*."""
    return styled(blocks, lambda word: (base + word + 1) << NUMBERED, lambda _word: 0)


def nearest(
    sheets: Iterable[tuple[Region, Sequence[Content]]],
    x: int,
    y: int,
    wanted: Callable[[int], bool],
) -> Pointed | None:
    """The *wanted* word nearest to the cell (*x*, *y*) of the screen: on the nearest line that has
    one, also when that line is above or below all that is in sight. *sheets* are lines with
    numbered words, and where on the screen they stand."""
    best: tuple[int, Pointed] | None = None
    for region, lines in sheets:
        for line, content in _outwards(lines, y - region.y):
            away = abs(region.y + line - y)
            if best is not None and away >= best[0]:
                break
            if found := on_line(content, x - region.x, wanted):
                best = (away, Pointed(found[1], on=away == 0 and found[0] == 0))
                break
    return best[1] if best is not None else None


def _outwards(lines: Sequence[Content], y: int) -> Iterator[tuple[int, Content]]:
    """*lines* with their numbers, those nearest to *y* first."""
    for number in sorted(range(len(lines)), key=lambda number: abs(number - y)):
        yield number, lines[number]


def on_line(line: Content, x: int, wanted: Callable[[int], bool]) -> tuple[int, int] | None:
    """How many cells the nearest word of a line is away from cell *x*, and its number."""
    found: list[tuple[int, int]] = []
    for span in line.spans:
        if isinstance(span.style, Style) and WORD in span.style.meta:
            number = int(span.style.meta[WORD])
            left, right = cell_len(line.plain[: span.start]), cell_len(line.plain[: span.end])
            if right > left and wanted(number):
                found.append((max(left - x, x - right + 1, 0), number))
    return min(found, default=None)
