"""Operators do what the QTI standard says, NULL included."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.rules.expressions import (
    Apply,
    BaseValue,
    Environment,
    Expression,
    Null,
    Variable,
    evaluate,
)
from exam_packages.rules.values import RulesError, Value

NOWHERE = Environment({}, {})


def whole(value: int) -> Expression:
    return BaseValue("integer", str(value))


def decimal(value: str) -> Expression:
    return BaseValue("float", value)


def word(value: str) -> Expression:
    return BaseValue("string", value)


def truth(value: bool) -> Expression:
    return BaseValue("boolean", "true" if value else "false")


def run(operator: str, *operands: Expression, **settings: str) -> object:
    """The members of the result; a single one bare; None for NULL."""
    given_settings = tuple((name.replace("_", "-"), value) for name, value in settings.items())
    value = evaluate(Apply(operator, given_settings, operands), NOWHERE)
    if value is None:
        return None
    return value.members[0] if value.cardinality == "single" else value.members


def names(kind: str, *members: str) -> Expression:
    return Apply(kind, (), tuple(BaseValue("identifier", each) for each in members))


THREE = {True: truth(True), False: truth(False), None: Null()}


@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=5))
def test_and_or_follow_three_valued_logic(values: list[bool | None]) -> None:
    operands = [THREE[value] for value in values]
    assert run("and", *operands) is (False if False in values else None if None in values else True)
    assert run("or", *operands) is (True if True in values else None if None in values else False)


def test_not_and_is_null() -> None:
    assert run("not", truth(True)) is False
    assert run("not", Null()) is None
    assert run("is-null", Null()) is True
    assert run("is-null", word("  ")) is True  # an empty string is NULL
    assert run("is-null", names("multiple")) is True  # and so is an empty container
    assert run("is-null", whole(0)) is False


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=6))
def test_sums_and_products_of_integers_are_integers(numbers: list[int]) -> None:
    value = evaluate(Apply("sum", (), tuple(map(whole, numbers))), NOWHERE)
    assert value == Value("integer", "single", (Fraction(sum(numbers)),))


def test_sums_are_exact_and_pass_null_on() -> None:
    assert run("sum", *[decimal("0.1")] * 3) == Fraction(3, 10)
    assert run("sum", decimal("1"), Null()) is None
    assert run("product", decimal("0.1"), whole(3)) == Fraction(3, 10)
    assert run("subtract", whole(1), decimal("0.9")) == Fraction(1, 10)
    assert run("divide", whole(1), whole(3)) == Fraction(1, 3)
    assert run("divide", whole(1), whole(0)) is None


def test_match_knows_order_and_bags() -> None:
    assert run("match", names("multiple", "a", "b"), names("multiple", "b", "a")) is True
    assert run("match", names("multiple", "a", "a"), names("multiple", "a")) is False
    assert run("match", names("ordered", "a", "b"), names("ordered", "b", "a")) is False
    assert run("match", whole(3), decimal("3.0")) is True
    assert run("match", Null(), whole(3)) is None


def test_pairs_without_direction_match_both_ways() -> None:
    def pair(base: str, text: str) -> Expression:
        return BaseValue(base, text)  # type: ignore[arg-type]  # both are base types

    assert run("match", pair("pair", "a b"), pair("pair", "b a")) is True
    assert run("match", pair("directedPair", "a b"), pair("directedPair", "b a")) is False


def test_member_and_contains() -> None:
    abc = names("ordered", "a", "b", "c")
    assert run("member", BaseValue("identifier", "b"), abc) is True
    assert run("contains", abc, names("ordered", "b", "c")) is True
    assert run("contains", abc, names("ordered", "a", "c")) is False
    bag = names("multiple", "a", "b", "c")
    assert run("contains", bag, names("multiple", "c", "a")) is True
    assert run("contains", bag, names("multiple", "a", "a")) is False
    assert run("container-size", bag) == 3
    assert run("container-size", Null()) == 0


@pytest.mark.parametrize(
    ("x", "y", "settings", "holds"),
    [
        ("10", "10.5", {"tolerance_mode": "absolute", "tolerance": "0.5"}, True),
        ("10", "10.51", {"tolerance_mode": "absolute", "tolerance": "0.5"}, False),
        ("10", "9", {"tolerance_mode": "absolute", "tolerance": "1 0"}, True),
        ("10", "10.1", {"tolerance_mode": "absolute", "tolerance": "1 0"}, False),
        ("200", "210", {"tolerance_mode": "relative", "tolerance": "5"}, True),
        ("-200", "-210", {"tolerance_mode": "relative", "tolerance": "5"}, True),
        ("0.3", "0.3", {"tolerance_mode": "exact"}, True),
        (
            "10",
            "11",
            {"tolerance_mode": "absolute", "tolerance": "1", "include_upper_bound": "false"},
            False,
        ),
        (
            "10",
            "9",
            {"tolerance_mode": "absolute", "tolerance": "1", "include_lower_bound": "false"},
            False,
        ),
    ],
)
def test_equal_within_tolerance(x: str, y: str, settings: dict[str, str], holds: bool) -> None:
    assert run("equal", decimal(x), decimal(y), **settings) is holds


@pytest.mark.parametrize("tolerance", ["", "-1", "1/2", "1 2 3"])
def test_equal_refuses_a_tolerance_that_is_none(tolerance: str) -> None:
    with pytest.raises(RulesError, match="tolerance"):
        run("equal", whole(1), whole(1), tolerance_mode="absolute", tolerance=tolerance)


def test_string_match() -> None:
    assert run("string-match", word("Salt"), word("salt"), case_sensitive="true") is False
    assert run("string-match", word("Salt"), word("salt"), case_sensitive="false") is True
    assert run("string-match", word("cafe\u0301"), word("café "), case_sensitive="true") is True
    assert (
        run("string-match", word("sea salt"), word("salt"), case_sensitive="true", substring="true")
        is True
    )


@pytest.mark.parametrize(
    ("name", "low", "equal", "high"),
    [
        ("lt", True, False, False),
        ("lte", True, True, False),
        ("gt", False, False, True),
        ("gte", False, True, True),
    ],
)
def test_comparisons(name: str, low: bool, equal: bool, high: bool) -> None:
    assert run(name, whole(1), decimal("1.5")) is low
    assert run(name, whole(2), decimal("2.0")) is equal
    assert run(name, decimal("2.5"), whole(2)) is high
    assert run(name, Null(), whole(2)) is None


@pytest.mark.parametrize(
    "expression",
    [
        Apply("sum", (), (BaseValue("identifier", "a"),)),
        Apply("and", (), (whole(1),)),
        Apply("match", (), (whole(1), word("1"))),
        Apply("match", (), (whole(1), Apply("multiple", (), (whole(1),)))),
        Apply("string-match", (("case-sensitive", "true"),), (whole(1), word("a"))),
        Apply("multiple", (), (whole(1), word("a"))),
        Apply("no-such-operator", (), ()),
        BaseValue("integer", "one"),
        Variable("NOT_THERE"),
    ],
)
def test_what_does_not_fit_is_a_rules_error(expression: Expression) -> None:
    with pytest.raises(RulesError):
        evaluate(expression, NOWHERE)
