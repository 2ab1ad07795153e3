"""Prompts and choices, which most interactions have."""

from __future__ import annotations

from exam_packages.assessment import ChoiceWhen
from exam_packages.content.items import SimpleChoice
from exam_packages.content.text import Block, plain_inlines
from exam_packages.content.values import MAX_MEMBERS
from exam_packages.formats.qti.body import Body
from exam_packages.formats.xml import Node

MOST = 1_000_000


def prompt(body: Body, node: Node) -> tuple[tuple[Block, ...], list[Node]]:
    """The prompt of the interaction *node*, and its other children. Raises ``FormatError``."""
    children = list(body.children(node))
    if node.text.strip() or any(tail.strip() for tail in node.tails()):
        raise node.error("there is text where only elements may stand; put it in one.")
    if children and children[0].name == "qti-prompt":
        children[0].attributes()
        return body.blocks(children[0]), children[1:]
    return (), children


def read(
    body: Body, node: Node, response: str, children: list[Node], *wanted: str
) -> tuple[tuple[SimpleChoice, ...], list[ChoiceWhen]]:
    """The choices *children* of the interaction *node*, each an element *wanted*, and which
    of them depend on a template variable. Raises ``FormatError``."""
    found: list[SimpleChoice] = []
    conditions: list[ChoiceWhen] = []
    for child in children:
        if child.name not in wanted:
            raise child.unsupported()
        choice = _choice(body, child)
        found.append(choice)
        if variable := child.get("template-identifier"):
            show = child.get("show-hide") != "hide"
            conditions.append(ChoiceWhen(response, choice.identifier, variable, show))
    names = {choice.identifier for choice in found}
    if not found or len(names) != len(found) or len(found) > MAX_MEMBERS:
        raise node.error(
            "the choices must be 1 to {most}, each with an identifier of its own.",
            most=MAX_MEMBERS,
        )
    return tuple(found), conditions


def _choice(body: Body, node: Node) -> SimpleChoice:
    """A choice of any kind: simple, associable, gap text or gap picture."""
    given = node.attributes(
        identifier=None,
        fixed="false",
        match_max="1",
        match_min="0",
        match_group="",
        object_label="",
        template_identifier="",
        show_hide="show",
        top="",
        left="",
    )
    if given["match_min"] not in ("", "0"):
        node.change(
            "that it must be used {least} times at least was left out.",
            least=given["match_min"][:10],
        )
    if given["match_group"]:
        raise node.error("match groups are not supported; leave match-group out.")
    words = body.inlines(node)
    if not plain_inlines(words):
        node.change(
            "the choice has no words, so who does not see its picture cannot choose it; describe"
            " the picture in alt."
        )
    return SimpleChoice(
        node.identifier("identifier", given["identifier"]),
        words,
        node.number("match-max", given["match_max"], MOST),
    )
