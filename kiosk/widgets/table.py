"""Tables in ruled columns; cells may cover several columns and rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from textual.content import Content

from exam_packages.content import text as rich
from kiosk.widgets.text import Gaps, inline, pad, wrap

BAR = " │ "


@dataclass
class _Placed:
    """A cell, and the part of the grid that it covers."""

    x: int
    y: int
    columns: int
    rows: int
    header: bool
    content: Content
    lines: list[Content] = field(default_factory=list)


def table_lines(
    rows: Sequence[tuple[rich.Cell, ...]], width: int, gaps: Gaps | None = None
) -> list[Content]:
    """*rows* (as in HTML: each holds the cells that begin in it) for *width* cells; the widest
    columns give way when the table is too wide."""
    grid, placed = _place(rows, gaps)
    count = max((x for _, x in grid), default=-1) + 1
    if not count:
        return []
    widths = column_widths(_wanted(placed, count), width - len(BAR) * (count - 1))
    for cell in placed:
        room = sum(widths[cell.x : cell.x + cell.columns]) + len(BAR) * (cell.columns - 1)
        cell.lines = wrap(cell.content, room)
    heights = _heights(placed, len(rows))
    spanned = any(cell.rows > 1 for cell in placed)
    tops = list(accumulate(heights, initial=0))
    lines: list[Content] = []
    for y, height in enumerate(heights):
        for line in range(height):
            lines.append(_line(grid, widths, y, tops[y] + line, tops))
        heads = all(grid[y, x].header for x in range(count) if (y, x) in grid)
        if y + 1 < len(heights) and (spanned or (heads and any(at == y for at, _ in grid))):
            lines.append(_rule(grid, widths, y))
    return lines


def _place(
    rows: Sequence[tuple[rich.Cell, ...]], gaps: Gaps | None
) -> tuple[dict[tuple[int, int], _Placed], list[_Placed]]:
    """Which cell stands at each place of the grid, as HTML lays cells out."""
    grid: dict[tuple[int, int], _Placed] = {}
    placed = []
    for y, row in enumerate(rows):
        x = 0
        for cell in row:
            while (y, x) in grid:
                x += 1
            columns = next(
                (step for step in range(1, cell.columns) if (y, x + step) in grid), cell.columns
            )
            down = min(cell.rows, len(rows) - y)
            content = inline(cell.inlines, gaps)
            content = content.stylize("bold") if cell.header else content
            here = _Placed(x, y, columns, down, cell.header, content)
            placed.append(here)
            for below in range(down):
                for right in range(columns):
                    grid.setdefault((y + below, x + right), here)
            x += columns
    return grid, placed


def _wanted(placed: Sequence[_Placed], count: int) -> list[int]:
    """How wide each column would like to be."""
    wanted = [1] * count
    for cell in sorted(placed, key=lambda each: each.columns):
        across = range(cell.x, cell.x + cell.columns)
        longest = max((line.cell_length for line in cell.content.split()), default=0)
        missing = longest - len(BAR) * (cell.columns - 1) - sum(wanted[x] for x in across)
        for number, x in enumerate(across):
            if missing > 0:
                wanted[x] += missing // cell.columns + (number < missing % cell.columns)
    return wanted


def _heights(placed: Sequence[_Placed], count: int) -> list[int]:
    heights = [1] * count
    for cell in sorted(placed, key=lambda each: each.rows):
        missing = len(cell.lines) - sum(heights[cell.y : cell.y + cell.rows])
        if missing > 0:
            heights[cell.y + cell.rows - 1] += missing
    return heights


def _across(
    grid: dict[tuple[int, int], _Placed], widths: Sequence[int], y: int
) -> Iterator[tuple[_Placed | None, int]]:
    """The cells that row *y* goes through, with the cells of the screen that each is wide."""
    x = 0
    while x < len(widths):
        cell = grid.get((y, x))
        columns = 1
        while cell is not None and grid.get((y, x + columns)) is cell:
            columns += 1
        yield cell, sum(widths[x : x + columns]) + len(BAR) * (columns - 1)
        x += columns


def _line(
    grid: dict[tuple[int, int], _Placed],
    widths: Sequence[int],
    y: int,
    at: int,
    tops: Sequence[int],
) -> Content:
    """The line *at* of the table, rules not counted, in row *y*; rows begin at *tops*."""
    parts = []
    for cell, width in _across(grid, widths, y):
        number = at - tops[cell.y] if cell is not None else 0
        inside = cell is not None and number < len(cell.lines)
        parts.append(pad(cell.lines[number] if cell and inside else Content(""), width))
    return Content.styled(BAR, "$quiet").join(parts)


def _rule(grid: dict[tuple[int, int], _Placed], widths: Sequence[int], y: int) -> Content:
    """The rule beneath row *y*; a cell that goes on below is not cut by it."""
    rule, before = "", None
    for x, width in enumerate(widths):
        cell = grid.get((y, x))
        going = cell if cell is not None and grid.get((y + 1, x)) is cell else None
        if x:
            left, right = before is not None, going is not None
            joints = {(False, False): "─┼─", (True, False): " ├─", (False, True): "─┤ "}
            rule += "   " if left and before is going else joints.get((left, right), BAR)
        rule += (" " if going is not None else "─") * width
        before = going
    return Content.styled(rule, "$quiet")


def column_widths(wanted: Sequence[int], room: int) -> list[int]:
    """Widths for columns that would like to be *wanted* wide, in *room* cells at most."""
    widths = [max(1, each) for each in wanted]
    while sum(widths) > room and max(widths) > 4:
        excess = sum(widths) - room
        widest = max(widths)
        wide = [index for index, each in enumerate(widths) if each == widest]
        second = max((each for each in widths if each < widest), default=4)
        cut = max(1, min(widest - max(second, 4), -(-excess // len(wide))))
        for index in wide:
            widths[index] -= cut
    return widths
