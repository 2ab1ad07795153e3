"""QTI's own elements in a body that are no interactions: feedback, rubrics, templates.

Feedback depends on outcomes, which only the answer key can give. What is not shown from
the start is therefore left out of the paper, and an interaction that only feedback would
bring up is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from exam_packages.content.text import Block, Inline, Printed, When, WhenBlock
from exam_packages.formats.qti.body import Body, Parts
from exam_packages.formats.xml import Node

ROLES = ("author", "candidate", "proctor", "scorer", "test-constructor", "testConstructor", "tutor")
_LEFT_OUT = {
    "qti-stylesheet": "the style sheet was left out.",
    "qti-catalog-info": "catalogues inside a part of the body were left out; put them at its end.",
}


class Flow:
    """Takes in what stands in a body beside XHTML and interactions.

    *outcomes* are the outcome variables' declared default values, by identifier.
    """

    def __init__(self, body: Body, outcomes: Mapping[str, tuple[str, ...]]) -> None:
        self._body = body
        self._outcomes = outcomes

    def take(self, node: Node) -> Parts | None:
        """What stands in the place of *node*, or ``None`` when it is not known here."""
        match node.name:
            case "qti-printed-variable":
                return [self._printed(node)]
            case "qti-template-inline":
                variable, value, show = self._condition(node)
                return [When(variable, value, show, self._body.inlines(content(node)))]
            case "qti-template-block":
                variable, value, show = self._condition(node)
                return [WhenBlock(variable, value, show, self._body.blocks(content(node)))]
            case "qti-feedback-inline" | "qti-feedback-block":
                return self._feedback(node)
            case "qti-rubric-block":
                return [*rubric(self._body, node)]
            case "qti-content-body":
                return [*self._body.blocks(node)]
        if node.name in _LEFT_OUT:
            node.change(_LEFT_OUT[node.name])
            return []
        return None

    def _printed(self, node: Node) -> Printed:
        given = node.attributes(
            identifier=None,
            format="",
            base="10",
            index="0",
            delimiter=";",
            field="",
            power_form="false",
            mapping_indicator="=",
        )
        if not given["index"].isdecimal():
            raise node.error("an index that is itself a variable is not supported.")
        return Printed(
            node.identifier("identifier", given["identifier"]),
            given["format"],
            node.number("base", given["base"], 36),
            node.number("index", given["index"], 10_000),
            given["delimiter"],
            given["field"],
            node.truth("power-form", given["power_form"]),
        )

    def _condition(self, node: Node) -> tuple[str, str, bool]:
        given = node.attributes(identifier=None, template_identifier=None, show_hide="show")
        return given["template_identifier"], given["identifier"], given["show_hide"] != "hide"

    def _feedback(self, node: Node) -> Parts:
        given = node.attributes(identifier=None, outcome_identifier=None, show_hide="show")
        default = self._outcomes.get(given["outcome_identifier"], ())
        if (given["identifier"] in default) == (given["show_hide"] != "hide"):
            node.change("this feedback is shown from the start, so it was taken as text.")
            if node.name == "qti-feedback-inline":
                found: list[Block | Inline] = [*self._body.inlines(content(node))]
                return found
            return [*self._body.blocks(content(node))]
        for each in node.element.iter():
            if str(each.tag).endswith("-interaction"):
                raise node.error(
                    "an interaction that appears only after feedback needs the answer key at"
                    " the station; put it into the body."
                )
        node.change("feedback was left out: which is shown depends on the answer key.")
        return []


def content(node: Node) -> Node:
    """The element whose content *node* shows: its qti-content-body where it has one."""
    return next((child for child in node.mixed() if child.name == "qti-content-body"), node)


def rubric(body: Body, node: Node) -> tuple[Block, ...]:
    """What a qti-rubric-block shows candidates; nothing when it is for other people."""
    views = node.attributes(view="candidate", use="")["view"].split()
    if unknown := [each for each in views if each not in ROLES]:
        raise node.error("“{view}” is no view of the standard.", view=unknown[0][:40])
    if "candidate" not in views:
        node.change("a rubric for {view} was left out of the paper.", view=" ".join(views))
        return ()
    return body.blocks(content(node))
