"""Widgets that draw their own lines: laid out once for a width, painted line by line.

:class:`Lines` shows content; :class:`Rows` is a list of things that can be moved
through and chosen, with keys or mouse, from which choices, orders, matches and the
list of questions are made. They draw their own marks (☐ ☑ ○ ●): the stock ones vanish
on a black background.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import var
from textual.strip import Strip
from textual.widget import Widget


class Lines(Widget):
    """Content in lines. Subclasses say :meth:`build`; :meth:`rebuild` has it asked again."""

    DEFAULT_CSS = "Lines { height: auto; width: 1fr; }"

    virtual_size = var(Size(0, 0))
    """Follows from the layout and asks for no other: nothing here scrolls by itself. The
    stock widget lays the whole screen out again, and paints it again, for each new size."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: list[Content] = []
        self._width = -1

    def build(self, width: int) -> list[Content]:
        """The lines for *width* cells."""
        raise NotImplementedError  # each kind has its own; a widget's class cannot be abstract

    def rebuild(self) -> None:
        """Lay out again, because what is shown has changed."""
        before = len(self._lines)
        self._width = -1
        self._lay_out(self.content_size.width)
        self.refresh(layout=len(self._lines) != before)

    def reset(self) -> None:
        """Lay out all of it again, because a picture in it has arrived."""
        self.rebuild()

    def _lay_out(self, width: int) -> list[Content]:
        if width != self._width and width > 0:
            self._lines = self.build(width)
            self._width = width
        return self._lines

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lay_out(width))

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return container.width

    def dress(self, y: int, line: Content, width: int) -> Content:
        """Line *y* as it is painted now: for what changes without a new layout."""
        return line

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        lines = self._lay_out(width)
        base = self.visual_style
        if y >= len(lines):
            return Strip.blank(width, base.rich_style)
        segments = self.dress(y, lines[y], width).render_segments(base)
        return Strip(segments).adjust_cell_length(width, base.rich_style)


@dataclass(frozen=True)
class Row:
    """One thing in a :class:`Rows`: its lines for a width, and whether it can be chosen."""

    key: str
    lines: tuple[Content, ...]
    active: bool = True
    pointer: bool = True
    """Whether the first cell is free for the cursor's pointer."""


class Rows(Lines, can_focus=True):
    """Rows to move through with ↑ and ↓ and choose with Space, Enter or the mouse.

    A subclass gives :meth:`rows` and acts in :meth:`choose`. The cursor stands on a row's
    *key*, so it stays with its thing when rows change.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.cursor: str | None = None
        self._rows: list[Row] = []
        self._starts: list[int] = []

    def rows(self, width: int) -> list[Row]:
        """The rows as they now stand."""
        raise NotImplementedError  # each kind has its own; a widget's class cannot be abstract

    def choose(self, key: str) -> None:
        """The candidate chose the row *key*."""
        raise NotImplementedError  # each kind has its own; a widget's class cannot be abstract

    def letter(self, character: str) -> bool:
        """A printable key was pressed; whether it was used."""
        return False

    def drop(self, key: str) -> None:
        """Delete was pressed on the row *key*."""

    def adjust(self, key: str, step: int) -> bool:
        """← or → was pressed on the row *key*; whether it was used."""
        return False

    # Drawing.

    def build(self, width: int) -> list[Content]:
        self._rows = self.rows(width)
        self._starts = []
        lines: list[Content] = []
        for row in self._rows:
            self._starts.append(len(lines))
            lines.extend(row.lines)
        active = [row.key for row in self._rows if row.active]
        if self.cursor not in active:
            self.cursor = active[0] if active else None
        return lines

    def dress(self, y: int, line: Content, width: int) -> Content:
        """The cursor's row stands out by its ground and by a pointer in its first cell."""
        if not self.has_focus or self.cursor is None:
            return line
        row = self._row_at(y)
        if row is None or row.key != self.cursor:
            return line
        if row.pointer and (y == 0 or self._row_at(y - 1) is not row):
            line = Content.styled("›", "bold $mark") + line[1:]
        missing = width - line.cell_length
        return (line.pad_right(missing) if missing > 0 else line).stylize_before("on $cursor")

    def _row_at(self, y: int) -> Row | None:
        for start, row in zip(reversed(self._starts), reversed(self._rows), strict=True):
            if y >= start:
                return row if y < start + len(row.lines) else None
        return None

    def _cursor_region(self) -> Region | None:
        for start, row in zip(self._starts, self._rows, strict=True):
            if row.key == self.cursor:
                return Region(0, start, max(1, self.size.width), max(1, len(row.lines)))
        return None

    def show_cursor(self) -> None:
        """Scroll the row under the cursor into view."""
        region = self._cursor_region()
        if region is None or not self.is_attached:
            return
        container = self.parent
        if isinstance(container, Widget):
            container.scroll_to_region(
                region.translate(self.virtual_region.offset + self.styles.gutter.top_left),
                animate=False,
                force=True,
            )

    def show_whole(self) -> None:
        """Scroll as much of all the rows into view as there is room for, and the cursor."""
        self.scroll_visible(animate=False, immediate=True)
        self.show_cursor()

    # Moving.

    def move(self, step: int) -> bool:
        """Move the cursor by *step* rows that can be chosen; whether it moved."""
        active = [row.key for row in self._rows if row.active]
        if not active:
            return False
        here = active.index(self.cursor) if self.cursor in active else 0
        there = min(max(here + step, 0), len(active) - 1)
        if there == here:
            return False
        self.cursor = active[there]
        self.refresh()
        self.show_cursor()
        return True

    def on_focus(self) -> None:
        self.refresh()
        self.call_after_refresh(self.show_cursor)

    def on_blur(self) -> None:
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        if self._press(event):
            event.stop()
            event.prevent_default()

    def _press(self, event: events.Key) -> bool:
        match event.key:
            case "up":
                return self.move(-1)
            case "down":
                return self.move(1)
            case "home":
                return self.move(-len(self._rows))
            case "end":
                return self.move(len(self._rows))
            case "space" | "enter" if self.cursor is not None:
                self.choose(self.cursor)
            case "delete" | "backspace" if self.cursor is not None:
                self.drop(self.cursor)
            case "left" | "right" if self.cursor is not None:
                return self.adjust(self.cursor, -1 if event.key == "left" else 1)
            case _:
                if event.is_printable and event.character is not None:
                    return self.letter(event.character)
                return False
        return True

    def on_click(self, event: events.Click) -> None:
        if self.click(event.x - self.styles.gutter.left, event.y - self.styles.gutter.top):
            event.stop()

    def click(self, x: int, y: int) -> bool:
        """The mouse pressed a cell of this widget's content; whether something is there."""
        row = self._row_at(y)
        if row is None or not row.active:
            return False
        self.cursor = row.key
        self.refresh()
        self.click_row(row, x, y)
        return True

    def click_row(self, row: Row, x: int, y: int) -> None:
        """The mouse chose a row, at a cell of this widget's content."""
        self.choose(row.key)
