"""What a test says about an item where it refers to it: other names for its variables
(qti-variable-mapping), other defaults for its template variables (qti-template-default).

Both become part of the item as this test has it, so nothing behind the reader knows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from exam_packages.assessment import Question
from exam_packages.formats.qti.expressions import Place, read_expression
from exam_packages.formats.qti.keys import check_templates
from exam_packages.formats.xml import Node
from exam_packages.rules.declarations import OutcomeDeclaration
from exam_packages.rules.expressions import Environment, Expression, Variable, evaluate, fitted
from exam_packages.rules.key import SCORE, Exit, ItemKey, SetOutcome
from exam_packages.rules.templates import Templates
from exam_packages.rules.values import RulesError, lexical


def read_mapping(node: Node) -> tuple[str, str]:
    """The source and the target of a qti-variable-mapping. Raises ``FormatError``."""
    given = node.attributes(source_identifier=None, target_identifier=None)
    return (
        node.identifier("source-identifier", given["source_identifier"]),
        node.identifier("target-identifier", given["target_identifier"]),
    )


def read_default(node: Node) -> tuple[str, Expression]:
    """The variable of a qti-template-default, and its expression. Raises ``FormatError``."""
    name = node.attributes(template_identifier=None)["template_identifier"]
    children = node.children()
    if len(children) != 1:
        raise node.error("one expression is expected in it.")
    return name, read_expression(children[0], Place.TEST)


def with_defaults(node: Node, question: Question, defaults: Mapping[str, Expression]) -> Question:
    """*question* with other *defaults* of its template variables. Raises ``FormatError``."""
    if not defaults:
        return question
    templates = question.templates or Templates((), ())
    declared = {each.identifier: each for each in templates.declarations}
    for name, expression in defaults.items():
        if name not in declared:
            raise node.error("the item has no template variable “{name}”.", name=name[:60])
        kind = declared[name]
        try:
            value = evaluate(expression, Environment({}, {}))
            value = fitted(name, kind.base_type, kind.cardinality, value)
        except RulesError as problem:
            raise node.error(
                "the default of “{name}” is not known before the exam ({why}); give a constant.",
                name=name[:60],
                why=str(problem),
            ) from None
        declared[name] = msgspec.structs.replace(kind, default=lexical(value))
    changed = replace(question, templates=replace(templates, declarations=tuple(declared.values())))
    check_templates(node, changed)
    return changed


def mapped(node: Node, question: Question, names: Mapping[str, str]) -> Question:
    """*question* with its variables under other *names* besides: source to target.

    The item sets them itself, as the last of its rules. Raises ``FormatError``.
    """
    if not names:
        return question
    key = question.key
    if key.external:
        raise node.error("the item is marked by people, so its variables cannot be renamed.")
    if _exits(key.processing):
        raise node.error(
            "the item's rules have an exit, so its variables cannot be renamed; rename them in"
            " the item."
        )
    targets = set(names.values())
    if len(targets) < len(names) or targets & names.keys():
        raise node.error("the new names of variables must differ, and none may be an old one.")
    outcomes = {each.identifier: each for each in key.outcomes}
    for source, target in names.items():
        outcomes[target] = _declared(node, key, source, target)
    most = key.max_score
    if SCORE in targets:
        most = outcomes[SCORE].maximum
        if not most or most.startswith("-") or not most.strip("0."):
            raise node.error("what becomes the SCORE of the item needs a normal-maximum above 0.")
    rules = tuple(SetOutcome(target, Variable(source)) for source, target in names.items())
    return replace(
        question,
        key=msgspec.structs.replace(
            key,
            outcomes=tuple(outcomes.values()),
            processing=(*key.processing, *rules),
            max_score=most,
        ),
    )


def _declared(node: Node, key: ItemKey, source: str, target: str) -> OutcomeDeclaration:
    taken = {each.identifier for each in key.responses}
    if target in taken | {each.identifier for each in key.templates}:
        raise node.error("“{name}” is a variable of the item already.", name=target)
    for outcome in key.outcomes:
        if outcome.identifier == source:
            return msgspec.structs.replace(outcome, identifier=target)
    for response in key.responses:
        if response.identifier == source and response.cardinality != "record":
            return OutcomeDeclaration(target, response.base_type, response.cardinality, ())
    raise node.error("the item has no variable “{name}” that a test can use.", name=source)


def _exits(what: object) -> bool:
    match what:
        case Exit():
            return True
        case tuple():
            return any(map(_exits, what))
        case msgspec.Struct():
            return _exits(tuple(getattr(what, name) for name in what.__struct_fields__))
    return False
