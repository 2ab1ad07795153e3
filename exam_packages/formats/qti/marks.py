"""The marks of numbered lists, as HTML makes them of a number and the type of the list."""

from __future__ import annotations

import re

from exam_packages.formats.errors import FormatError

_ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_ROMANS = 40
"""From here on roman marks are written as numbers."""


def mark(number: int, kind: str) -> str:
    """The mark of the entry with this *number* in a list of the type *kind* (HTML ``type``:
    ``1``, ``a``, ``A``, ``i``, ``I``)."""
    if kind in ("a", "A") and number > 0:
        letters = ""
        while number:
            number, rest = divmod(number - 1, 26)
            letters = chr(97 + rest) + letters
        return (letters if kind == "a" else letters.upper()) + "."
    if kind in ("i", "I") and 0 < number < _ROMANS:
        roman = ""
        for value, sign in _ROMAN:
            while number >= value:
                roman, number = roman + sign, number - value
        return (roman if kind == "i" else roman.upper()) + "."
    return f"{number}."


def values_of(marks: tuple[str, ...]) -> tuple[str, list[int]]:
    """The type of a list, and the numbers of its entries, that give *marks*.

    Raises ``FormatError`` when no list of HTML has them.
    """
    for kind in ("1", "a", "A", "i", "I"):
        values = [_value(each, kind) for each in marks]
        found = [value for value in values if value is not None]
        if len(found) == len(marks):
            return kind, found
    raise FormatError(
        "A list has the marks {marks}, which no list of HTML has.", marks=", ".join(marks)[:80]
    )


def _value(given: str, kind: str) -> int | None:
    word = given[:-1]
    value = 0
    if re.fullmatch(r"-?[0-9]{1,6}", word):
        value = int(word)
    elif kind in ("a", "A") and re.fullmatch("[A-Za-z]{1,4}", word):
        for letter in word.lower():
            value = value * 26 + ord(letter) - 96
    elif kind in ("i", "I"):
        value = next((one for one in range(1, _ROMANS) if mark(one, kind) == given), 0)
    return value if mark(value, kind) == given else None
