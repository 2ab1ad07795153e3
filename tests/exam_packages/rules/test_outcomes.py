"""Outcome processing of a test: its own rules over the results of its items."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from exam_packages import canon
from exam_packages.content.items import Item, TextEntry
from exam_packages.content.values import Response
from exam_packages.rules.declarations import (
    LookupTable,
    OutcomeDeclaration,
    ResponseDeclaration,
    TableEntry,
)
from exam_packages.rules.expressions import (
    Apply,
    BaseValue,
    Correct,
    Expression,
    Variable,
)
from exam_packages.rules.key import (
    AnswerKey,
    Branch,
    Condition,
    Entry,
    Exit,
    ItemKey,
    LookUp,
    Rule,
    SectionKey,
    SetOutcome,
    TestProcessing,
    read_answer_key,
)
from exam_packages.rules.processing import (
    EXTERNAL,
    FormResult,
    ItemResult,
    process_test,
    score_form,
    total,
)
from exam_packages.rules.values import RulesError, Value, single

MATCH = Condition(
    (
        Branch(
            Apply("match", (), (Variable("R"), Correct("R"))),
            (SetOutcome("SCORE", BaseValue("float", "1")),),
        ),
    ),
    (),
)


def item_key(name: str, *, correct: bool = True, maximum: str = "1") -> ItemKey:
    declared = ResponseDeclaration(
        "R", "integer", "single", ("1",) if correct else (), None, None, ()
    )
    outcome = OutcomeDeclaration("SCORE", "float", "single", (), "-0.5", maximum)
    level = OutcomeDeclaration("LEVEL", "integer", "single", ("3",))
    return ItemKey(name, (declared,), (outcome, level), (MATCH,), "1", False)


def entry(name: str, section: str, *within: str, **more: Any) -> Entry:
    weight = more.get("weight", "1")
    key = item_key(name, correct=more.get("correct", True), maximum=more.get("maximum", "1"))
    return Entry(
        section,
        weight,
        "",
        "",
        key,
        within,
        tuple(more.get("categories", "").split()),
        (("W", weight),) if weight != "1" else (),
    )


ENTRIES = (
    entry("Q.1", "s", weight="2", categories="easy"),
    entry("Q.2", "s", "inner", categories="easy hard"),
    entry("Q.3", "t", categories="hard"),
    entry("Q.4", "t", correct=False, maximum=""),
)
SCORE = OutcomeDeclaration("SCORE", "float", "single", (), "", "4")
TEXT = OutcomeDeclaration("TEXT", "identifier", "single", ())
COUNT = OutcomeDeclaration("COUNT", "integer", "single", ())
GRADE = OutcomeDeclaration(
    "GRADE",
    "identifier",
    "single",
    (),
    "",
    "",
    LookupTable(True, "fail", (TableEntry("3", "good", True), TableEntry("1", "pass", False))),
)
MATCHED = OutcomeDeclaration(
    "MATCHED", "float", "single", (), "", "", LookupTable(False, "", (TableEntry("2", "20", True),))
)
OUTCOMES = (SCORE, TEXT, COUNT, GRADE, MATCHED)


def key(*rules: Rule) -> AnswerKey:
    sections = (SectionKey("s", "S"), SectionKey("t", "T"))
    return AnswerKey("f", "F", "3", sections, ENTRIES, TestProcessing(OUTCOMES, rules))


ITEMS = {
    each.key.item: Item(each.key.item, "", "en", (), (TextEntry("R", 0, "", "", True),), (), ())
    for each in ENTRIES
}
ANSWERS = {"Q.1": "1", "Q.2": "1", "Q.3": "5"}


def results(**given: str) -> dict[str, ItemResult]:
    answers = {name: (Response("R", (text,)),) for name, text in (given or ANSWERS).items()}
    return score_form(ITEMS, key(), answers)


def outcome(expression: Expression, name: str = "COUNT") -> Any:
    values = process_test(key(SetOutcome(name, expression)), results())
    value = values[name]
    return None if value is None else value.members[0]


def count(operator: str, **settings: str) -> Any:
    given = tuple((name.replace("_", "-"), value) for name, value in settings.items())
    return outcome(Apply(operator, given, ()))


def summed(operator: str = "test-variables", **settings: str) -> Any:
    if operator == "test-variables":
        settings = {"variable_identifier": "SCORE"} | settings
    given = tuple((name.replace("_", "-"), value) for name, value in settings.items())
    return outcome(Apply("sum", (), (Apply(operator, given, ()),)), "SCORE")


def test_items_are_counted_by_what_became_of_them() -> None:
    assert count("number-correct") == 2
    assert count("number-incorrect") == 1  # the one without a correct response is neither
    assert count("number-responded") == 3
    assert count("number-presented") == 4
    assert count("number-selected") == 4


def test_subsets_go_by_section_and_category() -> None:
    assert count("number-correct", section_identifier="s") == 2
    assert count("number-correct", section_identifier="inner") == 1
    assert count("number-selected", section_identifier="nowhere") == 0
    assert count("number-selected", include_category="easy hard") == 3
    assert count("number-selected", include_category="easy", exclude_category="hard") == 1
    assert count("number-selected", exclude_category="hard") == 2


def test_variables_of_many_items_come_together() -> None:
    assert summed() == 2
    assert summed(weight_identifier="W") == 3
    assert summed(weight_identifier="NO_SUCH") == 2  # QTI: a weight that is not there is 1
    assert summed(variable_identifier="LEVEL") == 12
    assert summed(variable_identifier="LEVEL", base_type="integer") == 12
    assert summed(variable_identifier="LEVEL", base_type="float") is None
    assert summed(variable_identifier="NOT_THERE") is None
    assert summed(variable_identifier="R", section_identifier="s") == 2
    with pytest.raises(RulesError, match="base-type"):
        summed(base_type="integer", weight_identifier="W")


def test_bounds_of_many_items_come_together() -> None:
    named = {"outcome_identifier": "SCORE"}
    assert summed("outcome-minimum", **named) == -2
    assert summed("outcome-minimum", weight_identifier="W", **named) == Fraction(-5, 2)
    assert summed("outcome-maximum", section_identifier="s", **named) == 2
    assert summed("outcome-maximum", section_identifier="s", weight_identifier="W", **named) == 3
    assert summed("outcome-maximum", **named) is None  # one of them declares none
    assert summed("outcome-minimum", outcome_identifier="LEVEL") is None


def test_one_item_is_looked_up_by_its_name() -> None:
    assert outcome(Variable("Q.2.SCORE"), "SCORE") == 1
    assert outcome(Variable("Q.1.SCORE", "W"), "SCORE") == 2
    assert outcome(Variable("Q.1.LEVEL")) == 3
    assert outcome(Variable("Q.9.SCORE"), "SCORE") is None  # not drawn into this form
    with pytest.raises(RulesError, match="NOTHING"):
        outcome(Variable("NOTHING"))


def test_rules_of_a_test_branch_look_up_and_end() -> None:
    points = Apply("sum", (), (Apply("test-variables", (("variable-identifier", "SCORE"),), ()),))
    rules = (
        SetOutcome("SCORE", points),
        LookUp("GRADE", Variable("SCORE")),
        LookUp("MATCHED", Variable("SCORE")),
        Condition(
            (
                Branch(
                    Apply("gte", (), (Variable("SCORE"), BaseValue("float", "2"))),
                    (SetOutcome("TEXT", BaseValue("identifier", "pass")), Exit()),
                ),
            ),
            (),
        ),
        SetOutcome("TEXT", BaseValue("identifier", "never")),
    )
    values = process_test(key(*rules), results())
    assert values["GRADE"] == single("identifier", "pass")
    assert values["MATCHED"] == single("float", Fraction(20))
    assert values["TEXT"] == single("identifier", "pass")


@pytest.mark.parametrize(
    ("source", "grade"),
    [("5", "good"), ("3", "good"), ("2.9", "pass"), ("1", "fail"), ("-1", "fail")],
)
def test_an_interpolation_table_takes_the_first_row_that_is_not_above(
    source: str, grade: str
) -> None:
    values = process_test(key(LookUp("GRADE", BaseValue("float", source))), results())
    assert values["GRADE"] == single("identifier", grade)


def test_what_no_row_names_has_the_default_or_nothing() -> None:
    values = process_test(
        key(LookUp("MATCHED", BaseValue("integer", "7")), LookUp("GRADE", Variable("TEXT"))),
        results(),
    )
    assert values["MATCHED"] is None
    assert values["GRADE"] == single("identifier", "fail")
    with pytest.raises(RulesError, match="lookup table"):
        process_test(key(LookUp("SCORE", BaseValue("integer", "7"))), results())


def halved(points: dict[str, ItemResult]) -> FormResult:
    score = Apply("test-variables", (("variable-identifier", "SCORE"),), ())
    half = Apply("divide", (), (Apply("sum", (), (score,)), BaseValue("integer", "2")))
    return total(key(SetOutcome("SCORE", half)), points)


def test_the_score_of_the_test_is_what_its_rules_give() -> None:
    result = halved(results())
    assert (result.score, result.max_score) == (1, 4)
    assert [(each.score, each.max_score) for each in result.sections] == [(3, 3), (0, 2)]
    assert result.outcomes["SCORE"] == single("float", Fraction(1))
    assert result.reaches_cut is False


def test_an_item_that_waits_for_a_person_leaves_the_result_open() -> None:
    waiting = results() | {"Q.3": ItemResult("Q.3", None, Fraction(1), True, EXTERNAL)}
    result = halved(waiting)
    assert (result.pending, result.reaches_cut) == (("Q.3",), None)
    marked = waiting | {"Q.3": ItemResult("Q.3", Fraction(4), Fraction(4), True)}
    assert halved(marked).score == 3
    assert halved(marked).reaches_cut is True


def test_a_test_without_a_score_of_its_own_is_summed() -> None:
    result = total(
        replace_processing(
            TestProcessing((TEXT,), (SetOutcome("TEXT", BaseValue("identifier", "x")),))
        ),
        results(),
    )
    assert (result.score, result.max_score) == (3, 5)
    assert result.outcomes == {"TEXT": single("identifier", "x")}


def replace_processing(processing: TestProcessing | None) -> AnswerKey:
    return msgspec.structs.replace(key(), processing=processing)


def test_rules_that_cannot_be_followed_hold_the_result() -> None:
    with pytest.raises(RulesError):
        total(
            key(SetOutcome("SCORE", Variable("Q.1.SCORE.X")), SetOutcome("NO", Variable("SCORE"))),
            results(),
        )


def test_a_result_knows_its_variables_and_compares_without_them() -> None:
    (first, *_) = results().values()
    assert first.variables["R"] == single("integer", Fraction(1))
    assert first.variables["LEVEL"] == single("integer", Fraction(3))
    assert replace(first, variables={}) == first


def test_a_key_with_processing_is_read_back_whole_and_no_other_way() -> None:
    whole = key(SetOutcome("SCORE", Variable("Q.1.SCORE", "W")))
    data = canon.pack(whole)
    assert read_answer_key(data) == whole
    assert read_answer_key(data).entry("Q.1") == ENTRIES[0]
    assert whole.entry("Q.9") is None
    fields = canon.decode(data)
    assert isinstance(fields, list)
    # Fields at the end that could be left out would make two encodings of one key.
    shorter = canon.encode([*fields[:4], [each[:5] for each in fields[4]], *fields[5:]])  # type: ignore[index, misc, union-attr]
    with pytest.raises(canon.CanonError, match="lacks fields"):
        read_answer_key(shorter)


def test_values_of_a_test_are_single_or_not_looked_at() -> None:
    many = Value("float", "multiple", (Fraction(1), Fraction(2)))
    (first, *others) = results().values()
    changed = {first.item: replace(first, variables=dict(first.variables) | {"LEVEL": many})}
    changed |= {each.item: each for each in others}
    levels = Apply("test-variables", (("variable-identifier", "LEVEL"),), ())
    values = process_test(key(SetOutcome("COUNT", Apply("sum", (), (levels,)))), changed)
    assert values["COUNT"] == single("integer", Fraction(9))
