"""The blocks of the content room as Markdown, readable and safe to read again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape

from exam_packages.content import text
from exam_packages.content.text import (
    Block,
    Break,
    Cell,
    Gap,
    Heading,
    Inline,
    Listing,
    Paragraph,
    Picture,
    Preformatted,
    Quotation,
    Slot,
    Table,
    Text,
)
from exam_packages.formats.errors import FormatError

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_START = re.compile(r"^([+\-=]|[0-9]{1,9}(?=[.)]))")
_TAGS = (
    (text.BOLD, "b"),
    (text.ITALIC, "i"),
    (text.CODE, "code"),
    (text.SUBSCRIPT, "sub"),
    (text.SUPERSCRIPT, "sup"),
    (text.UNDERLINE, "u"),
)
_SIGNS = {text.BOLD: "**", text.ITALIC: "*"}

WritePlace = Callable[[str], str]
"""From the name of a response to what stands in the text for it."""


def escaped(words: str) -> str:
    """*words* so that nothing in them is a mark of Markdown."""
    return _SPECIAL.sub(r"\\\1", words).replace("\u00a0", "&nbsp;")


def inlines(found: Iterable[Inline], place: WritePlace) -> str:
    """A line of Markdown; a break in it begins a new one."""
    done = ""
    line = list(found)
    for inline, after in zip(line, [*line[1:], None], strict=False):
        match inline:
            case Text(text=words, style=style):
                done += _styled(words, style, done)
            case Break():
                # Only between two texts can a new line in the source be one on the page.
                between = done and not done.endswith("\n") and isinstance(after, Text)
                done += "\\\n" if between else "<br>"
            case Picture():
                done += _picture(inline)
            case Gap(response=response):
                done += place(response)
            case _:
                raise FormatError(
                    "Markdown has no form for a part of a line ({kind}).",
                    kind=type(inline).__name__,
                )
    return "\n".join(_line(line) for line in done.split("\n"))


def _line(line: str) -> str:
    if _START.match(line):
        head = re.match(r"[0-9]*", line)
        digits = head[0] if head else ""
        return f"{digits}\\{line[len(digits) :]}"
    return line


def _styled(words: str, style: int, before: str) -> str:
    if style in _SIGNS and words[:1].isalnum() and words[-1:].isalnum() and before[-1:] != "*":
        return f"{_SIGNS[style]}{escaped(words)}{_SIGNS[style]}"
    plain = words.strip() == words and not re.search(r"[`|\n\u00a0]", words)
    if style == text.CODE and plain and before[-1:] != "`":
        return f"`{words}`"
    names = [name for bit, name in _TAGS if style & bit]
    opened = "".join(f"<{name}>" for name in names)
    closed = "".join(f"</{name}>" for name in reversed(names))
    return opened + escaped(words) + closed


def _picture(picture: Picture) -> str:
    alt = escape(picture.alt, quote=True)
    size = f'width="{picture.width}" height="{picture.height}"'
    return f'<img src="{escape(picture.media)}" alt="{alt}" {size}>'


def blocks(found: Iterable[Block], place: WritePlace) -> str:
    """Paragraphs and the like, an empty line between two."""
    done: list[str] = []
    before: Block | None = None
    for block in found:
        if isinstance(block, Listing) and isinstance(before, Listing):
            done.append("<!-- another list -->")
        done.append(_block(block, place))
        before = block
    return "\n\n".join(done)


def _block(block: Block, place: WritePlace) -> str:
    match block:
        case Paragraph(inlines=found):
            return inlines(found, place)
        case Heading(level=level, inlines=found):
            return f"{'#' * level} {inlines(found, place)}"
        case Listing(ordered=ordered, entries=entries):
            lines = []
            for number, entry in enumerate(entries, 1):
                sign = f"{number}. " if ordered else "- "
                first, *rest = blocks(entry, place).split("\n")
                indent = " " * len(sign)
                lines += [sign + first, *(indent + line if line else "" for line in rest)]
            return "\n".join(lines)
        case Preformatted(text=words):
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", words)), default=0))
            return f"{fence}\n{words}\n{fence}"
        case Quotation(blocks=inside):
            return "\n".join(
                f"> {line}" if line else ">" for line in blocks(inside, place).split("\n")
            )
        case Slot(response=response):
            return place(response)
        case Table():
            return _table(block, place)
        case _:
            raise FormatError(
                "Markdown has no form for a part of the text ({kind}).", kind=type(block).__name__
            )


def _table(table: Table, place: WritePlace) -> str:
    head, *rest = table.rows or ((),)
    plain = all(cell.header for cell in head) and not any(c.header for row in rest for c in row)
    if plain and head and not table.caption:
        lines = [_row(head, place), "|" + " --- |" * len(head)]
        return "\n".join([*lines, *(_row(row, place) for row in rest)])
    rows = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in table.rows)
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    return f"<table>{caption}{rows}</table>"


def _row(row: tuple[Cell, ...], place: WritePlace) -> str:
    cells = [inlines(cell.inlines, place).replace("\\\n", "<br>") for cell in row]
    return "".join(f"| {cell} " for cell in cells) + "|"


def _cell(cell: Cell) -> str:
    done = ""
    for inline in cell.inlines:
        match inline:
            case Text(text=words, style=style):
                names = [name for bit, name in _TAGS if style & bit]
                done += "".join(f"<{name}>" for name in names) + escape(words)
                done += "".join(f"</{name}>" for name in reversed(names))
            case Break():
                done += "<br>"
            case Picture():
                done += _picture(inline)
            case Gap():
                done += "{}"  # no gap can stand here; reading it again shows that
    name = "th" if cell.header else "td"
    return f"<{name}>{done}</{name}>"
