"""An item file into its two halves: the item a candidate may see, and its key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from exam_packages import canon
from exam_packages.assessment import Shuffle
from exam_packages.content.items import Choice, Exhibit, InlineChoice, Item
from exam_packages.content.values import Response
from exam_packages.formats.qti.body import Body, Library
from exam_packages.formats.qti.declarations import read_outcome, read_response
from exam_packages.formats.qti.interactions import Interactions
from exam_packages.formats.qti.names import parse_as
from exam_packages.formats.qti.processing import RESPONSE, read_processing
from exam_packages.formats.xml import Node
from exam_packages.rules.declarations import NUMERIC, OutcomeDeclaration, ResponseDeclaration
from exam_packages.rules.key import SCORE, ItemKey, Rule
from exam_packages.rules.numbers import exact, written
from exam_packages.rules.processing import RULES, score

ReadStimulus = Callable[[Node, str], Exhibit]


@dataclass(frozen=True, slots=True)
class ReadItem:
    """What an item file holds; ``media`` are the names of the pictures it shows."""

    item: Item
    key: ItemKey
    shuffles: tuple[Shuffle, ...]
    media: frozenset[str]


@dataclass
class _Parts:
    """An item's declarations while its file is read."""

    responses: list[ResponseDeclaration]
    outcomes: list[OutcomeDeclaration]
    most: str = ""
    external: bool = False
    rules: tuple[Rule, ...] = ()
    template: str = ""


def read_item(library: Library, file: str, stimulus: ReadStimulus) -> ReadItem:
    """Read the item *file* of a package. *stimulus* reads the file that a reference names.

    Raises ``FormatError`` for what is not QTI, not supported, or cannot be scored.
    """
    root = parse_as(library.files[file], file, "qti-assessment-item")
    given = root.attributes(
        identifier=None,
        title=None,
        time_dependent="false",
        adaptive="false",
        tool_name="",
        tool_version="",
    )
    if root.truth("adaptive", given["adaptive"]):
        raise root.error("an adaptive item needs its key at the station and is not supported.")
    if root.truth("time-dependent", given["time_dependent"]):
        raise root.error("a time-dependent item is not supported.")
    parts = _Parts([], [])
    body_node, exhibits = None, []
    for child in root.children():
        match child.name:
            case "qti-response-declaration":
                parts.responses.append(read_response(child))
            case "qti-outcome-declaration":
                _take_outcome(child, parts)
            case "qti-assessment-stimulus-ref":
                reference = child.attributes(identifier=None, href=None, title="")
                exhibits.append(stimulus(child, reference["href"]).identifier)
            case "qti-item-body":
                body_node = child
            case "qti-response-processing":
                parts.rules, parts.template = read_processing(child)
            case _:
                raise child.unsupported()
    if body_node is None:
        raise root.error("the <qti-item-body> is missing.")
    identifier = root.identifier("identifier", given["identifier"])
    body_node.attributes()
    declared = {each.identifier: each for each in parts.responses}
    interactions = Interactions(library, declared)
    body = Body(library, interactions.take)
    item = Item(
        identifier,
        given["title"],
        root.language,
        body.blocks(body_node),
        tuple(interactions.found),
        tuple(exhibits),
    )
    key = _key(root, item, parts)
    try:
        canon.pack(item)
        canon.pack(key)
    except canon.CanonError as problem:
        raise root.error("the item cannot be packed: {why}", why=str(problem)) from None
    return ReadItem(
        item, key, tuple(interactions.shuffles), frozenset(body.media | interactions.media)
    )


def _take_outcome(node: Node, parts: _Parts) -> None:
    outcome, most, external = read_outcome(node)
    if outcome.identifier == "MAXSCORE" and outcome.default:
        parts.most = parts.most or outcome.default[0]
    if outcome.identifier == SCORE:
        if outcome.cardinality != "single" or outcome.base_type not in NUMERIC:
            raise node.error("the outcome SCORE must be a single float or integer.")
        parts.most, parts.external = most or parts.most, external
    elif external:
        raise node.error("only the outcome SCORE can be given by a person.")
    parts.outcomes.append(outcome)


def _key(root: Node, item: Item, parts: _Parts) -> ItemKey:
    names = [each.identifier for each in parts.responses]
    names += [each.identifier for each in parts.outcomes]
    if len(set(names)) != len(names):
        raise root.error("two variables have the same identifier; rename one.")
    if SCORE not in names:
        raise root.error("the outcome SCORE is not declared; declare it.")
    if not item.interactions:
        raise root.error("the item asks nothing: it has no interaction.")
    for response in parts.responses:
        if item.interaction(response.identifier) is None:
            raise root.error(
                "the response “{name}” is declared and has no interaction; remove one or add"
                " the other.",
                name=response.identifier,
            )
    if parts.external and parts.rules:
        raise root.error("a person scores this item, so it cannot have response processing.")
    if not parts.external and not parts.rules:
        raise root.error(
            "nothing scores the item; add response processing, or external-scored=“human”"
            " to the outcome SCORE."
        )
    key = ItemKey(
        item.identifier,
        tuple(parts.responses),
        tuple(parts.outcomes),
        parts.rules,
        parts.most or _most(root, item, parts),
        parts.external,
    )
    if exact(key.max_score) <= 0:
        raise root.error("the item can give no points; its maximum must be above 0.")
    if not parts.external:
        _try(root, item, key)
    return key


def _most(root: Node, item: Item, parts: _Parts) -> str:
    """The best score, where a standard template leaves no doubt about it."""
    if parts.template == "match_correct":
        return "1"
    declared = next((each for each in parts.responses if each.identifier == RESPONSE), None)
    mapping = declared.mapping if declared else None
    if parts.template == "map_response" and declared and mapping:
        values = [exact(entry.value) for entry in mapping.entries]
        interaction = item.interaction(RESPONSE)
        if declared.cardinality == "single":
            return written(mapping.bounded(max(values)))
        if isinstance(interaction, Choice | InlineChoice):
            best = sorted((value for value in values if value > 0), reverse=True)
            limit = interaction.max_choices if isinstance(interaction, Choice) else 1
            return written(mapping.bounded(sum(best[: limit or None], Fraction(0))))
    raise root.error("the highest score is not clear; give the outcome SCORE a normal-maximum.")


def _try(root: Node, item: Item, key: ItemKey) -> None:
    """Run the rules on a blank and on the correct answer: mistakes show here, not later."""
    correct = tuple(Response(each.identifier, each.correct) for each in key.responses)
    for responses in ((), correct):
        result = score(item, key, responses)
        if result.score is None and result.person == RULES:
            raise root.error(
                "the response processing cannot be followed: a name or type in it does not"
                " fit the declarations."
            )
        if result.score is None:
            raise root.error("the correct response is not one that the item can take.")
