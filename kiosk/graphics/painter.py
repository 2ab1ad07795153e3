"""The painter: after each frame, the pixels of the pictures whose cells stand on the screen."""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final, TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate

from kiosk.graphics import kitty, sixel
from kiosk.graphics.board import BOARD, MARK, Ability, Painting

Run: TypeAlias = tuple[int, int, int, int]
"""Marked cells in a line: from, to, the painting's number, its row."""
Piece: TypeAlias = tuple[int, int, int, int]
"""Cells that lie together: column, line, columns, lines; from the painting's own corner."""
Key: TypeAlias = tuple[int, tuple[Piece, ...], int, int]

KEPT: Final = 8
"""Encoded pictures kept: a few hundred kilobytes each."""
CELL: Final = (8, 16)
"""Pixels of a cell where the terminal does not tell."""
LARGEST_CELL: Final = 64


class Painter:
    """Knows the marked cells on the screen. *write* sends a sequence to the terminal, *file* is
    the terminal's."""

    def __init__(self, write: Callable[[str], None], file: int) -> None:
        self._write = write
        self._file = file
        self._lines: dict[int, list[Run]] = {}
        self._owners: dict[int, int] = {}
        self._encoded: OrderedDict[Key, str] = OrderedDict()
        self._making: set[Key] = set()
        self._shown: tuple[tuple[Key, int, int], ...] = ()
        self._tasks: set[asyncio.Task[None]] = set()

    def frame(self, update: object, screen: int) -> None:
        """*update* was just written, by the screen of the number *screen*: paint over it."""
        if BOARD.ability is Ability.CELLS or not isinstance(update, CompositorUpdate):
            return
        touched = self._follow(update)
        places = self._places(screen)
        if not touched and places == self._shown:
            return
        if BOARD.ability is Ability.KITTY and self._shown:
            self._write(kitty.DELETE)
        self._shown = places
        for place in places:
            self._paint(place)

    def _paint(self, place: tuple[Key, int, int]) -> None:
        key, x, y = place
        ready = self._encoded.get(key)
        if ready is not None:
            self._encoded.move_to_end(key)
            self._write(_at(ready, x, y))
        elif key not in self._making:
            painting = BOARD.painting(key[0])
            if painting is not None:
                self._making.add(key)
                task = asyncio.create_task(self._make(key, painting), name="paint")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _make(self, key: Key, painting: Painting) -> None:
        """Encode a picture aside, and paint it if it still stands there."""
        try:
            made = await asyncio.to_thread(_encode, painting, key, BOARD.ability)
        except (OSError, ValueError, MemoryError):
            return  # there it stands in cells
        finally:
            self._making.discard(key)
        self._encoded[key] = made
        while len(self._encoded) > KEPT:
            self._encoded.popitem(last=False)
        for place in self._shown:
            if place[0] == key:
                self._paint(place)

    # Following the frames.

    def _follow(self, update: CompositorUpdate) -> bool:
        """Take in what *update* put on the screen; whether it touched a picture."""
        if isinstance(update, LayoutUpdate):
            before, self._lines = self._lines, {}
            for y, strips in enumerate(update.strips, update.region.y):
                runs = list(_runs(strips, update.region.x))
                if runs:
                    self._lines[y] = runs
            return bool(before or self._lines)
        touched = False
        if isinstance(update, ChopsUpdate):
            for y, start, end in update.spans:
                old = self._lines.get(y, [])
                new = [run for run in _chopped(update, y) if run[1] > start and run[0] < end]
                kept = [part for run in old for part in _outside(run, start, end)]
                clipped = [(max(r[0], start), min(r[1], end), r[2], r[3]) for r in new]
                touched = touched or bool(clipped) or kept != old
                self._lines[y] = _joined(sorted(kept + clipped))
                if not self._lines[y]:
                    del self._lines[y]
        return touched

    def _places(self, screen: int) -> tuple[tuple[Key, int, int], ...]:
        """The pictures on the screen: which, in which pieces, and where. What another screen
        drew first stands behind this one, and stays in cells."""
        found: dict[int, list[tuple[int, Run]]] = {}
        for y, runs in self._lines.items():
            for run in runs:
                found.setdefault(run[2], []).append((y, run))
        self._owners = {n: self._owners.get(n, screen) for n in found}
        width, height = self._cell()
        places = []
        for number, lines in sorted(found.items()):
            if self._owners[number] != screen:
                continue
            left = min(run[0] for _y, run in lines)
            top = min(y - run[3] for y, run in lines)
            pieces = _pieces([(run[0] - left, run[1] - left, y - top) for y, run in lines])
            places.append(((number, pieces, width, height), left, top))
        return tuple(places)

    def _cell(self) -> tuple[int, int]:
        """The pixels of a cell now: the size of its letters can change."""
        try:
            told = fcntl.ioctl(self._file, termios.TIOCGWINSZ, bytes(8))
        except OSError:
            return CELL
        rows, columns, across, down = struct.unpack("HHHH", told)
        width, height = across // max(1, columns), down // max(1, rows)
        sane = 0 < width <= LARGEST_CELL and 0 < height <= LARGEST_CELL
        return (width, height) if sane else CELL


