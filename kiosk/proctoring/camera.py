"""The camera process: the only one that loads OpenCV, started and ended by the agent.

Run as ``python -m kiosk.proctoring.camera SOCKET SOURCE``, where SOCKET is the number of
an inherited socket and SOURCE is ``auto`` for the first camera that works, or the path of
a video file. It holds no key, reaches no network, writes no file (:mod:`.confinement`), and
ends when the agent does.

Between pictures it looks: a frame is read, judged by the detectors and forgotten. Only a frame
in which a signal is raised is handed over, where the rules of the exam keep such pictures.
"""

from __future__ import annotations

import contextlib
import select
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import msgspec

from exam_packages.content.proctoring import AVIF, JPEG, MAX_GLIMPSE, NO_FACE, SEVERAL_FACES, WEBP
from kiosk.ipc.channel import Channel, ChannelError
from kiosk.proctoring.codes import CodeReader
from kiosk.proctoring.confinement import ConfinementError, confine
from kiosk.proctoring.detectors.faces import Count, ModelError, cascade, yunet
from kiosk.proctoring.detectors.sight import Pixels, see
from kiosk.proctoring.detectors.watch import Watch, begin, look
from kiosk.proctoring.messages import (
    MAX_PICTURE,
    MAX_SIDE,
    Alive,
    Found,
    Glance,
    Glimpse,
    Look,
    Lost,
    Picture,
    Plan,
    Shoot,
    Signal,
    ToCamera,
)
from kiosk.proctoring.sources import HEIGHT_SHARE, Source, find

ALIVE_S: Final = 2.0
"""Seconds after which the process says that it is alive, when it has nothing else to say."""
AVIF_SPEED: Final = 9
GLIMPSE_QUALITIES: Final = (70, 40, 10)
"""The encoder's, tried in turn until a small picture is small enough."""

_FORMATS: Final = {
    JPEG: (".jpg", cv2.IMWRITE_JPEG_QUALITY),
    WEBP: (".webp", cv2.IMWRITE_WEBP_QUALITY),
    AVIF: (".avif", cv2.IMWRITE_AVIF_QUALITY),
}


def encode(pixels: Pixels, plan: Plan) -> bytes:
    """*pixels* compressed as *plan* says and no larger; empty when that does not work."""
    height, width = pixels.shape[:2]
    scale = min(1.0, plan.width / width, plan.width * HEIGHT_SHARE / height)
    if scale < 1.0:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    suffix, quality = _FORMATS.get(plan.format, _FORMATS[JPEG])
    settings = [quality, plan.quality]
    if suffix == ".avif":
        settings += [cv2.IMWRITE_AVIF_SPEED, AVIF_SPEED]
    try:
        done, data = cv2.imencode(suffix, pixels, settings)
    except cv2.error:  # this build of OpenCV lacks the format
        return b""
    return bytes(data) if done and len(data) <= MAX_PICTURE else b""


