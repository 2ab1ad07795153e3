"""Forms of one draw side by side, as a table for the terminal. No seed, no answers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exam_packages.blueprint import DISCRIMINATION, FACILITY, TIME
from exam_packages.forms.form import DrawnForm
from exam_packages.forms.statistics import Statistics
from exam_packages.rules.numbers import exact, written


def overview(forms: Sequence[DrawnForm], statistics: Statistics) -> str:
    """Items, points and what is known of each form; the items that each two share."""
    rows: list[tuple[str, ...]] = [
        ("", "Form", "Items", "Points", "Facility", "Discrimination", "Minutes")
    ]
    rows += [(f"{number}", *_row(form, statistics)) for number, form in enumerate(forms, start=1)]
    lines = _columns(rows, numbers_from=2)
    if len(forms) > 1:
        sets = [set(form.items) for form in forms]
        head: tuple[str, ...] = ("", *(f"{number}" for number in range(1, len(forms))))
        table = [head]
        for at in range(1, len(sets)):
            shared = [f"{len(sets[at] & sets[before])}" for before in range(at)]
            table.append((f"{at + 1}", *shared, *([""] * (len(sets) - 1 - at))))
        lines += ["", "Items that two forms share:", *_columns(table, numbers_from=1)]
    return "\n".join(lines) + "\n"


def _row(form: DrawnForm, statistics: Statistics) -> tuple[str, ...]:
    points = sum(
        (exact(entry.weight) * exact(entry.key.max_score) for entry in form.key.entries),
        Fraction(0),
    )
    known = [statistics.get(name, {}) for name in form.items]
    times = [each[TIME] for each in known if TIME in each]
    minutes = f"{float(sum(times, Fraction(0)) / 60):.1f}" if len(times) == len(known) else "–"
    return (
        form.paper.form,
        f"{len(form.items)}",
        written(points),
        _mean([each[FACILITY] for each in known if FACILITY in each]),
        _mean([each[DISCRIMINATION] for each in known if DISCRIMINATION in each]),
        minutes,
    )


def _mean(values: Sequence[Fraction]) -> str:
    return f"{float(sum(values, Fraction(0)) / len(values)):.3f}" if values else "–"


def _columns(rows: Sequence[tuple[str, ...]], *, numbers_from: int) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if at >= numbers_from else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
