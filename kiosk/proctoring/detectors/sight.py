"""One frame, prepared once for every detector that looks at it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = cv2.typing.MatLike
Grid: TypeAlias = npt.NDArray[np.float32]

SMALL: Final = (160, 120)
"""Width and height of the grey copy on which a camera's health is judged."""
GRID: Final = (16, 12)
"""Columns and rows of mean brightness: enough to see movement, too little to see noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A frame and the moment it was read (nanoseconds of any steady clock).

    ``small`` is the grey copy of :data:`SMALL`, ``grid`` the mean brightness of :data:`GRID`
    cells, ``digest`` names the exact pixels. ``faces`` is how many faces are to be seen;
    ``None`` when nobody looked for any in this frame.
    """

    at_ns: int
    small: Pixels
    grid: Grid
    digest: bytes
    faces: int | None = None


def see(pixels: Pixels, at_ns: int, faces: int | None = None) -> Sight:
    """Prepare a frame (BGR or grey, 8 bits)."""
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, SMALL, interpolation=cv2.INTER_AREA)
    grid = cv2.resize(small, GRID, interpolation=cv2.INTER_AREA).astype(np.float32)
    exact = hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=16).digest()
    return Sight(at_ns, small, grid, exact, faces)
