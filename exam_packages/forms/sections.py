"""A test whose sections select, and its blueprint, as one exact question.

:mod:`exam_packages.forms.draw` draws such a test as QTI says, again and again, until a draw
keeps the blueprint. Where none of many does, the search of :mod:`exam_packages.forms.search`
is asked: it finds a choice that both allow, or proves that there is none. Each section that
selects is a cell; what the blueprint counts are sums, for its kinds lie across sections.

Not every test can be asked so: a section that selects among sections draws whole bundles,
which no cell can say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from exam_packages.assessment import QuestionReference, SectionPlan, Test
from exam_packages.blueprint import TIME, Blueprint
from exam_packages.forms.choose import choose
from exam_packages.forms.lots import Lots
from exam_packages.forms.plan import sums
from exam_packages.forms.problem import Problem, Sum
from exam_packages.forms.statistics import Statistics
from exam_packages.rules.numbers import exact


def find(
    test: Test, blueprint: Blueprint, statistics: Statistics, lots: Lots
) -> frozenset[str] | None:
    """The items of a form of *test* that keeps *blueprint*, by name; ``None`` when there is
    none, or the test cannot be asked so.

    Raises :class:`~exam_packages.forms.choose.Undecided`.
    """
    cells = list(_cells([plan for part in test.parts for plan in part.sections]))
    if None in cells:
        return None
    found = [each for each in cells if each is not None]
    references = [reference for members, _ in found for reference in members]
    names = [reference.question.item.identifier for reference in references]
    if not blueprint.required <= set(names):
        return None
    problem = _problem(found, references, names, blueprint, statistics)
    chosen = choose(problem, names, [0] * len(names), (), lots)
    return None if chosen is None else frozenset(names[item] for item in chosen[0])


_Cell = tuple[Sequence[QuestionReference], int]


def _cells(plans: Sequence[SectionPlan]) -> Iterator[_Cell | None]:
    """Questions, and how many of them are taken; ``None`` for what no cell can say."""
    for plan in plans:
        questions = [each for each in plan.members if isinstance(each, QuestionReference)]
        inner = [each for each in plan.members if isinstance(each, SectionPlan)]
        if plan.select is not None and inner:
            yield None
            return
        yield questions, len(questions) if plan.select is None else plan.select
        yield from _cells(inner)


def _problem(
    cells: Sequence[_Cell],
    references: Sequence[QuestionReference],
    names: Sequence[str],
    blueprint: Blueprint,
    statistics: Statistics,
) -> Problem:
    numbers = {name: at for at, name in enumerate(names)}
    kinds = [(each.question.competence, each.question.level) for each in references]
    counts = [
        Sum(f"the items of {kind}", tuple(int(each == kind) for each in kinds), wanted, wanted)
        for kind in sorted({*kinds, *blueprint.counts})
        for wanted in (blueprint.counts.get(kind, 0),)
    ]
    groups = (
        frozenset(numbers[name] for name in group if name in numbers)
        for group in (*blueprint.enemies, *blueprint.versions)
    )
    required = {numbers[name] for name in blueprint.required}
    start = 0
    ranges = []
    for members, _ in cells:
        ranges.append(tuple(range(start, start + len(members))))
        start += len(members)
        required.update(at for at, each in zip(ranges[-1], members, strict=True) if each.required)
    points = [exact(each.weight) * exact(each.question.key.max_score) for each in references]
    questions = [each.question for each in references]
    return Problem(
        tuple(ranges),
        tuple(need for _, need in cells),
        tuple(
            int(_drawable(blueprint, each, name, statistics.get(name, {})))
            for each, name in zip(references, names, strict=True)
        ),
        tuple(group for group in groups if len(group) > 1),
        frozenset(required),
        sums=(*counts, *sums(blueprint, questions, points, statistics)),
    )


def _drawable(
    blueprint: Blueprint,
    reference: QuestionReference,
    name: str,
    known: Mapping[str, Fraction],
) -> bool:
    """Whether a form that keeps *blueprint* may have this question at all."""
    question = reference.question
    weight = blueprint.weights.get((question.competence, question.level))
    return (
        name not in blueprint.forbidden
        and (weight is None or exact(weight) == exact(reference.weight))
        and (TIME not in blueprint.form or TIME in known)
        and all(
            bound.holds(known[what]) for what, bound in blueprint.items.items() if what in known
        )
    )
