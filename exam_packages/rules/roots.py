"""Roots of fractions that are fractions themselves."""

from __future__ import annotations

from fractions import Fraction


def root_of(number: Fraction, degree: int) -> Fraction | None:
    """The root of this degree when it is a fraction."""
    if degree == 1:
        return number
    over, under = _whole_root(number.numerator, degree), _whole_root(number.denominator, degree)
    return None if over is None or under is None else Fraction(over, under)


def _whole_root(number: int, degree: int) -> int | None:
    if number == 1:
        return 1
    if degree >= number.bit_length():
        return None  # below 2 and not 1
    low, high = 1, 1 << (number.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        if middle**degree <= number:
            low = middle
        else:
            high = middle - 1
    return low if low**degree == number else None
