"""Markdown out and in again: what was written is the same question, and little is left."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from corpora import GIFT
from hypothesis import example, given, settings
from making import ONE, blocks, inlines, made, parts_of
from read_questions import read

from exam_packages.content.items import Choice, Exhibit, SimpleChoice
from exam_packages.content.text import (
    CODE,
    Block,
    Break,
    Cell,
    Inline,
    Paragraph,
    Preformatted,
    Quotation,
    Slot,
    Table,
    Text,
)
from exam_packages.formats import building
from exam_packages.formats.banks import read_bank
from exam_packages.formats.building import About
from exam_packages.formats.markdown.reader import read_markdown
from exam_packages.formats.markdown.writer import write_markdown
from exam_packages.formats.parts import Part
from exam_packages.formats.report import Bank, Reading


def carried(bank: Bank) -> Bank:
    """*bank* after it was written and read; all of it must be there."""
    files, left = write_markdown(bank)
    assert [str(each) for each in left] == []
    again = read_markdown(files)
    assert again.questions() == bank.questions()
    assert again.exhibits == bank.exhibits
    return again


EVERY_KIND = """---
id: one
points: 3
shuffle: yes
---
Which is *right*?

- [ ] a * b
- [x] `c`

---
id: several
choose: any
---
Which?

- [x] a
- [ ] b

---
id: worth
---
- [0.5] a
- [0.5] b
- [-0.25] c

---
id: gaps
exhibits: plan
---
It is {= Rome | Roma} and {# 5 ± 0.5} in {[x] a | [ ] b}; {== pH} too.

---
id: weights
---
{= [1] Rome | [0.5] Roma}

---
id: order
---
1. [ ] first
2. [ ] second

---
id: match
---
|  | x | y |
| --- | --- | --- |
| a | [x] | [ ] |
| b | [ ] | [x] |

---
id: essay
competence: cold
level: apply
---
> Why?

{essay 8}

---
exhibit: plan
title: The plan
---
1. one
2. two
"""


def test_every_kind_is_carried() -> None:
    bank = read(EVERY_KIND, "bank.md")
    assert len(bank.questions()) == 8
    carried(bank)


@settings(max_examples=40)
@given(blocks())
@example([Paragraph((Text("1", 0), Break()))])
@example([Table("", ((Cell(True, (), 1, 1),),))])
@example([Table("", ((Cell(True, (Text("|", CODE),), 1, 1),),))])
@example([Quotation((Preformatted(" "),))])
def test_any_text_is_carried(body: list[Block]) -> None:
    exhibit = Exhibit("plan", "Plan", tuple(body), ())
    files, _ = write_markdown(Bank("test", (), exhibits={"plan": exhibit}))
    assert read_markdown(files).exhibits == {"plan": exhibit}


@settings(max_examples=20)
@given(inlines(), inlines())
def test_any_choice_is_carried(one: tuple[Inline, ...], two: tuple[Inline, ...]) -> None:
    choices = building.choices([one, two])
    part = building.one_of(Choice("RESPONSE", (), choices, 0, 1), [ONE, ONE - 1])
    question = building.question(About("q"), (Slot("RESPONSE"),), [part])
    carried(Bank("test", (Reading("", "q", "", question),)))


@settings(max_examples=40)
@given(parts_of())
def test_what_is_written_is_the_same_question(parts: list[Part]) -> None:
    question = made(*parts)
    files, left = write_markdown(Bank("test", (Reading("", "q", "", question),)))
    assert read_markdown(files).questions() == (() if left else (question,))


def test_what_cannot_be_carried_is_told() -> None:
    choices = (SimpleChoice("yes", (Text("Yes", 0),), 1),)
    part = building.one_of(Choice("RESPONSE", (), choices, 0, 1), [ONE])
    question = building.question(About("q"), (Slot("RESPONSE"),), [part])
    question = replace(question, item=msgspec.structs.replace(question.item, title="a"))
    _, left = write_markdown(Bank("test", (Reading("", "q", "", question),)))
    assert [str(each) for each in left] == [
        "q was not written: Markdown cannot carry all of it; export it as QTI."
    ]


def test_gift_becomes_markdown() -> None:
    for file in sorted(GIFT.glob("*.gift")):
        carried(read_bank(file))
