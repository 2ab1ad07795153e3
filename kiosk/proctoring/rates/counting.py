"""Counting: how often, of how many, and between which bounds that is to be believed."""

from __future__ import annotations

import math
from typing import NamedTuple

Z = 1.96
"""Of a 95 % interval."""


class Rate(NamedTuple):
    """*hits* of *n* tries."""

    hits: int
    n: int

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval, as shares. All of it when nothing was tried."""
        if not self.n:
            return 0.0, 1.0
        share, square = self.hits / self.n, Z * Z
        middle = (share + square / (2 * self.n)) / (1 + square / self.n)
        spread = share * (1 - share) / self.n + square / (4 * self.n * self.n)
        half = Z * math.sqrt(spread) / (1 + square / self.n)
        return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.hits / max(1, self.n):.0f} % ({100 * low:.0f}–{100 * high:.0f})"
