"""What the screen has read from the package: papers, questions, exhibits, pictures.

Read once, kept until the candidate leaves; a paper's questions are a few hundred
kilobytes. All reading goes through the agent, which holds the keys.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from exam_packages.content.items import Exhibit, Item
from exam_packages.content.paper import PAPER_BLOB, Paper, exhibit_blob, item_blob, media_blob
from exam_packages.content.reading import read_exhibit, read_item, read_paper
from exam_packages.recordings import Sound, sound
from kiosk.graphics.board import BOARD, Ability
from kiosk.widgets.picture import FINE_SIZE, MOST_SIZE, Cells, PictureError, read_picture

MAX_PICTURES = 24
"""Decoded pictures kept: half a megabyte each at most."""
MAX_FINE = 8
"""Those kept where the terminal shows pixels: three megabytes each at most."""

MAX_RECORDINGS = 3
"""Recordings kept: up to 32 MB each, mostly a few."""

LARGE = (1600, 1600)
"""Pixels of a picture that is looked at by itself, enlarged."""

T = TypeVar("T")


class Library:
    """Blobs by part and name, decoded. Every method may raise an ``ExamError``."""

    def __init__(self, read: Callable[[int, str], Awaitable[bytes]]) -> None:
        self._read = read
        self._kept: dict[tuple[int, str], object] = {}
        self._pictures: dict[tuple[int, str], Cells | str] = {}
        self._recordings: dict[tuple[int, str], tuple[Sound, bytes]] = {}

    def clear(self) -> None:
        """Forget everything: another candidate may come."""
        BOARD.clear()
        self._kept.clear()
        self._pictures.clear()
        self._recordings.clear()

    async def paper(self, part: int) -> Paper:
        return await self._get(part, PAPER_BLOB, read_paper)

    async def item(self, part: int, identifier: str) -> Item:
        return await self._get(part, item_blob(identifier), read_item)

    async def exhibit(self, part: int, identifier: str) -> Exhibit:
        return await self._get(part, exhibit_blob(identifier), read_exhibit)

    def picture(self, part: int, media: str) -> Cells | str | None:
        """A picture that was read, a sentence why it cannot be shown, or ``None``: not yet."""
        return self._pictures.get((part, media))

    def drop_pictures(self) -> None:
        """Forget the decoded pictures: they are wanted in another size."""
        self._pictures.clear()

    async def load_picture(self, part: int, media: str) -> None:
        """Read a picture, so that :meth:`picture` has it."""
        data = await self._read(part, media_blob(media))
        fine = BOARD.ability is not Ability.CELLS
        try:
            # Not in a thread: its own heap would keep several megabytes for good.
            picture: Cells | str = read_picture(data, FINE_SIZE if fine else MOST_SIZE)
        except PictureError as problem:
            picture = str(problem)
        while len(self._pictures) >= (MAX_FINE if fine else MAX_PICTURES):
            del self._pictures[next(iter(self._pictures))]
        self._pictures[part, media] = picture

    async def large_picture(self, part: int, media: str) -> Cells | str:
        """A picture in more pixels than :meth:`picture` keeps; it is not kept."""
        data = await self._read(part, media_blob(media))
        try:
            return read_picture(data, LARGE)
        except PictureError as problem:
            return str(problem)

    def length_ms(self, part: int, media: str) -> int | None:
        """The length of a recording that was read."""
        kept = self._recordings.get((part, media))
        return None if kept is None else kept[0].length_ms

    async def recording(self, part: int, media: str) -> tuple[Sound, bytes]:
        """A recording, and what it says about itself."""
        kept = self._recordings.pop((part, media), None)
        if kept is None:
            data = await self._read(part, media_blob(media))
            kept = sound(media, data), data
        while len(self._recordings) >= MAX_RECORDINGS:
            del self._recordings[next(iter(self._recordings))]
        self._recordings[part, media] = kept
        return kept

    async def _get(self, part: int, name: str, decode: Callable[[bytes], T]) -> T:
        kept = self._kept.get((part, name))
        if kept is None:
            kept = decode(await self._read(part, name))
            self._kept[part, name] = kept
        return kept  # type: ignore[return-value]  # a name is always decoded as the same type
