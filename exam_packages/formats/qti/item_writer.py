"""A question as a QTI 3 item file; reading it again gives the same question."""

from __future__ import annotations

from exam_packages.assessment import Question
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
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti import names
from exam_packages.formats.qti.elements import Element, Writer, document, element, leaf
from exam_packages.formats.qti.processing import TEMPLATES
from exam_packages.rules.declarations import (
    AreaMapping,
    Mapping,
    OutcomeDeclaration,
    ResponseDeclaration,
)
from exam_packages.rules.expressions import (
    Apply,
    BaseValue,
    Correct,
    Default,
    Expression,
    MapResponse,
    MapResponsePoint,
    Null,
    Variable,
)
from exam_packages.rules.key import SCORE, Condition, Exit, ItemKey, Rule, SetOutcome

TEMPLATE = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/"


def write_item(question: Question, *, media: str, stimuli: dict[str, str]) -> bytes:
    """The item file of *question*.

    *media* is the way from the file to the folder of pictures, *stimuli* the way to each
    exhibit's file by its identifier. Raises ``FormatError`` for what QTI cannot say.
    """
    item, key = question.item, question.key
    if item.catalogs or key.templates or question.conditions:
        raise FormatError(
            "The question {name} has catalogues or template variables, which are not written yet.",
            name=item.identifier,
        )
    interactions = _Interactions(question, media)
    body = element("qti-item-body", {}, *Writer(media, interactions.write).blocks(item.body))
    if len(body) == 0 or interactions.left:
        raise FormatError(
            "The question {name} has an interaction that stands nowhere in its text.",
            name=item.identifier,
        )
    root = element(
        "qti-assessment-item",
        {"identifier": item.identifier, "time-dependent": "false", "adaptive": "false"},
        *map(_response, key.responses),
        *(_outcome(each, key) for each in key.outcomes),
        *(
            element("qti-assessment-stimulus-ref", {"identifier": name, "href": stimuli[name]})
            for name in item.exhibits
        ),
        body,
        *_processing(key),
    )
    root.set("title", item.title)
    return document(root, names.QTI, item.language)


class _Interactions:
    """The elements of a question's interactions, each given out once."""

    def __init__(self, question: Question, media: str) -> None:
        self.left = {each.response: each for each in question.item.interactions}
        self._fixed = {each.response: each.fixed for each in question.shuffles}
        self._text = Writer(media)

    def write(self, response: str) -> Element:
        if response not in self.left:
            raise FormatError(
                "The text has a place for {name}, which is asked nowhere.", name=response
            )
        return self._element(self.left.pop(response))

    def _element(self, interaction: Interaction) -> Element:
        name = {"response-identifier": interaction.response}
        match interaction:
            case Choice(prompt=prompt, choices=choices, min_choices=least, max_choices=most):
                name |= self._shuffle(interaction.response)
                name |= {"max-choices": str(most), "min-choices": str(least)}
                made = element("qti-choice-interaction", name)
                rest = self._choices(interaction.response, "qti-simple-choice", choices)
            case InlineChoice(choices=choices):
                name |= self._shuffle(interaction.response)
                made, prompt = element("qti-inline-choice-interaction", name), ()
                rest = self._choices(interaction.response, "qti-inline-choice", choices)
            case Order(prompt=prompt, choices=choices, min_choices=least, max_choices=most):
                name |= self._shuffle(interaction.response)
                name |= {"max-choices": str(most or ""), "min-choices": str(least or "")}
                made = element("qti-order-interaction", name)
                rest = self._choices(interaction.response, "qti-simple-choice", choices)
            case Match(prompt=prompt, sources=sources, targets=targets):
                name |= self._shuffle(interaction.response)
                name["max-associations"] = str(interaction.max_associations)
                name["min-associations"] = str(interaction.min_associations)
                made = element("qti-match-interaction", name)
                kind = "qti-simple-associable-choice"
                rest = [
                    element(
                        "qti-simple-match-set", {}, *self._choices(interaction.response, kind, each)
                    )
                    for each in (sources, targets)
                ]
            case TextEntry():
                name["expected-length"] = str(interaction.expected_length or "")
                name["pattern-mask"] = interaction.pattern
                name["placeholder-text"] = interaction.placeholder
                made, prompt, rest = element("qti-text-entry-interaction", name), (), []
            case ExtendedText(prompt=prompt, numeric=False, min_strings=0, max_strings=1):
                name["expected-lines"] = str(interaction.expected_lines or "")
                name["expected-length"] = str(interaction.expected_length or "")
                name["pattern-mask"] = interaction.pattern
                name["placeholder-text"] = interaction.placeholder
                made, rest = element("qti-extended-text-interaction", name), []
            case _:
                raise FormatError("The question asks in a way that is not written yet.")
        if prompt:
            made.append(element("qti-prompt", {}, *self._text.blocks(prompt)))
        made.extend(rest)
        return made

    def _shuffle(self, response: str) -> dict[str, str]:
        return {"shuffle": "true"} if response in self._fixed else {}

    def _choices(
        self, response: str, name: str, choices: tuple[SimpleChoice, ...]
    ) -> list[Element]:
        made = []
        for choice in choices:
            given = {"identifier": choice.identifier}
            if choice.identifier in self._fixed.get(response, ()):
                given["fixed"] = "true"
            if name == "qti-simple-associable-choice":
                given["match-max"] = str(choice.match_max)
            made.append(self._text.inlines(element(name, given), choice.body))
        return made


