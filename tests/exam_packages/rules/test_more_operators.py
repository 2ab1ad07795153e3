"""The operators one by one: what the standard's text says of each, as examples."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from exam_packages.rules.expressions import (
    Apply,
    BaseValue,
    Default,
    Environment,
    Expression,
    Null,
    Variable,
    evaluate,
)
from exam_packages.rules.operators import OPERATORS
from exam_packages.rules.values import RulesError, Value, bind, numeric_record, record, single

NULL = Null()
HERE = Environment(
    {},
    {},
    {
        "TWO": single("integer", Fraction(2)),
        "HALF": single("float", Fraction(1, 2)),
        "WORD": single("string", "[a-c]+"),
        "NOTHING": None,
        "RECORD": record(
            [("x", single("integer", Fraction(42))), ("y", single("string", "A")), ("z", None)]
        ),
    },
)


def constant(value: object) -> Expression:
    match value:
        case bool():
            return BaseValue("boolean", "true" if value else "false")
        case int():
            return BaseValue("integer", str(value))
        case float():
            return BaseValue("float", repr(value))
        case str():
            return BaseValue("string", value)
        case list():
            return Apply("ordered", (), tuple(map(constant, value)))
        case set():
            return Apply("multiple", (), tuple(map(constant, sorted(value))))
        case None:
            return NULL
    return value  # type: ignore[return-value]  # an expression already


def run(operator: str, *operands: object, **settings: object) -> Any:
    """The members of the result as plain numbers and texts; ``None`` for NULL."""
    given = tuple((name.replace("_", "-"), str(value)) for name, value in settings.items())
    value = evaluate(Apply(operator, given, tuple(map(constant, operands))), HERE)
    if value is None:
        return None
    return value.members[0] if value.cardinality == "single" else list(value.members)


def point(text: str) -> Expression:
    return BaseValue("point", text)


def seconds(text: str) -> Expression:
    return BaseValue("duration", text)


EXAMPLES: list[tuple[str, tuple[object, ...], dict[str, object], object]] = [
    # containers
    ("index", (["a", "b"],), {"n": 1}, "a"),
    ("index", (["a", "b"],), {"n": 3}, None),
    ("index", (["a", "b"],), {"n": "TWO"}, "b"),
    ("index", (["a", "b"],), {"n": "NOTHING"}, None),
    ("index", (NULL,), {"n": 1}, None),
    ("delete", ("a", ["b", "a", "c", "a"]), {}, ["b", "c"]),
    ("delete", ("a", ["a"]), {}, None),
    ("delete", ("a", None), {}, None),
    ("repeat", (1, [2, 3]), {"number_repeats": 2}, [1, 2, 3, 1, 2, 3]),
    ("repeat", (1, None), {"number_repeats": "TWO"}, [1, 1]),
    ("repeat", (1,), {"number_repeats": 0}, None),
    ("repeat", (None,), {"number_repeats": 3}, None),
    ("multiple", (None, 1, None), {}, [1]),
    ("multiple", (1, 0.5), {}, [1, Fraction(1, 2)]),
    ("member", (1, [0.5, 1.0]), {}, True),
    ("field-value", (Variable("RECORD"),), {"field_identifier": "x"}, 42),
    ("field-value", (Variable("RECORD"),), {"field_identifier": "y"}, "A"),
    ("field-value", (Variable("RECORD"),), {"field_identifier": "z"}, None),
    ("field-value", (None,), {"field_identifier": "x"}, None),
    # logic
    ("any-n", (True, True, False, None), {"min": 3, "max": 4}, None),
    ("any-n", (True, False, False, None), {"min": 3, "max": 4}, False),
    ("any-n", (True, True, True, None), {"min": 3, "max": 4}, True),
    ("any-n", (True, True, True, None), {"min": 3, "max": 3}, None),
    ("any-n", (True, True), {"min": 0, "max": 1}, False),
    ("any-n", (True, False), {"min": 0, "max": "TWO"}, True),
    # texts and shapes
    ("substring", ("salt", "sea salt"), {"case_sensitive": "true"}, True),
    ("substring", ("Salt", "sea salt"), {"case_sensitive": "true"}, False),
    ("substring", ("Salt", "sea salt"), {"case_sensitive": "false"}, True),
    ("substring", ("salt", None), {"case_sensitive": "true"}, None),
    ("pattern-match", ("abba",), {"pattern": "[ab]+"}, True),
    ("pattern-match", ("abba",), {"pattern": "[ab]"}, False),
    ("pattern-match", ("abc",), {"pattern": "{WORD}"}, True),
    ("pattern-match", (None,), {"pattern": "a"}, None),
    ("inside", (point("5 5"),), {"shape": "rect", "coords": "0,0,10,10"}, True),
    ("inside", (point("50 5"),), {"shape": "circle", "coords": "5, 5, 2"}, False),
    (
        "inside",
        (Apply("multiple", (), (point("50 5"), point("5 5"))),),
        {"shape": "default"},
        True,
    ),
    ("inside", (None,), {"shape": "default"}, None),
    ("duration-lt", (seconds("1.5"), seconds("PT2S")), {}, True),
    ("duration-gte", (seconds("PT1M"), seconds("60")), {}, True),
    ("duration-gte", (seconds("P1DT1H"), None), {}, None),
    # rounding, as the standard's round and roundTo say it
    ("round", (6.5,), {}, 7),
    ("round", (7.4,), {}, 7),
    ("round", (0.5,), {}, 1),
    ("round", (-0.5,), {}, 0),
    ("truncate", (6.8,), {}, 6),
    ("truncate", (-6.8,), {}, -6),
    ("truncate", (None,), {}, None),
    ("round-to", (1234.5,), {"figures": 2}, 1200),
    ("round-to", (0.05678,), {"figures": 3}, Fraction("0.0568")),
    ("round-to", (9.996,), {"figures": 3}, 10),
    ("round-to", (0,), {"figures": 3}, 0),
    ("round-to", (2.345,), {"figures": 2, "rounding_mode": "decimalPlaces"}, Fraction("2.35")),
    ("round-to", (-2.345,), {"figures": 2, "rounding_mode": "decimalPlaces"}, Fraction("-2.35")),
    ("round-to", (2.5,), {"figures": 0, "rounding_mode": "decimalPlaces"}, 3),
    ("equal-rounded", (3.175, 3.183), {"figures": 3}, True),
    ("equal-rounded", (3.1749, 3.183), {"figures": 3}, False),
    ("equal-rounded", (1.681, 1.678), {"figures": 2, "rounding_mode": "decimalPlaces"}, True),
    ("equal-rounded", (1.68572, 1.68432), {"figures": 3, "rounding_mode": "decimalPlaces"}, False),
    ("equal-rounded", (1, None), {"figures": "TWO"}, None),
    ("equal", (10, 10.5), {"tolerance_mode": "absolute", "tolerance": "HALF"}, True),
    ("equal", (10, 10.6), {"tolerance_mode": "absolute", "tolerance": "TWO HALF"}, False),
    ("equal", (10, 10), {"tolerance_mode": "absolute", "tolerance": "NOTHING"}, None),
    # integers
    ("integer-divide", (7, 2), {}, 3),
    ("integer-divide", (-7, 2), {}, -4),
    ("integer-divide", (7, 0), {}, None),
    ("integer-modulus", (7, 2), {}, 1),
    ("integer-modulus", (-7, 2), {}, 1),
    ("integer-modulus", (7, -2), {}, -1),
    ("integer-modulus", (7, 0), {}, None),
    ("integer-to-float", (3,), {}, 3),
    ("gcd", (8, [12, 20]), {}, 4),
    ("gcd", (0, 0), {}, 0),
    ("gcd", (0, -6), {}, 6),
    ("gcd", (8, None), {}, None),
    ("gcd", (8, "a"), {}, None),
    ("lcm", (4, 6, 10), {}, 60),
    ("lcm", (4, 0), {}, 0),
    ("lcm", (4, 1.5), {}, None),
    ("min", (3, [1, 2]), {}, 1),
    ("max", (3, 4.5), {}, Fraction(9, 2)),
    ("max", (3, None), {}, None),
    ("max", (3, "a"), {}, None),
    # functions
    ("power", (2, 10), {}, 1024),
    ("power", (2, -2), {}, Fraction(1, 4)),
    ("power", (9, 0.5), {}, 3),
    ("power", (-8, 0.5), {}, None),
    ("power", (10, 309), {}, None),
    ("power", (0, -1), {}, None),
    ("math-operator", (-2,), {"name": "abs"}, 2),
    ("math-operator", (-2.5,), {"name": "floor"}, -3),
    ("math-operator", (-2.5,), {"name": "ceil"}, -2),
    ("math-operator", (-2.5,), {"name": "signum"}, -1),
    ("math-operator", (1000,), {"name": "log"}, 3),
    ("math-operator", (0,), {"name": "log"}, None),
    ("math-operator", (2,), {"name": "asin"}, None),
    ("math-operator", (0, 1), {"name": "atan2"}, 0),
    ("math-operator", (None, 1), {"name": "atan2"}, None),
    ("math-operator", (0,), {"name": "csc"}, None),
    ("stats-operator", ([1, 2, 3, 4],), {"name": "mean"}, Fraction(5, 2)),
    ("stats-operator", ([1, 2, 3],), {"name": "sampleVariance"}, 1),
    ("stats-operator", ([1, 2, 3],), {"name": "sampleSD"}, 1),
    ("stats-operator", ([1, 2, 3],), {"name": "popVariance"}, Fraction(2, 3)),
    ("stats-operator", ([5],), {"name": "popSD"}, 0),
    ("stats-operator", ([5],), {"name": "sampleVariance"}, None),
    ("stats-operator", ([5],), {"name": "sampleSD"}, None),
    ("stats-operator", (["a"],), {"name": "mean"}, None),
    ("stats-operator", (None,), {"name": "mean"}, None),
    (
        "stats-operator",
        ([1, 2, 3, 4],),
        {"name": "sampleSD"},
        Fraction("1.290994448735805628393088466594133"),
    ),
    ("math-constant", (), {"name": "pi"}, Fraction("3.141592653589793238462643383279503")),
]


@pytest.mark.parametrize(
    ("operator", "operands", "settings", "wanted"),
    EXAMPLES,
    ids=[f"{at}-{example[0]}" for at, example in enumerate(EXAMPLES)],
)
def test_the_operator_does_what_the_standard_says(
    operator: str, operands: tuple[object, ...], settings: dict[str, object], wanted: object
) -> None:
    assert run(operator, *operands, **settings) == wanted


def test_every_operator_is_tried_somewhere() -> None:
    here = {example[0] for example in EXAMPLES}
    elsewhere = {
        # test_operators.py
        *("is-null", "not", "and", "or", "match", "ordered", "container-size", "contains"),
        *("sum", "product", "subtract", "divide", "lt", "lte", "gt", "gte", "string-match"),
        # test_templates.py
        *("random", "random-integer", "random-float"),
        # test_outcomes.py
        *("test-variables", "outcome-minimum", "outcome-maximum", "number-correct"),
        *("number-incorrect", "number-responded", "number-presented", "number-selected"),
    }
    assert here | elsewhere == set(OPERATORS)


@pytest.mark.parametrize(
    ("operator", "operands", "settings"),
    [
        ("index", ({1, 2},), {"n": 1}),
        ("index", ([1],), {"n": "0.5"}),
        ("index", ([1],), {"n": "a b"}),
        ("index", ([1],), {"n": "WORD"}),
        ("delete", ([1], [1]), {}),
        ("repeat", ({1},), {"number_repeats": 1}),
        ("repeat", (1,), {"number_repeats": 10**30}),
        ("field-value", (1,), {"field_identifier": "x"}),
        ("container-size", (1,), {}),
        ("any-n", (1,), {"min": 1, "max": 1}),
        ("substring", ("a", ["a"]), {"case_sensitive": "true"}),
        ("string-match", ("a", "a"), {"case_sensitive": "perhaps"}),
        ("pattern-match", ("a",), {"pattern": "("}),
        ("pattern-match", ("a",), {"pattern": "{TWO}"}),
        ("inside", (1,), {"shape": "default"}),
        ("inside", (point("1 1"),), {"shape": "rect", "coords": "1,2,3"}),
        ("inside", (point("1 1"),), {"shape": "rect", "coords": "a"}),
        ("duration-lt", (1, 2), {}),
        ("lt", (seconds("1"), seconds("2")), {}),
        ("sum", (seconds("1"), seconds("2")), {}),
        ("round", (seconds("1"),), {}),
        ("round-to", (1,), {"figures": 0}),
        ("round-to", (1,), {"figures": 10**9}),
        ("round-to", (1,), {"figures": 1, "rounding_mode": "up"}),
        ("equal", (1, 1), {"tolerance_mode": "loose"}),
        ("integer-divide", (1.5, 2), {}),
        ("product", (1e300,) * 9, {}),
        ("lcm", tuple(10**38 + at for at in range(100)), {}),
        ("math-operator", (1, 1), {"name": "sin"}),
        ("math-operator", (1,), {"name": "sine"}),
        ("math-operator", (1,), {"name": "atan2"}),
        ("stats-operator", (1,), {"name": "median"}),
        ("math-constant", (), {"name": "tau"}),
        ("random-integer", (), {"max": 3}),
        ("number-correct", (), {}),
    ],
)
def test_what_does_not_fit_an_operator_is_a_rules_error(
    operator: str, operands: tuple[object, ...], settings: dict[str, object]
) -> None:
    with pytest.raises(RulesError):
        run(operator, *operands, **settings)


def test_what_was_typed_becomes_a_record_of_the_number() -> None:
    def fields(text: str) -> dict[str, object]:
        value = numeric_record(text)
        assert value is not None
        return {name: each.members[0] for name, each in value.members}  # type: ignore[union-attr, misc]

    assert fields(" 3.140 ") == {
        "stringValue": "3.140",
        "floatValue": Fraction("3.14"),
        "leftDigits": 1,
        "rightDigits": 3,
        "ndp": 3,
        "nsf": 4,
    }
    assert fields("-1.5e3") == {
        "stringValue": "-1.5e3",
        "floatValue": -1500,
        "leftDigits": 1,
        "rightDigits": 1,
        "ndp": 0,
        "nsf": 2,
        "exponent": 3,
    }
    assert fields("007")["integerValue"] == 7
    assert fields("007")["nsf"] == 1
    assert fields("many") == {"stringValue": "many"}
    assert numeric_record("  ") is None


def test_records_match_field_by_field() -> None:
    written = ("x integer 1", "y string a b")
    value = bind("", "record", written)
    assert value == record([("y", single("string", "a b")), ("x", single("integer", Fraction(1)))])
    here = Environment({}, {}, {"A": value, "B": bind("", "record", written[::-1])})
    same = Apply("match", (), (Variable("A"), Variable("B")))
    assert evaluate(same, here) == Value("boolean", "single", (True,))


def test_an_integer_or_identifier_compares_with_both() -> None:
    def either(text: str) -> Expression:
        return BaseValue("intOrIdentifier", text)

    assert run("match", either("7"), 7) is True
    assert run("match", either("seven"), BaseValue("identifier", "seven")) is True
    assert run("match", either("7"), BaseValue("identifier", "seven")) is False


def test_variables_that_every_item_has() -> None:
    assert evaluate(Variable("numAttempts"), HERE) == single("integer", Fraction(1))
    assert evaluate(Variable("completionStatus"), HERE) == single("identifier", "unknown")
    with pytest.raises(RulesError, match="duration"):
        evaluate(Variable("duration"), HERE)
    with pytest.raises(RulesError, match="NOT_THERE"):
        evaluate(Default("NOT_THERE"), HERE)
