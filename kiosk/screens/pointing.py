"""The words of a question and of its exhibit that the mouse points at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from textual.content import Content
from textual.errors import NoWidget

from exam_packages.content import text as rich
from exam_packages.content.items import Item
from kiosk.screens.exhibit import ExhibitSheet
from kiosk.widgets.blocks import block_lines
from kiosk.widgets.pointing import Pointed, nearest, numbered
from kiosk.widgets.question import Question, stems_of
from kiosk.widgets.sheet import Sheet

if TYPE_CHECKING:
    from kiosk.screens.exam import ExamScreen

MANY = 1 << 24
"""More words than any text has."""


class Pointing:
    """Where words are, while a tool asks: texts are laid out when the mouse is first pressed on
    one, and again where the window has changed. Texts have the numbers of
    :meth:`~kiosk.screens.exam.ExamScreen.texts`."""

    def __init__(self, screen: ExamScreen) -> None:
        self._screen = screen
        self._question = screen.query_one(Question)
        self._exhibits = screen.query_one(ExhibitSheet)
        self._item = screen.item
        self._numbered: list[tuple[Sheet, tuple[rich.Block, ...]]] | None = None
        self._laid: dict[Sheet, tuple[tuple[int, int], list[Content]]] = {}

    def point(self, x: int, y: int, text: int | None) -> tuple[int, Pointed] | None:
        """The number of a text, and the word in it: with *text* the nearest one of that, else of
        what stands at a cell of the screen."""
        if self._item is None or self._screen.item is not self._item:
            return None  # another question came meanwhile
        sheets = [
            (sheet.content_region, self._lines(sheet, blocks))
            for sheet, blocks in self._sheets(self._item)
            if sheet.content_region.area and (text is not None or self._stands(sheet, x, y))
        ]
        found = nearest(sheets, x, y, lambda word: text is None or word // MANY == text)
        if found is None:
            return None
        return found.number // MANY, Pointed(found.number % MANY, found.on)

    def scroll(self, x: int, y: int, lines: int) -> None:
        """Move what is at a cell of the screen by so many lines."""
        exhibit = self._screen.query_one("#exhibit")
        over = exhibit.display and exhibit.region.contains(x, y)
        pane = exhibit if over else self._screen.pane()
        pane.scroll_relative(y=lines, animate=False, force=True, immediate=True)

    def _sheets(self, item: Item) -> list[tuple[Sheet, tuple[rich.Block, ...]]]:
        """All that text stands on, and its blocks with their words numbered."""
        if self._numbered is None:
            body = msgspec.structs.replace(item, body=numbered(item.body))
            exhibits: list[rich.Block] = []
            for number, exhibit in enumerate(self._screen.exhibits, 1):
                exhibits.append(rich.Heading(2, (rich.Text(exhibit.title, 0),)))
                exhibits += numbered(exhibit.body, number * MANY)
            stems = zip(self._question.stems(), stems_of(body), strict=True)
            self._numbered = [*stems, (self._exhibits, tuple(exhibits))]
        return self._numbered

    def _lines(self, sheet: Sheet, blocks: tuple[rich.Block, ...]) -> list[Content]:
        now = (sheet.content_size.width, sheet.content_size.height)
        known = self._laid.get(sheet)
        if known is None or known[0] != now:
            lines = block_lines(blocks, now[0], gaps=sheet.gaps, pictures=sheet.pictures)
            known = self._laid[sheet] = (now, lines)
        return known[1]

    def _stands(self, sheet: Sheet, x: int, y: int) -> bool:
        """Whether *sheet* is what stands at a cell."""
        try:
            return self._screen.get_widget_at(x, y)[0] is sheet
        except NoWidget:  # a report may name any cell
            return False
