"""The roster: who is expected at a sitting, and the sign-in code each of them was sent.

A CSV file with the columns ``candidate,name,code,extra_minutes``. Codes are kept as
salted Argon2id digests only: a copy of the hall's database signs nobody in.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from exam_packages.errors import ExamError
from sync.hall.csv_text import CsvError, table

COLUMNS = ("candidate", "name", "code", "extra_minutes")
MAX_ROSTER = 4 * 1024 * 1024
MAX_LINES = 5000
MAX_EXTRA_MINUTES = 24 * 60
_MAX_TEXT = 200
_LEAST_CODE = 6
_MOST_SAID = 50


class RosterError(ExamError):
    """A roster that cannot be used, with the line that says why."""


@dataclass(frozen=True)
class Line:
    """One candidate expected. ``extra_s`` is time granted beyond the paper's limit."""

    number: int
    candidate: str
    name: str
    code: str
    extra_s: int

    def __repr__(self) -> str:
        return f"Line({self.number}, {self.candidate!r})"  # a code never shows


def read_roster(data: bytes) -> tuple[Line, ...]:
    """Read a roster. Raises :class:`RosterError` with the line number of what is wrong."""
    if len(data) > MAX_ROSTER:
        raise RosterError("The roster is larger than {limit} bytes.", limit=MAX_ROSTER)
    try:
        rows = table(data)
    except CsvError as problem:
        raise RosterError("The roster cannot be read. {why}", why=str(problem)) from None
    if not rows or tuple(cell.casefold() for cell in rows[0][1]) != COLUMNS:
        raise RosterError(
            "The first line of the roster must name the columns {columns}.",
            columns=",".join(COLUMNS),
        )
    lines, problems = [], []
    for number, row in rows[1:]:
        try:
            lines.append(_line(number, row))
        except RosterError as problem:
            problems.append(problem)
    _refuse(problems)
    if not 1 <= len(lines) <= MAX_LINES:
        raise RosterError(
            "The roster has {count} candidates; it must have 1 to {limit}.",
            count=len(lines),
            limit=MAX_LINES,
        )
    problems += _twice(lines, "candidate number", [line.candidate for line in lines])
    problems += _twice(lines, "code", [line.code for line in lines])
    _refuse(problems)
    return tuple(lines)


def normalised(code: str) -> str:
    """A code as it counts: capitals, spaces and hyphens do not matter."""
    return "".join(code.split()).replace("-", "").casefold()


def code_digest(code: str, salt: bytes) -> bytes:
    """What is stored of a sign-in code: Argon2id (RFC 9106), 32 bytes.

    Cheap enough for a roster of thousands; guesses at a station are limited besides.
    """
    kdf = Argon2id(salt=salt, length=32, iterations=1, lanes=1, memory_cost=8 * 1024)
    return kdf.derive(normalised(code).encode("utf-8"))


def _line(number: int, row: list[str]) -> Line:
    if len(row) != len(COLUMNS):
        raise RosterError(
            "Line {line} of the roster has {found} cells instead of {wanted}.",
            line=number,
            found=len(row),
            wanted=len(COLUMNS),
        )
    candidate, name, code, extra = (cell.strip() for cell in row)
    for text, what in ((candidate, "candidate number"), (name, "name")):
        if not text or len(text) > _MAX_TEXT or not text.isprintable():
            raise RosterError(
                "Line {line} of the roster has no usable {what}.", line=number, what=what
            )
    if not _LEAST_CODE <= len(normalised(code)) <= _MAX_TEXT:
        raise RosterError(
            "Line {line} of the roster has a sign-in code of fewer than {least} characters.",
            line=number,
            least=_LEAST_CODE,
        )
    if not extra.isascii() or not (extra or "0").isdigit() or len(extra) > 5:
        raise RosterError(
            "Line {line} of the roster: extra_minutes must be a whole number.", line=number
        )
    minutes = int(extra or "0")
    if minutes > MAX_EXTRA_MINUTES:
        raise RosterError(
            "Line {line} of the roster gives more than {limit} extra minutes.",
            line=number,
            limit=MAX_EXTRA_MINUTES,
        )
    return Line(number, candidate, name, normalised(code), minutes * 60)


def _twice(lines: list[Line], what: str, values: list[str]) -> list[RosterError]:
    seen: dict[str, int] = {}
    found = []
    for line, value in zip(lines, values, strict=True):
        if value in seen:
            found.append(
                RosterError(
                    "Lines {first} and {second} of the roster have the same {what}.",
                    first=seen[value],
                    second=line.number,
                    what=what,
                )
            )
        seen.setdefault(value, line.number)
    return found


def _refuse(problems: list[RosterError]) -> None:
    """Raise what is wrong: all of it, so that a roster is put right in one go."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        words = "\n".join(f"- {problem}" for problem in problems[:_MOST_SAID])
        raise RosterError(
            "{count} things in the roster must be put right (the first {said} are said):\n{words}",
            count=len(problems),
            said=min(len(problems), _MOST_SAID),
            words=words,
        )
