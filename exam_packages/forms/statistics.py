"""What is known of items: a table (CSV) that the body's psychometrics hands over.

::

    item,facility,discrimination,time_s
    freezing,0.62,0.31,55
    probe-offset,0.48,,90

``facility`` is the mean share of an item's points, from 0 to 1; ``discrimination`` the
correlation of its points with those on all other items, from -1 to 1 (the desk's report
gives both); ``time_s`` the time that it takes, in seconds. An empty cell is not known.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from fractions import Fraction
from typing import Final, TypeAlias

from exam_packages.blueprint import DISCRIMINATION, FACILITY, STATISTICS, TIME, Range
from exam_packages.forms.form import FormsError
from exam_packages.rules.numbers import number

MAX_SIZE: Final = 16 * 1024 * 1024
_ITEM: Final = "item"
_POSSIBLE: Final = {
    FACILITY: Range(Fraction(0), Fraction(1)),
    DISCRIMINATION: Range(Fraction(-1), Fraction(1)),
    TIME: Range(Fraction(0), Fraction(24 * 3600)),
}

Statistics: TypeAlias = Mapping[str, Mapping[str, Fraction]]
"""By item, then by what: only what is known."""


def read_statistics(data: bytes, file: str) -> dict[str, dict[str, Fraction]]:
    """Read the table. Raises :class:`FormsError` with the line."""
    if len(data) > MAX_SIZE:
        raise FormsError("{file} is larger than {limit} bytes.", file=file, limit=MAX_SIZE)
    try:
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        head = [name.strip() for name in next(rows, [])]
        if _ITEM not in head or not set(head) <= {_ITEM, *STATISTICS} or len(set(head)) < len(head):
            raise FormsError(
                "{file} must begin with a line of column names: item, and some of {known}.",
                file=file,
                known=", ".join(STATISTICS),
            )
        found: dict[str, dict[str, Fraction]] = {}
        for row in rows:
            if row:
                _take(found, dict(zip(head, row, strict=False)), f"{file}:{rows.line_num}")
    except (UnicodeDecodeError, csv.Error) as problem:
        raise FormsError("{file} is not a CSV table: {why}.", file=file, why=str(problem)) from None
    return found


def _take(found: dict[str, dict[str, Fraction]], row: dict[str, str], where: str) -> None:
    item = row.get(_ITEM, "").strip()
    if not item or item in found:
        raise FormsError(
            "{where}: “{item}” is no item or stands there twice; keep one line for each item.",
            where=where,
            item=item[:80],
        )
    found[item] = {}
    for name in STATISTICS:
        text = row.get(name, "").strip()
        if text:
            value = number(text)
            if value is None or not _POSSIBLE[name].holds(value):
                raise FormsError(
                    "{where}: the {name} of “{item}” must be a number from {range}, not “{text}”.",
                    where=where,
                    name=name,
                    item=item[:80],
                    range=str(_POSSIBLE[name]),
                    text=text[:40],
                )
            found[item][name] = value
