"""Operators over the items of a test: outcome processing only.

Each looks at a subset of the items that were drawn into the form, given by section and
category. All answers of a sitting are submitted together at its end, so every item of
the form has been attempted once: what QTI counts as presented are all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from exam_packages.rules.operands import (
    Here,
    ItemState,
    Operands,
    Operator,
    Settings,
    Work,
    as_number,
    result,
)
from exam_packages.rules.values import BASE_TYPES, NUMERIC, BaseType, RulesError, Value, single

_SUBSET = frozenset({"section-identifier", "include-category", "exclude-category"})


@dataclass(frozen=True, slots=True)
class _Subset:
    section: str
    include: frozenset[str]
    exclude: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> _Subset:
        return cls(
            settings.text("section-identifier"),
            frozenset(settings.text("include-category").split()),
            frozenset(settings.text("exclude-category").split()),
        )

    def items(self, here: Here) -> list[ItemState]:
        if here.items is None:
            raise RulesError("A rule asks for the items of a test where there is none.")
        return [
            each
            for each in here.items
            if (not self.section or self.section in each.sections)
            and (not self.include or self.include & each.categories)
            and not self.exclude & each.categories
        ]


def _count(holds: Callable[[ItemState], bool]) -> Operator:
    def prepare(settings: Settings) -> Work:
        subset = _Subset.of(settings)

        def count(_: Operands, here: Here) -> Value:
            return single("integer", Fraction(sum(map(holds, subset.items(here)))))

        return count

    return Operator(0, 0, prepare, _SUBSET)


def _variables(settings: Settings) -> Work:
    subset, name = _Subset.of(settings), settings.text("variable-identifier")
    weight, kind = settings.text("weight-identifier"), settings.text("base-type")
    if kind and (kind not in BASE_TYPES or (weight and kind != "float")):
        raise settings.error("base-type")
    wanted = (kind,) if kind else NUMERIC

    def variables(_: Operands, here: Here) -> Value | None:
        values: list[Value] = []
        for item in subset.items(here):
            value = item.variables.get(name)
            if value is not None and value.cardinality == "single" and value.base_type in wanted:
                values.append(weighted(value, item, weight))
        kinds = {each.base_type for each in values}
        if not values:
            return None
        made: BaseType = values[0].base_type if len(kinds) == 1 else "float"
        return Value(made, "multiple", tuple(each.members[0] for each in values))

    return variables


def weighted(value: Value, item: ItemState, weight: str) -> Value:
    """*value* by the item's weight of this name; 1 when it has none, as QTI says."""
    if not weight or value.base_type not in NUMERIC or value.cardinality != "single":
        return value
    return result("float", as_number(value.members[0]) * item.weights.get(weight, Fraction(1)))


def _bound(which: Callable[[ItemState], Mapping[str, Fraction | None]], needed: bool) -> Operator:
    def prepare(settings: Settings) -> Work:
        subset, name = _Subset.of(settings), settings.text("outcome-identifier")
        weight = settings.text("weight-identifier")

        def bound(_: Operands, here: Here) -> Value | None:
            found: list[Fraction] = []
            for item in subset.items(here):
                declared = which(item)
                if name not in declared:
                    continue
                number = declared[name]
                if number is not None:
                    value = weighted(single("float", number), item, weight)
                    found.append(as_number(value.members[0]))
                elif needed:
                    return None
            return Value("float", "multiple", tuple(found)) if found else None

        return bound

    return Operator(
        0,
        0,
        prepare,
        _SUBSET | {"outcome-identifier", "weight-identifier"},
        frozenset({"outcome-identifier"}),
    )


OPERATORS: Mapping[str, Operator] = {
    "test-variables": Operator(
        0,
        0,
        _variables,
        _SUBSET | {"variable-identifier", "weight-identifier", "base-type"},
        frozenset({"variable-identifier"}),
    ),
    "outcome-minimum": _bound(lambda item: item.minima, needed=False),
    "outcome-maximum": _bound(lambda item: item.maxima, needed=True),
    "number-correct": _count(lambda item: item.correct is True),
    "number-incorrect": _count(lambda item: item.correct is False),
    "number-responded": _count(lambda item: item.responded),
    "number-presented": _count(lambda item: True),
    "number-selected": _count(lambda item: True),
}
