"""Scores: from responses by rules, and by a person where rules cannot."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.content.items import Choice, ExtendedText, Item, SimpleChoice, TextEntry
from exam_packages.content.values import Response
from exam_packages.rules.declarations import OutcomeDeclaration, ResponseDeclaration
from exam_packages.rules.expressions import Apply, BaseValue, Correct, Expression, Variable
from exam_packages.rules.key import (
    AnswerKey,
    Branch,
    Condition,
    Entry,
    Exit,
    ItemKey,
    Rule,
    SectionKey,
    SetOutcome,
    read_answer_key,
)
from exam_packages.rules.processing import (
    EXTERNAL,
    RULES,
    UNFIT,
    UNREADABLE,
    ItemResult,
    score,
    score_form,
    total,
)
from exam_packages.rules.values import RulesError

SCORE = OutcomeDeclaration("SCORE", "float", "single", ())
CHOICES = tuple(SimpleChoice(name, (), 1) for name in "abc")


def number_item(name: str = "n") -> Item:
    entry = TextEntry("R", 0, "", "", True)
    return Item(name, name, "en", (), (entry,), (), ())


def set_score(value: str) -> Rule:
    return SetOutcome("SCORE", BaseValue("float", value))


def right(name: str = "R") -> Expression:
    return Apply("match", (), (Variable(name), Correct(name)))


def number_key(*rules: Rule, external: bool = False, name: str = "n") -> ItemKey:
    declared = ResponseDeclaration("R", "float", "single", ("7.5",), None, None)
    return ItemKey(name, (declared,), (SCORE,), rules, "1", external)


MATCH = Condition((Branch(right(), (set_score("1"),)),), (set_score("0"),))


def answer(*members: str) -> tuple[Response, ...]:
    return (Response("R", members),)


@pytest.mark.parametrize(("typed", "points"), [("7.5", 1), ("7.50", 1), (" 7.5 ", 1), ("8", 0)])
def test_numbers_are_compared_as_numbers(typed: str, points: int) -> None:
    assert score(number_item(), number_key(MATCH), answer(typed)).score == points


def test_no_answer_scores_nothing_and_needs_nobody() -> None:
    for responses in ((), answer()):
        result = score(number_item(), number_key(MATCH), responses)
        assert result == ItemResult("n", Fraction(0), Fraction(1), False)


@pytest.mark.parametrize("typed", ["seven and a half", "7,5", "7.5 °C"])
def test_what_a_rule_cannot_read_a_person_reads(typed: str) -> None:
    result = score(number_item(), number_key(MATCH), answer(typed))
    assert (result.score, result.person) == (None, UNREADABLE)


@given(st.text(max_size=50))
def test_no_typed_text_makes_scoring_fail(typed: str) -> None:
    result = score(number_item(), number_key(MATCH), answer(typed))
    assert (result.score is None) == bool(result.person)
    assert result.score in (None, 0, 1)


@pytest.mark.parametrize(
    "responses",
    [
        (Response("OTHER", ("1",)),),
        (Response("R", ("1",)), Response("R", ("7.5",))),
        (Response("R", ("1", "7.5")),),
    ],
)
def test_a_response_the_item_never_gave_goes_to_a_person(responses: tuple[Response, ...]) -> None:
    result = score(number_item(), number_key(MATCH), responses)
    assert (result.score, result.person) == (None, UNFIT)


@pytest.mark.parametrize(
    "rule",
    [
        SetOutcome("NOT_THERE", BaseValue("float", "1")),
        SetOutcome("SCORE", BaseValue("identifier", "a")),
        Condition((Branch(BaseValue("integer", "1"), ()),), ()),
    ],
)
def test_rules_that_cannot_be_followed_go_to_a_person(rule: Rule) -> None:
    result = score(number_item(), number_key(rule), answer("1"))
    assert (result.score, result.person) == (None, RULES)


def test_an_external_item_goes_to_a_person_once_something_was_written() -> None:
    essay = Item("n", "n", "en", (), (ExtendedText("R", (), 0, "", 0, 0, 1, "", False),), (), ())
    key = number_key(external=True)
    assert score(essay, key, answer("An opinion")).person == EXTERNAL
    assert score(essay, key, ()).score == 0


def test_branches_run_in_order_and_exit_stops() -> None:
    yes, no = BaseValue("boolean", "true"), BaseValue("boolean", "false")
    rules = (
        Condition(
            (Branch(no, (set_score("1"),)), Branch(yes, (set_score("0.25"),)), Branch(yes, ())), ()
        ),
        Condition((Branch(yes, (Exit(),)),), ()),
        set_score("1"),
    )
    assert score(number_item(), number_key(*rules), ()).score == Fraction(1, 4)


def test_a_condition_that_is_null_does_not_hold() -> None:
    rule = Condition((Branch(Variable("R"), (set_score("1"),)),), (set_score("0.5"),))
    assert score(number_item(), number_key(rule), ()).score == Fraction(1, 2)


def test_a_score_that_is_null_counts_as_nothing() -> None:
    rule = SetOutcome("SCORE", Apply("sum", (), (Variable("R"), BaseValue("float", "1"))))
    assert score(number_item(), number_key(rule), ()).score == 0
    assert score(number_item(), number_key(rule), answer("0.5")).score == Fraction(3, 2)


@given(st.lists(st.sampled_from("abc"), unique=True, max_size=3))
def test_a_multiple_response_scores_the_same_in_any_order(members: list[str]) -> None:
    item = Item("m", "", "en", (), (Choice("R", (), CHOICES, 0, 0),), (), ())
    declared = ResponseDeclaration("R", "identifier", "multiple", ("a", "c"), None, None)
    key = ItemKey("m", (declared,), (SCORE,), (MATCH,), "1", False)
    assert score(item, key, answer(*members)).score == (set(members) == {"a", "c"})


def test_a_key_scores_only_its_own_item() -> None:
    with pytest.raises(RulesError, match="cannot score"):
        score(number_item("other"), number_key(MATCH), ())


def entry(name: str, section: str, weight: str, *, external: bool = False) -> Entry:
    key = number_key(*(() if external else (MATCH,)), external=external, name=name)
    return Entry(section, weight, "c", "l", key)


FORM = AnswerKey(
    "form",
    "Title",
    "2.5",
    (SectionKey("s", "S"), SectionKey("t", "T")),
    (entry("one", "s", "1"), entry("two", "s", "0.5"), entry("three", "t", "2", external=True)),
)
ITEMS = {
    "one": number_item("one"),
    "two": number_item("two"),
    "three": Item(
        "three", "", "en", (), (ExtendedText("R", (), 0, "", 0, 0, 1, "", False),), (), ()
    ),
}


def test_a_result_sums_by_weight_and_section() -> None:
    answers = {"one": answer("7.5"), "two": answer("7.5"), "three": answer("words")}
    result = total(FORM, score_form(ITEMS, FORM, answers))
    assert [(each.score, each.max_score) for each in result.sections] == [
        (Fraction(3, 2), Fraction(3, 2)),
        (0, 2),
    ]
    assert (result.score, result.max_score) == (Fraction(3, 2), Fraction(7, 2))
    assert (result.pending, result.pending_max) == (("three",), 2)
    assert result.reaches_cut is None


@pytest.mark.parametrize(
    ("mark", "reaches"), [(Fraction(1), True), (Fraction(1, 2), True), (Fraction(0), False)]
)
def test_the_cut_score_decides_once_nothing_is_pending(mark: Fraction, reaches: bool) -> None:
    results = score_form(ITEMS, FORM, {"one": answer("7.5"), "two": answer("7.5")})
    results["three"] = ItemResult("three", mark, Fraction(1), True)
    assert total(FORM, results).reaches_cut is reaches


def test_the_cut_score_can_be_out_of_reach_before_people_mark() -> None:
    results = score_form(ITEMS, FORM, {"three": answer("words")})
    assert total(FORM, results).reaches_cut is False


def test_answers_of_another_form_are_refused() -> None:
    with pytest.raises(RulesError, match="same form"):
        score_form(ITEMS, FORM, {"four": ()})
    with pytest.raises(RulesError, match="same form"):
        score_form({"one": ITEMS["one"]}, FORM, {})
    with pytest.raises(RulesError, match="same form"):
        total(FORM, {})


def test_an_answer_key_is_read_back_whole() -> None:
    assert read_answer_key(canon.pack(FORM)) == FORM
    with pytest.raises(canon.CanonError):
        read_answer_key(canon.pack(FORM.entries[0]))
