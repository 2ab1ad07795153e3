"""The rich text of an item body: what QTI's XHTML becomes once a reader took it in.

A body is a tuple of blocks; a block holds inlines. An interaction stands where its
:class:`Slot` (block) or :class:`Gap` (inline) stands. Text is plain Unicode: no markup
survives in it, so nothing an author wrote can be taken for a command by a screen.

:class:`Printed`, :class:`When` and :class:`WhenBlock` stand only in items as written:
drawing a form puts the drawn values in their place, and no paper has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeAlias

import msgspec

from exam_packages.canon import Object

BOLD, ITALIC, CODE, SUBSCRIPT, SUPERSCRIPT, UNDERLINE, STRIKE = 1, 2, 4, 8, 16, 32, 64


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


class Blank(Object, tag=5):
    """qti-gap: a place of a gap-match interaction, inside its own text."""

    identifier: str


class HotWords(Object, tag=6):
    """qti-hottext: words of a hottext interaction that can be chosen where they stand."""

    identifier: str
    inlines: tuple[Inline, ...]


class Formula(Object, tag=7):
    """A formula: MathML as its author wrote it, and the same as readable Unicode text.

    ``variables`` are the template variables whose values stand in it once drawn. ``picture``
    is there where one line of text cannot carry the formula; the text stands for it.
    """

    mathml: str
    text: str
    variables: tuple[str, ...]
    picture: Picture | None


class Ruby(Object, tag=8):
    """Words with their reading (furigana, pinyin) above or beside them."""

    inlines: tuple[Inline, ...]
    reading: str


class Term(Object, tag=9):
    """Words that a catalogue of the item says more about, by the catalogue's identifier."""

    catalog: str
    inlines: tuple[Inline, ...]


class Printed(Object, tag=20):
    """qti-printed-variable: the place of a template variable's value.

    ``format`` is the standard's (``%.2f``); ``index`` picks a member of an ordered
    container (0: all of them, joined by ``delimiter``), ``field`` one of a record.
    """

    identifier: str
    format: str
    base: int
    index: int
    delimiter: str
    field: str
    power_form: bool


class When(Object, tag=21):
    """qti-template-inline: shown (or, without ``show``, hidden) when the template variable
    has the value."""

    variable: str
    value: str
    show: bool
    inlines: tuple[Inline, ...]


Inline: TypeAlias = (
    Text | Break | Picture | Gap | Blank | HotWords | Formula | Ruby | Term | Printed | When
)


class Paragraph(Object, tag=10):
    inlines: tuple[Inline, ...]


class Heading(Object, tag=11):
    level: int
    inlines: tuple[Inline, ...]


class Listing(Object, tag=12):
    """A list; each entry is itself a tuple of blocks."""

    ordered: bool
    entries: tuple[tuple[Block, ...], ...]


Span: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=100)]


class Cell(Object):
    """A cell that covers ``columns`` by ``rows`` places, to the right and down."""

    header: bool
    inlines: tuple[Inline, ...]
    columns: Span
    rows: Span


class Table(Object, tag=13):
    """A table. A row holds the cells that begin in it, as in HTML."""

    caption: str
    rows: tuple[tuple[Cell, ...], ...]


class Preformatted(Object, tag=14):
    text: str


class Quotation(Object, tag=15):
    blocks: tuple[Block, ...]


class Slot(Object, tag=16):
    """The place of a block interaction, by its response identifier."""

    response: str


class Numbered(Object, tag=17):
    """A list whose marks are written out (``d.``, ``iv.``), one for each entry."""

    marks: tuple[str, ...]
    entries: tuple[tuple[Block, ...], ...]


class Definition(Object):
    """Terms and what is said of them."""

    terms: tuple[tuple[Inline, ...], ...]
    body: tuple[Block, ...]


class Definitions(Object, tag=18):
    """A definition list."""

    entries: tuple[Definition, ...]


class Figure(Object, tag=19):
    """Content with a caption beneath."""

    blocks: tuple[Block, ...]
    caption: tuple[Inline, ...]


class Rule(Object, tag=22):
    """A line across: another topic begins."""


