"""All detectors together: one look after the other in, signals raised and taken back out. Pure.

What each says of a frame waits in a :class:`~.window.Window` until enough frames agree. Faces
are looked for in some frames only, and are not judged where the camera sees too little.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

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
from kiosk.proctoring.detectors import health, repetition, scene
from kiosk.proctoring.detectors.sight import Sight
from kiosk.proctoring.detectors.window import Standing, Window, settle

Judge = Callable[[Any, Sight], tuple[Any, "bool | None"]]
"""Memory and a sight; what is remembered, and what this frame says (``None``: nothing)."""


class Detector(NamedTuple):
    judge: Judge
    memory: Any
    """What it remembers at first."""
    window: Window


def _forgetful(say: Callable[[Sight], bool | None]) -> Judge:
    return lambda memory, sight: (memory, say(sight))


def _no_face(sight: Sight) -> bool | None:
    return None if sight.faces is None or not health.usable(sight) else sight.faces == 0


def _several_faces(sight: Sight) -> bool | None:
    return None if sight.faces is None or not health.usable(sight) else sight.faces > 1


_FIVE_S: Final = Window(enough=8, of=10, few=2)
_TEN_S: Final = Window(enough=16, of=20, few=4)
"""Of the usual two looks a second."""

DETECTORS: Final[Mapping[str, Detector]] = MappingProxyType(
    {
        COVERED: Detector(_forgetful(health.covered), None, _FIVE_S),
        DARK: Detector(_forgetful(health.dark), None, _TEN_S),
        OVER_EXPOSED: Detector(_forgetful(health.over_exposed), None, _TEN_S),
        BLURRED: Detector(_forgetful(health.blurred), None, _TEN_S),
        FROZEN: Detector(repetition.frozen, b"", Window(enough=5, of=5, few=0)),
        LOOPED: Detector(repetition.looped, repetition.Reel(), Window(enough=3, of=10, few=0)),
        NO_FACE: Detector(_forgetful(_no_face), None, Window(enough=4, of=5, few=1)),
        SEVERAL_FACES: Detector(_forgetful(_several_faces), None, Window(enough=2, of=3, few=0)),
        CHANGED: Detector(scene.changed, None, Window(enough=3, of=4, few=0)),
    }
)


@dataclass(frozen=True, slots=True)
class Change:
    """A signal was raised, or taken back."""

    code: str
    on: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """What every detector in use remembers, and where its signal stands."""

    memories: Mapping[str, Any]
    standings: Mapping[str, Standing]

    @property
    def raised(self) -> tuple[str, ...]:
        """The signals that stand now."""
        return tuple(code for code, each in self.standings.items() if each.raised)


def begin(codes: tuple[str, ...], before: Watch | None = None) -> Watch:
    """A watch of the detectors *codes*; what *before* knew of them is kept. A code that this
    version does not know is passed over."""
    known = [code for code in codes if code in DETECTORS]
    memories = before.memories if before is not None else {}
    standings = before.standings if before is not None else {}
    return Watch(
        {code: memories.get(code, DETECTORS[code].memory) for code in known},
        {code: standings.get(code, Standing()) for code in known},
    )


def look(watch: Watch, sight: Sight) -> tuple[Watch, tuple[Change, ...]]:
    """The watch after one more frame, and what changed by it."""
    memories, standings, changes = {}, {}, []
    for code, memory in watch.memories.items():
        detector = DETECTORS[code]
        memories[code], said = detector.judge(memory, sight)
        before = watch.standings[code]
        standings[code] = settle(detector.window, before, said)
        if standings[code].raised != before.raised:
            changes.append(Change(code, standings[code].raised))
    return Watch(memories, standings), tuple(changes)
