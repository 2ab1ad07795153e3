"""QTI 3's catalogues: glossary, keyword translation, linguistic guidance, words to speak."""

from __future__ import annotations

import re

from exam_packages.content.catalogs import Card, Catalog
from exam_packages.content.text import Block
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti.body import Body
from exam_packages.formats.qti.inlines import one_line
from exam_packages.formats.xml import Node

_PICTURE = re.compile(r"image/|.*\.(png|jpe?g|webp|gif)$", re.IGNORECASE)


def read(body: Body, node: Node) -> tuple[Catalog, ...]:
    """The catalogues in a qti-catalog-info. Raises ``FormatError``."""
    found = []
    for child in node.children():
        if child.name != "qti-catalog":
            raise child.unsupported()
        child.attributes()
        identifier = child.get("id") or ""
        if not identifier:
            raise child.error("a catalogue needs an id, by which words name it.")
        cards = [each for card in child.children() for each in _cards(body, card)]
        found.append(Catalog(identifier, tuple(cards)))
    return tuple(found)


def _cards(body: Body, node: Node) -> list[Card]:
    if node.name != "qti-card":
        raise node.unsupported()
    support = node.attributes(support=None)["support"]
    entries = [child for child in node.mixed() if child.name == "qti-card-entry"]
    return [_card(body, each, support, node.language) for each in entries or [node]]


def _card(body: Body, node: Node, support: str, language: str) -> Card:
    node.attributes(support="", default="")
    blocks: tuple[Block, ...] = ()
    media = ""
    for child in node.mixed():
        match child.name:
            case "qti-html-content":
                child.attributes()
                blocks += body.blocks(child)
            case "qti-file-href":
                media = _file(body, child) or media
            case "qti-card-entry" | "qti-resource-icon":
                pass
            case _:
                raise child.unsupported()
    facts = tuple(
        (name.removeprefix("data-"), one_line(value))
        for name, value in node.data()
        if name != "data-catalog-idref"
    )
    return Card(support, node.language or language, blocks, media, facts)


def _file(body: Body, node: Node) -> str:
    kind = node.attributes(mime_type="")["mime_type"]
    href = node.all_text()
    likely = bool(_PICTURE.match(kind or href))
    name = ""
    for picture in (likely, not likely):  # known by its bytes, as everywhere
        try:
            name = (body.library.picture if picture else body.library.recording)(node, href)[0]
            break
        except FormatError as problem:
            if picture == likely:
                refusal = problem
    if not name:
        node.change("a file of the catalogue was left out: {why}", why=str(refusal))
        return ""
    body.media.add(name)
    return name
