"""What a batch says about the form: the spread of scores, and how each item did.

Facility is the mean share of an item's points. Discrimination is the correlation of an
item's points with the points on all *other* items (for right-or-wrong items the corrected
point-biserial; an item is never correlated with itself). With few attempts it says more
about chance than about the item, so below :data:`LEAST_ATTEMPTS` it is not given.

While answers to an item still wait for a person it has neither: what rules could score of
it are the blanks.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from exam_packages.rules.numbers import exact
from scoring.score import ScoredAttempt, ScoringForm, Standing

__all__ = ["LEAST_ATTEMPTS", "FormFigures", "ItemFigures", "figures"]

LEAST_ATTEMPTS: Final = 30
"""Attempts below which no discrimination is given."""
BARS: Final = 40
"""Bars of the distribution of scores at most: one for each point where that is enough."""


@dataclass(frozen=True)
class ItemFigures:
    """One item over the batch; ``scored`` attempts had points by rule, ``pending`` wait.

    ``facility`` is from 0 to 1; None, like ``discrimination``, where it cannot be told.
    """

    item: str
    competence: str
    max_score: Fraction
    answered: int
    scored: int
    pending: int
    facility: float | None
    discrimination: float | None


@dataclass(frozen=True)
class Bar:
    """How many attempts have at least ``low`` and less than ``high`` points (the last bar
    includes its upper end)."""

    low: Fraction
    high: Fraction
    count: int


@dataclass(frozen=True)
class FormFigures:
    """A batch of one form. ``counted`` attempts are those not held."""

    attempts: int
    counted: int
    standings: dict[Standing, int]
    max_score: Fraction
    cut_score: Fraction
    mean: float | None
    deviation: float | None
    bars: tuple[Bar, ...]
    items: tuple[ItemFigures, ...]


def figures(form: ScoringForm, scored: Sequence[ScoredAttempt]) -> FormFigures:
    """The figures of a batch. Held attempts are counted, but no score of theirs is used."""
    counted = [attempt for attempt in scored if attempt.standing is not Standing.HELD]
    points = [attempt.total.score for attempt in counted if attempt.total is not None]
    most = sum(
        (exact(entry.weight) * exact(entry.key.max_score) for entry in form.key.entries),
        Fraction(0),
    )
    values = [float(each) for each in points]
    return FormFigures(
        attempts=len(scored),
        counted=len(counted),
        standings={each: sum(one.standing is each for one in scored) for each in Standing},
        max_score=most,
        cut_score=exact(form.key.cut_score),
        mean=statistics.fmean(values) if values else None,
        deviation=statistics.stdev(values) if len(values) > 1 else None,
        bars=_bars(points, most),
        items=tuple(_item(form, at, counted) for at in range(len(form.key.entries))),
    )


def _item(form: ScoringForm, at: int, attempts: Sequence[ScoredAttempt]) -> ItemFigures:
    entry = form.key.entries[at]
    most = exact(entry.key.max_score)
    results = [attempt.items[entry.key.item] for attempt in attempts if attempt.items is not None]
    scores = [result.score for result in results if result.score is not None]
    pending = len(results) - len(scores)
    facility = discrimination = None
    if scores and most and not pending:
        facility = float(sum(scores, Fraction(0)) / len(scores) / most)
        discrimination = _discrimination(attempts, entry.key.item, exact(entry.weight))
    return ItemFigures(
        item=entry.key.item,
        competence=entry.competence,
        max_score=most,
        answered=sum(result.answered for result in results),
        scored=len(scores),
        pending=pending,
        facility=facility,
        discrimination=discrimination,
    )


def _discrimination(attempts: Sequence[ScoredAttempt], item: str, weight: Fraction) -> float | None:
    own, rest = [], []
    for attempt in attempts:
        if attempt.items is None or attempt.total is None:
            continue
        score = attempt.items[item].score
        if score is not None:
            own.append(float(score))
            rest.append(float(attempt.total.score - weight * score))
    if len(own) < LEAST_ATTEMPTS or len(set(own)) < 2 or len(set(rest)) < 2:
        return None  # too few, or nothing varies
    return statistics.correlation(own, rest)


def _bars(points: Sequence[Fraction], most: Fraction) -> tuple[Bar, ...]:
    if most <= 0:
        return ()
    width = max(Fraction(1), Fraction(-(-most // BARS)))
    count = int(-(-most // width))
    counts = [0] * count
    for each in points:
        place = int(each // width)
        counts[min(max(place, 0), count - 1)] += 1
    return tuple(
        Bar(width * at, min(width * (at + 1), most), number) for at, number in enumerate(counts)
    )
