"""A short video file: each frame differs, so that pictures can be told apart."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from kiosk.proctoring.rates.faces import drawn
from kiosk.proctoring.rates.scenes import Condition, film


def write_video(path: Path, *, frames: int = 12, size: tuple[int, int] = (320, 240)) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, size)
    assert writer.isOpened()
    for number in range(frames):
        pixels = np.full((size[1], size[0], 3), 20 * number, np.uint8)
        cv2.circle(pixels, (20 + 20 * number, 100), 30, (255, 255, 255), -1)
        writer.write(pixels)
    writer.release()


def write_noise(path: Path, *, frames: int = 4) -> None:
    """What compresses worst: nothing but noise."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 240))
    assert writer.isOpened()
    noise = np.random.default_rng(1)
    for _ in range(frames):
        writer.write(noise.integers(0, 256, (240, 320, 3), np.uint8))
    writer.release()


def write_film(path: Path, condition: Condition, *, seed: int = 1) -> None:
    """A film of *condition*, as the detectors' error rates are measured on."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 2, (640, 480))
    assert writer.isOpened()
    for pixels in film(condition, drawn, seed):
        writer.write(pixels)
    writer.release()


def picture_size(jpeg: bytes) -> tuple[int, int]:
    """Width and height of a JPEG that really decodes."""
    pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return pixels.shape[1], pixels.shape[0]
