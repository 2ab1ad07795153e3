"""Aiken: the plainest form there is."""

from __future__ import annotations

import pytest
from read_questions import only, points, read, why

from exam_packages.content.items import Choice
from exam_packages.formats.report import Bank, Verdict


def aiken(text: str) -> Bank:
    return read(text, "bank.txt")


def test_question() -> None:
    question = only(
        aiken("\ufeffWhat is <b>it</b>?\r\nOr not?\r\n\r\nA. a\r\nB) b. B) c\r\nANSWER: B\r\n")
    )
    (choice,) = question.item.interactions
    assert isinstance(choice, Choice)
    assert str(question.item.body).count("<b>it</b>") == 1  # Aiken has no markup
    assert (points(question, "A"), points(question, "B")) == (0, 1)
    assert "b. B) c" in str(choice.choices)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Q\nA. a\nB. b", "no line “ANSWER"),
        ("Q\nA. a\nA. b\nANSWER: A", "two choices"),
        ("Q\nA. a\nANSWER: C", "no choice"),
        ("A. a\nB. b\nANSWER: A", "follow no question"),
        ("Q\nA.\nB. b\nANSWER: B", "empty"),
    ],
)
def test_one_bad_question_spoils_no_other(text: str, sentence: str) -> None:
    good = "Good?\nA. a\nB. b\nANSWER: A\n"
    bank = aiken(f"{good}\n{text}\n{good}")
    assert [each.verdict for each in bank.readings] == [
        Verdict.TAKEN, Verdict.REFUSED, Verdict.TAKEN,
    ]  # fmt: skip
    assert sentence in why(bank.readings[1])
