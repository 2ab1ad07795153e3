"""What operators take: values and attributes, checked and unpacked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, TypeAlias

from exam_packages.rules.numbers import fits, number
from exam_packages.rules.values import (
    NUMERIC,
    BaseType,
    Member,
    RulesError,
    Value,
    normal,
    single,
)

MANY = 1_000
"""Operands that one operator may have at most."""
MAX_MEMBERS = 10_000
"""Members that a container may have while rules run."""

_NAME = re.compile(r"\{?([A-Za-z_][A-Za-z0-9_.-]*)\}?")


class Source(Protocol):
    """Where chance comes from: a stream of numbers, drawn from a recorded seed."""

    def below(self, limit: int) -> int:
        """A number from 0 up to *limit*, not included, each equally likely."""
        ...


@dataclass(frozen=True, slots=True)
class ItemState:
    """An item of a test as outcome processing sees it.

    ``correct`` is ``None`` when a response of it has no correct value; ``minima`` and
    ``maxima`` have every outcome it declares, with ``None`` where nothing is declared.
    """

    identifier: str
    sections: frozenset[str]
    categories: frozenset[str]
    weights: Mapping[str, Fraction]
    variables: Mapping[str, Value | None]
    minima: Mapping[str, Fraction | None]
    maxima: Mapping[str, Fraction | None]
    correct: bool | None
    responded: bool


class Here(Protocol):
    """Where an expression is worked out: the variables there; chance and the items of a
    test, where there are any."""

    lots: Source | None
    items: Sequence[ItemState] | None

    def value(self, identifier: str) -> Value | None:
        """Raises :class:`RulesError` when there is no such variable."""
        ...


Operands: TypeAlias = "Sequence[Value | None]"
Work: TypeAlias = Callable[[Operands, Here], "Value | None"]


class Settings:
    """The attributes of one operator. Each reader raises :class:`RulesError`."""

    def __init__(self, operator: str, given: Mapping[str, str]) -> None:
        self.operator = operator
        self._given = given

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str, default: str = "") -> str:
        return self._given.get(name, default)

    def truth(self, name: str, default: bool) -> bool:
        text = self._given.get(name)
        if text is None:
            return default
        if text not in ("true", "false", "1", "0"):
            raise self.error(name)
        return text in ("true", "1")

    def number(self, name: str, default: str = "") -> Callable[[Here], Fraction | None]:
        """A number, or the value of the variable whose name stands there."""
        return self.reference(name, self._given.get(name, default))

    def reference(self, name: str, text: str) -> Callable[[Here], Fraction | None]:
        value = number(text)
        if value is not None:
            return lambda _: value
        found = _NAME.fullmatch(text)
        if found is None:
            raise self.error(name)
        variable = found[1]
        return lambda here: one_number(here.value(variable))

    def whole(self, name: str, default: str = "") -> Callable[[Here], int | None]:
        """As :meth:`number`, for an integer."""
        read = self.number(name, default)

        def whole(here: Here) -> int | None:
            value = read(here)
            if value is not None and value.denominator != 1:
                raise self.error(name)
            return None if value is None else int(value)

        return whole

    def error(self, name: str) -> RulesError:
        return RulesError(
            "The attribute {name}=“{text}” of “{operator}” cannot be used.",
            name=name,
            text=self._given.get(name, "")[:60],
            operator=self.operator,
        )


@dataclass(frozen=True, slots=True)
class Operator:
    """``least`` to ``most`` operands, the attributes it knows, and how it works.

    ``prepare`` looks at the attributes once and gives what does the work.
    """

    least: int
    most: int
    prepare: Callable[[Settings], Work]
    settings: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()


def plain(work: Callable[[Operands], Value | None]) -> Callable[[Settings], Work]:
    """An operator without attributes."""
    return lambda _: lambda operands, __: work(operands)


def expect(fits: bool, operator: str) -> None:
    if not fits:
        raise RulesError("The operands of “{operator}” do not fit it.", operator=operator)


def result(kind: BaseType, value: Fraction) -> Value:
    """A single number. Raises :class:`RulesError` when it is too large or too fine."""
    return single(kind, bearable(value))


def bearable(value: Fraction) -> Fraction:
    """*value*, unless it has too many digits to go on computing with (``RulesError``)."""
    if not fits(value):
        raise RulesError("A rule computes a number with too many digits.")
    return value


def one_number(value: Value | None) -> Fraction | None:
    if value is None:
        return None
    expect(value.cardinality == "single" and value.base_type != "duration", "arithmetic")
    return as_number(value.members[0])


def as_number(one: Member) -> Fraction:
    if not isinstance(one, Fraction):
        raise RulesError("A rule computes with something that is not a number.")
    return one


def all_numbers(operands: Operands) -> tuple[BaseType, list[Fraction]] | None:
    """The numbers of values of any cardinality, integer when all are; ``None`` for NULL.

    Raises :class:`RulesError` for what is no number, and for too many of them.
    """
    numbers: list[Fraction] = []
    kind: BaseType = "integer"
    for each in operands:
        if each is None:
            return None
        if each.base_type == "float":
            kind = "float"
        expect(each.base_type in NUMERIC, "arithmetic")
        numbers.extend(as_number(one) for one in each.members)
    if len(numbers) > MAX_MEMBERS:
        raise RulesError("A rule computes with more than {limit} numbers.", limit=MAX_MEMBERS)
    return kind, numbers


def are_numbers(operands: Operands) -> bool:
    """Whether every value is numeric; some operators give NULL for any other."""
    return all(each is None or each.base_type in NUMERIC for each in operands)


def one_truth(value: Value | None) -> bool | None:
    if value is None:
        return None
    one = value.members[0]
    if value.cardinality != "single" or not isinstance(one, bool):
        raise RulesError("A rule takes something as true or false that is neither.")
    return one


def one_text(value: Value | None) -> str | None:
    if value is None:
        return None
    one = value.members[0]
    if value.cardinality != "single" or not isinstance(one, str):
        raise RulesError("A rule compares something as text that is none.")
    return normal(one)
