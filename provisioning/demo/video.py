"""A little video that stands in for a camera where there is none: a moving test picture.

Run as a program, because OpenCV stays out of every process that does not need it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from exam_packages.errors import ExamError

WIDTH, HEIGHT, FRAMES, RATE = 640, 480, 50, 10


def make_video(path: Path) -> None:
    """Write the video to *path*. Raises :class:`ExamError` when OpenCV does not work."""
    done = subprocess.run(
        [sys.executable, "-m", "provisioning.demo.video", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ExamError("OpenCV cannot write a video: {why}", why=done.stderr.strip())


def _draw(path: Path) -> None:
    import cv2
    import numpy as np

    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (WIDTH, HEIGHT), True)
    if not video.isOpened():
        raise SystemExit("no MJPG encoder")
    grain = np.random.default_rng(1)
    for number in range(FRAMES):
        picture = grain.integers(90, 110, (HEIGHT, WIDTH, 3)).astype(np.uint8)
        centre = (80 + number * 9, HEIGHT // 2)
        cv2.circle(picture, centre, 60, (180, 200, 220), -1)
        cv2.putText(
            picture, "test picture", (20, 40), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 2
        )
        video.write(picture)
    video.release()


if __name__ == "__main__":
    _draw(Path(sys.argv[1]))
