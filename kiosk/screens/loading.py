"""Reading what a question shows: its texts at once, then what is heard and seen in it, then
the question after it, so that going there is instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from exam_packages.content import text as rich
from exam_packages.content.items import Exhibit, Item
from exam_packages.errors import ExamError
from kiosk.course import Course, order
from kiosk.library import Library
from kiosk.widgets.question import recordings_in

if TYPE_CHECKING:
    from kiosk.client import Client


async def read_question(
    library: Library, part: int, item_id: str
) -> tuple[Item, tuple[Exhibit, ...]]:
    """A question and its exhibits. Raises an ``ExamError``."""
    item = await library.item(part, item_id)
    return item, tuple([await library.exhibit(part, each) for each in item.exhibits])


async def load_recordings(
    client: Client, part: int, item: Item, exhibits: Sequence[Exhibit]
) -> None:
    """Read the recordings before they are asked for: their length is shown, and they begin at
    once."""
    for recording in recordings_in((item, exhibits)):
        try:
            await client.library.recording(part, recording.media)
        except ExamError as problem:
            client.announce(problem.template, **problem.fields)
        client.wake()


async def load_pictures(
    client: Client,
    part: int,
    item: Item,
    exhibits: Sequence[Exhibit],
    came: Callable[[], None],
) -> None:
    """Read the pictures; *came* is called after each that was not here."""
    for media in sorted(pictures_in(item, exhibits)):
        if client.library.picture(part, media) is None:
            try:
                await client.library.load_picture(part, media)
            except ExamError as problem:
                client.announce(problem.template, **problem.fields)
                continue
            came()


async def read_ahead(library: Library, course: Course, item_id: str) -> None:
    """Read the question after *item_id*, while that one is read."""
    items = order(course)
    after = items.index(item_id) + 1 if item_id in items else len(items)
    if after == len(items):
        return
    try:
        item, exhibits = await read_question(library, course.part, items[after])
        for media in sorted(pictures_in(item, exhibits)):
            if library.picture(course.part, media) is None:
                await library.load_picture(course.part, media)
    except ExamError:
        return  # it is asked for again, and told, when it is opened


def pictures_in(item: Item, exhibits: Sequence[Exhibit]) -> set[str]:
    """The media names of the pictures of a question and its exhibits."""
    parts = rich.walk((item.body, item.interactions, *(each.body for each in exhibits)))
    return {each.media for each in parts if isinstance(each, rich.Picture)}
