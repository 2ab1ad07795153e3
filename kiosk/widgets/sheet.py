"""Blocks of text on the screen: a question's stem, an exhibit, the instructions."""

from __future__ import annotations

from textual.content import Content

from exam_packages.content.text import Block
from kiosk.widgets.blocks import block_lines
from kiosk.widgets.lines import Lines
from kiosk.widgets.text import SELECTED_STYLE, Gaps, Pictures


class Sheet(Lines):
    """Blocks laid out in lines; gaps show the answers given so far."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.blocks: tuple[Block, ...] = ()
        self.gaps: Gaps = {}
        self.pictures: Pictures | None = None

    def load(
        self,
        blocks: tuple[Block, ...],
        *,
        gaps: Gaps | None = None,
        pictures: Pictures | None = None,
    ) -> None:
        """Show other blocks."""
        self.blocks = blocks
        self.gaps = gaps or {}
        self.pictures = pictures
        self.rebuild()

    def fill(self, gaps: Gaps) -> None:
        """Show other answers in the gaps."""
        if gaps != self.gaps:
            self.gaps = gaps
            self.rebuild()

    def selected_line(self) -> int | None:
        """The first line in which words are being selected."""
        for y, line in enumerate(self._lines):
            if any(SELECTED_STYLE in str(span.style) for span in line.spans):
                return y
        return None

    def build(self, width: int) -> list[Content]:
        return block_lines(self.blocks, width, gaps=self.gaps, pictures=self.pictures)
