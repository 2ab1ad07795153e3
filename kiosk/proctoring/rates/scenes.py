"""Scenes with their labels: a room, people in it, light, a camera, and what goes wrong.

A :class:`Condition` says what is filmed and which signals it must raise; :func:`film` gives its
frames, two a second, as a station looks at them. The same seed gives the same film.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

import cv2
import numpy as np

from kiosk.proctoring.detectors.sight import Pixels
from kiosk.proctoring.rates.faces import SIDE, Draw, Face

WIDTH, HEIGHT = 640, 480
SHOULDERS: Final = 0.55
"""How far the shoulders move with the head."""


@dataclass(frozen=True)
class Condition:
    """What is filmed, and what is true of it.

    ``size`` is the height of a face as a share of the picture's; ``tilt`` in degrees; ``gain``
    and ``lift`` make it lighter (a factor, and grey levels); ``blur`` and ``noise`` are standard
    deviations in pixels and grey levels; ``quality`` is the camera's own JPEG (0: none);
    ``hidden`` is what lies over the face; ``trick`` what happens to the film (see
    :func:`film`). ``raises`` are the signals that are right; every other one is false.
    ``looks`` is the length of a film of it, two a second.
    """

    name: str
    faces: int = 1
    size: float = 0.42
    tilt: float = 0.0
    gain: float = 1.0
    lift: float = 0.0
    side: float = 0.0
    blur: float = 0.0
    noise: float = 3.0
    quality: int = 85
    hidden: str = ""
    trick: str = ""
    raises: frozenset[str] = field(default_factory=frozenset)
    looks: int = 120


def film(condition: Condition, draw: Draw, seed: int) -> Iterator[Pixels]:
    """The frames of *condition*.

    Tricks: ``freeze`` stops at a third; ``loop`` and ``noisy loop`` repeat the middle third,
    the latter with fresh noise, compression and no common beat; ``still`` is one picture with
    fresh noise; ``cover``, ``light off``, ``turn`` and ``leave`` happen at a third.
    """
    random, looks = np.random.default_rng([seed, 7]), condition.looks
    match condition.trick:
        case "freeze":
            frames = list(_live(condition, draw, seed, looks // 3))
            yield from frames
            for _ in range(looks - len(frames)):
                yield frames[-1].copy()
        case "loop":
            frames = list(_live(condition, draw, seed, looks // 3))
            for number in range(looks):
                yield frames[number % len(frames)].copy()
        case "noisy loop":
            # Filmed four times as densely, so that the looks of each round fall elsewhere.
            fine = [each for each, _ in _acted(condition, draw, seed, 4 * (looks // 3), 0.125)]
            at = 0.0
            for _ in range(looks):
                yield _taken(fine[int(at) % len(fine)], condition, random)
                at += 4 * random.uniform(0.9, 1.1)
        case "still":
            ((picture, _),) = _acted(condition, draw, seed, 1, 0.5)
            for _ in range(looks):
                yield _taken(picture, condition, random)
        case "cover" | "light off" | "turn" | "leave":
            changed = _after(condition)
            for number, (before, after) in enumerate(
                zip(
                    _acted(condition, draw, seed, looks, 0.5),
                    _acted(changed, draw, seed, looks, 0.5),
                    strict=True,
                )
            ):
                now = condition if number < looks // 3 else changed
                yield _taken((before if number < looks // 3 else after)[0], now, random)
        case _:
            yield from _live(condition, draw, seed, looks)


def _after(condition: Condition) -> Condition:
    match condition.trick:
        case "cover":
            return replace(condition, hidden="lens")
        case "light off":
            return replace(condition, gain=0.12)
        case "leave":
            return replace(condition, faces=0)
        case _:
            return replace(condition, hidden="elsewhere")


def _live(condition: Condition, draw: Draw, seed: int, looks: int) -> Iterator[Pixels]:
    random = np.random.default_rng([seed, 8])
    for picture, _ in _acted(condition, draw, seed, looks, 0.5):
        yield _taken(picture, condition, random)


def _acted(
    condition: Condition, draw: Draw, seed: int, frames: int, step_s: float
) -> Iterator[tuple[Pixels, float]]:
    """What happens before the camera, and when: people sway, look down and up, reach out."""
    random = np.random.default_rng([seed, 9])
    room = _room(np.random.default_rng([seed, 10]))
    people = [draw(random) for _ in range(condition.faces)]
    places = _places(condition, random)
    drift = np.zeros((condition.faces, 2))
    arm, aim = 0.0, 0.0
    for number in range(frames):
        picture = room.copy()
        drift = drift * (1 - 0.08 * step_s) + random.normal(0, 7 * np.sqrt(step_s), drift.shape)
        if random.uniform() < 0.15 * step_s:
            aim = random.uniform(0, 1)
        arm += (aim - arm) * min(1.0, step_s)
        for face, place, moved in zip(people, places, drift, strict=True):
            _sit(picture, face, place + moved, condition, arm)
        yield picture, number * step_s


def _places(condition: Condition, random: np.random.Generator) -> list[np.ndarray]:
    """Where the heads are: side by side, when there are several."""
    middle = (condition.faces - 1) / 2
    apart = max(150.0, condition.size * HEIGHT * 1.1)
    return [
        np.array([WIDTH / 2 + (n - middle) * apart, 190.0]) + random.uniform(-20, 20, 2)
        for n in range(condition.faces)
    ]


def _room(random: np.random.Generator) -> Pixels:
    """A wall with some light on it, a door, shelves, a picture or a poster."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    wall = random.uniform(110, 190) - 30 * (across / WIDTH - random.uniform(0, 1)) ** 2 * 4
    room = np.stack(
        [(wall - 20 * down / HEIGHT) * tone for tone in random.uniform(0.88, 1.0, 3)], 2
    )
    for _ in range(int(random.integers(3, 8))):
        x, y = int(random.integers(0, WIDTH)), int(random.integers(0, HEIGHT // 2))
        wide, high = int(random.integers(40, 200)), int(random.integers(30, 220))
        colour = tuple(float(each) for each in random.uniform(40, 210, 3))
        cv2.rectangle(room, (x, y), (x + wide, y + high), colour, -1)
        for line in range(y + 12, y + high, 24):
            cv2.line(room, (x, line), (x + wide, line), tuple(0.7 * each for each in colour), 2)
    painted: Pixels = np.clip(room, 0, 255).astype(np.uint8)
    return painted


def _sit(picture: Pixels, face: Face, at: np.ndarray, condition: Condition, arm: float) -> None:
    x, y = float(at[0]), float(at[1])
    high = condition.size * HEIGHT
    rest = WIDTH / 2 + (x - WIDTH / 2) * SHOULDERS if condition.faces == 1 else x
    body = (int(rest), int(y + high * 1.35))
    cv2.ellipse(picture, body, (int(high * 0.95), int(high * 0.9)), 0, 180, 360, (70, 60, 52), -1)
    scale = high / SIDE
    turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), condition.tilt, scale)
    turn[:, 2] += np.array([x - SIDE / 2, y - SIDE / 2])
    pixels, mask = face
    size = (WIDTH, HEIGHT)
    over = cv2.warpAffine(_covering(pixels, condition.hidden), turn, size, flags=cv2.INTER_AREA)
    share = cv2.warpAffine(mask, turn, size)[..., None].astype(np.float32) / 255
    picture[:] = (picture * (1 - share) + over * share).astype(np.uint8)
    hand = (int(rest - high + 0.8 * high * arm), int(y + high * 1.3 - 0.5 * high * arm))
    cv2.ellipse(
        picture, hand, (int(high * 0.16), int(high * 0.12)), 30, 0, 360, (120, 150, 200), -1
    )


