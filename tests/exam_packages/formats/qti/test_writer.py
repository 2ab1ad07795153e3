"""Export to QTI 3: what is written reads again as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import ONE, blocks, inlines, made, parts_of
from read_questions import PNG, read

from exam_packages import samples
from exam_packages.assessment import Question
from exam_packages.content.items import Choice, Exhibit, Item, SimpleChoice, TextEntry
from exam_packages.content.text import Block, Paragraph, Picture, Slot, Text
from exam_packages.formats import building
from exam_packages.formats.building import About
from exam_packages.formats.errors import FormatError
from exam_packages.formats.export import write_qti
from exam_packages.formats.qti.reader import read_files, read_test
from exam_packages.formats.qti.writer import whole_bank, write_test
from exam_packages.formats.report import Bank, Reading

SAMPLE = Path(samples.__file__).parent / "food_safety"


def again(question: Question, **bank: object) -> Question:
    """*question* after it was written and read."""
    whole = Bank("test", (Reading("", "", "", question),), **bank)  # type: ignore[arg-type]
    (reference,) = read_files(write_test(whole_bank(whole))).references()
    return reference.question


def test_the_sample_exam_comes_back_whole() -> None:
    test = read_test(SAMPLE)
    assert test.practice and test.blueprint
    assert read_files(write_test(test)) == test


@settings(max_examples=40)
@given(
    blocks(),
    parts_of(),
    st.text("abü <&>\"'", max_size=10).map(lambda text: " ".join(text.split())),
)
def test_any_text_comes_back(body: list[Block], parts: list[building.Part], title: str) -> None:
    asked = made(*parts)
    item = replace_item(asked, body=(*body, *asked.item.body), title=title, language="fr")
    question = replace(asked, item=item, competence="cold", level="recall")
    assert again(question) == question


def replace_item(question: Question, **changes: object) -> Item:
    return msgspec.structs.replace(question.item, **changes)


@settings(max_examples=20)
@given(inlines(), inlines())
def test_prompts_and_choices_come_back(prompt: tuple, body: tuple) -> None:  # type: ignore[type-arg]
    choices = (SimpleChoice("x.1", body, 1), SimpleChoice("x-2", (Text("b", 0),), 1))
    choice = Choice("RESPONSE", (Paragraph(prompt),), choices, 1, 1)
    question = building.question(
        About("q"), (Slot("RESPONSE"),), [building.one_of(choice, [ONE, ONE / 3])]
    )
    assert again(question) == question


def test_pictures_and_exhibits_come_back() -> None:
    line = Paragraph((Picture("a.png", 'A "fridge" & more', 4, 3),))
    part = building.essay("RESPONSE", 5)
    about = About("q", "T", "en", ONE, "cold", "apply", ("plan",))
    question = building.question(about, (line, Slot("RESPONSE")), [part], [], frozenset(["a.png"]))
    exhibit = Exhibit("plan", "The plan", (line,), ())
    bank = Bank(
        "test",
        (Reading("", "q", "", question),),
        exhibits={"plan": exhibit},
        media={"a.png": PNG},
        exhibit_media={"plan": frozenset(["a.png"])},
    )
    test = read_files(write_test(whole_bank(bank)))
    (reference,) = test.references()
    assert reference.question == question
    assert (test.exhibits, test.media, test.exhibit_media) == (
        bank.exhibits, bank.media, bank.exhibit_media,
    )  # fmt: skip


def test_only_what_qti_cannot_say_is_left_out() -> None:
    good = made(*[building.typed(entry(), [building.Worth("a", ONE)])])
    bad = replace(good, key=msgspec.structs.replace(good.key, max_score="1/3"))
    bank = Bank("test", (Reading("", "bad", "", bad), Reading("", "q", "", good)))
    files, left = write_qti(bank)
    assert [str(each) for each in left] == [
        "bad was not written: The number 1/3 has no end as a decimal."
    ]
    assert [each.question for each in read_files(files).references()] == [good]


def test_an_empty_bank_is_refused() -> None:
    with pytest.raises(FormatError, match="no question"):
        write_qti(read("only text", "a.gift"))


def entry() -> TextEntry:
    return TextEntry("RESPONSE", 0, "", "", False)
