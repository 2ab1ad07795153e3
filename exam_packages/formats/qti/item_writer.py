"""A question as a QTI 3 item file; reading it again gives the same question."""

from __future__ import annotations

from exam_packages.assessment import Question
from exam_packages.content.text import Formula, walk
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti import names
from exam_packages.formats.qti.declaration_writer import (
    write_outcome,
    write_response,
    write_template,
)
from exam_packages.formats.qti.elements import Element, decimal, document, element
from exam_packages.formats.qti.expressions import Place
from exam_packages.formats.qti.interaction_writer import InteractionWriter
from exam_packages.formats.qti.processing import TEMPLATES
from exam_packages.formats.qti.rule_writer import write_rules
from exam_packages.formats.qti.text_writer import Writer
from exam_packages.rules.key import SCORE, ItemKey

TEMPLATE = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/"


def write_item(question: Question, *, media: str, stimuli: dict[str, str]) -> bytes:
    """The item file of *question*.

    *media* is the way from the file to the folder of pictures, *stimuli* the way to each
    exhibit's file by its identifier. Raises ``FormatError`` for what QTI cannot say.
    """
    item, key = question.item, question.key
    decimal(key.max_score)  # it follows from what is declared, so it must be a decimal too
    interactions = InteractionWriter(question, media)
    text = Writer(media, interactions.write)
    body = element("qti-item-body", {}, *text.blocks(item.body))
    if len(body) == 0 or interactions.left:
        raise FormatError(
            "The question {name} has an interaction that stands nowhere in its text.",
            name=item.identifier,
        )
    root = element(
        "qti-assessment-item",
        {"identifier": item.identifier, "time-dependent": "false", "adaptive": "false"},
        *map(write_response, key.responses),
        *(
            write_outcome(each, external=key.external and each.identifier == SCORE)
            for each in key.outcomes
        ),
        *_templates(question),
        *(
            element("qti-assessment-stimulus-ref", {"identifier": name, "href": stimuli[name]})
            for name in item.exhibits
        ),
        body,
        *text.catalogs(item.catalogs),
        *_processing(key),
    )
    root.set("title", item.title)
    return document(root, names.QTI, item.language)


def _templates(question: Question) -> list[Element]:
    templates = question.templates
    if templates is None:
        return []
    item = question.item
    shown = {
        name
        for part in walk((item.body, item.interactions, item.catalogs))
        if isinstance(part, Formula)
        for name in part.variables
    }
    made = [
        write_template(each, formula=each.identifier in shown) for each in templates.declarations
    ]
    if templates.rules or not made:
        rules = write_rules(templates.rules, Place.TEMPLATE)
        made.append(element("qti-template-processing", {}, *rules))
    return made


def _processing(key: ItemKey) -> list[Element]:
    if key.external:
        return []
    for name, rules in TEMPLATES.items():
        if key.processing == rules:
            template = {"template": f"{TEMPLATE}{name}.xml"}
            return [element("qti-response-processing", template)]
    return [element("qti-response-processing", {}, *write_rules(key.processing, Place.ITEM))]
