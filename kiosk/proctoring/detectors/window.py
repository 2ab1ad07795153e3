"""From single frames to a signal, and back: hysteresis over the last looks. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """A signal is raised when at least ``enough`` of the last ``of`` looks say so, and taken
    back when at most ``few`` of them still do. Looks come at a steady pace, so a number of them
    is a length of time."""

    enough: int
    of: int
    few: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.few < self.enough <= self.of:
            raise ValueError("a window needs few < enough <= of")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a signal stands: whether it is raised, and what the last looks said."""

    raised: bool = False
    last: tuple[bool, ...] = ()


def settle(window: Window, standing: Standing, said: bool | None) -> Standing:
    """The standing after one more look; a look that said nothing (``None``) does not count."""
    if said is None:
        return standing
    last = (*standing.last, said)[-window.of :]
    agreeing = sum(last)
    if len(last) < window.of:
        return Standing(standing.raised, last)
    return Standing(agreeing > window.few if standing.raised else agreeing >= window.enough, last)
