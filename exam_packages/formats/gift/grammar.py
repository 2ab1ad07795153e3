"""GIFT's grammar: a file into entries, each with what stands in its braces.

An entry is the lines between two blank lines. A control character after a backslash means
itself; those are set aside first, as private characters, so that every mark that is left
is one of the grammar. Reading is one pass over each text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from exam_packages.formats.errors import FormatError
from exam_packages.formats.html import unmarked

FORMATS = ("html", "markdown", "plain", "moodle")
MAX_ENTRY = 256 * 1024
MAX_ANSWERS = 1_000

_SPECIAL = "\\~=#{}:"
_ASIDE = {char: chr(0xE010 + index) for index, char in enumerate(_SPECIAL)} | {"n": "\ue01f"}
_BACK = str.maketrans({aside: "\n" if char == "n" else char for char, aside in _ASIDE.items()})
_ESCAPE = re.compile(r"\\([\\~=#{}:n])")
_TAG = re.compile(r"\[(id|tag):([^\]\x00-\x1f\x7f]{1,200})\]")


@dataclass(frozen=True, slots=True)
class Text:
    """A text and its format, empty where none is given."""

    form: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: *right* after ``=``, wrong after ``~``; *weight* in percent as written.

    ``text`` of a matching answer is its left side and ``pair`` its right side.
    """

    right: bool
    weight: str
    text: Text
    feedback: Text | None = None
    pair: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A question. ``kind`` is one of ``description``, ``essay``, ``truth``, ``choice``,
    ``short``, ``number`` and ``match``; ``tail`` is what follows the braces."""

    line: int
    kind: str
    identifier: str
    tags: tuple[str, ...]
    category: str
    title: str
    stem: Text
    tail: str = ""
    answers: tuple[Answer, ...] = ()
    truth: bool = False
    feedback: tuple[Text, ...] = ()
    general: Text | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """What ``$CATEGORY:`` names for the entries after it."""

    name: str


@dataclass(frozen=True, slots=True)
class Broken:
    """An entry that is not GIFT, and why."""

    line: int
    problem: FormatError


def parse(text: str) -> Iterator[Category | Entry | Broken]:
    """The entries of a file, in order; one that cannot be read does not end the reading."""
    category = ""
    for line, lines, comments in _paragraphs(text):
        if (first := lines[0].strip()).startswith("$CATEGORY:"):
            category = first.removeprefix("$CATEGORY:").strip()
            yield Category(category)
            lines = lines[1:]
            if not lines:
                continue
        tags: dict[str, list[str]] = {"id": [], "tag": []}
        for comment in comments:
            for found in _TAG.finditer(comment):
                tags[found[1]].append(found[2].strip())
        try:
            entry = _entry(line, "\n".join(lines))
        except FormatError as problem:
            yield Broken(line, problem)
            continue
        yield replace(
            entry,
            identifier=tags["id"][-1] if tags["id"] else "",
            tags=tuple(tags["tag"]),
            category=category,
        )


def _paragraphs(text: str) -> Iterator[tuple[int, list[str], list[str]]]:
    """Each entry's first line number, its lines, and the comments in and before it."""
    lines: list[str] = []
    comments: list[str] = []
    start = 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip(" \t\ufeff")
        if line.startswith("//"):
            comments.append(line)
        elif line:
            start = start if lines else number
            lines.append(raw.strip("\ufeff"))
        elif lines:
            yield start, lines, comments
            lines, comments = [], []
    if lines:
        yield start, lines, comments


