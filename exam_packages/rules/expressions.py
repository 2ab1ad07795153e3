"""The expressions of QTI response processing: their shape, and how one is worked out.

An expression is data (it travels inside the answer key); :func:`evaluate` gives its
value in an :class:`Environment`. Everything that only combines the values of its
operands is an :class:`Apply`, and what it does is one row of
:data:`exam_packages.rules.operators.OPERATORS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from exam_packages.canon import Object
from exam_packages.rules.declarations import OutcomeDeclaration, ResponseDeclaration
from exam_packages.rules.operators import OPERATORS
from exam_packages.rules.values import BaseType, RulesError, Value, bind, single


class BaseValue(Object, tag=1):
    """qti-base-value: a constant, in its lexical form."""

    base_type: BaseType
    text: str


class Null(Object, tag=2):
    """qti-null."""


class Variable(Object, tag=3):
    """qti-variable: the value of a response or an outcome."""

    identifier: str


class Correct(Object, tag=4):
    """qti-correct: the declared correct response."""

    identifier: str


class Default(Object, tag=5):
    """qti-default: the declared default value."""

    identifier: str


class MapResponse(Object, tag=6):
    """qti-map-response: the response through its mapping."""

    identifier: str


class MapResponsePoint(Object, tag=7):
    """qti-map-response-point: the response's points through its areas."""

    identifier: str


class Apply(Object, tag=8):
    """An operator, by its QTI name without ``qti-``, with its attributes, on operands."""

    operator: str
    settings: tuple[tuple[str, str], ...]
    operands: tuple[Expression, ...]


Expression: TypeAlias = (
    BaseValue | Null | Variable | Correct | Default | MapResponse | MapResponsePoint | Apply
)


@dataclass
class Environment:
    """The variables of one item while its rules run."""

    responses: Mapping[str, ResponseDeclaration]
    outcomes: Mapping[str, OutcomeDeclaration]
    values: dict[str, Value | None] = field(default_factory=dict)

    def value(self, identifier: str) -> Value | None:
        if identifier not in self.values:
            raise RulesError("There is no variable “{name}”.", name=identifier)
        return self.values[identifier]

    def response(self, identifier: str) -> ResponseDeclaration:
        if identifier not in self.responses:
            raise RulesError("There is no response “{name}”.", name=identifier)
        return self.responses[identifier]


def evaluate(expression: Expression, here: Environment) -> Value | None:
    """The value of *expression*, NULL being ``None``.

    Raises :class:`RulesError` where the types or names do not fit.
    """
    match expression:
        case BaseValue(base_type=base_type, text=text):
            return bind(base_type, "single", (text,))
        case Null():
            return None
        case Variable(identifier=name):
            return here.value(name)
        case Correct(identifier=name):
            return here.response(name).correct_value()
        case Default(identifier=name):
            if name in here.outcomes:
                return here.outcomes[name].default_value()
            here.response(name)
            return None  # a response with a default value is refused by the reader
        case MapResponse(identifier=name):
            return single("float", map_response(here.response(name), here.value(name)))
        case MapResponsePoint(identifier=name):
            return single("float", map_response_point(here.response(name), here.value(name)))
        case Apply(operator=name, settings=settings, operands=operands):
            if name not in OPERATORS:
                raise RulesError("There is no operator “{name}”.", name=name)
            values = [evaluate(operand, here) for operand in operands]
            return OPERATORS[name].work(values, dict(settings))


def map_response(declaration: ResponseDeclaration, value: Value | None) -> Fraction:
    """QTI mapResponse: the sum of the mapped members, each counted once, within bounds.

    Nothing answered maps to nothing, so to 0 within the bounds.
    """
    mapping = declaration.mapping
    if mapping is None:
        raise RulesError("The response “{name}” has no mapping.", name=declaration.identifier)
    table = declaration.mapping_table()
    total = Fraction(0)
    for each in dict.fromkeys(value.members) if value else ():
        total += table.get(each)
    return mapping.bounded(total)


def map_response_point(declaration: ResponseDeclaration, value: Value | None) -> Fraction:
    """QTI mapResponsePoint: each area counts once, the first area that holds a point wins."""
    areas = declaration.areas
    if areas is None:
        raise RulesError("The response “{name}” has no area map.", name=declaration.identifier)
    return areas.bounded(areas.total(value.members if value else ()))
