"""A picture that is worked on: its areas and points, drawn over it and found by the mouse.

Areas are outlined in the picture's own pixels, dark on light and light on dark; what they
are called stands over them in characters. Coordinates are the item's: pixels of the picture
as its author gave its size, whatever is left of them in a terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from typing import TYPE_CHECKING

from textual.content import Content

from exam_packages.content.items import Area
from exam_packages.content.text import Picture
from kiosk.graphics.board import BOARD, Painting
from kiosk.widgets.picture import Cells, half_cells, shape

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

Point = tuple[int, int]

ON_LIGHT, ON_DARK = (0, 40, 150), (255, 225, 60)
"""What lines over a picture are drawn in: whichever the picture beneath does not hide."""
TINT = (90, 150, 255)
MOST_ZOOM = 16
ROUND = 72
"""Corners that a circle is drawn with."""


@dataclass(frozen=True)
class Mark:
    """Something over the picture: its label, and how it now stands."""

    label: str
    at: Point
    area: Area | None = None
    chosen: bool = False
    here: bool = False


@dataclass(frozen=True)
class Stamp:
    """A small picture laid on the large one: *width* by *height* of its pixels, from *at*."""

    cells: Cells
    at: Point
    width: int
    height: int


@dataclass(frozen=True)
class View:
    """The part of a picture that is seen, in the picture's pixels."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def whole(cls, picture: Picture) -> View:
        return cls(0, 0, max(1, picture.width), max(1, picture.height))

    def around(self, at: tuple[float, float], zoom: int) -> View:
        """The part of this one that is *zoom* times enlarged and has *at* near its middle."""
        width, height = self.width / zoom, self.height / zoom
        left = min(max(at[0] - width / 2, self.left), self.left + self.width - width)
        top = min(max(at[1] - height / 2, self.top), self.top + self.height - height)
        return View(left, top, width, height)


@dataclass(frozen=True)
class Drawn:
    """A picture as drawn: its lines, and which part of it they show."""

    lines: tuple[Content, ...]
    columns: int
    view: View

    def point(self, x: int, y: int) -> Point:
        """The picture's pixel in the middle of a cell."""
        view = self.view
        across = view.left + (x + 0.5) * view.width / self.columns
        down = view.top + (y + 0.5) * view.height / max(1, len(self.lines))
        return int(across), int(down)


