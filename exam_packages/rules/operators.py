"""The operators of QTI expressions: one row each, by name without ``qti-``.

A row says how many operands an operator takes, which attributes it knows, and what it
does with values. NULL operands give NULL unless QTI says otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from exam_packages.rules.numbers import number
from exam_packages.rules.values import (
    BaseType,
    Cardinality,
    Member,
    RulesError,
    Value,
    normal,
    same,
    single,
    truth,
)

Operands: TypeAlias = list["Value | None"]
Settings: TypeAlias = Mapping[str, str]

MANY = 1_000
"""Operands that one operator may have at most."""


@dataclass(frozen=True, slots=True)
class Operator:
    """``least`` to ``most`` operands, the attributes it knows, and its work."""

    least: int
    most: int
    work: Callable[[Operands, Settings], Value | None]
    settings: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()


def _is_null(operands: Operands, _: Settings) -> Value:
    return truth(operands[0] is None)


def _not(operands: Operands, _: Settings) -> Value | None:
    value = _boolean(operands[0])
    return None if value is None else truth(not value)


def _and(operands: Operands, _: Settings) -> Value | None:
    values = [_boolean(each) for each in operands]
    if False in values:
        return truth(False)
    return None if None in values else truth(True)


def _or(operands: Operands, _: Settings) -> Value | None:
    values = [_boolean(each) for each in operands]
    if True in values:
        return truth(True)
    return None if None in values else truth(False)


def _match(operands: Operands, _: Settings) -> Value | None:
    first, second = operands
    return None if first is None or second is None else truth(same(first, second))


def _member(operands: Operands, _: Settings) -> Value | None:
    first, second = operands
    if first is None or second is None:
        return None
    _expect(first.cardinality == "single" and second.cardinality != "single", "member")
    _expect(first.base_type == second.base_type, "member")
    return truth(first.members[0] in second.members)


def _contains(operands: Operands, _: Settings) -> Value | None:
    first, second = operands
    if first is None or second is None:
        return None
    _expect("single" not in (first.cardinality, second.cardinality), "contains")
    _expect(first.cardinality == second.cardinality, "contains")
    _expect(first.base_type == second.base_type, "contains")
    if first.cardinality == "multiple":
        return truth(Counter(second.members) <= Counter(first.members))
    length = len(second.members)
    return truth(
        any(
            first.members[start : start + length] == second.members
            for start in range(len(first.members) - length + 1)
        )
    )


def _container(cardinality: Cardinality) -> Callable[[Operands, Settings], Value | None]:
    def make(operands: Operands, _: Settings) -> Value | None:
        values = [each for each in operands if each is not None]
        if not values:
            return None
        _expect(len({each.base_type for each in values}) == 1, cardinality)
        _expect(all(each.cardinality in ("single", cardinality) for each in values), cardinality)
        members = tuple(one for each in values for one in each.members)
        return Value(values[0].base_type, cardinality, members)

    return make


def _container_size(operands: Operands, _: Settings) -> Value:
    value = operands[0]
    return single("integer", Fraction(len(value.members) if value else 0))


def _sum(operands: Operands, _: Settings) -> Value | None:
    return _fold(operands, sum)


def _product(operands: Operands, _: Settings) -> Value | None:
    def product(numbers: list[Fraction]) -> Fraction:
        total = Fraction(1)
        for each in numbers:
            total *= each
        return total

    return _fold(operands, product)


def _subtract(operands: Operands, _: Settings) -> Value | None:
    return _fold(operands, lambda two: two[0] - two[1], scalars=True)


def _divide(operands: Operands, _: Settings) -> Value | None:
    first, second = (_number(each) for each in operands)
    if first is None or second is None or second == 0:
        return None
    return single("float", first / second)


def _compare(holds: Callable[[Fraction, Fraction], bool]) -> Callable[..., Value | None]:
    def compare(operands: Operands, _: Settings) -> Value | None:
        first, second = (_number(each) for each in operands)
        return None if first is None or second is None else truth(holds(first, second))

    return compare


def _equal(operands: Operands, settings: Settings) -> Value | None:
    first, second = (_number(each) for each in operands)
    if first is None or second is None:
        return None
    mode = settings.get("tolerance-mode", "exact")
    if mode == "exact":
        return truth(first == second)
    given = [number(part) for part in settings.get("tolerance", "").split()]
    if mode not in ("absolute", "relative") or len(given) not in (1, 2):
        raise RulesError("“equal” needs the tolerance mode absolute or relative, and a tolerance.")
    below, above = given[0], given[-1]
    if below is None or above is None or below < 0 or above < 0:
        raise RulesError("The tolerance of “equal” must be one or two numbers from 0 on.")
    if mode == "relative":
        below, above = abs(first) * below / 100, abs(first) * above / 100
    low, high = first - below, first + above
    return truth(
        (low < second or (low == second and settings.get("include-lower-bound") != "false"))
        and (second < high or (second == high and settings.get("include-upper-bound") != "false"))
    )


def _string_match(operands: Operands, settings: Settings) -> Value | None:
    first, second = (_string(each) for each in operands)
    if first is None or second is None:
        return None
    if settings.get("case-sensitive", "true") == "false":
        first, second = first.casefold(), second.casefold()
    if settings.get("substring", "false") == "true":
        return truth(second in first)
    return truth(first == second)


def _fold(
    operands: Operands, work: Callable[[list[Fraction]], Fraction | int], *, scalars: bool = False
) -> Value | None:
    """Numbers into one: an integer when all are integers."""
    numbers: list[Fraction] = []
    kind: BaseType = "integer"
    for each in operands:
        if each is None:
            return None
        if each.base_type == "float":
            kind = "float"
        if scalars:
            _expect(each.cardinality == "single", "arithmetic")
        numbers.extend(_as_number(one) for one in each.members)
    return single(kind, Fraction(work(numbers)))


def _as_number(one: Member) -> Fraction:
    if not isinstance(one, Fraction):
        raise RulesError("A rule computes with something that is not a number.")
    return one


def _number(value: Value | None) -> Fraction | None:
    if value is None:
        return None
    _expect(value.cardinality == "single", "arithmetic")
    return _as_number(value.members[0])


def _boolean(value: Value | None) -> bool | None:
    if value is None:
        return None
    one = value.members[0]
    if value.cardinality != "single" or not isinstance(one, bool):
        raise RulesError("A rule takes something as true or false that is neither.")
    return one


def _string(value: Value | None) -> str | None:
    if value is None:
        return None
    one = value.members[0]
    if value.cardinality != "single" or not isinstance(one, str):
        raise RulesError("A rule compares something as text that is none.")
    return normal(one)


def _expect(fits: bool, operator: str) -> None:
    if not fits:
        raise RulesError("The operands of “{operator}” do not fit it.", operator=operator)


OPERATORS: Mapping[str, Operator] = {
    "is-null": Operator(1, 1, _is_null),
    "not": Operator(1, 1, _not),
    "and": Operator(1, MANY, _and),
    "or": Operator(1, MANY, _or),
    "match": Operator(2, 2, _match),
    "member": Operator(2, 2, _member),
    "contains": Operator(2, 2, _contains),
    "multiple": Operator(0, MANY, _container("multiple")),
    "ordered": Operator(0, MANY, _container("ordered")),
    "container-size": Operator(1, 1, _container_size),
    "sum": Operator(1, MANY, _sum),
    "product": Operator(1, MANY, _product),
    "subtract": Operator(2, 2, _subtract),
    "divide": Operator(2, 2, _divide),
    "lt": Operator(2, 2, _compare(lambda first, second: first < second)),
    "lte": Operator(2, 2, _compare(lambda first, second: first <= second)),
    "gt": Operator(2, 2, _compare(lambda first, second: first > second)),
    "gte": Operator(2, 2, _compare(lambda first, second: first >= second)),
    "equal": Operator(
        2,
        2,
        _equal,
        frozenset({"tolerance-mode", "tolerance", "include-lower-bound", "include-upper-bound"}),
    ),
    "string-match": Operator(
        2,
        2,
        _string_match,
        frozenset({"case-sensitive", "substring"}),
        frozenset({"case-sensitive"}),
    ),
}
