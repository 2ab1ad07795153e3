"""XML Schema's regular expressions, matched in time proportional to the text.

QTI's *pattern-mask*, which tells a candidate whether an answer has the wanted form, and
*pattern-match*, which scores, use the language of XML Schema Part 2, appendix F. It is
matched here by following all possibilities at once (Thompson's construction, with the sets
of states remembered), so no pattern and no answer can make a match take exponential time, as
backtracking engines do.

A pattern always has to match the whole text. ``^`` and ``$``, which are ordinary characters
in XML Schema and anchors nearly everywhere else, are refused unless they are escaped.
Categories of characters are those of Python's Unicode tables; Unicode blocks
(``\\p{IsGreek}``) are not supported.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from exam_packages.errors import ExamError

MAX_LENGTH = 1_000
MAX_STATES = 3_000
MAX_NESTING = 30
MAX_STEPS = 100_000
"""States looked at in one match; beyond it a person decides."""
_MAX_REMEMBERED = 50_000
"""States in all the sets that one pattern remembers; then it begins anew."""

Chars = Callable[[str], bool]


class PatternError(ExamError):
    """A pattern that is not one, or that would take too long on an answer."""


_CATEGORIES = frozenset(
    major + minor
    for major, minors in {
        "L": "ultmo", "M": "nce", "N": "dlo", "P": "cdseifo", "Z": "slp", "S": "mcko", "C": "cfon",
    }.items()
    for minor in ("", *minors)
)  # fmt: skip
_COUNTS = re.compile(r"([0-9]{1,5})(?:(,)([0-9]{1,5})?)?\}")


def _category(name: str) -> Chars:
    return lambda char: unicodedata.category(char).startswith(name)


def _not(chars: Chars) -> Chars:
    return lambda char: not chars(char)


def _letter(char: str) -> bool:
    """XML's characters that a name can begin with."""
    return char in "_:" or char.isalpha()


def _name(char: str) -> bool:
    return _letter(char) or char in "-.\u00b7" or unicodedata.category(char)[0] in "MN"


def _word(char: str) -> bool:
    return unicodedata.category(char)[0] not in "PZC"


_ESCAPES: dict[str, Chars] = {
    "s": lambda char: char in " \t\n\r",
    "i": _letter,
    "c": _name,
    "d": _category("Nd"),
    "w": _word,
}
_SINGLE = {"n": "\n", "r": "\r", "t": "\t"}


def _any(char: str) -> bool:
    return char not in "\n\r"


def _one(wanted: str) -> Chars:
    return lambda char: char == wanted


