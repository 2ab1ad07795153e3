"""Rows among which a text stands whose own places can be gone to: blanks and hot words.

A place is found again in the laid-out lines by the mark that
:func:`kiosk.widgets.text.inline` leaves on it, so it may stand anywhere that text can:
in a table, a list, over the end of a line.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.geometry import Region
from textual.style import Style

from kiosk.widgets.answer import AnswerRows
from kiosk.widgets.lines import Row
from kiosk.widgets.text import PLACE

TEXT = "text"
"""The key of the row that holds the text."""


@dataclass(frozen=True)
class _Run:
    """A part of a place on one line, in characters."""

    key: str
    y: int
    start: int
    end: int


class PlaceRows(AnswerRows):
    """Rows and places. The cursor is on a row's key or on a place's identifier; ← and → go
    from place to place, ↑ and ↓ to what stands above and below."""

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[_Run] = []

    def build(self, width: int) -> list[Content]:
        wanted = self.cursor
        lines = super().build(width)
        self._runs = []
        for start, row in zip(self._starts, self._rows, strict=True):
            if row.key == TEXT:
                for y in range(start, start + len(row.lines)):
                    self._runs += _runs(y, lines[y])
        keys = self._keys()
        self.cursor = wanted if wanted in keys else next(iter(keys), None)
        return lines

    def _keys(self) -> list[str]:
        """Everything the cursor can be on, in reading order."""
        keys: list[str] = []
        for row in self._rows:
            if row.key == TEXT:
                keys += dict.fromkeys(run.key for run in self._runs)
            elif row.active:
                keys.append(row.key)
        return keys

    def dress(self, y: int, line: Content, width: int) -> Content:
        dressed = super().dress(y, line, width)
        if self.has_focus:
            for run in self._runs:
                if run.y == y and run.key == self.cursor:
                    dressed = dressed.stylize("reverse", run.start, run.end)
        return dressed

    def _cursor_region(self) -> Region | None:
        lines = [run.y for run in self._runs if run.key == self.cursor]
        if not lines:
            return super()._cursor_region()
        return Region(0, lines[0], max(1, self.size.width), lines[-1] - lines[0] + 1)

    # Moving.

    def move(self, step: int) -> bool:
        """Go up or down to the nearest thing on another line."""
        if not self._runs:
            return super().move(step)
        spots = self._spots()
        here = next((spot for spot in spots if spot[0] == self.cursor), None)
        if here is None:
            return self._go(spots[0][0]) if spots else False
        _key, top, left = here
        beyond = [spot for spot in spots if (spot[1] > top if step > 0 else spot[1] < top)]
        if not beyond:
            return False
        if abs(step) > 1:
            return self._go((spots[-1] if step > 0 else spots[0])[0])
        nearest = min(abs(spot[1] - top) for spot in beyond)
        near = [spot for spot in beyond if abs(spot[1] - top) == nearest]
        return self._go(min(near, key=lambda spot: abs(spot[2] - left))[0])

    def _spots(self) -> list[tuple[str, int, int]]:
        """Each thing the cursor can be on, with the line and character where it begins."""
        begin: dict[str, tuple[int, int]] = {}
        for run in self._runs:
            begin.setdefault(run.key, (run.y, run.start))
        for start, row in zip(self._starts, self._rows, strict=True):
            if row.active:
                begin[row.key] = (start, 0)
        return [(key, *begin[key]) for key in self._keys() if key in begin]

    def adjust(self, key: str, step: int) -> bool:
        """Go to the place before or after this one."""
        places = list(dict.fromkeys(run.key for run in self._runs))
        if key not in places:
            return False
        there = places.index(key) + step
        return self._go(places[there]) if 0 <= there < len(places) else True

    def _go(self, key: str) -> bool:
        if key == self.cursor:
            return False
        self.cursor = key
        self.refresh()
        self.show_cursor()
        return True

    def place_at(self, x: int, y: int) -> str | None:
        """The place at a cell of this widget's content."""
        for run in self._runs:
            if run.y == y:
                line = self._lines[y]
                if line[: run.start].cell_length <= x < line[: run.end].cell_length:
                    return run.key
        return None

    def click(self, x: int, y: int) -> bool:
        key = self.place_at(x, y)
        if key is None:
            return super().click(x, y)
        self.cursor = key
        self.choose(key)
        self.refresh()
        return True

    def text_row(self, lines: list[Content]) -> Row:
        """The row of the text; its places are what can be chosen of it."""
        return Row(TEXT, (*lines, Content("")), active=False)


def _runs(y: int, line: Content) -> list[_Run]:
    runs: list[_Run] = []
    for span in line.spans:
        if not isinstance(span.style, Style) or PLACE not in span.style.meta:
            continue
        key = str(span.style.meta[PLACE])
        if runs and runs[-1].key == key and runs[-1].end >= span.start:
            runs[-1] = _Run(key, y, runs[-1].start, max(span.end, runs[-1].end))
        else:
            runs.append(_Run(key, y, span.start, span.end))
    return sorted(runs, key=lambda run: run.start)
