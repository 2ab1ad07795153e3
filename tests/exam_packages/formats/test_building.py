"""Questions from their parts: every point exact, and QTI reads them again as they are."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import bodies, made, menu, parts_of
from read_questions import points

from exam_packages.content.items import (
    Choice,
    Match,
    SimpleChoice,
    TextEntry,
)
from exam_packages.content.text import Text
from exam_packages.formats import building
from exam_packages.formats.building import Span
from exam_packages.formats.errors import FormatError
from exam_packages.formats.parts import Part, Worth
from exam_packages.formats.qti.processing import TEMPLATES
from exam_packages.formats.qti.reader import read_files
from exam_packages.formats.qti.writer import whole_bank, write_test
from exam_packages.formats.report import Bank, Reading

F = Fraction
ONE = F(1)
LINE = (Text("Which?", 0),)


def test_a_third_stays_a_third() -> None:
    several = Choice("RESPONSE", (), building.choices(bodies(4)), 0, 0)
    part = building.several_of(several, [F(1, 3), F(1, 3), F(1, 3), F(-1)], F(0), F(1))
    question = made(part)
    assert points(question, "A", "B", "C") == 1
    assert points(question, "A") == F(1, 3)
    assert points(question, "A", "B", "D") == 0  # bounded below, as in Moodle
    assert points(question) == 0
    assert question.key.max_score == "1"


def test_one_right_choice_is_qtis_match_correct() -> None:
    part = building.one_of(Choice("RESPONSE", (), building.choices(bodies(2)), 0, 1), [F(0), F(1)])
    assert made(part).key.processing == TEMPLATES["match_correct"]


def test_a_wrong_choice_may_cost_points() -> None:
    part = building.one_of(
        Choice("RESPONSE", (), building.choices(bodies(2)), 0, 1), [F(2), F(-1, 2)]
    )
    question = made(part, worth=F(2))
    assert points(question, "B") == F(-1, 2)
    assert points(question, "A") == 2


def test_numbers_of_several_spans_take_the_first_that_holds() -> None:
    entry = TextEntry("RESPONSE", 0, "", "", True)
    spans = [
        Span(F(5), F(5), F(1), F(5)),
        Span(F(4), F(6), F(1, 3), F(5)),
        Span(F(7), F(8), F(1, 2), F(15, 2), open_low=True, open_high=True),
    ]
    question = made(building.numeric(entry, spans))
    assert [points(question, each) for each in ("5", "4", "6.0", "3.9", "7", "7.5", "8")] == [
        1, F(1, 3), F(1, 3), 0, 0, F(1, 2), 0,
    ]  # fmt: skip
    assert points(question, "five") is None  # a person decides


def test_typed_answers_count_once_whatever_their_case() -> None:
    entry = TextEntry("RESPONSE", 0, "", "", False)
    part = building.typed(
        entry, [Worth("Rome", F(1), False), Worth("ROME", F(1, 4), False), Worth("Roma", F(1, 2))]
    )
    question = made(part)
    assert points(question, "rOmE") == 1
    assert points(question, "Roma") == F(1, 2)
    assert points(question, "roma") == 0


def test_pairs_share_the_points() -> None:
    sources = building.choices(bodies(3), "S")
    targets = tuple(
        SimpleChoice(each.identifier, each.body, 0) for each in building.choices(bodies(2), "T")
    )
    match = Match("RESPONSE", (), sources, targets, 0, 0)
    part = building.pairs(match, [("S1", "T1"), ("S2", "T1"), ("S3", "T2")], F(2))
    question = made(part, worth=F(2))
    assert points(question, "S1 T1") == F(2, 3)
    assert points(question, "S1 T1", "S2 T2", "S3 T2") == F(4, 3)


def test_parts_are_added_exactly() -> None:
    parts = [
        menu("RESPONSE_1", [F(1, 3), F(0)]),
        menu("RESPONSE_2", [F(1, 7), F(1, 3)]),
        building.numeric(
            TextEntry("RESPONSE_3", 0, "", "", True), [Span(F(1), F(1), F(1, 3), F(1))]
        ),
    ]
    question = made(*parts)
    given = {"RESPONSE_1": ("A",), "RESPONSE_2": ("A",), "RESPONSE_3": ("1",)}
    assert points(question, **given) == F(1, 3) + F(1, 7) + F(1, 3)
    assert points(question, RESPONSE_1=("A",), RESPONSE_2=("B",), RESPONSE_3=("1.0",)) == 1


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([], "asks nothing"),
        ([building.essay("RESPONSE_1"), menu("RESPONSE_2", [F(1)])], "make two"),
        ([menu("RESPONSE", [F(1, 10**13 + 1)])], "simpler"),
    ],
)
def test_refused(parts: list[Part], sentence: str) -> None:
    with pytest.raises(FormatError, match=sentence):
        made(*parts)


@pytest.mark.parametrize("count", [0, 257])
def test_too_many_choices_are_counted_before_they_are_read(count: int) -> None:
    read: list[int] = []
    with pytest.raises(FormatError, match="1 to 256"):
        building.read_each(range(count), lambda each: (read.append(each), LINE)[1])
    assert read == []


@settings(max_examples=40)
@given(parts_of(), st.sampled_from([F(1), F(2), F(5, 2)]))
def test_qti_reads_it_again_as_it_is(parts: list[Part], worth: Fraction) -> None:
    question = made(*parts, worth=worth)
    bank = Bank("test", (Reading("", "q", "", question),))
    (again,) = read_files(write_test(whole_bank(bank))).references()
    assert again.question == question
