"""Items, and whether a response fits an interaction.

Each interaction can say whether a response fits it (:func:`problem`), which is all
that a station needs to know about it; whether the response is right is nobody's
business there.
"""

from __future__ import annotations

import re
from fractions import Fraction

from exam_packages.canon import Object
from exam_packages.content import patterns, text
from exam_packages.content.catalogs import Catalog
from exam_packages.content.interactions import (
    Area,
    Associate,
    Choice,
    ExtendedText,
    GapMatch,
    GraphicAssociate,
    GraphicGapMatch,
    GraphicOrder,
    Hotspot,
    Hottext,
    InlineChoice,
    Interaction,
    Match,
    Media,
    Order,
    PositionObject,
    SelectPoint,
    SimpleChoice,
    Slider,
    TextEntry,
)
from exam_packages.content.text import Block, Picture
from exam_packages.content.values import MAX_MEMBERS, MAX_TEXT, Response

__all__ = [
    "Area",
    "Associate",
    "Choice",
    "Exhibit",
    "ExtendedText",
    "GapMatch",
    "GraphicAssociate",
    "GraphicGapMatch",
    "GraphicOrder",
    "Hotspot",
    "Hottext",
    "InlineChoice",
    "Interaction",
    "Item",
    "Match",
    "Media",
    "Order",
    "PositionObject",
    "SelectPoint",
    "SimpleChoice",
    "Slider",
    "TextEntry",
    "complete",
    "fits",
    "problem",
    "unordered",
    "unshown",
]


class Exhibit(Object):
    """A stimulus shown beside items: a rule text, a table, a case."""

    identifier: str
    title: str
    body: tuple[Block, ...]
    catalogs: tuple[Catalog, ...]


class Item(Object):
    """One question as the candidate may see it."""

    identifier: str
    title: str
    language: str
    body: tuple[Block, ...]
    interactions: tuple[Interaction, ...]
    exhibits: tuple[str, ...]
    catalogs: tuple[Catalog, ...]

    def interaction(self, response: str) -> Interaction | None:
        """The interaction that *response* names."""
        return next((each for each in self.interactions if each.response == response), None)


def unshown(item: Item) -> tuple[str, ...]:
    """What of *item* a station of this version cannot show, by name; none is good."""
    found = []
    for part in text.walk((item.body, item.interactions)):
        match part:
            case text.Recording(media_type=kind) if not kind.startswith("audio/"):
                found.append("film")
            case text.Printed() | text.When() | text.WhenBlock():
                found.append("template variable without a value")
            case _:
                pass
    return tuple(dict.fromkeys(found))


def problem(interaction: Interaction, response: Response) -> str | None:
    """Why *response* cannot be an answer to *interaction*, or ``None`` when it can.

    An incomplete answer is not a problem; only one that the interaction could never
    have produced is. The sentence is for a log, not for a candidate.
    """
    members = response.members
    if len(members) > MAX_MEMBERS or any(len(member) > MAX_TEXT for member in members):
        return "the answer is too long"
    match interaction:
        case Choice(max_choices=most) | Hottext(max_choices=most) | Hotspot(max_choices=most):
            return _among(members, names := _names(interaction), most or len(names))
        case Order(max_choices=most) | GraphicOrder(max_choices=most):
            return _among(members, names := _names(interaction), most or len(names))
        case InlineChoice():
            return _among(members, _names(interaction), 1)
        case Match(sources=sources, targets=targets, max_associations=most):
            return _pairs(members, _limits(sources), _limits(targets), most)
        case GapMatch(choices=choices, gaps=gaps, max_associations=most):
            return _pairs(members, _limits(choices), dict.fromkeys(gaps, 1), most)
        case GraphicGapMatch(choices=choices, areas=areas, max_associations=most):
            return _pairs(members, _limits(choices), _limits(areas), most)
        case Associate(choices=choices, max_associations=most):
            return _pairs(members, _limits(choices), None, most)
        case GraphicAssociate(areas=areas, max_associations=most):
            return _pairs(members, _limits(areas), None, most)
        case SelectPoint(picture=picture, max_choices=most):
            return _points(members, picture, most)
        case PositionObject(stage=picture, max_choices=most):
            return _points(members, picture, most)
        case Slider():
            return _slid(members, interaction)
        case Media(max_plays=most):
            return _played(members, most)
        case TextEntry():
            return None if len(members) <= 1 else "more than one text"
        case ExtendedText(max_strings=most):
            return None if not most or len(members) <= most else "more texts than allowed"


