"""Item text on the screen: harmless characters first, then lines of styled content.

Everything an author wrote, a roster names or an invigilator types passes through
:func:`harmless` and becomes :class:`textual.content.Content` (never markup), so that
none of it can be taken for a command by Textual or by the terminal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from rich.cells import cell_len
from textual.content import Content

from exam_packages.content import text as rich
from exam_packages.content.items import InlineChoice, TextEntry
from exam_packages.language import _
from kiosk.widgets.picture import Cells

MAX_MARKS = 4
"""Combining marks kept on one character: enough for any language, not for a tower."""

# Marks that reorder or hide text: bidirectional controls, zero-width characters, soft
# hyphens, variation selectors, interlinear annotations, tags. The zero-width joiners
# are among them: a terminal draws them as it likes, and a candidate cannot see them.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
# Control bytes can drive a terminal; surrogates cannot even be written to it.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n|[\r\u0085\u2028\u2029\x0b\x0c]")
_PLAIN = re.compile(r"[\n\x20-\x7e]*")


def harmless(text: str, *, lines: bool = False) -> str:
    """*text* without a character that could drive the terminal or deceive the eye.

    A control character becomes U+FFFD, so that nobody overlooks it; a hidden mark is
    left out. With *lines*, new lines stay; else they become spaces.
    """
    if not _PLAIN.fullmatch(text):
        text = _LINE_ENDS.sub("\n", text)
        text = text.replace("\t", "    ")
        text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
        text = _HIDDEN.sub("", text)
        text = _without_towers(text)
    return text if lines else text.replace("\n", " ")


def _without_towers(text: str) -> str:
    if text.isascii():
        return text
    kept = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def plain(text: str, style: str = "") -> Content:
    """One line of harmless text."""
    return Content.styled(harmless(text), style) if style else Content(harmless(text))


Gaps = Mapping[str, tuple[str, str]]
"""What stands in each gap: its label, and its answer so far (empty when none)."""

Pictures = Callable[[str], Cells | str | None]
"""A picture by its media name at a width: cells, a sentence why not, or not yet."""

HIGHLIGHTED, SELECTED = 1 << 7, 1 << 8
"""Styles of text that only a screen gives: no paper has them."""
SELECTED_STYLE = "bold underline $ground on $mark"

_SUBSCRIPT = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_SUPERSCRIPT = str.maketrans("0123456789+-=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾")


def inline(inlines: Sequence[rich.Inline], gaps: Gaps | None = None) -> Content:
    """A run of inlines as content; pictures by their alternative text."""
    parts: list[Content] = []
    for each in inlines:
        match each:
            case rich.Text(text=text, style=style):
                parts.append(_text(text, style))
            case rich.Break():
                parts.append(Content("\n"))
            case rich.Picture(alt=alt):
                parts.append(plain(f"[{alt}]", "italic"))
            case rich.Term(inlines=inner):
                parts.append(inline(inner, gaps).stylize("underline") + Content("*"))
            case rich.Gap(response=response):
                parts.append(_gap(*(gaps or {}).get(response, ("", ""))))
            case _:
                parts.append(plain(rich.plain_inlines((each,))))
    return Content("").join(parts) if parts else Content("")


def _text(text: str, style: int) -> Content:
    text = harmless(text)
    if style & rich.SUBSCRIPT:
        text = text.translate(_SUBSCRIPT)
    if style & rich.SUPERSCRIPT:
        text = text.translate(_SUPERSCRIPT)
    words = [
        word
        for bit, word in (
            (rich.BOLD, "bold"),
            (rich.ITALIC, "italic"),
            (rich.UNDERLINE, "underline"),
            (rich.CODE, "$mark"),
            (rich.STRIKE, "strike"),
            (HIGHLIGHTED, "$ground on $attention"),
            (SELECTED, SELECTED_STYLE),
        )
        if style & bit
    ]
    return Content.styled(text, " ".join(words)) if words else Content(text)


def _gap(name: str, answer: str) -> Content:
    shown = plain(answer) if answer else Content("________")
    label = f"({name}) " if name else ""
    return Content.assemble((label, "bold $mark"), shown.stylize("bold underline $mark"))


def wrap(content: Content, width: int, first: Content | str = "", rest: str = "") -> list[Content]:
    """*content* in lines of at most *width* cells, *first* before the first of them.

    The further lines are set in by *rest*, or by as much as *first* is wide.
    """
    head = Content(first) if isinstance(first, str) else first
    indent = rest or " " * head.cell_length
    room = max(4, width - head.cell_length)
    lines = content.wrap(room) if content.plain else [Content("")]
    return [(head if index == 0 else Content(indent)) + line for index, line in enumerate(lines)]


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
    match block:
        case rich.Paragraph(inlines=inlines):
            return _paragraph(inlines, width, gaps, pictures)
        case rich.Heading(inlines=inlines):
            return wrap(inline(inlines, gaps).stylize("bold"), width)
        case rich.Listing(ordered=ordered, entries=entries):
            return _listing(ordered, entries, width, gaps, pictures)
        case rich.Table(caption=caption, rows=rows):
            return _table(caption, rich.laid_out(rows), width, gaps)
        case rich.Preformatted(text=text):
            drawn = Content.styled(harmless(text, lines=True), "$mark")
            return [line for part in drawn.split() for line in part.fold(max(4, width))]
        case rich.Quotation(blocks=blocks):
            inner = block_lines(blocks, width - 2, gaps=gaps, pictures=pictures)
            return [Content.styled("│ ", "$quiet") + line for line in inner]
        case rich.Slot():
            return []
        case _:
            text = harmless(rich.plain((block,)), lines=True)
            return [line for part in Content(text).split() for line in wrap(part, width)]


def _paragraph(
    inlines: Sequence[rich.Inline], width: int, gaps: Gaps | None, pictures: Pictures | None
) -> list[Content]:
    """A paragraph; a picture in it stands on lines of its own, its words beneath."""
    lines: list[Content] = []
    run: list[rich.Inline] = []

    def flush() -> None:
        content = inline(run, gaps)
        if content.plain.strip():
            lines.extend(wrap(content, width))
        run.clear()

    for each in inlines:
        if isinstance(each, rich.Picture) and pictures is not None:
            flush()
            lines.extend(_picture(each, width, pictures))
        else:
            run.append(each)
    flush()
    return lines


def _picture(picture: rich.Picture, width: int, pictures: Pictures) -> list[Content]:

    drawn = pictures(picture.media)
    lines: list[Content] = []
    if drawn is None:
        lines = [Content.styled(_("(The picture is being opened.)"), "$quiet")]
    elif isinstance(drawn, str):
        lines = [plain(drawn, "$attention")]
    else:
        lines = drawn.lines(width)
    words = plain(picture.alt, "italic $quiet")
    return [*lines, *wrap(words, width, Content.styled(_("Picture: "), "$quiet"), "  ")]


def _listing(
    ordered: bool,
    entries: Sequence[tuple[rich.Block, ...]],
    width: int,
    gaps: Gaps | None,
    pictures: Pictures | None,
) -> list[Content]:
    lines: list[Content] = []
    marks = [f"{number}. " if ordered else "• " for number in range(1, len(entries) + 1)]
    indent = max((len(mark) for mark in marks), default=2)
    for mark, entry in zip(marks, entries, strict=True):
        inner = block_lines(entry, width - indent, gaps=gaps, pictures=pictures) or [Content("")]
        lines.append(Content(mark.rjust(indent)) + inner[0])
        lines.extend(Content(" " * indent) + line for line in inner[1:])
    return lines


def _table(
    caption: str, rows: Sequence[tuple[rich.Cell, ...]], width: int, gaps: Gaps | None
) -> list[Content]:
    """A table with ruled columns; the widest columns give way when it is too wide."""
    lines = wrap(plain(caption, "bold"), width) if caption else []
    count = max((len(row) for row in rows), default=0)
    if not count:
        return lines
    cells = [[inline(cell.inlines, gaps) for cell in row] for row in rows]
    widths = [
        max((row[c].cell_length for row in cells if c < len(row)), default=1) for c in range(count)
    ]
    widths = column_widths(widths, width - 3 * (count - 1))
    rule = Content.styled("─┼─".join("─" * each for each in widths), "$quiet")
    bar = Content.styled(" │ ", "$quiet")
    for number, (row, drawn) in enumerate(zip(rows, cells, strict=True)):
        header = bool(row) and all(cell.header for cell in row)
        wrapped = []
        for c in range(count):
            content = drawn[c] if c < len(drawn) else Content("")
            if c < len(row) and row[c].header:
                content = content.stylize("bold")
            wrapped.append(wrap(content, widths[c]))
        for y in range(max(len(each) for each in wrapped)):
            parts = [
                pad(each[y] if y < len(each) else Content(""), widths[c])
                for c, each in enumerate(wrapped)
            ]
            lines.append(bar.join(parts))
        if header and number + 1 < len(rows):
            lines.append(rule)
    return lines


def column_widths(wanted: Sequence[int], room: int) -> list[int]:
    """Widths for columns that would like to be *wanted* wide, in *room* cells at most."""
    widths = [max(1, each) for each in wanted]
    while sum(widths) > room and max(widths) > 4:
        excess = sum(widths) - room
        widest = max(widths)
        wide = [index for index, each in enumerate(widths) if each == widest]
        second = max((each for each in widths if each < widest), default=4)
        cut = max(1, min(widest - max(second, 4), -(-excess // len(wide))))
        for index in wide:
            widths[index] -= cut
    return widths


def pad(content: Content, width: int) -> Content:
    """*content* filled with spaces to *width* cells."""
    missing = width - content.cell_length
    return content.pad_right(missing) if missing > 0 else content


def fit(text: str, width: int) -> str:
    """*text* shortened with an ellipsis to at most *width* cells."""
    text = harmless(text)
    if cell_len(text) <= width:
        return text
    return Content(text).truncate(max(1, width), ellipsis=True).plain


def plain_answer(interaction: TextEntry | InlineChoice, members: Sequence[str]) -> str:
    """What stands in a gap: the typed words, or the words of the choice."""
    if not members:
        return ""
    if isinstance(interaction, TextEntry):
        return fit(members[0], 40)
    for choice in interaction.choices:
        if choice.identifier == members[0]:
            return fit(rich.plain_inlines(choice.body), 40)
    return ""