def _response(declared: ResponseDeclaration) -> Element:
    if declared.default:
        raise FormatError("An answer that is given beforehand is not written yet.")
    made = element(
        "qti-response-declaration",
        {
            "identifier": declared.identifier,
            "cardinality": declared.cardinality,
            "base-type": declared.base_type,
        },
    )
    if declared.correct:
        values = [leaf("qti-value", each) for each in declared.correct]
        made.append(element("qti-correct-response", {}, *values))
    if declared.mapping:
        made.append(_mapping(declared.mapping))
    if declared.areas:
        made.append(_areas(declared.areas))
    return made


def _bounds(mapping: Mapping | AreaMapping) -> dict[str, str]:
    return {
        "lower-bound": _number(mapping.lower),
        "upper-bound": _number(mapping.upper),
        "default-value": _number(mapping.default),
    }


def _mapping(mapping: Mapping) -> Element:
    entries = []
    for entry in mapping.entries:
        given = {"map-key": entry.member, "mapped-value": _number(entry.value)}
        if not entry.case_sensitive:
            given["case-sensitive"] = "false"
        entries.append(element("qti-map-entry", given))
    return element("qti-mapping", _bounds(mapping), *entries)


def _areas(areas: AreaMapping) -> Element:
    return element(
        "qti-area-mapping",
        _bounds(areas),
        *(
            element(
                "qti-area-map-entry",
                # A default area has no coordinates, and says so.
                {
                    "shape": entry.shape,
                    "coords": ",".join(map(str, entry.coordinates)),
                    "mapped-value": _number(entry.value),
                },
            )
            for entry in areas.entries
        ),
    )


def _outcome(declared: OutcomeDeclaration, key: ItemKey) -> Element:
    given = {
        "identifier": declared.identifier,
        "cardinality": declared.cardinality,
        "base-type": declared.base_type,
    }
    if declared.table:
        raise FormatError("A lookup table is not written yet.")
    given["normal-minimum"] = _number(declared.minimum)
    given["normal-maximum"] = _number(declared.maximum)
    if declared.identifier == SCORE:
        _number(key.max_score)  # it follows from what is declared, so it must be a decimal too
        given["external-scored"] = "human" if key.external else ""
    made = element("qti-outcome-declaration", given)
    if declared.default:
        values = [leaf("qti-value", each) for each in declared.default]
        made.append(element("qti-default-value", {}, *values))
    return made


def _number(text: str) -> str:
    if "/" in text:
        raise FormatError("The number {number} has no end as a decimal.", number=text)
    return text


def _processing(key: ItemKey) -> list[Element]:
    if key.external:
        return []
    for name, rules in TEMPLATES.items():
        if key.processing == rules:
            template = {"template": f"{TEMPLATE}{name}.xml"}
            return [element("qti-response-processing", template)]
    return [element("qti-response-processing", {}, *map(_rule, key.processing))]


def _rule(rule: Rule) -> Element:
    match rule:
        case SetOutcome(identifier=name, expression=expression):
            value = _expression(expression)
            return element("qti-set-outcome-value", {"identifier": name}, value)
        case Exit():
            return element("qti-exit-response")
        case Condition(branches=branches, otherwise=otherwise):
            made = element("qti-response-condition")
            for index, branch in enumerate(branches):
                kind = "qti-response-else-if" if index else "qti-response-if"
                inside = [_expression(branch.condition), *map(_rule, branch.rules)]
                made.append(element(kind, {}, *inside))
            if otherwise:
                made.append(element("qti-response-else", {}, *map(_rule, otherwise)))
            return made
        case _:
            raise FormatError("The scoring has a rule that is not written yet.")


def _expression(expression: Expression) -> Element:
    match expression:
        case BaseValue(base_type=base_type, text=text):
            made = leaf("qti-base-value", text)
            made.set("base-type", base_type)
            return made
        case Null():
            return element("qti-null")
        case Variable(identifier=name):
            return element("qti-variable", {"identifier": name})
        case Correct(identifier=name):
            return element("qti-correct", {"identifier": name})
        case Default(identifier=name):
            return element("qti-default", {"identifier": name})
        case MapResponse(identifier=name):
            return element("qti-map-response", {"identifier": name})
        case MapResponsePoint(identifier=name):
            return element("qti-map-response-point", {"identifier": name})
        case Apply(operator=name, settings=settings, operands=operands):
            return element(f"qti-{name}", dict(settings), *map(_expression, operands))
        case _:
            raise FormatError("The scoring has an expression that is not written yet.")
