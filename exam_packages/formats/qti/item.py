"""An item file into its two halves: the item a candidate may see, and its key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from exam_packages import canon
from exam_packages.assessment import ChoiceWhen, Shuffle
from exam_packages.content.items import Exhibit, Item
from exam_packages.formats.qti import catalogs
from exam_packages.formats.qti.body import Body
from exam_packages.formats.qti.declarations import read_outcome, read_response
from exam_packages.formats.qti.inlines import one_line
from exam_packages.formats.qti.interactions import REFUSED, Interactions
from exam_packages.formats.qti.keys import Parts, make_key, take_outcome
from exam_packages.formats.qti.library import Library
from exam_packages.formats.qti.names import QTI
from exam_packages.formats.qti.processing import read_processing
from exam_packages.formats.qti.responses import Responses
from exam_packages.formats.qti.templates import read_template, read_template_processing
from exam_packages.formats.report import Change
from exam_packages.formats.xml import Node
from exam_packages.rules.key import ItemKey
from exam_packages.rules.templates import Templates

ReadStimulus = Callable[[Node, str], Exhibit]

_PASSED_OVER = {
    "qti-modal-feedback": "feedback after the item was left out: which is shown depends on the"
    " answer key.",
    "qti-stylesheet": "the style sheet was left out.",
    "qti-companion-materials-info": "companion materials (calculators, rulers, other tools) were"
    " left out; stations have none.",
    "qti-interaction-modules": "modules for custom interactions were left out.",
    "apipAccessibility": "accessibility notes in APIP form were left out; QTI 3 catalogues are"
    " kept.",
}


@dataclass(frozen=True, slots=True)
class ReadItem:
    """What an item file holds; ``media`` are the names of the pictures it shows.

    An item that asks nothing has no ``key``.
    """

    item: Item
    key: ItemKey | None
    shuffles: tuple[Shuffle, ...]
    media: frozenset[str]
    conditions: tuple[ChoiceWhen, ...]
    templates: Templates | None
    changes: tuple[Change, ...]


@dataclass
class _Found:
    """The parts of an item file, by what they are."""

    body: Node | None = None
    processing: Node | None = None
    drawing: Node | None = None
    formulas: set[str] = field(default_factory=set)
    stimuli: list[Node] = field(default_factory=list)
    catalogs: list[Node] = field(default_factory=list)


def read_item(library: Library, root: Node, stimulus: ReadStimulus) -> ReadItem:
    """Read the item whose file has the element *root*. *stimulus* reads the file that a
    reference names.

    Raises ``FormatError`` for what is not QTI, not supported, or cannot be scored.
    """
    given = root.attributes(identifier=None, title="", time_dependent="false", adaptive="false")
    if root.truth("adaptive", given["adaptive"]):
        raise root.error(
            "an adaptive item needs its answer key at the station; make it one that is answered"
            " once."
        )
    if root.truth("time-dependent", given["time_dependent"]):
        root.change("that the item depends on time was left out.")
    for element in root.element.iter(*(f"{{{QTI}}}{name}" for name in REFUSED)):
        node = root.at(element)
        raise node.error(REFUSED[node.name])
    parts, found = Parts(), _Found()
    for child in root.children():
        _sort(child, parts, found)
    if found.body is None:
        raise root.error("the <qti-item-body> is missing.")
    if found.processing is not None:
        parts.rules, parts.template = read_processing(found.processing)
    declared = {each.identifier: each for each in parts.responses}
    outcomes = {each.identifier: each.default for each in parts.outcomes}
    body = Body(library)
    interactions = Interactions(body, Responses(declared), outcomes)
    body.take = interactions.take
    body.variables = frozenset(found.formulas)
    identifier = root.identifier("identifier", given["identifier"])
    found.body.attributes()
    item = Item(
        identifier,
        # An author who leaves it empty wants candidates to see none.
        one_line(given["title"]) if root.get("title") is not None else identifier,
        root.language,
        body.blocks(found.body),
        tuple(interactions.found),
        tuple(dict.fromkeys(_stimulus(each, stimulus) for each in found.stimuli)),
        tuple(each for node in found.catalogs for each in catalogs.read(body, node)),
    )
    conditions = tuple(interactions.conditions)
    templates = _templates(root, interactions.variables, parts, found.drawing)
    key = None
    if item.interactions or templates is not None or _asks(root):
        key = make_key(root, item, parts, conditions, templates)
    else:
        root.change(
            "the item asks nothing, so it is an exhibit beside the questions that follow it in a"
            " test."
        )
    try:
        canon.pack(item)
        if key is not None:
            canon.pack(key)
    except canon.CanonError as problem:
        raise root.error("the item cannot be packed: {why}", why=str(problem)) from None
    return ReadItem(
        item,
        key,
        tuple(interactions.shuffles),
        frozenset(body.media),
        conditions,
        templates,
        tuple(root.changes),
    )


def _asks(root: Node) -> bool:
    """Whether there is an interaction, be it one that is not shown."""
    return any(str(each.tag).endswith("-interaction") for each in root.element.iter())


def _sort(node: Node, parts: Parts, found: _Found) -> None:
    match node.name:
        case "qti-response-declaration":
            parts.responses.append(read_response(node))
        case "qti-outcome-declaration":
            take_outcome(node, *read_outcome(node), parts)
        case "qti-template-declaration":
            parts.templates.append(read_template(node))
            if node.get("math-variable") in ("true", "1"):
                found.formulas.add(parts.templates[-1].identifier)
        case "qti-template-processing" if found.drawing is None:
            found.drawing = node
        case "qti-assessment-stimulus-ref":
            found.stimuli.append(node)
        case "qti-catalog-info":
            found.catalogs.append(node)
        case "qti-item-body" if found.body is None:
            found.body = node
        case "qti-response-processing" if found.processing is None:
            found.processing = node
        case "qti-rubric-block" if "candidate" not in (node.get("view") or "candidate").split():
            node.change(
                "a rubric for {view} was left out of the paper.", view=node.get("view") or ""
            )
        case name if name in _PASSED_OVER:
            node.change(_PASSED_OVER[name])
        case _:
            raise node.unsupported()


def _templates(root: Node, used: set[str], parts: Parts, drawing: Node | None) -> Templates | None:
    """How the item's template variables are drawn; ``None`` when it has none."""
    known = {each.identifier for each in parts.templates}
    for name in sorted(used - known):
        raise root.error("the template variable “{name}” is not declared; declare it.", name=name)
    if not known and drawing is None:
        return None
    return read_template_processing(drawing, parts.templates)


def _stimulus(node: Node, stimulus: ReadStimulus) -> str:
    return stimulus(node, node.attributes(identifier="", href=None, title="")["href"]).identifier
