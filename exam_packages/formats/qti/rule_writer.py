"""Rules and expressions as QTI 3 writes them, in items, templates and tests."""

from __future__ import annotations

from collections.abc import Iterable

from exam_packages.formats.qti.elements import Element, element, leaf
from exam_packages.formats.qti.expressions import Place
from exam_packages.formats.qti.rules import EXITS
from exam_packages.rules.expressions import (
    Apply,
    BaseValue,
    Correct,
    Default,
    Expression,
    MapResponse,
    MapResponsePoint,
    Null,
    Variable,
)
from exam_packages.rules.key import (
    Condition,
    Constrain,
    Exit,
    LookUp,
    Rule,
    SetCorrect,
    SetDefault,
    SetOutcome,
    SetTemplate,
)

_SETTING = {
    SetOutcome: "qti-set-outcome-value",
    LookUp: "qti-lookup-outcome-value",
    SetTemplate: "qti-set-template-value",
    SetCorrect: "qti-set-correct-response",
    SetDefault: "qti-set-default-value",
}
_NAMING = {
    Correct: "qti-correct",
    Default: "qti-default",
    MapResponse: "qti-map-response",
    MapResponsePoint: "qti-map-response-point",
}


def write_rules(rules: Iterable[Rule], place: Place) -> list[Element]:
    """*rules* as they stand at *place*."""
    return [_rule(rule, place) for rule in rules]


def write_expression(expression: Expression) -> Element:
    match expression:
        case BaseValue(base_type=base_type, text=text):
            made = leaf("qti-base-value", text)
            made.set("base-type", base_type)
            return made
        case Null():
            return element("qti-null")
        case Variable(identifier=name, weight=weight):
            return element("qti-variable", {"identifier": name, "weight-identifier": weight})
        case Correct() | Default() | MapResponse() | MapResponsePoint():
            return element(_NAMING[type(expression)], {"identifier": expression.identifier})
        case Apply(operator=name, settings=settings, operands=operands):
            return element(f"qti-{name}", dict(settings), *map(write_expression, operands))


def _rule(rule: Rule, place: Place) -> Element:
    match rule:
        case Exit():
            return element(f"qti-exit-{EXITS[place]}")
        case Constrain(expression=expression):
            return element("qti-template-constraint", {}, write_expression(expression))
        case Condition(branches=branches, otherwise=otherwise):
            kind = f"qti-{place.value}"
            made = element(f"{kind}-condition")
            for index, branch in enumerate(branches):
                inside = [write_expression(branch.condition), *write_rules(branch.rules, place)]
                made.append(element(f"{kind}-else-if" if index else f"{kind}-if", {}, *inside))
            if otherwise:
                made.append(element(f"{kind}-else", {}, *write_rules(otherwise, place)))
            return made
        case _:
            value = write_expression(rule.expression)
            return element(_SETTING[type(rule)], {"identifier": rule.identifier}, value)
