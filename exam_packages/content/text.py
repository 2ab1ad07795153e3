"""The rich text of an item body: what QTI's XHTML becomes once a reader took it in.

A body is a tuple of blocks; a block holds inlines. An interaction stands where its
:class:`Slot` (block) or :class:`Gap` (inline) stands. Text is plain Unicode: no markup
survives in it, so nothing an author wrote can be taken for a command by a screen.
"""

from __future__ import annotations

from typing import TypeAlias

from exam_packages.canon import Object

BOLD, ITALIC, CODE, SUBSCRIPT, SUPERSCRIPT, UNDERLINE = 1, 2, 4, 8, 16, 32


class Text(Object, tag=1):
    """A run of characters; ``style`` is the sum of the style bits above."""

    text: str
    style: int


class Break(Object, tag=2):
    """A forced new line."""


class Picture(Object, tag=3):
    """A picture by its media name in the package, with the words that stand for it."""

    media: str
    alt: str
    width: int
    height: int


class Gap(Object, tag=4):
    """The place of an inline interaction, by its response identifier."""

    response: str


Inline: TypeAlias = Text | Break | Picture | Gap


class Paragraph(Object, tag=10):
    inlines: tuple[Inline, ...]


class Heading(Object, tag=11):
    level: int
    inlines: tuple[Inline, ...]


class Listing(Object, tag=12):
    """A list; each entry is itself a tuple of blocks."""

    ordered: bool
    entries: tuple[tuple[Block, ...], ...]


class Cell(Object):
    header: bool
    inlines: tuple[Inline, ...]


class Table(Object, tag=13):
    caption: str
    rows: tuple[tuple[Cell, ...], ...]


class Preformatted(Object, tag=14):
    text: str


class Quotation(Object, tag=15):
    blocks: tuple[Block, ...]


class Slot(Object, tag=16):
    """The place of a block interaction, by its response identifier."""

    response: str


Block: TypeAlias = Paragraph | Heading | Listing | Table | Preformatted | Quotation | Slot


def plain(blocks: tuple[Block, ...]) -> str:
    """The text of *blocks* without form, for titles, search and speech."""
    return "\n".join(part for block in blocks if (part := _plain_block(block)))


def plain_inlines(inlines: tuple[Inline, ...]) -> str:
    """The text of *inlines* in one line; pictures by their alternative text."""
    words = []
    for inline in inlines:
        match inline:
            case Text(text=text):
                words.append(text)
            case Break():
                words.append(" ")
            case Picture(alt=alt):
                words.append(alt)
            case Gap():
                words.append("____")
    return "".join(words).strip()


def _plain_block(block: Block) -> str:
    match block:
        case Paragraph(inlines=inlines) | Heading(inlines=inlines):
            return plain_inlines(inlines)
        case Listing(entries=entries):
            return "\n".join(plain(entry) for entry in entries)
        case Table(caption=caption, rows=rows):
            lines = [" | ".join(plain_inlines(cell.inlines) for cell in row) for row in rows]
            return "\n".join([caption, *lines] if caption else lines)
        case Preformatted(text=text):
            return text
        case Quotation(blocks=blocks):
            return plain(blocks)
        case Slot():
            return ""
