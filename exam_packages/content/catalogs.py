"""Catalogues: help with the words of an item, for candidates who are granted it.

QTI 3 takes these from APIP: a word in a body names a catalogue
(:class:`~exam_packages.content.text.Term`), whose cards each hold one kind of help,
such as a glossary, a translation or words to speak. Whether a candidate may have a kind
of help is decided for the candidate, not here.
"""

from __future__ import annotations

from exam_packages.canon import Object
from exam_packages.content.text import Block


class Card(Object):
    """One kind of help, in one language (empty: the item's own).

    ``support`` is QTI's name of the kind: ``glossary-on-screen``, ``keyword-translation``,
    ``linguistic-guidance``, ``spoken``, ``braille``, ``sign-language``… ``media`` is the
    name of a recording or picture, or empty; ``facts`` are what else the card says, as
    pairs of a name and a value (QTI ``data-…`` attributes, such as the reading type).
    """

    support: str
    language: str
    body: tuple[Block, ...]
    media: str
    facts: tuple[tuple[str, str], ...]


class Catalog(Object):
    """All the help there is for one place of a body."""

    identifier: str
    cards: tuple[Card, ...]
