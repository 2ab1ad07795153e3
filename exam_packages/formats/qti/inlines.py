"""Runs of inlines made tidy: white space as a browser shows it, blocks as lines."""

from __future__ import annotations

import re

from exam_packages.content import text
from exam_packages.content.text import (
    Block,
    Break,
    Definitions,
    Details,
    Figure,
    Heading,
    Inline,
    Listing,
    Numbered,
    Paragraph,
    Preformatted,
    Quotation,
    Recording,
    Rule,
    Slot,
    Table,
    Text,
    When,
    WhenBlock,
)

_KEPT = "\n\r\t\u00a0\u00ad\u200b\u200c\u200d"
"""White space, and joiners that some scripts need."""
_PLAIN = re.compile(r"[\n\r\t\x20-\x7e\u00a0-\u00ac\u00ae-\u024f]*")


def printable(raw: str) -> str:
    """*raw* without characters that command a terminal or turn the direction of writing."""
    if _PLAIN.fullmatch(raw):
        return raw
    return "".join(char for char in raw if char.isprintable() or char in _KEPT)


def one_line(raw: str) -> str:
    """*raw* as a title or a label: printable, any white space one space."""
    return " ".join(printable(raw).split())


def run(raw: str, style: int) -> list[Inline]:
    """Characters as XHTML shows them: any white space is one space."""
    return [Text(shown, style)] if (shown := re.sub(r"[ \t\r\n]+", " ", raw)) else []


def verbatim(raw: str) -> list[Inline]:
    """Characters of preformatted text: every space and new line as it stands."""
    found: list[Inline] = []
    for number, line in enumerate(raw.replace("\r\n", "\n").split("\n")):
        if number:
            found.append(Break())
        if line:
            found.append(Text(line.replace("\t", "    ").replace(" ", "\u00a0"), text.CODE))
    return found


def tidy(inlines: list[Inline]) -> tuple[Inline, ...]:
    """Joins equal neighbours and takes away white space that no browser shows."""
    found: list[Inline] = []
    open_space = False  # whether a space here would be shown
    for inline in inlines:
        if isinstance(inline, Text):
            shown = inline.text if open_space else inline.text.lstrip(" ")
            if not shown:
                continue
            open_space = not shown.endswith(" ")
            last = found[-1] if found else None
            if isinstance(last, Text) and last.style == inline.style:
                found[-1] = Text(last.text + shown, inline.style)
            else:
                found.append(Text(shown, inline.style))
            continue
        if isinstance(inline, Break):
            _strip_end(found)
        open_space = not isinstance(inline, Break)
        found.append(inline)
    _strip_end(found)
    return tuple(found)


def joined(inlines: list[Inline]) -> tuple[Inline, ...]:
    """*inlines* with equal neighbours as one, and the space at their ends as it is: whether
    that is shown depends on what is around."""
    found: list[Inline] = []
    for inline in inlines:
        last = found[-1] if found else None
        if isinstance(inline, Text) and isinstance(last, Text) and last.style == inline.style:
            found[-1] = Text(re.sub(" +", " ", last.text + inline.text), inline.style)
        else:
            found.append(inline)
    return tuple(found)


def _strip_end(found: list[Inline]) -> None:
    if found and isinstance(last := found[-1], Text):
        if shown := last.text.rstrip(" "):
            found[-1] = Text(shown, last.style)
        else:
            found.pop()


def grouped(parts: list[Block | Inline]) -> tuple[Block, ...]:
    """*parts* as blocks; the inlines between blocks become paragraphs."""
    found: list[Block] = []
    loose: list[Inline] = []

    def close() -> None:
        if inlines := tidy(loose):
            found.append(Paragraph(inlines))
        loose.clear()

    for part in parts:
        if isinstance(part, Block):
            close()
            found.append(part)
        else:
            loose.append(part)
    close()
    return tuple(found)


class CannotFlattenError(Exception):
    """There is an interaction or a recording, which no line of text can hold."""


def flattened(blocks: tuple[Block, ...]) -> tuple[tuple[Inline, ...], bool]:
    """*blocks* as lines in one run of inlines, and whether nothing of their form was lost.

    Raises :class:`CannotFlattenError`.
    """
    lines: list[tuple[Inline, ...]] = []
    exact = True
    for block in blocks:
        found, whole = _lines(block)
        lines += found
        exact = exact and whole
    joined: list[Inline] = []
    for line in lines:
        if joined:
            joined.append(Break())
        joined += line
    return tidy(joined), exact


def _lines(block: Block) -> tuple[list[tuple[Inline, ...]], bool]:
    match block:
        case Paragraph(inlines=inlines):
            return [inlines], True
        case Heading(inlines=inlines):
            return [inlines], False
        case Preformatted(text=raw):
            return [tuple(verbatim(raw))], True
        case Rule():
            return [], False
        case Listing(ordered=ordered, entries=entries):
            marks = [f"{number}. " if ordered else "• " for number in range(1, len(entries) + 1)]
            return _marked(marks, entries)
        case Numbered(marks=marks_, entries=entries):
            return _marked([f"{mark} " for mark in marks_], entries)
        case Definitions(entries=definitions):
            lines: list[tuple[Inline, ...]] = []
            for each in definitions:
                lines += each.terms
                lines.append(flattened(each.body)[0])
            return lines, False
        case Table(caption=caption, rows=rows):
            lines = [(Text(caption, 0),)] if caption else []
            for row in rows:
                line: list[Inline] = []
                for cell in row:
                    line += [Text(" | ", 0), *cell.inlines] if line else cell.inlines
                lines.append(tuple(line))
            return lines, False
        case Quotation(blocks=inner):
            return [flattened(inner)[0]], False
        case Figure(blocks=inner, caption=caption_):
            return [flattened(inner)[0], *([caption_] if caption_ else [])], True
        case Details(summary=summary, blocks=inner):
            return [summary, flattened(inner)[0]], False
        case WhenBlock(variable=variable, value=value, show=show, blocks=inner):
            words, exact = flattened(inner)
            return [(When(variable, value, show, words),)], exact
        case Slot() | Recording():
            raise CannotFlattenError


def _marked(
    marks: list[str], entries: tuple[tuple[Block, ...], ...]
) -> tuple[list[tuple[Inline, ...]], bool]:
    lines, exact = [], True
    for mark, entry in zip(marks, entries, strict=True):
        words, whole = flattened(entry)
        lines.append((Text(mark, 0), *words))
        exact = exact and whole
    return lines, exact
