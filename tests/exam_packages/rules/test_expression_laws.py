"""Properties of the whole language: every expression ends in a value, NULL or our error."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.content.items import Item, TextEntry
from exam_packages.content.values import Response
from exam_packages.rules.declarations import (
    MapEntry,
    Mapping,
    OutcomeDeclaration,
    ResponseDeclaration,
)
from exam_packages.rules.expressions import (
    Apply,
    BaseValue,
    Correct,
    Default,
    Environment,
    Expression,
    MapResponse,
    MapResponsePoint,
    Null,
    Variable,
    evaluate,
)
from exam_packages.rules.key import (
    Branch,
    Condition,
    Exit,
    ItemKey,
    LookUp,
    Rule,
    SetCorrect,
    SetOutcome,
)
from exam_packages.rules.numbers import fits
from exam_packages.rules.operators import CHANCE, OPERATORS, TOTALS
from exam_packages.rules.processing import score
from exam_packages.rules.values import BASE_TYPES, RulesError, Value, constant, lexical, same

RESPONSES = {
    name: ResponseDeclaration(name, base, cardinality, correct, mapping, None, ())  # type: ignore[arg-type]  # as below
    for name, base, cardinality, correct, mapping in [
        ("TEXT", "string", "single", ("salt",), None),
        ("NUMBER", "float", "single", ("7.5",), Mapping("", "", "0", (MapEntry("1", "1", True),))),
        ("WHOLE", "integer", "single", ("3",), None),
        ("RECORD", "", "record", (), None),
        ("SOME", "identifier", "multiple", ("a", "b"), None),
    ]
}
OUTCOMES = {
    name: OutcomeDeclaration(name, base, "single", ())  # type: ignore[arg-type]  # as above
    for name, base in [("SCORE", "float"), ("WHOLE_OUT", "integer"), ("FLAG", "boolean")]
}
NAMES = [*RESPONSES, *OUTCOMES, "NOT_THERE", "completionStatus"]

TEXTS = st.sampled_from(
    ["", "a", "b", "1", "0", "-3", "2.5", "1e300", "1e-300", "true", "false", "a b", "3 4", "60"]
)
SETTINGS: dict[str, st.SearchStrategy[str]] = {
    "name": st.sampled_from(
        [
            *("sin", "tan", "asin", "atan2", "exp", "ln", "log", "floor", "toRadians", "coth"),
            *("mean", "sampleSD", "popVariance", "pi", "e", "median"),
        ]
    ),
    "tolerance-mode": st.sampled_from(["exact", "absolute", "relative", "?"]),
    "tolerance": st.sampled_from(["0.5", "1 2", "NUMBER", "-1", "x y z"]),
    "rounding-mode": st.sampled_from(["significantFigures", "decimalPlaces"]),
    "pattern": st.sampled_from(["a*", "(a|b)+", "(", "{TEXT}", ".*a.*"]),
    "shape": st.sampled_from(["rect", "circle", "default"]),
    "coords": st.sampled_from(["0,0,5,5", "1,1,1", ""]),
    "base-type": st.sampled_from(["integer", "float", "string"]),
}
PLAIN_SETTING = st.sampled_from(
    ["1", "2", "0", "-1", "3.5", "NUMBER", "WHOLE", "true", "false", "x"]
)
LEAVES = st.one_of(
    st.builds(BaseValue, st.sampled_from(sorted(BASE_TYPES)), TEXTS),
    st.just(Null()),
    st.builds(Variable, st.sampled_from(NAMES)),
    st.builds(Correct, st.sampled_from(NAMES)),
    st.builds(Default, st.sampled_from(NAMES)),
    st.builds(MapResponse, st.sampled_from(NAMES)),
    st.builds(MapResponsePoint, st.sampled_from(NAMES)),
)


@st.composite
def applied(draw: Any, operands: st.SearchStrategy[Expression]) -> Apply:
    name = draw(st.sampled_from(sorted(OPERATORS)))
    operator = OPERATORS[name]
    keys = sorted(operator.required) + draw(
        st.lists(st.sampled_from(sorted(operator.settings)), unique=True)
        if operator.settings
        else st.just([])
    )
    settings = tuple((key, draw(SETTINGS.get(key, PLAIN_SETTING))) for key in sorted(set(keys)))
    count = min(operator.most, max(operator.least, draw(st.integers(1, 3))))
    return Apply(name, settings, tuple(draw(operands) for _ in range(count)))


EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(LEAVES, applied, max_leaves=8)
ANSWERS = st.text(max_size=12) | st.sampled_from(
    ["1e300", "-1e-300", "9" * 40, "7.5", "1/0", "NaN", "\0", "٣", "a" * 500]
)


def here(answers: dict[str, str]) -> Environment:
    values: dict[str, Value | None] = {}
    for name, declared in RESPONSES.items():
        try:
            values[name] = declared.bind((answers.get(name, ""),))
        except RulesError:
            values[name] = None
    values |= {name: declared.default_value() for name, declared in OUTCOMES.items()}
    return Environment(RESPONSES, OUTCOMES, values)


def well_formed(value: Value | None) -> None:
    if value is None:
        return
    assert value.members
    assert value.cardinality != "single" or len(value.members) == 1
    for each in value.members:
        if isinstance(each, Fraction):
            assert fits(each)
    if value.base_type in ("integer", "float", "boolean"):
        assert constant(value.base_type, value.cardinality, lexical(value)) == value


@given(EXPRESSIONS, st.dictionaries(st.sampled_from(sorted(RESPONSES)), ANSWERS))
def test_every_expression_ends_in_a_value_or_an_error_of_ours(
    expression: Expression, answers: dict[str, str]
) -> None:
    try:
        value = evaluate(expression, here(answers))
    except RulesError as problem:
        assert str(problem).endswith(".") or "(" in str(problem)
        return
    well_formed(value)


STRICT = sorted(
    set(OPERATORS)
    - {"is-null", "and", "or", "any-n", "multiple", "ordered", "repeat", "container-size"}
    - {"math-constant"}
    - CHANCE
    - TOTALS
)


@given(st.sampled_from(STRICT), st.data())
def test_an_operator_on_null_is_null(name: str, data: st.DataObject) -> None:
    operator = OPERATORS[name]
    fitting = {"name": "floor", "figures": "2", "n": "1", "case-sensitive": "true", "pattern": "a"}
    fitting |= {"shape": "default", "field-identifier": "x"}
    settings = tuple((key, fitting[key]) for key in sorted(operator.required))
    if name == "stats-operator":
        settings = (("name", "mean"),)
    count = data.draw(
        st.integers(operator.least, min(operator.most, 2 if operator.most == 2 else 4))
    )
    count = 1 if name == "math-operator" else count
    assert evaluate(Apply(name, settings, (Null(),) * count), here({})) is None


RULES: st.SearchStrategy[Rule] = st.recursive(
    st.one_of(
        st.builds(SetOutcome, st.sampled_from(NAMES), EXPRESSIONS),
        st.builds(LookUp, st.sampled_from(NAMES), EXPRESSIONS),
        st.builds(SetCorrect, st.sampled_from(NAMES), EXPRESSIONS),
        st.just(Exit()),
    ),
    lambda inner: st.builds(
        Condition,
        st.lists(
            st.builds(Branch, EXPRESSIONS, st.lists(inner, max_size=2).map(tuple)),
            min_size=1,
            max_size=2,
        ).map(tuple),
        st.lists(inner, max_size=2).map(tuple),
    ),
    max_leaves=4,
)
ITEM = Item("i", "", "en", (), tuple(TextEntry(name, 0, "", "", False) for name in RESPONSES), ())


@given(
    st.lists(RULES, max_size=3).map(tuple),
    st.dictionaries(st.sampled_from([*RESPONSES, "OTHER"]), st.lists(ANSWERS, max_size=2)),
)
def test_no_answer_makes_scoring_fail(
    rules: tuple[Rule, ...], given_: dict[str, list[str]]
) -> None:
    key = ItemKey("i", tuple(RESPONSES.values()), tuple(OUTCOMES.values()), rules, "1", False)
    responses = tuple(Response(name, tuple(members)) for name, members in given_.items())
    result = score(ITEM, key, responses)
    assert (result.score is None) == bool(result.person)
    assert result.score is None or fits(result.score)
    assert score(ITEM, canon.unpack(canon.pack(key), ItemKey), responses) == result


NUMBERS = st.fractions(-1000, 1000, max_denominator=64)


def number(value: Fraction) -> Expression:
    return BaseValue("float", f"{value.numerator}/{value.denominator}")


def work(operator: str, *operands: Expression, **settings: str) -> Any:
    given_settings = tuple((name.replace("_", "-"), value) for name, value in settings.items())
    value = evaluate(Apply(operator, given_settings, operands), here({}))
    return None if value is None else value.members[0]


@given(NUMBERS, NUMBERS, NUMBERS)
def test_arithmetic_is_that_of_the_fractions(a: Fraction, b: Fraction, c: Fraction) -> None:
    x, y, z = map(number, (a, b, c))
    assert work("sum", x, Apply("product", (), (y, z))) == a + b * c
    assert work("subtract", x, x) == 0
    assert work("divide", x, y) == (a / b if b else None)
    assert work("max", x, y, z) == max(a, b, c) == -work("min", *map(number, (-a, -b, -c)))
    assert work("lt", x, y) is (a < b)
    assert work("equal", x, y) is (a == b)


@given(st.integers(-500, 500), st.integers(-50, 50).filter(bool), st.integers(-500, 500))
def test_whole_numbers_divide_as_the_standard_says(a: int, b: int, c: int) -> None:
    x, y, z = (BaseValue("integer", str(each)) for each in (a, b, c))
    assert work("integer-divide", x, y) * b + work("integer-modulus", x, y) == a
    shared = work("gcd", x, y, z)
    assert shared > 0 and not (a % shared or b % shared or c % shared)
    assert work("lcm", x, y) * work("gcd", x, y) == abs(a * b)


@given(NUMBERS, st.integers(0, 4))
def test_rounding_stays_near_and_is_done_once(value: Fraction, places: int) -> None:
    mode = {"rounding_mode": "decimalPlaces", "figures": str(places)}
    rounded = work("round-to", number(value), **mode)
    assert abs(rounded - value) <= Fraction(1, 2 * 10**places)
    assert work("round-to", number(rounded), **mode) == rounded
    assert work("equal-rounded", number(value), number(rounded), **mode) is True
    assert work("round", number(value)) - Fraction(1, 2) <= value
    assert work("round", number(value)) + Fraction(1, 2) > value


BAGS = st.lists(st.sampled_from("abc"), min_size=1, max_size=6)


@given(BAGS, BAGS, st.sampled_from(["multiple", "ordered"]))
def test_containers_keep_their_members(first: list[str], second: list[str], kind: str) -> None:
    def container(members: list[str]) -> Expression:
        return Apply(kind, (), tuple(BaseValue("identifier", each) for each in members))

    one, other = container(first), container(second)
    both = Apply(kind, (), (one, other))
    assert work("container-size", both) == len(first) + len(second)
    assert work("contains", both, one) is True
    assert work("contains", both, other) is True
    assert work("member", BaseValue("identifier", first[0]), both) is True
    without = evaluate(Apply("delete", (), (BaseValue("identifier", "a"), both)), here({}))
    left = [each for each in first + second if each != "a"]
    wanted = constant("identifier", kind, tuple(left))  # type: ignore[arg-type]  # it is one
    assert without == wanted if wanted is None else without is not None and same(without, wanted)
