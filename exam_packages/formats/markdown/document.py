"""A Markdown file into its questions and exhibits: a header of fields, then text.

::

    ---
    id: fridge
    points: 2
    ---
    How warm may chilled food be?
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from exam_packages.formats.errors import FormatError

MAX_TEXT = 100_000
FIELDS = frozenset(
    [
        "id",
        "exhibit",
        "title",
        "language",
        "competence",
        "level",
        "points",
        "shuffle",
        "choose",
        "exhibits",
    ]
)
_FIELD = re.compile(r"([a-z]{1,20}):(?:[ \t]+(.*))?")


@dataclass(frozen=True, slots=True)
class Entry:
    """A question or exhibit: the *line* it begins in, its fields, and its text.

    ``problem`` says why its header cannot be read.
    """

    line: int
    fields: dict[str, str]
    text: str
    problem: FormatError | None = None


def entries(text: str) -> Iterator[Entry]:
    """The entries of a file. Text before the first header is one that has no fields."""
    lines = text.splitlines()
    start, fields, body = 1, dict[str, str](), list[str]()
    problem: FormatError | None = None
    begun = False
    at = 0
    while at < len(lines):
        end = _header(lines, at)
        if not end:
            body.append(lines[at])
            at += 1
            continue
        if begun or any(line.strip() for line in body):
            yield _entry(start, fields, body, problem)
        fields, problem = _fields(lines[at + 1 : end])
        start, body, begun, at = at + 1, [], True, end + 1
    if begun or any(line.strip() for line in body):
        yield _entry(start, fields, body, problem)


def _entry(
    line: int, fields: dict[str, str], body: list[str], problem: FormatError | None
) -> Entry:
    text = "\n".join(body)
    if problem is None and not fields:
        problem = FormatError(
            "The text has no header; begin each question with “---”, “id: …” and “---”."
        )
    if problem is None and len(text) > MAX_TEXT:
        problem = FormatError("The text has more than {limit} characters.", limit=MAX_TEXT)
    return Entry(line, fields, text, problem)


def _header(lines: list[str], at: int) -> int:
    """Where the header that begins at line *at* ends; 0 when none begins there."""
    if lines[at].rstrip() != "---" or (at and lines[at - 1].strip()):
        return 0
    end = at + 1
    while end < len(lines) and end - at <= 40 and _FIELD.fullmatch(lines[end].rstrip()):
        end += 1
    closed = end > at + 1 and end < len(lines) and lines[end].rstrip() == "---"
    return end if closed else 0


def _fields(lines: list[str]) -> tuple[dict[str, str], FormatError | None]:
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name not in FIELDS:
            return found, FormatError(
                "The header has “{name}”, which is no field; the fields are {known}.",
                name=name,
                known=", ".join(sorted(FIELDS)),
            )
        if name in found:
            return found, FormatError("The header has “{name}” twice; leave one out.", name=name)
        found[name] = value.strip()
    return found, None
