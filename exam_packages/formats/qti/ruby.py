"""Ruby: words with their reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_packages.content.text import Inline, Ruby, Text, plain_inlines
from exam_packages.formats.qti.inlines import printable, tidy
from exam_packages.formats.xml import Node

if TYPE_CHECKING:
    from exam_packages.formats.qti.body import Body


def read(body: Body, node: Node) -> list[Inline]:
    """The pairs of words and readings in a ruby element. Raises ``FormatError``."""
    node.attributes()
    found: list[Inline] = []
    bases: list[tuple[Inline, ...]] = []
    readings: list[str] = []

    def close() -> None:
        if len(readings) != len(bases):  # one reading for all, or none
            whole = tidy([inline for base in bases for inline in base])
            bases[:], readings[:] = [whole], ["".join(readings)]
        for base, reading in zip(bases, readings, strict=True):
            found.extend([Ruby(base, reading)] if reading else base)
        bases.clear()
        readings.clear()

    def base(words: tuple[Inline, ...]) -> None:
        if readings:
            close()
        bases.append(words)

    if words := printable(node.text).strip():
        base((Text(words, 0),))
    for child in node.mixed():
        match child.name:
            case "rt" | "rtc":
                readings.append(plain_inlines(body.inlines(child)))
            case "rp":
                pass
            case _:
                base(body.inlines(child))
        if words := printable(child.tail).strip():
            base((Text(words, 0),))
    if bases:
        close()
    return found
