"""The mouse of a real terminal: dragging over words highlights them, in the record too."""

from __future__ import annotations

from typing import Any

import pytest
from exam_stations import ESSAY, ITEMS
from sitting import eventually

from exam_packages.content.words import words


@pytest.mark.slow
def test_words_dragged_over_in_a_terminal_are_in_the_record(station: Any) -> None:
    s = station()
    s.go(ESSAY)
    s.at(ESSAY)
    s.terminal.send(b"\x1b[17~")
    s.terminal.until("Highlight words of the text")
    s.terminal.send(b"h")
    text = s.terminal.until("Drag over words")
    known = words(ITEMS[ESSAY - 1].body)
    begins = f"{known[0]} {known[1]}"
    y, line = next((y, line) for y, line in enumerate(text.splitlines()) if begins in line)
    x = line.index(begins)
    last = x + len(begins) - 1
    for kind, at, end in ((0, x, "M"), (32, x + 1, "M"), (32, last, "M"), (0, last, "m")):
        s.terminal.send(f"\x1b[<{kind};{at + 1};{y + 1}{end}".encode())
    blob = f"item/{ITEMS[ESSAY - 1].identifier}"
    eventually(lambda: s.attempt().workings.highlights.get(blob) == ((0, 1),), "highlighted")
    s.alive()
