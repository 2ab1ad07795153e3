"""Template processing: drawn from a source of chance alone, into the answer key."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.content.items import Item, TextEntry
from exam_packages.content.values import Response
from exam_packages.rules.chance import STEPS
from exam_packages.rules.declarations import (
    OutcomeDeclaration,
    ResponseDeclaration,
    TemplateDeclaration,
)
from exam_packages.rules.expressions import (
    Apply,
    BaseValue,
    Correct,
    Default,
    Expression,
    Variable,
)
from exam_packages.rules.key import (
    Branch,
    Condition,
    Constrain,
    Exit,
    ItemKey,
    Rule,
    SetCorrect,
    SetDefault,
    SetOutcome,
    SetTemplate,
)
from exam_packages.rules.processing import score
from exam_packages.rules.templates import MAX_TRIES, DrawnTemplates, Templates, draw_templates
from exam_packages.rules.values import RulesError, single


class Lots:
    """A source that gives these numbers, one after the other, and says what it was asked."""

    def __init__(self, *numbers: int) -> None:
        self._numbers: Iterator[int] = iter(numbers)
        self.asked: list[int] = []

    def below(self, limit: int) -> int:
        self.asked.append(limit)
        return next(self._numbers) % limit


A = TemplateDeclaration("A", "integer", "single", ("0",))
B = TemplateDeclaration("B", "integer", "single", ("9",))
X = TemplateDeclaration("X", "float", "single", ())
W = TemplateDeclaration("W", "identifier", "single", ())
RESPONSE = ResponseDeclaration("R", "float", "single", ("1",), None, None)
SCORE = OutcomeDeclaration("SCORE", "float", "single", ())
MATCH = Condition(
    (
        Branch(
            Apply("equal", (), (Variable("R"), Correct("R"))),
            (SetOutcome("SCORE", Variable("A")),),
        ),
    ),
    (),
)
KEY = ItemKey("i", (RESPONSE,), (SCORE,), (MATCH,), "1", False)
ITEM = Item("i", "", "en", (), (TextEntry("R", 0, "", "", True),), (), ())


def integer(low: int, high: int, step: int = 1) -> Expression:
    settings = (("max", str(high)), ("min", str(low)), ("step", str(step)))
    return Apply("random-integer", settings, ())


def draw(lots: Lots, *rules: Rule) -> DrawnTemplates:
    return draw_templates(Templates((A, B, X, W), rules), KEY, lots)


def test_variables_are_drawn_and_the_key_knows_them() -> None:
    lots = Lots(4, 3, STEPS // 4, 2)
    words = tuple(BaseValue("identifier", each) for each in "abc")
    drawn = draw(
        lots,
        SetTemplate("A", integer(1, 5)),
        SetTemplate("B", integer(10, 20, 3)),
        SetTemplate("X", Apply("random-float", (("max", "3"), ("min", "1")), ())),
        SetTemplate("W", Apply("random", (), (Apply("multiple", (), words),))),
        SetCorrect("R", Apply("divide", (), (Variable("A"), BaseValue("integer", "3")))),
        SetDefault("SCORE", BaseValue("float", "0.5")),
    )
    assert lots.asked == [5, 4, STEPS + 1, 3]
    assert drawn.values == {
        "A": single("integer", Fraction(5)),
        "B": single("integer", Fraction(19)),
        "X": single("float", Fraction(3, 2)),
        "W": single("identifier", "c"),
    }
    assert drawn.key.responses[0].correct == ("5/3",)
    assert drawn.key.outcomes[0].default == ("0.5",)
    assert [each.default for each in drawn.key.templates] == [("5",), ("19",), ("1.5",), ("c",)]


def test_the_drawn_key_scores_with_what_was_drawn() -> None:
    third = Apply("divide", (), (Variable("A"), BaseValue("integer", "8")))
    drawn = draw(Lots(2), SetTemplate("A", integer(1, 5)), SetCorrect("R", third))
    assert score(ITEM, drawn.key, (Response("R", ("0.375",)),)).score == 3
    assert score(ITEM, drawn.key, (Response("R", ("0.38",)),)).score == 0
    # The numbers of one candidate's paper say nothing about another's.
    assert KEY.responses[0].correct == ("1",)


def test_a_template_can_take_its_branches_and_leave_early() -> None:
    even = Apply(
        "equal",
        (),
        (
            Apply("integer-modulus", (), (Variable("A"), BaseValue("integer", "2"))),
            BaseValue("integer", "0"),
        ),
    )
    rules = (
        SetTemplate("A", integer(1, 2)),
        Condition(
            (Branch(even, (SetTemplate("B", BaseValue("integer", "1")), Exit())),),
            (SetTemplate("B", BaseValue("integer", "2")),),
        ),
        SetTemplate("W", BaseValue("identifier", "end")),
    )
    odd_one, even_one = draw(Lots(0), *rules), draw(Lots(1), *rules)
    assert odd_one.values["B"] == single("integer", Fraction(2))
    assert odd_one.values["W"] == single("identifier", "end")
    assert even_one.values["B"] == single("integer", Fraction(1))
    assert even_one.values["W"] is None


DIFFER = Constrain(Apply("not", (), (Apply("equal", (), (Variable("A"), Variable("B"))),)))


@given(st.binary(min_size=250, max_size=250))
def test_a_constraint_draws_again_until_it_holds(numbers: bytes) -> None:
    drawn = draw(
        Lots(*numbers), SetTemplate("A", integer(1, 3)), SetTemplate("B", integer(1, 3)), DIFFER
    )
    assert drawn.values["A"] != drawn.values["B"]


def test_past_the_last_try_the_defaults_are_taken_and_the_rules_go_on() -> None:
    lots = Lots(*([0] * 1000))
    drawn = draw(
        lots,
        SetTemplate("A", integer(1, 3)),
        SetCorrect("R", Variable("A")),
        Constrain(Apply("gt", (), (Variable("A"), BaseValue("integer", "1")))),
        SetTemplate("W", BaseValue("identifier", "after")),
    )
    assert len(lots.asked) == MAX_TRIES
    assert drawn.values["A"] == single("integer", Fraction(0))
    assert drawn.values["W"] == single("identifier", "after")
    assert drawn.key.responses[0].correct == ("1",)


@pytest.mark.parametrize(
    "rule",
    [
        SetTemplate("NOT_THERE", BaseValue("integer", "1")),
        SetTemplate("A", BaseValue("identifier", "a")),
        SetTemplate("A", BaseValue("float", "1.5")),
        SetTemplate("A", integer(3, 1)),
        SetTemplate("A", integer(1, 3, 0)),
        SetTemplate("X", Apply("random-float", (("max", "1"), ("min", "2")), ())),
        SetCorrect("NOT_THERE", BaseValue("integer", "1")),
        SetCorrect("R", BaseValue("string", "a")),
        SetDefault("A", BaseValue("integer", "1")),
        SetOutcome("SCORE", BaseValue("float", "1")),
        Constrain(BaseValue("integer", "1")),
    ],
)
def test_rules_that_cannot_be_followed_are_errors(rule: Rule) -> None:
    with pytest.raises(RulesError):
        draw(Lots(0, 0, 0), rule)


def test_chance_has_no_place_in_scoring() -> None:
    key = ItemKey("i", (RESPONSE,), (SCORE,), (SetOutcome("SCORE", integer(0, 1)),), "1", False)
    assert score(ITEM, key, ()).person == "rules"
    for rule in (SetTemplate("A", BaseValue("integer", "1")), Constrain(BaseValue("boolean", "1"))):
        key = ItemKey("i", (RESPONSE,), (SCORE,), (rule,), "1", False)
        assert score(ITEM, key, ()).person == "rules"


def test_a_default_response_counts_where_nothing_else_was_given() -> None:
    rule = SetOutcome("SCORE", Variable("R"))
    given = ResponseDeclaration("R", "float", "single", (), None, None, ("4",))
    key = ItemKey("i", (given,), (SCORE,), (rule,), "9", False)
    assert score(ITEM, key, ()).score == 4
    assert score(ITEM, key, (Response("R", ()),)).score == 0
    assert score(ITEM, key, (Response("R", ("5",)),)).score == 5
    key = ItemKey("i", (given,), (SCORE,), (SetOutcome("SCORE", Default("R")),), "9", False)
    assert score(ITEM, key, (Response("R", ("5",)),)).score == 4
