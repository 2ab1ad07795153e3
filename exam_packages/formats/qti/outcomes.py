"""The outcome processing of a test as written, and what its rules need to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exam_packages.formats.qti.expressions import Place, read_expression
from exam_packages.formats.qti.rules import read_rules
from exam_packages.formats.xml import Node
from exam_packages.rules.declarations import OutcomeDeclaration
from exam_packages.rules.expressions import Apply, Expression, Variable
from exam_packages.rules.key import SCORE, Condition, Exit, Rule, SetOutcome, TestProcessing
from exam_packages.rules.operators import TOTALS


def read_outcome_processing(
    node: Node, declarations: Sequence[OutcomeDeclaration]
) -> TestProcessing:
    """A qti-outcome-processing with the outcomes that the test declares.

    Raises ``FormatError``. That it names only items and outcomes that there are is for the
    reader of the test to see to, with :func:`variables`.
    """
    node.attributes()
    rules = read_rules(node.children(), Place.TEST)
    known = {each.identifier for each in declarations}
    for name in _set(rules):
        if name not in known:
            raise node.error("the test does not declare the outcome “{name}”.", name=name[:80])
    return TestProcessing(tuple(declarations), rules)


def plain_sum(processing: TestProcessing) -> str | None:
    """The weight by which the rules sum the items' SCORE, when they do nothing else.

    Empty for a sum without weights; ``None`` for other rules.
    """
    match processing.rules:
        case (
            SetOutcome(
                identifier=name,
                expression=Apply(
                    operator="sum", operands=(Apply(operator="test-variables", settings=given),)
                ),
            ),
        ) if name == SCORE:
            settings = dict(given)
            if settings.pop("variable-identifier") == SCORE:
                weight = settings.pop("weight-identifier", "")
                settings.pop("base-type", "")
                return None if settings else weight
    return None


def read_condition(node: Node) -> Expression:
    """The one expression in a qti-pre-condition or qti-branch-rule; its attributes are the
    caller's. Raises ``FormatError``."""
    children = node.children()
    if len(children) != 1:
        raise node.error("one expression is expected in it.")
    return read_expression(children[0], Place.TEST)


def variables(what: Expression | Rule | Sequence[Rule]) -> frozenset[str]:
    """The names of the variables that an expression or rules read, ``Q01.SCORE`` and the
    like included; what looks at many items at once (qti-test-variables, qti-number-correct …)
    is there as ``*``.

    Nothing that is a score can be known during a sitting: a condition which needs more
    than the empty set needs the answer key.
    """
    return frozenset(_read(what))


def _read(what: object) -> Iterator[str]:
    match what:
        case Variable(identifier=name):
            yield name
        case Apply(operator=name, operands=operands):
            if name in TOTALS:
                yield "*"
            for each in operands:
                yield from _read(each)
        case Condition(branches=branches, otherwise=otherwise):
            for branch in branches:
                yield from _read(branch.condition)
                yield from _read(branch.rules)
            yield from _read(otherwise)
        case tuple() | list():
            for each in what:
                yield from _read(each)
        case _ if hasattr(what, "expression"):
            yield from _read(what.expression)
        case _ if hasattr(what, "identifier"):  # correct, default, map-response …
            yield what.identifier


def _set(rules: Sequence[Rule]) -> Iterator[str]:
    for rule in rules:
        match rule:
            case Condition(branches=branches, otherwise=otherwise):
                for branch in branches:
                    yield from _set(branch.rules)
                yield from _set(otherwise)
            case Exit():
                pass
            case _ if hasattr(rule, "identifier"):
                yield rule.identifier
