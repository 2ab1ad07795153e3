"""Plays: how often each recording of an attempt was played, and how far.

A play counts from its first sound, and is in the journal before it: whatever dies then, no
play is got for nothing. And none is lost: a play that broke off, by a crash, a pause, a sound
that failed or because the candidate stopped it, is not over, and goes on where it broke off
without counting again. Where that was is told every :data:`TOLD_MS` while it sounds, so at
most so much of it is heard twice after a crash, and nothing is missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from exam_packages.attempt.events import GOES_ON, HEARD_ALL, Heard, Played

TOLD_MS: Final = 5_000
"""A place in the recording is journaled at least this often while it sounds."""


@dataclass(frozen=True)
class Play:
    """The newest play of one recording: its number from 1, how far it came and, as
    :class:`~exam_packages.attempt.events.Heard` says it, how that stands. Number 0: none yet."""

    number: int = 0
    at_ms: int = 0
    how: int = HEARD_ALL

    @property
    def unfinished(self) -> bool:
        """Whether it can go on without counting again."""
        return self.how != HEARD_ALL

    @property
    def cut(self) -> bool:
        """Whether nobody has said that it stopped: it sounds, or something died."""
        return self.how == GOES_ON


NONE: Final = Play()
Plays: TypeAlias = Mapping[tuple[str, str], Play]
"""By item and response."""


def played(plays: Plays, event: Played | Heard) -> Plays:
    """The plays after one more event."""
    match event:
        case Played(number=number, from_ms=at_ms):
            play = Play(number, at_ms, GOES_ON)
        case Heard(number=number, at_ms=at_ms, how=how):
            play = Play(number, at_ms, how)
    return MappingProxyType({**plays, (event.item, event.response): play})


def left(play: Play, most: int) -> int | None:
    """How often a recording can still be begun anew; ``None``: any number of times."""
    return max(0, most - play.number) if most else None
