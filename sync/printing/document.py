"""What is printed: a title and blocks, without any measure of paper or screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TypeAlias


@dataclass(frozen=True)
class Heading:
    """``level`` 1 begins a paper's part, 2 a part of that."""

    words: str
    level: int = 1


@dataclass(frozen=True)
class Text:
    """A paragraph; ``quiet`` for what is beside the matter."""

    words: str
    quiet: bool = False


@dataclass(frozen=True)
class Points:
    """A list of short sentences."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """Names and what they are: rows of two."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """``widths`` are the columns' shares of the page's width (none: equal)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] = ()


@dataclass(frozen=True)
class Code:
    """A code to type or to hold before a camera: in letters, large, and as QR of ``holds``
    (empty: of the letters themselves)."""

    words: str
    holds: str = ""


@dataclass(frozen=True)
class ToWrite:
    """Lines to write on, each with what belongs there (a signature, a time)."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class NewPage:
    """What follows begins a page."""


Block: TypeAlias = Heading | Text | Points | Facts | Table | Code | ToWrite | NewPage


@dataclass(frozen=True)
class Document:
    """One printed paper. ``footer`` stands on each page, beside its number; ``language`` is
    the code of the language its words are in."""

    title: str
    blocks: tuple[Block, ...]
    footer: str = ""
    language: str = "en"

    def characters(self) -> frozenset[str]:
        """Every character that has to be printable, for the choice of fonts."""
        found = {*self.title, *self.footer}
        for block in self.blocks:
            for field in fields(block):
                found.update("".join(_texts(getattr(block, field.name))))
        return frozenset(found)


def _texts(thing: object) -> Iterator[str]:
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, tuple):
        for each in thing:
            yield from _texts(each)
