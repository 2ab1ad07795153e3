"""Rules as written: one grammar, with other names in items, templates and tests."""

from __future__ import annotations

from collections.abc import Iterable

from exam_packages.formats.qti.expressions import (
    FIRST,
    Place,
    check_depth,
    exactly,
    read_expression,
)
from exam_packages.formats.xml import Node
from exam_packages.rules.expressions import Expression
from exam_packages.rules.key import (
    Branch,
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

MAX_FRAGMENTS = 8
"""Fragments in fragments."""

EXITS = {Place.ITEM: "response", Place.TEMPLATE: "template", Place.TEST: "test"}


def read_rules(nodes: Iterable[Node], place: Place, depth: int = FIRST) -> tuple[Rule, ...]:
    """The rules that *nodes* are; fragments become the rules in them.

    Raises ``FormatError``.
    """
    return tuple(_rules(nodes, place, depth, 0))


def _rules(nodes: Iterable[Node], place: Place, depth: int, fragments: int) -> Iterable[Rule]:
    for node in nodes:
        if node.name == f"qti-{place.value}-processing-fragment" and place is not Place.TEMPLATE:
            if fragments >= MAX_FRAGMENTS:
                raise node.error("there are too many fragments inside of each other.")
            node.attributes()
            yield from _rules(node.children(), place, depth, fragments + 1)
        else:
            yield _rule(node, place, depth)


def _rule(node: Node, place: Place, depth: int) -> Rule:
    check_depth(node, depth)
    name = node.name.removeprefix("qti-")
    if name == f"{place.value}-condition":
        node.attributes()
        return _condition(node, place, depth)
    if name == f"exit-{EXITS[place]}":
        node.attributes()
        exactly(node, 0)
        return Exit()
    if place is not Place.TEMPLATE:
        if name == "set-outcome-value":
            return SetOutcome(*_setting(node, place, depth))
        if name == "lookup-outcome-value":
            return LookUp(*_setting(node, place, depth))
    elif name == "set-template-value":
        return SetTemplate(*_setting(node, place, depth))
    elif name == "set-correct-response":
        return SetCorrect(*_setting(node, place, depth))
    elif name == "set-default-value":
        return SetDefault(*_setting(node, place, depth))
    elif name == "template-constraint":
        node.attributes()
        if depth != FIRST:
            raise node.error("a constraint cannot stand inside of a condition; take it out.")
        (child,) = exactly(node, 1)
        return Constrain(read_expression(child, place, depth + 1))
    raise node.unsupported()


def _setting(node: Node, place: Place, depth: int) -> tuple[str, Expression]:
    name = node.attributes(identifier=None)["identifier"]
    (child,) = exactly(node, 1)
    return name, read_expression(child, place, depth + 1)


def _condition(node: Node, place: Place, depth: int) -> Condition:
    branches: list[Branch] = []
    otherwise: tuple[Rule, ...] | None = None
    kind = f"qti-{place.value}"
    for child in node.children():
        child.attributes()
        wanted = f"{kind}-else-if" if branches else f"{kind}-if"
        if child.name == f"{kind}-else" and branches and otherwise is None:
            otherwise = read_rules(child.children(), place, depth + 2)
        elif child.name == wanted and otherwise is None:
            parts = child.children()
            if not parts:
                raise child.error("a condition is missing; put one expression first.")
            condition = read_expression(parts[0], place, depth + 3)
            branches.append(Branch(condition, read_rules(parts[1:], place, depth + 4)))
        else:
            raise child.unsupported()
    if not branches:
        raise node.error("a condition needs a <{name}>.", name=f"{kind}-if")
    return Condition(tuple(branches), otherwise or ())
