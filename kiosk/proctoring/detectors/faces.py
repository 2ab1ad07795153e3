"""How many faces are to be seen: roughly frontal, lit ones. Never whose.

OpenCV's cascade ``frontalface_alt2`` on a copy of at most 320 pixels' width, evened out by
CLAHE. Before it says that there is nobody, it looks at copies turned to either side as well:
a head that leans on a hand is there. Where an administrator has put the YuNet model (an ONNX
file that no package carries) on the station, it is used instead, if its checksum is the one
that was written down.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np
from cv2.data import haarcascades

from exam_packages.errors import ExamError
from kiosk.proctoring.detectors.sight import Pixels

WIDTH: Final = 320
LEAST: Final = 32
"""Pixels of the smallest face on a copy of :data:`WIDTH`: a tenth of the picture's width."""
TURNS: Final = (-20.0, 20.0, -35.0, 35.0)
"""Degrees by which copies are turned before absence is declared."""
NEIGHBOURS: Final = 3
SURE: Final = 0.7
"""YuNet's score from which a face counts."""
MAX_MODEL: Final = 4 * 1024 * 1024

Count: TypeAlias = Callable[[Pixels], int]
"""How many faces are to be seen in a frame."""


class ModelError(ExamError):
    """A face model cannot be used."""


def cascade() -> Count:
    """The counter that every station has. Raises :class:`ModelError` when OpenCV lacks it."""
    path = Path(haarcascades) / "haarcascade_frontalface_alt2.xml"
    finder = cv2.CascadeClassifier(str(path))
    if finder.empty():
        raise ModelError(
            "OpenCV’s face cascade is not in {path}; install opencv-python below version 5.",
            path=str(path),
        )
    even = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8))

    def found(grey: Pixels) -> int:
        boxes = finder.detectMultiScale(
            grey, scaleFactor=1.1, minNeighbors=NEIGHBOURS, minSize=(LEAST, LEAST)
        )
        return len(boxes)

    def count(pixels: Pixels) -> int:
        grey = even.apply(_small(pixels))
        upright = found(grey)
        if upright:
            return upright
        return int(any(found(_turned(grey, turn)) for turn in TURNS))

    return count


def yunet(path: Path, checksum: str) -> Count:
    """The counter of the YuNet model in *path*, whose SHA-256 is *checksum* (hexadecimal).

    Raises :class:`ModelError` when it is another file, or none that OpenCV can use.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_MODEL + 1)
    except OSError as problem:
        raise ModelError(
            "The face model {path} cannot be read: {why}.",
            path=str(path),
            why=problem.strerror or "unknown",
        ) from None
    if len(data) > MAX_MODEL or hashlib.sha256(data).hexdigest() != checksum.lower():
        raise ModelError(
            "The face model {path} is not the file whose checksum is set; put the right one "
            "there, or leave the setting out to use OpenCV’s own cascade.",
            path=str(path),
        )
    try:
        model = cv2.FaceDetectorYN.create(
            "onnx", np.frombuffer(data, np.uint8), np.empty(0, np.uint8), (WIDTH, WIDTH), SURE
        )
    except cv2.error:
        raise ModelError(
            "The face model {path} is none that OpenCV can use; take the YuNet file of 2023.",
            path=str(path),
        ) from None

    def count(pixels: Pixels) -> int:
        colour = pixels if pixels.ndim == 3 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)
        scale = min(1.0, WIDTH / colour.shape[1])
        small = cv2.resize(colour, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        model.setInputSize((small.shape[1], small.shape[0]))
        _, faces = model.detect(small)
        return 0 if faces is None else len(faces)

    return count


def _small(pixels: Pixels) -> Pixels:
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    scale = min(1.0, WIDTH / grey.shape[1])
    return cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _turned(grey: Pixels, degrees: float) -> Pixels:
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return cv2.warpAffine(grey, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
