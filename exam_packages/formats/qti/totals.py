"""The total of a test: the sum of the items' scores, by weight if there are weights."""

from __future__ import annotations

from exam_packages.formats.qti.names import QTI
from exam_packages.formats.xml import Node
from exam_packages.rules.key import SCORE
from exam_packages.rules.numbers import number, written


def weight_name(root: Node, processing: Node | None) -> str:
    """The name of the weight by which the total sums; empty: each score counts once.

    Raises ``FormatError`` for outcome processing that is no such sum.
    """
    there = {str(each.get("identifier")) for each in root.element.iter(f"{{{QTI}}}qti-weight")}
    if processing is not None:
        used = _sum(processing)
        if there - {used}:
            root.change(
                "the weight “{name}” was left out: no outcome processing uses it.",
                name=", ".join(sorted(there - {used}))[:100],
            )
        return used
    if len(there) > 1:
        raise root.error(
            "items have weights of several names, and no outcome processing says which counts;"
            " add it."
        )
    if there:
        root.change("there is no outcome processing, so the total is the sum by weight.")
    return next(iter(there), "")


def read_weight(node: Node) -> tuple[str, str]:
    """The name and value of a qti-weight. Raises ``FormatError``."""
    given = node.attributes(identifier=None, value=None)
    value = number(given["value"])
    if value is None or value < 0:
        raise node.error("a weight must be a number from 0 on.")
    return given["identifier"], written(value)


def _sum(node: Node) -> str:
    shape = [
        ("qti-set-outcome-value", {"identifier": SCORE}),
        ("qti-sum", {}),
        ("qti-test-variables", {"variable_identifier": SCORE}),
    ]
    weight = ""
    for name, wanted in shape:
        children = node.children()
        if len(children) != 1 or children[0].name != name:
            raise node.error(
                "only the sum of the item scores is supported as outcome processing: one"
                " <{name}> is expected in this element.",
                name=name,
            )
        node = children[0]
        if name == "qti-test-variables":
            given = node.attributes(variable_identifier=None, weight_identifier="", base_type="")
            weight = given.pop("weight_identifier")
            given.pop("base_type")
        else:
            given = node.attributes(**dict.fromkeys(wanted))
        if given != wanted:
            raise node.error("the total must be the outcome SCORE, of the items' SCORE.")
    return weight