def _encode(painting: Painting, key: Key, ability: Ability) -> str:
    """The picture's pieces, each with its place relative to the picture's corner."""
    _number, pieces, width, height = key
    image = painting.paint(painting.columns * width, painting.rows * height)
    made = []
    for x, y, columns, rows in pieces:
        box = (x * width, y * height, (x + columns) * width, (y + rows) * height)
        part = image.crop(box)
        data = kitty.encode(part, columns, rows) if ability is Ability.KITTY else sixel.encode(part)
        made.append(f"\0{x};{y}\0{data}")
    return "".join(made)


def _at(encoded: str, x: int, y: int) -> str:
    """Encoded pieces at a place of the screen; the cursor stays where it was."""
    fields = encoded.split("\0")[1:]
    parts = ["\x1b7"]
    for place, data in zip(fields[::2], fields[1::2], strict=True):
        across, _semicolon, down = place.partition(";")
        parts.append(f"\x1b[{y + int(down) + 1};{x + int(across) + 1}H{data}")
    parts.append("\x1b8")
    return "".join(parts)


@lru_cache(maxsize=1024)
def _mark(style: Style | None) -> tuple[int, int] | None:
    found = style.meta.get(MARK) if style is not None else None
    return found if isinstance(found, tuple) else None


def _runs(strips: Iterable[Iterable[Segment]], x: int) -> Iterator[Run]:
    """The marked cells of a line, side by side in one run each."""
    run: Run | None = None
    for strip in strips:
        for segment in strip:
            end = x + segment.cell_length
            mark = _mark(segment.style)
            if run is not None and mark == run[2:] and run[1] == x:
                run = (run[0], end, *run[2:])
            else:
                if run is not None:
                    yield run
                run = (x, end, *mark) if mark is not None else None
            x = end
    if run is not None:
        yield run


def _chopped(update: ChopsUpdate, y: int) -> list[Run]:
    found: list[Run] = []
    for x, strip in update.chops[y].items():
        if strip is not None:
            found += _runs([strip], x)
    return found


def _outside(run: Run, start: int, end: int) -> list[Run]:
    """What of *run* lies outside the cells from *start* to *end*."""
    parts = [(run[0], min(run[1], start), *run[2:]), (max(run[0], end), run[1], *run[2:])]
    return [part for part in parts if part[0] < part[1]]


def _joined(runs: list[Run]) -> list[Run]:
    joined: list[Run] = []
    for run in runs:
        if joined and joined[-1][2:] == run[2:] and joined[-1][1] >= run[0]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], run[1]), *run[2:])
        else:
            joined.append(run)
    return joined


def _pieces(cells: list[tuple[int, int, int]]) -> tuple[Piece, ...]:
    """Runs of cells (from, to, line) as few rectangles, lines with the same runs together."""
    lines: dict[int, list[tuple[int, int]]] = {}
    for start, end, y in cells:
        lines.setdefault(y, []).append((start, end))
    pieces: list[Piece] = []
    open_: dict[tuple[int, int], Piece] = {}
    for y in sorted(lines):
        going = {}
        for run in sorted(lines[y]):
            before = open_.get(run)
            if before is not None and before[1] + before[3] == y:
                piece = (before[0], before[1], before[2], before[3] + 1)
                pieces[pieces.index(before)] = piece
            else:
                piece = (run[0], y, run[1] - run[0], 1)
                pieces.append(piece)
            going[run] = piece
        open_ = going
    return tuple(pieces)
