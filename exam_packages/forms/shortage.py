"""Why there is no form: the constraint that cannot be met, in sentences.

From what is plain to what is not: a kind with too few items, enemies that leave too few,
forms that must share more than they may, a sum that is out of reach. Where only several
constraints together forbid a form, those are named without which there would be one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import comb

from exam_packages.blueprint import Kind
from exam_packages.forms.choose import Undecided, choose
from exam_packages.forms.lots import Lots
from exam_packages.forms.plan import Plan
from exam_packages.forms.problem import Problem, Sum
from exam_packages.forms.search import matched, uses_together
from exam_packages.rules.numbers import written

_STEPS = 20_000
_NAMED = 6
"""Items named in one sentence at most."""


def why_none(plan: Plan) -> str:
    """Why *plan* has no selection, in one or more sentences."""
    for look in (_required, _few, _enemies, _sharing, _reach):
        found = list(look(plan))
        if found:
            return " ".join(found)
    return _together(plan)


def kind_words(kind: Kind) -> str:
    competence, level = (part or "unclassified" for part in kind)
    return f"competence “{competence}” at level “{level}”"


def _required(plan: Plan) -> Iterator[str]:
    problem = plan.problem
    for group in problem.groups:
        both = sorted(plan.names[item] for item in group & problem.required)
        if len(both) > 1:
            yield f"Required items are enemies of each other: {_list(both)}."
    for kind, cell, need in zip(plan.kinds, problem.cells, problem.needs, strict=True):
        there = problem.required.intersection(cell)
        if len(there) > need:
            yield (
                f"{len(there)} items of {kind_words(kind)} are required, and the blueprint"
                f" counts {need}."
            )


def _few(plan: Plan) -> Iterator[str]:
    problem = plan.problem
    uses = uses_together(problem)
    for kind, cell, need in zip(plan.kinds, problem.cells, problem.needs, strict=True):
        most = sum(min(uses[item], problem.forms) for item in cell)
        if len(cell) < need or most < need * problem.forms:
            words = f"{_upper(kind_words(kind))} has {_items(len(cell))} left"
            words += f"{_left_out(plan, kind)}, {need} are needed"
            if problem.forms > 1:
                words += f" for each of {problem.forms} forms"
                if len(cell) >= need:
                    shared = problem.overlap or "no"
                    words += (
                        f", of which two may share {shared} items: {need * problem.forms} uses,"
                        f" and exposure and overlap allow {most}"
                    )
            yield words + _enemies_among(plan, cell) + "."


def _enemies(plan: Plan) -> Iterator[str]:
    problem = plan.problem
    everything = {item for item in problem.cell_of if problem.uses[item]}
    everything -= {
        enemy
        for item in problem.required
        for group in problem.groups_of.get(item, ())
        for enemy in problem.groups[group] - {item}
    }
    short: dict[int, int] = {}
    for number, (cell, need) in enumerate(zip(problem.cells, problem.needs, strict=True)):
        alone = sum(item in everything and item not in problem.groups_of for item in cell)
        if need > alone:
            short[number] = need - alone
    competing = matched(problem, everything, short)
    if competing is None:
        return
    items = [item for cell in competing for item in problem.cells[cell] if item in everything]
    groups = {problem.groups_of[item][0] for item in items if item in problem.groups_of}
    alone = sum(item not in problem.groups_of for item in items)
    kinds = " and ".join(kind_words(plan.kinds[cell]) for cell in sorted(competing))
    need = sum(problem.needs[cell] for cell in competing)
    if len(competing) == 1:
        (only,) = competing
        left = f"has {_items(len(items))} left{_left_out(plan, plan.kinds[only])}"
    else:
        left = f"together have {_items(len(items))} left"
    yield (
        f"{_upper(kinds)} {left}, {need} are needed, and enemies leave"
        f" at most {alone + len(groups)} that can stand together{_enemies_among(plan, items)}."
    )


def _left_out(plan: Plan, kind: Kind) -> str:
    """Why items of *kind* cannot be drawn, in brackets, or nothing."""
    reasons = [f"{count} {reason}" for reason, count in plan.left_out[kind].items()]
    return f" (left out: {', '.join(reasons)})" if reasons else ""


def _sharing(plan: Plan) -> Iterator[str]:
    """Fewer items than uses: some are in several forms, and pairs of forms share them."""
    problem = plan.problem
    shared = 0
    for cell, need in zip(problem.cells, problem.needs, strict=True):
        free = [item for item in cell if item not in problem.required]
        uses = (need - len(cell) + len(free)) * problem.forms
        if free and uses > 0:
            each, more = divmod(uses, len(free))
            shared += more * comb(each + 1, 2) + (len(free) - more) * comb(each, 2)
    pairs = comb(problem.forms, 2)
    if shared > pairs * problem.overlap:
        yield (
            f"With {_items(len(plan.names))} for {problem.forms} forms, two forms share"
            f" {written(Fraction(round(Fraction(shared * 10, pairs)), 10))} on average at best,"
            f" and at most {problem.overlap} are allowed."
        )


def _reach(plan: Plan) -> Iterator[str]:
    problem = plan.problem
    for each in problem.sums:
        least = most = 0
        for cell, need in zip(problem.cells, problem.needs, strict=True):
            ranked = sorted(each.worth[item] for item in cell)
            least += sum(ranked[:need])
            most += sum(ranked[len(ranked) - need :])
        if (each.low is not None and most < each.low) or (
            each.high is not None and least > each.high
        ):
            yield _out_of_reach(each, least, most)


def _out_of_reach(each: Sum, least: int, most: int) -> str:
    if not each.scale:
        return f"{_upper(each.name)} cannot be reached with the items that are left."
    possible = " to ".join(written(Fraction(end, each.scale)) for end in (least, most))
    asked = " to ".join(
        written(Fraction(end, each.scale)) for end in (each.low, each.high) if end is not None
    )
    return (
        f"{_upper(each.name)} can be from {possible} with the items that are left, and"
        f" the blueprint asks for {asked}."
    )


def _together(plan: Plan) -> str:
    """Constraints that hold alone, and not together."""
    problem = plan.problem
    without: list[tuple[str, Problem]] = []
    if problem.groups:
        without.append(("the enemies", replace(problem, groups=())))
    if problem.required:
        without.append(("the required items", replace(problem, required=frozenset())))
    if problem.forms > 1:
        loose = replace(problem, overlap=sum(problem.needs))
        without.append((f"the overlap of at most {problem.overlap}", loose))
        free = replace(problem, uses=tuple(problem.forms for _ in problem.uses))
        without.append(("the limits of exposure", free))
    for at, each in enumerate(problem.sums):
        rest = problem.sums[:at] + problem.sums[at + 1 :]
        without.append((f"the bounds of {each.name}", replace(problem, sums=rest)))
    loosening = [words for words, loosened in without if _solvable(plan, loosened)]
    if loosening:
        return (
            "Each constraint could be kept alone, and not all together; there would be a form"
            f" without {' or without '.join(loosening)}."
        )
    return "Each constraint could be kept alone, and not all together; loosen several of them."


def _solvable(plan: Plan, problem: Problem) -> bool:
    lots = Lots(b"", "shortage")
    try:
        return choose(problem, plan.names, plan.exposures, (), lots, steps=_STEPS) is not None
    except Undecided:
        return False


def _enemies_among(plan: Plan, items: tuple[int, ...] | list[int]) -> str:
    """The enemies among *items*, as the end of a sentence."""
    groups = [
        sorted(plan.names[item] for item in group.intersection(items))
        for group in plan.problem.groups
    ]
    found = [group for group in groups if len(group) > 1]
    if not found:
        return ""
    said = "; ".join(_list(group) for group in found[:_NAMED])
    more = f"; and {len(found) - _NAMED} groups more" if len(found) > _NAMED else ""
    return f" (enemies of each other: {said}{more})"


def _list(names: list[str]) -> str:
    said = ", ".join(f"“{name}”" for name in names[:_NAMED])
    return said + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]
