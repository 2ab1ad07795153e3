"""Cloze texts: the grammar of their gaps, and the points that these share."""

from __future__ import annotations

from fractions import Fraction

import pytest
from read_questions import only, points, read, why

from exam_packages.content.items import Choice, InlineChoice, TextEntry
from exam_packages.formats.errors import FormatError
from exam_packages.formats.html import mark
from exam_packages.formats.moodle.cloze import split
from exam_packages.formats.report import Bank

F = Fraction


def cloze(text: str) -> Bank:
    return read(
        "<quiz><question type='cloze'><questiontext format='html'><text>"
        f"<![CDATA[{text}]]></text></questiontext></question></quiz>",
        "bank.xml",
    )


def test_split() -> None:
    text, (first, second) = split(r"a {2:SA:=b\}c~%50%d#e\~f} {:MCS:g~=h} {3:XX:i}")
    assert text == f"a {mark(0)} {mark(1)} {{3:XX:i}}"
    assert [(each.text, each.share) for each in first.answers] == [("b}c", F(1)), ("d", F(1, 2))]
    assert (first.weight, first.kind, first.feedback, first.shuffle) == (2, "typed", True, False)
    assert (second.weight, second.kind, second.feedback, second.shuffle) == (1, "menu", False, True)


def test_entities_are_no_feedback() -> None:
    _, (gap,) = split("{1:SA:=a&#39;b#c}")
    assert gap.answers[0].text == "a&#39;b"


def test_gaps_share_the_points_by_weight() -> None:
    question = only(
        cloze("<p>{1:SHORTANSWER:=Rome~%50%Roma} {2:NUMERICAL:=5:0.5} {3:MULTICHOICE:a~=b}</p>")
    )
    kinds = [type(each) for each in question.item.interactions]
    assert kinds == [TextEntry, TextEntry, InlineChoice]
    assert question.key.max_score == "6"  # Moodle's grade of a cloze is the sum of its weights
    assert points(question, RESPONSE_1=("roma",), RESPONSE_2=("5.5",)) == F(5, 2)
    assert points(question, RESPONSE_1=("Rome",), RESPONSE_3=("B",)) == 4


def test_case_matters_where_it_is_said_to() -> None:
    question = only(cloze("{1:SAC:=Rome}"))
    assert (points(question, "rome"), points(question, "Rome")) == (0, 1)


def test_choices_below_one_another_and_several() -> None:
    question = only(cloze("{1:MCV:=a~b} and {1:MR:=a~=b~%-50%c}"))
    assert all(isinstance(each, Choice) for each in question.item.interactions)
    assert points(question, RESPONSE_1=("A",), RESPONSE_2=("A", "B")) == 2
    assert points(question, RESPONSE_2=("A",)) == F(1, 2)
    assert points(question, RESPONSE_2=("A", "C")) == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{1:SA:=a", "no closing"),
        ("{1:SA:%50 a}", "not closed"),
        ("{0:SA:=a}", "no weight"),
        ("{1:SA:=a} {0:SA:=b}", "weight 0"),
        ("{1:NM:=five}", "no number"),
        ("{1:MC:a~b}", "No choice earns"),
        ("{1:MC:" + "a~" * 300 + "=b}", "more than 256"),
        ("{1:SA:=a}" * 201, "more than 200 gaps"),
        ("no gap", "asks nothing"),
        ("<pre>{1:MCV:=a~b}</pre><table><tr><td>{1:MCV:=a~b}</table>", "cannot stand"),
    ],
)
def test_refused(text: str, sentence: str) -> None:
    (reading,) = cloze(text).readings
    assert sentence in why(reading)


def test_an_unclosed_gap_is_found_in_one_pass() -> None:
    with pytest.raises(FormatError):
        split("{1:SA:" * 10_000)
