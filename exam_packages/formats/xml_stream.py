"""XML from strangers that is too long to hold: one element after the other, within bounds.

As careful as :mod:`exam_packages.formats.xml` (no DOCTYPE, no entities, no network), but a
large bank costs the memory of its largest element, and what comes before a mistake is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from exam_packages.formats.errors import FormatError
from exam_packages.formats.xml import MAX_DEPTH, MAX_ELEMENTS, Node

MAX_SIZE = 128 * 1024 * 1024
_CHUNK = 16 * 1024


def elements(data: bytes, file: str, root: str, name: str) -> Iterator[Node]:
    """Each element *name* directly below the element *root*, which is the file's first.

    A node is good until the next one is asked for. Raises :class:`FormatError` where the
    file stops being one that is taken in.
    """
    if len(data) > MAX_SIZE:
        raise FormatError(
            "{file} is larger than {limit} MB; split it.", file=file, limit=MAX_SIZE // 2**20
        )
    parser: Any = etree.XMLPullParser(
        events=("start", "end"),
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
    depth = count = 0
    for problem in _fed(parser, data, file):
        for event, element in parser.read_events():
            if event == "start":
                depth, count = depth + 1, count + 1
                if depth == 1:
                    _check_root(element, file, root)
                    count = 0
                if depth > MAX_DEPTH or count > MAX_ELEMENTS:
                    raise FormatError(
                        "{file}, line {line}: an element has too many parts, or they nest too"
                        " deeply; make it simpler.",
                        file=file,
                        line=element.sourceline or 0,
                    )
                continue
            depth -= 1
            if depth == 1:
                if Node(element, file, []).name == name:
                    yield Node(element, file, [])
                count = 0
                parent = element.getparent()
                element.clear()
                if parent is not None:
                    parent.remove(element)
        if problem:
            raise problem


def _fed(parser: Any, data: bytes, file: str) -> Iterator[FormatError | None]:
    """Feeds *parser*, piece by piece; the last piece is the one that it cannot read."""
    view = memoryview(data)
    try:
        for start in range(0, len(data), _CHUNK):
            parser.feed(bytes(view[start : start + _CHUNK]))
            yield None
        parser.close()
    except (etree.XMLSyntaxError, ValueError) as problem:
        yield FormatError(
            "{file}, line {line}: the file is not well-formed XML ({why}). Correct it there;"
            " what comes after it was not read.",
            file=file,
            line=getattr(problem, "lineno", None) or 1,
            why=str(problem)[:200],
        )


def _check_root(element: Any, file: str, root: str) -> None:
    about = element.getroottree().docinfo
    if about.doctype or about.internalDTD is not None:
        raise FormatError(
            "{file} has a DOCTYPE, which is not taken in; remove that line.", file=file
        )
    name = Node(element, file, []).name
    if name != root:
        raise FormatError(
            "{file} begins with <{name}> where <{root}> is expected.",
            file=file,
            name=name,
            root=root,
        )


def child(node: Node, name: str) -> Node | None:
    """The first child element called *name*."""
    return next((each for each in node.mixed() if each.name == name), None)


def children(node: Node, name: str) -> list[Node]:
    """The child elements called *name*."""
    return [each for each in node.mixed() if each.name == name]


def words(node: Node | None, *path: str) -> str:
    """The characters of the element that *path* leads to; empty where there is none."""
    for name in path:
        node = child(node, name) if node else None
    return node.all_text() if node else ""
