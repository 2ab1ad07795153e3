"""A drawn form: the paper and, apart from it, the answer key.

Here the halves of the chosen questions part for good: the paper with its items, exhibits
and media is sealed and sent, the answer key stays.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from exam_packages import canon
from exam_packages.assessment import Question, QuestionReference, SectionPlan, Test
from exam_packages.content.items import (
    Associate,
    Choice,
    Exhibit,
    GapMatch,
    InlineChoice,
    Interaction,
    Item,
    Match,
    Order,
    SimpleChoice,
    unshown,
)
from exam_packages.content.paper import (
    CAMERA_IF_PRESENT,
    PAPER_BLOB,
    STANDARD_TOOLS,
    ItemReference,
    Paper,
    Policy,
    Section,
    TestPart,
    exhibit_blob,
    item_blob,
    media_blob,
)
from exam_packages.content.proctoring import STANDARD_PROCTORING
from exam_packages.content.survey import SURVEY_BLOB, Survey
from exam_packages.errors import ExamError
from exam_packages.formats.formulas import draw_formulas
from exam_packages.formats.media import media_type
from exam_packages.forms.lots import Lots
from exam_packages.forms.moving import moving_of
from exam_packages.rules.key import AnswerKey, Entry, SectionKey
from exam_packages.rules.templates import draw_templates
from exam_packages.templates import substitute

STANDARD_POLICY = Policy(
    warnings_s=(600, 300, 60),
    outage_limit_s=300,
    camera=CAMERA_IF_PRESENT,
    snapshot_interval_s=60,
    tools=STANDARD_TOOLS,
    proctoring=STANDARD_PROCTORING,
)
OBJECT_TYPE = "application/msgpack"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

Chosen = Mapping[str, Sequence[QuestionReference]]
"""The questions of each section, by its identifier, in their order."""


class FormsError(ExamError):
    """A form cannot be drawn from this test or bank."""


@dataclass(frozen=True, slots=True)
class DrawnForm:
    """A form: what the candidate may see, and apart from it ``key``.

    ``items``, ``exhibits`` and ``media`` are by identifier or name, in no order; the
    paper has the order. ``survey`` is asked afterwards.
    """

    paper: Paper
    items: dict[str, Item]
    exhibits: dict[str, Exhibit]
    media: dict[str, bytes]
    key: AnswerKey
    survey: Survey | None = None


def blobs(form: DrawnForm) -> list[tuple[str, str, bytes]]:
    """The package blobs of *form*: name, media type, bytes. The answer key is not one."""
    found = [(PAPER_BLOB, OBJECT_TYPE, canon.pack(form.paper))]
    for reference in form.paper.references():
        name = reference.identifier
        found.append((item_blob(name), OBJECT_TYPE, canon.pack(form.items[name])))
    for name, exhibit in sorted(form.exhibits.items()):
        found.append((exhibit_blob(name), OBJECT_TYPE, canon.pack(exhibit)))
    for name, data in sorted(form.media.items()):
        found.append((media_blob(name), media_type(name, data), data))
    if form.survey is not None:
        found.append((SURVEY_BLOB, OBJECT_TYPE, canon.pack(form.survey)))
    return found


def check_names(test: Test) -> None:
    """Raise :class:`FormsError` for a name that a package cannot carry."""
    names = [test.identifier, *test.exhibits, *test.media]
    names += [reference.question.item.identifier for reference in test.references()]
    for name in names:
        if not _NAME.fullmatch(name):
            raise FormsError(
                "“{name}” cannot be a name in a package; use at most 64 letters, digits,"
                " dots, dashes and underscores, and begin with a letter or digit.",
                name=name[:80],
            )


def make_form(
    test: Test, chosen: Chosen, lots: Lots, policy: Policy, survey: Survey | None = None
) -> DrawnForm:
    """The form of *test* with the questions *chosen*; *lots* shuffle their choices. *survey*
    is asked afterwards.

    Raises :class:`FormsError` when a question was chosen twice.
    """
    parts, entries, section_keys, items = [], [], [], {}
    names: set[str] = set()
    drawn_media: dict[str, bytes] = {}
    for part in test.parts:
        sections = []
        for plan in part.sections:
            references = []
            for each in chosen[plan.identifier]:
                question = with_values(each.question, lots)
                item = shuffled(question, lots, test.language)
                if each.question.templates is not None:
                    item, formulas = draw_formulas(item)
                    drawn_media |= formulas
                for kind in unshown(item):
                    raise FormsError(
                        "The item “{item}” has a {kind}, which stations of this version cannot"
                        " show; leave it out of the test.",
                        item=item.identifier,
                        kind=kind,
                    )
                if item.identifier in items:
                    raise FormsError(
                        "The item “{item}” was drawn twice; a form has each item once.",
                        item=item.identifier,
                    )
                items[item.identifier] = item
                names |= question.media
                references.append(ItemReference(item.identifier, item.title))
                entries.append(entry(plan, replace(each, question=question)))
            section_keys.append(SectionKey(plan.identifier, plan.title))
            sections.append(Section(plan.identifier, plan.title, plan.rubric, tuple(references)))
        parts.append(TestPart(part.identifier, part.navigation, tuple(sections)))
    shown = {name for item in items.values() for name in item.exhibits}
    exhibits = {name: test.exhibits[name] for name in shown}
    names = names.union(*(test.exhibit_media[name] for name in shown))
    media = {name: test.media[name] for name in names} | drawn_media
    paper = Paper(
        "",
        test.title,
        test.language,
        test.time_limit_s,
        test.instructions,
        tuple(parts),
        policy,
        moving_of(test, parts),
    )
    form = _form_id(test, paper, items, exhibits, media, survey)
    cut_score = test.blueprint.cut_score if test.blueprint else "0"
    return DrawnForm(
        msgspec.structs.replace(paper, form=form),
        items,
        exhibits,
        media,
        AnswerKey(form, test.title, cut_score, tuple(section_keys), tuple(entries)),
        survey,
    )


def with_values(question: Question, lots: Lots) -> Question:
    """*question* with its template variables drawn: the item has their values, and the key
    the correct responses that go with them. Stations never draw.

    Raises ``RulesError`` or ``TemplateError`` where the values cannot be drawn or shown.
    """
    if question.templates is None:
        return question
    stream = lots.stream(f"item/{question.item.identifier}/template")
    drawn = draw_templates(question.templates, question.key, stream)
    item = substitute(question.item, drawn.values, question.conditions)
    return replace(question, item=item, key=drawn.key, conditions=(), templates=None)


def shuffled(question: Question, lots: Lots, language: str) -> Item:
    """The item of *question* with its choices in the order of *lots*."""
    item = question.item
    by_response = {shuffle.response: shuffle.fixed for shuffle in question.shuffles}

    def order(choices: tuple[SimpleChoice, ...], fixed: frozenset[str], name: str) -> object:
        keep = [choice.identifier in fixed for choice in choices]
        return tuple(lots.rearranged(choices, keep, f"item/{item.identifier}/{name}"))

    def arrange(interaction: Interaction) -> Interaction:
        name = interaction.response
        if name not in by_response:
            return interaction
        match interaction:
            case (
                Choice(choices=choices)
                | InlineChoice(choices=choices)
                | Order(choices=choices)
                | Associate(choices=choices)
                | GapMatch(choices=choices)
            ):
                return msgspec.structs.replace(
                    interaction, choices=order(choices, by_response[name], name)
                )
            case Match(sources=sources, targets=targets):
                return msgspec.structs.replace(
                    interaction,
                    sources=order(sources, by_response[name], f"{name}/sources"),
                    targets=order(targets, by_response[name], f"{name}/targets"),
                )
            case _:
                return interaction

    return msgspec.structs.replace(
        item,
        language=item.language or language,
        interactions=tuple(map(arrange, item.interactions)),
    )


def entry(plan: SectionPlan, each: QuestionReference) -> Entry:
    """The answer key's entry of a question that stands in the section *plan*."""
    question = each.question
    return Entry(plan.identifier, each.weight, question.competence, question.level, question.key)


def _form_id(
    test: Test,
    paper: Paper,
    items: dict[str, Item],
    exhibits: dict[str, Exhibit],
    media: dict[str, bytes],
    survey: Survey | None,
) -> str:
    """A name a person can read, and a hash of all that a candidate can see."""
    parts = [canon.pack(paper)]
    for group in (items, exhibits):
        parts += [canon.pack(group[name]) for name in sorted(group)]
    for name in sorted(media):
        parts += [name.encode(), media[name]]
    if survey is not None:
        parts.append(canon.pack(survey))
    whole = hashlib.sha256(b"exam-kiosk/form/id/v1\0")
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return f"{test.identifier}-{whole.hexdigest()[:8]}"
