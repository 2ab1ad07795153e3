"""Codes that people read aloud, copy and type: 100 bits, and checks that catch a slip.

Twenty characters of Crockford's base 32 carry the bits, four more the first 20 bits of a
hash over them and over what the code is *bound* to. Six groups of four, upper case. A
reader takes lower case, any spaces and dashes, O for 0, and I or L for 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

from exam_packages.sealing.suite import SealingError, digest

CODE_SIZE: Final = 13
"""Bytes that hold the 100 bits of a code; the last four bits are zero."""

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {character: value for value, character in enumerate(ALPHABET)} | {
    "O": 0,
    "I": 1,
    "L": 1,
}
_CHARACTERS = 20
_CHECKS = 4
_LONGEST = 256


class CodeError(SealingError):
    """What was typed is not a code."""


def spell(data: bytes, bound: bytes) -> str:
    """The first 100 bits of *data* as a code; *bound* is the label its checks depend on."""
    bits = _bits(data)
    text = _letters(int.from_bytes(bits, "big") >> 4, _CHARACTERS) + _checks(bits, bound)
    return "-".join(text[place : place + 4] for place in range(0, len(text), 4))


def read(text: str, bound: bytes) -> bytes:
    """The bits of the code *text*, as 13 bytes whose last four bits are zero.

    Raises :class:`CodeError` when it is not a code of this *bound*.
    """
    typed = plain(text)
    if not fits(typed, bound):
        raise CodeError(
            "This code does not fit: a character was mistaken, or it is the code of something "
            "else. Read it again group by group."
        )
    return _carried(typed)


def fits(typed: str, bound: bytes) -> bool:
    """Whether *typed*, as :func:`plain` gives it, is a code of this *bound*."""
    return typed[_CHARACTERS:] == _checks(_carried(typed), bound)


def plain(text: str) -> str:
    """*text* as 24 characters of the alphabet, its checks not looked at.

    Raises :class:`CodeError` when a character or the length cannot be a code's.
    """
    if len(text) > _LONGEST:
        raise CodeError("This is too long for a code; a code has six groups of four characters.")
    typed = [
        character for character in text.upper() if not (character.isspace() or character in "-–—")
    ]
    for place, character in enumerate(typed):
        if character not in _VALUE:
            raise CodeError(
                "Group {group} of the code holds a character that no code has; check it.",
                group=place // 4 + 1,
            )
    if len(typed) != _CHARACTERS + _CHECKS:
        raise CodeError(
            "A code has {wanted} characters in six groups of four; these are {found}.",
            wanted=_CHARACTERS + _CHECKS,
            found=len(typed),
        )
    return "".join(ALPHABET[_VALUE[character]] for character in typed)


def neighbours(typed: str) -> Iterator[tuple[int, str]]:
    """Every code one wrong character or one swap away from *typed*, with the slip's group."""
    for place, character in product(range(len(typed)), ALPHABET):
        yield place // 4 + 1, typed[:place] + character + typed[place + 1 :]
    for place in range(len(typed) - 1):
        swapped = typed[:place] + typed[place + 1] + typed[place] + typed[place + 2 :]
        yield place // 4 + 1, swapped


def _bits(data: bytes) -> bytes:
    if len(data) < CODE_SIZE:
        raise ValueError("a code needs 100 bits")
    return data[: CODE_SIZE - 1] + bytes([data[CODE_SIZE - 1] & 0xF0])


def _carried(typed: str) -> bytes:
    value = 0
    for character in typed[:_CHARACTERS]:
        value = value << 5 | _VALUE[character]
    return (value << 4).to_bytes(CODE_SIZE, "big")


def _checks(bits: bytes, bound: bytes) -> str:
    return _letters(int.from_bytes(digest(bound, bits)[:3], "big") >> 4, _CHECKS)


def _letters(value: int, count: int) -> str:
    return "".join(ALPHABET[value >> 5 * place & 31] for place in reversed(range(count)))