def complete(interaction: Interaction, response: Response) -> bool:
    """Whether *response* satisfies the interaction's own minimum."""
    members, count = response.members, len(response.members)
    match interaction:
        case Order(choices=choices, min_choices=0, max_choices=0):
            return count == len(choices)
        case GraphicOrder(areas=areas, min_choices=0, max_choices=0):
            return count == len(areas)
        case (
            Choice(min_choices=least)
            | Order(min_choices=least)
            | GraphicOrder(min_choices=least)
            | Hottext(min_choices=least)
            | Hotspot(min_choices=least)
            | SelectPoint(min_choices=least)
            | PositionObject(min_choices=least)
            | Match(min_associations=least)
            | Associate(min_associations=least)
            | GapMatch(min_associations=least)
            | GraphicAssociate(min_associations=least)
            | GraphicGapMatch(min_associations=least)
        ):
            return count >= max(least, 1)
        case TextEntry(pattern=pattern):
            return count == 1 and fits(pattern, members)
        case ExtendedText(min_strings=least, pattern=pattern):
            return count >= max(least, 1) and fits(pattern, members)
        case Media(min_plays=least):
            return count == 1 and members[0].isdecimal() and int(members[0]) >= least
        case InlineChoice() | Slider():
            return count == 1


def unordered(interaction: Interaction) -> bool:
    """Whether the order of an answer's members says nothing (QTI cardinality multiple), so
    that its canonical form is the sorted one."""
    return not isinstance(interaction, Order | GraphicOrder | ExtendedText)


def fits(pattern: str, members: tuple[str, ...]) -> bool:
    """Whether typed texts have the form that a question asks for; any, without *pattern*."""
    if not pattern:
        return True
    try:
        wanted = patterns.compiled(pattern)
        return all(wanted.matches(member) for member in members)
    except patterns.PatternError:
        return True  # nobody is told that an answer is wrong because it is hard to look at


def _names(
    interaction: Choice | InlineChoice | Order | Hottext | Hotspot | GraphicOrder,
) -> set[str]:
    match interaction:
        case Hottext(words=words):
            return set(words)
        case Hotspot(areas=areas) | GraphicOrder(areas=areas):
            return {area.identifier for area in areas}
        case Choice(choices=choices) | InlineChoice(choices=choices) | Order(choices=choices):
            return {choice.identifier for choice in choices}


def _limits(ends: tuple[SimpleChoice, ...] | tuple[Area, ...]) -> dict[str, int]:
    return {each.identifier: each.match_max for each in ends}


def _among(members: tuple[str, ...], known: set[str], most: int) -> str | None:
    if len(members) > most:
        return "more choices than allowed"
    if len(set(members)) != len(members):
        return "a choice is named twice"
    if not known.issuperset(members):
        return "a choice that the question does not have"
    return None


def _pairs(
    members: tuple[str, ...], firsts: dict[str, int], seconds: dict[str, int] | None, most: int
) -> str | None:
    """*firsts* and *seconds* say how often each end may be used; without *seconds* both
    ends of a pair are of one set, and their order says nothing."""
    if most and len(members) > most:
        return "more pairs than allowed"
    ends = [tuple(member.split(" ")) for member in members]
    if any(len(pair) != 2 for pair in ends):
        return "a pair without two ends"
    if len({pair if seconds is not None else tuple(sorted(pair)) for pair in ends}) != len(ends):
        return "a pair is named twice"
    uses: dict[tuple[int, str], int] = {}
    for pair in ends:
        for side, end in enumerate(pair):
            limits = firsts if side == 0 or seconds is None else seconds
            if end not in limits:
                return "a pair with an end that the question does not have"
            place = (0 if seconds is None else side, end)
            uses[place] = uses.get(place, 0) + 1
            if limits[end] and uses[place] > limits[end]:
                return "a choice is matched more often than allowed"
    return None


def _points(members: tuple[str, ...], picture: Picture, most: int) -> str | None:
    if most and len(members) > most:
        return "more points than allowed"
    if len(set(members)) != len(members):
        return "a point is named twice"
    for member in members:
        found = re.fullmatch(r"([0-9]{1,6}) ([0-9]{1,6})", member)
        if found is None or int(found[1]) > picture.width or int(found[2]) > picture.height:
            return "a point that is not on the picture"
    return None


def _slid(members: tuple[str, ...], slider: Slider) -> str | None:
    if len(members) > 1:
        return "more than one number"
    for member in members:
        if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", member):
            return "not a number"
        value, lower, upper = Fraction(member), Fraction(slider.lower), Fraction(slider.upper)
        if not lower <= value <= upper or (value - lower) % Fraction(slider.step):
            return "a number that the slider cannot have"
    return None


def _played(members: tuple[str, ...], most: int) -> str | None:
    if len(members) > 1 or any(not re.fullmatch(r"[0-9]{1,6}", member) for member in members):
        return "not a count of plays"
    return "played more often than allowed" if most and int((*members, "0")[0]) > most else None
