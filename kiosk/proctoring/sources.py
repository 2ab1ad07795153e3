"""Where pictures come from: a camera by its device file, or a video file in its place.

An open device proves nothing: after unplugging, ``read()`` fails while ``isOpened()`` stays
true. So a picture is demanded when a source is opened, and a failed read is a loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import cv2

from exam_packages.attempt.events import DEVICE, OTHER_DEVICE, VIDEO_FILE, VIRTUAL
from exam_packages.content.signals import held_words
from kiosk.proctoring.detectors.sight import Pixels
from kiosk.proctoring.messages import Held, Lost, Plan
from provisioning.devices.camera import NOT_ONE, Camera, Identity, cameras, held, holders
from provisioning.station_home import CAMERA_AUTO

HEIGHT_SHARE: Final = 0.75
STALE_FRAMES: Final = 4
"""Frames a driver keeps from before: thrown away, so that a picture shows the present."""
WARM_UP: Final = 6
"""Frames after opening in which a camera still finds its exposure."""


class Reader(Protocol):
    """Gives pictures."""

    def read(self) -> Pixels | None:
        """The present picture, or ``None`` when the source is lost."""


@dataclass(frozen=True)
class Source:
    """An open source that gave a picture: what it is, and for people."""

    reader: Reader
    kind: int
    words: str
    identity: Identity
    enrolled: bool

    @property
    def strict(self) -> bool:
        """Whether a strict plan takes it."""
        return self.kind == DEVICE and self.enrolled


class Device:
    """A camera by its device file."""

    def __init__(self, path: Path, width: int) -> None:
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_V4L2)
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, round(width * HEIGHT_SHARE))

    def read(self) -> Pixels | None:
        for _ in range(STALE_FRAMES):
            if not self._capture.grab():
                return None
        taken, pixels = self._capture.read()
        return pixels if taken else None

    def close(self) -> None:
        self._capture.release()


class VideoFile:
    """A video file that stands in for a camera. At its end it is opened again: where it went,
    the source is lost, as a camera is that was unplugged."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._capture = cv2.VideoCapture(self._path, cv2.CAP_FFMPEG)

    def read(self) -> Pixels | None:
        taken, pixels = self._capture.read()
        if not taken:
            self._capture.release()
            self._capture = cv2.VideoCapture(self._path, cv2.CAP_FFMPEG)
            taken, pixels = self._capture.read()
        return pixels if taken else None


def find(setting: str, plan: Plan) -> Source | Lost | Held:
    """The source *setting* names, after a first picture; or why there is none, in words.

    *setting* is ``auto`` for the first camera that works (the enrolled one before others), or
    the path of a video file.
    """
    if setting != CAMERA_AUTO:
        path = Path(setting)
        file = Source(VideoFile(path), VIDEO_FILE, f"Video file {path.name}"[:200], NOT_ONE, False)
        if plan.strict:
            return Lost("This exam takes pictures from the enrolled camera alone, not from a file")
        return file if file.reader.read() is not None else Lost("The video file cannot be read")
    why: Lost | Held = Lost("No camera was found")
    for camera in sorted(cameras(), key=lambda each: not _is_enrolled(each, plan)):
        kind, enrolled = _kind(camera, plan), _is_enrolled(camera, plan)
        words = f"Camera {camera.path.name}: {camera.name or 'without a name'}"[:200]
        if plan.strict and not enrolled:
            why = Lost(f"{words} is not the camera enrolled for this station"[:200])
            continue
        if held(camera.path):
            why = Held(held_words(words, holders(camera.path))[:200])
            continue
        device = Device(camera.path, plan.width)
        if all(device.read() is not None for _ in range(WARM_UP)):
            return Source(device, kind, words, camera.identity, enrolled)
        device.close()
        why = Lost(f"{words} gives no picture"[:200])
    return why


def _is_enrolled(camera: Camera, plan: Plan) -> bool:
    return not camera.virtual and any(each.same(camera.identity) for each in plan.enrolled)


def _kind(camera: Camera, plan: Plan) -> int:
    if camera.virtual:
        return VIRTUAL
    return OTHER_DEVICE if plan.enrolled and not _is_enrolled(camera, plan) else DEVICE
