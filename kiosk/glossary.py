"""Help with words: which terms of a text a candidate may look up, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from exam_packages.content import text as rich
from exam_packages.content.catalogs import Card, Catalog
from exam_packages.content.paper import GLOSSARY, TRANSLATION

SUPPORTS = {GLOSSARY: "glossary-on-screen", TRANSLATION: "keyword-translation"}
"""The kind of card (QTI's name) that each tool opens."""

Explained = TypeVar("Explained", bound=msgspec.Struct)


@dataclass(frozen=True)
class Entry:
    """A term as it stands in the text, and the cards that explain it."""

    catalog: str
    words: str
    cards: tuple[Card, ...]


def entries(
    things: Iterable[msgspec.Struct], catalogs: Iterable[Catalog], tools: Iterable[str]
) -> tuple[Entry, ...]:
    """The terms in *things* (items, exhibits) that are explained, each once, in their order."""
    known = _known(catalogs, tools)
    found: dict[str, Entry] = {}
    for part in rich.walk(tuple(things)):
        if isinstance(part, rich.Term) and part.catalog in known:
            words = rich.plain_inlines(part.inlines)
            found.setdefault(part.catalog, Entry(part.catalog, words, known[part.catalog]))
    return tuple(found.values())


def with_terms(thing: Explained, catalogs: Iterable[Catalog], tools: Iterable[str]) -> Explained:
    """*thing* with only those terms marked of which there is something to open."""
    known = _known(catalogs, tools)

    def change(term: rich.Term) -> tuple[rich.Inline, ...]:
        return (term,) if term.catalog in known else term.inlines

    made: Explained = rich.changed(thing, rich.Term, change)
    return made


def _known(catalogs: Iterable[Catalog], tools: Iterable[str]) -> dict[str, tuple[Card, ...]]:
    wanted = {SUPPORTS[tool] for tool in tools if tool in SUPPORTS}
    cards = {
        each.identifier: tuple(card for card in each.cards if card.support in wanted and card.body)
        for each in catalogs
    }
    return {identifier: found for identifier, found in cards.items() if found}
