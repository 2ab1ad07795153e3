"""Moodle's shares of the points."""

from __future__ import annotations

from fractions import Fraction

from exam_packages.formats.errors import FormatError
from exam_packages.rules.numbers import number

_NEAR = Fraction(5, 100_000)
_MOST_PARTS = 20


def share(percent: str) -> Fraction:
    """The share that *percent* of the points is, 1 being all of them.

    Moodle writes shares in decimals: 33.33333 is meant, and read, as a third. A number
    with decimals that is no more than 0.005 percent away from so many parts of at most
    twenty is taken for that many parts. Raises ``FormatError``.
    """
    value = number(percent)
    if value is None or abs(value) > 100:
        raise FormatError(
            "“{text}” is no percentage from -100 to 100; correct it.", text=percent[:40]
        )
    value /= 100
    near = value.limit_denominator(_MOST_PARTS)
    if (value * 1000).denominator != 1 and abs(value - near) <= _NEAR:
        return near
    return value