class Details(Object, tag=23):
    """Content that may be folded away under its summary."""

    summary: tuple[Inline, ...]
    blocks: tuple[Block, ...]


class Recording(Object, tag=24):
    """A sound or a film to play, by its media name, with the words that stand for it."""

    media: str
    media_type: str
    alt: str


class WhenBlock(Object, tag=25):
    """qti-template-block, as :class:`When`."""

    variable: str
    value: str
    show: bool
    blocks: tuple[Block, ...]


Block: TypeAlias = (
    Paragraph
    | Heading
    | Listing
    | Table
    | Preformatted
    | Quotation
    | Slot
    | Numbered
    | Definitions
    | Figure
    | Rule
    | Details
    | Recording
    | WhenBlock
)


def walk(thing: object) -> Iterator[msgspec.Struct]:
    """Every object in *thing*, itself included, in reading order."""
    if isinstance(thing, tuple):
        for each in thing:
            yield from walk(each)
    elif isinstance(thing, msgspec.Struct):
        yield thing
        for name in thing.__struct_fields__:
            yield from walk(getattr(thing, name))


def changed(thing: Any, kind: type[Any], change: Callable[[Any], tuple[Any, ...]]) -> Any:
    """*thing* with every *kind* in its tuples, in reading order, replaced by what *change*
    gives for it."""
    if isinstance(thing, tuple):
        found: list[Any] = []
        for each in thing:
            if isinstance(each, kind):
                found += change(each)
            else:
                found.append(changed(each, kind, change))
        return tuple(found)
    if isinstance(thing, msgspec.Struct):
        fields = {name: getattr(thing, name) for name in thing.__struct_fields__}
        new = {name: changed(value, kind, change) for name, value in fields.items()}
        if any(new[name] is not fields[name] and new[name] != fields[name] for name in new):
            return msgspec.structs.replace(thing, **new)
    return thing


def plain(blocks: tuple[Block, ...]) -> str:
    """The text of *blocks* without form, for titles, search and speech."""
    return "\n".join(part for block in blocks if (part := _plain_block(block)))


def plain_inlines(inlines: tuple[Inline, ...]) -> str:
    """The text of *inlines* in one line; pictures by their alternative text."""
    return "".join(map(_plain_inline, inlines)).strip()


def _plain_inline(inline: Inline) -> str:
    match inline:
        case Text(text=text) | Formula(text=text):
            return text
        case Break():
            return " "
        case Picture(alt=alt):
            return alt
        case Gap() | Blank():
            return "____"
        case HotWords(inlines=inner) | Term(inlines=inner) | When(inlines=inner):
            return "".join(map(_plain_inline, inner))
        case Ruby(inlines=inner, reading=reading):
            return "".join(map(_plain_inline, inner)) + f" ({reading})"
        case Printed(identifier=identifier):
            return f"{{{identifier}}}"


def _plain_block(block: Block) -> str:
    match block:
        case Paragraph(inlines=inlines) | Heading(inlines=inlines):
            return plain_inlines(inlines)
        case Listing(entries=entries):
            return "\n".join(plain(entry) for entry in entries)
        case Numbered(marks=marks, entries=entries):
            return "\n".join(
                f"{mark} {plain(entry)}" for mark, entry in zip(marks, entries, strict=False)
            )
        case Definitions(entries=definitions):
            return "\n".join(
                "\n".join([*map(plain_inlines, each.terms), plain(each.body)])
                for each in definitions
            )
        case Table(caption=caption, rows=rows):
            lines = [" | ".join(plain_inlines(cell.inlines) for cell in row) for row in rows]
            return "\n".join([caption, *lines] if caption else lines)
        case Preformatted(text=text):
            return text
        case Quotation(blocks=blocks) | WhenBlock(blocks=blocks):
            return plain(blocks)
        case Figure(blocks=blocks, caption=words):
            return "\n".join(filter(None, (plain(blocks), plain_inlines(words))))
        case Details(summary=words, blocks=blocks):
            return "\n".join(filter(None, (plain_inlines(words), plain(blocks))))
        case Recording(alt=alt):
            return alt
        case Slot() | Rule():
            return ""
