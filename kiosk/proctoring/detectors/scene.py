"""Whether the whole scene changed at once: the camera was turned, or shows another room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from kiosk.proctoring.detectors.sight import Grid, Sight

UNLIKE: Final = 0.5
"""Correlation with the usual scene below which it is another one."""
SLOWLY: Final = 0.05
"""Share by which each look moves what counts as usual: some twenty looks."""
SETTLED: Final = 10
"""Looks before there is a usual scene."""
AGAIN: Final = 20
"""Looks of another scene after which it is the usual one."""


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """The usual scene: its grid, from how many looks, and how many since were of another."""

    grid: Grid
    looks: int
    others: int = 0


def changed(usual: Usual | None, sight: Sight) -> tuple[Usual, bool | None]:
    """Another scene than the usual one. More or less light is no other scene."""
    if usual is None:
        return Usual(sight.grid, 1), None
    alike = likeness(usual.grid, sight.grid)
    if alike is None:
        return usual, None
    if usual.looks < SETTLED:
        mean = usual.grid + (sight.grid - usual.grid) / np.float32(usual.looks + 1)
        return Usual(mean, usual.looks + 1), None
    if alike >= UNLIKE:
        mean = usual.grid + np.float32(SLOWLY) * (sight.grid - usual.grid)
        return Usual(mean, usual.looks), False
    if usual.others + 1 >= AGAIN:
        return Usual(sight.grid, 1), None
    return Usual(usual.grid, usual.looks, usual.others + 1), True


def likeness(one: Grid, other: Grid) -> float | None:
    """Correlation of two grids; ``None`` when one of them shows nothing."""
    a, b = one - one.mean(), other - other.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    if min(float(a.std()), float(b.std())) < 3.0:
        return None
    return float((a * b).sum()) / size