def _covering(face: Pixels, hidden: str) -> Pixels:
    pixels = face.copy()
    match hidden:
        case "mask":
            cv2.rectangle(pixels, (0, 112), (SIDE, SIDE), (190, 180, 150), -1)
        case "sunglasses":
            for x in (66, 134):
                cv2.ellipse(pixels, (x, 86), (28, 20), 0, 0, 360, (20, 20, 20), -1)
            cv2.line(pixels, (66, 82), (134, 82), (20, 20, 20), 5)
        case "spectacles":
            for x in (66, 134):
                cv2.ellipse(pixels, (x, 88), (27, 20), 0, 0, 360, (30, 30, 35), 4)
            cv2.line(pixels, (92, 84), (108, 84), (30, 30, 35), 4)
        case "hand over the eyes":
            cv2.ellipse(pixels, (100, 88), (90, 24), 0, 0, 360, (120, 150, 200), -1)
        case "scarf over hair and neck":
            cv2.ellipse(pixels, (100, 100), (88, 104), 0, 0, 360, (90, 50, 60), 34)
        case "cap":
            cv2.ellipse(pixels, (100, 36), (96, 34), 0, 180, 360, (60, 40, 40), -1)
            cv2.ellipse(pixels, (100, 46), (88, 14), 0, 0, 360, (50, 34, 34), -1)
        case _:
            pass
    return pixels


def _taken(picture: Pixels, condition: Condition, random: np.random.Generator) -> Pixels:
    """*picture* as the camera gives it."""
    seen: Pixels = picture.astype(np.float32)
    if condition.hidden == "lens":  # something lies on it; a little light comes through
        seen = np.full_like(seen, random.uniform(14, 18))
    if condition.hidden == "elsewhere":
        seen = seen[::-1, ::-1].copy()
        seen = np.roll(seen, WIDTH // 3, axis=1)
    if condition.side:
        ramp = np.linspace(1 + condition.side, 1 - condition.side, WIDTH, dtype=np.float32)
        seen *= ramp[None, :, None]
    seen = seen * condition.gain + condition.lift
    if condition.blur:
        seen = cv2.GaussianBlur(seen, (0, 0), condition.blur)
    seen += condition.noise * _noise(random)
    seen = np.clip(seen, 0, 255).astype(np.uint8)
    if not condition.quality:
        return seen
    _, data = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, condition.quality])
    again = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if again is None:
        raise ValueError("what was encoded does not decode")
    return again


@cache
def _grain() -> np.ndarray:
    """A field of noise, larger than a picture."""
    return np.random.default_rng(11).standard_normal((2 * HEIGHT, 2 * WIDTH, 3), np.float32)


def _noise(random: np.random.Generator) -> np.ndarray:
    """Fresh noise of deviation 1: two places of the field together, so that none comes twice."""
    total = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    for _ in range(2):
        y, x = int(random.integers(HEIGHT)), int(random.integers(WIDTH))
        total += _grain()[y : y + HEIGHT, x : x + WIDTH]
    return total * np.float32(0.5**0.5)
