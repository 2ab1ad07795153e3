"""Whether the picture is alive: frozen, or a recording that comes again.

A sensor never gives the same bytes twice, so an exact repetition is a frozen driver or a
replayed file. A recording with fresh noise on it never repeats exactly; its *movement* does:
the brightness of a few large cells over some seconds, compared with all that was seen before.
A still picture with fresh noise has no movement and cannot be told from a person who sits
still: that is what the liveness prompt is for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from kiosk.proctoring.detectors.sight import Grid, Sight

REMEMBERED: Final = 1200
"""Frames whose digest is remembered: ten minutes of two looks a second."""
SERIES: Final = 30
"""Looks in a row whose movement is compared."""
HISTORY: Final = 600
"""Looks among which an earlier occurrence is sought: five minutes."""
EVERY: Final = 10
"""Looks between two comparisons."""
ALIKE: Final = 0.93
"""Correlation of two stretches of movement above which they are the same one."""
MOVING: Final = 1.0
"""Movement (grey levels, root of the mean square) below which nothing can be compared."""


def frozen(before: bytes, sight: Sight) -> tuple[bytes, bool]:
    """The very same frame as the one before. The memory is the last digest."""
    return sight.digest, sight.digest == before


@dataclass(frozen=True, slots=True, eq=False)
class Reel:
    """What was seen: digests by their first occurrence, and grids in their order."""

    digests: dict[bytes, None] = field(default_factory=dict)
    grids: npt.NDArray[np.float32] = field(
        default_factory=lambda: np.empty((0, 192), dtype=np.float32)
    )
    last: bytes = b""
    looks: int = 0
    alike: bool | None = None
    """What the last comparison of movement said."""


def looped(reel: Reel, sight: Sight) -> tuple[Reel, bool | None]:
    """This frame, or the movement up to it, was here before."""
    if sight.digest == reel.last:  # frozen, which is another signal
        return reel, None
    again = sight.digest in reel.digests
    digests = {**reel.digests, sight.digest: None}
    if len(digests) > REMEMBERED:
        del digests[next(iter(digests))]
    grids = np.vstack([reel.grids, sight.grid.reshape(1, -1)])[-HISTORY:]
    looks, alike = reel.looks + 1, reel.alike
    if looks % EVERY == 0:
        found = likeness(grids)
        alike = None if found is None else found > ALIKE
    return Reel(digests, grids, sight.digest, looks, alike), again or alike


def likeness(grids: Grid) -> float | None:
    """How much the last :data:`SERIES` grids move as any earlier stretch did: the highest
    correlation over all distances of at least a series. ``None`` when there is too little
    history, or too little movement to compare."""
    earlier = len(grids) - SERIES
    if earlier < SERIES:
        return None
    now = grids[earlier:] - grids[earlier:].mean(axis=0)
    if float(np.sqrt((now * now).mean())) < MOVING:
        return None
    starts = earlier - SERIES + 1
    # The sum over cells and looks of now × then, for every start of "then" at once. As "now"
    # has no mean, that of "then" cancels.
    products = grids[:earlier] @ now.T
    rows = np.arange(SERIES)
    together = products[np.arange(starts)[:, None] + rows, rows].sum(axis=1)
    ones = np.concatenate([np.zeros((1, grids.shape[1])), np.cumsum(grids[:earlier], axis=0)])
    squares = np.concatenate([[0.0], np.cumsum((grids[:earlier] ** 2).sum(axis=1))])
    sums = ones[SERIES:] - ones[:starts]
    spread = squares[SERIES:] - squares[:starts] - (sums * sums).sum(axis=1) / SERIES
    norm = np.sqrt(np.maximum(spread, MOVING**2 * now.size / 4) * float((now * now).sum()))
    return float((together / norm).max())
