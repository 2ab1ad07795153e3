"""Measuring every detector on every condition: the detectors themselves, nothing beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exam_packages.clock import SECOND
from exam_packages.content.proctoring import DETECTORS
from kiosk.proctoring.detectors.faces import Count
from kiosk.proctoring.detectors.sight import Pixels, see
from kiosk.proctoring.detectors.watch import begin, look
from kiosk.proctoring.rates.counting import Rate
from kiosk.proctoring.rates.faces import Draw, PicturesError, pictures, read
from kiosk.proctoring.rates.scenes import Condition, film

LOOK_NS: Final = SECOND // 2
"""Time between two looks, as a station looks."""
FACES_EVERY: Final = 10
"""Looks between two in which faces are counted: five seconds."""

Progress = Callable[[str], None]
"""Told the name of the condition after each frame, film or picture."""


@dataclass(frozen=True)
class Counted:
    """How many faces were counted in single frames of a condition."""

    name: str
    none: Rate
    one: Rate
    more: Rate


@dataclass(frozen=True)
class Filmed:
    """Which signals were raised in the films of a condition."""

    name: str
    n: int
    right: Mapping[str, Rate]
    """The signals that should be raised, and how often they were."""
    wrong: Mapping[str, Rate]
    """The others, where any was raised at all."""


def count_faces(
    conditions: Iterable[Condition], draw: Draw, count: Count, n: int, tell: Progress
) -> Iterator[Counted]:
    """Count the faces in *n* frames of each condition, every one of another scene."""
    for condition in conditions:
        counts = []
        for seed in range(n):
            counts.append(count(next(film(condition, draw, seed))))
            tell(condition.name)
        yield _counted(condition.name, counts)


def watch_films(
    conditions: Iterable[Condition], draw: Draw, count: Count, n: int, tell: Progress
) -> Iterator[Filmed]:
    """Watch *n* films of each condition as a station does, with its windows."""
    for condition in conditions:
        raised = []
        for seed in range(n):
            raised.append(signals(film(condition, draw, seed), count))
            tell(condition.name)
        rates = {code: Rate(sum(code in each for each in raised), n) for code in DETECTORS}
        yield Filmed(
            condition.name,
            n,
            {code: rates[code] for code in DETECTORS if code in condition.raises},
            {code: r for code, r in rates.items() if code not in condition.raises and r.hits},
        )


def signals(frames: Iterable[Pixels], count: Count) -> frozenset[str]:
    """Every signal that was raised at any time of a film."""
    watch, found = begin(DETECTORS), set()
    for number, pixels in enumerate(frames):
        faces = count(pixels) if number % FACES_EVERY == 0 else None
        watch, changes = look(watch, see(pixels, number * LOOK_NS, faces))
        found |= {change.code for change in changes if change.on}
    return frozenset(found)


def labelled(directory: Path) -> Mapping[str, Sequence[Path]]:
    """The pictures of an outside folder: in *directory* lie folders whose names are the true
    number of faces (``0``, ``1``, ``2`` …). Raises :class:`PicturesError`."""
    labels = sorted((p for p in directory.iterdir() if p.is_dir()), key=lambda p: p.name)
    known = {label.name: pictures(label) for label in labels if label.name.isdecimal()}
    if not known:
        raise PicturesError(
            "There is no folder in {directory} whose name is a number of faces (0, 1, 2 …).",
            directory=str(directory),
        )
    return known


def count_labelled(
    found: Mapping[str, Sequence[Path]], count: Count, tell: Progress
) -> Iterator[Counted]:
    """Count the faces in the pictures under each label. Raises :class:`PicturesError`."""
    for label, paths in found.items():
        counts = []
        for path in paths:
            counts.append(count(read(path)))
            tell(label)
        yield _counted(label, counts)


def _counted(name: str, counts: list[int]) -> Counted:
    n = len(counts)
    return Counted(
        name,
        Rate(sum(each == 0 for each in counts), n),
        Rate(sum(each == 1 for each in counts), n),
        Rate(sum(each > 1 for each in counts), n),
    )