def small(pixels: Pixels) -> bytes:
    """*pixels* as a small JPEG for the board: as good as fits, empty when nothing does."""
    height, width = pixels.shape[:2]
    scale = min(1.0, MAX_SIDE / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    for quality in GLIMPSE_QUALITIES:
        done, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if done and len(data) <= MAX_GLIMPSE:
            return bytes(data)
    return b""


class Gone(Exception):
    """The source gives no pictures any more."""


class Watcher:
    """Takes pictures when asked, and looks in between."""

    def __init__(
        self, source: Source, plan: Plan, send: Callable[[msgspec.Struct], None], now_ns: int
    ) -> None:
        self._source = source
        self._send = send
        self._watch: Watch | None = None
        self._count: Count | None = None
        self._looks = 0
        self._codes: CodeReader | None = None
        self.follow(plan, now_ns)

    def follow(self, plan: Plan, now_ns: int) -> None:
        """Work by *plan* from now on; what detectors remember stays."""
        self._plan = plan
        self._watch = begin(plan.detectors, self._watch)
        faces = {NO_FACE, SEVERAL_FACES} & set(plan.detectors)
        if faces and self._count is None:
            self._count = _counter(plan)
        self._due_ns = now_ns

    def wait_s(self, now_ns: int) -> float:
        """Seconds until the next look."""
        if not self._plan.detectors:
            return ALIVE_S
        return max(0.0, (self._due_ns - now_ns) / 1e9)

    def shoot(self, reason: str) -> None:
        """Take a picture and hand it over."""
        raised = self._watch.raised if self._watch is not None else ()
        self._send(Picture(self._encoded(self._read()), reason, raised))

    def aim(self, asked: Look) -> None:
        """Say what is before the camera, for a letter that is held up to it. Nothing is kept."""
        if self._codes is None:
            self._codes = CodeReader()
        self._send(self._codes.look(self._read(), asked.width, asked.height))

    def glance(self) -> None:
        """Hand over a small picture for the board. Nothing is kept."""
        raised = self._watch.raised if self._watch is not None else ()
        self._send(Glimpse(small(self._read()), raised))

    def look(self, now_ns: int) -> None:
        """Judge one frame, if one is due."""
        if not self._plan.detectors or self._watch is None or now_ns < self._due_ns:
            return
        self._due_ns = now_ns + self._plan.look_ms * 1_000_000
        pixels = self._read()
        counting = self._count is not None and self._looks % self._plan.faces_every == 0
        self._looks += 1
        faces = self._count(pixels) if counting and self._count is not None else None
        self._watch, changes = look(self._watch, see(pixels, now_ns, faces))
        for change in changes:
            shown = self._encoded(pixels) if change.on and self._plan.show else b""
            self._send(Signal(change.code, change.on, shown))

    def _read(self) -> Pixels:
        pixels = self._source.reader.read()
        if pixels is None:
            raise Gone
        return pixels

    def _encoded(self, pixels: Pixels) -> bytes:
        data = encode(pixels, self._plan)
        if not data:
            raise Gone
        return data


def _counter(plan: Plan) -> Count:
    """The counter of faces; the cascade where the model set is not what it should be."""
    if plan.model:
        with contextlib.suppress(ModelError):
            return yunet(Path(plan.model), plan.checksum)
    return cascade()


def serve(sock: socket.socket, setting: str) -> None:
    """Find the source, then take pictures and look, until the agent goes or the source does."""
    channel: Channel[ToCamera] = Channel(sock, ToCamera)
    plan = channel.receive()
    if not isinstance(plan, Plan):
        return
    found = find(setting, plan)
    if not isinstance(found, Source):
        channel.send(found)
        return
    said = time.monotonic()

    def send(message: msgspec.Struct) -> None:
        nonlocal said
        channel.send(message)
        said = time.monotonic()

    send(Found(found.kind, found.words, found.identity, found.enrolled))
    watcher = Watcher(found, plan, send, time.monotonic_ns())
    try:
        while True:
            quiet = max(0.0, said + ALIVE_S - time.monotonic())
            wait = min(quiet, watcher.wait_s(time.monotonic_ns()))
            if select.select([sock], [], [], wait)[0]:
                match channel.receive():
                    case Shoot(reason=reason):
                        watcher.shoot(reason)
                    case Look() as asked:
                        watcher.aim(asked)
                    case Glance():
                        watcher.glance()
                    case Plan() as plan:
                        if plan.strict and not found.strict:
                            send(Lost(f"{found.words} is not the camera enrolled here"[:200]))
                            return
                        watcher.follow(plan, time.monotonic_ns())
            watcher.look(time.monotonic_ns())
            if time.monotonic() - said >= ALIVE_S:
                send(Alive())
    except Gone:
        send(Lost(f"{found.words} gives no pictures any more"[:200]))


def main() -> None:
    descriptor, setting = sys.argv[1:]
    cv2.setNumThreads(1)
    sock = socket.socket(fileno=int(descriptor))
    with contextlib.suppress(ChannelError):  # the agent went
        try:
            confine()
        except ConfinementError as problem:
            Channel(sock, ToCamera).send(Lost(str(problem)[:200]))
            return
        serve(sock, setting)


if __name__ == "__main__":
    main()
