"""The roster: who is expected at a sitting, and the sign-in code each of them was sent.

A CSV file with the columns ``candidate,name,code,extra_minutes``, and after them, in any
order, those of these that are wanted:

=============  ==========================================================================
language       of the screen's own words, such as ``fr``; and of the admission letter
theme          how the screen is coloured, such as ``contrast-dark``
read_aloud     ``yes`` or ``no``
text_size      how large the letters are, in percent: 100, 125, 150 or 200
extra_factor   what multiplies the exam's time limit, such as ``1.25``
tools          tools of the screen beside those of the exam, such as ``calculator glossary``
profile        the name of a 1EdTech AfA PNP file (:mod:`sync.hall.profile`)
=============  ==========================================================================

A cell that is filled goes before what the profile says. Codes are kept as salted Argon2id
digests only: a copy of the hall's database signs nobody in.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from exam_packages.attempt.preferences import NOTHING, TEXT_SIZES, THEMES, Accommodation
from exam_packages.content.paper import TOOLS
from exam_packages.errors import ExamError
from exam_packages.language import languages
from sync.hall.csv_text import CsvError, table

COLUMNS = ("candidate", "name", "code", "extra_minutes")
WANTED = ("language", "theme", "read_aloud", "text_size", "extra_factor", "tools", "profile")
"""Columns that may follow."""
MAX_ROSTER = 4 * 1024 * 1024
MAX_LINES = 5000
MAX_EXTRA_MINUTES = 24 * 60
MAX_FACTOR = 10
_MAX_TEXT = 200
_LEAST_CODE = 6
_FACTOR: Final = re.compile(r"[0-9]{1,2}(\.[0-9]{1,4})?")
_YES_NO: Final = {"": None, "yes": True, "no": False}
_MOST_SAID = 50


class RosterError(ExamError):
    """A roster that cannot be used, with the line that says why."""


@dataclass(frozen=True)
class Profile:
    """What a candidate's profile (:mod:`sync.hall.profile`) asks for.

    ``factor`` multiplies the exam's time limit (1: not at all), ``minutes`` are added to it;
    ``others`` are the supports that people must arrange.
    """

    granted: Accommodation
    factor: Decimal = Decimal(1)
    minutes: int = 0
    others: tuple[str, ...] = ()
    tools: frozenset[str] = frozenset()
    """Tools of the screen, of :data:`exam_packages.content.paper.TOOLS`."""


@dataclass(frozen=True)
class Line:
    """One candidate expected. ``extra_s`` is time granted beyond the paper's limit,
    ``granted`` how the screen is to be read, ``text_percent`` how large its letters are (0: as
    the station has them); ``others`` are the supports that the candidate's
    profile names and people must arrange; ``tools`` are tools of the screen, where the exam
    lets them be granted."""

    number: int
    candidate: str
    name: str
    code: str
    extra_s: int
    granted: Accommodation = NOTHING
    others: tuple[str, ...] = ()
    text_percent: int = 0
    tools: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Line({self.number}, {self.candidate!r})"  # a code never shows


def read_roster(
    data: bytes,
    profile: Callable[[str], Profile] | None = None,
    *,
    minutes: int = 0,
    draw: Callable[[], str] | None = None,
) -> tuple[Line, ...]:
    """Read a roster.

    *profile* reads the file a cell names, *minutes* is the exam's time limit (0: unknown, and
    no factor can be granted), *draw* makes a code where a cell has none (without it, that is a
    mistake). Raises :class:`RosterError` with the line number of what is wrong, and whatever
    *profile* raises.
    """
    rows = _table(data)
    head = tuple(cell.casefold() for cell in rows[0][1]) if rows else ()
    more = head[len(COLUMNS) :]
    if head[: len(COLUMNS)] != COLUMNS or len({*more}) != len(more) or not {*more} <= {*WANTED}:
        raise RosterError(
            "The first line of the roster must name the columns {columns}; {wanted} may follow.",
            columns=",".join(COLUMNS),
            wanted=",".join(WANTED),
        )
    lines, problems = [], []
    for number, row in rows[1:]:
        try:
            cells = _cells(number, row, head)
            if draw is not None and not cells["code"]:
                cells["code"] = draw()
            lines.append(_line(number, cells, profile, minutes))
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


def _table(data: bytes) -> list[tuple[int, list[str]]]:
    if len(data) > MAX_ROSTER:
        raise RosterError("The roster is larger than {limit} bytes.", limit=MAX_ROSTER)
    try:
        return table(data)
    except CsvError as problem:
        raise RosterError("The roster cannot be read. {why}", why=str(problem)) from None


def filled(data: bytes, lines: Sequence[Line]) -> bytes:
    """The roster *data* with the code of each of its *lines* in its place."""
    codes = {line.number: line.code.upper() for line in lines}
    place = COLUMNS.index("code")
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for number, row in _table(data):
        if number in codes:
            row = [*row[:place], row[place] or codes[number], *row[place + 1 :]]
        writer.writerow(row)
    return out.getvalue().encode("utf-8")


def normalised(code: str) -> str:
    """A code as it counts: capitals, spaces and hyphens do not matter."""
    return "".join(code.split()).replace("-", "").casefold()


def code_digest(code: str, salt: bytes) -> bytes:
    """What is stored of a sign-in code: Argon2id (RFC 9106), 32 bytes.

    Cheap enough for a roster of thousands; guesses at a station are limited besides.
    """
    kdf = Argon2id(salt=salt, length=32, iterations=1, lanes=1, memory_cost=8 * 1024)
    return kdf.derive(normalised(code).encode("utf-8"))


def _cells(number: int, row: list[str], head: tuple[str, ...]) -> dict[str, str]:
    if len(row) != len(head):
        raise RosterError(
            "Line {line} of the roster has {found} cells instead of {wanted}.",
            line=number,
            found=len(row),
            wanted=len(head),
        )
    return dict(zip(head, row, strict=True))


def _line(
    number: int, cells: Mapping[str, str], profile: Callable[[str], Profile] | None, minutes: int
) -> Line:
    candidate, name, code = cells["candidate"], cells["name"], cells["code"]
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
    asked = Profile(NOTHING)
    if file := cells.get("profile", ""):
        if profile is None:
            raise RosterError(
                "Line {line} of the roster names a profile, and no directory of profiles was "
                "named; say --profiles.",
                line=number,
            )
        asked = profile(file)
    extra_s = _extra_s(number, cells, asked, minutes)
    return Line(
        number,
        candidate,
        name,
        normalised(code),
        extra_s,
        _granted(number, cells, asked.granted),
        asked.others,
        _text_percent(number, cells),
        _tools(number, cells, asked.tools),
    )


def _tools(number: int, cells: Mapping[str, str], asked: frozenset[str]) -> frozenset[str]:
    said = frozenset(cells.get("tools", "").split())
    if not said <= {*TOOLS}:
        raise RosterError(
            "Line {line} of the roster names a {what} that there is not; there are {there}.",
            line=number,
            what="tool",
            there=", ".join(TOOLS),
        )
    return said or asked


def _text_percent(number: int, cells: Mapping[str, str]) -> int:
    said = cells.get("text_size", "")
    sizes = {str(size): size for size in TEXT_SIZES}
    if said and said not in sizes:
        raise RosterError(
            "Line {line} of the roster: text_size must be one of {there}.",
            line=number,
            there=", ".join(sizes),
        )
    return sizes.get(said, 0)


def _extra_s(number: int, cells: Mapping[str, str], asked: Profile, minutes: int) -> int:
    """Seconds beyond the limit: the minutes and the share of the limit together."""
    extra = cells["extra_minutes"]
    if not extra.isascii() or not (extra or "0").isdigit() or len(extra) > 5:
        raise RosterError(
            "Line {line} of the roster: extra_minutes must be a whole number.", line=number
        )
    said = cells.get("extra_factor", "")
    if said and not (_FACTOR.fullmatch(said) and 1 <= Decimal(said) <= MAX_FACTOR):
        raise RosterError(
            "Line {line} of the roster: extra_factor must be a number from 1 to {limit}.",
            line=number,
            limit=MAX_FACTOR,
        )
    factor = Decimal(said) if said else asked.factor
    if factor > 1 and not minutes:
        raise RosterError(
            "Line {line} of the roster grants a factor of the exam’s time; say with --minutes how "
            "long the exam is.",
            line=number,
        )
    extra_s = (int(extra) if extra else asked.minutes) * 60
    extra_s += int(((factor - 1) * minutes * 60).to_integral_value("ROUND_CEILING"))
    if extra_s > MAX_EXTRA_MINUTES * 60:
        raise RosterError(
            "Line {line} of the roster gives more than {limit} extra minutes.",
            line=number,
            limit=MAX_EXTRA_MINUTES,
        )
    return extra_s


def _granted(number: int, cells: Mapping[str, str], asked: Accommodation) -> Accommodation:
    language, theme = cells.get("language", ""), cells.get("theme", "")
    for said, there, what in (
        (language, tuple(languages()), "language"),
        (theme, THEMES, "theme"),
    ):
        if said and said not in there:
            raise RosterError(
                "Line {line} of the roster names a {what} that there is not; there are {there}.",
                line=number,
                what=what,
                there=", ".join(there),
            )
    aloud = cells.get("read_aloud", "").casefold()
    if aloud not in _YES_NO:
        raise RosterError("Line {line} of the roster: read_aloud must be yes or no.", line=number)
    said_aloud = _YES_NO[aloud]
    return Accommodation(
        language or asked.language,
        theme or asked.theme,
        asked.aloud if said_aloud is None else said_aloud,
    )


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
