"""A QR code in half cells: dark on light whatever the theme, for a telephone to photograph."""

from __future__ import annotations

from functools import cache
from typing import Final

from textual.content import Content

from kiosk.widgets.lines import Lines
from kiosk.widgets.picture import half_cells
from sync.printing.codes import matrix

DARK: Final = b"\0\0\0"
LIGHT: Final = b"\xff\xff\xff"


class CodePicture(Lines):
    """The code that holds a text, with the quiet zone it needs; nothing for no text."""

    DEFAULT_CSS = "CodePicture { height: auto; width: auto; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.holds = ""

    def show(self, text: str) -> None:
        if text != self.holds:
            self.holds = text
            self.styles.width = self.cells[0]
            self.rebuild()

    @property
    def cells(self) -> tuple[int, int]:
        """Columns and lines that it takes."""
        lines = code_lines(self.holds)
        return (lines[0].cell_length if lines else 0, len(lines))

    def build(self, width: int) -> list[Content]:
        return list(code_lines(self.holds))


@cache
def code_lines(text: str) -> tuple[Content, ...]:
    """The lines of the code that holds *text*: one module in each half of a cell."""
    from PIL import Image  # only when there is a code at all

    if not text:
        return ()
    modules = matrix(text)
    side = len(modules)
    pixels = b"".join(DARK if dark else LIGHT for row in modules for dark in row)
    pixels += LIGHT * side * (side % 2)  # an odd last row shares its cells with light
    return tuple(half_cells(Image.frombytes("RGB", (side, side + side % 2), pixels)))
