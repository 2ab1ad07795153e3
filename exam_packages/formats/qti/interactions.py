"""The interactions of an item body, and which responses each can take.

What a drawing, a custom or an uploading interaction needs, a station does not have; what
an interaction that ends the attempt needs is the answer key. They are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from exam_packages.assessment import ChoiceWhen, Shuffle
from exam_packages.content.items import (
    Associate,
    Choice,
    GapMatch,
    Hottext,
    InlineChoice,
    Interaction,
    Match,
    Media,
    Order,
    SimpleChoice,
    Slider,
    TextEntry,
)
from exam_packages.content.text import Blank, Block, Gap, HotWords, Slot
from exam_packages.content.values import MAX_MEMBERS
from exam_packages.formats.qti import choices, objects
from exam_packages.formats.qti.body import Body, Parts
from exam_packages.formats.qti.flow import Flow
from exam_packages.formats.qti.graphics import Graphics
from exam_packages.formats.qti.responses import Responses
from exam_packages.formats.qti.texts import Texts
from exam_packages.formats.xml import Node
from exam_packages.rules.numbers import number, written

MOST = 1_000_000
REFUSED = {
    "qti-drawing-interaction": "a drawing cannot be made at a station; ask for words, or for"
    " places on a picture.",
    "qti-custom-interaction": "a custom interaction is a program of its own, which no station"
    " runs; use an interaction of the standard.",
    "qti-portable-custom-interaction": "a portable custom interaction is a program of its own,"
    " which no station runs; use an interaction of the standard.",
    "qti-upload-interaction": "a file made elsewhere cannot be handed in at a station; ask for"
    " an extended text.",
    "qti-end-attempt-interaction": "ending an attempt or showing a hint needs the answer key at"
    " the station; leave the hint out.",
}


class Interactions:
    """Takes in the interactions of one item, in the order they stand."""

    def __init__(
        self, body: Body, responses: Responses, outcomes: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._body = body
        self._responses = responses
        self._flow = Flow(body, outcomes)
        self._graphics = Graphics(body, responses)
        self.found: list[Interaction] = []
        self.shuffles: list[Shuffle] = []
        self.conditions: list[ChoiceWhen] = []
        self._gaps: list[str] | None = None
        self._words: list[str] | None = None
        self._readers: dict[str, Callable[[Node], Interaction]] = {
            "qti-choice-interaction": self._choice,
            "qti-inline-choice-interaction": self._inline_choice,
            "qti-order-interaction": self._order,
            "qti-match-interaction": self._match,
            "qti-associate-interaction": self._associate,
            "qti-gap-match-interaction": self._gap_match,
            "qti-hottext-interaction": self._hottext,
            "qti-slider-interaction": self._slider,
            "qti-media-interaction": self._media,
            **Texts(body, responses).readers,
            **self._graphics.readers,
        }

    @property
    def variables(self) -> set[str]:
        """The template variables that the item needs values of."""
        return self._flow.variables | {each.variable for each in self.conditions}

    def take(self, node: Node) -> Parts | None:
        """What stands in the place of QTI's element *node*. Raises ``FormatError``."""
        if node.name == "qti-gap":
            return [self._gap(node)]
        if node.name == "qti-hottext":
            return [self._hot_words(node)]
        if node.name == "qti-position-object-stage":
            places: Parts = []
            for placed in self._graphics.stage(node):
                self._add(node, placed)
                places.append(Slot(placed.response))
            return places
        if node.name not in self._readers:
            return self._flow.take(node)
        if self._gaps is not None or self._words is not None:
            raise node.error("an interaction cannot stand inside another one.")
        interaction = self._readers[node.name](node)
        self._add(node, interaction)
        inline = isinstance(interaction, TextEntry | InlineChoice)
        return [Gap(interaction.response) if inline else Slot(interaction.response)]

    def _add(self, node: Node, interaction: Interaction) -> None:
        if any(each.response == interaction.response for each in self.found):
            raise node.error(
                "the response “{name}” has two interactions; declare one for each.",
                name=interaction.response,
            )
        self.found.append(interaction)

    def _choice(self, node: Node) -> Choice:
        given = node.attributes(
            response_identifier=None, shuffle="false", max_choices="1", min_choices="0"
        )
        name = self._responses.declared(node, given, "identifier")
        prompt, rest = self._prompt(node)
        offered = self._choices(node, name, rest, "qti-simple-choice")
        least, most = self._responses.bounds(node, name, given, "choices", len(offered))
        self._shuffle(node, given["shuffle"], name, rest)
        self._responses.check(node, name, {choice.identifier for choice in offered})
        return Choice(name, prompt, offered, least, most)

    def _inline_choice(self, node: Node) -> InlineChoice:
        given = node.attributes(
            response_identifier=None,
            shuffle="false",
            required="false",
            min_choices="0",
            max_choices="1",
        )
        name = self._responses.declared(node, given, "identifier", "single")
        _needed(node, given["required"] if given["min_choices"] in ("", "0") else "true")
        rest = node.children()
        if rest and rest[0].name in ("qti-label", "label"):
            self._body.inlines(rest.pop(0))
            node.change("the label before the menu was left out.")
        offered = self._choices(node, name, rest, "qti-inline-choice")
        self._shuffle(node, given["shuffle"], name, rest)
        self._responses.check(node, name, {choice.identifier for choice in offered})
        return InlineChoice(name, offered)

    def _order(self, node: Node) -> Order:
        given = node.attributes(
            response_identifier=None, shuffle="false", max_choices="0", min_choices="0"
        )
        name = self._responses.declared(node, given, "identifier", "ordered")
        prompt, rest = self._prompt(node)
        offered = self._choices(node, name, rest, "qti-simple-choice")
        least, most = self._responses.bounds(node, name, given, "choices", len(offered))
        if least == len(offered):
            least = most = 0  # all of them, which is what both being 0 says
        self._shuffle(node, given["shuffle"], name, rest)
        self._responses.check(node, name, {choice.identifier for choice in offered})
        correct = self._responses.correct(name)
        if correct and not least and not most and len(correct) != len(offered):
            raise node.error("the correct response must put all the choices in order.")
        return Order(name, prompt, offered, least, most)

    def _associate(self, node: Node) -> Associate:
        given = node.attributes(
            response_identifier=None, shuffle="false", max_associations="1", min_associations="0"
        )
        name = self._responses.declared(node, given, "pair")
        prompt, rest = self._prompt(node)
        offered = self._choices(node, name, rest, "qti-simple-associable-choice")
        least, most = self._responses.bounds(node, name, given, "associations", MAX_MEMBERS)
        self._shuffle(node, given["shuffle"], name, rest)
        ends = {choice.identifier for choice in offered}
        self._responses.check_pairs(node, name, ends, ends)
        return Associate(name, prompt, offered, least, most)

    def _match(self, node: Node) -> Match:
        given = node.attributes(
            response_identifier=None, shuffle="false", max_associations="1", min_associations="0"
        )
        name = self._responses.declared(node, given, "directedPair")
        prompt, sets = self._prompt(node)
        if [each.name for each in sets] != ["qti-simple-match-set"] * 2:
            raise node.error("a match needs exactly two <qti-simple-match-set>.")
        rest = []
        for each in sets:
            each.attributes()
            rest.append(each.children())
        sources, targets = (
            self._choices(each, name, children, "qti-simple-associable-choice")
            for each, children in zip(sets, rest, strict=True)
        )
        least, most = self._responses.bounds(node, name, given, "associations", MAX_MEMBERS)
        self._shuffle(node, given["shuffle"], name, [*rest[0], *rest[1]])
        ends = [{choice.identifier for choice in each} for each in (sources, targets)]
        if ends[0] & ends[1]:
            raise node.error("a choice of one set has the identifier of one in the other.")
        self._responses.check_pairs(node, name, *ends)
        return Match(name, prompt, sources, targets, least, most)

    def _gap_match(self, node: Node) -> GapMatch:
        given = node.attributes(
            response_identifier=None, shuffle="false", max_associations="0", min_associations="0"
        )
        name = self._responses.declared(node, given, "directedPair")
        prompt, rest = self._prompt(node)
        given_out = [child for child in rest if child.name in ("qti-gap-text", "qti-gap-img")]
        offered = self._choices(node, name, given_out, "qti-gap-text", "qti-gap-img")
        self._gaps = []
        parts: list[Block] = []
        for child in rest:
            if child.name not in ("qti-gap-text", "qti-gap-img"):
                parts += self._body.block(child)
        gaps, self._gaps = tuple(self._gaps), None
        if not gaps or len(set(gaps)) != len(gaps):
            raise node.error("a gap match needs gaps, each with an identifier of its own.")
        least, most = self._responses.bounds(node, name, given, "associations", len(gaps))
        self._shuffle(node, given["shuffle"], name, given_out)
        self._responses.check_pairs(
            node, name, {choice.identifier for choice in offered}, set(gaps)
        )
        return GapMatch(name, prompt, offered, tuple(parts), gaps, least, most)

    def _gap(self, node: Node) -> Blank:
        given = node.attributes(
            identifier=None, required="false", match_group="", match_max="1", fixed="false"
        )
        if self._gaps is None:
            raise node.error("a gap can only stand inside a gap match interaction.")
        if given["match_max"] != "1":
            raise node.error("a gap takes one choice here; match-max must be 1.")
        if given["match_group"]:
            raise node.error("match groups are not supported; leave match-group out.")
        _needed(node, given["required"])
        if node.mixed() or node.get("template-identifier"):
            raise node.error("a gap holds nothing and cannot depend on a template variable.")
        name = node.identifier("identifier", given["identifier"])
        self._gaps.append(name)
        return Blank(name)

    def _hottext(self, node: Node) -> Hottext:
        given = node.attributes(response_identifier=None, max_choices="1", min_choices="0")
        name = self._responses.declared(node, given, "identifier")
        prompt, rest = self._prompt(node)
        self._words = []
        parts = [block for child in rest for block in self._body.block(child)]
        words, self._words = tuple(self._words), None
        if not words or len(set(words)) != len(words):
            raise node.error("a hottext interaction needs hottexts, each with its own identifier.")
        least, most = self._responses.bounds(node, name, given, "choices", len(words))
        self._responses.check(node, name, set(words))
        return Hottext(name, prompt, tuple(parts), words, least, most)

    def _hot_words(self, node: Node) -> HotWords:
        given = node.attributes(identifier=None, fixed="false")
        if self._words is None:
            raise node.error("a hottext can only stand inside a hottext interaction.")
        name = node.identifier("identifier", given["identifier"])
        self._words.append(name)
        return HotWords(name, self._body.inlines(node))

    def _slider(self, node: Node) -> Slider:
        given = node.attributes(
            response_identifier=None,
            lower_bound=None,
            upper_bound=None,
            step="",
            step_label="false",
            orientation="horizontal",
            reverse="false",
        )
        name = self._responses.declared(node, given, "integer", "single", "float")
        prompt, rest = self._prompt(node)
        if rest:
            raise rest[0].unsupported()
        lower, upper = number(given["lower_bound"]), number(given["upper_bound"])
        if lower is None or upper is None or lower >= upper:
            raise node.error("a slider needs a lower-bound below its upper-bound, as numbers.")
        step = number(given["step"] or "1")
        if not given["step"] and self._responses.of(name).base_type == "float":
            step = (upper - lower) / 100
            node.change("the slider has no step, so a hundredth of its length was taken.")
        if step is None or step <= 0 or step > upper - lower:
            raise node.error("the slider's step must be a number above 0 that fits its length.")
        if (upper - lower) / step > 10_000:
            step = Fraction(upper - lower) / 10_000
            node.change("the slider's step was too fine; it has ten thousand steps.")
        return Slider(
            name,
            prompt,
            written(lower),
            written(upper),
            written(step),
            node.truth("step-label", given["step_label"]),
            given["orientation"] == "vertical",
            node.truth("reverse", given["reverse"]),
        )

    def _media(self, node: Node) -> Media:
        given = node.attributes(
            response_identifier=None,
            autostart="false",
            min_plays="0",
            max_plays="0",
            loop="false",
            coords="",
        )
        name = self._responses.declared(node, given, "integer", "single")
        prompt, rest = self._prompt(node)
        if len(rest) != 1:
            raise node.error("a media interaction plays exactly one recording.")
        least = node.number("min-plays", given["min_plays"], MOST)
        most = node.number("max-plays", given["max_plays"], MOST)
        if most and least > most:
            raise node.error("min-plays is more than max-plays.")
        return Media(
            name,
            prompt,
            objects.recording(self._body, rest[0]),
            least,
            most,
            node.truth("autostart", given["autostart"]),
            node.truth("loop", given["loop"]),
        )

    def _prompt(self, node: Node) -> tuple[tuple[Block, ...], list[Node]]:
        return choices.prompt(self._body, node)

    def _choices(
        self, node: Node, response: str, children: list[Node], *wanted: str
    ) -> tuple[SimpleChoice, ...]:
        found, conditions = choices.read(self._body, node, response, children, *wanted)
        self.conditions += conditions
        return found

    def _shuffle(self, node: Node, shuffle: str, response: str, choices: list[Node]) -> None:
        if node.truth("shuffle", shuffle):
            fixed = frozenset(
                choice.get("identifier") or ""
                for choice in choices
                if choice.truth("fixed", choice.get("fixed") or "false")
            )
            self.shuffles.append(Shuffle(response, fixed))


def _needed(node: Node, required: str) -> None:
    if node.truth("required", required):
        node.change("that it must be answered was left out: any answer can be left out.")
