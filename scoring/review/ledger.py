"""The time ledger as a picture: where each interval lies, how it looks, and how it is called.

Each kind has a pattern of its own and a letter, which stands in its bar where there is room:
colour only repeats them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from exam_packages.attempt.ledger import Kind
from exam_packages.verify.findings import Times
from exam_packages.verify.words import KINDS, length

WIDTH: Final = 1000
"""Units of the whole bar."""
_LETTERED: Final = 24
"""Units that a bar needs for its letter."""
LETTERS: Final = {
    Kind.WAITING: "W",
    Kind.RUNNING: "E",
    Kind.ON_BREAK: "B",
    Kind.BREAK: "K",
    Kind.PAUSED: "S",
    Kind.OUTAGE: "O",
    Kind.CLOSED: "C",
}


@dataclass(frozen=True)
class Block:
    """One interval: from ``x``, ``width`` wide, of the look ``kind``; ``words`` say it all."""

    x: float
    width: float
    kind: str
    letter: str
    words: str


@dataclass(frozen=True)
class Look:
    """A line of the legend: the kind, its letter and words, and how long in all."""

    kind: str
    letter: str
    words: str
    total: str


def blocks(times: Times) -> tuple[Block, ...]:
    """The bar's blocks; none where no time passed."""
    whole = times.length_ns
    if whole <= 0:
        return ()
    made = []
    for span in times.spans:
        x = round(WIDTH * span.start_ns / whole, 1)
        width = max(1.0, round(WIDTH * span.length_ns / whole, 1))
        made.append(
            Block(
                x,
                min(width, WIDTH - x) or 1.0,
                span.kind.value,
                LETTERS[span.kind] if width >= _LETTERED else "",
                f"{KINDS[span.kind]}, {length(span.length_ns)}",
            )
        )
    return tuple(made)


def legend(times: Times) -> tuple[Look, ...]:
    """The kinds that occur, in the order of the exam."""
    kinds = dict.fromkeys(span.kind for span in times.spans)
    return tuple(
        Look(kind.value, LETTERS[kind], KINDS[kind], length(times.total_ns(kind))) for kind in kinds
    )
