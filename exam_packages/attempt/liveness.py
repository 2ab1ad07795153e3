"""A sign of life: what an invigilator can ask a candidate to do before the camera.

A recording that is shown to the camera does not do what was not known before. Each prompt is
harmless, possible while seated, and about what is held up, not about the body: whoever cannot
do it says so. Pictures are taken meanwhile, and people judge them; nothing else follows.
"""

from __future__ import annotations

import random
from typing import Final

from exam_packages.language import mark

PROMPTS: Final = (
    mark("Please hold one hand up beside your head, for some seconds. It is for the camera."),
    mark("Please hold up two fingers, for some seconds. It is for the camera."),
    mark("Please hold up three fingers, for some seconds. It is for the camera."),
    mark("Please cover the camera with your hand for a moment. It is for the camera."),
    mark("Please hold a pen or your card up to the camera. It is for the camera."),
    mark("Please lean to one side of your chair, for some seconds. It is for the camera."),
)
"""The order is kept: a command names a prompt by its place. New ones go to the end."""
ANYTHING: Final = mark("Please wave to the camera, for some seconds.")
"""What a station that does not know a prompt's number asks instead."""


def draw() -> int:
    """The number of a prompt that nobody could foresee."""
    return random.SystemRandom().randrange(len(PROMPTS))


def words(prompt: int) -> str:
    """What the candidate is asked, in English: translated where it is shown."""
    return PROMPTS[prompt] if 0 <= prompt < len(PROMPTS) else ANYTHING
