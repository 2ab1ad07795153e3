"""The parts of a question, and QTI's rules for them.

A part is an interaction with the points that answers to it are worth. The rules give those
points exactly: a third stays a third, because they count in thirds and divide at the end
(QTI's own numbers are decimals).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TypeAlias

from exam_packages.content.items import ExtendedText, Interaction
from exam_packages.formats.errors import FormatError
from exam_packages.rules.declarations import (
    MapEntry,
    Mapping,
    OutcomeDeclaration,
    ResponseDeclaration,
)
from exam_packages.rules.expressions import Apply, BaseValue, Expression, MapResponse
from exam_packages.rules.expressions import Variable as Value
from exam_packages.rules.key import SCORE, Branch, Condition, Rule, SetOutcome
from exam_packages.rules.numbers import written
from exam_packages.rules.values import BaseType, Cardinality

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Worth:
    """This answer is worth so many points."""

    member: str
    points: Fraction
    case_sensitive: bool = True


@dataclass(frozen=True, slots=True)
class Mapped:
    """The points of the answers given are added up (QTI map-response), within bounds."""

    interaction: Interaction
    base_type: BaseType
    cardinality: Cardinality
    correct: tuple[str, ...]
    worths: tuple[Worth, ...]
    lower: Fraction | None = None
    upper: Fraction | None = None
    default: Fraction = ZERO

    @property
    def numbers(self) -> list[Fraction]:
        bounds = [each for each in (self.lower, self.upper) if each is not None]
        return [self.default, *bounds, *(worth.points for worth in self.worths)]


@dataclass(frozen=True, slots=True)
class Tried:
    """The first of *tests* that holds gives its points; ``otherwise`` when none does."""

    interaction: Interaction
    base_type: BaseType
    cardinality: Cardinality
    correct: tuple[str, ...]
    tests: tuple[tuple[Expression, Fraction], ...]
    otherwise: Fraction = ZERO

    @property
    def numbers(self) -> list[Fraction]:
        return [self.otherwise, *(points for _, points in self.tests)]


@dataclass(frozen=True, slots=True)
class Marked:
    """A person gives the points."""

    interaction: ExtendedText


Part: TypeAlias = Mapped | Tried | Marked


def scale_of(parts: Sequence[Part]) -> int:
    """The least whole number that makes decimals of all points of *parts*."""
    rests = []
    for part in parts:
        for each in () if isinstance(part, Marked) else part.numbers:
            rest = each.denominator
            for prime in (2, 5):
                while rest % prime == 0:
                    rest //= prime
            rests.append(rest)
    scale = lcm(*rests)
    if scale > 10**12:
        raise FormatError("The points of the answers are no simple shares; write them simpler.")
    return scale


def declaration(part: Part, scale: int) -> ResponseDeclaration:
    """The declaration of the response to *part*, whose points count in shares of *scale*."""
    name = part.interaction.response
    if isinstance(part, Marked):
        return ResponseDeclaration(name, "string", "single", (), None, None)
    mapping = None
    if isinstance(part, Mapped):
        mapping = Mapping(
            "" if part.lower is None else written(part.lower * scale),
            "" if part.upper is None else written(part.upper * scale),
            written(part.default * scale),
            tuple(
                MapEntry(worth.member, written(worth.points * scale), worth.case_sensitive)
                for worth in part.worths
            ),
        )
    return ResponseDeclaration(name, part.base_type, part.cardinality, part.correct, mapping, None)


def scoring(parts: Sequence[Part], scale: int) -> tuple[list[OutcomeDeclaration], list[Rule]]:
    """The rules that give *parts* their points, and the outcomes they need beside SCORE."""
    if len(parts) == 1:
        return [], [_alone(parts[0], scale)]
    outcomes: list[OutcomeDeclaration] = []
    rules: list[Rule] = []
    terms: list[Expression] = []
    for part in parts:
        name = part.interaction.response
        if isinstance(part, Mapped):
            terms.append(MapResponse(name))
        elif isinstance(part, Tried):
            outcome = f"{SCORE}_{name}"
            outcomes.append(OutcomeDeclaration(outcome, "float", "single", ("0",)))
            rules.append(_tried(part, outcome, scale, 1))
            terms.append(Value(outcome))
    total = _divided(Apply("sum", (), tuple(terms)), scale)
    return outcomes, [*rules, SetOutcome(SCORE, total)]


def _alone(part: Part, scale: int) -> Rule:
    if isinstance(part, Tried):
        return _tried(part, SCORE, 1, scale)
    name = part.interaction.response
    nothing = Branch(Apply("is-null", (), (Value(name),)), (SetOutcome(SCORE, constant(ZERO)),))
    return Condition((nothing,), (SetOutcome(SCORE, _divided(MapResponse(name), scale)),))


def _tried(part: Tried, outcome: str, factor: int, divisor: int) -> Rule:
    def gives(points: Fraction) -> tuple[Rule, ...]:
        if not points:
            return (SetOutcome(outcome, constant(ZERO)),)
        value: Expression = constant(points * factor * divisor)
        return (SetOutcome(outcome, _divided(value, divisor)),)

    branches = tuple(Branch(test, gives(points)) for test, points in part.tests)
    return Condition(branches, gives(part.otherwise))


def _divided(expression: Expression, divisor: int) -> Expression:
    if divisor == 1:
        return expression
    return Apply("divide", (), (expression, constant(Fraction(divisor))))


def constant(value: Fraction) -> BaseValue:
    """*value* in a rule. Raises ``FormatError`` where QTI has no such number."""
    return BaseValue("float", decimal(value))


def decimal(value: Fraction) -> str:
    """*value* as QTI writes numbers. Raises ``FormatError`` where it cannot."""
    text = written(value)
    if "/" in text or len(text) > 40:
        raise FormatError("A number of the answers has too many digits; round it.")
    return text
