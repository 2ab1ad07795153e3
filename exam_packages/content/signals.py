"""Signals in plain words: what was noticed, never what it means."""

from __future__ import annotations

from typing import Final

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
from exam_packages.language import mark

WHAT: Final = {
    COVERED: mark("the camera shows nothing"),
    DARK: mark("it is too dark"),
    OVER_EXPOSED: mark("it is too bright"),
    BLURRED: mark("the picture is not sharp"),
    FROZEN: mark("the picture stands still"),
    LOOPED: mark("the picture repeats"),
    CHANGED: mark("the camera was turned"),
    NO_FACE: mark("no face is to be seen"),
    SEVERAL_FACES: mark("more than one face is to be seen"),
}
"""What each detector notices, within a sentence."""
RAISED: Final = {
    COVERED: mark("The camera shows nothing; something may cover it."),
    DARK: mark("It is too dark for the camera."),
    OVER_EXPOSED: mark("Much of the camera’s picture is plain white."),
    BLURRED: mark("Nothing in the camera’s picture is sharp."),
    FROZEN: mark("The camera’s picture stands still to the last detail."),
    LOOPED: mark("The camera’s picture, or its movement, was the same before."),
    CHANGED: mark("The camera shows another scene than before."),
    NO_FACE: mark("No face is to be seen in the camera’s picture."),
    SEVERAL_FACES: mark("More than one face is to be seen in the camera’s picture."),
}
OVER: Final = {
    COVERED: mark("The camera shows something again."),
    DARK: mark("There is light enough for the camera again."),
    OVER_EXPOSED: mark("The camera’s picture is no longer too bright."),
    BLURRED: mark("The camera’s picture is sharp again."),
    FROZEN: mark("The camera’s picture moves again."),
    LOOPED: mark("The camera’s picture does not repeat any more."),
    CHANGED: mark("The camera shows the usual scene, or the new one is the usual now."),
    NO_FACE: mark("A face is to be seen again."),
    SEVERAL_FACES: mark("No more than one face is to be seen again."),
}
HELD: Final = mark("{camera} is held by {program}")
HELD_BY_ANOTHER: Final = mark("{camera} is held by another program")


def words(code: str, on: bool) -> str:
    """What to write down for a signal that was raised or taken back."""
    return raised(code) if on else OVER.get(code, f"Signal “{code}”: over.")


def raised(code: str) -> str:
    """The words of a signal that stands."""
    return RAISED.get(code, f"Signal “{code}”: raised.")


def held_words(camera: str, programs: tuple[str, ...]) -> str:
    """What to write down when *programs* hold a camera; their names, where they are known."""
    if not programs:
        return HELD_BY_ANOTHER.format(camera=camera)
    return HELD.format(camera=camera, program=", ".join(programs))
