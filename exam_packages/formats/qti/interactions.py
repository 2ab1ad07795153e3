"""The interactions of an item body, and which responses each can take."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exam_packages.assessment import Shuffle
from exam_packages.content.items import (
    Choice,
    ExtendedText,
    InlineChoice,
    Interaction,
    Match,
    Order,
    SimpleChoice,
    TextEntry,
)
from exam_packages.content.text import Block, Gap, Inline, Slot
from exam_packages.content.values import MAX_MEMBERS
from exam_packages.formats import patterns
from exam_packages.formats.qti.body import Body, Library
from exam_packages.formats.xml import Node
from exam_packages.rules.declarations import NUMERIC, ResponseDeclaration


class Interactions:
    """Takes in the interactions of one item, in the order they stand."""

    def __init__(self, library: Library, declarations: Mapping[str, ResponseDeclaration]) -> None:
        self._declarations = declarations
        self._text = Body(library)
        self.found: list[Interaction] = []
        self.shuffles: list[Shuffle] = []
        self._readers: dict[str, Callable[[Node], Interaction]] = {
            "qti-choice-interaction": self._choice,
            "qti-text-entry-interaction": self._text_entry,
            "qti-extended-text-interaction": self._extended_text,
            "qti-inline-choice-interaction": self._inline_choice,
            "qti-order-interaction": self._order,
            "qti-match-interaction": self._match,
        }

    @property
    def media(self) -> set[str]:
        """The pictures that prompts and choices show."""
        return self._text.media

    def take(self, node: Node) -> Block | Inline | None:
        """The place of the interaction that *node* is, or ``None`` when it is none."""
        if node.name not in self._readers:
            if node.name.startswith("qti-"):
                raise node.unsupported()
            return None
        interaction = self._readers[node.name](node)
        if any(each.response == interaction.response for each in self.found):
            raise node.error(
                "the response “{name}” has two interactions; declare one for each.",
                name=interaction.response,
            )
        self.found.append(interaction)
        if isinstance(interaction, TextEntry | InlineChoice):
            return Gap(interaction.response)
        return Slot(interaction.response)

    def _declared(self, node: Node, name: str, *kinds: tuple[str, str]) -> ResponseDeclaration:
        declaration = self._declarations.get(name)
        if declaration is None:
            raise node.error("the response “{name}” is not declared; declare it.", name=name[:80])
        kind = (declaration.cardinality, declaration.base_type)
        if kind not in kinds:
            raise node.error(
                "the response “{name}” is declared {given}; this interaction needs {wanted}.",
                name=name,
                given=" ".join(kind),
                wanted=" or ".join(" ".join(each) for each in kinds),
            )
        return declaration

    def _choice(self, node: Node) -> Choice:
        given = node.attributes(
            response_identifier=None,
            shuffle="false",
            max_choices="1",
            min_choices="0",
            orientation="",
        )
        most = node.number("max-choices", given["max_choices"], MAX_MEMBERS)
        least = node.number("min-choices", given["min_choices"], MAX_MEMBERS)
        name = given["response_identifier"]
        self._declared(node, name, ("single" if most == 1 else "multiple", "identifier"))
        prompt, rest = self._prompt(node)
        choices = self._choices(node, rest, "qti-simple-choice")
        if least > (most or len(choices)) or most > len(choices):
            raise node.error("min-choices and max-choices do not fit the choices there are.")
        self._shuffle(node, given["shuffle"], name, rest)
        self._check_correct(node, name, choices)
        return Choice(name, prompt, choices, least, most)

    def _inline_choice(self, node: Node) -> InlineChoice:
        given = node.attributes(response_identifier=None, shuffle="false", required="false")
        name = given["response_identifier"]
        self._declared(node, name, ("single", "identifier"))
        rest = node.children()
        choices = self._choices(node, rest, "qti-inline-choice")
        self._shuffle(node, given["shuffle"], name, rest)
        self._check_correct(node, name, choices)
        return InlineChoice(name, choices)

    def _order(self, node: Node) -> Order:
        given = node.attributes(response_identifier=None, shuffle="false", orientation="")
        name = given["response_identifier"]
        declared = self._declared(node, name, ("ordered", "identifier"))
        prompt, rest = self._prompt(node)
        choices = self._choices(node, rest, "qti-simple-choice")
        self._shuffle(node, given["shuffle"], name, rest)
        self._check_correct(node, name, choices)
        if declared.correct and len(declared.correct) != len(choices):
            raise node.error("the correct response must put all the choices in order.")
        return Order(name, prompt, choices)

    def _match(self, node: Node) -> Match:
        given = node.attributes(
            response_identifier=None, shuffle="false", max_associations="1", min_associations="0"
        )
        name = given["response_identifier"]
        declared = self._declared(node, name, ("multiple", "directedPair"))
        prompt, sets = self._prompt(node)
        if [each.name for each in sets] != ["qti-simple-match-set"] * 2:
            raise node.error("a match needs exactly two <qti-simple-match-set>.")
        rest = []
        for each in sets:
            each.attributes()
            rest.append(each.children())
        sources, targets = (
            self._choices(each, children, "qti-simple-associable-choice")
            for each, children in zip(sets, rest, strict=True)
        )
        most = node.number("max-associations", given["max_associations"], MAX_MEMBERS)
        least = node.number("min-associations", given["min_associations"], MAX_MEMBERS)
        self._shuffle(node, given["shuffle"], name, [*rest[0], *rest[1]])
        ends = [{choice.identifier for choice in choices} for choices in (sources, targets)]
        if ends[0] & ends[1]:
            raise node.error("a choice of one set has the identifier of one in the other.")
        for pair in (*declared.correct, *_mapped(declared)):
            two = pair.split()
            if len(two) != 2 or two[0] not in ends[0] or two[1] not in ends[1]:
                raise node.error(
                    "the declaration of “{name}” pairs “{pair}”, which cannot be paired here.",
                    name=name,
                    pair=pair[:80],
                )
        return Match(name, prompt, sources, targets, least, most)

    def _text_entry(self, node: Node) -> TextEntry:
        given = node.attributes(
            response_identifier=None,
            expected_length="0",
            pattern_mask="",
            placeholder_text="",
            format="plain",
            base="10",
        )
        name = given["response_identifier"]
        declared = self._declared(
            node, name, ("single", "string"), ("single", "integer"), ("single", "float")
        )
        if given["base"] != "10" or given["format"] != "plain":
            raise node.error("only plain text and numbers to the base 10 are supported.")
        if node.children():
            raise node.children()[0].unsupported()
        try:
            patterns.check(given["pattern_mask"])
        except patterns.PatternError as problem:
            raise node.error("pattern-mask: {why}", why=str(problem)) from None
        return TextEntry(
            name,
            node.number("expected-length", given["expected_length"], 10_000),
            given["pattern_mask"],
            given["placeholder_text"],
            declared.base_type in NUMERIC,
        )

    def _extended_text(self, node: Node) -> ExtendedText:
        given = node.attributes(
            response_identifier=None,
            expected_lines="0",
            expected_length="0",
            placeholder_text="",
            format="plain",
            min_strings="0",
            max_strings="1",
        )
        name = given["response_identifier"]
        self._declared(node, name, ("single", "string"))
        if given["format"] != "plain" or given["max_strings"] != "1":
            raise node.error("only one plain text is supported as a longer answer.")
        prompt, rest = self._prompt(node)
        if rest:
            raise rest[0].unsupported()
        lines = node.number("expected-lines", given["expected_lines"], 1_000)
        return ExtendedText(name, prompt, lines, given["placeholder_text"])

    def _prompt(self, node: Node) -> tuple[tuple[Block, ...], list[Node]]:
        children = node.children()
        if children and children[0].name == "qti-prompt":
            children[0].attributes()
            return self._text.blocks(children[0]), children[1:]
        return (), children

    def _choices(self, node: Node, children: list[Node], wanted: str) -> tuple[SimpleChoice, ...]:
        choices: list[SimpleChoice] = []
        for child in children:
            if child.name != wanted:
                raise child.unsupported()
            if wanted == "qti-simple-associable-choice":
                given = child.attributes(identifier=None, fixed="false", match_max=None)
            else:
                given = child.attributes(identifier=None, fixed="false") | {"match_max": "1"}
            choices.append(
                SimpleChoice(
                    child.identifier("identifier", given["identifier"]),
                    self._text.inlines(child),
                    child.number("match-max", given["match_max"], MAX_MEMBERS),
                )
            )
        names = {choice.identifier for choice in choices}
        if not choices or len(names) != len(choices) or len(choices) > MAX_MEMBERS:
            raise node.error(
                "the choices must be 1 to {most}, each with an identifier of its own.",
                most=MAX_MEMBERS,
            )
        return tuple(choices)

    def _shuffle(self, node: Node, shuffle: str, response: str, choices: list[Node]) -> None:
        if node.truth("shuffle", shuffle):
            fixed = frozenset(
                choice.get("identifier") or ""
                for choice in choices
                if choice.truth("fixed", choice.get("fixed") or "false")
            )
            self.shuffles.append(Shuffle(response, fixed))

    def _check_correct(self, node: Node, name: str, choices: tuple[SimpleChoice, ...]) -> None:
        known = {choice.identifier for choice in choices}
        declared = self._declarations[name]
        for member in (*declared.correct, *_mapped(declared)):
            if member not in known:
                raise node.error(
                    "the declaration of “{name}” names the choice “{member}”, which is not here.",
                    name=name,
                    member=member[:80],
                )


def _mapped(declaration: ResponseDeclaration) -> tuple[str, ...]:
    mapping = declaration.mapping
    return tuple(entry.member for entry in mapping.entries) if mapping else ()
