"""XHTML of bodies, prompts and choices into the blocks and inlines of the content room."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from exam_packages.content import text
from exam_packages.content.text import (
    Block,
    Break,
    Cell,
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
from exam_packages.formats.errors import FormatError
from exam_packages.formats.media import facts
from exam_packages.formats.xml import Node

STYLES = {
    "b": text.BOLD,
    "strong": text.BOLD,
    "i": text.ITALIC,
    "em": text.ITALIC,
    "cite": text.ITALIC,
    "dfn": text.ITALIC,
    "var": text.ITALIC,
    "code": text.CODE,
    "kbd": text.CODE,
    "samp": text.CODE,
    "sub": text.SUBSCRIPT,
    "sup": text.SUPERSCRIPT,
    "u": text.UNDERLINE,
    "span": 0,
    "abbr": 0,
}
_KEPT = "\n\r\t\u00a0\u00ad\u200b\u200c\u200d"
"""White space, and joiners that some scripts need."""
BLOCKS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre", "blockquote", "div"}


@dataclass
class Library:
    """The files of a package, and the pictures that were shown from it.

    ``media`` maps the names that bodies use to the files' bytes.
    """

    files: dict[str, bytes]
    media: dict[str, bytes] = field(default_factory=dict)
    _homes: dict[str, str] = field(default_factory=dict)

    def resolve(self, node: Node, href: str) -> str:
        """The file that *href* names from *node*'s file. Raises ``FormatError``."""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(node.file), href))
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|/", href) or path not in self.files:
            raise node.error(
                "“{href}” is not a file of this package; put it in the package.", href=href[:120]
            )
        return path

    def picture(self, node: Node, href: str) -> tuple[str, int, int]:
        """The media name, width and height of a picture. Raises ``FormatError``."""
        path = self.resolve(node, href)
        name = posixpath.basename(path)
        if self._homes.setdefault(name, path) != path:
            raise node.error(
                "two pictures are named “{name}”, in different folders; rename one.", name=name
            )
        try:
            found = facts(path, self.files[path])
        except FormatError as problem:
            raise node.error("{why}", why=str(problem)) from None
        self.media[name] = self.files[path]
        return name, found.width, found.height


class Body:
    """Reads flow content. *interaction* takes in an element that is one, or gives ``None``;
    it answers with the inline or block that stands in its place."""

    def __init__(
        self,
        library: Library,
        interaction: Callable[[Node], Block | Inline | None] = lambda node: None,
    ) -> None:
        self._library = library
        self._interaction = interaction
        self.media: set[str] = set()

    def blocks(self, node: Node) -> tuple[Block, ...]:
        """The flow content of *node*; loose inlines become paragraphs."""
        found: list[Block] = []
        loose: list[Inline] = list(_run(node.text, 0))

        def close() -> None:
            if inlines := _tidy(loose):
                found.append(Paragraph(inlines))
            loose.clear()

        for child in node.mixed():
            if child.name in BLOCKS:
                close()
                found.extend(self._block(child))
            else:
                place = self._interaction(child)
                if place is None:
                    loose.extend(self._inline(child, 0))
                elif isinstance(place, Block):
                    close()
                    found.append(place)
                else:
                    loose.append(place)
            loose.extend(_run(child.tail, 0))
        close()
        return tuple(found)

    def inlines(self, node: Node) -> tuple[Inline, ...]:
        """The inline content of *node*, which may be one paragraph."""
        children = node.mixed()
        if len(children) == 1 and children[0].name == "p" and not node.text.strip():
            children[0].attributes()
            if not children[0].tail.strip():
                return self.inlines(children[0])
        return _tidy(self._inlines(node, 0))

    def _block(self, node: Node) -> list[Block]:
        if node.name == "ol":
            start = node.attributes(start="1")["start"]
            if start != "1":
                raise node.error("a list can only start at 1; write the numbers out.")
        elif node.name == "table":
            node.attributes(border="0", summary="")
        else:
            node.attributes()
        match node.name:
            case "div":
                return list(self.blocks(node))
            case "blockquote":
                return [Quotation(self.blocks(node))]
            case "ul" | "ol":
                entries = []
                for child in node.children():
                    if child.name != "li":
                        raise child.unsupported()
                    child.attributes()
                    entries.append(self.blocks(child))
                return [Listing(node.name == "ol", tuple(entries))]
            case "table":
                return [self._table(node)]
            case "pre":
                if node.mixed():
                    raise node.error("only plain text may stand in preformatted text.")
                return [Preformatted(_printable(node.text.strip("\n")))]
            case "p":
                inlines = _tidy(self._inlines(node, 0))
                return [Paragraph(inlines)] if inlines else []
        return [Heading(int(node.name[1]), _tidy(self._inlines(node, 0)))]

    def _table(self, node: Node) -> Table:
        caption, rows = "", []
        for child in node.children():
            child.attributes()
            if child.name == "caption":
                caption = " ".join(child.all_text().split())
            elif child.name == "tr":
                rows.append(child)
            elif child.name in ("thead", "tbody", "tfoot"):
                rows += child.children()
            else:
                raise child.unsupported()
        found = []
        for row in rows:
            if row.name != "tr":
                raise row.unsupported()
            row.attributes()
            cells = []
            for cell in row.children():
                if cell.name not in ("td", "th"):
                    raise cell.unsupported()
                cell.attributes(scope="", headers="", abbr="")
                cells.append(Cell(cell.name == "th", self.inlines(cell)))
            found.append(tuple(cells))
        if len({len(row) for row in found}) > 1:
            raise node.error("the rows have different numbers of cells; make them equal.")
        return Table(caption, tuple(found))

    def _inlines(self, node: Node, style: int) -> list[Inline]:
        found = _run(node.text, style)
        for child in node.mixed():
            place = self._interaction(child)
            if place is None:
                found += self._inline(child, style)
            elif isinstance(place, Block):
                raise child.error("this interaction cannot stand inside a line of text.")
            else:
                found.append(place)
            found += _run(child.tail, style)
        return found

    def _inline(self, node: Node, style: int) -> list[Inline]:
        if node.name == "br":
            node.attributes()
            return [Break()]
        if node.name == "img":
            return [self._picture(node)]
        if node.name == "a":
            raise node.error("a link would lead out of the exam; put the text itself here.")
        if node.name not in STYLES:
            raise node.unsupported()
        node.attributes(title="")
        return self._inlines(node, style | STYLES[node.name])

    def _picture(self, node: Node) -> Picture:
        given = node.attributes(src=None, alt=None, width="", height="", longdesc="")
        if not given["alt"]:
            raise node.error("alt is empty; say what a person must know who cannot see it.")
        name, width, height = self._library.picture(node, given["src"])
        self.media.add(name)
        return Picture(
            name,
            _printable(" ".join(given["alt"].split())),
            node.number("width", given["width"] or str(width)),
            node.number("height", given["height"] or str(height)),
        )


def _run(raw: str, style: int) -> list[Inline]:
    """Characters as XHTML shows them: any white space is one space."""
    return [Text(shown, style)] if (shown := re.sub(r"[ \t\r\n]+", " ", _printable(raw))) else []


def _printable(raw: str) -> str:
    """*raw* without characters that command a terminal or turn the direction of writing."""
    return "".join(char for char in raw if char.isprintable() or char in _KEPT)


def _tidy(inlines: list[Inline]) -> tuple[Inline, ...]:
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


def _strip_end(found: list[Inline]) -> None:
    if found and isinstance(last := found[-1], Text):
        if shown := last.text.rstrip(" "):
            found[-1] = Text(shown, last.style)
        else:
            found.pop()
