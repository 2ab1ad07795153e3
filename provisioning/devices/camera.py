"""Which camera this is: what its driver and the kernel say of it, against the enrolled one.

A label can be anything; the driver, the bus and the place in sysfs are the kernel's own words.
Somebody who is root on the station can still lie about all of it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exam_packages import canon
from exam_packages.canon import Object
from exam_packages.errors import ExamError
from exam_packages.files import write_durably
from provisioning.devices.sysfs import Fact, clean, line

DEV, SYS, PROC = Path("/dev"), Path("/sys"), Path("/proc")

_QUERYCAP: Final = 0x80685600
"""VIDIOC_QUERYCAP, whose answer is a ``struct v4l2_capability`` of 104 bytes."""
_CAPABILITY = struct.Struct("=16s32s32sIII12x")
_CAPTURE, _DEVICE_CAPS = 0x1, 0x80000000
_REQBUFS: Final = 0xC0145608
"""VIDIOC_REQBUFS, with a ``struct v4l2_requestbuffers`` of 20 bytes."""
_ONE_BUFFER: Final = struct.pack("=IIIII", 1, 1, 1, 0, 0)
"""One buffer for capture, mapped into memory."""
_NOT_REAL: Final = ("v4l2 loopback", "v4l2loopback", "vivid", "vimc", "vim2m", "visl")
"""Drivers whose pictures come from a program."""
_MAX_FILE = 4096


class CameraError(ExamError):
    """A camera cannot be used, or enrolled."""


class Identity(Object):
    """What stays the same of a camera when it is plugged in again. ``ids`` is its USB vendor
    and product, like ``046d:0825``; ``bus`` counts only where there is no serial number."""

    driver: Fact
    bus: Fact
    ids: Fact
    serial: Fact

    def same(self, other: Identity) -> bool:
        """Whether *other* is this camera, as far as can be known."""
        alike = (self.driver, self.ids, self.serial) == (other.driver, other.ids, other.serial)
        return alike and (bool(self.serial) or self.bus == other.bus)


NOT_ONE: Final = Identity("", "", "", "")
"""The identity of what is no camera."""


@dataclass(frozen=True)
class Camera:
    """A video device. ``name`` is its label; ``virtual`` says that a program makes its
    pictures; ``captures`` that it gives any (a camera has nodes that do not)."""

    path: Path
    name: str
    identity: Identity
    virtual: bool
    captures: bool


def cameras(dev: Path = DEV) -> Iterator[Camera]:
    """Every video device that gives pictures. What cannot be opened is left out."""
    for path in sorted(dev.glob("video*")):
        with contextlib.suppress(CameraError):
            found = look(path)
            if found.captures:
                yield found


def look(path: Path) -> Camera:
    """What *path* is. Raises :class:`CameraError` when it is no video device."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            answer = bytearray(_CAPABILITY.size)
            fcntl.ioctl(descriptor, _QUERYCAP, answer)
        finally:
            os.close(descriptor)
    except OSError as problem:
        raise CameraError(
            "{path} cannot be asked what it is: {why}.",
            path=str(path),
            why=problem.strerror or "unknown",
        ) from None
    return describe(path, bytes(answer))


def describe(path: Path, answer: bytes, sys: Path = SYS) -> Camera:
    """The camera behind a driver's *answer* to VIDIOC_QUERYCAP, and its place in *sys*."""
    driver, card, bus, _version, capabilities, own = _CAPABILITY.unpack(answer)
    if capabilities & _DEVICE_CAPS:
        capabilities = own
    node = (sys / "class/video4linux" / path.name).resolve()
    usb = _usb(node, sys)
    named = clean(driver)
    virtual = named in _NOT_REAL or (sys / "devices/virtual").resolve() in node.parents
    ids = f"{line(usb / 'idVendor')}:{line(usb / 'idProduct')}" if usb is not None else ""
    serial = line(usb / "serial") if usb is not None else ""
    return Camera(
        path,
        clean(card),
        Identity(named, clean(bus), ids, serial),
        virtual,
        bool(capabilities & _CAPTURE),
    )


def held(path: Path) -> bool:
    """Whether another program takes pictures from *path* now: the kernel gives a camera's buffers
    to one at a time. One that only has it open, or only asks what it is, does not hold it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(descriptor, _REQBUFS, bytearray(_ONE_BUFFER))
        finally:
            os.close(descriptor)  # what was asked for is given back
    except OSError as problem:
        return problem.errno == errno.EBUSY
    return False


def holders(path: Path, proc: Path = PROC) -> tuple[str, ...]:
    """The names of the programs that have *path* open, as far as this user may see them."""
    found = set()
    for process in proc.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            links = [link.readlink() for link in (process / "fd").iterdir()]
            if path in links and int(process.name) != os.getpid():
                found.add(line(process / "comm") or "a program without a name")
    return tuple(sorted(found))


def holder_words(path: Path) -> str:
    """Who holds *path*, for people: by name where this user may see it."""
    return ", ".join(holders(path)) or "another program"


def enrolled(path: Path) -> Identity | None:
    """The camera that was enrolled in the file *path*. Raises :class:`CameraError`."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE)
        identity: Identity = canon.unpack(data, Identity, max_size=_MAX_FILE)
    except FileNotFoundError:
        return None
    except canon.CanonError:
        raise CameraError(
            "The enrolled camera in {path} is damaged; enrol the camera again.", path=str(path)
        ) from None
    return identity


def enrol(path: Path, camera: Camera) -> None:
    """Write *camera* down as this station's, in the file *path*. Raises :class:`CameraError`
    for a virtual one."""
    if camera.virtual:
        raise CameraError(
            "{device} ({driver}) is no real camera: a program makes its pictures. Enrol the "
            "camera that looks at the candidate.",
            device=str(camera.path),
            driver=camera.identity.driver,
        )
    write_durably(path, canon.pack(camera.identity))


def _usb(node: Path, sys: Path) -> Path | None:
    """The USB device that *node* belongs to."""
    top = sys.resolve()
    for each in node.parents:
        if each == top:
            break
        if (each / "idVendor").is_file():
            return each
    return None
