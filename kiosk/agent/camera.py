"""The camera process as the agent sees it: started, asked, watched, started again.

A camera that fails never touches the answers: its loss is told to the session thread,
which records an incident, and the process is started again after a while. What comes faster
than it can be sealed is dropped and counted: nothing here waits, and nothing piles up.
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
from typing import Final

import msgspec

from exam_packages.attempt.events import NO_CAMERA
from exam_packages.content.proctoring import JPEG
from kiosk.agent.inbox import (
    CameraChanged,
    Glimpsed,
    Message,
    PicturesDropped,
    PictureTaken,
    Sighted,
    SignalChanged,
)
from kiosk.agent.pace import Pace
from kiosk.ipc.channel import Channel, ChannelError
from kiosk.proctoring.messages import (
    Found,
    FromCamera,
    Glance,
    Glimpse,
    Held,
    Look,
    Lost,
    Picture,
    Plan,
    Seen,
    Shoot,
    Signal,
)
from provisioning.devices.camera import Identity
from provisioning.station_home import CAMERA_AUTO, CAMERA_NONE

PATIENCE_S = 10.0
"""Seconds within which the camera process must say something, or it is ended."""
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
ROOM: Final = 8
"""Pictures that may wait to be sealed."""
ASKED: Final = 3
"""Pictures that may be asked for and not have come yet."""

IDLE: Final = Plan(640, JPEG, 60, (), 500, 10, False, False, (), "", "")
"""What holds before a paper says more: nothing is looked at."""

_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    # V4L waits this long for a frame (seconds): an unplugged camera must not hang for 10.
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "3",
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENBLAS_NUM_THREADS": "1",  # it waits for its threads by spinning
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    # A file may name addresses (a playlist does): none is followed.
    "OPENCV_FFMPEG_CAPTURE_OPTIONS": "protocol_whitelist;file",
}


class Camera:
    """Runs the camera process in a thread that tells what becomes of it.

    *setting* is ``auto``, ``none`` or the path of a video file, as in station.toml;
    *enrolled* the camera of this station, if one was enrolled; *model* a face model and its
    checksum.
    """

    def __init__(
        self,
        setting: str,
        post: Callable[[Message], None],
        *,
        enrolled: Identity | None = None,
        model: tuple[str, str] = ("", ""),
        first_wait_s: float = FIRST_WAIT_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._setting = setting
        self._post = post
        self._enrolled = (enrolled,) if enrolled is not None else ()
        self._model = model
        self._first_wait_s = first_wait_s
        self._patience_s = patience_s
        self._stop = threading.Event()
        self._wanted = threading.Event()
        self._wanted.set()
        self._again = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._lock = threading.Lock()
        self._channel: Channel[FromCamera] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._plan = self._with_station(IDLE)
        self._asked = 0
        self._room = ROOM
        self._dropped = 0
        self._told = ""
        self._looking = False
        """Whether what is before the camera was asked for and has not come yet."""
        self._glancing = False
        """The same of a small picture for the board."""

    def start(self) -> None:
        if self._setting != CAMERA_NONE:
            self._thread.start()

    def follow(self, plan: Plan) -> None:
        """Work by *plan* from now on; what is the station's is filled in here."""
        plan = self._with_station(plan)
        with self._lock:
            if plan == self._plan:
                return
            self._plan = plan
        self._tell(plan)
        self._again.set()  # what was refused may be taken now

    def shoot(self, reason: str) -> bool:
        """Ask for a picture; it comes as a message, or not at all. Whether it was asked for:
        not where there is no camera, and not while some are still to come."""
        with self._lock:
            if self._channel is None:
                return False
            if self._asked >= ASKED:
                self._dropped += 1
                return False
            self._asked += 1
        self._tell(Shoot(reason))
        return True

    def look(self, width: int, height: int) -> bool:
        """Ask what is before the camera, with a picture of this many pixels; it comes as a
        message, or not at all. Whether there is a camera."""
        with self._lock:
            if self._channel is None:
                return False
            if self._looking:
                return True
            self._looking = True
        self._tell(Look(width, height))
        return True

    def glance(self) -> bool:
        """Ask for a small picture for the board; it comes as a message, or not at all. Whether
        there is a camera."""
        with self._lock:
            if self._channel is None:
                return False
            if self._glancing:
                return True
            self._glancing = True
        self._tell(Glance())
        return True

    def done(self) -> None:
        """A picture that was posted is sealed and kept, or given up: there is room again."""
        with self._lock:
            self._room += 1

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
        self._again.set()
        self._kill()
        if self._thread.is_alive():
            self._thread.join()

    def _with_station(self, plan: Plan) -> Plan:
        model, checksum = self._model
        return msgspec.structs.replace(
            plan, enrolled=self._enrolled, model=model, checksum=checksum
        )

    def _tell(self, message: Plan | Shoot | Look | Glance) -> None:
        with self._lock:
            channel = self._channel
        if channel is not None:
            with contextlib.suppress(ChannelError):  # its thread notices too, and tells
                channel.send(message)

    def _kill(self) -> None:
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def _run(self) -> None:
        wait = self._first_wait_s
        while not self._stop.is_set():
            self._wanted.wait()
            self._again.clear()
            found = self._present() and self._live()
            if found:
                wait = self._first_wait_s
            self._again.wait(wait)
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
        ours.settimeout(PATIENCE_S)  # to start with; later it says often that it is alive
        with self._lock:
            self._channel, self._process, self._asked = channel, process, 0
            self._looking = self._glancing = False
            if self._stop.is_set():
                process.kill()
        self._tell(self._plan)
        end, found = self._listen(channel, ours)
        with self._lock:
            self._channel = None
            dropped, self._asked, self._dropped = self._dropped + self._asked, 0, 0
        channel.close()
        process.kill()
        process.wait()
        if dropped:  # no picture may come any more that could tell of them
            self._post(PicturesDropped(dropped))
        if (found or end.words != self._told) and not self._stop.is_set():
            self._told = end.words
            self._post(end)
        return found

    def _listen(
        self, channel: Channel[FromCamera], sock: socket.socket
    ) -> tuple[CameraChanged, bool]:
        """Pass on what the process says until it is over: why, and whether it had a source."""
        source, heard = NO_CAMERA, time.monotonic()
        pace = Pace()
        try:
            while True:
                message = channel.receive()
                if not self._expected(message):
                    self._stop.wait(pace.take(time.monotonic()))
                heard = time.monotonic()
                match message:
                    case Found(source=source, words=words, identity=identity, enrolled=enrolled):
                        sock.settimeout(self._patience_s)
                        self._told = ""
                        self._post(CameraChanged(source, words, identity, enrolled))
                    case Picture(data=data, reason=reason, signals=signals):
                        with self._lock:
                            self._asked = max(0, self._asked - 1)
                        self._take(PictureTaken(source, data, reason, signals))
                    case Signal(code=code, on=on, data=data):
                        self._take(SignalChanged(source, code, on, data))
                    case Seen():
                        with self._lock:
                            self._looking = False
                        self._post(Sighted(message))
                    case Glimpse(data=data, signals=signals):
                        with self._lock:
                            asked, self._glancing = self._glancing, False
                        if asked:  # what comes unasked is passed over
                            self._post(Glimpsed(data, signals))
                    case Lost(words=words):
                        return CameraChanged(NO_CAMERA, words), source != NO_CAMERA
                    case Held(words=words):
                        return CameraChanged(NO_CAMERA, words, held=True), False
                    case _:  # alive
                        pass
        except ChannelError:
            silent = time.monotonic() - heard >= self._patience_s
            words = "The camera process did not answer" if silent else "The camera process ended"
            return CameraChanged(NO_CAMERA, words), source != NO_CAMERA

    def _expected(self, message: FromCamera) -> bool:
        """Whether *message* is an answer. What is said besides may be as much as it likes, and
        must not keep the session thread from answers."""
        with self._lock:
            if isinstance(message, Picture):
                return self._asked > 0
            if isinstance(message, Glimpse):
                return self._glancing
            return isinstance(message, Seen) and self._looking

    def _take(self, message: PictureTaken | SignalChanged) -> None:
        """Post what carries a picture, if there is room for one; else without it, counted."""
        with self._lock:
            carries = bool(message.data)
            fits = not carries or self._room > 0
            if fits and carries:
                self._room -= 1
            if not fits:
                self._dropped += 1
            dropped = self._dropped if fits else 0
            self._dropped -= dropped
        if dropped:
            self._post(PicturesDropped(dropped))
        if fits:
            self._post(message)
        elif isinstance(message, SignalChanged):
            self._post(SignalChanged(message.source, message.code, message.on, b""))
