"""Choosing the items of one or several forms: search, improve, and search again.

First a selection is searched that keeps everything but the sums: with a whole bank to
choose from that takes hardly any turning back. Its sums are then brought within their bounds by
swaps. Only where that fails is the exact search asked with the sums, which finds the last
possible form or proves that there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from exam_packages.forms.improve import balanced, within_bounds
from exam_packages.forms.lots import Lots
from exam_packages.forms.problem import Problem, Selection, Sum
from exam_packages.forms.search import MAX_STEPS, Order, Undecided, search

__all__ = ["MAX_STEPS", "Undecided", "choose", "order_of"]

_MOST_TICKETS: Final = 16


def choose(
    problem: Problem,
    names: Sequence[str],
    exposures: Sequence[int],
    measures: tuple[Sum, ...],
    lots: Lots,
    *,
    steps: int = MAX_STEPS,
) -> Selection | None:
    """A selection that keeps *problem*, or ``None`` when there is none.

    *names* are the items' names, which the lots go by; *exposures* how often each was used
    before: the more often, the later it comes. Several forms are made alike in *measures*.
    Raises :class:`Undecided` when *steps* did not suffice to know.
    """
    order = order_of(problem, names, exposures, lots)
    found = _without_sums(replace(problem, sums=()), order, steps)
    if found is not None and problem.sums:
        found = within_bounds(problem, found, lots)
        if not problem.kept_by(found):
            found = search(problem, order, steps=steps)
    return None if found is None else balanced(problem, found, measures, lots)


def _without_sums(problem: Problem, order: Order, steps: int) -> Selection | None:
    """A selection that keeps everything but sums.

    A quick look in random order almost always finds one. Where little is left over, items
    that have enemies are better placed first, while there is a choice of forms for them.
    """
    quick = min(steps, 1000 + 4 * problem.forms * sum(problem.needs))
    for each in (order, _enemies_first(problem, order)):
        try:
            return search(problem, each, steps=quick)
        except Undecided:
            continue
    return search(problem, order, steps=steps)


def _enemies_first(problem: Problem, order: Order) -> Order:
    def changed(form: int, used: dict[int, int]) -> list[list[int]]:
        return [
            sorted(cell, key=lambda item: -len(problem.groups_of.get(item, ())))
            for cell in order(form, used)
        ]

    return changed


def order_of(problem: Problem, names: Sequence[str], exposures: Sequence[int], lots: Lots) -> Order:
    """Random orders of the cells. Each use puts an item back by one more ticket.

    Items that no earlier form of the draw has come before those that one has. Among equals an
    item that was used u times draws u + 1 tickets and has to take the highest; items
    come in the order of their tickets. So what was not used yet tends to come first, and
    still nobody can tell which items the next form will have.
    """

    @cache
    def ticket(form: int, item: int, count: int) -> int:
        where = f"form/{form}/{names[item]}"
        return max(lots.number(where, draw) for draw in range(min(count + 1, _MOST_TICKETS)))

    def order(form: int, used: dict[int, int]) -> list[list[int]]:
        return [
            sorted(
                cell,
                key=lambda item: (
                    used.get(item, 0),
                    ticket(form, item, exposures[item]),
                    names[item],
                ),
            )
            for cell in problem.cells
        ]

    return order
