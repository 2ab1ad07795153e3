"""Blocks of item text laid out in lines for a width: everything a body can hold."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from exam_packages.content import text as rich
from exam_packages.language import _
from kiosk.widgets.picture import MAX_LINES
from kiosk.widgets.table import table_lines
from kiosk.widgets.text import Gaps, Pictures, harmless, inline, plain, wrap

MOST_MARK = 12
"""Characters of the mark of a list's entry: an author may write any."""


def block_lines(
    blocks: Sequence[rich.Block],
    width: int,
    *,
    gaps: Gaps | None = None,
    pictures: Pictures | None = None,
) -> list[Content]:
    """*blocks* laid out for *width* cells, an empty line between them."""
    lines: list[Content] = []
    for block in blocks:
        drawn = _block(block, width, gaps, pictures)
        if drawn:
            if lines:
                lines.append(Content(""))
            lines.extend(drawn)
    return lines


def _block(
    block: rich.Block, width: int, gaps: Gaps | None, pictures: Pictures | None
) -> list[Content]:
    def inner(blocks: Sequence[rich.Block], room: int) -> list[Content]:
        return block_lines(blocks, room, gaps=gaps, pictures=pictures)

    match block:
        case rich.Paragraph(inlines=inlines):
            return paragraph(inlines, width, gaps=gaps, pictures=pictures)
        case rich.Heading(inlines=inlines):
            return wrap(inline(inlines, gaps).stylize("bold"), width)
        case rich.Listing(ordered=ordered, entries=entries):
            marks = [f"{number}." if ordered else "•" for number in range(1, len(entries) + 1)]
            return _marked(marks, [inner(each, _beside(marks, width)) for each in entries])
        case rich.Numbered(marks=marks, entries=entries):
            shown = [harmless(mark)[:MOST_MARK] for mark in marks[: len(entries)]]
            shown += [""] * (len(entries) - len(shown))
            return _marked(shown, [inner(each, _beside(shown, width)) for each in entries])
        case rich.Definitions(entries=definitions):
            lines = []
            for each in definitions:
                for term in each.terms:
                    lines += wrap(inline(term, gaps).stylize("bold"), width)
                lines += [Content("    ") + line for line in inner(each.body, width - 4)]
            return lines
        case rich.Table(caption=caption, rows=rows):
            lines = wrap(plain(caption, "bold"), width) if caption else []
            return lines + table_lines(rows, width, gaps)
        case rich.Preformatted(text=text):
            drawn = Content.styled(harmless(text, lines=True), "$mark")
            return [line for part in drawn.split() for line in part.fold(max(4, width))]
        case rich.Quotation(blocks=blocks):
            return [Content.styled("│ ", "$quiet") + line for line in inner(blocks, width - 2)]
        case rich.Figure(blocks=blocks, caption=caption_words):
            caption_lines = wrap(inline(caption_words, gaps).stylize("italic"), width, "  ")
            return [*inner(blocks, width), *(caption_lines if caption_words else ())]
        case rich.Details(summary=summary, blocks=blocks):
            head = wrap(inline(summary, gaps).stylize("bold"), width, "▾ ")
            return head + [Content("  ") + line for line in inner(blocks, width - 2)]
        case rich.Rule():
            return [Content.styled("─" * max(4, width), "$quiet")]
        case rich.Recording(alt=alt):  # its player stands below
            return wrap(plain(alt or _("Recording"), "italic"), width, "♪ ")
        case rich.WhenBlock(blocks=blocks):
            return inner(blocks, width)
        case rich.Slot():
            return []


def paragraph(
    inlines: Sequence[rich.Inline],
    width: int,
    first: Content | str = "",
    *,
    gaps: Gaps | None = None,
    pictures: Pictures | None = None,
    style: str = "",
    most: int = MAX_LINES,
) -> list[Content]:
    """Inlines in lines, *first* before the first of them; a picture in them stands on lines of
    its own, *most* of them, its words beneath. *style* is laid over the words."""
    head = Content(first) if isinstance(first, str) else first
    indent = " " * head.cell_length
    lines: list[Content] = []
    run: list[rich.Inline] = []

    def flush() -> None:
        content = inline(run, gaps)
        if content.plain.strip():
            lines.extend(wrap(content.stylize(style) if style else content, width - len(indent)))
        run.clear()

    for each in inlines:
        picture = each.picture if isinstance(each, rich.Formula) else each
        if isinstance(picture, rich.Picture) and pictures is not None:
            flush()
            lines.extend(picture_lines(picture, width - len(indent), pictures, most))
        else:
            run.append(each)
    flush()
    if not head:
        return lines
    return [
        (head if number == 0 else Content(indent)) + line
        for number, line in enumerate(lines or [Content("")])
    ]


def picture_lines(
    picture: rich.Picture, width: int, pictures: Pictures, most: int = MAX_LINES
) -> list[Content]:
    """A picture, or why there is none, and the words that stand for it."""
    drawn = pictures(picture.media)
    lines: list[Content] = []
    if drawn is None:
        lines = [Content.styled(_("(The picture is being opened.)"), "$quiet")]
    elif isinstance(drawn, str):
        lines = [plain(drawn, "$attention")]
    else:
        # Never more cells than pixels its author gave it, however fine it was drawn.
        lines = drawn.lines(min(width, picture.width), most)
    return [*lines, *picture_words(picture, width)]


def picture_words(picture: rich.Picture, width: int) -> list[Content]:
    """The words that stand for a picture."""
    words = plain(picture.alt, "italic $quiet")
    return wrap(words, width, Content.styled(_("Picture: "), "$quiet"), "  ")


def _beside(marks: Sequence[str], width: int) -> int:
    """The room beside *marks* for the entries of a list."""
    return width - _indent(marks)


def _indent(marks: Sequence[str]) -> int:
    return max((cell_len(mark) for mark in marks), default=1) + 1


def _marked(marks: Sequence[str], entries: Sequence[list[Content]]) -> list[Content]:
    """The entries of a list, each set in beside its mark."""
    indent = _indent(marks)
    lines: list[Content] = []
    for mark, entry in zip(marks, entries, strict=True):
        head = Content(" " * (indent - 1 - cell_len(mark)) + mark + " ")
        for number, line in enumerate(entry or [Content("")]):
            lines.append((head if number == 0 else Content(" " * indent)) + line)
    return lines
