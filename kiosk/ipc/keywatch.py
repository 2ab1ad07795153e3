"""What the key-watch tells the agent, on a unix socket of its own. The agent says nothing.

The first message is :class:`Watching`; then one each :data:`PULSE_S` seconds at the latest is
a :class:`Pulse`. Silence means that nobody watches. No message can hold a character.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from msgspec import Meta

from exam_packages.canon import Object

PULSE_S: Final = 5
"""Seconds between two pulses. Coarse: a rhythm of typing cannot be read off the counts."""
SILENCE_S: Final = 15
"""After so many seconds without a message the agent no longer believes that keys are watched."""
SOCKET: Final = "/run/exam-kiosk/keywatch.sock"

Small = Annotated[int, Meta(ge=0, le=255)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]


class Watching(Object, tag=45):
    """What sees the keys, how far that is proved, and at how many keyboards: the numbers of
    :class:`kiosk.lockdown.signals.Source` and :class:`~kiosk.lockdown.signals.Watched`."""

    source: Small
    watched: Small
    keyboards: Small


class Combination(Object, tag=46):
    """Combinations of one :class:`kiosk.lockdown.signals.Category` were pressed."""

    category: Small
    count: Count


class Pulse(Object, tag=47):
    """Still here. Seconds since the last key of any kind, and keys since the last pulse."""

    idle_s: Count
    presses: Count


FromKeyWatch: TypeAlias = Watching | Combination | Pulse
