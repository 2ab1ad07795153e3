"""The outcome processing of a test as written, and whether it is a plain sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exam_packages.formats.qti.expressions import Place
from exam_packages.formats.qti.rules import read_rules
from exam_packages.formats.xml import Node
from exam_packages.rules.declarations import OutcomeDeclaration
from exam_packages.rules.expressions import Apply
from exam_packages.rules.key import SCORE, Condition, Exit, Rule, SetOutcome, TestProcessing


def read_outcome_processing(
    node: Node, declarations: Sequence[OutcomeDeclaration]
) -> TestProcessing:
    """A qti-outcome-processing with the outcomes that the test declares.

    Raises ``FormatError``, also for an outcome that is set and not declared. A name that is
    read and not there shows when the rules run.
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
