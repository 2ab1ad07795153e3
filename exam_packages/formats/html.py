"""HTML as people and their tools really write it, into the blocks of the content room.

Foreign banks hold HTML fragments that no schema ever saw. What only styles is passed over;
what a candidate would miss is told in a note; what would change the question is refused.

A *place* is where an interaction stands in a text. Its reader puts :func:`mark` there before
the HTML is parsed; no text can hold such a mark by itself, because :func:`unmarked` takes the
private characters it is made of out of everything that comes in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from lxml import etree
from lxml import html as parser

from exam_packages.content import text as styles
from exam_packages.content.text import (
    Block,
    Break,
    Cell,
    Formula,
    Heading,
    Inline,
    Listing,
    Paragraph,
    Picture,
    Preformatted,
    Quotation,
    Table,
    Text,
)
from exam_packages.formats import tex
from exam_packages.formats.errors import FormatError
from exam_packages.formats.gathering import Notes
from exam_packages.formats.html_names import DROPPED, FLOW, FORM, INLINE, MEDIA
from exam_packages.formats.qti.inlines import printable, run, tidy

MAX_LENGTH = 256 * 1024
"""Characters of HTML in one text: more than any question, and quick to parse."""
MAX_DEPTH = 60

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([0-9]{{1,6}}){_CLOSE}")
_PRIVATE = re.compile("[\ue000-\uf8ff]")

_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_COLOUR = re.compile(r"(?:^|[;\s-])color\s*:|background", re.IGNORECASE)

_PARSER = parser.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)


def unmarked(raw: str) -> str:
    """*raw* without private-use characters, which no reader could be shown anyway."""
    return _PRIVATE.sub("", raw)


def mark(index: int) -> str:
    """Stands in a text for the place with this index."""
    return f"{_OPEN}{index}{_CLOSE}"


TakePicture = Callable[[str], tuple[str, int, int]]
"""From a picture's address in the text to its media name, width and height."""


class Html:
    """Reads the HTML of one item.

    *picture* takes in a picture by its address or raises ``FormatError``, *formula* draws one
    that no line can carry; *notes* are told what is not shown as it was. ``media`` names the
    pictures that were shown.
    """

    def __init__(self, notes: Notes, picture: TakePicture, formula: tex.DrawFormula) -> None:
        self.notes = notes
        self.media: set[str] = set()
        self._picture = picture
        self._formula = formula

    def draw_formula(self, source: str, text: str) -> Picture | None:
        picture = self._formula(source, text)
        if picture is not None:
            self.media.add(picture.media)
        return picture

    def blocks(self, raw: str, places: Sequence[Block | Inline] = ()) -> tuple[Block, ...]:
        """The blocks of *raw*, each mark in it replaced by its place. Raises ``FormatError``."""
        walk = _Walk(self, places)
        if (root := self._parse(raw)) is not None:
            walk.content(root, 0)
        return walk.done()

    def inlines(self, raw: str, places: Sequence[Block | Inline] = ()) -> tuple[Inline, ...]:
        """*raw* in one line of text, as a choice needs it. Raises ``FormatError``."""
        return flat(self.blocks(raw, places))

    def picture(self, element: Any) -> Picture:
        alt = printable(" ".join((element.get("alt") or "").split()))
        if not alt:
            raise FormatError(
                "A picture has no description (alt); say there what a person must know who"
                " cannot see it."
            )
        name, width, height = self._picture(unquote(element.get("src") or ""))
        self.media.add(name)
        return Picture(
            name, alt, _pixels(element.get("width"), width), _pixels(element.get("height"), height)
        )

    def _parse(self, raw: str) -> Any:
        if len(raw) > MAX_LENGTH:
            raise FormatError(
                "A text has more than {limit} characters; make it shorter.", limit=MAX_LENGTH
            )
        # A NUL would end the text for libxml2.
        raw = raw.replace("\x00", "")
        if not raw.strip():
            return None
        try:
            root = parser.document_fromstring(
                f"<html><body>{raw}</body></html>",
                parser=_PARSER,
            )
        except (etree.LxmlError, ValueError):
            raise FormatError("A text is not HTML that can be read; write it anew.") from None
        for depth, _ in _walk(root):
            if depth > MAX_DEPTH:
                raise FormatError("The HTML of a text nests too deeply; write it more plainly.")
        return root


