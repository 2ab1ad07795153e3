"""The total of a test: the sum of the items' scores, by weight if there are weights, or what
outcome processing of its own says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exam_packages.formats.qti.declarations import read_outcome
from exam_packages.formats.qti.names import QTI
from exam_packages.formats.qti.outcomes import plain_sum, read_outcome_processing
from exam_packages.formats.xml import Node
from exam_packages.rules.declarations import OutcomeDeclaration
from exam_packages.rules.key import SCORE, TestProcessing
from exam_packages.rules.numbers import number, written


@dataclass(frozen=True, slots=True)
class Total:
    """How a test's total is made: the sum of scores by ``weight`` (empty: each counts once),
    unless there is ``processing`` of its own."""

    weight: str
    processing: TestProcessing | None


def read_total(root: Node, children: Sequence[Node]) -> Total:
    """The total of the test *root*, whose children are *children*. Raises ``FormatError``."""
    outcomes = [
        read_outcome(child)[0] for child in children if child.name == "qti-outcome-declaration"
    ]
    found = [child for child in children if child.name == "qti-outcome-processing"]
    if len(found) > 1:
        raise found[1].unsupported()
    there = {str(each.get("identifier")) for each in root.element.iter(f"{{{QTI}}}qti-weight")}
    if not found:
        if len(there) > 1:
            raise root.error(
                "items have weights of several names, and no outcome processing says which"
                " counts; add it."
            )
        if there:
            root.change("there is no outcome processing, so the total is the sum by weight.")
        return Total(next(iter(there), ""), None)
    if not any(each.identifier == SCORE for each in outcomes):
        root.change("the test does not declare the outcome SCORE; a single float was taken.")
        outcomes.append(OutcomeDeclaration(SCORE, "float", "single", ()))
    processing = read_outcome_processing(found[0], outcomes)
    weight = plain_sum(processing)
    if weight is None:
        return Total(next(iter(there), "") if len(there) == 1 else "", processing)
    if there - {weight}:
        root.change(
            "the weight “{name}” was left out: no outcome processing uses it.",
            name=", ".join(sorted(there - {weight}))[:100],
        )
    return Total(weight, None)


def read_weight(node: Node) -> tuple[str, str]:
    """The name and value of a qti-weight. Raises ``FormatError``."""
    given = node.attributes(identifier=None, value=None)
    value = number(given["value"])
    if value is None or value < 0:
        raise node.error("a weight must be a number from 0 on.")
    return given["identifier"], written(value)
