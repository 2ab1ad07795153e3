"""Response processing as written: a standard template, or rules and expressions."""

from __future__ import annotations

from collections.abc import Iterable

from exam_packages.formats.qti.declarations import BASE_TYPES
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
from exam_packages.rules.key import SCORE, Branch, Condition, Exit, Rule, SetOutcome
from exam_packages.rules.operators import OPERATORS
from exam_packages.rules.values import RulesError, bind

RESPONSE = "RESPONSE"
MAX_DEPTH = 8
"""Rules in rules, and operators in operators: what the key's encoding can hold."""

_ONE, _ZERO = BaseValue("float", "1"), BaseValue("float", "0")
_NOTHING = Apply("is-null", (), (Variable(RESPONSE),))

TEMPLATES: dict[str, tuple[Rule, ...]] = {
    "match_correct": (
        Condition(
            (
                Branch(
                    Apply("match", (), (Variable(RESPONSE), Correct(RESPONSE))),
                    (SetOutcome(SCORE, _ONE),),
                ),
            ),
            (SetOutcome(SCORE, _ZERO),),
        ),
    ),
    "map_response": (
        Condition(
            (Branch(_NOTHING, (SetOutcome(SCORE, _ZERO),)),),
            (SetOutcome(SCORE, MapResponse(RESPONSE)),),
        ),
    ),
    "map_response_point": (
        Condition(
            (Branch(_NOTHING, (SetOutcome(SCORE, _ZERO),)),),
            (SetOutcome(SCORE, MapResponsePoint(RESPONSE)),),
        ),
    ),
}
"""QTI's three standard templates, as the rules that they stand for."""


def read_processing(node: Node) -> tuple[tuple[Rule, ...], str]:
    """The rules of a qti-response-processing, and the template's name if it uses one.

    Raises ``FormatError``.
    """
    given = node.attributes(template="", template_location="")
    children = node.children()
    if not given["template"]:
        return tuple(_rule(child, 0) for child in children), ""
    if children:
        raise node.error("a template and rules cannot stand together; leave one out.")
    # Known by its last part: versions differ in the address before it.
    name = given["template"].rstrip("/").rpartition("/")[2].removesuffix(".xml")
    if name not in TEMPLATES:
        raise node.error(
            "the template “{name}” is not known; use {known}, or write the rules out.",
            name=name[:80],
            known=", ".join(TEMPLATES),
        )
    return TEMPLATES[name], name


def _rule(node: Node, depth: int) -> Rule:
    _check_depth(node, depth)
    match node.name:
        case "qti-set-outcome-value":
            name = node.attributes(identifier=None)["identifier"]
            (child,) = _exactly(node, 1)
            return SetOutcome(name, _expression(child, depth + 1))
        case "qti-response-condition":
            node.attributes()
            return _condition(node, depth)
        case "qti-exit-response":
            node.attributes()
            _exactly(node, 0)
            return Exit()
    raise node.unsupported()


def _condition(node: Node, depth: int) -> Condition:
    branches: list[Branch] = []
    otherwise: tuple[Rule, ...] | None = None
    for child in node.children():
        child.attributes()
        wanted = "qti-response-else-if" if branches else "qti-response-if"
        if child.name == "qti-response-else" and branches and otherwise is None:
            otherwise = _rules(child.children(), depth + 1)
        elif child.name == wanted and otherwise is None:
            parts = child.children()
            if not parts:
                raise child.error("a condition is missing; put one expression first.")
            condition = _expression(parts[0], depth + 1)
            branches.append(Branch(condition, _rules(parts[1:], depth + 1)))
        else:
            raise child.unsupported()
    if not branches:
        raise node.error("a condition needs a <qti-response-if>.")
    return Condition(tuple(branches), otherwise or ())


def _rules(nodes: Iterable[Node], depth: int) -> tuple[Rule, ...]:
    return tuple(_rule(node, depth) for node in nodes)


def _expression(node: Node, depth: int) -> Expression:
    _check_depth(node, depth)
    match node.name:
        case "qti-base-value":
            base_type = node.attributes(base_type=None)["base_type"]
            text = node.only_text()
            if base_type not in BASE_TYPES:
                raise node.error("the base type “{text}” is not supported.", text=base_type[:40])
            try:
                bind(BASE_TYPES[base_type], "single", (text,))
            except RulesError as problem:
                raise node.error("{why}", why=str(problem)) from None
            return BaseValue(BASE_TYPES[base_type], text)
        case "qti-null":
            node.attributes()
            _exactly(node, 0)
            return Null()
        case "qti-variable":
            return Variable(_name(node))
        case "qti-correct":
            return Correct(_name(node))
        case "qti-default":
            return Default(_name(node))
        case "qti-map-response":
            return MapResponse(_name(node))
        case "qti-map-response-point":
            return MapResponsePoint(_name(node))
    return _apply(node, depth)


def _apply(node: Node, depth: int) -> Apply:
    name = node.name.removeprefix("qti-")
    if name not in OPERATORS or name == node.name:
        raise node.unsupported()
    operator = OPERATORS[name]
    known = {key.replace("-", "_"): "" for key in operator.settings}
    needed = {key.replace("-", "_"): None for key in operator.required}
    given = node.attributes(**known | needed)
    settings = tuple(
        (key.replace("_", "-"), value) for key, value in sorted(given.items()) if value
    )
    operands = node.children()
    if not operator.least <= len(operands) <= operator.most:
        raise node.error(
            "the operator needs {least} to {most} operands and has {count}.",
            least=operator.least,
            most=operator.most,
            count=len(operands),
        )
    return Apply(name, settings, tuple(_expression(each, depth + 1) for each in operands))


def _name(node: Node) -> str:
    _exactly(node, 0)
    return node.attributes(identifier=None)["identifier"]


def _exactly(node: Node, count: int) -> list[Node]:
    children = node.children()
    if len(children) != count:
        raise node.error(
            "{wanted} elements are expected in it; there are {count}.",
            wanted=count,
            count=len(children),
        )
    return children


def _check_depth(node: Node, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise node.error("the rules nest more than {limit} deep.", limit=MAX_DEPTH)
