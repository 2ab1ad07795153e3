"""Choosing items under constraints, as numbers: what is asked, with no word of exams.

Items are numbered from 0 and lie in cells. One or several forms are wanted; each takes
``needs[c]`` items of cell c. Everything in :mod:`search` and :mod:`improve` works on this.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Selection = tuple[frozenset[int], ...]
"""The items of each form."""


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of ``worth`` over a form's items lies from ``low`` to ``high``.

    ``None`` is no bound. Whole numbers, so that every machine adds the same: ``scale`` is
    what 1 was multiplied with, and 0 where the sum itself says nothing to people.
    """

    name: str
    worth: tuple[int, ...]
    low: int | None
    high: int | None
    scale: int = 0

    def of(self, items: frozenset[int]) -> int:
        return sum(self.worth[item] for item in items)

    def gap(self, total: int) -> int:
        """By how much *total* misses the bounds; 0 when it keeps them."""
        if self.low is not None and total < self.low:
            return self.low - total
        if self.high is not None and total > self.high:
            return total - self.high
        return 0


@dataclass(frozen=True, slots=True)
class Problem:
    """What is asked.

    ``groups`` are enemies: a form has at most one item of each. ``required`` items are in
    every form. Item i may be in at most ``uses[i]`` of the forms. Two forms share at most
    ``overlap`` items beside the required ones.
    """

    cells: tuple[tuple[int, ...], ...]
    needs: tuple[int, ...]
    uses: tuple[int, ...]
    groups: tuple[frozenset[int], ...] = ()
    required: frozenset[int] = frozenset()
    forms: int = 1
    overlap: int = 0
    sums: tuple[Sum, ...] = ()
    cell_of: dict[int, int] = field(init=False, compare=False)
    groups_of: dict[int, tuple[int, ...]] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self,
            "cell_of",
            {item: cell for cell, items in enumerate(self.cells) for item in items},
        )
        found: dict[int, list[int]] = {}
        for number, group in enumerate(self.groups):
            for item in group:
                found.setdefault(item, []).append(number)
        object.__setattr__(
            self, "groups_of", {item: tuple(numbers) for item, numbers in found.items()}
        )

    def kept_by(self, selection: Selection) -> bool:
        """Whether *selection* is an answer: every constraint, looked at one by one."""
        counted: dict[int, int] = {}
        for items in selection:
            for item in items:
                counted[item] = counted.get(item, 0) + 1
        return (
            len(selection) == self.forms
            and all(self._kept_by_one(items) for items in selection)
            and all(count <= self.uses[item] for item, count in counted.items())
            and all(
                len((one & other) - self.required) <= self.overlap
                for at, one in enumerate(selection)
                for other in selection[:at]
            )
        )

    def _kept_by_one(self, items: frozenset[int]) -> bool:
        return (
            items <= self.cell_of.keys()
            and items >= self.required
            and all(
                len(items.intersection(cell)) == need
                for cell, need in zip(self.cells, self.needs, strict=True)
            )
            and all(len(items & group) <= 1 for group in self.groups)
            and all(each.gap(each.of(items)) == 0 for each in self.sums)
        )
