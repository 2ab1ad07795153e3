"""The words of a text by number: where a highlight is, whatever the width of a screen.

Words are counted through the text runs of a body in reading order, from 0. A word is a
run of characters without space inside one text run; a Chinese, Japanese or Korean
character is a word of its own, since there no spaces part them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from exam_packages.content import text
from exam_packages.content.text import Block, Text

_IDEOGRAPH = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_IDEOGRAPH}]|[^\s{_IDEOGRAPH}]+")
_ENDS = re.compile(r"[.!?…。！？][\"'”’»)\]]*\Z")


def words(blocks: tuple[Block, ...]) -> list[str]:
    """The words of *blocks*; a word's number is its index."""
    return [word for run in _runs(blocks) for word in _WORD.findall(run.text)]


def sentences(blocks: tuple[Block, ...]) -> list[tuple[int, int]]:
    """The first and the last word of each sentence; none goes over the end of a block."""
    found: list[tuple[int, int]] = []
    number = first = 0
    for paragraph in _paragraphs(blocks):
        for word in words(paragraph):
            number += 1
            if _ENDS.search(word):
                found.append((first, number - 1))
                first = number
        if number > first:
            found.append((first, number - 1))
            first = number
    return found


def styled(
    blocks: tuple[Block, ...], style: Callable[[int], int], between: Callable[[int], int]
) -> tuple[Block, ...]:
    """*blocks* with more style bits: ``style(n)`` on word *n*, ``between(n)`` on the space
    before it where that is in the same run."""
    number = 0

    def change(run: Text) -> tuple[Text, ...]:
        nonlocal number
        parts: list[Text] = []
        at = 0
        for found in _WORD.finditer(run.text):
            if found.start() > at:
                bits = between(number) if at else 0
                parts.append(Text(run.text[at : found.start()], run.style | bits))
            parts.append(Text(found.group(), run.style | style(number)))
            at = found.end()
            number += 1
        if at < len(run.text):
            parts.append(Text(run.text[at:], run.style))
        return _joined(parts)

    made: tuple[Block, ...] = text.changed(blocks, Text, change)
    return made


def _joined(parts: list[Text]) -> tuple[Text, ...]:
    """*parts* with neighbours of one style made one."""
    joined: list[Text] = []
    for part in parts:
        if joined and joined[-1].style == part.style:
            joined[-1] = Text(joined[-1].text + part.text, part.style)
        else:
            joined.append(part)
    return tuple(joined)


def _runs(thing: object) -> Iterator[Text]:
    return (part for part in text.walk(thing) if isinstance(part, Text))


def _paragraphs(thing: object) -> Iterator[tuple[Any, ...]]:
    """The runs of inlines in *thing*, in reading order."""
    if isinstance(thing, tuple):
        if any(isinstance(each, Text) for each in thing):
            yield thing
        else:
            for each in thing:
                yield from _paragraphs(each)
    elif isinstance(thing, msgspec.Struct):
        for name in thing.__struct_fields__:
            yield from _paragraphs(getattr(thing, name))
