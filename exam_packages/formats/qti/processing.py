"""Response processing as written: a standard template, or rules and expressions."""

from __future__ import annotations

from exam_packages.formats.qti.expressions import Place
from exam_packages.formats.qti.rules import read_rules
from exam_packages.formats.xml import Node
from exam_packages.rules.expressions import (
    Apply,
    BaseValue,
    Correct,
    Expression,
    MapResponse,
    MapResponsePoint,
    Variable,
)
from exam_packages.rules.key import SCORE, Branch, Condition, Rule, SetOutcome

RESPONSE = "RESPONSE"

_ONE, _ZERO = BaseValue("float", "1"), BaseValue("float", "0")


def _matching(right: tuple[Rule, ...], wrong: tuple[Rule, ...]) -> tuple[Rule, ...]:
    correct = Apply("match", (), (Variable(RESPONSE), Correct(RESPONSE)))
    return (Condition((Branch(correct, right),), wrong),)


def _mapping(points: Expression) -> tuple[Rule, ...]:
    nothing = Apply("is-null", (), (Variable(RESPONSE),))
    return (
        Condition((Branch(nothing, (SetOutcome(SCORE, _ZERO),)),), (SetOutcome(SCORE, points),)),
    )


def _feedback(name: str, which: str) -> Rule:
    return SetOutcome(name, BaseValue("identifier", which))


_MATCH = _matching((SetOutcome(SCORE, _ONE),), (SetOutcome(SCORE, _ZERO),))
_MAP = _mapping(MapResponse(RESPONSE))
_FULL = Apply("equal", (("tolerance-mode", "exact"),), (Variable("MAXSCORE"), Variable(SCORE)))

TEMPLATES: dict[str, tuple[Rule, ...]] = {
    "match_correct": _MATCH,
    "map_response": _MAP,
    "map_response_point": _mapping(MapResponsePoint(RESPONSE)),
    "CC2_match": _MATCH,
    "CC2_match_basic": _matching(
        (SetOutcome(SCORE, Variable("MAXSCORE")), _feedback("FEEDBACKBASIC", "correct")),
        (_feedback("FEEDBACKBASIC", "incorrect"),),
    ),
    "CC2_map_response": (
        *_MAP,
        Condition(
            (Branch(_FULL, (_feedback("FEEDBACK", "correct"),)),),
            (_feedback("FEEDBACK", "incorrect"),),
        ),
    ),
}
"""QTI's standard templates, as the rules that they stand for."""
_PLAIN = {"CC2_match": "match_correct", "CC2_map_response": "map_response"}
"""Templates that give the same score as a plainer one."""


def read_processing(node: Node) -> tuple[tuple[Rule, ...], str]:
    """The rules of a qti-response-processing, and the template's name if it uses one (of
    the plainer one that gives the same score, where there is one).

    Rules that are written out as a template has them are that template. As QTI has it, a
    template that is known goes before rules that stand there as well.

    Raises ``FormatError``.
    """
    given = node.attributes(template="", template_location="")
    children = node.children()
    address = given["template"] or given["template_location"]
    # Known by its last part, and never fetched: versions differ in the address before it.
    name = address.rstrip("/").rpartition("/")[2].removesuffix(".xml")
    if not address or (children and name not in TEMPLATES):
        rules = read_rules(children, Place.ITEM)
        name = next((name for name, known in TEMPLATES.items() if known == rules), "")
        return rules, _PLAIN.get(name, name)
    if name not in TEMPLATES:
        raise node.error(
            "the template “{name}” is not known; use {known}, or write the rules out.",
            name=name[:80],
            known=", ".join(TEMPLATES),
        )
    return TEMPLATES[name], _PLAIN.get(name, name)
