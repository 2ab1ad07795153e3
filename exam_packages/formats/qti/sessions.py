"""How a test says that its items are sat: limits of time, session control, and decisions
during the sitting."""

from __future__ import annotations

import math
from typing import NoReturn

from exam_packages.assessment import TimeLimits
from exam_packages.formats.xml import Node
from exam_packages.rules.numbers import number

MAX_TIME_S = 24 * 3600
_SCORES = frozenset(
    {"qti-variable", "qti-test-variables", "qti-outcome-minimum", "qti-outcome-maximum"}
    | {"qti-number-correct", "qti-number-incorrect", "qti-number-responded"}
    | {"qti-number-presented", "qti-number-selected", "qti-correct", "qti-map-response"}
)
"""What reads a score, or could."""

_CONTROL: dict[str, tuple[tuple[str, ...], str]] = {
    "max_attempts": (("1", "0"), "an item is answered once, and can be changed until hand-in"),
    "show_feedback": (("false",), "no feedback is shown"),
    "allow_review": (("true",), "candidates can look at their answers until hand-in"),
    "show_solution": (("false",), "no solution is shown"),
    "allow_comment": (("false",), "there are no comments on items"),
    "allow_skipping": (("true",), "an item can be left without an answer"),
    "validate_responses": (("false",), "an answer is kept whether it is complete or not"),
}
"""What a station does whatever is asked, and how it says so when something else is."""


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


def read_control(node: Node) -> None:
    """A qti-item-session-control: what a station does otherwise is told."""
    given = node.attributes(**{name: values[0] for name, (values, _) in _CONTROL.items()})
    for name, value in given.items():
        values, instead = _CONTROL[name]
        if value not in values:
            node.change(
                "{name}=“{value}” was left out: {instead}.",
                name=name.replace("_", "-"),
                value=value[:40],
                instead=instead,
            )


def refuse_decision(node: Node) -> NoReturn:
    """Refuse a precondition, a branch rule or an adaptive selection, with its reason."""
    if any(str(each.tag).rpartition("}")[2] in _SCORES for each in node.element.iter()) or (
        node.name == "qti-adaptive-selection"
    ):
        raise node.error(
            "which questions come next would be decided by scores, and that needs the answer"
            " key at the station; let everyone have the same questions."
        )
    raise node.error("a station decides nothing about which questions come; leave it out.")


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
