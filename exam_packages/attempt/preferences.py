"""How a candidate reads the screen: the language, the colours, reading aloud.

The candidate chooses, and the hall may order it from the admission; either way it is in the
record, so a screen that comes back, or another station, shows the exam in the same way.
"""

from __future__ import annotations

from typing import Final

from exam_packages.canon import Object

MAX_NAME: Final = 40
"""Characters of the name of a language or a theme."""
THEMES: Final = (
    "calm-dark",
    "calm-light",
    "contrast-dark",
    "contrast-light",
    "low-glare",
    "safe-colours",
    "console",
)
"""The names of the themes that a station has, the ordinary one first."""
SLOWEST, FASTEST, PACE = 80, 400, 160
"""Words per minute of reading aloud: the bounds, and how it begins."""


TEXT_SIZES: Final = (100, 125, 150, 200)
"""How large letters can be, in percent of the station's own."""


class Preferences(Object):
    """``language`` and ``theme`` are names, empty for the station's own; ``aloud`` says whether
    what has the focus is read, at ``pace`` words per minute. A station that does not have what
    is named keeps what it has."""

    language: str
    theme: str
    aloud: bool
    pace: int

    @property
    def sound(self) -> bool:
        """Whether every part is within its bounds."""
        names = (self.language, self.theme)
        short = all(len(name) <= MAX_NAME and (not name or name.isprintable()) for name in names)
        return short and SLOWEST <= self.pace <= FASTEST


class Accommodation(Object):
    """What an admission or an invigilator grants of it; an empty name changes nothing."""

    language: str
    theme: str
    aloud: bool

    @property
    def sound(self) -> bool:
        """Whether every part is within its bounds."""
        return Preferences(self.language, self.theme, self.aloud, PACE).sound


UNSAID: Final = Preferences("", "", False, PACE)
"""What holds before anybody chose."""
NOTHING: Final = Accommodation("", "", False)
"""No accommodation."""


def accommodate(before: Preferences | None, granted: Accommodation) -> Preferences:
    """What holds once *granted* was ordered."""
    before = before or UNSAID
    return Preferences(
        granted.language or before.language,
        granted.theme or before.theme,
        granted.aloud,
        before.pace,
    )
