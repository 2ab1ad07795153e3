"""Drawing a form: one fixed selection and order of a test's questions.

The same test and seed give the same form on every machine and Python version: each
choice is drawn from SHA-256 of the seed and of the *name* of the place where it is
made, so adding a question to one section changes nothing in another. The seed is as
secret as the paper.

A drawn form is two things from here on: the paper with its items, exhibits and media,
which is sealed and sent, and the answer key, which stays.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import msgspec

from exam_packages import canon
from exam_packages.assessment import Question, QuestionReference, SectionPlan, Test
from exam_packages.blueprint import Blueprint
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
    ItemReference,
    Paper,
    Policy,
    Section,
    TestPart,
    exhibit_blob,
    item_blob,
    media_blob,
)
from exam_packages.content.values import Response
from exam_packages.errors import ExamError
from exam_packages.formats.media import facts
from exam_packages.rules.key import AnswerKey, Entry, ItemKey, SectionKey
from exam_packages.rules.numbers import exact, written
from exam_packages.rules.processing import score

STANDARD_POLICY = Policy(
    warnings_s=(600, 300, 60), outage_limit_s=300, camera=CAMERA_IF_PRESENT, snapshot_interval_s=60
)
OBJECT_TYPE = "application/msgpack"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

T = TypeVar("T")


class FormsError(ExamError):
    """A form cannot be drawn from this test."""


@dataclass(frozen=True, slots=True)
class DrawnForm:
    """A form: what the candidate may see, and apart from it ``key``.

    ``items``, ``exhibits`` and ``media`` are by identifier or name, in no order; the
    paper has the order.
    """

    paper: Paper
    items: dict[str, Item]
    exhibits: dict[str, Exhibit]
    media: dict[str, bytes]
    key: AnswerKey


def draw(test: Test, seed: bytes, *, policy: Policy = STANDARD_POLICY) -> DrawnForm:
    """Draw the form of *test* that *seed* stands for.

    Raises :class:`FormsError` when the test has names a package cannot carry, no time
    limit, or a section that selects more questions than it has.
    """
    if not test.time_limit_s:
        raise FormsError("The test “{test}” has no time limit; give it one.", test=test.identifier)
    return _draw(test, seed, policy)


def practice(test: Test, seed: bytes, *, policy: Policy = STANDARD_POLICY) -> DrawnForm | None:
    """Draw the practice form of *test*; ``None`` when it has none. A limit of 0 is none."""
    return None if test.practice is None else _draw(test.practice, seed, policy)


def blobs(form: DrawnForm) -> list[tuple[str, str, bytes]]:
    """The package blobs of *form*: name, media type, bytes. The answer key is not one."""
    found = [(PAPER_BLOB, OBJECT_TYPE, canon.pack(form.paper))]
    for reference in form.paper.references():
        name = reference.identifier
        found.append((item_blob(name), OBJECT_TYPE, canon.pack(form.items[name])))
    for name, exhibit in sorted(form.exhibits.items()):
        found.append((exhibit_blob(name), OBJECT_TYPE, canon.pack(exhibit)))
    for name, data in sorted(form.media.items()):
        found.append((media_blob(name), facts(name, data).media_type, data))
    return found


def check(blueprint: Blueprint, form: DrawnForm) -> list[str]:
    """What is wrong with *form* by its *blueprint*, in sentences; none is good."""
    problems = []
    have = Counter((entry.competence, entry.level) for entry in form.key.entries)
    for kind in sorted(set(have) | set(blueprint.counts)):
        wanted = blueprint.counts.get(kind, 0)
        if have[kind] != wanted:
            competence, level = (part or "unclassified" for part in kind)
            problems.append(
                f"The blueprint asks for {wanted} of competence “{competence}” at level"
                f" “{level}”; the form has {have[kind]}."
            )
    best = sum(
        (exact(entry.weight) * exact(entry.key.max_score) for entry in form.key.entries),
        Fraction(0),
    )
    if exact(blueprint.cut_score) > best:
        problems.append(
            f"The cut score is {blueprint.cut_score}, and nobody can reach more than"
            f" {written(best)} points."
        )
    for entry in form.key.entries:
        problems.extend(_check_key(form.items[entry.key.item], entry.key))
    return problems


def _check_key(item: Item, key: ItemKey) -> list[str]:
    """Whether the answer that the author calls correct has the full score."""
    if key.external or not all(each.correct for each in key.responses):
        return []
    correct = tuple(Response(each.identifier, each.correct) for each in key.responses)
    result = score(item, key, correct)
    if result.score == result.max_score:
        return []
    got = "cannot be scored" if result.score is None else f"scores {written(result.score)}"
    return [f"The correct answer of the item “{item.identifier}” {got}, not {key.max_score}."]


def _draw(test: Test, seed: bytes, policy: Policy) -> DrawnForm:
    _check_names(test)
    for limit in test.unkept():
        raise FormsError(
            "The test “{test}” has a {limit}, which stations of this version cannot keep to;"
            " leave it out.",
            test=test.identifier,
            limit=limit,
        )
    lots = _Lots(hashlib.sha256(b"exam-kiosk/form/draw/v1\0" + seed).digest())
    parts, entries, section_keys, items = [], [], [], {}
    names: set[str] = set()
    for part in test.parts:
        sections = []
        for plan in part.sections:
            chosen = _select(plan, lots)
            references = []
            for each in chosen:
                question = each.question
                item = _shuffled(question, lots, test.language)
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
                entries.append(
                    Entry(
                        plan.identifier,
                        each.weight,
                        question.competence,
                        question.level,
                        question.key,
                    )
                )
            section_keys.append(SectionKey(plan.identifier, plan.title))
            sections.append(Section(plan.identifier, plan.title, plan.rubric, tuple(references)))
        parts.append(TestPart(part.identifier, part.navigation, tuple(sections)))
    shown = {name for item in items.values() for name in item.exhibits}
    exhibits = {name: test.exhibits[name] for name in shown}
    names = names.union(*(test.exhibit_media[name] for name in shown))
    media = {name: test.media[name] for name in names}
    paper = Paper(
        "", test.title, test.language, test.time_limit_s, test.instructions, tuple(parts), policy
    )
    form = _form_id(test, paper, items, exhibits, media)
    cut_score = test.blueprint.cut_score if test.blueprint else "0"
    return DrawnForm(
        msgspec.structs.replace(paper, form=form),
        items,
        exhibits,
        media,
        AnswerKey(form, test.title, cut_score, tuple(section_keys), tuple(entries)),
    )


def _form_id(
    test: Test,
    paper: Paper,
    items: dict[str, Item],
    exhibits: dict[str, Exhibit],
    media: dict[str, bytes],
) -> str:
    """A name a person can read, and a hash of all that a candidate can see."""
    parts = [canon.pack(paper)]
    for group in (items, exhibits):
        parts += [canon.pack(group[name]) for name in sorted(group)]
    for name in sorted(media):
        parts += [name.encode(), media[name]]
    whole = hashlib.sha256(b"exam-kiosk/form/id/v1\0")
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return f"{test.identifier}-{whole.hexdigest()[:8]}"


def _check_names(test: Test) -> None:
    names = [test.identifier, *test.exhibits, *test.media]
    names += [reference.question.item.identifier for reference in test.references()]
    for name in names:
        if not _NAME.fullmatch(name):
            raise FormsError(
                "“{name}” cannot be a name in a package; use at most 64 letters, digits,"
                " dots, dashes and underscores, and begin with a letter or digit.",
                name=name[:80],
            )


def _select(plan: SectionPlan, lots: _Lots) -> list[QuestionReference]:
    """QTI selection, then ordering; required members are always drawn, fixed ones stay put."""
    where = f"section/{plan.identifier}"
    indices = list(range(len(plan.members)))
    if plan.select is not None:
        required = [at for at in indices if plan.members[at].required]
        others = [at for at in indices if not plan.members[at].required]
        free = plan.select - len(required)
        if not 0 <= free <= len(others):
            raise FormsError(
                "The section “{section}” selects {select} of {count} members, of which"
                " {required} are required; that cannot be.",
                section=plan.identifier,
                select=plan.select,
                count=len(indices),
                required=len(required),
            )
        indices = sorted(required + lots.shuffled(others, f"{where}/select")[:free])
    if plan.shuffle:
        fixed = [plan.members[at].fixed for at in indices]
        indices = lots.rearranged(indices, fixed, f"{where}/order")
    chosen: list[QuestionReference] = []
    for at in indices:
        member = plan.members[at]
        chosen += _select(member, lots) if isinstance(member, SectionPlan) else [member]
    return chosen


def _shuffled(question: Question, lots: _Lots, language: str) -> Item:
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


class _Lots:
    """Random order from a 32-byte secret: the n-th number of a place is SHA-256 of its name."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def shuffled(self, members: Sequence[T], where: str) -> list[T]:
        """Fisher-Yates over *members*."""
        found = list(members)
        draws = 0
        for last in range(len(found) - 1, 0, -1):
            while True:
                number = self._number(where, draws)
                draws += 1
                # Refusing the uneven tail keeps every order equally likely.
                if number < 2**64 - 2**64 % (last + 1):
                    break
            other = number % (last + 1)
            found[last], found[other] = found[other], found[last]
        return found

    def rearranged(self, members: Sequence[T], fixed: Sequence[bool], where: str) -> list[T]:
        """*members* in random order, the fixed ones in their places."""
        loose = [each for each, stays in zip(members, fixed, strict=True) if not stays]
        drawn = iter(self.shuffled(loose, where))
        return [each if stays else next(drawn) for each, stays in zip(members, fixed, strict=True)]

    def _number(self, where: str, draws: int) -> int:
        name = f"{where}\0{draws}".encode()
        return int.from_bytes(hashlib.sha256(self._secret + name).digest()[:8], "big")
