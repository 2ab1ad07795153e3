"""Making a selection better by swapping items within their cells.

A swap keeps every count; it is made only when enemies, uses, overlap and required items
stay kept and the *penalty* of the form becomes less. So sums come within their bounds
quickly where an exact search would wander, and parallel forms become alike. What this
does not reach is not proven to be out of reach.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from exam_packages.forms.lots import Lots
from exam_packages.forms.problem import Problem, Selection, Sum

PATIENCE: Final = 400
"""Items looked at in a row without a gain, before a form is left as it is."""
LOOKED_AT: Final = 48
"""Items that may take the place of one, looked at together; the best of them is taken."""

_UNIT: Final = 1_000_000


def within_bounds(problem: Problem, selection: Selection, lots: Lots) -> Selection:
    """*selection* with each form's sums brought within their bounds, or nearer to them."""
    weights = [_UNIT // max(1, _spread(each)) + 1 for each in problem.sums]

    def penalty(totals: list[int]) -> int:
        gaps = (each.gap(total) for each, total in zip(problem.sums, totals, strict=True))
        return sum(gap * weight for gap, weight in zip(gaps, weights, strict=True))

    swaps = _Swaps(problem, selection, list(problem.sums), lots)
    for form in range(problem.forms):
        swaps.improve(form, penalty, "bounds")
    return swaps.selection()


def balanced(
    problem: Problem, selection: Selection, measures: tuple[Sum, ...], lots: Lots
) -> Selection:
    """*selection* with the *measures* of its forms brought nearer to their common mean.

    Bounds that are kept stay kept.
    """
    if problem.forms == 1 or not measures:
        return selection
    sums = [*problem.sums, *measures]
    bounds = len(problem.sums)
    count = problem.forms
    wholes = [sum(each.of(items) for items in selection) for each in measures]
    weights = [_UNIT // max(1, _spread(each)) + 1 for each in measures]

    def penalty(totals: list[int]) -> int:
        if any(each.gap(total) for each, total in zip(problem.sums, totals, strict=False)):
            return _UNIT * _UNIT * _UNIT
        return sum(
            abs(count * total - whole) * weight
            for total, whole, weight in zip(totals[bounds:], wholes, weights, strict=True)
        )

    swaps = _Swaps(problem, selection, sums, lots)
    for form in range(count):
        swaps.improve(form, penalty, "balance")
    return swaps.selection()


def _spread(each: Sum) -> int:
    return max(each.worth, default=0) - min(each.worth, default=0)


class _Swaps:
    """A selection while it is changed."""

    def __init__(self, problem: Problem, selection: Selection, sums: list[Sum], lots: Lots) -> None:
        self._problem = problem
        self._sums = sums
        self._lots = lots
        self._forms = [set(items) for items in selection]
        self._used: dict[int, int] = {}
        for items in selection:
            for item in items:
                self._used[item] = self._used.get(item, 0) + 1

    def selection(self) -> Selection:
        return tuple(frozenset(items) for items in self._forms)

    def improve(self, form: int, penalty: Callable[[list[int]], int], name: str) -> None:
        """Swap in *form* until nothing is gained for a while, or nothing is left to gain."""
        problem, items = self._problem, self._forms[form]
        totals = [sum(each.worth[item] for item in items) for each in self._sums]
        now, idle, draws = penalty(totals), 0, 0
        movable = sorted(items - problem.required)
        where = f"{name}/{form}"
        while now and idle < PATIENCE and movable:
            at = self._lots.number(where, draws) % len(movable)
            first = self._lots.number(where, draws + 1)
            draws += 2
            old = movable[at]
            cell = problem.cells[problem.cell_of[old]]
            best, best_totals, best_item = now, totals, old
            for step in range(min(LOOKED_AT, len(cell))):
                new = cell[(first + step) % len(cell)]
                if new in items or self._used.get(new, 0) >= problem.uses[new]:
                    continue
                changed = [
                    total - each.worth[old] + each.worth[new]
                    for total, each in zip(totals, self._sums, strict=True)
                ]
                then = penalty(changed)
                if then < best and self._fits(form, old, new):
                    best, best_totals, best_item = then, changed, new
            if best_item == old:
                idle += 1
                continue
            idle, now, totals = 0, best, best_totals
            movable[at] = best_item
            items.remove(old)
            items.add(best_item)
            self._used[old] -= 1
            self._used[best_item] = self._used.get(best_item, 0) + 1

    def _fits(self, form: int, old: int, new: int) -> bool:
        """Whether *new* may stand in *form* in the place of *old*."""
        problem = self._problem
        rest = self._forms[form] - {old}
        if any(
            not rest.isdisjoint(problem.groups[group]) for group in problem.groups_of.get(new, ())
        ):
            return False
        return all(
            len((rest & other) - problem.required) < problem.overlap
            for at, other in enumerate(self._forms)
            if at != form and new in other
        )
