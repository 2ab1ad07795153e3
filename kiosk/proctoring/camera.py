"""The camera process: the only one that loads OpenCV, started and ended by the agent.

Run as ``python -m kiosk.proctoring.camera SOCKET SOURCE``, where SOCKET is the number of
an inherited socket and SOURCE is ``auto`` for the first camera that works, or the path of
a video file. It holds no key, writes no file, and ends when the agent does.

An open device proves nothing: after unplugging, ``read()`` fails while ``isOpened()``
stays true. So a picture is demanded when a source is opened, and a failed read is a loss.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from pathlib import Path
from typing import Protocol, TypeAlias

import cv2

from exam_packages.attempt.events import DEVICE, VIDEO_FILE
from kiosk.ipc.channel import Channel, ChannelError
from kiosk.proctoring.codes import CodeReader
from kiosk.proctoring.messages import MAX_JPEG, Found, Look, Lost, Picture, Shoot, ToCamera

WIDTH, HEIGHT = 640, 480
QUALITY = 60
STALE_FRAMES = 4
"""Frames a driver keeps from before: thrown away, so that a picture shows the present."""

Pixels: TypeAlias = cv2.typing.MatLike


class Source(Protocol):
    """Where pictures come from."""

    @property
    def kind(self) -> int:
        """What kind of source this is."""

    @property
    def words(self) -> str:
        """The same for people."""

    def read(self) -> Pixels | None:
        """The present picture, or ``None`` when the source is lost."""


class Device:
    """A camera by its device file."""

    kind = DEVICE

    def __init__(self, path: Path) -> None:
        self.words = f"Camera {path.name}"
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_V4L2)
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, WIDTH)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT)

    def read(self) -> Pixels | None:
        for _ in range(STALE_FRAMES):
            if not self._capture.grab():
                return None
        taken, pixels = self._capture.read()
        return pixels if taken else None

    def close(self) -> None:
        self._capture.release()


class VideoFile:
    """A video file that stands in for a camera; it starts again at its end."""

    kind = VIDEO_FILE

    def __init__(self, path: Path) -> None:
        self.words = f"Video file {path.name}"[:200]
        self._path = str(path)
        self._capture = cv2.VideoCapture(self._path)

    def read(self) -> Pixels | None:
        taken, pixels = self._capture.read()
        if not taken:
            self._capture.release()
            self._capture = cv2.VideoCapture(self._path)
            taken, pixels = self._capture.read()
        return pixels if taken else None


def find(setting: str) -> tuple[Source, Pixels] | None:
    """The source *setting* names, with a first picture; ``None`` when there is none."""
    if setting != "auto":
        source: Source = VideoFile(Path(setting))
        first = source.read()
        return None if first is None else (source, first)
    for path in sorted(Path("/dev").glob("video*")):
        device = Device(path)
        first = device.read()
        if first is not None:
            return device, first
        device.close()
    return None


def encode(pixels: Pixels) -> bytes:
    """*pixels* as JPEG, no larger than 640×480."""
    height, width = pixels.shape[:2]
    scale = min(1.0, WIDTH / width, HEIGHT / height)
    if scale < 1.0:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return bytes(data) if done else b""


def serve(channel: Channel[ToCamera], setting: str) -> None:
    """Find the source, then take a picture or look whenever asked, until the agent goes."""
    found = find(setting)
    if found is None:
        words = "No camera was found" if setting == "auto" else "The video file cannot be read"
        channel.send(Lost(words))
        return
    source, _ = found
    channel.send(Found(source.kind, source.words))
    codes = CodeReader()
    while isinstance(asked := channel.receive(), Shoot | Look):
        pixels = source.read()
        if isinstance(asked, Look) and pixels is not None:
            channel.send(codes.look(pixels, asked.width, asked.height))
            continue
        jpeg = b"" if pixels is None else encode(pixels)
        if not 0 < len(jpeg) <= MAX_JPEG:
            channel.send(Lost(f"{source.words} gives no pictures any more"[:200]))
            return
        channel.send(Picture(jpeg))


def main() -> None:
    descriptor, setting = sys.argv[1:]
    cv2.setNumThreads(1)
    with contextlib.suppress(ChannelError):  # the agent went
        serve(Channel(socket.socket(fileno=int(descriptor)), ToCamera), setting)


if __name__ == "__main__":
    main()
