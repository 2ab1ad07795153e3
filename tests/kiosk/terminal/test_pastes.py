"""Pastes: bounded, cleaned, undone without harm, and quick afterwards."""

from __future__ import annotations

import time
from typing import Any

import pytest
from exam_stations import ENTRY, ESSAY

from exam_packages.content.values import MAX_TEXT

BEGIN, END = b"\x1b[200~", b"\x1b[201~"
UNDO = "\x1a"


def full(s: Any) -> None:
    s.terminal.until(lambda text: "this answer is full" in " ".join(text.split()))


def test_a_megabyte_is_cut_and_the_next_key_is_quick(station: Any) -> None:
    s = station()
    s.go(ESSAY)
    s.terminal.send(BEGIN + b"temperature log\n" * (1 << 16) + END)
    full(s)
    s.terminal.quiet()
    s.terminal.press("backspace", "backspace", "backspace")
    s.terminal.until(lambda text: "characters left" in text)
    began = time.monotonic()
    s.terminal.type("Qx")
    s.terminal.until("Qx")
    print(f"\na key after a paste of 1 MB: {(time.monotonic() - began) * 1e3:.0f} ms")
    s.go(1)
    assert MAX_TEXT - 3 <= len(s.answer(ESSAY)) <= MAX_TEXT


@pytest.mark.slow
def test_a_megabyte_without_brackets_is_no_storm_of_keys(station: Any) -> None:
    s = station()
    s.go(ESSAY)
    s.terminal.send(b"temperature log\r" * (1 << 16))
    full(s)
    s.alive()
    s.go(1)
    assert len(s.answer(ESSAY)) == MAX_TEXT
    assert s.answer(ESSAY).startswith("temperature log\ntemperature log\n")


@pytest.mark.slow
def test_lines_pasted_are_undone(station: Any) -> None:
    s = station()
    s.go(ESSAY)
    s.terminal.type("Before ")
    s.terminal.until("1 word")
    s.terminal.send(BEGIN + b"line\r\n" * 48 + END)
    s.terminal.until("49 words")
    s.terminal.press(UNDO)
    s.terminal.until(lambda text: "49 words" not in text)
    s.terminal.press(*[UNDO] * 10, "\x19", "\x19", "\x19", UNDO, UNDO, UNDO)
    s.terminal.until("0 words")
    s.terminal.type("After")
    s.terminal.until("1 word")
    s.go(1)
    assert s.answer(ESSAY) == "After"


def test_what_is_pasted_is_text_and_nothing_else(station: Any) -> None:
    s = station()
    s.go(ESSAY)
    s.terminal.send(BEGIN + b"a\x00\x07\x08\x1b[2J\x1b]52;c;eA==\x07\x7f\xffz" + END)
    s.terminal.until("1 word")
    s.go(ENTRY)
    s.terminal.send(BEGIN + b"4\x1b[31m\n\n5" + END)
    s.terminal.until("2 of")
    s.terminal.send(BEGIN + b"never ended")
    s.terminal.silence(1.5)
    s.alive()
    s.go(1)
    assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in s.answer(ESSAY))
    assert s.answer(ESSAY).startswith("a") and s.answer(ESSAY).endswith("z")
    assert "\n" not in s.answer(ENTRY)
