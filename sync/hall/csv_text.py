"""CSV as spreadsheets save it: which encoding, which separator, and the line of every row.

What is read: UTF-8 with or without a byte-order mark, and UTF-16 with one (a spreadsheet's
"Unicode text"); cells between commas, semicolons (where the comma is the decimal mark) or
tabs, as the first line shows or as a line ``sep=;`` before it says. Anything else is refused
with what to do: to guess an encoding is to print somebody's name wrongly.
"""

from __future__ import annotations

import codecs
import csv
import io
from typing import Final

from exam_packages.errors import ExamError

_SEPARATORS: Final = ",;\t"
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAX_CELL: Final = 4096


class CsvError(ExamError):
    """A file that is no table, with what to do."""


def table(data: bytes) -> list[tuple[int, list[str]]]:
    """The rows of *data* that are not empty, each with the number of the line it begins at.

    Cells are stripped. Raises :class:`CsvError`.
    """
    text = _text(data)
    skipped = 0
    first, _, rest = text.partition("\n")
    separator = ""
    if first.strip().casefold().startswith("sep=") and len(first.strip()) == len("sep=;"):
        separator, text, skipped = first.strip()[-1], rest, 1
        first = rest.partition("\n")[0]
    if not separator:
        separator = max(_SEPARATORS, key=first.count)
    if separator not in _SEPARATORS:
        raise CsvError(
            "The cells are separated by “{found}”; save the file with commas, semicolons or tabs.",
            found=separator,
        )
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    found = []
    begins = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(len(cell) > _MAX_CELL for cell in cells):
                raise CsvError(
                    "Line {line} has a cell of more than {limit} characters; a quotation mark is "
                    "probably missing before it.",
                    line=begins + skipped,
                    limit=_MAX_CELL,
                )
            if any(cells):
                found.append((begins + skipped, cells))
            begins = reader.line_num + 1
    except csv.Error as problem:
        raise CsvError(
            "The file is not a CSV file: line {line} cannot be read ({why}); look for a quotation "
            "mark without its partner, and save it again as CSV.",
            line=begins + skipped,
            why=str(problem),
        ) from None
    return found


def _text(data: bytes) -> str:
    mark, encoding = next((each for each in _MARKS if data.startswith(each[0])), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        raise CsvError(
            "Line {line} is not UTF-8 text; save the file as “CSV UTF-8”.", line=line
        ) from None
    if "\0" in text:
        raise CsvError(
            "The file is no text; if it is a spreadsheet, save it as “CSV UTF-8” and use that."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")
