"""Questions in rows: CSV and workbooks in, CSV out, and no formula on the way."""

from __future__ import annotations

import csv
import io
import zipfile
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from read_questions import only, points, read, why

from exam_packages.content.items import Choice, ExtendedText
from exam_packages.formats.banks import bank_of
from exam_packages.formats.report import Bank, Verdict
from exam_packages.formats.table.reader import guarded, unguarded
from exam_packages.formats.table.sheet import read_rows
from exam_packages.formats.table.writer import FILE, write_table

F = Fraction


def table(*rows: list[str], separator: str = ",") -> Bank:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    return read(text.getvalue(), "bank.csv")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_choices(separator: str) -> None:
    bank = table(
        ["ID", "Competence", "Points", "Question", "Correct", "A", "B", "C"],
        ["q-1", "cold", "2", "How *warm*?", "B", "9 °C, or so", "5 °C", ""],
        ["q-2", "cold", "", "Which?", "a; C", "x", "y", "z"],
        [],
        separator=separator,
    )
    first, second = bank.questions()
    assert first.competence == "cold" and first.key.max_score == "2"
    assert [points(first, each) for each in "AB"] == [0, 2]
    assert isinstance(first.item.interactions[0], Choice)
    assert [points(second, *each) for each in ("AC", "A")] == [1, 0]


@pytest.mark.parametrize(
    ("question", "correct", "answer"),
    [
        ("Capital?", "Rome | Roma", "roma"),
        ("Element?", "'== Fe", "Fe"),
        ("How many?", "# 5 ± 0.5", "5.5"),
        ("It is {= Rome}.", "", "ROME"),
    ],
)
def test_answers_that_are_typed(question: str, correct: str, answer: str) -> None:
    found = only(table(["id", "question", "correct"], ["q", question, correct]))
    assert points(found, answer) == 1


def test_essay() -> None:
    found = only(table(["id", "question", "correct", "points"], ["q", "Why?", "Essay", "5"]))
    assert isinstance(found.item.interactions[0], ExtendedText)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (["q-2", "Which?", "D", "a", "b"], "by their letters"),
        (["q-2", "Which?", "", "a", "b"], "by their letters"),
        (["q-1", "Which?", "A", "a", "b"], "there twice"),
        (["", "Which?", "A", "a", "b"], "needs an id"),
        (["q-2", "Which?", "", "", ""], "asks nothing"),
    ],
)
def test_one_bad_row_spoils_no_other(row: list[str], sentence: str) -> None:
    head = ["id", "question", "correct", "a", "b"]
    good = ["q-1", "Which?", "A", "a", "b"]
    bank = table(head, good, row, ["q-3", *good[1:]])
    assert [each.verdict for each in bank.readings] == [
        Verdict.TAKEN, Verdict.REFUSED, Verdict.TAKEN,
    ]  # fmt: skip
    assert sentence in why(bank.readings[1])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("id,question,colour\n", "“colour” is none"),
        ("question\n", "must name the columns"),
        ("", "must name the columns"),
        ('id,question\n"a', "check the quotes"),
        ("id,question\n" + "," * 200, "columns; split it"),
    ],
)
def test_refused_tables(text: str, sentence: str) -> None:
    (reading,) = read(text, "bank.csv").readings
    assert sentence in why(reading)


WORKBOOK = {
    "xl/workbook.xml": '<workbook xmlns="m" xmlns:r="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships"><sheets><sheet name="Bank" r:id="rId7"/></sheets>'
    "</workbook>",
    "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="rId7"'
    ' Target="worksheets/sheet1.xml"/></Relationships>',
    "xl/sharedStrings.xml": "<sst><si><t>id</t></si><si><t>question</t></si>"
    "<si><r><t>Which </t></r><r><t>one?</t></r><rPh><t>x</t></rPh></si></sst>",
    "xl/worksheets/sheet1.xml": "<worksheet><sheetData>"
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>'
    '<c r="D1" t="inlineStr"><is><t>correct</t></is></c></row>'
    '<row r="2"><c r="A2"><v>7</v></c><c r="B2" t="s"><v>2</v></c>'
    '<c r="D2" t="str"><f>1+1</f><v>two</v></c><c r="E2" t="b"><v>1</v></c></row>'
    "</sheetData></worksheet>",
}


def workbook(**changes: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in WORKBOOK.items():
            archive.writestr(name, changes.get(name.rpartition("/")[2].partition(".")[0], text))
    return data.getvalue()


def test_workbook() -> None:
    assert read_rows(workbook(), "bank.xlsx") == [
        (1, ["id", "question", "", "correct"]),
        (2, ["7", "Which one?", "", "two", "true"]),
    ]


def test_workbook_as_a_bank() -> None:
    sheet = WORKBOOK["xl/worksheets/sheet1.xml"].replace("D1", "C1").replace("D2", "C2")
    sheet = sheet.replace('<c r="E2" t="b"><v>1</v></c>', "")
    bank = bank_of({"b.xlsx": workbook(sheet1=sheet)}, "b.xlsx")
    assert points(only(bank), "two") == 1
    assert only(bank).item.identifier == "7"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"workbook": "<!DOCTYPE a><workbook/>"}, "DOCTYPE"),
        ({"workbook": "<workbook/>"}, "no sheet"),
        ({"sharedStrings": "<sst/>"}, "names no text"),
        ({"sheet1": '<worksheet><sheetData><row><c r="ZZZ1"><v>1</v></c></row></sheetData>'
          "</worksheet>"}, "columns; split it"),
    ],
)  # fmt: skip
def test_hostile_workbooks(changes: dict[str, str], sentence: str) -> None:
    (reading,) = bank_of({"b.xlsx": workbook(**changes)}, "b.xlsx").readings
    assert sentence in why(reading)


def test_simple_questions_are_carried_and_others_told() -> None:
    bank = read(
        "---\nid: a\npoints: 2\n---\nWhich?\n\n- [x] =1+1\n- [ ] @b\n\n"
        "---\nid: b\n---\nCapital?\n\n{= Rome | Roma}\n\n"
        "---\nid: c\n---\nWhy?\n\n{essay}\n\n"
        "---\nid: d\n---\n1. [ ] x\n2. [ ] y\n",
        "bank.md",
    )
    files, left = write_table(bank)
    again = bank_of(files, FILE)
    assert again.questions() == bank.questions()[:3]
    assert [str(each).split()[0] for each in left] == ["d"]
    cells = [cell for row in csv.reader(io.StringIO(files[FILE].decode())) for cell in row]
    assert not any(cell[:1] in "=+-@\t\r" for cell in cells if cell)


@given(st.text())
@example("'=1")
@example("''")
@example("=cmd|' /C calc'!A0")
def test_no_cell_is_a_formula_and_every_cell_comes_back(cell: str) -> None:
    assert guarded(cell)[:1] not in ("=", "+", "-", "@", "\t", "\r")
    assert unguarded(guarded(cell)) == cell
