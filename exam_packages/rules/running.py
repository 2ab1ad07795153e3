"""Running rules: response, template and outcome processing are one language.

Rules are made into functions once (:func:`program`); which of them make sense depends on
the environment that they run in, which refuses what it cannot do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from exam_packages.rules.expressions import Environment, Expression, compiled
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
from exam_packages.rules.values import RulesError, Value, constant

Program: TypeAlias = Callable[[Environment], bool]
"""Runs rules; true when one of them was an exit."""

_Assign: TypeAlias = "Callable[[Environment, str, Value | None], None]"


def program(rules: Sequence[Rule]) -> Program:
    """The function that runs *rules*.

    Raises :class:`RulesError` where a rule can never be followed; the program raises it
    where one cannot be with the values that there are.
    """
    steps = [_step(rule) for rule in rules]

    if len(steps) == 1:
        return steps[0]

    def run(here: Environment) -> bool:
        for step in steps:  # noqa: SIM110 (a generator costs more than most rules)
            if step(here):
                return True
        return False

    return run


def _step(rule: Rule) -> Program:
    match rule:
        case SetOutcome(identifier=name, expression=expression):
            return _setting(name, expression, lambda here, *what: here.set_outcome(*what))
        case Condition():
            return _condition(rule)
        case Exit():
            return lambda here: True
        case LookUp(identifier=name, expression=expression):
            return _setting(name, expression, _look_up)
        case SetTemplate(identifier=name, expression=expression):
            return _setting(name, expression, lambda here, *what: here.set_template(*what))
        case SetCorrect(identifier=name, expression=expression):
            return _setting(name, expression, lambda here, *what: here.set_correct(*what))
        case SetDefault(identifier=name, expression=expression):
            return _setting(name, expression, lambda here, *what: here.set_default(*what))
        case Constrain(expression=expression):
            return _constraint(expression)


def _setting(name: str, expression: Expression, assign: _Assign) -> Program:
    work = compiled(expression)

    def setting(here: Environment) -> bool:
        assign(here, name, work(here))
        return False

    return setting


def _look_up(here: Environment, name: str, value: Value | None) -> None:
    declared = here.outcomes.get(name)
    if declared is None or declared.table is None:
        raise RulesError("The outcome “{name}” has no lookup table.", name=name)
    text = declared.table.look_up(value)
    found = constant(declared.base_type, "single", (text,)) if text else None
    here.set_outcome(name, found)


def _constraint(expression: Expression) -> Program:
    work = compiled(expression)

    def constraint(here: Environment) -> bool:
        here.constrain(_true(work(here)))
        return False

    return constraint


def _condition(rule: Condition) -> Program:
    branches = [(compiled(each.condition), program(each.rules)) for each in rule.branches]
    otherwise = program(rule.otherwise)

    def condition(here: Environment) -> bool:
        for holds, then in branches:
            if _true(holds(here)):
                return then(here)
        return otherwise(here)

    return condition


def _true(value: Value | None) -> bool:
    if value is None:
        return False  # QTI: a condition that is NULL does not hold
    if value.base_type != "boolean" or value.cardinality != "single":
        raise RulesError("A condition is neither true nor false.")
    return value.members[0] is True
