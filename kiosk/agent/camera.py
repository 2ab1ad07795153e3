"""The camera process as the agent sees it: started, asked, watched, started again.

A camera that fails never touches the answers: its loss is told to the session thread,
which records an incident, and the process is started again after a while.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from exam_packages.attempt.events import NO_CAMERA
from kiosk.agent.inbox import CameraChanged, Message, PictureTaken, Sighted
from kiosk.ipc.channel import Channel, ChannelError
from kiosk.proctoring.messages import Found, FromCamera, Look, Lost, Picture, Seen, Shoot
from provisioning.station_home import CAMERA_AUTO, CAMERA_NONE

PATIENCE_S = 10.0
"""Seconds within which the camera process must answer, or it is ended."""
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0

_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    # V4L waits this long for a frame (seconds): an unplugged camera must not hang for 10.
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "3",
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
}


class Camera:
    """Runs the camera process in a thread that tells what becomes of it.

    *setting* is ``auto``, ``none`` or the path of a video file, as in station.toml.
    """

    def __init__(
        self, setting: str, post: Callable[[Message], None], *, first_wait_s: float = FIRST_WAIT_S
    ) -> None:
        self._setting = setting
        self._post = post
        self._first_wait_s = first_wait_s
        self._stop = threading.Event()
        self._wanted = threading.Event()
        self._wanted.set()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._lock = threading.Lock()
        self._channel: Channel[FromCamera] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = 0.0

    def start(self) -> None:
        if self._setting != CAMERA_NONE:
            self._thread.start()

    def shoot(self) -> None:
        """Ask for a picture; it comes as a message, or not at all."""
        self._ask(Shoot())

    def look(self, width: int, height: int) -> bool:
        """Ask what is before the camera, with a picture of this many pixels; it comes as a
        message, or not at all. Whether there is a camera."""
        return self._ask(Look(width, height))

    def _ask(self, what: Shoot | Look) -> bool:
        with self._lock:
            channel = self._channel
            now = time.monotonic()
            if self._asked and now - self._asked > PATIENCE_S and self._process is not None:
                self._process.kill()  # it hangs; its thread starts another
            if self._asked or channel is None:
                return channel is not None
            self._asked = now
        with contextlib.suppress(ChannelError):  # its thread notices too, and tells
            channel.send(what)
        return True

    def want(self, on: bool) -> None:
        """Switch the camera off where the rules of an exam forbid it, and on again."""
        if on:
            self._wanted.set()
        elif self._wanted.is_set():
            self._wanted.clear()
            self._kill()

    def stop(self) -> None:
        """End the camera process."""
        self._stop.set()
        self._wanted.set()
        self._kill()
        if self._thread.is_alive():
            self._thread.join()

    def _kill(self) -> None:
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def _run(self) -> None:
        wait = self._first_wait_s
        while not self._stop.is_set():
            self._wanted.wait()
            found = self._present() and self._live()
            if found:
                wait = self._first_wait_s
            self._stop.wait(wait)
            wait = min(LONGEST_WAIT_S, wait * 2)

    def _present(self) -> bool:
        """Whether starting the process can succeed at all: it costs half a second."""
        if self._setting == CAMERA_AUTO:
            return any(Path("/dev").glob("video*"))
        return Path(self._setting).is_file()

    def _live(self) -> bool:
        """One life of the process; whether it found a source."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    "-m",
                    "kiosk.proctoring.camera",
                    str(theirs.fileno()),
                    os.path.abspath(self._setting)  # noqa: PTH100  "auto" must stay as it is
                    if self._setting != CAMERA_AUTO
                    else CAMERA_AUTO,
                ],
                env=_ENVIRONMENT,
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        channel: Channel[FromCamera] = Channel(ours, FromCamera)
        ours.settimeout(PATIENCE_S)
        with self._lock:
            self._channel, self._process, self._asked = channel, process, 0.0
            if self._stop.is_set():
                process.kill()
        words, found = self._listen(channel, ours)
        with self._lock:
            self._channel = None
        channel.close()
        process.kill()
        process.wait()
        if found and not self._stop.is_set():
            self._post(CameraChanged(NO_CAMERA, words))
        return found

    def _listen(self, channel: Channel[FromCamera], sock: socket.socket) -> tuple[str, bool]:
        """Pass on what the process says until it is over: why, and whether it had a source."""
        source = NO_CAMERA
        try:
            while True:
                match said := channel.receive():
                    case Found(source=source, words=words):
                        sock.settimeout(None)
                        self._post(CameraChanged(source, words))
                    case Picture(jpeg=jpeg):
                        with self._lock:
                            self._asked = 0.0
                        self._post(PictureTaken(source, jpeg))
                    case Seen():
                        with self._lock:
                            self._asked = 0.0
                        self._post(Sighted(said))
                    case Lost(words=words):
                        return words, source != NO_CAMERA
        except ChannelError:
            return "The camera process ended", source != NO_CAMERA
