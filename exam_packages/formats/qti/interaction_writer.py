"""The interactions of a question as QTI 3's elements."""

from __future__ import annotations

from collections.abc import Iterable

from exam_packages.assessment import Question
from exam_packages.content.items import (
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
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti.elements import Element, decimal, element, unless
from exam_packages.formats.qti.text_writer import Writer

_NAMES: dict[type[Interaction], str] = {
    Choice: "choice",
    InlineChoice: "inline-choice",
    Order: "order",
    Match: "match",
    Associate: "associate",
    GapMatch: "gap-match",
    Hottext: "hottext",
    Hotspot: "hotspot",
    GraphicOrder: "graphic-order",
    GraphicAssociate: "graphic-associate",
    GraphicGapMatch: "graphic-gap-match",
    SelectPoint: "select-point",
    PositionObject: "position-object",
    Slider: "slider",
    Media: "media",
    TextEntry: "text-entry",
    ExtendedText: "extended-text",
}
_ASSOCIABLE = "qti-simple-associable-choice"


class InteractionWriter:
    """Gives out the elements of a question's interactions, each once; ``left`` are those
    that no place has asked for. *media* is the way to the folder of pictures."""

    def __init__(self, question: Question, media: str) -> None:
        self.left = {each.response: each for each in question.item.interactions}
        self._fixed = {each.response: each.fixed for each in question.shuffles}
        self._conditions = {(each.response, each.choice): each for each in question.conditions}
        self._cardinalities = {each.identifier: each.cardinality for each in question.key.responses}
        self._text = Writer(media, self.write)

    def write(self, response: str) -> Element:
        """The element for the place of *response*. Raises ``FormatError``."""
        if response not in self.left:
            raise FormatError(
                "The text has a place for {name}, which is asked nowhere.", name=response
            )
        interaction = self.left.pop(response)
        made = element(f"qti-{_NAMES[type(interaction)]}-interaction")
        made.set("response-identifier", response)
        if response in self._fixed:
            made.set("shuffle", "true")
        for name, value in _own(interaction, self._cardinalities.get(response, "single")).items():
            if value:
                made.set(name, value)
        if prompt := getattr(interaction, "prompt", ()):
            made.append(element("qti-prompt", {}, *self._text.blocks(prompt)))
        made.extend(self._content(interaction))
        if isinstance(interaction, PositionObject):
            stage = self._text.picture(interaction.stage)
            return element("qti-position-object-stage", {}, stage, made)
        return made

    def _content(self, interaction: Interaction) -> Iterable[Element]:
        response = interaction.response
        match interaction:
            case Choice(choices=choices) | Order(choices=choices):
                return self._choices(response, "qti-simple-choice", choices)
            case InlineChoice(choices=choices):
                return self._choices(response, "qti-inline-choice", choices)
            case Associate(choices=choices):
                return self._choices(response, _ASSOCIABLE, choices)
            case Match(sources=sources, targets=targets):
                sets = [self._choices(response, _ASSOCIABLE, each) for each in (sources, targets)]
                return [element("qti-simple-match-set", {}, *each) for each in sets]
            case GapMatch(choices=choices, body=body):
                return [*self._choices(response, "", choices), *self._blocks(body)]
            case Hottext(body=body):
                return self._blocks(body)
            case Hotspot(picture=picture, areas=areas) | GraphicOrder(picture=picture, areas=areas):
                return [self._text.picture(picture), *_areas("qti-hotspot-choice", areas)]
            case GraphicAssociate(picture=picture, areas=areas):
                return [self._text.picture(picture), *_areas("qti-associable-hotspot", areas)]
            case GraphicGapMatch(choices=choices, picture=picture, areas=areas):
                return [
                    self._text.picture(picture),
                    *self._choices(response, "", choices),
                    *_areas("qti-associable-hotspot", areas),
                ]
            case SelectPoint(picture=picture) | PositionObject(picture=picture):
                return [self._text.picture(picture)]
            case Media(recording=recording):
                return [self._text.recording(recording)]
            case Slider() | TextEntry() | ExtendedText():
                return []

    def _blocks(self, body: tuple[Block, ...]) -> list[Element]:
        return self._text.blocks(body)

    def _choices(
        self, response: str, name: str, choices: tuple[SimpleChoice, ...]
    ) -> list[Element]:
        """*choices*, each an element *name*; without one, a gap text or a gap picture."""
        made = []
        for choice in choices:
            alone = len(choice.body) == 1 and isinstance(choice.body[0], Picture)
            kind = name or ("qti-gap-img" if alone else "qti-gap-text")
            given = {"identifier": choice.identifier}
            if choice.identifier in self._fixed.get(response, ()):
                given["fixed"] = "true"
            if kind in (_ASSOCIABLE, "qti-gap-img", "qti-gap-text"):
                given["match-max"] = str(choice.match_max)
            else:
                given["match-max"] = unless(choice.match_max, 1)
            if condition := self._conditions.get((response, choice.identifier)):
                given["template-identifier"] = condition.variable
                given["show-hide"] = "show" if condition.show else "hide"
            made.append(self._text.inlines(element(kind, given), choice.body))
        return made


def _own(interaction: Interaction, cardinality: str) -> dict[str, str]:
    """The attributes of one kind of interaction."""
    match interaction:
        case (
            Choice(min_choices=least, max_choices=most)
            | Order(min_choices=least, max_choices=most)
            | Hottext(min_choices=least, max_choices=most)
            | Hotspot(min_choices=least, max_choices=most)
            | GraphicOrder(min_choices=least, max_choices=most)
            | SelectPoint(min_choices=least, max_choices=most)
        ):
            return _between("choices", least, most, isinstance(interaction, Order | GraphicOrder))
        case PositionObject(min_choices=least, max_choices=most, centre=centre):
            centred = {"center-point": " ".join(map(str, centre))}
            return _between("choices", least, most) | centred
        case (
            Match(min_associations=least, max_associations=most)
            | Associate(min_associations=least, max_associations=most)
            | GapMatch(min_associations=least, max_associations=most)
            | GraphicAssociate(min_associations=least, max_associations=most)
            | GraphicGapMatch(min_associations=least, max_associations=most)
        ):
            return _between("associations", least, most)
        case InlineChoice():
            return {}
        case TextEntry() | ExtendedText():
            return _typed(interaction, cardinality)
        case Slider():
            return {
                "lower-bound": decimal(interaction.lower),
                "upper-bound": decimal(interaction.upper),
                "step": decimal(interaction.step),
                "step-label": "true" if interaction.step_label else "",
                "orientation": "vertical" if interaction.vertical else "",
                "reverse": "true" if interaction.reverse else "",
            }
        case Media():
            return {
                "min-plays": unless(interaction.min_plays, 0),
                "max-plays": unless(interaction.max_plays, 0),
                "autostart": "true" if interaction.autostart else "false",
                "loop": "true" if interaction.loop else "",
            }


def _between(what: str, least: int, most: int, ordered: bool = False) -> dict[str, str]:
    """The bounds of an answer. For an order, none of them means all choices, and a most of 0
    would be read as none by some."""
    return {
        f"min-{what}": unless(least, 0) if ordered else str(least),
        f"max-{what}": unless(most, 0) if ordered else str(most),
    }


def _typed(interaction: TextEntry | ExtendedText, cardinality: str) -> dict[str, str]:
    given = {
        "expected-length": unless(interaction.expected_length, 0),
        "pattern-mask": interaction.pattern,
        "placeholder-text": interaction.placeholder,
    }
    if isinstance(interaction, ExtendedText):
        given["expected-lines"] = unless(interaction.expected_lines, 0)
        given["min-strings"] = unless(interaction.min_strings, 0)
        if cardinality in ("multiple", "ordered"):
            given["max-strings"] = unless(interaction.max_strings, 0)
    return given


def _areas(name: str, areas: tuple[Area, ...]) -> list[Element]:
    return [
        element(
            name,
            {
                "identifier": area.identifier,
                "shape": area.shape,
                "coords": ",".join(map(str, area.coordinates)),
                "hotspot-label": area.label,
                "match-max": str(area.match_max)
                if name == "qti-associable-hotspot"
                else unless(area.match_max, 1),
            },
        )
        for area in areas
    ]
