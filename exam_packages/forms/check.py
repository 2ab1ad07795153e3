"""A form held against its blueprint, in sentences. The blueprint's author reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from exam_packages.blueprint import ALL_LEVELS, POINTS, TIME, Blueprint, Range
from exam_packages.content.items import Item
from exam_packages.forms.form import DrawnForm
from exam_packages.forms.statistics import Statistics
from exam_packages.rules.key import Entry, ItemKey
from exam_packages.rules.numbers import exact, written
from exam_packages.rules.right import falls_short


def check(blueprint: Blueprint, form: DrawnForm, statistics: Statistics | None = None) -> list[str]:
    """What is wrong with *form* by its *blueprint*, in sentences; none is good."""
    problems = check_entries(blueprint, form.key.entries, statistics or {})
    best = sum(map(_points, form.key.entries), Fraction(0))
    if exact(blueprint.cut_score) > best:
        problems.append(
            f"The cut score is {blueprint.cut_score}, and nobody can reach more than"
            f" {written(best)} points."
        )
    for entry in form.key.entries:
        problems.extend(_check_key(form.items[entry.key.item], entry.key))
    return problems


def check_entries(
    blueprint: Blueprint, entries: Sequence[Entry], statistics: Statistics
) -> list[str]:
    """What is wrong with a choice of items, whatever is in them."""
    return [
        *_counts(blueprint, entries),
        *_weights(blueprint, entries),
        *_points_of_kinds(blueprint, entries),
        *_names(blueprint, {entry.key.item for entry in entries}),
        *_statistics(blueprint, entries, statistics),
    ]


def _points(entry: Entry) -> Fraction:
    return exact(entry.weight) * exact(entry.key.max_score)


def _counts(blueprint: Blueprint, entries: Sequence[Entry]) -> list[str]:
    problems = []
    have = Counter((entry.competence, entry.level) for entry in entries)
    for kind in sorted(set(have) | set(blueprint.counts)):
        wanted = blueprint.counts.get(kind, 0)
        if have[kind] != wanted:
            competence, level = (part or "unclassified" for part in kind)
            problems.append(
                f"The blueprint asks for {wanted} of competence “{competence}” at level"
                f" “{level}”; the form has {have[kind]}."
            )
    return problems


def _weights(blueprint: Blueprint, entries: Sequence[Entry]) -> list[str]:
    return [
        f"The item “{entry.key.item}” has the weight {entry.weight}; the blueprint gives"
        f" {wanted} to its kind."
        for entry in entries
        if (wanted := blueprint.weights.get((entry.competence, entry.level)))
        and exact(wanted) != exact(entry.weight)
    ]


def _points_of_kinds(blueprint: Blueprint, entries: Sequence[Entry]) -> list[str]:
    problems = []
    for (competence, level), bound in blueprint.points.items():
        found = sum(
            (
                _points(entry)
                for entry in entries
                if entry.competence == competence and level in (ALL_LEVELS, entry.level)
            ),
            Fraction(0),
        )
        if not bound.holds(found):
            where = "" if level == ALL_LEVELS else f" at level “{level}”"
            problems.append(
                f"The blueprint asks for {bound} points of competence “{competence}”{where};"
                f" the form has {written(found)}."
            )
    return problems


def _names(blueprint: Blueprint, have: set[str]) -> list[str]:
    problems = [
        f"The items {_list(group & have)} are enemies, and the form has them together."
        for group in blueprint.enemies
        if len(group & have) > 1
    ]
    problems += [
        f"The form has several versions of one item: {_list(have.intersection(chain))}."
        for chain in blueprint.versions
        if len(have.intersection(chain)) > 1
    ]
    if blueprint.required - have:
        problems.append(f"The form lacks required items: {_list(blueprint.required - have)}.")
    if blueprint.forbidden & have:
        problems.append(f"The form has forbidden items: {_list(blueprint.forbidden & have)}.")
    return problems


def _statistics(
    blueprint: Blueprint, entries: Sequence[Entry], statistics: Statistics
) -> list[str]:
    known = {entry.key.item: statistics.get(entry.key.item, {}) for entry in entries}
    problems = [
        f"The {what} of the item “{item}” is {_said(values[what])}; the blueprint asks for {bound}."
        for item, values in known.items()
        for what, bound in blueprint.items.items()
        if what in values and not bound.holds(values[what])
    ]
    for what, bound in blueprint.form.items():
        if what == POINTS:
            problems += _whole("points", sum(map(_points, entries), Fraction(0)), bound)
            continue
        values = [each[what] for each in known.values() if what in each]
        if what == TIME and len(values) < len(known):
            missing = {item for item, each in known.items() if what not in each}
            problems.append(f"The time is not known of the items {_list(missing)}.")
        elif what == TIME:
            problems += _whole("seconds", sum(values, Fraction(0)), bound)
        elif values:
            problems += _whole(f"mean {what}", sum(values, Fraction(0)) / len(values), bound)
    return problems


def _whole(what: str, found: Fraction, bound: Range) -> list[str]:
    if bound.holds(found):
        return []
    return [f"The blueprint asks for {bound} {what} in the form; it has {_said(found)}."]


def _check_key(item: Item, key: ItemKey) -> list[str]:
    """Whether the answer that the author calls correct has the full score."""
    if (result := falls_short(item, key)) is None:
        return []
    got = "cannot be scored" if result.score is None else f"scores {written(result.score)}"
    return [f"The correct answer of the item “{item.identifier}” {got}, not {key.max_score}."]


def _list(names: set[str] | frozenset[str]) -> str:
    return ", ".join(f"“{name}”" for name in sorted(names))


def _said(value: Fraction) -> str:
    """*value* in at most four decimals, for people."""
    return written(Fraction(round(value * 10_000), 10_000))
