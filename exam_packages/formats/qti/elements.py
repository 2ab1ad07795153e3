"""Writing QTI 3: elements, and the blocks of the content room as XHTML."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lxml import etree

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
    Rule,
    Slot,
    Table,
    Text,
)
from exam_packages.formats.errors import FormatError
from exam_packages.formats.xml import XML, split_name

Element = etree._Element
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
_MIXED = frozenset(
    (
        *("p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "td", "th", "caption", "qti-value"),
        *("qti-simple-choice", "qti-inline-choice", "qti-simple-associable-choice"),
        *("qti-base-value", "schema", "schemaversion", "value", "id"),
    )
)
"""Elements in which white space is text, so that none may be put there."""


def element(name: str, attributes: dict[str, str] | None = None, *children: Element) -> Element:
    """An element; attributes that are empty are left out."""
    made = etree.Element(name)
    for key, value in (attributes or {}).items():
        if value:
            made.set(key, value)
    made.extend(children)
    return made


def leaf(name: str, content: str, **attributes: str) -> Element:
    """An element that holds text alone."""
    made = element(name, attributes)
    made.text = content
    return made


def document(root: Element, namespace: str, language: str = "") -> bytes:
    """The file whose root is *root*, all in *namespace* unless it says otherwise."""
    for each in root.iter():
        if isinstance(each.tag, str) and not each.tag.startswith("{"):
            each.tag = f"{{{namespace}}}{each.tag}"
    default: Any = {None: namespace}  # lxml-stubs know no default namespace
    whole = etree.Element(root.tag, nsmap=default)
    for key, value in root.attrib.items():
        whole.set(key, value)
    if language:
        whole.set(f"{{{XML}}}lang", language)
    whole.extend(list(root))
    _indent(whole)
    etree.cleanup_namespaces(whole, top_nsmap=default)
    return bytes(etree.tostring(whole, xml_declaration=True, encoding="UTF-8")) + b"\n"


def _indent(root: Element) -> None:
    pending = [(root, 0)]
    while pending:
        node, depth = pending.pop()
        if split_name(str(node.tag))[1] in _MIXED or not len(node):
            continue
        node.text = "\n" + "  " * (depth + 1)
        for child in node:
            child.tail = node.text
            pending.append((child, depth + 1))
        node[-1].tail = "\n" + "  " * depth


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
            match inline:
                case Text(text=words, style=style):
                    _put(node, words, style)
                case Break():
                    node.append(element("br"))
                case Picture(media=name, alt=alt, width=width, height=height):
                    given = {"src": f"{self._media}/{name}", "alt": alt}
                    node.append(
                        element("img", given | {"width": str(width), "height": str(height)})
                    )
                case Gap(response=response):
                    node.append(self._interaction(response))
                case _:
                    raise _unwritten(inline)
        return node

    def _block(self, block: Block) -> Element:
        match block:
            case Paragraph(inlines=inlines):
                return self.inlines(element("p"), inlines)
            case Heading(level=level, inlines=inlines):
                return self.inlines(element(f"h{level}"), inlines)
            case Listing(ordered=ordered, entries=entries):
                lines = [element("li", {}, *self.blocks(entry)) for entry in entries]
                return element("ol" if ordered else "ul", {}, *lines)
            case Preformatted(text=words):
                return leaf("pre", words)
            case Quotation(blocks=inside):
                return element("blockquote", {}, *self.blocks(inside))
            case Table():
                return self._table(block)
            case Slot(response=response):
                return self._interaction(response)
            case Rule():
                return element("hr")
            case _:
                raise _unwritten(block)

    def _table(self, table: Table) -> Element:
        rows = [
            element(
                "tr",
                {},
                *(self.inlines(_cell(cell), cell.inlines) for cell in row),
            )
            for row in table.rows
        ]
        made = element("table", {}, *([leaf("caption", table.caption)] if table.caption else []))
        made.append(element("tbody", {}, *rows))
        return made


def _cell(cell: Cell) -> Element:
    columns, rows = (str(each) if each > 1 else "" for each in (cell.columns, cell.rows))
    return element("th" if cell.header else "td", {"colspan": columns, "rowspan": rows})


def _unwritten(part: Block | Inline) -> FormatError:
    return FormatError(
        "A part of the text ({kind}) is not written yet; export the question without it.",
        kind=type(part).__name__,
    )


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
