"""Which keyboards there are: judged by the keys they have, not by what they call themselves.

A device types when it has the letters, Enter and the space bar. That takes in what only claims
to be a keyboard (a scanner, a stick that types), and leaves out power buttons and the second
node that most USB keyboards have for their volume keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

from exam_packages import canon
from exam_packages.canon import Object
from exam_packages.errors import ExamError
from exam_packages.files import write_durably
from provisioning.devices.sysfs import Fact, line

SYS: Final = Path("/sys")
DEV_INPUT: Final = Path("/dev/input")

_EV_KEY: Final = 1
_TYPES: Final = (28, 57, *range(16, 26), *range(30, 39), *range(44, 51))
"""KEY_ENTER, KEY_SPACE, and the letters from Q to P, A to L, Z to M."""
_MAX_FILE: Final = 64 * 1024
_MAX_DEVICES: Final = 256
MAX_ENROLLED: Final = 32


class KeyboardError(ExamError):
    """The enrolled keyboards cannot be read."""


class KeyboardIdentity(Object):
    """What stays the same of a keyboard when it is plugged in again: the bus it is on (the
    kernel's number in hex), vendor and product like ``046d:c31c``, and its serial number if it
    has one. Most have none: two of one make are then the same to a station."""

    bus: Fact
    ids: Fact
    serial: Fact


class _Enrolled(Object):
    keyboards: Annotated[tuple[KeyboardIdentity, ...], Meta(max_length=MAX_ENROLLED)]


@dataclass(frozen=True)
class Keyboard:
    """A device that types. ``virtual`` says that a program makes its keys."""

    path: Path
    name: str
    identity: KeyboardIdentity
    virtual: bool


def keyboards(sys: Path = SYS) -> Iterator[Keyboard]:
    """Every keyboard of this machine, in the order of its names."""
    nodes = sorted((sys / "class/input").glob("event*"), key=lambda each: (len(each.name), each))
    for node in nodes[:_MAX_DEVICES]:
        device = node / "device"
        if not types(line(device / "capabilities/ev"), line(device / "capabilities/key")):
            continue
        ids = f"{line(device / 'id/vendor')}:{line(device / 'id/product')}"
        identity = KeyboardIdentity(line(device / "id/bustype"), ids, line(device / "uniq"))
        virtual = (sys / "devices/virtual").resolve() in node.resolve().parents
        yield Keyboard(DEV_INPUT / node.name, line(device / "name"), identity, virtual)


def types(events: str, keys: str) -> bool:
    """Whether a device with these capabilities (bit masks as sysfs writes them) can type."""
    try:
        has, can = bits(keys), bits(events)
    except ValueError:
        return False
    return bool(can >> _EV_KEY & 1) and all(has >> code & 1 for code in _TYPES)


def bits(mask: str, word: int = 64) -> int:
    """A bit mask as sysfs writes it: words of the machine in hex, the highest first."""
    value = 0
    for part in mask.split():
        value = value << word | int(part, 16)
    return value


def enrolled(path: Path) -> tuple[KeyboardIdentity, ...] | None:
    """The keyboards enrolled in the file *path*; ``None`` without one. Raises
    :class:`KeyboardError`."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE)
        found: _Enrolled = canon.unpack(data, _Enrolled, max_size=_MAX_FILE)
    except FileNotFoundError:
        return None
    except canon.CanonError:
        raise KeyboardError(
            "The enrolled keyboards in {path} are damaged; enrol them again.", path=str(path)
        ) from None
    return found.keyboards


def enrol(path: Path, found: tuple[Keyboard, ...]) -> None:
    """Write *found* down as this station's keyboards, in the file *path*. Raises
    :class:`KeyboardError` when a program makes the keys of one, there is none, or too many."""
    if not found:
        raise KeyboardError("There is no keyboard here that could be enrolled.")
    if len(found) > MAX_ENROLLED:
        raise KeyboardError(
            "{count} keyboards are connected, and at most {limit} can be enrolled; unplug those "
            "that do not belong to this station.",
            count=len(found),
            limit=MAX_ENROLLED,
        )
    for each in found:
        if each.virtual:
            raise KeyboardError(
                "{name} ({device}) is no real keyboard: a program makes its keys. End that "
                "program first.",
                name=each.name,
                device=str(each.path),
            )
    write_durably(path, canon.pack(_Enrolled(tuple(each.identity for each in found))))
