"""The expressions of QTI: their shape, and how one is worked out.

An expression is data (it travels inside the answer key). :func:`compiled` makes a function
of it once, which gives its value in an :class:`Environment` as often as is needed.
Everything that only combines the values of its operands is an :class:`Apply`, and what it
does is one row of :data:`exam_packages.rules.operators.OPERATORS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from exam_packages.canon import Object
from exam_packages.rules.declarations import (
    OutcomeDeclaration,
    ResponseDeclaration,
    TemplateDeclaration,
)
from exam_packages.rules.numbers import added, exact
from exam_packages.rules.operands import ItemState, Settings, Source
from exam_packages.rules.operators import OPERATORS
from exam_packages.rules.totals import weighted
from exam_packages.rules.values import BaseType, Cardinality, RulesError, Value, constant, single

COMPLETION_STATUS = "completionStatus"
BUILT_IN: Mapping[str, Value] = {
    "numAttempts": single("integer", Fraction(1)),
    COMPLETION_STATUS: single("identifier", "unknown"),
}
"""Variables that every item has without declaring them. ``duration`` is not among them: who
scores does not know how long somebody took."""


class BaseValue(Object, tag=1):
    """qti-base-value: a constant, in its lexical form."""

    base_type: BaseType
    text: str


class Null(Object, tag=2):
    """qti-null."""


class Variable(Object, tag=3):
    """qti-variable: the value of a response, an outcome or a template variable.

    In a test ``Q01.SCORE`` is the SCORE of the item Q01, times its *weight* of that name.
    """

    identifier: str
    weight: str = ""


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
    """The variables of one item, or of a test, while its rules run.

    ``values`` are those of now; ``lots`` is there only where a form is drawn, ``items`` only
    in a test.
    """

    responses: Mapping[str, ResponseDeclaration]
    outcomes: Mapping[str, OutcomeDeclaration]
    values: dict[str, Value | None] = field(default_factory=dict)
    templates: Mapping[str, TemplateDeclaration] = field(default_factory=dict)
    lots: Source | None = None
    items: Sequence[ItemState] | None = None

    def value(self, identifier: str) -> Value | None:
        try:
            return self.values[identifier]
        except KeyError:
            pass
        if self.items is not None:
            item, name = self.item(identifier)
            if item is not None or "." in identifier:
                # NULL for an item that was not drawn into this form; that an author wrote
                # the name of one that never was is seen when the test is read.
                return None if item is None else item.variables[name]
        elif identifier in BUILT_IN:
            return BUILT_IN[identifier]
        raise RulesError("There is no variable “{name}”.", name=identifier)

    def item(self, identifier: str) -> tuple[ItemState | None, str]:
        """The item that an identifier like ``Q01.SCORE`` begins with, and the rest of it.

        Names of items may have periods themselves.
        """
        for item in self.items or ():
            if identifier.startswith(item.identifier + "."):
                name = identifier[len(item.identifier) + 1 :]
                if name in item.variables:
                    return item, name
        return None, identifier

    def response(self, identifier: str) -> ResponseDeclaration:
        if identifier not in self.responses:
            raise RulesError("There is no response “{name}”.", name=identifier)
        return self.responses[identifier]

    def default(self, identifier: str) -> Value | None:
        for declared in (self.outcomes, self.templates, self.responses):
            if identifier in declared:
                return declared[identifier].default_value()
        raise RulesError("There is no variable “{name}”.", name=identifier)

    def set_outcome(self, name: str, value: Value | None) -> None:
        if name in self.outcomes:
            declared = self.outcomes[name]
            self.values[name] = fitted(name, declared.base_type, declared.cardinality, value)
        elif name == COMPLETION_STATUS and self.items is None:
            self.values[name] = fitted(name, "identifier", "single", value)
        else:
            raise RulesError("There is no outcome “{name}”.", name=name)

    def set_template(self, name: str, value: Value | None) -> None:
        raise _elsewhere(name)

    def set_correct(self, name: str, value: Value | None) -> None:
        raise _elsewhere(name)

    def set_default(self, name: str, value: Value | None) -> None:
        raise _elsewhere(name)

    def constrain(self, holds: bool) -> None:
        raise _elsewhere("template-constraint")


def _elsewhere(name: str) -> RulesError:
    return RulesError("A rule about “{name}” belongs into template processing.", name=name)


def fitted(
    name: str, base_type: BaseType, cardinality: Cardinality, value: Value | None
) -> Value | None:
    """*value* as the variable *name* can hold it. Raises :class:`RulesError`.

    An integer becomes a float, and a float that is a whole number an integer; nothing is
    lost by either.
    """
    if value is None or (value.base_type == base_type and value.cardinality == cardinality):
        return value
    whole = base_type == "integer" and all(
        isinstance(each, Fraction) and each.denominator == 1 for each in value.members
    )
    number = (value.base_type == "integer" and base_type == "float") or (
        value.base_type == "float" and whole
    )
    if not number or value.cardinality != cardinality:
        raise RulesError(
            "The variable “{name}” is {kind}, and a rule gives it {given}.",
            name=name,
            kind=f"{cardinality} {base_type}",
            given=f"{value.cardinality} {value.base_type}",
        )
    return Value(base_type, cardinality, value.members)


Compiled: TypeAlias = Callable[[Environment], "Value | None"]


def evaluate(expression: Expression, here: Environment) -> Value | None:
    """The value of *expression*, NULL being ``None``.

    Raises :class:`RulesError` where the types or names do not fit.
    """
    return compiled(expression)(here)


def compiled(expression: Expression) -> Compiled:
    """A function that works *expression* out. It raises :class:`RulesError` where types or
    names do not fit, and so does this for an operator or a constant that is none."""
    match expression:
        case BaseValue(base_type=base_type, text=text):
            value = constant(base_type, "single", (text,))
            return lambda here: value
        case Null():
            return lambda here: None
        case Variable(identifier=name, weight=weight):
            return _weighted(name, weight) if weight else lambda here: here.value(name)
        case Correct(identifier=name):
            return lambda here: here.response(name).correct_value()
        case Default(identifier=name):
            return lambda here: here.default(name)
        case MapResponse(identifier=name):
            return lambda here: single("float", map_response(here.response(name), here.value(name)))
        case MapResponsePoint(identifier=name):
            return lambda here: single(
                "float", map_response_point(here.response(name), here.value(name))
            )
        case Apply():
            return _applied(expression)


def _weighted(identifier: str, weight: str) -> Compiled:
    def work(here: Environment) -> Value | None:
        value, (item, _) = here.value(identifier), here.item(identifier)
        return value if value is None or item is None else weighted(value, item, weight)

    return work


def _applied(expression: Apply) -> Compiled:
    name = expression.operator
    if name not in OPERATORS:
        raise RulesError("There is no operator “{name}”.", name=name)
    operator = OPERATORS[name]
    if not operator.least <= len(expression.operands) <= operator.most:
        raise RulesError("The operator “{name}” has too few or too many operands.", name=name)
    work = operator.prepare(Settings(name, dict(expression.settings)))
    operands = [compiled(each) for each in expression.operands]
    if len(operands) == 1:
        (only,) = operands
        return lambda here: work((only(here),), here)
    if len(operands) == 2:
        first, second = operands
        return lambda here: work((first(here), second(here)), here)
    return lambda here: work([each(here) for each in operands], here)


def map_response(declaration: ResponseDeclaration, value: Value | None) -> Fraction:
    """QTI mapResponse: the sum of the mapped members, each counted once, within bounds.

    No answer is a value without an entry, so it has the default.
    """
    mapping, table = declaration.mapping, declaration.mapping_table()
    if mapping is None or declaration.cardinality == "record":
        raise RulesError("The response “{name}” cannot be mapped.", name=declaration.identifier)
    if value is None:
        return mapping.bounded(exact(mapping.default))
    return mapping.bounded(added(map(table.get, dict.fromkeys(value.members))))


def map_response_point(declaration: ResponseDeclaration, value: Value | None) -> Fraction:
    """QTI mapResponsePoint: each area counts once, the first area that holds a point wins; no
    answer has the default."""
    areas = declaration.areas
    if areas is None:
        raise RulesError("The response “{name}” has no area map.", name=declaration.identifier)
    if value is None:
        return areas.bounded(exact(areas.default))
    return areas.bounded(areas.total(value.members))
