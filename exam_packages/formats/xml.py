"""XML from strangers: no DOCTYPE, no entities, no network, no size without a bound.

:class:`Node` gives a reader an element whose every attribute and child must be asked
for. What nobody asked for is never dropped in silence: what only concerns looks is left
out and told as a :class:`~exam_packages.formats.report.Change`; the rest is refused, with
its file and line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from lxml import etree

from exam_packages.formats.errors import FormatError
from exam_packages.formats.report import Change

MAX_SIZE = 2 * 1024 * 1024
MAX_DEPTH = 60
MAX_ELEMENTS = 50_000
MAX_CHANGES = 1_000
"""Changes kept of one file: nobody reads more, and files may use one another many times."""

XML = "http://www.w3.org/XML/1998/namespace"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

_IGNORED = re.compile(r"id|label|class|data-.+|aria-.+|role|lang|tabindex|title|tool-.+")
"""Attributes that serve authors' tools and styling, and change nothing we show."""
_LOOKS = frozenset({"dir", "style", "orientation", "interpretation", "long-interpretation"})
"""Attributes of QTI's own elements that change no meaning; of XHTML's all are such."""
SHOWN_CLASSES = frozenset({"qti-match-tabular"})
"""QTI's shared classes that ask for what a station does anyway."""


def parse(data: bytes, file: str, rename: Callable[[etree._Element], None] | None = None) -> Node:
    """The root of an XML file, each element of it given to *rename* first.

    Raises :class:`FormatError`.
    """
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
    if _count(root) > MAX_ELEMENTS or _deeper(root):
        raise FormatError(
            "{file} has too many elements, or they nest too deeply; split it.", file=file
        )
    if rename is not None:
        for element in root.iter(etree.Element):
            rename(element)
    return Node(root, file, [])


_count: Any = etree.XPath("count(//*)")
_deeper: Any = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")


@lru_cache(4096)
def split_name(tag: str) -> tuple[str, str]:
    """The namespace, or nothing, and the local part of lxml's name of an element or attribute.

    ``etree.QName`` would raise ``ValueError`` for names that lxml itself lets in, such as
    ``a:``.
    """
    namespace, _, name = tag.rpartition("}")
    return namespace[1:], name


class Node:
    """An element of a file, with its place for messages.

    ``changes`` is one list for the whole file: what was taken in otherwise than written.
    """

    def __init__(self, element: etree._Element, file: str, changes: list[Change]) -> None:
        self._element = element
        self.file = file
        self.changes = changes
        self.namespace, self.name = split_name(str(element.tag))

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

    def change(self, template: str, **fields: str | int) -> None:
        """Tell of something here that is taken in otherwise; *template* as in :meth:`error`."""
        where = "{file}, line {line}, <{element}>: "
        change = Change(
            where + template, file=self.file, line=self.line, element=self.name, **fields
        )
        self.tell((change,))

    def tell(self, changes: Iterable[Change]) -> None:
        """Add *changes* to those of the file, of which only so many are listed."""
        for change in changes:
            if len(self.changes) == MAX_CHANGES:
                self.changes.append(
                    Change("{file}: further changes are not listed.", file=self.file)
                )
            if len(self.changes) > MAX_CHANGES:
                return
            self.changes.append(change)

    def unsupported(self) -> FormatError:
        return self.error("this element is not supported here; leave it out or ask for it.")

    @property
    def element(self) -> etree._Element:
        """The element itself, for what reads no more than its names and text."""
        return self._element

    def at(self, element: etree._Element) -> Node:
        """The node of an element below this one."""
        return Node(element, self.file, self.changes)

    def xml(self) -> str:
        """The element as it is written, without what follows it."""
        return etree.tostring(self._element, encoding="unicode", with_tail=False)

    def tails(self) -> list[str]:
        """The characters after each child element."""
        return [child.tail or "" for child in self._element]

    def children(self) -> list[Node]:
        """The child elements; characters between them must be white space."""
        children = self.mixed()
        if self.text.strip() or any(child.tail.strip() for child in children):
            raise self.error("there is text where only elements may stand; put it in one.")
        return children

    def mixed(self) -> list[Node]:
        """The child elements, with characters between them allowed."""
        return [Node(child, self.file, self.changes) for child in self._element]

    def only_text(self) -> str:
        """The characters of an element without children."""
        if len(self._element):
            raise self.error("only text may stand here; remove the elements in it.")
        return self.text.strip()

    def all_text(self) -> str:
        return "".join(str(part) for part in self._element.itertext()).strip()

    def get(self, name: str) -> str | None:
        return self._element.get(name)

    def data(self) -> list[tuple[str, str]]:
        """The ``data-…`` attributes."""
        return [
            (str(name), str(value))
            for name, value in self._element.attrib.items()
            if str(name).startswith("data-")
        ]

    @property
    def base(self) -> str:
        """The folder that the element's own names begin from (xml:base)."""
        return self._element.get(f"{{{XML}}}base", "").strip()

    @property
    def language(self) -> str:
        return self._element.get(f"{{{XML}}}lang", "").strip()

    def attributes(self, **known: str | None) -> dict[str, str]:
        """The attributes, by name with ``_`` for ``-``; *known* gives each its default.

        ``None`` marks an attribute that must be there. Any other is a change if it only
        concerns looks, and refused if it could mean something.
        """
        found = {key: value for key, value in known.items() if value is not None}
        for full, value in self._element.attrib.items():
            namespace, name = split_name(str(full))
            if namespace in (XSI, XML):
                if name == "base" and str(value):
                    raise self.error("xml:base is not supported; write whole names instead.")
                continue
            key = name.replace("-", "_")
            if not namespace and key in known:
                found[key] = str(value).strip()
            elif name == "class":
                self._classes(str(value))
            elif not _IGNORED.fullmatch(name):
                self._left_out(namespace, name, str(value))
        for key in known:
            if key not in found:
                raise self.error("the attribute {name} is missing.", name=key.replace("_", "-"))
        return found

    def _classes(self, value: str) -> None:
        asked = [
            each for each in value.split() if each.startswith("qti-") and each not in SHOWN_CLASSES
        ]
        if asked:
            self.change(
                "the presentation that the class “{value}” asks for was left out.",
                value=" ".join(asked)[:60],
            )

    def _left_out(self, namespace: str, name: str, value: str) -> None:
        own = self.name.startswith("qti-") and not namespace
        if own and name not in _LOOKS:
            raise self.error(
                "the attribute {name}=“{value}” is not supported here; leave it out.",
                name=name,
                value=value[:60],
            )
        self.change(
            "the attribute {name}=“{value}”, which only concerns looks, was left out.",
            name=name,
            value=value[:60],
        )

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
