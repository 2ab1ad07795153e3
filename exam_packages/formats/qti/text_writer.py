"""The blocks and inlines of the content room as QTI 3's XHTML."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lxml import etree

from exam_packages.content import text
from exam_packages.content.catalogs import Catalog
from exam_packages.content.text import (
    Blank,
    Block,
    Break,
    Cell,
    Definitions,
    Details,
    Figure,
    Formula,
    Gap,
    Heading,
    HotWords,
    Inline,
    Listing,
    Numbered,
    Paragraph,
    Picture,
    Preformatted,
    Printed,
    Quotation,
    Recording,
    Ruby,
    Rule,
    Slot,
    Table,
    Term,
    Text,
    When,
    WhenBlock,
)
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti.elements import Element, element, leaf, unless
from exam_packages.formats.qti.marks import values_of
from exam_packages.formats.xml import XML

WriteInteraction = Callable[[str], Element]
"""From a response's name to the element of its interaction."""

_STYLES = (
    (text.BOLD, "strong"),
    (text.ITALIC, "em"),
    (text.CODE, "code"),
    (text.SUBSCRIPT, "sub"),
    (text.SUPERSCRIPT, "sup"),
    (text.UNDERLINE, "u"),
    (text.STRIKE, "s"),
)


def nothing(response: str) -> Element:
    raise FormatError("The answer {name} stands where none can be.", name=response)


class Writer:
    """Writes blocks. *media* is the way from the file to the folder of pictures;
    *interaction* gives the element of an interaction for the place where it stands."""

    def __init__(self, media: str, interaction: WriteInteraction = nothing) -> None:
        self._media = media
        self._interaction = interaction

    def blocks(self, blocks: Iterable[Block]) -> list[Element]:
        return [self._block(block) for block in blocks]

    def inlines(self, node: Element, inlines: Iterable[Inline]) -> Element:
        """*node* with *inlines* in it."""
        for inline in inlines:
            if isinstance(inline, Text):
                _put(node, inline.text, inline.style)
            else:
                node.append(self._inline(inline))
        return node

    def picture(self, picture: Picture) -> Element:
        made = element("img", {"src": f"{self._media}/{picture.media}"})
        made.set("alt", picture.alt)  # an empty one says that the picture only decorates
        made.set("width", str(picture.width))
        made.set("height", str(picture.height))
        return made

    def recording(self, recording: Recording) -> Element:
        kind = "video" if recording.media_type.startswith("video/") else "audio"
        source = {"src": f"{self._media}/{recording.media}", "aria-label": recording.alt}
        return element(kind, source)

    def catalogs(self, catalogs: tuple[Catalog, ...]) -> list[Element]:
        """The qti-catalog-info with *catalogs*, if there are any."""
        made = []
        for catalog in catalogs:
            cards = []
            for card in catalog.cards:
                one = element(
                    "qti-card", {"support": card.support, f"{{{XML}}}lang": card.language}
                )
                for name, value in card.facts:
                    one.set(f"data-{name}", value)
                if card.body:
                    one.append(element("qti-html-content", {}, *self.blocks(card.body)))
                if card.media:
                    one.append(leaf("qti-file-href", f"{self._media}/{card.media}"))
                cards.append(one)
            made.append(element("qti-catalog", {"id": catalog.identifier}, *cards))
        return [element("qti-catalog-info", {}, *made)] if made else []

    def _inline(self, inline: Inline) -> Element:
        match inline:
            case Break():
                return element("br")
            case Picture():
                return self.picture(inline)
            case Gap(response=response):
                return self._interaction(response)
            case Blank(identifier=name):
                return element("qti-gap", {"identifier": name})
            case HotWords(identifier=name, inlines=inner):
                return self.inlines(element("qti-hottext", {"identifier": name}), inner)
            case Formula(mathml=source):
                return etree.fromstring(source, etree.XMLParser(resolve_entities=False))
            case Ruby(inlines=inner, reading=reading):
                return element("ruby", {}, self.inlines(element("rb"), inner), leaf("rt", reading))
            case Term(catalog=catalog, inlines=inner):
                return self.inlines(element("span", {"data-catalog-idref": catalog}), inner)
            case Printed():
                return _printed(inline)
            case When(inlines=inner):
                return self.inlines(element("qti-template-inline", _condition(inline)), inner)
            case Text():
                raise AssertionError("a text is no element")

    def _block(self, block: Block) -> Element:
        match block:
            case Paragraph(inlines=inlines):
                return self.inlines(element("p"), inlines)
            case Heading(level=level, inlines=inlines):
                return self.inlines(element(f"h{level}"), inlines)
            case Listing(ordered=ordered, entries=entries):
                lines = [element("li", {}, *self.blocks(entry)) for entry in entries]
                return element("ol" if ordered else "ul", {}, *lines)
            case Numbered(marks=marks, entries=entries):
                kind, values = values_of(marks)
                lines = [
                    element("li", {"value": str(value)}, *self.blocks(entry))
                    for value, entry in zip(values, entries, strict=True)
                ]
                return element("ol", {"type": kind}, *lines)
            case Preformatted(text=words):
                return leaf("pre", words)
            case Quotation(blocks=inside):
                return element("blockquote", {}, *self.blocks(inside))
            case Definitions():
                return self._definitions(block)
            case Table():
                return self._table(block)
            case Figure(blocks=inside, caption=caption):
                made = element("figure", {}, *self.blocks(inside))
                if caption:
                    made.append(self.inlines(element("figcaption"), caption))
                return made
            case Details(summary=summary, blocks=inside):
                made = element("details")
                if summary:
                    made.append(self.inlines(element("summary"), summary))
                made.extend(self.blocks(inside))
                return made
            case Slot(response=response):
                return self._interaction(response)
            case Recording():
                return self.recording(block)
            case WhenBlock(blocks=inside):
                return element("qti-template-block", _condition(block), *self.blocks(inside))
            case Rule():
                return element("hr")

    def _definitions(self, block: Definitions) -> Element:
        made = element("dl")
        for entry in block.entries:
            made.extend(self.inlines(element("dt"), term) for term in entry.terms)
            if entry.body:
                made.append(element("dd", {}, *self.blocks(entry.body)))
        return made

    def _table(self, table: Table) -> Element:
        rows = [
            element("tr", {}, *(self.inlines(_cell(cell), cell.inlines) for cell in row))
            for row in table.rows
        ]
        made = element("table", {}, *([leaf("caption", table.caption)] if table.caption else []))
        made.append(element("tbody", {}, *rows))
        return made


def _cell(cell: Cell) -> Element:
    spans = {"colspan": unless(cell.columns, 1), "rowspan": unless(cell.rows, 1)}
    return element("th" if cell.header else "td", spans)


def _condition(part: When | WhenBlock) -> dict[str, str]:
    return {
        "template-identifier": part.variable,
        "identifier": part.value,
        "show-hide": "show" if part.show else "hide",
    }


def _printed(place: Printed) -> Element:
    made = element(
        "qti-printed-variable",
        {
            "identifier": place.identifier,
            "format": place.format,
            "base": unless(place.base, 10),
            "index": unless(place.index, 0),
            "field": place.field,
            "power-form": "true" if place.power_form else "",
        },
    )
    if place.delimiter != ";":
        made.set("delimiter", place.delimiter)
    return made


def _put(node: Element, words: str, style: int) -> None:
    """Adds styled text at the end of *node*."""
    for bit, name in _STYLES:
        if style & bit:
            node.append(element(name))
            node = node[-1]
    if len(node):
        node[-1].tail = (node[-1].tail or "") + words
    else:
        node.text = (node.text or "") + words
