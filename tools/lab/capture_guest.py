"""Inside the station lab's machine: the agent's own camera, on cameras that the kernel makes.

The camera process is the real one, confined as at a station, and OpenCV's V4L2 path with it. Each
step prints a line; the first that does not come out as it must ends it with status 1.
See ``capture.py``.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import msgspec

from exam_packages.attempt.events import NO_CAMERA, VIRTUAL
from exam_packages.content.proctoring import COVERED
from kiosk.agent import camera as agent
from kiosk.agent.inbox import CameraChanged, Message, PictureTaken
from kiosk.proctoring.messages import Plan
from provisioning.devices.camera import cameras, held
from provisioning.station_home import CAMERA_AUTO

LONG_S = 240
"""A guest without KVM takes half a minute to load OpenCV."""
DRIVER = Path("/sys/bus/platform/drivers/vivid")
LABEL, SIZE = "HD Pro Webcam C920", (640, 480)


class Station:
    """A station's camera, with what it posts."""

    def __init__(self) -> None:
        self.posted: SimpleQueue[Message] = SimpleQueue()
        agent.PATIENCE_S = LONG_S
        self.camera = agent.Camera(CAMERA_AUTO, self.posted.put, first_wait_s=0.5)
        self.camera.start()

    def changed(self, source: int, words: str = "") -> CameraChanged:
        """The next change of the source, which must be this one. Pictures before it are let go."""
        deadline = time.monotonic() + LONG_S
        while True:
            try:
                message = self.posted.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                raise SystemExit(f"no {source} {words!r} within {LONG_S} s") from None
            if isinstance(message, PictureTaken):
                self.camera.done()
            if isinstance(message, CameraChanged):
                if message.source != source or words not in message.words:
                    raise SystemExit(f"{message}, and not {source} {words!r}")
                return message

    def picture(self) -> bytes:
        """A picture that was asked for."""
        self.camera.shoot("time")
        message = self.posted.get(timeout=LONG_S)
        if not isinstance(message, PictureTaken):
            raise SystemExit(f"{message}, and not a picture")
        self.camera.done()
        return message.data


def plan(**changes: Any) -> Plan:
    return msgspec.structs.replace(agent.IDLE, **changes)


def pictures() -> None:
    """A camera that is held, opened, refused, silent, unplugged."""
    run("modprobe", "-r", "vivid", "v4l2loopback", must=False)
    run("modprobe", "vivid", "n_devs=1", "node_types=0x1", "vid_cap_nr=0")
    run("udevadm", "settle")
    run(sys.executable, "-I", "-c", "import kiosk.proctoring.camera")
    with busy():
        station = Station()
        taken = station.changed(NO_CAMERA, "held by v4l2-ctl")
        check(taken.held, "that it is held is no word alone")
        check(held(Path("/dev/video0")), "the device is held")
        say(f"another program has it: “{taken.words}”")
        told = checked()
        check("(vivid) is held by v4l2-ctl; end that program" in told, told)
        say("`station check` says who holds it, and what to do")
    found = station.changed(VIRTUAL)
    check(found.identity.driver == "vivid" and not found.enrolled, str(found))
    say(f"let go, it is found: “{found.words}”, driver {found.identity.driver}, virtual")

    first, second = station.picture(), station.picture()
    check(first[:2] == second[:2] == b"\xff\xd8" and first != second, "two different pictures")
    say(f"two pictures of {len(first)} and {len(second)} bytes, by V4L2, from the confined process")

    station.camera.follow(plan(strict=True))
    station.changed(NO_CAMERA, "is not the camera enrolled here")
    station.changed(NO_CAMERA, "is not the camera enrolled for this station")
    station.camera.follow(plan())
    station.changed(VIRTUAL)
    say("where rules want the enrolled camera, it counts as none; elsewhere as virtual")

    station.camera.follow(plan(detectors=(COVERED,)))
    began = time.monotonic()
    dropped(100)
    station.changed(NO_CAMERA, "gives no pictures any more")
    say(f"its frames stop coming: lost after {time.monotonic() - began:.1f} s")
    station.changed(NO_CAMERA, "gives no picture")
    dropped(0)
    station.changed(VIRTUAL)
    say("an open device without frames is none; with frames it is back")

    began = time.monotonic()
    (DRIVER / "unbind").write_text("vivid.0")
    station.changed(NO_CAMERA, "gives no pictures any more")
    say(f"unbound while it was looked at: lost after {time.monotonic() - began:.1f} s")
    check(not any(cameras()), "no device is left")
    (DRIVER / "bind").write_text("vivid.0")
    station.changed(VIRTUAL)
    station.picture()
    say("bound again: found again, and a picture")
    station.camera.stop()


def spoofed() -> None:
    """A loopback device that calls itself a webcam."""
    run("modprobe", "-r", "vivid", "v4l2loopback", must=False)
    run("modprobe", "v4l2loopback", "exclusive_caps=0", "video_nr=0", f"card_label={LABEL}")
    run("udevadm", "settle")
    with going(sys.executable, __file__, "write"):
        station = Station()
        loop = station.changed(VIRTUAL)
        check(loop.identity.driver == "v4l2 loopback" and LABEL in loop.words, str(loop))
        station.picture()
        say(f"a loopback that calls itself “{LABEL}”: driver {loop.identity.driver}, virtual")
        station.camera.stop()


def write() -> None:
    """Write pictures into the loopback, ten a second, for ever."""
    device = os.open("/dev/video0", os.O_RDWR)
    yuyv = int.from_bytes(b"YUYV", "little")
    format_ = struct.pack("=IIIIIIII", 2, 0, *SIZE, yuyv, 1, 2 * SIZE[0], 2 * SIZE[0] * SIZE[1])
    fcntl.ioctl(device, 0xC0D05605, bytearray(format_.ljust(208, b"\0")))  # VIDIOC_S_FMT
    for shade in itertools.cycle(range(256)):
        os.write(device, bytes([shade, 128]) * (SIZE[0] * SIZE[1]))
        time.sleep(0.1)


def checked() -> str:
    """What the station's check says of the cameras here."""
    home = "/run/station"
    named = ("--id", "seat-1", "--centre", "Lab", "--hall-url", "https://127.0.0.1:1")
    run("exam-kiosk", "station", "init", home, *named)
    told = subprocess.run(  # it is not enrolled, so the check as a whole fails
        ["exam-kiosk", "station", "check", home], capture_output=True, text=True, check=False
    )
    return told.stdout + told.stderr


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """Another program takes pictures from the camera meanwhile."""
    with going("v4l2-ctl", "-d", "/dev/video0", "--stream-mmap", "--stream-count=0") as program:
        while not held(Path("/dev/video0")):
            if program.poll() is not None:
                raise SystemExit(f"v4l2-ctl ended: {Path('/run/going').read_text()}")
            time.sleep(0.2)
        yield


@contextlib.contextmanager
def going(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    with Path("/run/going").open("wb") as told:
        process = subprocess.Popen(command, stdout=told, stderr=told)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def dropped(percent: int) -> None:
    """Have vivid keep so many of its frames to itself."""
    run("v4l2-ctl", "-d", "/dev/video0", "-c", f"percentage_of_dropped_buffers={percent}")


def run(*command: str, must: bool = True) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if must and done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stdout}{done.stderr}")


def check(holds: bool, what: str) -> None:
    if not holds:
        raise SystemExit(f"it does not hold: {what}")


def say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    check(os.geteuid() == 0, "this is root")
    {"pictures": pictures, "spoofed": spoofed, "write": write}[sys.argv[1]]()
