"""The conditions that are measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from exam_packages.content.proctoring import (
    BLURRED,
    CHANGED,
    COVERED,
    DARK,
    FROZEN,
    LOOPED,
    NO_FACE,
    OVER_EXPOSED,
    SEVERAL_FACES,
)
from kiosk.proctoring.rates.scenes import Condition

PLAIN: Final = Condition("as usual")


def _so(name: str, *raises: str, **changes: Any) -> Condition:
    return replace(PLAIN, name=name, raises=frozenset(raises), **changes)


def _each(what: str, field: str, values: Iterable[float], unit: str = "") -> list[Condition]:
    return [_so(f"{what} {value:g}{unit}", **{field: value}) for value in values]


FACES: Final = (
    PLAIN,
    *_each("face of", "size", (0.6, 0.3, 0.2, 0.15, 0.1), " of the picture's height"),
    *_each("tilted by", "tilt", (10, 20, 30, 40, 60, 90), "°"),
    *_each("light ×", "gain", (1.6, 1.3, 0.6, 0.35, 0.2, 0.12)),
    *_each("light from the side, ±", "side", (0.4, 0.8)),
    *_each("blur σ", "blur", (1, 2, 4, 6), " px"),
    *_each("noise σ", "noise", (8, 16, 32)),
    *_each("compression, JPEG", "quality", (40, 15, 5)),
    *[
        _so(f"with {what}", hidden=what)
        for what in (
            "spectacles",
            "cap",
            "scarf over hair and neck",
            "sunglasses",
            "mask",
            "hand over the eyes",
        )
    ],
)
"""One face, as it may be seen: how often it is not found, or a second one is invented."""

COUNTS: Final = (
    _so("nobody", faces=0),
    _so("one", faces=1),
    _so("two", faces=2, size=0.36),
    _so("three", faces=3, size=0.3),
    _so("two, both tilted by 30°", faces=2, size=0.36, tilt=30),
)
"""How many faces are counted."""

FILMS: Final = (
    replace(PLAIN, looks=240),
    _so("dim light", gain=0.5),
    _so("bright light", gain=1.3),
    _so("noisy camera", noise=10),
    _so("strongly compressed", quality=15),
    _so("soft lens", blur=1.5),
    _so("a still picture with fresh noise", trick="still"),
    _so("with spectacles", hidden="spectacles"),
    _so("lens covered", COVERED, hidden="lens", faces=1),
    _so("lens covered, noisy camera", COVERED, hidden="lens", noise=10),
    _so("covered after a while", COVERED, trick="cover"),
    _so("almost no light", DARK, gain=0.1, noise=2),
    _so("the light goes off", DARK, trick="light off"),
    _so("over-exposed", OVER_EXPOSED, gain=2.2),
    _so("out of focus, σ 6 px", BLURRED, blur=6),
    _so("out of focus, σ 10 px", BLURRED, blur=10),
    _so("picture freezes", FROZEN, trick="freeze"),
    _so("recording repeats", LOOPED, trick="loop", looks=240),
    _so("recording repeats with fresh noise", LOOPED, trick="noisy loop", looks=240),
    _so("recording repeats with much fresh noise", LOOPED, trick="noisy loop", noise=12, looks=240),
    _so("nobody there", NO_FACE, faces=0),
    _so("candidate leaves", NO_FACE, trick="leave"),
    _so("second person", SEVERAL_FACES, faces=2, size=0.36),
    _so("camera turned away", CHANGED, NO_FACE, trick="turn"),
)
"""Whole films: which signals are raised, rightly, wrongly, or not at all."""