def _entry(line: int, raw: str) -> Entry:
    if len(raw) > MAX_ENTRY:
        raise FormatError(
            "The question has more than {limit} characters; make it shorter.", limit=MAX_ENTRY
        )
    text = _ESCAPE.sub(lambda found: _ASIDE[found[1]], unmarked(raw)).strip()
    title = ""
    if text.startswith("::"):
        title, closed, rest = text[2:].partition("::")
        if not closed:
            raise FormatError("A title begins with “::” and does not end; close it with “::”.")
        text = rest.strip()
    before, opened, rest = text.partition("{")
    stem = _formatted(before, "moodle")
    if "}" in before:
        raise FormatError("A “}}” has no “{{”; write it as “\\}}”.")
    if not opened:
        return Entry(line, "description", "", (), "", _plain(title), stem)
    inside, closed, tail = rest.partition("}")
    if not closed or "{" in inside:
        raise FormatError(
            "The braces of the answers are not closed, or stand in one another; blank lines"
            " inside them are not possible, and a brace that is meant is written “\\{{”."
        )
    if "{" in tail or "}" in tail:
        raise FormatError("There are two sets of answers in braces; make two questions.")
    answers, mark, general = inside.partition("####")
    found = _answers(answers.strip(), stem.form)
    return replace(
        found,
        line=line,
        title=_plain(title),
        stem=stem,
        tail=_back(tail.rstrip()) if tail.strip() else "",
        general=_formatted(general, stem.form) if mark and general.strip() else None,
    )


_EMPTY = Entry(0, "essay", "", (), "", "", Text("", ""))


def _answers(text: str, form: str) -> Entry:
    """What stands in the braces decides the kind, in Moodle's own order."""
    if not text:
        return _EMPTY
    if text.startswith("#"):
        return replace(_EMPTY, kind="number", answers=_numbers(text[1:], form))
    if "~" in text:
        return replace(_EMPTY, kind="choice", answers=_split(text, form))
    if text.startswith("=") and "->" in text:
        return replace(_EMPTY, kind="match", answers=_pairs(text, form))
    word, *feedback = text.split("#")
    if (upper := word.strip().upper()) in ("T", "F", "TRUE", "FALSE"):
        told = tuple(_formatted(each, form) for each in feedback)
        return replace(_EMPTY, kind="truth", truth=upper.startswith("T"), feedback=told)
    return replace(_EMPTY, kind="short", answers=_split(text, form))


def _split(text: str, form: str) -> tuple[Answer, ...]:
    """The answers of *text*, each after its ``=`` or ``~``."""
    first, *rest = re.split("([=~])", text)
    pieces = list(zip(rest[::2], rest[1::2], strict=True))
    if first.strip():
        # One answer may stand without a mark, and is right.
        pieces.insert(0, ("=", first))
    if len(pieces) > MAX_ANSWERS:
        raise FormatError("The question has more than {limit} answers.", limit=MAX_ANSWERS)
    return tuple(_answer(sign == "=", piece, form) for sign, piece in pieces)


def _answer(right: bool, piece: str, form: str) -> Answer:
    weight, piece = _weight(piece.strip())
    text, told, feedback = piece.partition("#")
    return Answer(
        right,
        weight,
        _formatted(text, form),
        _formatted(feedback, form) if told and feedback.strip() else None,
    )


def _weight(piece: str) -> tuple[str, str]:
    if piece.startswith("%"):
        weight, closed, rest = piece[1:].partition("%")
        if not closed or len(weight) > 20:
            raise FormatError("A weight is not closed; write it like “%50%”.")
        return weight.strip(), rest.strip()
    return "", piece


def _numbers(text: str, form: str) -> tuple[Answer, ...]:
    text = text.strip()
    if not text:
        raise FormatError("The number is missing after “#”; write it there.")
    return _split(text, form)


def _pairs(text: str, form: str) -> tuple[Answer, ...]:
    found = []
    for answer in _split(text, form):
        left, arrow, right = answer.text.text.partition("->")
        if not arrow:
            raise FormatError(
                "A line of the matching question has no “->”; pair it or leave it out."
            )
        found.append(replace(answer, text=Text(answer.text.form, left.strip()), pair=right.strip()))
    return tuple(found)


def _formatted(raw: str, form: str) -> Text:
    raw = raw.strip()
    if raw.startswith("["):
        name, closed, rest = raw[1:].partition("]")
        if closed and name in FORMATS:
            return Text(name, _back(rest.strip()))
    return Text(form, _back(raw))


def _plain(raw: str) -> str:
    return " ".join(_back(raw).split())


def _back(text: str) -> str:
    return text.translate(_BACK)
