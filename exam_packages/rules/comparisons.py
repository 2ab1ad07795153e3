"""Operators that end in true or false: logic, and comparing values of every kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from exam_packages.content import patterns
from exam_packages.rules import shapes
from exam_packages.rules.numbers import to_figures, to_places
from exam_packages.rules.operands import (
    MANY,
    Here,
    Operands,
    Operator,
    Settings,
    Work,
    as_number,
    expect,
    one_number,
    one_text,
    one_truth,
    plain,
)
from exam_packages.rules.values import RulesError, Value, same, truth

MAX_FIGURES = 300


def _is_null(operands: Operands) -> Value:
    return truth(operands[0] is None)


def _not(operands: Operands) -> Value | None:
    value = one_truth(operands[0])
    return None if value is None else truth(not value)


def _and(operands: Operands) -> Value | None:
    values = [one_truth(each) for each in operands]
    if False in values:
        return truth(False)
    return None if None in values else truth(True)


def _or(operands: Operands) -> Value | None:
    values = [one_truth(each) for each in operands]
    if True in values:
        return truth(True)
    return None if None in values else truth(False)


def _any_n(settings: Settings) -> Work:
    lower, upper = settings.whole("min"), settings.whole("max")

    def any_n(operands: Operands, here: Here) -> Value | None:
        least, most = lower(here), upper(here)
        if least is None or most is None:
            return None
        values = [one_truth(each) for each in operands]
        true, false = values.count(True), values.count(False)
        if false > len(values) - least or true > most:
            return truth(False)
        # Decided only if it stays so whatever the NULLs turn out to be.
        return truth(True) if true >= least and len(values) - false <= most else None

    return any_n


def _match(operands: Operands) -> Value | None:
    first, second = operands
    return None if first is None or second is None else truth(same(first, second))


def _compare(
    holds: Callable[[Fraction, Fraction], bool],
    one: Callable[[Value | None], Fraction | None] = one_number,
) -> Operator:
    def compare(operands: Operands) -> Value | None:
        first, second = (one(each) for each in operands)
        return None if first is None or second is None else truth(holds(first, second))

    return Operator(2, 2, plain(compare))


def _one_duration(value: Value | None) -> Fraction | None:
    if value is None:
        return None
    expect(value.cardinality == "single" and value.base_type == "duration", "comparison")
    return as_number(value.members[0])


def _equal(settings: Settings) -> Work:
    mode = settings.text("tolerance-mode", "exact")
    low_included = settings.truth("include-lower-bound", True)
    high_included = settings.truth("include-upper-bound", True)
    given = settings.text("tolerance").split()
    if mode not in ("exact", "absolute", "relative"):
        raise settings.error("tolerance-mode")
    if mode != "exact" and len(given) not in (1, 2):
        raise settings.error("tolerance")
    tolerances = [] if mode == "exact" else [settings.reference("tolerance", x) for x in given]

    def equal(operands: Operands, here: Here) -> Value | None:
        first, second = (one_number(each) for each in operands)
        if first is None or second is None:
            return None
        if not tolerances:
            return truth(first == second)
        below, above = tolerances[0](here), tolerances[-1](here)
        if below is None or above is None:
            return None
        if below < 0 or above < 0:
            raise settings.error("tolerance")
        if mode == "relative":
            below, above = abs(first) * below / 100, abs(first) * above / 100
        low, high = first - below, first + above
        return truth(
            (low < second or (low_included and low == second))
            and (second < high or (high_included and second == high))
        )

    return equal


def rounding(settings: Settings) -> Callable[[Here], Callable[[Fraction], Fraction] | None]:
    """How *round-to* and *equal-rounded* round; nothing when the figures are NULL."""
    mode = settings.text("rounding-mode", "significantFigures")
    if mode not in ("significantFigures", "decimalPlaces"):
        raise settings.error("rounding-mode")
    figures = settings.whole("figures")
    least, work = (1, to_figures) if mode == "significantFigures" else (0, to_places)

    def chosen(here: Here) -> Callable[[Fraction], Fraction] | None:
        count = figures(here)
        if count is None:
            return None
        if not least <= count <= MAX_FIGURES:
            raise settings.error("figures")
        return lambda value: work(value, count)

    return chosen


def _equal_rounded(settings: Settings) -> Work:
    chosen = rounding(settings)

    def equal_rounded(operands: Operands, here: Here) -> Value | None:
        first, second = (one_number(each) for each in operands)
        work = chosen(here)
        if first is None or second is None or work is None:
            return None
        return truth(work(first) == work(second))

    return equal_rounded


def _string_match(settings: Settings) -> Work:
    exactly = settings.truth("case-sensitive", True)
    substring = settings.truth("substring", False)

    def string_match(operands: Operands, _: Here) -> Value | None:
        first, second = (one_text(each) for each in operands)
        if first is None or second is None:
            return None
        if not exactly:
            first, second = first.casefold(), second.casefold()
        return truth(second in first if substring else first == second)

    return string_match


def _substring(settings: Settings) -> Work:
    exactly = settings.truth("case-sensitive", True)

    def substring(operands: Operands, _: Here) -> Value | None:
        first, second = (one_text(each) for each in operands)
        if first is None or second is None:
            return None
        if not exactly:
            first, second = first.casefold(), second.casefold()
        return truth(first in second)

    return substring


def _pattern_match(settings: Settings) -> Work:
    given = settings.text("pattern")
    if given.startswith("{") and given.endswith("}"):  # no pattern begins with a count
        variable = given[1:-1]

        def pattern(here: Here) -> patterns.Pattern | None:
            text = one_text(here.value(variable))
            return None if text is None else _compiled(text)
    else:
        ready = _compiled(given)

        def pattern(here: Here) -> patterns.Pattern | None:
            return ready

    def pattern_match(operands: Operands, here: Here) -> Value | None:
        text, wanted = one_text(operands[0]), pattern(here)
        if text is None or wanted is None:
            return None
        try:
            return truth(wanted.matches(text))
        except patterns.PatternError as problem:
            raise RulesError(problem.template, **problem.fields) from None

    return pattern_match


def _compiled(pattern: str) -> patterns.Pattern:
    try:
        return patterns.compiled(pattern)
    except patterns.PatternError as problem:
        raise RulesError(problem.template, **problem.fields) from None


def _inside(settings: Settings) -> Work:
    shape, given = settings.text("shape"), settings.text("coords")
    try:
        coordinates = tuple(int(part) for part in given.split(",") if given.strip())
    except ValueError:
        raise settings.error("coords") from None
    shapes.inside(shape, coordinates, 0, 0)

    def inside(operands: Operands, _: Here) -> Value | None:
        value = operands[0]
        if value is None:
            return None
        expect(value.base_type == "point" and value.cardinality != "record", "inside")
        for point in value.members:
            match point:
                case (Fraction() as x, Fraction() as y):
                    if shapes.inside(shape, coordinates, int(x), int(y)):
                        return truth(True)
                case _:
                    raise RulesError("A point is expected.")
        return truth(False)

    return inside


_ROUNDING = frozenset({"rounding-mode", "figures"})
_CASE = frozenset({"case-sensitive"})

OPERATORS: Mapping[str, Operator] = {
    "is-null": Operator(1, 1, plain(_is_null)),
    "not": Operator(1, 1, plain(_not)),
    "and": Operator(1, MANY, plain(_and)),
    "or": Operator(1, MANY, plain(_or)),
    "any-n": Operator(1, MANY, _any_n, frozenset({"min", "max"}), frozenset({"min", "max"})),
    "match": Operator(2, 2, plain(_match)),
    "lt": _compare(lambda first, second: first < second),
    "lte": _compare(lambda first, second: first <= second),
    "gt": _compare(lambda first, second: first > second),
    "gte": _compare(lambda first, second: first >= second),
    "duration-lt": _compare(lambda first, second: first < second, _one_duration),
    "duration-gte": _compare(lambda first, second: first >= second, _one_duration),
    "equal": Operator(
        2,
        2,
        _equal,
        frozenset({"tolerance-mode", "tolerance", "include-lower-bound", "include-upper-bound"}),
    ),
    "equal-rounded": Operator(2, 2, _equal_rounded, _ROUNDING, frozenset({"figures"})),
    "string-match": Operator(2, 2, _string_match, _CASE | {"substring"}, _CASE),
    "substring": Operator(2, 2, _substring, _CASE),
    "pattern-match": Operator(1, 1, _pattern_match, frozenset({"pattern"}), frozenset({"pattern"})),
    "inside": Operator(1, 1, _inside, frozenset({"shape", "coords"}), frozenset({"shape"})),
}
