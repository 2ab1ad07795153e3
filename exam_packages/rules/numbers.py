"""Exact numbers: QTI's ``integer`` and ``float`` as Python fractions.

A score decides about a certificate, so it is never rounded on the way: ``0.1`` in an
item is one tenth, three thirds are one, and every machine computes the same. Numbers
are written back in the shortest exact way: ``2.5``, or ``1/3`` where no decimal ends.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

MAX_LENGTH = 40
"""Characters in one written number: more than any author or candidate means."""
MAX_EXPONENT = 300
"""About the range of a double: keeps ``1e999999999`` from becoming work."""
MAX_BITS = 2048
"""Of the numerator and of the denominator of a number while rules run: some 600 digits."""

_INTEGER = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,4}))?")
_WRITTEN = re.compile(r"-?[0-9]+(?:\.[0-9]+|/0*[1-9][0-9]*)?")
_MOST_WRITTEN = 4_000


def integer(text: str) -> Fraction | None:
    """The integer that *text* is (XML Schema's lexical form), or ``None``."""
    text = _plain(text)
    if len(text) > MAX_LENGTH or not _INTEGER.fullmatch(text):
        return None
    return Fraction(int(text))


def number(text: str) -> Fraction | None:
    """The decimal number that *text* is, or ``None``.

    Infinities, NaN, a decimal comma and thousands separators are no numbers.
    """
    text = _plain(text)
    found = _FLOAT.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if found is None or abs(int(found.group(1) or 0)) > MAX_EXPONENT:
        return None
    return Fraction(text)


@lru_cache(maxsize=4096)
def exact(text: str) -> Fraction:
    """Read what :func:`written` wrote. Raises ``ValueError`` for anything else.

    Only the numbers of keys are read here, a few over and over, so they are remembered.
    """
    decimal = number(text)
    if decimal is not None:
        return decimal
    if len(text) > _MOST_WRITTEN or not _WRITTEN.fullmatch(text):
        raise ValueError("not an exact number")
    return Fraction(text)


def written(value: Fraction) -> str:
    """The shortest exact text of *value*: a decimal when one ends, else a fraction."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    places = max(twos, fives)
    if not places:
        return str(value.numerator)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def added(values: Iterable[Fraction]) -> Fraction:
    """The sum of *values*; whole numbers, which most points are, are added as such."""
    whole, rest = 0, None
    for value in values:
        if value.denominator == 1:
            whole += value.numerator
        else:
            rest = value if rest is None else rest + value
    return Fraction(whole) if rest is None else rest + whole


def fits(value: Fraction) -> bool:
    """Whether *value* is small enough to go on computing with it."""
    return value.numerator.bit_length() <= MAX_BITS and value.denominator.bit_length() <= MAX_BITS


def nearest(value: Fraction) -> int:
    """The integer nearest to *value*, halves upwards (QTI *round*: 0.5 is 1, -0.5 is 0)."""
    return math.floor(value + Fraction(1, 2))


def to_places(value: Fraction, places: int) -> Fraction:
    """*value* with *places* decimals; a negative number of places rounds to tens and so on.

    As QTI's *roundTo* says it, a deciding digit of 5 raises the one before it, so halves go
    away from zero: -0.25 with one place is -0.3.
    """
    scale = Fraction(10) ** places
    rounded = nearest(abs(value) * scale) / scale
    return rounded if value >= 0 else -rounded


def to_figures(value: Fraction, figures: int) -> Fraction:
    """*value* with *figures* significant figures, halves as in :func:`to_places`."""
    return to_places(value, figures - 1 - magnitude(value)) if value else value


def magnitude(value: Fraction) -> int:
    """The exponent of *value* in scientific notation: 0 from 1 to below 10. Not of 0."""
    size = abs(value)
    guess = len(str(size.numerator)) - len(str(size.denominator))
    return guess if size >= Fraction(10) ** guess else guess - 1


def _plain(text: str) -> str:
    # People paste the typographic minus; it means the same.
    return text.strip().replace("\N{MINUS SIGN}", "-")
