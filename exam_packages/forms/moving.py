"""How candidates move through a form: its limits, session control and breaks, from the test as
it is written and from its blueprint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exam_packages.assessment import PartPlan, SectionPlan, SessionControl, Test, TimeLimits
from exam_packages.blueprint import Blueprint
from exam_packages.content.moving import NO_LEAVE, Break, Control, Leave, Limit, Moving
from exam_packages.content.paper import TestPart
from exam_packages.errors import ExamError


class MovingError(ExamError):
    """A test and its blueprint do not fit together in how the form is sat."""


def moving_of(test: Test, parts: Sequence[TestPart]) -> Moving:
    """What *test* says of a form of it that has the *parts*.

    Raises :class:`MovingError` for a break that cannot be where it is asked for.
    """
    drawn = tuple(item.identifier for part in parts for s in part.sections for item in s.items)
    limits = tuple(limit for plan in test.parts for limit in _of_part(plan, drawn))
    blueprint = test.blueprint
    return Moving(
        test.least_s,
        limits,
        tuple(_controls(test, drawn)),
        tuple(_breaks(test, blueprint, drawn)) if blueprint is not None else (),
        _leave(blueprint),
    )


def _of_part(plan: PartPlan, drawn: Sequence[str]) -> Iterator[Limit]:
    names = {name for section in plan.sections for name in _names(section)}
    yield from _limit(f"part/{plan.identifier}", "", names, plan.limits, drawn)
    for section in plan.sections:
        yield from _of_section(section, drawn)


def _of_section(plan: SectionPlan, drawn: Sequence[str]) -> Iterator[Limit]:
    scope = f"section/{plan.identifier}"
    yield from _limit(scope, plan.title, set(_names(plan)), plan.limits, drawn)
    for member in plan.members:
        if isinstance(member, SectionPlan):
            yield from _of_section(member, drawn)
        else:
            name = member.question.item.identifier
            yield from _limit(f"item/{name}", "", {name}, member.limits, drawn)


def _limit(
    scope: str, title: str, names: set[str], limits: TimeLimits, drawn: Sequence[str]
) -> Iterator[Limit]:
    items = tuple(name for name in drawn if name in names)
    if items and limits != TimeLimits():
        yield Limit(scope, title, items, limits.min_s, limits.max_s)


def _controls(test: Test, drawn: Sequence[str]) -> Iterator[Control]:
    found: dict[tuple[bool, SessionControl], list[str]] = {}
    said = {
        reference.question.item.identifier: (part.individual, reference.control)
        for part in test.parts
        for section in part.sections
        for reference in section.references()
    }
    for name in drawn:
        if said[name] != (False, SessionControl()):
            found.setdefault(said[name], []).append(name)
    for (individual, control), names in found.items():
        yield Control(
            tuple(names),
            individual,
            control.attempts,
            control.skipping,
            control.review,
            control.valid,
        )


def _breaks(test: Test, blueprint: Blueprint, drawn: Sequence[str]) -> Iterator[Break]:
    ends: dict[str, int] = {}
    for part in test.parts:
        for section in part.sections:
            inside = set(_names(section))
            last = max((at for at, name in enumerate(drawn) if name in inside), default=-1)
            ends[section.identifier] = last
            ends[part.identifier] = max(last, ends.get(part.identifier, -1))
    for each in sorted(blueprint.breaks, key=lambda each: ends.get(each.after, -1)):
        if not 0 <= ends.get(each.after, -1) < len(drawn) - 1:
            raise MovingError(
                "The blueprint has a break after “{name}”, which is no part or section of the"
                " test “{test}” that something follows.",
                name=each.after,
                test=test.identifier,
            )
        yield Break(drawn[ends[each.after]], each.minutes * 60, each.stopped, each.identity)


def _leave(blueprint: Blueprint | None) -> Leave:
    if blueprint is None or blueprint.leave is None:
        return NO_LEAVE
    leave = blueprint.leave
    return Leave(leave.times, leave.minutes * 60, leave.identity)


def _names(plan: SectionPlan) -> Iterator[str]:
    return (reference.question.item.identifier for reference in plan.references())