class Pattern:
    """A compiled pattern. Raises :class:`PatternError` for what is none."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_LENGTH:
            raise PatternError("The pattern is longer than {limit} characters.", limit=MAX_LENGTH)
        self._free: list[list[int]] = []
        self._moves: list[tuple[Chars, int] | None] = []
        tree = _Reader(pattern).read()
        start, self._end = self._state(), self._state()
        self._build(tree, start, self._end)
        self._start = frozenset(self._closure([start]))
        self._known: dict[frozenset[int], dict[str, frozenset[int]]] = {}
        self._remembered = 0

    def matches(self, text: str) -> bool:
        """Whether the whole *text* matches. Raises :class:`PatternError` when it would take
        more than ``MAX_STEPS``."""
        states, steps = self._start, 0
        for char in text:
            moves = self._known.get(states)
            after = None if moves is None else moves.get(char)
            if after is None:
                steps += len(states)
                if steps > MAX_STEPS:
                    raise PatternError("A pattern would take too long on this answer.")
                after = self._step(states, char)
            if not after:
                return False
            states = after
        return self._end in states

    def _step(self, states: frozenset[int], char: str) -> frozenset[int]:
        targets = [
            move[1] for move in map(self._moves.__getitem__, states) if move and move[0](char)
        ]
        after = frozenset(self._closure(targets))
        if self._remembered >= _MAX_REMEMBERED:
            self._known.clear()
            self._remembered = 0
        self._remembered += 1 + len(after)
        self._known.setdefault(states, {})[char] = after
        return after

    def _closure(self, states: list[int]) -> set[int]:
        reached, pending = set(states), list(states)
        while pending:
            for after in self._free[pending.pop()]:
                if after not in reached:
                    reached.add(after)
                    pending.append(after)
        return reached

    def _state(self) -> int:
        if len(self._free) >= MAX_STATES:
            raise PatternError(
                "The pattern has more than {limit} states; give its repetitions smaller counts.",
                limit=MAX_STATES,
            )
        self._free.append([])
        self._moves.append(None)
        return len(self._free) - 1

    def _build(self, tree: _Tree, start: int, end: int) -> None:
        match tree:
            case _Chars(chars):
                self._moves[start] = (chars, end)
            case _Sequence(parts):
                at = start
                for part in parts:
                    after = self._state()
                    self._build(part, at, after)
                    at = after
                self._free[at].append(end)
            case _Alternatives(parts):
                for part in parts:
                    first = self._state()
                    self._free[start].append(first)
                    self._build(part, first, end)
            case _Repeated(part, least, most):
                at = start
                for count in range(least if most is None else most):
                    if count >= least:
                        self._free[at].append(end)
                    after, inner = self._state(), self._state()
                    self._free[at].append(inner)
                    self._build(part, inner, after)
                    at = after
                if most is None:
                    loop, inner = self._state(), self._state()
                    self._free[at].append(loop)
                    self._free[loop] += [inner, end]
                    self._build(part, inner, loop)
                else:
                    self._free[at].append(end)


@lru_cache(maxsize=128)
def compiled(pattern: str) -> Pattern:
    """The pattern, made ready once. Raises :class:`PatternError`."""
    return Pattern(pattern)


@dataclass(frozen=True, slots=True)
class _Chars:
    chars: Chars


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: list[_Tree]


@dataclass(frozen=True, slots=True)
class _Alternatives:
    parts: list[_Tree]


@dataclass(frozen=True, slots=True)
class _Repeated:
    part: _Tree
    least: int
    most: int | None


_Tree: TypeAlias = _Chars | _Sequence | _Alternatives | _Repeated


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def read(self) -> _Tree:
        tree = self._alternatives(0)
        if self._at < len(self._pattern):
            raise self._error("has a “)” too many")
        return tree

    def _error(self, what: str) -> PatternError:
        return PatternError(
            "The pattern {what} (character {place}).", what=what, place=self._at + 1
        )

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        char = self._peek()
        self._at += 1
        return char

    def _alternatives(self, depth: int) -> _Tree:
        if depth > MAX_NESTING:
            raise self._error("nests too deeply")
        parts = [self._sequence(depth)]
        while self._peek() == "|":
            self._take()
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else _Alternatives(parts)

    def _sequence(self, depth: int) -> _Tree:
        parts: list[_Tree] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom(depth)))
        return _Sequence(parts)

    def _atom(self, depth: int) -> _Tree:
        char = self._take()
        if char == "(":
            tree = self._alternatives(depth + 1)
            if self._take() != ")":
                raise self._error("lacks a “)”")
            return tree
        if char == "[":
            return _Chars(self._class(0))
        if char == "\\":
            return _Chars(self._escape()[0])
        if char == ".":
            return _Chars(_any)
        if char in "^$":
            raise self._error(
                "has “^” or “$”, which are not needed: the whole answer must always match"
            )
        if char in "*+?{}]":
            raise self._error(f"has a “{char}” where none can stand; write it as “\\{char}”")
        return _Chars(_one(char))

    def _repeated(self, tree: _Tree) -> _Tree:
        char = self._peek()
        if char not in ("*", "+", "?", "{"):
            return tree
        self._take()
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(char, (0, None))
        if char == "{":
            found = _COUNTS.match(self._pattern, self._at)
            if found is None:
                raise self._error("has a “{” without a count; write it as “\\{”")
            self._at = found.end()
            least = int(found[1])
            most = int(found[3]) if found[3] else None if found[2] else least
            if least > MAX_STATES or (most is not None and most < least):
                raise self._error("repeats too often, or less than it must")
        if self._peek() in ("*", "+", "?", "{"):
            raise self._error("has two repetitions in a row")
        return _Repeated(tree, least, most)

    def _escape(self) -> tuple[Chars, str]:
        """What an escape stands for, and the one character that it is, if it is one."""
        char = self._take()
        if char.lower() in _ESCAPES:
            chars = _ESCAPES[char.lower()]
            return (chars if char.islower() else _not(chars)), ""
        if char in ("p", "P"):
            end = self._pattern.find("}", self._at)
            name = self._pattern[self._at + 1 : end]
            if self._peek() != "{" or end < 0 or name not in _CATEGORIES:
                raise self._error("has a category of characters that is not supported")
            self._at = end + 1
            chars = _category(name)
            return (chars if char == "p" else _not(chars)), ""
        char = _SINGLE.get(char, char)
        if not char or char.isalnum():
            raise self._error("has an escape that is not known")
        return _one(char), char

    def _class(self, depth: int) -> Chars:
        """A class of characters, its “[” taken: members, ranges, and what is subtracted."""
        if depth > MAX_NESTING:
            raise self._error("nests too deeply")
        negated = self._peek() == "^"
        self._at += negated
        singles: set[str] = set()
        ranges: list[tuple[str, str]] = []
        others: list[Chars] = []
        minus: Chars | None = None
        first = True
        while (char := self._take()) != "]":
            if char == "-" and self._peek() == "[" and not first:
                self._take()
                minus = self._class(depth + 1)
                if self._take() != "]":
                    raise self._error("has something after a subtraction in a class")
                break
            if not char:
                raise self._error("lacks a “]”")
            if char == "[":
                raise self._error("has a “[” in a class; write it as “\\[”")
            if char == "\\":
                chars, char = self._escape()
                if not char:
                    others.append(chars)
            if (
                char
                and self._peek() == "-"
                and self._pattern[self._at + 1 : self._at + 2] not in ("]", "[")
            ):
                self._take()
                last = self._take()
                if last == "\\":
                    last = self._escape()[1]
                if not last or last < char:
                    raise self._error("has a range in a class that is none")
                ranges.append((char, last))
            elif char:
                singles.add(char)
            first = False
        if first:
            raise self._error("has an empty class")

        def inside(char: str) -> bool:
            found = (
                char in singles
                or any(low <= char <= high for low, high in ranges)
                or any(other(char) for other in others)
            )
            return found != negated and not (minus and minus(char))

        return inside
