"""Exact numbers: QTI's ``integer`` and ``float`` as Python fractions.

A score decides about a certificate, so it is never rounded on the way: ``0.1`` in an
item is one tenth, three thirds are one, and every machine computes the same. Numbers
are written back in the shortest exact way: ``2.5``, or ``1/3`` where no decimal ends.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

MAX_LENGTH = 40
"""Characters in one written number: more than any author or candidate means."""
MAX_EXPONENT = 300
"""About the range of a double: keeps ``1e999999999`` from becoming work."""

_INTEGER = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,4}))?")
_WRITTEN = re.compile(r"(-?[0-9]+)(?:/([0-9]+))?")


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
    found = _WRITTEN.fullmatch(text)
    if found is None or not int(found.group(2) or 1):
        raise ValueError("not an exact number")
    return Fraction(int(found.group(1)), int(found.group(2) or 1))


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


def _plain(text: str) -> str:
    # People paste the typographic minus; it means the same.
    return text.strip().replace("\N{MINUS SIGN}", "-")
