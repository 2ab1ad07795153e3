"""Faces to look for: drawn ones, of many makes, or crops from an outside folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np

from exam_packages.errors import ExamError
from kiosk.proctoring.detectors.sight import Pixels

SIDE: Final = 200
"""Pixels of a face's picture before it is put into a scene."""
MAX_PICTURES: Final = 20_000
SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp")

Face: TypeAlias = tuple[Pixels, Pixels]
"""A face of SIDE×SIDE (BGR), and where it is opaque (0 to 255)."""
Draw: TypeAlias = Callable[[np.random.Generator], Face]
"""Gives a face; the same generator gives the same one."""

# From very light to very dark (BGR): the steps of common skin scales, roughly.
_SKIN: Final = (
    (196, 214, 240),
    (160, 188, 226),
    (122, 158, 206),
    (92, 128, 182),
    (66, 96, 146),
    (48, 70, 110),
    (38, 52, 82),
)


class PicturesError(ExamError):
    """A folder of pictures cannot be used."""


def drawn(random: np.random.Generator) -> Face:
    """A rough face: skin, hair, brows, eyes, nose, mouth, each a little different."""
    skin = np.array(_SKIN[random.integers(len(_SKIN))], np.float32)
    picture = np.zeros((SIDE, SIDE, 3), np.float32)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    half = SIDE // 2
    width = int(random.integers(66, 80))
    cv2.ellipse(mask, (half, half), (width, 96), 0, 0, 360, 255, -1)
    # Light falls from above on a round head.
    down, across = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE - 0.5
    light = 1.08 - 0.25 * down - 1.1 * (across - random.uniform(-0.15, 0.15)) ** 2
    picture[:] = skin * light[..., None]
    hair = skin * random.uniform(0.15, 0.6)
    line = int(random.integers(22, 48))
    cv2.ellipse(picture, (half, 0), (width + 20, line), 0, 0, 360, _bgr(hair), -1)
    eyes = int(random.integers(80, 92))
    apart = int(random.integers(28, 36))
    for side in (-1, 1):
        x = half + side * apart
        cv2.ellipse(picture, (x, eyes - 2), (22, 15), 0, 0, 360, _bgr(skin * 0.68), -1)
        thick = int(random.integers(4, 8))
        cv2.ellipse(picture, (x, eyes - 12), (20, 7), 0, 190, 350, _bgr(hair * 0.8), thick)
        cv2.ellipse(picture, (x, eyes), (13, 7), 0, 0, 360, _bgr(np.minimum(skin * 1.25, 235)), -1)
        cv2.circle(picture, (x, eyes), 7, (30, 26, 24), -1)
    nose = int(random.integers(118, 128))
    cv2.ellipse(picture, (half, nose - 16), (8, 26), 0, 0, 360, _bgr(skin * 1.15), -1)
    cv2.ellipse(picture, (half, nose), (15, 6), 0, 0, 180, _bgr(skin * 0.62), 4)
    mouth = int(random.integers(148, 158))
    wide = int(random.integers(22, 32))
    lips = skin * np.array([0.66, 0.6, 0.85], np.float32)
    cv2.ellipse(
        picture, (half, mouth), (wide, int(random.integers(6, 11))), 0, 0, 360, _bgr(lips), -1
    )
    cv2.line(picture, (half - wide, mouth), (half + wide, mouth), _bgr(skin * 0.4), 2)
    soft = cv2.GaussianBlur(picture, (0, 0), 1.6)
    return np.clip(soft, 0, 255).astype(np.uint8), cv2.GaussianBlur(mask, (0, 0), 2.0)


def crops(directory: Path) -> tuple[Draw, int]:
    """Faces from the pictures in *directory*, each a tight crop of one: what
    gives one of them, and how many there are. Raises :class:`PicturesError`."""
    faces = [_crop(path) for path in pictures(directory)]

    def draw(random: np.random.Generator) -> Face:
        return faces[int(random.integers(len(faces)))]

    return draw, len(faces)


def pictures(directory: Path) -> Sequence[Path]:
    """The picture files in *directory*, in order. Raises :class:`PicturesError` for none."""
    found = sorted(path for path in directory.glob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise PicturesError(
            "There are no pictures (PNG, JPEG, WebP) in {directory}.", directory=str(directory)
        )
    return found[:MAX_PICTURES]


def read(path: Path) -> Pixels:
    """The picture in *path* (BGR). Raises :class:`PicturesError`."""
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise PicturesError("The picture {path} cannot be read.", path=str(path))
    return pixels


def _crop(path: Path) -> Face:
    whole = cv2.resize(read(path), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[4:-4, 4:-4] = 255
    return whole, cv2.GaussianBlur(mask, (0, 0), 2.0)


def _bgr(colour: np.ndarray) -> tuple[float, float, float]:
    blue, green, red = (float(each) for each in colour)
    return blue, green, red
