"""Lots: every random choice of a form, from its seed and the name of the place.

The n-th number of a place is SHA-256 of the secret, the place's name and n. So a draw is
the same on every machine and version of Python, and what is added in one place changes
nothing in another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Lots:
    """Random numbers and orders of one draw. The seed is as secret as the paper."""

    def __init__(self, seed: bytes, use: str = "draw") -> None:
        label = f"exam-kiosk/form/{use}/v1\0".encode()
        self._secret = hashlib.sha256(label + seed).digest()

    def number(self, where: str, draws: int) -> int:
        """The number *draws* of the place *where*: 64 random bits."""
        name = f"{where}\0{draws}".encode()
        return int.from_bytes(hashlib.sha256(self._secret + name).digest()[:8], "big")

    def stream(self, where: str) -> Stream:
        """The numbers of the place *where*, one after the other."""
        return Stream(self, where)

    def shuffled(self, members: Sequence[T], where: str) -> list[T]:
        """*members* in random order (Fisher-Yates)."""
        found = list(members)
        draws = 0
        for last in range(len(found) - 1, 0, -1):
            while True:
                number = self.number(where, draws)
                draws += 1
                # Refusing the uneven tail keeps every order equally likely.
                if number < 2**64 - 2**64 % (last + 1):
                    break
            other = number % (last + 1)
            found[last], found[other] = found[other], found[last]
        return found

    def rearranged(self, members: Sequence[T], fixed: Sequence[bool], where: str) -> list[T]:
        """*members* in random order, the fixed ones in their places."""
        loose = [each for each, stays in zip(members, fixed, strict=True) if not stays]
        drawn = iter(self.shuffled(loose, where))
        return [each if stays else next(drawn) for each, stays in zip(members, fixed, strict=True)]


class Stream:
    """A source of chance for rules (:class:`exam_packages.rules.operands.Source`)."""

    def __init__(self, lots: Lots, where: str) -> None:
        self._lots = lots
        self._where = where
        self._draws = 0

    def below(self, limit: int) -> int:
        """A number from 0 up to *limit*, not included, each equally likely."""
        words = -(-limit.bit_length() // 64)
        whole = 1 << (64 * words)
        while True:
            number = 0
            for _ in range(words):
                number = number << 64 | self._lots.number(self._where, self._draws)
                self._draws += 1
            if number < whole - whole % limit:  # refusing the uneven tail, as above
                return number % limit
