"""XML from strangers: no DOCTYPE, no entities, no network, no size without a bound.

:class:`Node` gives a reader an element whose every attribute and child must be asked
for; what nobody asked for is refused with its file and line, so nothing an author
wrote can be dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from exam_packages.formats.errors import FormatError

MAX_SIZE = 2 * 1024 * 1024
MAX_DEPTH = 60
MAX_ELEMENTS = 50_000

XML = "http://www.w3.org/XML/1998/namespace"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

_IGNORED = re.compile(r"id|label|class|data-.+|aria-.+|role")
"""Attributes that serve authors' tools and styling, and change nothing we show."""


def parse(data: bytes, file: str) -> Node:
    """The root of an XML file. Raises :class:`FormatError`."""
    if len(data) > MAX_SIZE:
        raise FormatError(
            "{file} has {size} bytes; at most {limit} are allowed in one file of text.",
            file=file,
            size=len(data),
            limit=MAX_SIZE,
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", None) or 1
        raise FormatError(
            "{file}, line {line}: the file is not well-formed XML ({why}). Correct it there.",
            file=file,
            line=line,
            why=str(problem)[:200],
        ) from None
    about: Any = root.getroottree().docinfo  # lxml-stubs know neither attribute
    if about.doctype or about.internalDTD is not None:
        raise FormatError(
            "{file} has a DOCTYPE, which is not taken in; remove that line.", file=file
        )
    node = Node(root, file, 1)
    for count, (depth, _) in enumerate(_walk(root)):
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise FormatError(
                "{file} has too many elements, or they nest too deeply; split it.", file=file
            )
    return node


def _walk(root: etree._Element) -> Iterator[tuple[int, etree._Element]]:
    pending = [(1, root)]
    while pending:
        depth, element = pending.pop()
        yield depth, element
        pending.extend((depth + 1, child) for child in element)


def split_name(name: Any) -> tuple[str, str]:
    """The namespace, or nothing, and the local part of lxml's name of an element or attribute.

    ``etree.QName`` would raise ``ValueError`` for names that lxml itself lets in, such as
    ``a:``.
    """
    namespace, _, local = str(name).rpartition("}")
    return namespace.removeprefix("{"), local


class Node:
    """An element of a file, with its place for messages."""

    def __init__(self, element: etree._Element, file: str, depth: int) -> None:
        self._element = element
        self._depth = depth
        self.file = file
        self.namespace, self.name = split_name(element.tag)

    @property
    def line(self) -> int:
        element: Any = self._element  # lxml-stubs give its line no type
        return int(element.sourceline or 0)

    @property
    def text(self) -> str:
        """The characters before the first child."""
        return self._element.text or ""

    @property
    def tail(self) -> str:
        """The characters after this element, which belong to its parent."""
        return self._element.tail or ""

    def error(self, template: str, **fields: str | int) -> FormatError:
        """An error at this element; *template* goes on after the place."""
        return FormatError(
            "{file}, line {line}, <{element}>: " + template,
            file=self.file,
            line=self.line,
            element=self.name,
            **fields,
        )

    def unsupported(self) -> FormatError:
        return self.error("this element is not supported here; leave it out or ask for it.")

    def children(self) -> list[Node]:
        """The child elements; characters between them must be white space."""
        children = self.mixed()
        if self.text.strip() or any(child.tail.strip() for child in children):
            raise self.error("there is text where only elements may stand; put it in one.")
        return children

    def mixed(self) -> list[Node]:
        """The child elements, with characters between them allowed."""
        return [Node(child, self.file, self._depth + 1) for child in self._element]

    def only_text(self) -> str:
        """The characters of an element without children."""
        if len(self._element):
            raise self.error("only text may stand here; remove the elements in it.")
        return self.text.strip()

    def all_text(self) -> str:
        return "".join(str(part) for part in self._element.itertext()).strip()

    def get(self, name: str) -> str | None:
        return self._element.get(name)

    @property
    def language(self) -> str:
        return self._element.get(f"{{{XML}}}lang", "").strip()

    def attributes(self, **known: str | None) -> dict[str, str]:
        """The attributes, by name with ``_`` for ``-``; *known* gives each its default.

        ``None`` marks an attribute that must be there. Any other is refused.
        """
        found = {key: value for key, value in known.items() if value is not None}
        for full, value in self._element.attrib.items():
            namespace, name = split_name(full)
            if namespace in (XSI, XML):
                if name == "base":
                    raise self.error("xml:base is not supported; write whole names instead.")
                continue
            key = name.replace("-", "_")
            if not namespace and key in known:
                found[key] = str(value).strip()
            elif name == "class" and "qti-" in str(value):
                raise self.error(
                    "the class “{value}” asks for a presentation that is not supported;"
                    " leave it out.",
                    value=str(value)[:60],
                )
            elif not _IGNORED.fullmatch(name):
                raise self.error(
                    "the attribute {name}=“{value}” is not supported here; leave it out.",
                    name=name,
                    value=str(value)[:60],
                )
        for key in known:
            if key not in found:
                raise self.error("the attribute {name} is missing.", name=key.replace("_", "-"))
        return found

    def number(self, name: str, text: str, most: int = 1_000_000) -> int:
        """The whole number from 0 to *most* that the attribute *name* has."""
        if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) > most:
            raise self.error(
                "{name}=“{value}” must be a whole number from 0 to {most}.",
                name=name,
                value=text[:40],
                most=most,
            )
        return int(text)

    def truth(self, name: str, text: str) -> bool:
        """The boolean that the attribute *name* has."""
        if text not in ("true", "false", "1", "0"):
            raise self.error("{name}=“{value}” must be true or false.", name=name, value=text[:40])
        return text in ("true", "1")

    def identifier(self, name: str, text: str) -> str:
        """The identifier that the attribute *name* has."""
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", text):
            raise self.error(
                "{name}=“{value}” must be an identifier: letters, digits, dots, dashes and"
                " underscores, at most 64.",
                name=name,
                value=text[:80],
            )
        return text
