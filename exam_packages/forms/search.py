"""An exact search for a selection: it finds one if there is one, or proves there is none.

Depth-first, form after form. At each step the cell with the least room left takes its
next item, in the random order it was given; the other branch is the same form *without*
that item, so each set is looked at once. What cannot lead anywhere is cut off early: a
cell with too few items, cells that compete for too few enemies (a matching), a sum whose
bounds are out of reach, later forms that would find too little left.

Choosing items under such constraints is hard in general (enemies alone are the independent
set problem), so the work is bounded in *steps*, which are the same on every machine, never
in time: :class:`Undecided` says that the bound was reached and nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

from exam_packages.forms.problem import Problem, Selection

MAX_STEPS: Final = 50_000
"""Steps of one search: some twenty seconds at worst, of a bank that is mostly enemies. A form
of 120 items without conflicts takes 120."""

Order = Callable[[int, dict[int, int]], list[list[int]]]
"""``order(form, used)``: the items of each cell in the order to try for that form; *used*
says in how many earlier forms of this draw an item is."""


class Undecided(Exception):
    """The bound on steps was reached."""


def search(problem: Problem, order: Order, *, steps: int = MAX_STEPS) -> Selection | None:
    """A selection that keeps *problem*, or ``None`` when there is none.

    Raises :class:`Undecided` after *steps* steps.
    """
    return _Search(problem, order, steps).run()


class _Search:
    """The state of the form being filled, and a trail to take back what was done."""

    def __init__(self, problem: Problem, order: Order, steps: int) -> None:
        self._problem = problem
        self._order = order
        self._steps = steps
        self._uses = uses_together(problem)
        self._used: dict[int, int] = {}
        self._chosen: list[set[int]] = []
        self._trail: list[tuple[str, int]] = []
        self._here = _Form(problem, set(), [])
        self._before: list[_Form] = []
        # Each sum's items of each cell from the least to the most worth.
        self._ranked = [
            [sorted(cell, key=lambda item: (each.worth[item], item)) for cell in problem.cells]
            for each in problem.sums
        ]

    def run(self) -> Selection | None:
        # A frame is a decision that can still be turned round: how long the trail was, and
        # which item was taken.
        frames: list[tuple[int, int]] = []
        good = self._open()
        while True:
            if good and not any(self._here.needs):
                if len(self._chosen) == self._problem.forms:
                    return tuple(frozenset(items) for items in self._chosen)
                good = self._open()
                continue
            self._steps -= 1
            if self._steps < 0:
                raise Undecided
            if good:
                item = self._here.next()
                frames.append((len(self._trail), item))
                good = self._include(item) and self._possible()
                continue
            while not good:
                if not frames:
                    return None
                mark, item = frames.pop()
                self._undo(mark)
                self._exclude(item)
                good = self._possible()

    def _open(self) -> bool:
        """Begin the next form; false when it cannot be filled."""
        problem = self._problem
        self._steps -= len(problem.cell_of) // _ITEMS_A_STEP
        if not self._rest_suffices():
            return False
        if self._chosen:
            self._before.append(self._here)
            self._trail.append((_FORM, 0))
        free = {item for item in problem.cell_of if self._used.get(item, 0) < self._uses[item]}
        self._here = _Form(problem, free, self._order(len(self._chosen), self._used))
        self._chosen.append(set())
        for item in sorted(problem.required):
            if item not in free or not self._include(item):
                return False
        for earlier in range(len(self._chosen) - 1):
            self._close_overlap(earlier)
        return self._possible()

    def _include(self, item: int) -> bool:
        """Take *item* into the form; false when its cell is full."""
        problem = self._problem
        cell = problem.cell_of[item]
        if not self._here.needs[cell]:
            return False
        self._here.remove(item)
        self._trail.append((_IN, item))
        self._chosen[-1].add(item)
        self._used[item] = self._used.get(item, 0) + 1
        self._here.needs[cell] -= 1
        for group in problem.groups_of.get(item, ()):
            for enemy in problem.groups[group]:
                self._exclude(enemy)
        for earlier, items in enumerate(self._chosen[:-1]):
            if item in items:
                self._close_overlap(earlier)
        return True

    def _exclude(self, item: int) -> None:
        if item in self._here.free:
            self._here.remove(item)
            self._trail.append((_OUT, item))

    def _close_overlap(self, earlier: int) -> None:
        """Shut the rest of an *earlier* form out, once enough is shared with it."""
        others = self._chosen[earlier] - self._problem.required
        if len(others & self._chosen[-1]) >= self._problem.overlap:
            for item in sorted(others):
                self._exclude(item)

    def _undo(self, mark: int) -> None:
        """Take back everything after *mark* of the trail."""
        while len(self._trail) > mark:
            what, item = self._trail.pop()
            if what == _FORM:
                self._chosen.pop()
                self._here = self._before.pop()
                continue
            if what == _IN:
                self._chosen[-1].discard(item)
                self._used[item] -= 1
                self._here.needs[self._problem.cell_of[item]] += 1
            self._here.add(item)

    # Cutting off.

    def _possible(self) -> bool:
        """Whether nothing says yet that this leads nowhere."""
        here = self._here
        short = {
            cell: need - here.alone[cell]
            for cell, need in enumerate(here.needs)
            if need > here.alone[cell]
        }
        if short and matched(self._problem, here.free, short) is not None:
            return False
        return all(self._reaches(number) for number in range(len(self._problem.sums)))

    def _reaches(self, number: int) -> bool:
        """Whether the bounds of a sum are still within reach."""
        each, here = self._problem.sums[number], self._here
        least = most = sum(each.worth[item] for item in self._chosen[-1])
        for cell, need in enumerate(here.needs):
            if need:
                ranked = self._ranked[number][cell]
                least += here.sum_of_first(need, ranked, each.worth)
                most += here.sum_of_first(need, reversed(ranked), each.worth)
        return (each.high is None or least <= each.high) and (each.low is None or most >= each.low)

    def _rest_suffices(self) -> bool:
        """The forms that are not begun find enough uses left, cell by cell."""
        problem = self._problem
        rest = problem.forms - len(self._chosen)
        return all(
            sum(min(self._uses[item] - self._used.get(item, 0), rest) for item in items)
            >= need * rest
            for items, need in zip(problem.cells, problem.needs, strict=True)
        )


_ITEMS_A_STEP: Final = 32
"""Beginning a form looks at every item: so many are as much work as a step."""
_IN, _OUT, _FORM = "in", "out", "form"


class _Form:
    """What the form being filled still needs, and the items that it may still take."""

    def __init__(self, problem: Problem, free: set[int], order: list[list[int]]) -> None:
        self.free = free
        self.needs = list(problem.needs)
        self.count = [sum(item in free for item in cell) for cell in problem.cells]
        self.alone = [
            sum(item in free and item not in problem.groups_of for item in cell)
            for cell in problem.cells
        ]
        self._problem = problem
        self._order = order

    def add(self, item: int) -> None:
        self._change(item, 1)
        self.free.add(item)

    def remove(self, item: int) -> None:
        self._change(item, -1)
        self.free.discard(item)

    def _change(self, item: int, by: int) -> None:
        cell = self._problem.cell_of[item]
        self.count[cell] += by
        if item not in self._problem.groups_of:
            self.alone[cell] += by

    def next(self) -> int:
        """The next item of the cell with the least room left."""
        _, cell = min(
            (self.count[cell] - need, cell) for cell, need in enumerate(self.needs) if need
        )
        return next(item for item in self._order[cell] if item in self.free)

    def sum_of_first(self, need: int, ranked: Iterable[int], worth: tuple[int, ...]) -> int:
        """The worth of the first *need* free items of *ranked*."""
        return sum(worth[item] for item in islice((i for i in ranked if i in self.free), need))


def uses_together(problem: Problem) -> tuple[int, ...]:
    """In how many forms each item can be, also by the overlap that is allowed."""
    return tuple(
        uses if problem.overlap or item in problem.required else min(uses, 1)
        for item, uses in enumerate(problem.uses)
    )


def matched(problem: Problem, free: set[int], short: dict[int, int]) -> set[int] | None:
    """Whether the cells of *short* can each get so many items out of groups of enemies.

    A group gives one item at most; an item of several groups counts with its first. Gives
    ``None`` when they can, else the cells that compete for fewer groups than they need.
    """
    offers: dict[int, list[int]] = {
        cell: sorted(
            {
                problem.groups_of[item][0]
                for item in problem.cells[cell]
                if item in free and item in problem.groups_of
            }
        )
        for cell in short
    }
    owner: dict[int, int] = {}
    for cell, need in sorted(short.items()):
        for _ in range(need):
            competing = _augment(cell, offers, owner)
            if competing is not None:
                return competing
    return None


def _augment(cell: int, offers: dict[int, list[int]], owner: dict[int, int]) -> set[int] | None:
    """Give *cell* one group more, others changing theirs; else the cells that compete."""
    asked_by: dict[int, int] = {}
    gives_up: dict[int, int] = {}  # a cell, and the group of its own that was asked for
    waiting = [cell]
    for asking in waiting:
        for group in offers[asking]:
            if group in asked_by:
                continue
            asked_by[group] = asking
            if group in owner:
                holder = owner[group]
                if holder != cell and holder not in gives_up:
                    gives_up[holder] = group
                    waiting.append(holder)
                continue
            while True:
                taker = asked_by[group]
                owner[group] = taker
                if taker == cell:
                    return None
                group = gives_up[taker]
    return set(waiting)
