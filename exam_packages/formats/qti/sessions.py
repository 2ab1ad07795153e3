"""How a test says that its items are sat: limits of time, session control, and decisions
during the sitting."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NoReturn, TypeAlias

from exam_packages.assessment import SessionControl, TimeLimits
from exam_packages.formats.xml import Node
from exam_packages.rules.numbers import number

MAX_TIME_S = 24 * 3600
Given: TypeAlias = Mapping[str, str]
_SCORES = frozenset(
    {"qti-variable", "qti-test-variables", "qti-outcome-minimum", "qti-outcome-maximum"}
    | {"qti-number-correct", "qti-number-incorrect", "qti-number-responded"}
    | {"qti-number-presented", "qti-number-selected", "qti-correct", "qti-map-response"}
)
"""What reads a score, or could."""

_CONTROL = {
    "show_feedback": "no feedback is shown",
    "show_solution": "no solution is shown",
    "allow_comment": "there are no comments on items",
}
"""What a station never does, and how it says so when it is asked."""


def read_limits(node: Node) -> TimeLimits:
    """A qti-time-limits, in whole seconds. Raises ``FormatError``."""
    given = node.attributes(max_time="", min_time="0", allow_late_submission="false")
    if node.truth("allow-late-submission", given["allow_late_submission"]):
        node.change("an answer counts only within the time; there is no late submission.")
    most = _seconds(node, "max-time", given["max_time"]) if given["max_time"] else 0
    if given["max_time"] and not most:
        raise node.error("max-time is 0, in which nothing can be answered; correct it.")
    least = _seconds(node, "min-time", given["min_time"])
    if most and least > most:
        raise node.error("min-time is more than max-time.")
    return TimeLimits(least, most)


def read_control(
    children: Iterable[Node], inherited: SessionControl, individual: bool
) -> SessionControl:
    """The item session control among *children*, over what is *inherited* from outside.

    *individual* is the part's mode: where answers are handed in together, attempts are not
    counted and not held back. Raises ``FormatError``.
    """
    control = inherited
    for node in children:
        if node.name != "qti-item-session-control":
            continue
        given = node.attributes(
            max_attempts="",
            allow_skipping="",
            allow_review="",
            validate_responses="",
            **dict.fromkeys(_CONTROL, "false"),
        )

        def truth(name: str, before: bool, node: Node = node, given: Given = given) -> bool:
            said = given[name]
            return node.truth(name.replace("_", "-"), said) if said else before

        attempts = given["max_attempts"]
        control = SessionControl(
            node.number("max-attempts", attempts) if attempts else control.attempts,
            truth("allow_skipping", control.skipping),
            truth("allow_review", control.review),
            truth("validate_responses", control.valid),
        )
        for name, instead in _CONTROL.items():
            if node.truth(name.replace("_", "-"), given[name]):
                node.change(
                    "{name} was left out: {instead}.",
                    name=name.replace("_", "-"),
                    instead=instead,
                )
        if not individual and (control.attempts > 1 or control.valid):
            node.change(
                "max-attempts and validate-responses were left out: they are for parts whose"
                " answers are submitted one by one."
            )
            control = replace(control, attempts=1, valid=False)
    return control


def refuse_decision(node: Node) -> NoReturn:
    """Refuse a precondition, a branch rule or an adaptive selection, with its reason."""
    if any(str(each.tag).rpartition("}")[2] in _SCORES for each in node.element.iter()) or (
        node.name == "qti-adaptive-selection"
    ):
        raise node.error(
            "which questions come next would be decided by scores, and that needs the answer"
            " key at the station; let everyone have the same questions."
        )
    raise node.error(
        "a station decides nothing about which questions come, also not by answers or constants;"
        " leave it out."
    )


def _seconds(node: Node, name: str, text: str) -> int:
    value = number(text)
    if value is None or not 0 <= value <= MAX_TIME_S:
        raise node.error(
            "{name}=“{text}” must be seconds, at most {most}.",
            name=name,
            text=text[:40],
            most=MAX_TIME_S,
        )
    if value.denominator != 1:
        node.change("{name} was rounded up to whole seconds.", name=name)
    return math.ceil(value)
