"""Drawing forms from a bank by a blueprint: one, or several that are parallel."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exam_packages.assessment import (
    PartPlan,
    Question,
    QuestionReference,
    SectionPlan,
    Test,
    TimeLimits,
)
from exam_packages.blueprint import Blueprint, Group, Layout
from exam_packages.content.paper import LINEAR, NONLINEAR, Policy
from exam_packages.content.text import Paragraph, Text
from exam_packages.formats.report import Bank
from exam_packages.forms.check import check
from exam_packages.forms.choose import MAX_STEPS, Undecided, choose
from exam_packages.forms.draw import draw, practice
from exam_packages.forms.form import STANDARD_POLICY, DrawnForm, FormsError
from exam_packages.forms.lots import Lots
from exam_packages.forms.plan import History, make_plan, weight_of
from exam_packages.forms.shortage import why_none
from exam_packages.forms.statistics import Statistics

MAX_FORMS: Final = 100


@dataclass(frozen=True, slots=True)
class Draw:
    """Forms of one draw, in their order. ``practice`` is the one that all of them have."""

    forms: tuple[DrawnForm, ...]
    practice: DrawnForm | None


def draw_from_bank(
    bank: Bank,
    blueprint: Blueprint,
    seed: bytes,
    *,
    forms: int = 1,
    statistics: Statistics | None = None,
    history: History | None = None,
    policy: Policy = STANDARD_POLICY,
) -> Draw:
    """Draw *forms* forms of *blueprint* from *bank*, as *seed* stands for.

    The same bank, blueprint, statistics and history give the same forms again. Raises
    :class:`FormsError`, which names the constraint when there is no such form.
    """
    layout = blueprint.layout
    if layout is None:
        raise FormsError(
            "The blueprint of “{test}” has no layout, and a bank has no test that gives one; add"
            " the table [layout] with title, language and minutes.",
            test=blueprint.test,
        )
    if not 1 <= forms <= MAX_FORMS:
        raise FormsError("From 1 to {most} forms can be drawn at once.", most=MAX_FORMS)
    plan = make_plan(bank.questions(), blueprint, forms, statistics or {}, history or History())
    lots = Lots(seed, "select")
    try:
        chosen = choose(plan.problem, plan.names, plan.exposures, plan.measures, lots)
    except Undecided:
        raise FormsError(
            "Whether a form of “{test}” exists was not decided in {steps} steps: too many"
            " constraints compete. Loosen a bound or an enemy group; another seed may help too.",
            test=blueprint.test,
            steps=MAX_STEPS,
        ) from None
    if chosen is None:
        raise FormsError(
            "There is no form that keeps the blueprint of “{test}”. {why}",
            test=blueprint.test,
            why=why_none(plan),
        )
    tests = [
        _test(bank, blueprint, layout, [plan.questions[item] for item in sorted(items)])
        for items in chosen
    ]
    drawn = tuple(
        draw(test, _seed_of(seed, number), policy=policy, statistics=statistics)
        for number, test in enumerate(tests, start=1)
    )
    for form in drawn:
        problems = check(blueprint, form, statistics or {})
        if problems:
            raise FormsError(
                "A form of “{test}” does not keep its blueprint: {problems}",
                test=blueprint.test,
                problems=" ".join(problems),
            )
    return Draw(drawn, practice(tests[0], seed, policy=policy))


def _test(bank: Bank, blueprint: Blueprint, layout: Layout, questions: Sequence[Question]) -> Test:
    """The test that has just these *questions*, laid out as the blueprint says."""
    groups = layout.sections or (Group(layout.title, tuple(sorted(_competences(questions)))),)
    sections = tuple(
        SectionPlan(
            f"section-{number}",
            group.title,
            (),
            tuple(
                QuestionReference(each, weight_of(blueprint, each), False, False)
                for each in questions
                if each.competence in group.competences
            ),
            None,
            True,
            False,
            False,
            TimeLimits(0, group.minutes * 60),
        )
        for number, group in enumerate(groups, start=1)
    )
    sections = tuple(section for section in sections if section.members)
    by_name: Mapping[str, Test] = {test.identifier: test for test in bank.tests}
    for what, name in (("practice test", blueprint.practice), ("survey", blueprint.survey)):
        if name and name not in by_name:
            raise FormsError(
                "The blueprint names the {what} “{test}”, which the bank does not have.",
                what=what,
                test=name,
            )
    return Test(
        blueprint.test,
        layout.title,
        layout.language,
        layout.minutes * 60,
        tuple(Paragraph((Text(words, 0),)) for words in layout.instructions),
        (PartPlan("exam", LINEAR if layout.linear else NONLINEAR, sections),),
        bank.exhibits,
        bank.media,
        bank.exhibit_media,
        blueprint,
        by_name.get(blueprint.practice),
        survey=by_name.get(blueprint.survey),
    )


def _competences(questions: Sequence[Question]) -> set[str]:
    return {question.competence for question in questions}


def _seed_of(seed: bytes, number: int) -> bytes:
    """The seed of one form of a draw."""
    return hashlib.sha256(b"exam-kiosk/form/one-of/v1\0" + bytes([number]) + seed).digest()
