"""Reading a QR code that is held up to the camera, and a small picture to aim by.

Nothing of a frame is kept: it becomes a picture of some hundred pixels for the screen and,
where a code is in it, the text of that code. Whatever a code holds comes from a stranger's
paper: it is bounded here, and counts as typed text everywhere.

The frame is read as it is, then twice as large by OpenCV's other detector: together they read
what each alone misses, at some tenth of a second a frame. Measured in docs/screens.md.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from kiosk.proctoring.detectors.sight import Pixels
from kiosk.proctoring.messages import MAX_SEEN, Seen

_AROUND: Final = (60, 220, 60)
"""The line around a code that was found, blue, green, red."""


class CodeReader:
    """OpenCV's detectors, made once."""

    def __init__(self) -> None:
        self._plain = cv2.QRCodeDetector()
        self._other = cv2.QRCodeDetectorAruco()

    def look(self, pixels: Pixels, width: int, height: int) -> Seen:
        """What stands in a frame, and the frame in at most *width* by *height* pixels,
        mirrored, as one sees oneself."""
        text, corners = self._read(pixels)
        known = len(text) <= MAX_SEEN and text.isprintable()
        small = _small(pixels, corners, width, height)
        rows, columns = small.shape[:2]
        rgb = cv2.cvtColor(cv2.flip(small, 1), cv2.COLOR_BGR2RGB)
        return Seen(columns, rows, rgb.tobytes(), text if known else "", bool(text) and not known)

    def _read(self, pixels: Pixels) -> tuple[str, Pixels | None]:
        """The text of a code in *pixels* (empty: none), and its corners where it lies."""
        text, corners = _decoded(self._plain, pixels)
        if text:
            return text, corners
        grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
        large = cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        text, others = _decoded(self._other, large)
        return text, others / 2 if others is not None else corners


def _decoded(
    detector: cv2.QRCodeDetector | cv2.QRCodeDetectorAruco, pixels: Pixels
) -> tuple[str, Pixels | None]:
    try:
        text, corners, _straight = detector.detectAndDecode(pixels)
    except (cv2.error, UnicodeDecodeError, SystemError):  # bytes that are no text, odd corners
        return "", None
    return str(text), corners


def _small(pixels: Pixels, corners: Pixels | None, width: int, height: int) -> Pixels:
    rows, columns = pixels.shape[:2]
    scale = min(width / columns, height / rows)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    if corners is not None and np.isfinite(corners).all():
        line = np.clip(corners.reshape(-1, 1, 2) * scale, -10_000, 10_000).astype(np.int32)
        cv2.polylines(small, [line], isClosed=True, color=_AROUND)
    return small
