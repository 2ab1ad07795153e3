"""Which signals of the camera's detectors stand: by the camera, and by the record.

The camera process tells a change once. While an exam does not run nothing of it is journaled: what
was raised before it began, or changed during a pause, is *untold* until it runs.
"""

from __future__ import annotations

from collections.abc import Iterable


class Raised:
    """What stands now. A detector that is not in use is forgotten, as the camera process does."""

    def __init__(self) -> None:
        self._used: frozenset[str] = frozenset()
        self._seen: set[str] = set()
        self._told: set[str] = set()

    def follow(self, detectors: Iterable[str]) -> None:
        """These detectors are in use from now on."""
        self._used = frozenset(detectors)
        self._seen &= self._used
        self._told &= self._used

    def opened(self) -> None:
        """Another record, which says nothing yet."""
        self._told.clear()

    def lost(self) -> None:
        """The camera process ended: another one begins with nothing raised, and says it anew."""
        self._seen.clear()
        self._told.clear()

    def changed(self, code: str, on: bool) -> None:
        """The camera process says so."""
        _put(self._seen, code, on and code in self._used)

    def told(self, code: str, on: bool) -> None:
        """The record says so."""
        _put(self._told, code, on and code in self._used)

    def untold(self) -> tuple[tuple[str, bool], ...]:
        """Each code of which the record does not say what the camera says, and what that is."""
        return tuple((code, code in self._seen) for code in sorted(self._seen ^ self._told))


def _put(codes: set[str], code: str, on: bool) -> None:
    if on:
        codes.add(code)
    else:
        codes.discard(code)