@dataclass
class _Surface:
    """Scales the picture's pixels to those of the cells."""

    view: View
    width: int
    height: int

    def to(self, x: float, y: float) -> tuple[float, float]:
        view = self.view
        return (
            (x - view.left) * self.width / view.width - 0.5,
            (y - view.top) * self.height / view.height - 0.5,
        )

    def near(self, x: float, y: float) -> tuple[float, float]:
        """As :meth:`to`, but never far outside: a pen walks every pixel, seen or not."""
        across, down = self.to(x, y)
        width, height = self.width, self.height
        return min(max(across, -width), 2 * width), min(max(down, -height), 2 * height)

    def cell(self, at: Point) -> Point:
        x, y = self.to(*at)
        return round(x), int((y + 0.5) // 2)


def draw(
    cells: Cells,
    view: View,
    whole: View,
    room: tuple[int, int],
    marks: Sequence[Mark] = (),
    *,
    lines: Sequence[tuple[Point, Point]] = (),
    stamps: Sequence[Stamp] = (),
    cross: Point | None = None,
) -> Drawn:
    """The *view* of a picture, which is *whole*, in a *room* of columns and lines.

    *lines* go from point to point; *cross* has a line down and one across through it.
    """
    from PIL import Image

    columns, rows = shape(view.width, view.height, *room)

    def paint(width: int, height: int) -> Image.Image:
        surface = _Surface(view, width, height)
        box = _box(cells.image, view, whole)
        image = cells.image.resize((width, height), Image.Resampling.LANCZOS, box)
        _mark(image, surface, max(1, width // columns // 4), marks, lines, stamps, cross)
        return image

    drawn = BOARD.marked(half_cells(paint(columns, rows * 2)), Painting(columns, rows, paint))
    surface = _Surface(view, columns, rows * 2)
    return Drawn(tuple(_labelled(drawn, marks, surface)), columns, view)


def _mark(
    image: Image.Image,
    surface: _Surface,
    pen_width: int,
    marks: Sequence[Mark],
    lines: Sequence[tuple[Point, Point]],
    stamps: Sequence[Stamp],
    cross: Point | None,
) -> None:
    """Draw over *image* what stands on it, with a pen that is *pen_width* pixels wide."""
    from PIL import Image, ImageDraw

    for stamp in stamps:
        _press(image, stamp, surface)
    over = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(over)
    for mark in marks:
        if mark.area is not None:
            _trace(pen, mark.area, surface, fill=None, pen_width=pen_width)
            if mark.here:
                _tint(image, mark.area, surface)
    for start, end in lines:
        pen.line([surface.near(*start), surface.near(*end)], fill=255, width=pen_width)
    if cross is not None:
        x, y = map(round, surface.near(*cross))
        pen.line([(x, 0), (x, image.height)], fill=255, width=pen_width)
        pen.line([(0, y), (image.width, y)], fill=255, width=pen_width)
    dark = image.convert("L").point(lambda value: 255 if value < 128 else 0)
    ink = Image.composite(
        Image.new("RGB", image.size, ON_DARK), Image.new("RGB", image.size, ON_LIGHT), dark
    )
    image.paste(ink, mask=over)


def _box(image: Image.Image, view: View, whole: View) -> tuple[float, float, float, float]:
    """The part of the kept pixels that *view* shows."""
    across, down = image.width / whole.width, image.height / whole.height
    return (
        view.left * across,
        view.top * down,
        min(image.width, (view.left + view.width) * across),
        min(image.height, (view.top + view.height) * down),
    )


def _trace(
    pen: ImageDraw.ImageDraw,
    area: Area,
    surface: _Surface,
    fill: int | None,
    pen_width: int = 1,
) -> None:
    """Draw the outline of *area*, or all of it."""
    numbers = area.coordinates
    match area.shape:
        case "rect":
            left, top = surface.near(min(numbers[0], numbers[2]), min(numbers[1], numbers[3]))
            right, bottom = surface.near(max(numbers[0], numbers[2]), max(numbers[1], numbers[3]))
            pen.rectangle([left, top, right, bottom], outline=255, fill=fill, width=pen_width)
        case "circle" | "ellipse":
            across, down = numbers[2], numbers[-1]
            turns = [2 * pi * turn / ROUND for turn in range(ROUND)]
            corners = [
                surface.near(numbers[0] + across * cos(turn), numbers[1] + down * sin(turn))
                for turn in turns
            ]
            pen.polygon(corners, outline=255, fill=fill, width=pen_width)
        case "poly":
            corners = [surface.near(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
            pen.polygon(corners, outline=255, fill=fill, width=pen_width)
        case _:
            whole = [0, 0, surface.width - 1, surface.height - 1]
            pen.rectangle(whole, outline=255, fill=fill, width=pen_width)


def _tint(image: Image.Image, area: Area, surface: _Surface) -> None:
    """Colour what lies inside *area* a little."""
    from PIL import Image, ImageDraw

    mask = Image.new("L", image.size, 0)
    _trace(ImageDraw.Draw(mask), area, surface, fill=255)
    image.paste(
        Image.new("RGB", image.size, TINT), mask=mask.point(lambda value: 90 if value else 0)
    )


def _press(image: Image.Image, stamp: Stamp, surface: _Surface) -> None:
    left, top = map(round, surface.to(*stamp.at))
    right, bottom = surface.to(stamp.at[0] + stamp.width, stamp.at[1] + stamp.height)
    # Of a stamp that is enlarged no more is made than the picture can show.
    width = min(max(1, round(right) - left), 2 * image.width)
    height = min(max(1, round(bottom) - top), 2 * image.height)
    image.paste(stamp.cells.image.resize((width, height)), (left, top))


def _labelled(lines: list[Content], marks: Sequence[Mark], surface: _Surface) -> list[Content]:
    """*lines* with the labels over them; one that would cover another moves a line or two."""
    columns = lines[0].cell_length
    taken: set[tuple[int, int]] = set()
    for mark in sorted(marks, key=lambda each: (not each.here, not each.chosen)):
        words = f"›{mark.label}‹" if mark.here else f" {mark.label} "
        style = "$mark" if mark.chosen or mark.here else "$ink"
        x, y = surface.cell(mark.at)
        if not (0 <= x < columns and 0 <= y < len(lines)):
            continue
        if mark.area is not None and mark.area.shape in ("rect", "default"):
            # In a corner, where it hides the least of what the area shows.
            corner = mark.area.coordinates or (0, 0, 0, 0)
            x, y = surface.cell((min(corner[0::2]), min(corner[1::2])))
            x, y = max(0, x) + 1, max(0, y)
        else:
            x -= len(words) // 2
        x = max(0, min(x, columns - len(words)))
        words = words[:columns]
        places = [(line, range(x, x + len(words))) for line in _near(y, len(lines))]
        line, across = next(
            (each for each in places if not any((each[0], at) in taken for at in each[1])),
            places[0],
        )
        taken.update((line, at) for at in across)
        label = Content.styled(words, f"bold $ground on {style}")
        lines[line] = lines[line][:x] + label + lines[line][x + len(words) :]
    return lines


def _near(y: int, count: int) -> list[int]:
    return [at for at in (y, y - 1, y + 1, y - 2, y + 2) if 0 <= at < count]
