"""Rows into questions: a row is the Markdown question that its cells spell.

The columns are those of a Markdown header, then ``question``, ``correct``, and the choices
``a``, ``b``, ``c`` and so on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from exam_packages.formats.errors import FormatError
from exam_packages.formats.gathering import Gathering
from exam_packages.formats.html import unmarked
from exam_packages.formats.markdown.document import Entry
from exam_packages.formats.markdown.reader import Maker
from exam_packages.formats.report import Bank
from exam_packages.formats.table.sheet import Row, read_rows

LETTERS = "abcdefghijklmnopqrst"
FIELDS = ("id", "title", "language", "competence", "level", "points", "shuffle", "choose")
COLUMNS = (*FIELDS, "question", "correct", *LETTERS)
GUARD = "'"
"""Stands before what a spreadsheet would take for a formula."""
_FORMULA = "=+-@\t\r"


def guarded(cell: str) -> str:
    """*cell* so that no spreadsheet takes it for a formula."""
    risky = cell[:1] in _FORMULA or (cell[:1] == GUARD and cell[1:2] in _FORMULA + GUARD)
    return GUARD + cell if cell and risky else cell


def unguarded(cell: str) -> str:
    """What :func:`guarded` was given."""
    return cell[1:] if cell[:1] == GUARD and cell[1:2] in _FORMULA + GUARD and cell[1:] else cell


def read_table(files: Mapping[str, bytes]) -> Bank:
    """The bank in CSV files and workbooks, with the pictures beside them."""
    gathering = Gathering("Table")
    for file in sorted(files):
        if PurePosixPath(file).suffix.lower() not in (".csv", ".tsv", ".xlsx"):
            continue
        try:
            rows = read_rows(files[file], file)
            columns = _columns(rows, file)
        except FormatError as problem:
            gathering.refuse(file, "", "", problem)
            continue
        maker = Maker(file, files, gathering)
        for number, cells in rows[1:]:
            values = dict(zip(columns, map(unmarked, map(unguarded, cells)), strict=False))
            maker.take(_entry(number, {name: each for name, each in values.items() if each}))
    return gathering.bank()


def _columns(rows: list[Row], file: str) -> list[str]:
    names = [cell.casefold() for cell in rows[0][1]] if rows else []
    while names and not names[-1]:
        names.pop()
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or len(set(names)) != len(names) or not {"id", "question"} <= set(names):
        raise FormatError(
            "{file}: the first row must name the columns, each once: id and question, and of"
            " {known} those that are used. “{name}” is none.",
            file=file,
            known=", ".join(COLUMNS),
            name=(unknown or [""])[0][:40],
        )
    return names


def _entry(number: int, values: dict[str, str]) -> Entry:
    fields = {name: values[name] for name in FIELDS if name in values}
    try:
        text = _text(values)
    except FormatError as problem:
        return Entry(number, fields, "", problem)
    return Entry(number, fields, text)


def _text(values: dict[str, str]) -> str:
    """The question as Markdown."""
    question = values.get("question", "")
    given = [letter for letter in LETTERS if letter in values]
    correct = values.get("correct", "")
    if not given:
        return f"{question}\n\n{_gap(correct)}" if correct else question
    right = set(re.split(r"[\s,;]+", correct.casefold().strip()))
    if not right <= set(given):
        raise FormatError(
            "“correct” must name choices by their letters, such as B or A;C; “{text}” does not.",
            text=correct[:40],
        )
    lines = [
        f"- [{'x' if letter in right else ' '}] {' '.join(values[letter].split())}"
        for letter in given
    ]
    return "\n".join([question, "", *lines])


def _gap(correct: str) -> str:
    """A gap for an answer that is typed, a number when it looks like one; or an essay."""
    if correct.casefold() == "essay":
        return "{essay}"
    if correct.startswith(("=", "#")):
        return f"{{{correct}}}"
    return f"{{= {correct}}}"
