"""XHTML of bodies, prompts and choices into the blocks and inlines of the content room."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from exam_packages.content import text
from exam_packages.content.text import (
    Block,
    Break,
    Definition,
    Definitions,
    Details,
    Figure,
    Formula,
    Heading,
    Inline,
    Listing,
    Numbered,
    Paragraph,
    Preformatted,
    Quotation,
    Rule,
    Term,
    Text,
)
from exam_packages.formats import mathml
from exam_packages.formats.formulas import pictured
from exam_packages.formats.qti import objects, ruby, tables
from exam_packages.formats.qti.inlines import (
    CannotFlattenError,
    flattened,
    grouped,
    joined,
    printable,
    run,
    verbatim,
)
from exam_packages.formats.qti.library import Library
from exam_packages.formats.qti.marks import mark
from exam_packages.formats.qti.names import MATHML, QTI, SSML, SVG, XINCLUDE
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
    "tt": text.CODE,
    "sub": text.SUBSCRIPT,
    "sup": text.SUPERSCRIPT,
    "u": text.UNDERLINE,
    "ins": text.UNDERLINE,
    "mark": text.UNDERLINE,
    "s": text.STRIKE,
    "strike": text.STRIKE,
    "del": text.STRIKE,
} | dict.fromkeys(
    [
        "span",
        "nobr",
        "abbr",
        "acronym",
        "small",
        "big",
        "font",
        "time",
        "data",
        "bdi",
        "bdo",
        "label",
    ],
    0,
)
DIVISIONS = frozenset(
    {"div", "p", "section", "article", "aside", "header", "footer", "nav", "main", "address"}
    | {"center", "fieldset", "legend", "hgroup"}
)
OBJECTS = frozenset(["img", "picture", "object", "audio", "video"])
MAX_FORMULA = 20_000
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

Parts: TypeAlias = list[Block | Inline]
Take: TypeAlias = Callable[[Node], Parts | None]
"""Takes in an element that is no XHTML; ``None`` when it does not know it either."""


class Body:
    """Reads flow content. *take* is asked first about every element of QTI's own; it
    answers with the inlines or blocks that stand in its place."""

    def __init__(self, library: Library, take: Take = lambda node: None) -> None:
        self.library = library
        self.take = take
        self._verbatim = False
        self._included = 0
        self.media: set[str] = set()
        self.variables: frozenset[str] = frozenset()
        """The template variables that stand in formulas (QTI math-variable)."""

    def blocks(self, node: Node) -> tuple[Block, ...]:
        """The flow content of *node*; loose inlines become paragraphs."""
        return grouped(self._mixed(node, 0))

    def block(self, node: Node) -> tuple[Block, ...]:
        """*node* itself as blocks."""
        return grouped(self._parts(node, 0))

    def inlines(self, node: Node) -> tuple[Inline, ...]:
        """The content of *node* in lines; blocks in it become lines of their own."""
        return self.lines(node, self.blocks(node))

    def lines(self, node: Node, blocks: tuple[Block, ...]) -> tuple[Inline, ...]:
        """*blocks*, which stand in *node*, as inlines. Raises ``FormatError``."""
        try:
            found, exact = flattened(blocks)
        except CannotFlattenError:
            raise node.error(
                "an interaction or a recording stands where only text can; move it out."
            ) from None
        if not exact:
            node.change("its headings, tables or other parts were put into plain lines.")
        return found

    def children(self, node: Node) -> Iterator[Node]:
        """The elements in *node*, included files in their place."""
        for child in node.mixed():
            if child.namespace == XINCLUDE:
                self._included += 1  # never less again: files may include one another
                yield self.library.included(child, self._included)
            else:
                yield child

    def _mixed(self, node: Node, style: int) -> Parts:
        parts: Parts = [*self._run(node, node.text, style)]
        for child, tail in zip(self.children(node), node.tails(), strict=True):
            parts += self._parts(child, style)
            parts += self._run(node, tail, style)
        return parts

    def _run(self, node: Node, raw: str, style: int) -> list[Inline]:
        shown = printable(raw)
        if shown != raw:
            node.change("characters that no screen can show safely were left out.")
        return verbatim(shown) if self._verbatim else run(shown, style)

    def _parts(self, node: Node, style: int) -> Parts:
        if _hidden(node):
            node.change("what is hidden by its author was left out.")
            return []
        parts = self._known(node, style)
        if not (catalog := (node.get("data-catalog-idref") or "").strip()):
            return parts
        inlines = [part for part in parts if not isinstance(part, Block)]
        if len(inlines) == len(parts):
            return [Term(catalog, joined(inlines))]
        if len(parts) == 1 and isinstance(parts[0], Paragraph):
            return [Paragraph((Term(catalog, parts[0].inlines),))]
        node.change("the catalogue “{name}” can be asked for at words only.", name=catalog[:60])
        return parts

    def _known(self, node: Node, style: int) -> Parts:
        if node.namespace != QTI:
            return self._foreign(node, style)
        if node.name.startswith("qti-"):
            taken = self.take(node)
            if taken is None:
                raise node.unsupported()
            return taken
        if node.name in STYLES:
            node.attributes(title="", datetime="", value="", size="", color="", face="")
            return self._mixed(node, style | STYLES[node.name])
        if node.name in DIVISIONS:
            node.attributes(cite="")
            return [*self.blocks(node)]
        if node.name in OBJECTS:
            return [objects.shown(self, node)]
        match node.name:
            case "math":  # an author who forgot the namespace
                return [self._formula(node)]
            case "br":
                return [Break()]
            case "wbr" | "col" | "colgroup":
                return []
            case "style" | "link" | "meta" | "title":
                node.change("the style it asks for was left out.")
                return []
            case "a":
                return self._link(node, style)
            case "q":
                node.attributes(cite="")
                return [Text("“", style), *self._mixed(node, style), Text("”", style)]
            case "ruby":
                return [*ruby.read(self, node)]
            case "table":
                return [*tables.read(self, node)]
        return [*self._block(node)]

    def _foreign(self, node: Node, style: int) -> Parts:
        if node.namespace == MATHML and node.name == "math":
            return [self._formula(node)]
        if node.namespace in SSML:
            node.change("how it is to be spoken was left out; its words stay.")
            return self._mixed(node, style)
        if node.namespace == SVG and node.name == "svg":
            return [objects.drawing(self, node)]
        raise node.unsupported()

    def _formula(self, node: Node) -> Formula:
        source, written = mathml.source(node.element), mathml.written(node.element)
        if len(source) > MAX_FORMULA:
            raise node.error("the formula is too long; split it.")
        alternative = printable(node.get("alttext") or "").strip()
        shown = printable(written.text) or alternative
        variables = {name for name in self.variables if name in source}
        if not written.enough and not variables and (found := pictured(source, shown)):
            picture, data = found
            self.library.media[picture.media] = data
            self.media.add(picture.media)
            node.change(
                "the formula is shown as a picture, and read as “{text}”.", text=shown[:200]
            )
            return Formula(source, shown, (), picture)
        if not written.exact:
            node.change(
                "the formula is shown in one line as “{text}”; where that is not clear enough,"
                " use a picture.",
                text=shown[:200],
            )
        return Formula(source, shown, tuple(sorted(variables)), None)

    def _link(self, node: Node, style: int) -> Parts:
        target = node.attributes(href="", name="", title="", target="", rel="", type="")["href"]
        if target:
            node.change(
                "the link to “{href}” was left out, since it leads out of the question; its"
                " words stay.",
                href=target[:120],
            )
        return self._mixed(node, style)

    def _block(self, node: Node) -> tuple[Block, ...]:
        match node.name:
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                node.attributes()
                return (Heading(int(node.name[1]), self.inlines(node)),)
            case "blockquote":
                node.attributes(cite="")
                return (Quotation(self.blocks(node)),)
            case "ul" | "ol" | "menu":
                return (self._list(node),)
            case "dl":
                node.attributes()
                return (Definitions(tuple(self._definitions(node))),)
            case "hr":
                node.attributes()
                return (Rule(),)
            case "pre":
                return self._preformatted(node)
            case "figure":
                node.attributes()
                return (self._captioned(node, "figcaption", Figure),)
            case "details":
                node.attributes(open="")
                return (self._captioned(node, "summary", lambda body, words: Details(words, body)),)
        raise node.unsupported()

    def _captioned(
        self, node: Node, name: str, make: Callable[[tuple[Block, ...], tuple[Inline, ...]], Block]
    ) -> Block:
        words: tuple[Inline, ...] = ()
        parts: Parts = [*self._run(node, node.text, 0)]
        for child, tail in zip(self.children(node), node.tails(), strict=True):
            if child.name == name and not words:
                child.attributes()
                words = self.inlines(child)
            else:
                parts += self._parts(child, 0)
            parts += self._run(node, tail, 0)
        return make(grouped(parts), words)

    def _list(self, node: Node) -> Listing | Numbered:
        given = node.attributes(start="1", type="1", reversed="", compact="")
        ordered = node.name == "ol"
        entries: list[tuple[Block, ...]] = []
        values: list[int] = []
        number, step = 1, 1
        if ordered:
            number = int(given["start"]) if re.fullmatch(r"-?[0-9]{1,6}", given["start"]) else 1
            if "reversed" in given and node.get("reversed") is not None:
                step = -1
                number = number if node.get("start") else len(node.mixed())
        for child in node.children():
            if child.name in ("ul", "ol") and entries:  # as browsers forgive it
                entries[-1] += self.block(child)
                continue
            if child.name != "li":
                raise child.unsupported()
            value = child.attributes(value="")["value"]
            if re.fullmatch(r"-?[0-9]{1,6}", value):
                number = int(value)
            values.append(number)
            number += step
            entries.append(self.blocks(child))
        if not ordered or (given["type"] == "1" and values == list(range(1, len(values) + 1))):
            return Listing(ordered, tuple(entries))
        return Numbered(tuple(mark(each, given["type"]) for each in values), tuple(entries))

    def _definitions(self, node: Node) -> Iterator[Definition]:
        terms: list[tuple[Inline, ...]] = []
        body: tuple[Block, ...] = ()
        pending = node.children()
        while pending:
            child = pending.pop(0)
            if child.name == "div":
                pending = child.children() + pending
                continue
            child.attributes()
            if child.name == "dt":
                if body:
                    yield Definition(tuple(terms), body)
                    terms, body = [], ()
                terms.append(self.inlines(child))
            elif child.name == "dd":
                body += self.blocks(child)
            else:
                raise child.unsupported()
        if terms or body:
            yield Definition(tuple(terms), body)

    def _preformatted(self, node: Node) -> tuple[Block, ...]:
        node.attributes(width="")
        if not node.mixed():
            shown = printable(node.text.strip("\n"))
            if shown != node.text.strip("\n"):
                node.change("characters that no screen can show safely were left out.")
            return (Preformatted(shown),)
        self._verbatim = True
        try:
            return self.blocks(node)
        finally:
            self._verbatim = False


def _hidden(node: Node) -> bool:
    if node.get("hidden") is not None or _HIDING.search(node.get("style") or ""):
        return True
    return "qti-hidden" in (node.get("class") or "").split()
