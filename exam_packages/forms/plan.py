"""A blueprint and a bank as numbers: which items can be drawn, and what a form must keep.

:class:`Plan` is the bridge between :mod:`exam_packages.blueprint` and
:mod:`exam_packages.forms.problem`: it knows the item behind each number, the kind behind
each cell, and why an item is not among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

from exam_packages.assessment import Question
from exam_packages.blueprint import ALL_LEVELS, POINTS, TIME, Blueprint, Kind, Range
from exam_packages.forms.form import FormsError
from exam_packages.forms.problem import Problem, Sum
from exam_packages.forms.statistics import Statistics
from exam_packages.rules.numbers import exact

FORBIDDEN = "forbidden"
OLD = "older versions"
EXPOSED = "used too often"
BOUNDED = "outside the bounds of single items"
UNTIMED = "without a known time"


@dataclass(frozen=True, slots=True)
class History:
    """What was used before: in how many of ``windows`` each item was."""

    windows: int = 0
    uses: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked, and what its numbers mean.

    ``left_out`` says for each kind why items of it cannot be drawn, and how many;
    ``exposures`` is by item like ``names``.
    """

    kinds: tuple[Kind, ...]
    names: tuple[str, ...]
    questions: tuple[Question, ...]
    exposures: tuple[int, ...]
    left_out: Mapping[Kind, Mapping[str, int]]
    problem: Problem
    measures: tuple[Sum, ...]


def make_plan(
    questions: Sequence[Question],
    blueprint: Blueprint,
    forms: int,
    statistics: Statistics,
    history: History,
) -> Plan:
    """The plan for *forms* forms. Raises :class:`FormsError` for what cannot be meant.

    That is: two items of one name, a required item that is not there to be drawn, bounds on
    statistics of which nothing is known.
    """
    by_name = _by_name(questions)
    _check_known(blueprint, statistics)
    replaced, uses = _versions(blueprint, by_name, history)
    kinds = tuple(kind for kind, count in blueprint.counts.items() if count)
    left_out: dict[Kind, dict[str, int]] = {kind: {} for kind in kinds}
    drawable: list[Question] = []
    most: list[int] = []
    for name, question in sorted(by_name.items()):
        kind = (question.competence, question.level)
        if kind not in left_out:
            continue
        count = blueprint.exposure.uses_left(uses.get(name, 0), history.windows, forms)
        reason = _reason(blueprint, name, replaced, count, statistics.get(name, {}))
        if reason:
            left_out[kind][reason] = left_out[kind].get(reason, 0) + 1
        else:
            drawable.append(question)
            most.append(count)
        if name in blueprint.required and (reason or count < forms):
            raise FormsError(
                "The blueprint requires the item “{item}”, which cannot be drawn: it is among"
                " the items that are {why}.",
                item=name,
                why=reason or EXPOSED,
            )
    names = tuple(question.item.identifier for question in drawable)
    number = {name: at for at, name in enumerate(names)}
    for name in sorted(blueprint.required - set(names)):
        raise FormsError(
            "The blueprint requires the item “{item}”, which is not in the bank, or of a kind"
            " that the blueprint does not count.",
            item=name,
        )
    cells: dict[Kind, list[int]] = {kind: [] for kind in kinds}
    for at, question in enumerate(drawable):
        cells[question.competence, question.level].append(at)
    groups = (
        frozenset(number[name] for name in group if name in number) for group in blueprint.enemies
    )
    problem = Problem(
        tuple(tuple(cells[kind]) for kind in kinds),
        tuple(blueprint.counts[kind] for kind in kinds),
        tuple(most),
        tuple(group for group in groups if len(group) > 1),
        frozenset(number[name] for name in blueprint.required),
        forms,
        blueprint.overlap,
        tuple(
            sums(
                blueprint,
                drawable,
                [points_of(blueprint, question) for question in drawable],
                statistics,
            )
        ),
    )
    return Plan(
        kinds,
        names,
        tuple(drawable),
        tuple(uses.get(name, 0) for name in names),
        left_out,
        problem,
        tuple(_measures(blueprint, drawable, statistics)),
    )


def weight_of(blueprint: Blueprint, question: Question) -> str:
    """The weight that the blueprint gives to an item of this kind."""
    return blueprint.weights.get((question.competence, question.level), "1")


def _by_name(questions: Iterable[Question]) -> dict[str, Question]:
    found: dict[str, Question] = {}
    for question in questions:
        name = question.item.identifier
        if name in found:
            raise FormsError("Two items of the bank are named “{item}”; rename one.", item=name)
        found[name] = question
    return found


