"""The paper: a form as the candidate sits it, and the rules it is sat under.

The paper is small: it names items, exhibits and media, whose bytes lie beside it in
the package as blobs of their own (``item/<id>``, ``exhibit/<id>``, ``media/<name>``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from exam_packages.canon import Object, Text
from exam_packages.content.moving import Moving
from exam_packages.content.proctoring import Proctoring
from exam_packages.content.text import Block

LINEAR, NONLINEAR = 1, 2
"""QTI navigation modes."""

CAMERA_OFF, CAMERA_IF_PRESENT, CAMERA_REQUIRED = 0, 1, 2

STRIKE_OUT, HIGHLIGHT, NOTES, SCRATCHPAD = "strike-out", "highlight", "notes", "scratchpad"
CALCULATOR, SCIENTIFIC = "calculator", "scientific-calculator"
GLOSSARY, TRANSLATION, SEARCH = "glossary", "keyword-translation", "search"
TOOLS: Final = (
    STRIKE_OUT,
    HIGHLIGHT,
    NOTES,
    SCRATCHPAD,
    CALCULATOR,
    SCIENTIFIC,
    GLOSSARY,
    TRANSLATION,
    SEARCH,
)
"""The tools that a form may allow its candidates. Flags, reports of questions and calls for
the invigilator are always there."""
GRANT: Final = "grant:"
"""Before the name of a tool: candidates may not use it, but one of them may be granted it."""
STANDARD_TOOLS: Final = (STRIKE_OUT, HIGHLIGHT, NOTES, SCRATCHPAD, GLOSSARY, SEARCH)
"""What is allowed where nothing else is said: nothing that computes or translates."""


class ItemReference(Object):
    """A place in the form: the item's identifier and the name of its blob."""

    identifier: str
    title: str


class Section(Object):
    identifier: str
    title: str
    rubric: tuple[Block, ...]
    items: tuple[ItemReference, ...]


class TestPart(Object):
    __test__: ClassVar[bool] = False  # not a test case, whatever pytest makes of its name

    identifier: str
    navigation: int
    sections: tuple[Section, ...]


class Policy(Object):
    """The rules of a sitting that software obeys.

    ``warnings_s`` are the remaining seconds at which the candidate is told;
    ``outage_limit_s`` is the longest outage given back without a person deciding;
    ``snapshot_interval_s`` is the mean time between webcam snapshots; ``tools`` are those
    of :data:`TOOLS` that the candidate may use, and after :data:`GRANT` those that one candidate
    may be granted. A station passes over one that it does not
    know: what a form needs beyond what a station has is for the package to demand.
    ``proctoring`` is what the camera does beyond that.
    """

    warnings_s: tuple[int, ...]
    outage_limit_s: int
    camera: int
    snapshot_interval_s: int
    tools: tuple[Text, ...]
    proctoring: Proctoring


class Paper(Object):
    """One form: everything a station must know to run it, and no answer to any of it."""

    form: str
    title: str
    language: str
    time_limit_s: int
    instructions: tuple[Block, ...]
    parts: tuple[TestPart, ...]
    policy: Policy
    moving: Moving

    def sections(self) -> Iterator[Section]:
        """The sections in the order they are sat."""
        for part in self.parts:
            yield from part.sections

    def references(self) -> tuple[ItemReference, ...]:
        """The items in the order they are sat; an item's number is its index here plus 1."""
        return tuple(reference for section in self.sections() for reference in section.items)


def item_blob(identifier: str) -> str:
    return f"item/{identifier}"


def exhibit_blob(identifier: str) -> str:
    return f"exhibit/{identifier}"


def media_blob(name: str) -> str:
    return f"media/{name}"


PAPER_BLOB = "paper"