def flat(blocks: Sequence[Block]) -> tuple[Inline, ...]:
    """*blocks* as one run of inlines, each block on a line of its own.

    Raises ``FormatError`` for a table or an interaction, which no line can hold.
    """
    lines: list[Inline] = []
    for block in blocks:
        if lines:
            lines.append(Break())
        lines += _line(block)
    return tidy(lines)


def _line(block: Block) -> list[Inline]:
    match block:
        case Paragraph(inlines=inlines) | Heading(inlines=inlines):
            return list(inlines)
        case Quotation(blocks=blocks):
            return list(flat(blocks))
        case Preformatted(text=text):
            found: list[Inline] = []
            for line in text.split("\n"):
                found += [Break()] if found else []
                found += [Text(line.replace(" ", "\u00a0"), styles.CODE)] if line else []
            return found
        case Listing(ordered=ordered, entries=entries):
            found = []
            for number, entry in enumerate(entries, 1):
                found += [Break()] if found else []
                found += [Text(f"{number}. " if ordered else "• ", 0), *flat(entry)]
            return found
        case Table():
            raise FormatError(
                "A table stands where only a line of text can be: in a choice or in a cell; put"
                " it into the question."
            )
        case _:
            raise FormatError(
                "An answer of this kind cannot stand inside a line, a choice or a table; put it"
                " after the text."
            )