def _check_known(blueprint: Blueprint, statistics: Statistics) -> None:
    for name in sorted({*blueprint.items, *blueprint.form} - {POINTS}):
        if not any(name in known for known in statistics.values()):
            raise FormsError(
                "The blueprint bounds “{name}”, and it is known of no item; give a table of"
                " statistics, or remove the bound.",
                name=name,
            )


def _versions(
    blueprint: Blueprint, by_name: Mapping[str, Question], history: History
) -> tuple[set[str], dict[str, int]]:
    """The items that a newer version replaces, and each item's uses under all its names."""
    replaced: set[str] = set()
    uses = dict(history.uses)
    for chain in blueprint.versions:
        here = [name for name in chain if name in by_name]
        replaced.update(here[:-1])
        together = sum(history.uses.get(name, 0) for name in chain)
        uses |= dict.fromkeys(chain, together)
    return replaced, uses


def _reason(
    blueprint: Blueprint,
    name: str,
    replaced: set[str],
    uses_left: int,
    known: Mapping[str, Fraction],
) -> str:
    """Why an item cannot be drawn, or nothing."""
    if name in blueprint.forbidden:
        return FORBIDDEN
    if name in replaced:
        return OLD
    if not uses_left:
        return EXPOSED
    if any(
        what in known and not bound.holds(known[what]) for what, bound in blueprint.items.items()
    ):
        return BOUNDED
    if TIME in blueprint.form and TIME not in known:
        return UNTIMED
    return ""


def points_of(blueprint: Blueprint, question: Question) -> Fraction:
    """The most points the item can give in a form, its weight applied."""
    return exact(weight_of(blueprint, question)) * exact(question.key.max_score)


def sums(
    blueprint: Blueprint,
    drawable: Sequence[Question],
    points: Sequence[Fraction],
    statistics: Statistics,
) -> Iterable[Sum]:
    """What *blueprint* bounds over a form of questions that give so many *points* each."""
    for (competence, level), bound in blueprint.points.items():
        values = [
            worth
            if question.competence == competence and level in (ALL_LEVELS, question.level)
            else Fraction(0)
            for question, worth in zip(drawable, points, strict=True)
        ]
        where = f"competence “{competence}”"
        if level != ALL_LEVELS:
            where += f" at level “{level}”"
        yield _sum(f"the points of {where}", values, bound)
    known = [statistics.get(question.item.identifier, {}) for question in drawable]
    for name, bound in blueprint.form.items():
        if name == POINTS:
            yield _sum("the points of the form", points, bound)
        elif name == TIME:
            times = [each.get(TIME, Fraction(0)) for each in known]
            yield _sum("the seconds that the items take", times, bound)
        else:
            # The mean of what is known lies above a bound when the deviations from it do.
            above = [each[name] - bound.low if name in each else Fraction(0) for each in known]
            below = [each[name] - bound.high if name in each else Fraction(0) for each in known]
            zero = Fraction(0)
            yield _sum(f"the mean {name} of at least {_said(bound.low)}", above, low=zero)
            yield _sum(f"the mean {name} of at most {_said(bound.high)}", below, high=zero)


def _measures(
    blueprint: Blueprint, drawable: Sequence[Question], statistics: Statistics
) -> Iterable[Sum]:
    """What parallel forms are made alike in: points and what is known of every item."""
    yield _sum(POINTS, [points_of(blueprint, question) for question in drawable])
    known = [statistics.get(question.item.identifier, {}) for question in drawable]
    for name in ("facility", TIME):
        if drawable and all(name in each for each in known):
            yield _sum(name, [each[name] for each in known])


def _sum(
    name: str,
    values: Sequence[Fraction],
    bound: Range | None = None,
    *,
    low: Fraction | None = None,
    high: Fraction | None = None,
) -> Sum:
    """*values* as whole numbers, with their bounds."""
    scale = lcm(*(value.denominator for value in values)) if values else 1
    if bound is not None:
        low, high = bound.low, bound.high
    # Sums are whole after scaling, so a bound between two wholes is one of them.
    return Sum(
        name,
        tuple(int(value * scale) for value in values),
        None if low is None else -((-low * scale).__floor__()),
        None if high is None else (high * scale).__floor__(),
        scale if bound is not None else 0,
    )


def _said(value: Fraction) -> str:
    return str(Range(value, value))
