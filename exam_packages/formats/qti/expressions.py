"""Expressions as written, in response, template and outcome processing.

An author's mistake is found here, with its place: an operator that is not known or does not
belong where it stands, too few operands, an attribute that cannot be used.
"""

from __future__ import annotations

from enum import Enum

from exam_packages import canon
from exam_packages.formats.xml import Node
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
from exam_packages.rules.operands import Settings
from exam_packages.rules.operators import CHANCE, OPERATORS, TOTALS
from exam_packages.rules.values import BASE_TYPES, RulesError, constant

FIRST = 5
"""How deep in an encoded answer key the outermost rule of an item lies."""
DEEPEST = canon.MAX_DEPTH - 3
"""How deep an expression may lie there: the attributes of an operator nest three deeper."""
MAX_TEXT = 2_000


class Place(Enum):
    """Where rules stand; the value is how the names of their elements begin."""

    ITEM = "response"
    TEMPLATE = "template"
    TEST = "outcome"


def read_expression(node: Node, place: Place, depth: int = FIRST) -> Expression:
    """The expression that *node* is. Raises ``FormatError``."""
    check_depth(node, depth)
    match node.name:
        case "qti-base-value":
            return _base_value(node)
        case "qti-null":
            node.attributes()
            exactly(node, 0)
            return Null()
        case "qti-variable":
            exactly(node, 0)
            given = node.attributes(identifier=None, weight_identifier="")
            if given["weight_identifier"] and place is not Place.TEST:
                raise node.error("a weight is known only in the outcome processing of a test.")
            if given["identifier"].rpartition(".")[2] == "duration":
                raise node.error(
                    "the rules ask how long the candidate took, which who scores does not know."
                )
            return Variable(given["identifier"], given["weight_identifier"])
        case "qti-correct":
            return Correct(_name(node))
        case "qti-default":
            return Default(_name(node))
        case "qti-map-response":
            return MapResponse(_name(node))
        case "qti-map-response-point":
            return MapResponsePoint(_name(node))
        case "qti-custom-operator":
            raise node.error(
                "an operator of its author's own needs that author's program, which is never"
                " run here; write it with QTI's operators."
            )
    return _apply(node, place, depth)


def _base_value(node: Node) -> BaseValue:
    base_type = node.attributes(base_type=None)["base_type"]
    text = node.only_text()
    if base_type not in BASE_TYPES:
        raise node.error("the base type “{text}” is not supported.", text=base_type[:40])
    if len(text) > MAX_TEXT:
        raise node.error("a value of more than {limit} characters.", limit=MAX_TEXT)
    try:
        constant(BASE_TYPES[base_type], "single", (text,) if text else ())
    except RulesError as problem:
        raise node.error("{why}", why=str(problem)) from None
    return BaseValue(BASE_TYPES[base_type], text)


def _apply(node: Node, place: Place, depth: int) -> Apply:
    name = node.name.removeprefix("qti-")
    if name not in OPERATORS or name == node.name:
        raise node.unsupported()
    if name in CHANCE and place is not Place.TEMPLATE:
        raise node.error("only template processing draws by chance; a score is never drawn.")
    if name in TOTALS and place is not Place.TEST:
        raise node.error("only the outcome processing of a test knows its items.")
    operator = OPERATORS[name]
    known = {key.replace("-", "_"): "" for key in operator.settings}
    needed = {key.replace("-", "_"): None for key in operator.required}
    given = node.attributes(**known | needed)
    settings = tuple(
        (key.replace("_", "-"), value) for key, value in sorted(given.items()) if value
    )
    children = node.children()
    if not operator.least <= len(children) <= operator.most:
        raise node.error(
            "the operator needs {least} to {most} operands and has {count}.",
            least=operator.least,
            most=operator.most,
            count=len(children),
        )
    try:
        operator.prepare(Settings(name, dict(settings)))
    except RulesError as problem:
        raise node.error("{why}", why=str(problem)) from None
    return Apply(
        name, settings, tuple(read_expression(each, place, depth + 2) for each in children)
    )


def _name(node: Node) -> str:
    exactly(node, 0)
    return node.attributes(identifier=None)["identifier"]


def exactly(node: Node, count: int) -> list[Node]:
    children = node.children()
    if len(children) != count:
        raise node.error(
            "{wanted} elements are expected in it; there are {count}.",
            wanted=count,
            count=len(children),
        )
    return children


def check_depth(node: Node, depth: int) -> None:
    if depth > DEEPEST:
        raise node.error(
            "the rules nest too deeply; the same can be said with fewer levels, for instance"
            " with else-if instead of a condition inside of else."
        )
