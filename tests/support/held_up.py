"""What a camera sees when a letter is held up to it: made of pixels, as OpenCV gets them.

Stands in for paper and hand: the code is turned, tilted, dimmed, blurred and made noisy in a
picture of a room; everything after the lens is the real thing.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sync.printing.codes import matrix

SIZE = (640, 480)
Frame = npt.NDArray[np.uint8]


def held_up(
    text: str,
    *,
    side: int = 200,
    angle: float = 0.0,
    tilt: float = 0.0,
    at: tuple[float, float] = (0.5, 0.5),
    light: float = 1.0,
    blur: float = 0.0,
    noise: float = 0.0,
    seed: int = 1,
) -> Frame:
    """A frame with a code *side* pixels wide, turned by *angle* degrees; *tilt* is how much
    narrower its far edge is (0 to 1)."""
    random = np.random.default_rng(seed)
    width, height = SIZE
    room = np.tile(np.linspace(60, 150, width, dtype=np.float32), (height, 1))
    room[height // 3 :, : width // 3] -= 30
    modules = np.where(np.array(matrix(text)), 0, 255).astype(np.float32)
    paper = cv2.resize(modules, (600, 600), interpolation=cv2.INTER_NEAREST)
    paper = cv2.copyMakeBorder(paper, 80, 80, 80, 80, cv2.BORDER_CONSTANT, value=255.0)
    half = side / 2 * 760 / 600
    corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    corners[:2, 0] *= 1 - tilt
    turn = np.deg2rad(angle)
    corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners += np.array([at[0] * width, at[1] * height])
    source = np.array([[0, 0], [760, 0], [760, 760], [0, 760]], np.float32)
    moved = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    seen = cv2.warpPerspective(paper, moved, SIZE, flags=cv2.INTER_AREA, borderValue=-1.0)
    frame = np.where(seen >= 0, seen * 0.85 + 20, room) * light
    if blur:
        frame = cv2.GaussianBlur(frame, (0, 0), blur)
    frame = frame + random.normal(0, noise, frame.shape)
    grey = np.clip(frame, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


def write_frames(path: Path, frames: list[Frame]) -> None:
    """A video file of *frames*, a tenth of a second each."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, SIZE)
    for frame in frames:
        writer.write(frame)
    writer.release()
