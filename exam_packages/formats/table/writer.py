"""Simple questions as CSV, as far as a row can carry them."""

from __future__ import annotations

import csv
import io

from exam_packages.assessment import Question
from exam_packages.content.items import Choice, ExtendedText, SimpleChoice, TextEntry
from exam_packages.content.text import Block, Gap, Paragraph, Slot
from exam_packages.formats.errors import FormatError
from exam_packages.formats.markdown.text_writer import blocks, inlines
from exam_packages.formats.report import Bank, Change
from exam_packages.formats.table.reader import COLUMNS, LETTERS, guarded, read_table

FILE = "bank.csv"


def write_table(bank: Bank) -> tuple[dict[str, bytes], list[Change]]:
    """The files of *bank*, and what could not be carried, each with what to do."""
    rows, left = [], []
    for question in bank.questions():
        name = question.item.identifier
        row = _row(question)
        if row is not None:
            data = _csv([row])
            if read_table({FILE: data, **bank.media}).questions() == (question,):
                rows.append(row)
                continue
        left.append(
            Change(
                "{name} was not written: a row cannot carry all of it; export it as Markdown or"
                " QTI.",
                name=name,
            )
        )
    return {FILE: _csv(rows), **bank.media}, left


def _csv(rows: list[dict[str, str]]) -> bytes:
    used = [name for name in COLUMNS if any(row.get(name) for row in rows)]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(used)
    for row in rows:
        writer.writerow([guarded(row.get(name, "")) for name in used])
    return text.getvalue().encode()


def _row(question: Question) -> dict[str, str] | None:
    item, key = question.item, question.key
    if len(item.interactions) != 1 or item.exhibits:
        return None
    row = {
        "id": item.identifier,
        "title": item.title,
        "language": item.language,
        "competence": question.competence,
        "level": question.level,
        "points": "" if key.max_score == "1" else key.max_score,
        "shuffle": "yes" if question.shuffles else "",
    }
    interaction, declared = item.interactions[0], key.responses[0]
    match interaction:
        case Choice(choices=choices) if len(choices) <= len(LETTERS):
            right = [
                letter
                for letter, choice in zip(LETTERS, choices, strict=False)
                if choice.identifier in declared.correct
            ]
            row |= {letter: _line(each) for letter, each in zip(LETTERS, choices, strict=False)}
            row["correct"] = ";".join(right).upper()
        case ExtendedText():
            row["correct"] = "essay"
        case TextEntry(numeric=False) if declared.mapping:
            row["correct"] = "= " + " | ".join(each.member for each in declared.mapping.entries)
        case TextEntry(numeric=True):
            row["correct"] = f"# {declared.correct[0]}"
        case _:
            return None
    try:
        row["question"] = blocks(_before(item.body), str)
    except FormatError:
        return None
    return row


def _before(body: tuple[Block, ...]) -> tuple[Block, ...]:
    """The text without the place of the answer, which is after it."""
    last = body[-1] if body else None
    alone = isinstance(last, Slot) or (
        isinstance(last, Paragraph) and len(last.inlines) == 1 and isinstance(last.inlines[0], Gap)
    )
    return body[:-1] if alone else body


def _line(choice: SimpleChoice) -> str:
    return inlines(choice.body, str).replace("\\\n", "<br>")
