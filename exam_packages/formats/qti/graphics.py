"""The interactions on a picture: hot spots, points, objects to place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from exam_packages.content.items import (
    Area,
    GraphicAssociate,
    GraphicGapMatch,
    GraphicOrder,
    Hotspot,
    Interaction,
    PositionObject,
    SelectPoint,
)
from exam_packages.content.text import Block, Picture
from exam_packages.content.values import MAX_MEMBERS
from exam_packages.formats.qti import choices, objects
from exam_packages.formats.qti.body import Body
from exam_packages.formats.qti.inlines import printable
from exam_packages.formats.qti.responses import Responses
from exam_packages.formats.xml import Node

COORDINATES = {"rect": (4,), "circle": (3,), "ellipse": (4,), "default": (0, 4)}
MOST = 1_000_000
_GAP_CHOICES = ("qti-gap-text", "qti-gap-img")


class Graphics:
    """Reads graphic interactions of one item; ``readers`` are by element name."""

    def __init__(self, body: Body, responses: Responses) -> None:
        self._body = body
        self._responses = responses
        self.readers: dict[str, Callable[[Node], Interaction]] = {
            "qti-hotspot-interaction": self._hotspot,
            "qti-graphic-order-interaction": self._order,
            "qti-graphic-associate-interaction": self._associate,
            "qti-graphic-gap-match-interaction": self._gap_match,
            "qti-select-point-interaction": self._select_point,
        }

    def _hotspot(self, node: Node) -> Hotspot:
        given = node.attributes(response_identifier=None, max_choices="1", min_choices="0")
        name = self._responses.declared(node, given, "identifier")
        prompt, picture, rest = self._picture(node)
        areas = self._areas(node, rest, "qti-hotspot-choice")
        self._responses.check(node, name, {area.identifier for area in areas})
        return Hotspot(
            name,
            prompt,
            picture,
            areas,
            *self._responses.bounds(node, name, given, "choices", len(areas)),
        )

    def _order(self, node: Node) -> GraphicOrder:
        given = node.attributes(response_identifier=None, max_choices="0", min_choices="0")
        name = self._responses.declared(node, given, "identifier", "ordered")
        prompt, picture, rest = self._picture(node)
        areas = self._areas(node, rest, "qti-hotspot-choice")
        self._responses.check(node, name, {area.identifier for area in areas})
        least, most = self._responses.bounds(node, name, given, "choices", len(areas))
        if least == len(areas):
            least = most = 0
        return GraphicOrder(name, prompt, picture, areas, least, most)

    def _associate(self, node: Node) -> GraphicAssociate:
        given = node.attributes(
            response_identifier=None, max_associations="1", min_associations="0"
        )
        name = self._responses.declared(node, given, "pair")
        prompt, picture, rest = self._picture(node)
        areas = self._areas(node, rest, "qti-associable-hotspot")
        ends = {area.identifier for area in areas}
        self._responses.check_pairs(node, name, ends, ends)
        return GraphicAssociate(
            name,
            prompt,
            picture,
            areas,
            *self._responses.bounds(node, name, given, "associations", MAX_MEMBERS),
        )

    def _gap_match(self, node: Node) -> GraphicGapMatch:
        given = node.attributes(
            response_identifier=None, max_associations="0", min_associations="0"
        )
        name = self._responses.declared(node, given, "directedPair")
        prompt, picture, rest = self._picture(node)
        offered = [child for child in rest if child.name in _GAP_CHOICES]
        found, conditions = choices.read(self._body, node, name, offered, *_GAP_CHOICES)
        if conditions:
            raise node.error("labels on a picture cannot depend on template variables.")
        areas = self._areas(
            node,
            [child for child in rest if child.name not in _GAP_CHOICES],
            "qti-associable-hotspot",
        )
        self._responses.check_pairs(
            node,
            name,
            {choice.identifier for choice in found},
            {area.identifier for area in areas},
        )
        return GraphicGapMatch(
            name,
            prompt,
            found,
            picture,
            areas,
            *self._responses.bounds(node, name, given, "associations", MAX_MEMBERS),
        )

    def _select_point(self, node: Node) -> SelectPoint:
        given = node.attributes(response_identifier=None, max_choices="0", min_choices="0")
        name = self._responses.declared(node, given, "point")
        prompt, picture, rest = self._picture(node)
        if rest:
            raise rest[0].unsupported()
        return SelectPoint(
            name,
            prompt,
            picture,
            *self._responses.bounds(node, name, given, "choices", MAX_MEMBERS),
        )

    def stage(self, node: Node) -> Iterator[PositionObject]:
        """The interactions on a qti-position-object-stage. Raises ``FormatError``."""
        node.attributes()
        children = node.children()
        if len(children) < 2:
            raise node.error("a stage needs its picture, and objects to be put on it.")
        stage = objects.picture(self._body, children[0])
        for child in children[1:]:
            if child.name != "qti-position-object-interaction":
                raise child.unsupported()
            given = child.attributes(
                response_identifier=None, max_choices="0", min_choices="0", center_point=""
            )
            name = self._responses.declared(child, given, "point")
            inner = child.children()
            if len(inner) != 1:
                raise child.error("one picture to put on the stage is expected here.")
            picture = objects.picture(self._body, inner[0])
            centre = _numbers(child, "center-point", given["center_point"].replace(",", " "))
            if len(centre) not in (0, 2):
                raise child.error("center-point must be two numbers.")
            yield PositionObject(
                name,
                stage,
                picture,
                centre or (picture.width // 2, picture.height // 2),
                *self._responses.bounds(child, name, given, "choices", MAX_MEMBERS),
            )

    def _picture(self, node: Node) -> tuple[tuple[Block, ...], Picture, list[Node]]:
        prompt, rest = choices.prompt(self._body, node)
        places = [at for at, child in enumerate(rest) if child.name in ("object", "img", "picture")]
        if len(places) != 1:
            raise node.error("this interaction needs exactly one picture to work on.")
        child = rest.pop(places[0])
        return prompt, objects.picture(self._body, child), rest

    def _areas(self, node: Node, children: list[Node], wanted: str) -> tuple[Area, ...]:
        found: list[Area] = []
        for child in children:
            if child.name != wanted:
                raise child.unsupported()
            found.append(_area(child))
        names = {area.identifier for area in found}
        if not found or len(names) != len(found) or len(found) > MAX_MEMBERS:
            raise node.error(
                "the hot spots must be 1 to {most}, each with an identifier of its own.",
                most=MAX_MEMBERS,
            )
        return tuple(found)


def _area(node: Node) -> Area:
    given = node.attributes(
        identifier=None,
        shape=None,
        coords="",
        hotspot_label="",
        match_max="1",
        match_min="0",
        fixed="false",
    )
    if node.children() or node.get("template-identifier"):
        raise node.error("a hot spot holds nothing and cannot depend on a template variable.")
    coordinates = _numbers(node, "coords", given["coords"].replace(",", " "))
    fitting = (
        len(coordinates) in COORDINATES[given["shape"]]
        if given["shape"] in COORDINATES
        else given["shape"] == "poly" and len(coordinates) >= 6 and not len(coordinates) % 2
    )
    if not fitting:
        raise node.error(
            "the shape {shape} does not have {count} coordinates.",
            shape=given["shape"][:20],
            count=len(coordinates),
        )
    return Area(
        node.identifier("identifier", given["identifier"]),
        given["shape"],
        coordinates,
        printable(given["hotspot_label"] or node.get("aria-label") or ""),
        node.number("match-max", given["match_max"], MOST),
    )


def _numbers(node: Node, name: str, words: str) -> tuple[int, ...]:
    found = []
    for word in words.split():
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", word):
            raise node.error("{name} must be pixels; “{word}” is none.", name=name, word=word[:40])
        if "." in word:
            node.change("{name} was rounded to whole pixels.", name=name)
        found.append(round(float(word)))
    return tuple(found)
