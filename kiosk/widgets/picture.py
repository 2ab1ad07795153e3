"""Pictures in character cells: two pixels in each, drawn as an upper half block.

Only the formats a package may hold are tried, within bounds on pixels, so that a
picture can cost neither memory nor time. The words that stand for a picture are always
shown with it; a terminal's cells can never carry all of it.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from textual.color import Color
from textual.content import Content, Span
from textual.style import Style

from exam_packages.errors import ExamError
from kiosk.graphics.board import BOARD, Ability, Painting

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 24_000_000
FORMATS = ("PNG", "JPEG", "WEBP")
MAX_LINES = 24
"""Lines a picture may take, so that the question stays near it."""
MOST_SIZE = (400, 400)
"""Pixels kept of a picture: more than a terminal's cells can show of it."""
FINE_SIZE = (1000, 1000)
"""Pixels kept of one where the terminal shows pixels."""


class PictureError(ExamError):
    """A picture that cannot be shown."""


@dataclass(frozen=True)
class Cells:
    """A decoded picture, ready to be drawn at any width."""

    image: Image.Image

    def lines(self, width: int, most: int = MAX_LINES) -> list[Content]:
        """The picture in at most *width* cells by *most* lines, its shape kept."""
        return list(_draw(self, max(1, width), max(1, most), BOARD.ability))

    def __hash__(self) -> int:
        return id(self.image)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cells) and other.image is self.image


def read_picture(data: bytes, most: tuple[int, int] = MOST_SIZE) -> Cells:
    """Decode a picture, *most* pixels of it. Raises :class:`PictureError` when it is none, or
    too large."""
    from PIL import Image, UnidentifiedImageError  # only when there is a picture at all

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise PictureError("This picture is too large to be shown here.")
                image.draft("RGB", most)
                # Small before all else: a large picture is in memory once, not three times.
                shrinks = image.mode in ("L", "RGB", "RGBA") and "transparency" not in image.info
                flat = image if shrinks else image.convert("RGBA")
                flat.thumbnail(most, Image.Resampling.LANCZOS)
                flat = flat.convert("RGBA")
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        ValueError,
        SyntaxError,
        MemoryError,
    ) as problem:
        # Pillow tells a damaged PNG by SyntaxError and a cut one by OSError.
        raise PictureError("This picture cannot be shown here.") from problem
    paper = Image.new("RGBA", flat.size, "white")
    paper.alpha_composite(flat)
    return Cells(paper.convert("RGB"))


@lru_cache(maxsize=12)
def _draw(cells: Cells, width: int, most: int, ability: Ability) -> tuple[Content, ...]:
    from PIL import Image

    image = cells.image
    # Not larger than it is: a pixel of a small picture is no larger than a cell is wide.
    columns, rows = shape(image.width, image.height, min(width, image.width), most)
    lines = half_cells(image.resize((columns, rows * 2), Image.Resampling.LANCZOS))

    def paint(across: int, down: int) -> Image.Image:
        return image.resize((across, down), Image.Resampling.LANCZOS)

    return tuple(BOARD.marked(lines, Painting(columns, rows, paint)))


def shape(width: float, height: float, columns: int, rows: int) -> tuple[int, int]:
    """The cells that something *width* by *height* pixels large takes in *columns* by *rows*."""
    scale = min(columns / max(width, 1), rows * 2 / max(height, 1))
    return (
        max(1, min(columns, round(width * scale))),
        max(1, min(rows, round(height * scale / 2))),
    )


def half_cells(image: Image.Image) -> list[Content]:
    """An RGB image in lines of cells: a cell is one pixel wide and two high."""
    columns = image.width
    data = image.tobytes()
    lines = []
    for row in range(image.height // 2):
        start = 6 * columns * row
        upper = data[start : start + 3 * columns]
        lower = data[start + 3 * columns : start + 6 * columns]
        spans: list[Span] = []
        before = b""
        for column in range(columns):
            pixels = upper[3 * column : 3 * column + 3] + lower[3 * column : 3 * column + 3]
            if pixels == before:
                spans[-1] = Span(spans[-1].start, column + 1, spans[-1].style)
            else:
                before = pixels
                spans.append(Span(column, column + 1, _cell_style(pixels)))
        lines.append(Content("▀" * columns, spans))
    return lines


@lru_cache(maxsize=4096)
def _cell_style(pixels: bytes) -> Style:
    """Upper and lower pixel of a cell, three bytes each."""
    return Style(foreground=Color(*pixels[:3]), background=Color(*pixels[3:]))
