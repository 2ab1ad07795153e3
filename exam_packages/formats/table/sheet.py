"""The cells of a table: a CSV file, or the first sheet of an .xlsx workbook.

A workbook is a zip of XML. It is taken in as every zip and every XML here, so neither can
cost more than its bounds, and only texts, numbers and truth values are read: a formula
gives the value that was last worked out.
"""

from __future__ import annotations

import csv
import io
import re

from exam_packages.formats.archive import load_zip
from exam_packages.formats.errors import FormatError
from exam_packages.formats.gathering import decoded
from exam_packages.formats.xml import Node, parse
from exam_packages.formats.xml_stream import child, children, elements, words

MAX_ROWS = 20_000
MAX_COLUMNS = 100

Row = tuple[int, list[str]]
"""A row's number, from 1, and its cells."""


def read_rows(data: bytes, file: str) -> list[Row]:
    """The rows that are not empty. Raises ``FormatError``."""
    rows = _workbook(data, file) if data[:2] == b"PK" else _csv(decoded(data, file), file)
    return [(number, cells) for number, cells in rows if any(cells)]


def _csv(text: str, file: str) -> list[Row]:
    first = text[:4096].partition("\n")[0]
    separator = max(",;\t", key=first.count)
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            _check(file, len(rows), len(cells))
            rows.append((len(rows) + 1, [cell.strip() for cell in cells]))
    except csv.Error as problem:
        raise FormatError(
            "{file}, line {line}: the table cannot be read ({why}); check the quotes there.",
            file=file,
            line=reader.line_num,
            why=str(problem),
        ) from None
    return rows


def _workbook(data: bytes, file: str) -> list[Row]:
    files = load_zip(data)
    book = _part(files, "xl/workbook.xml", file)
    sheets = child(book, "sheets")
    first = child(sheets, "sheet") if sheets else None
    target = ""
    relations = _part(files, "xl/_rels/workbook.xml.rels", file)
    for relation in relations.mixed():
        if first is not None and relation.get("Id") == first.get(_ID):
            target = (relation.get("Target") or "").removeprefix("/xl/")
    name = f"xl/{target}"
    if name not in files:
        raise FormatError("{file} has no sheet that can be read; save it anew.", file=file)
    shared: list[str] = []
    if "xl/sharedStrings.xml" in files:
        strings = elements(files["xl/sharedStrings.xml"], file, "sst", "si")
        shared = [_string(node) for node in strings]
    return _rows(files[name], file, shared)


_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def _part(files: dict[str, bytes], name: str, file: str) -> Node:
    if name not in files:
        raise FormatError("{file} is no .xlsx workbook; save it as one, or as CSV.", file=file)
    return parse(files[name], f"{file}/{name}")


def _string(node: Node) -> str:
    """A shared string: its text, or the runs that it is made of; not how it is spoken."""
    holders = children(node, "r") or [node]
    return "".join(text.text for each in holders for text in children(each, "t"))


def _rows(data: bytes, file: str, shared: list[str]) -> list[Row]:
    rows: list[Row] = []
    for sheet in elements(data, file, "worksheet", "sheetData"):
        for node in children(sheet, "row"):
            cells: list[str] = []
            for cell in children(node, "c"):
                column = _column(cell.get("r") or "", len(cells))
                _check(file, len(rows), column + 1)
                cells += [""] * (column + 1 - len(cells))
                cells[column] = _value(cell, shared, file)
            rows.append((len(rows) + 1, cells))
    return rows


def _column(reference: str, otherwise: int) -> int:
    letters = re.match(r"[A-Z]{1,3}(?=[0-9])", reference)
    if letters is None:
        return otherwise
    column = 0
    for letter in letters[0]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def _value(cell: Node, shared: list[str], file: str) -> str:
    kind, value = cell.get("t") or "n", words(cell, "v")
    if kind == "s":
        if not (value.isascii() and value.isdecimal() and int(value) < len(shared)):
            raise FormatError("{file} is damaged: a cell names no text.", file=file)
        return shared[int(value)].strip()
    if kind == "inlineStr":
        text = child(cell, "is")
        return _string(text).strip() if text else ""
    if kind == "b":
        return "true" if value == "1" else "false"
    return value.strip()


def _check(file: str, row: int, columns: int) -> None:
    if row >= MAX_ROWS or columns > MAX_COLUMNS:
        raise FormatError(
            "{file} has more than {rows} rows or {columns} columns; split it.",
            file=file,
            rows=MAX_ROWS,
            columns=MAX_COLUMNS,
        )
