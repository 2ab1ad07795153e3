"""Patterns an author may ask an answer to match, kept harmless.

A pattern runs on the station against what a candidate typed, so it must never take
long. We take the part of XML Schema's patterns that Python reads alike, and count the
ways a match could be tried: a pattern that could be tried in too many is refused.
"""

from __future__ import annotations

import re

from exam_packages.content.values import MAX_TEXT
from exam_packages.errors import ExamError

MAX_LENGTH = 200
MAX_REPEAT = 1_000
MAX_WAYS = 50_000
"""One repetition without a bound over the longest answer, and little besides."""
MAX_NESTING = 10

_ESCAPES = frozenset("dDwWsSnt.\\-[](){}*+?|^$/")


class PatternError(ExamError):
    """A pattern that is not one, or that could take too long."""


def check(pattern: str) -> None:
    """Raise :class:`PatternError` unless ``re.fullmatch(pattern, …)`` is safe and means
    what the author meant."""
    if len(pattern) > MAX_LENGTH:
        raise PatternError("The pattern is longer than {limit} characters.", limit=MAX_LENGTH)
    reader = _Reader(pattern)
    ways = reader.alternatives(0)
    if reader.at < len(pattern):
        raise reader.error("has a “)” too many")
    if ways > MAX_WAYS:
        raise _too_slow()
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as problem:
        raise PatternError("The pattern cannot be read: {why}.", why=str(problem)) from None


def _too_slow() -> PatternError:
    return PatternError(
        "The pattern could take too long to try; give its repetitions small bounds,"
        " for instance [0-9]{{1,6}} instead of [0-9]+."
    )


class _Reader:
    """Reads a pattern once and counts, for each piece, the ways it can be tried."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def error(self, what: str) -> PatternError:
        return PatternError("The pattern {what} (character {place}).", what=what, place=self.at + 1)

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def take(self) -> str:
        char = self.peek()
        self.at += 1
        return char

    def alternatives(self, depth: int) -> int:
        if depth > MAX_NESTING:
            raise self.error("nests too deeply")
        ways = self.sequence(depth)
        while self.peek() == "|":
            self.take()
            ways += self.sequence(depth)
        return ways

    def sequence(self, depth: int) -> int:
        ways = 1
        while self.peek() not in ("", "|", ")"):
            ways *= self.repeated(self.atom(depth))
            if ways > MAX_WAYS:
                raise _too_slow()
        return ways

    def atom(self, depth: int) -> int:
        char = self.take()
        if char == "(":
            if self.peek() == "?":
                raise self.error("has a “(?”, which is not supported")
            ways = self.alternatives(depth + 1)
            if self.take() != ")":
                raise self.error("lacks a “)”")
            return ways
        if char == "[":
            self.character_class()
        elif char == "\\":
            self.escape()
        elif char in "^$":
            raise self.error(
                "has “^” or “$”, which are not needed: the whole answer must always match"
            )
        elif char in "*+?{}]":
            raise self.error(f"has a “{char}” where none can stand; write it as “\\{char}”")
        return 1

    def escape(self) -> None:
        if self.peek() not in _ESCAPES:
            raise self.error("has an escape that is not supported")
        self.take()

    def character_class(self) -> None:
        if self.peek() == "^":
            self.take()
        before = ""
        empty = True
        while (char := self.take()) != "]":
            if not char:
                raise self.error("lacks a “]”")
            if char == "[" or (char == before and char in "-&~|"):
                # Subtraction in one dialect, set operations in a coming one.
                raise self.error(f"has “{char}” in a class; write it as “\\{char}”")
            if char == "\\":
                self.escape()
            before, empty = char, False
        if empty:
            raise self.error("has an empty class")

    def repeated(self, ways: int) -> int:
        char = self.peek()
        if char not in ("*", "+", "?", "{"):
            return ways
        least, most = self.bounds()
        if self.peek() in ("*", "+", "?", "{"):
            raise self.error("has two repetitions in a row")
        if most is None:
            if ways > 1:
                raise _too_slow()
            return MAX_TEXT
        if ways == 1:
            return most - least + 1
        total, tried = 0, 1
        for count in range(most + 1):
            total += tried if count >= least else 0
            tried *= ways
            if tried > MAX_WAYS * MAX_WAYS:
                raise _too_slow()
        return total

    def bounds(self) -> tuple[int, int | None]:
        char = self.take()
        if char != "{":
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        found = re.compile(r"([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\}").match(self.pattern, self.at)
        if found is None:
            raise self.error("has a “{” without a count; write it as “\\{”")
        self.at = found.end()
        least = int(found[1])
        most = int(found[3]) if found[3] else None if found[2] else least
        if least > MAX_REPEAT or (most is not None and not least <= most <= MAX_REPEAT):
            raise self.error(f"repeats more than {MAX_REPEAT} times, or less than it must")
        return least, most
