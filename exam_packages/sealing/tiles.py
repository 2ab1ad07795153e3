"""The log as tiles (C2SP tlog-tiles): how others read it, and how nobody need be believed.

A *tile* of level L holds up to 256 hashes, each over 256**L entries. A log of a given size
is a set of tiles and of *entry bundles* that never change, except that the last of each
level grows until it is full. Whoever has a signed checkpoint can fetch any tile from
anyone: :class:`TileTree` compares each with the root before it uses it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from exam_packages.sealing.log import (
    HASH_SIZE,
    Checkpoint,
    Hashes,
    LogError,
    Tree,
    leaf_hash,
)
from exam_packages.sealing.log_entry import MAX_ENTRY

__all__ = [
    "ENTRIES",
    "MAX_BUNDLE",
    "MAX_TILE",
    "WIDTH",
    "Place",
    "TileTree",
    "Tiles",
    "join_entries",
    "parse_place",
    "places",
    "split_entries",
]

WIDTH: Final = 256
"""Hashes in a full tile, entries in a full entry bundle."""
HEIGHT: Final = 8
"""Levels of the tree in one tile: 2**8 is 256."""
MAX_TILE: Final = WIDTH * HASH_SIZE
MAX_BUNDLE: Final = WIDTH * (2 + MAX_ENTRY)
"""Bytes of a tile, and of an entry bundle, at most."""
ENTRIES: Final = -1
"""In a place: not a level of hashes but the entries themselves."""

_KEPT = 64
_PATH = re.compile(
    r"tile/(0|[1-9]\d?|entries)/((?:x\d{3}/){0,6}\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII
)


@dataclass(frozen=True, order=True)
class Place:
    """Which tile: its level (or :data:`ENTRIES`), its number there, and how wide it is."""

    level: int
    number: int
    width: int

    @property
    def path(self) -> str:
        """The tile's path under the log's prefix, such as ``tile/0/x001/x234/067.p/5``."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        digits = f"{self.number:03}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        *upper, last = (digits[at : at + 3] for at in range(0, len(digits), 3))
        number = "".join(f"x{part}/" for part in upper) + last
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{number}{partial}"


def parse_place(path: str) -> Place:
    """The place with this path. Raises :class:`~exam_packages.sealing.log.LogError`."""
    match = _PATH.fullmatch(path)
    if match is not None:
        level = ENTRIES if match[1] == "entries" else int(match[1])
        number = int(match[2].replace("x", "").replace("/", ""))
        place = Place(level, number, int(match[3] or WIDTH))
        if place.path == path and place.width <= WIDTH and level < 64:
            return place
    raise LogError("This is no path of a tile.")


def places(size: int, before: int = 0) -> Iterator[Place]:
    """Every tile and entry bundle of a log of *size* that the log of size *before* had not."""
    for level in (ENTRIES, *range(HEIGHT)):
        step = HEIGHT * max(level, 0)
        count, had = size >> step, before >> step
        for number in range(had // WIDTH, -(-count // WIDTH)):
            width = min(WIDTH, count - number * WIDTH)
            if number * WIDTH + width > had:
                yield Place(level, number, width)


def join_entries(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: each entry behind its length in two bytes."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def split_entries(data: bytes, count: int) -> tuple[bytes, ...]:
    """The *count* entries of a bundle. Raises :class:`~exam_packages.sealing.log.LogError`."""
    found: list[bytes] = []
    at = 0
    while at + 2 <= len(data) and len(found) < count:
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : end])
        at = end
    if at != len(data) or len(found) != count:
        raise LogError("A bundle of the log's entries is cut short or longer than it may be.")
    return tuple(found)


class Tiles(Hashes):
    """The tree of *size* entries, over tiles that *fetch* gives and that are believed.

    *fetch* is given a place and returns its bytes; it raises what it likes. What is here
    raises :class:`~exam_packages.sealing.log.LogError`.
    """

    def __init__(self, size: int, fetch: Callable[[Place], bytes]) -> None:
        self._size = size
        self._fetch = fetch
        self._kept: OrderedDict[tuple[int, int], Tree] = OrderedDict()

    def __len__(self) -> int:
        return self._size

    def node(self, level: int, index: int) -> bytes:
        tile_level, above = divmod(level, HEIGHT)
        number = (index << above) // WIDTH
        return self._tile(tile_level, number).node(above, index - (number * WIDTH >> above))

    def place(self, level: int, number: int) -> Place:
        """Tile *number* of a level, as wide as it is in this tree."""
        count = len(self) >> HEIGHT * max(level, 0)
        width = min(WIDTH, count - number * WIDTH)
        if number < 0 or width <= 0:
            raise LogError("The log of {size} entries has no such tile.", size=len(self))
        return Place(level, number, width)

    def _tile(self, level: int, number: int) -> Tree:
        known = self._kept.get((level, number))
        if known is not None:
            self._kept.move_to_end((level, number))
            return known
        place = self.place(level, number)
        data = self._fetch(place)
        if len(data) != place.width * HASH_SIZE:
            raise LogError("The tile {path} of the log has not its size.", path=place.path)
        tile = Tree(data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE))
        self._check(place, tile)
        self._kept[level, number] = tile
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return tile

    def _check(self, place: Place, tile: Tree) -> None:
        """Raise unless *tile* is the one that belongs there."""


class TileTree(Tiles):
    """The tree of a verified checkpoint, over tiles of which none is believed.

    The tiles that are not full must, together, make the checkpoint's root: that is shown
    once, in the constructor. Every full tile must hash to its place in the tile above it.
    """

    def __init__(self, checkpoint: Checkpoint, fetch: Callable[[Place], bytes]) -> None:
        super().__init__(checkpoint.size, fetch)
        self.checkpoint = checkpoint
        if self.root() != checkpoint.root:
            raise LogError(
                "The newest tiles of the log do not make the root that was signed at {size} "
                "entries.",
                size=checkpoint.size,
            )

    def entries(self, number: int) -> tuple[bytes, ...]:
        """The entries of bundle *number*, each of them compared with the tree."""
        place = self.place(ENTRIES, number)
        found = split_entries(self._fetch(place), place.width)
        for index, entry in enumerate(found, number * WIDTH):
            if leaf_hash(entry) != self.node(0, index):
                raise LogError("Entry {index} of the log is not the one signed.", index=index)
        return found

    def verified(self, place: Place) -> bytes:
        """The bytes of a tile or entry bundle of this tree, compared with it."""
        if place != self.place(place.level, place.number):
            raise LogError("The log of {size} entries has no such tile.", size=len(self))
        if place.level == ENTRIES:
            return join_entries(self.entries(place.number))
        return b"".join(self._tile(place.level, place.number).leaves())

    def _check(self, place: Place, tile: Tree) -> None:
        if place.width == WIDTH and tile.root() != self.node(
            (place.level + 1) * HEIGHT, place.number
        ):
            raise LogError(
                "The tile {path} of the log is not the one signed: it was altered.",
                path=place.path,
            )