class _Walk:
    """Collects the blocks below one element; loose inlines become paragraphs."""

    def __init__(self, page: Html, places: Sequence[Block | Inline]) -> None:
        self._page = page
        self._places = places
        self._found: list[Block] = []
        self._loose: list[Inline] = []

    def done(self) -> tuple[Block, ...]:
        self._close()
        return tuple(self._found)

    def content(self, element: Any, style: int) -> None:
        self._text(element.text, style)
        for child in element:
            self._element(child, style)
            self._text(child.tail, style)

    def _close(self) -> None:
        if inlines := tidy(self._loose):
            self._found.append(Paragraph(inlines))
        self._loose = []

    def _block(self, block: Block) -> None:
        self._close()
        self._found.append(block)

    def _text(self, raw: str | None, style: int) -> None:
        for index, part in enumerate(_MARK.split(raw or "")):
            if index % 2 == 0:
                self._words(part, style)
            elif isinstance(place := self._places[int(part)], Block):
                self._block(place)
            else:
                self._loose.append(place)

    def _words(self, raw: str, style: int) -> None:
        page = self._page
        code = style & styles.CODE
        for piece in (raw,) if code else tex.marked(raw, page.notes, page.draw_formula):
            if isinstance(piece, Formula):
                self._loose.append(piece)
            else:
                self._loose += run(printable(piece), style)

    def _inside(self, element: Any, style: int) -> tuple[Block, ...]:
        inner = _Walk(self._page, self._places)
        inner.content(element, style)
        return inner.done()

    def _element(self, element: Any, style: int) -> None:
        if not isinstance(element.tag, str):
            return
        name = element.tag.lower()
        if self._left_out(element, name):
            return
        match name:
            case "br":
                self._loose.append(Break())
            case "img":
                page = self._page
                formula = tex.equation(element, page.notes, page.draw_formula)
                self._loose.append(formula or page.picture(element))
            case _ if name.rpartition(":")[2] == "math":
                page = self._page
                self._loose.append(tex.from_mathml(element, page.notes, page.draw_formula))
            case "pre":
                raw = element.text_content()
                if _MARK.search(raw):
                    self._lines(element, style)
                else:
                    self._block(Preformatted(printable(raw.replace("\r\n", "\n").strip("\n"))))
            case "ul" | "ol" | "menu" | "dir":
                self._listing(element, name == "ol", style)
            case "table":
                self._block(self._table(element, style))
            case "blockquote":
                if inside := self._inside(element, style):
                    self._block(Quotation(inside))
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                inside = self._inside(element, style)
                if len(inside) == 1 and isinstance(inside[0], Paragraph):
                    self._block(Heading(int(name[1]), inside[0].inlines))
                else:
                    self._close()
                    self._found += inside
            case _ if name in FLOW:
                self._close()
                self.content(element, style)
                self._close()
            case _:
                self.content(element, style | INLINE.get(name, 0))

    def _left_out(self, element: Any, name: str) -> bool:
        """Whether *element* is not shown; what a candidate would miss is noted."""
        notes = self._page.notes
        if name in MEDIA:
            raise FormatError(
                "The question plays or embeds something (<{name}>), which a station does not"
                " show; use a picture or words.",
                name=name,
            )
        if name in DROPPED:
            if name == "script":
                notes.add("A script in the question was left out.")
            return True
        if name in FORM:
            notes.add("A form field in the text was left out.")
            return True
        style = element.get("style") or ""
        if "hidden" in element.attrib or _HIDDEN.search(style):
            notes.add("Text that was hidden was left out.")
            return True
        if name == "a" and element.get("href"):
            notes.add("A link was left out and its text was kept: it would lead out of the exam.")
        elif name in ("s", "strike", "del"):
            notes.add("Text that was struck through is shown as ordinary text.")
        if _COLOUR.search(style) or element.get("color") or element.get("bgcolor"):
            notes.add("Colours were left out; check that the question does not speak of them.")
        return False

    def _lines(self, element: Any, style: int) -> None:
        """Preformatted text with places in it: its lines, in the style of code."""
        self._close()
        inner = _Walk(self._page, self._places)
        for number, line in enumerate(element.text_content().strip("\n").split("\n")):
            if number:
                inner._loose.append(Break())
            inner._text(line.replace(" ", "\u00a0"), style | styles.CODE)
        self._found += inner.done()

    def _listing(self, element: Any, ordered: bool, style: int) -> None:
        if (element.get("start") or "1").strip() != "1":
            self._page.notes.add("A list that began with another number begins with 1.")
        entries = []
        for child in element:
            inside = self._inside(child, style) if isinstance(child.tag, str) else ()
            if inside:
                entries.append(inside)
        if entries:
            self._block(Listing(ordered, tuple(entries)))

    def _table(self, table: Any, style: int) -> Table:
        caption, rows = "", []
        for element in _own_rows(table):
            if element.tag == "caption":
                caption = printable(" ".join(element.text_content().split()))
                continue
            cells = []
            for cell in element:
                if cell.tag not in ("td", "th"):
                    continue
                if {cell.get("colspan", "1"), cell.get("rowspan", "1")} != {"1"}:
                    raise FormatError(
                        "A table has cells that span others; give each row the same cells."
                    )
                cells.append(Cell(cell.tag == "th", flat(self._inside(cell, style)), 1, 1))
            rows.append(cells)
        width = max(map(len, rows), default=0)
        if not width:
            return Table(caption, ())
        if any(len(row) < width for row in rows):
            if width * len(rows) > 10_000:
                raise FormatError("A table is too large for a screen; make it smaller.")
            self._page.notes.add("A table with rows of unequal length was filled with empty cells.")
        return Table(
            caption, tuple((*row, *[Cell(False, (), 1, 1)] * (width - len(row))) for row in rows)
        )


def _own_rows(table: Any) -> Iterator[Any]:
    for child in table:
        if child.tag in ("tr", "caption"):
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in child if row.tag == "tr")


def _walk(root: Any) -> Iterator[tuple[int, Any]]:
    pending = [(1, root)]
    while pending:
        depth, element = pending.pop()
        yield depth, element
        pending.extend((depth + 1, child) for child in element)


def _pixels(given: str | None, natural: int) -> int:
    found = re.fullmatch(r"\s*([0-9]{1,4})(?:px)?\s*", given or "")
    return int(found[1]) if found and int(found[1]) else natural
