"""Moodle's texts with words to select or to drag: ``[[2]]`` is the gap for the second word."""

from __future__ import annotations

import re
from fractions import Fraction

from exam_packages.assessment import Shuffle
from exam_packages.content.items import InlineChoice
from exam_packages.formats import building
from exam_packages.formats.errors import FormatError
from exam_packages.formats.html import Html, mark
from exam_packages.formats.moodle.cloze import MAX_GAPS
from exam_packages.formats.parts import Part
from exam_packages.formats.xml import Node
from exam_packages.formats.xml_stream import children, words

_GAP = re.compile(r"\[\[([0-9]{1,3})\]\]")


def gap_text(
    node: Node, html: str, points: Fraction, reader: Html
) -> tuple[str, list[Part], list[Shuffle]]:
    """*html* with its gaps marked, and a menu for each, of the words of the right word's group.

    Every gap is worth the same. Raises ``FormatError``.
    """
    options = children(node, "selectoption") or children(node, "dragbox")
    bodies = building.read_each(options, lambda each: reader.inlines(words(each, "text")))
    groups = [words(each, "group") or "1" for each in options]
    found = list(zip(groups, bodies, strict=True))
    right = [int(each) for each in _GAP.findall(html)]
    if not 0 < len(right) <= MAX_GAPS or not all(0 < each <= len(found) for each in right):
        raise FormatError(
            "The text needs gaps like [[1]], at most {limit}, each for a word that there is.",
            limit=MAX_GAPS,
        )
    shuffle = words(node, "shuffleanswers").strip().lower() in ("1", "true")
    parts: list[Part] = []
    shuffles = []
    for name, wanted in zip(building.response_names(len(right)), right, strict=True):
        group, _ = found[wanted - 1]
        members = [index for index, (each, _) in enumerate(found, 1) if each == group]
        menu = building.choices([found[index - 1][1] for index in members])
        worths = [points / len(right) if index == wanted else Fraction(0) for index in members]
        parts.append(building.one_of(InlineChoice(name, menu), worths))
        if shuffle:
            shuffles.append(Shuffle(name, frozenset()))
    marks = iter(range(len(right)))
    return _GAP.sub(lambda _: mark(next(marks)), html), parts, shuffles
