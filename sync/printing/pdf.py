"""A document as PDF, on A4. Fonts are embedded, cut down to what is printed."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos

from sync.printing.codes import matrix
from sync.printing.document import (
    Block,
    Code,
    Document,
    Facts,
    Heading,
    NewPage,
    Points,
    Table,
    Text,
    ToWrite,
)
from sync.printing.fonts import Fonts

MARGIN: Final = 20.0
"""Millimetres on each side."""
_BODY: Final = 11
"""Points of ordinary text; a line is half as much again, in millimetres."""
_LINE: Final = 5.6
_QR: Final = 38.0
"""Millimetres of a QR code's side, its quiet zone with it."""
_FAMILY: Final = "paper"


def render(document: Document, fonts: Fonts, *, made: datetime | None = None) -> bytes:
    """*document* as a PDF. *made* stands in the file as its date (none: now)."""
    page = _Page(document, fonts)
    if made is not None:
        page.set_creation_date(made)
    page.add_page()
    for block in document.blocks:
        page.put(block)
    return bytes(page.output())


class _Page(FPDF):
    def __init__(self, document: Document, fonts: Fonts) -> None:
        super().__init__(format="A4")
        logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells how it cuts fonts
        self._footer = document.footer
        self.set_margin(MARGIN)
        self.set_line_width(0.1)
        self.set_auto_page_break(auto=True, margin=MARGIN)
        self.set_title(document.title)
        self.set_lang(document.language)
        self.set_creator("Exam Kiosk")
        for style, face in (("", fonts.regular), ("B", fonts.bold)):
            self.add_font(_FAMILY, style, face.path, collection_font_number=face.index)
        others = []
        for place, face in enumerate(fonts.others):
            name = f"other{place}"
            self.add_font(name, "", face.path, collection_font_number=face.index)
            others.append(name)
        self.set_fallback_fonts(others, exact_match=False)

    def footer(self) -> None:
        self.set_y(-MARGIN + 4)
        self._write(8, grey=True)
        self.cell(0, 5, self._footer)
        self.set_x(self.l_margin)
        self.cell(0, 5, str(self.page_no()), align="R")

    def put(self, block: Block) -> None:
        match block:
            case Heading(words=words, level=level):
                self._write(18 if level == 1 else 13, bold=True)
                self._lines(words, 8.5 if level == 1 else 7)
                self.ln(2)
            case Text(words=words, quiet=quiet):
                self._write(9 if quiet else _BODY, grey=quiet)
                self._lines(words, 4.6 if quiet else _LINE)
                self.ln(2)
            case Points(words=points):
                self._write()
                for words in points:
                    self.cell(5, _LINE, "•")
                    self._lines(words)
                self.ln(2)
            case Facts(rows=rows):
                self._facts(rows)
            case Table():
                self._table(block)
            case Code(words=words, holds=holds):
                self._code(words, holds or words)
            case ToWrite(words=lines):
                self._to_write(lines)
            case NewPage():
                self.add_page()

    def _write(self, points: int = _BODY, *, bold: bool = False, grey: bool = False) -> None:
        self.set_font(_FAMILY, "B" if bold else "", points)
        self.set_text_color(90 if grey else 0)

    def _lines(self, words: str, height: float = _LINE) -> None:
        self.multi_cell(0, height, words, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _facts(self, rows: tuple[tuple[str, str], ...]) -> None:
        self._write(bold=True)
        column = max((self.get_string_width(name) for name, _ in rows), default=0.0) + 6
        for name, words in rows:
            self._write(bold=True)
            self.cell(min(column, self.epw / 2), _LINE, name)
            self._write()
            self._lines(words)
            self.ln(1)
        self.ln(2)

    def _table(self, block: Table) -> None:
        self._write(9)
        with self.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            col_widths=block.widths or None,
            text_align="LEFT",
            line_height=5,
            padding=(1, 1),
        ) as table:
            for row in (block.columns, *block.rows):
                table.row(row)
        self.ln(3)

    def _code(self, words: str, holds: str) -> None:
        if self.will_page_break(_QR):
            self.add_page()
        x, y = self.get_x(), self.get_y()
        modules = matrix(holds)
        side = _QR / len(modules)
        self.set_fill_color(0)
        for row, line in enumerate(modules):
            for first, count in _runs(line):
                self.rect(x + first * side, y + row * side, count * side, side, style="F")
        self._write(20, bold=True)
        self.set_xy(x + _QR + 4, y + _QR / 2 - 5)
        self.multi_cell(self.epw - _QR - 4, 10, words, align="L")
        self.set_xy(x, y + _QR + 3)

    def _to_write(self, lines: tuple[str, ...]) -> None:
        self._write(9)
        for words in lines:
            self.ln(9)
            self.cell(self.epw / 3, 5, words)
            self.line(self.get_x(), self.get_y() + 5, self.l_margin + self.epw, self.get_y() + 5)
            self.ln(5)
        self.ln(2)


def _runs(line: tuple[bool, ...]) -> list[tuple[int, int]]:
    """Where dark modules begin in a row, and how many follow: no seams between them."""
    runs: list[tuple[int, int]] = []
    for place, dark in enumerate(line):
        if dark and runs and sum(runs[-1]) == place:
            runs[-1] = runs[-1][0], runs[-1][1] + 1
        elif dark:
            runs.append((place, 1))
    return runs
