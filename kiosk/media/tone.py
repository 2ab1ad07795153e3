"""The trial sound: three soft notes, made here, so that there is no file to lose."""

from __future__ import annotations

import io
import wave
from array import array
from functools import cache
from math import exp, pi, sin
from typing import Final

RATE: Final = 22_050
NOTES: Final = (523.25, 659.25, 783.99)
"""C, E and G: whoever hears badly in one range hears another."""
NOTE_S: Final = 0.5
LOUD: Final = 12_000


@cache
def trial() -> bytes:
    """The notes, as a WAV file."""
    samples = array("h")
    for note in NOTES:
        for at in range(int(RATE * NOTE_S)):
            time = at / RATE
            swell = min(1.0, time / 0.02) * exp(-4 * time)
            samples.append(int(LOUD * swell * sin(2 * pi * note * time)))
    return wav(samples)


@cache
def silence() -> bytes:
    """A tenth of a second of nothing: enough to learn whether a device opens."""
    return wav(array("h", bytes(RATE // 5)))


def wav(samples: array[int]) -> bytes:
    """16-bit *samples* of one channel at :data:`RATE`, as a WAV file."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return made.getvalue()
