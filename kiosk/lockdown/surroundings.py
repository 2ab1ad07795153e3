"""What changed around a station between two looks: pure, from what was seen to signals.

What is there when the agent starts is what the station is: an administrator set it up so, and
the hall looked at it. From then on, what comes is told. Keyboards are held against the enrolled
ones, where some are enrolled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from exam_packages.clock import SECOND
from kiosk.lockdown.signals import Signal
from provisioning.devices.keyboards import KeyboardIdentity
from provisioning.devices.usb import UsbDevice

JUMP_NS: Final = 2 * SECOND
"""The wall clock may be steered by so much between two looks; more is a jump."""


@dataclass(frozen=True)
class Surroundings:
    """What one look saw. ``clients`` counts programs at the session's display, -1 where there
    is none to look at; ``wall_ns`` and ``boottime_ns`` are the two clocks, read together."""

    keyboards: tuple[KeyboardIdentity, ...]
    virtual_keyboards: int
    usb: frozenset[UsbDevice]
    screens: frozenset[str]
    clients: int
    traced: bool
    wall_ns: int
    boottime_ns: int


def standing(now: Surroundings, enrolled: tuple[KeyboardIdentity, ...] | None) -> Iterator[Signal]:
    """What is odd about a station as it stands."""
    if enrolled is not None:
        for ids in _beyond(now.keyboards, enrolled):
            yield Signal("keyboard-other", f"A keyboard that is not enrolled is connected: {ids}.")
        if _beyond(enrolled, now.keyboards):
            yield Signal("keyboard-gone", "A keyboard enrolled for this station is not connected.")
    elif len(now.keyboards) > 1:
        yield Signal(
            "keyboard-second",
            f"{len(now.keyboards)} keyboards are connected, and none is enrolled.",
        )
    if len(now.screens) > 1:
        yield _screens(now)
    if now.clients > 1:
        yield _clients(now)
    if now.traced:
        yield DEBUGGER
    if now.virtual_keyboards:
        yield VIRTUAL


def since(before: Surroundings, now: Surroundings) -> Iterator[Signal]:
    """What is told of the change from *before* to *now*."""
    for ids in _beyond(now.keyboards, before.keyboards):
        yield Signal("keyboard-second", f"Another keyboard was plugged in: {ids}.")
    for ids in _beyond(before.keyboards, now.keyboards):
        yield Signal("keyboard-gone", f"A keyboard was unplugged: {ids}.")
    if now.virtual_keyboards > before.virtual_keyboards:
        yield VIRTUAL
    for device in sorted(now.usb - before.usb):
        yield Signal("usb-new", f"A USB device was plugged in: {device.words}.")
    for device in sorted(before.usb - now.usb):
        yield Signal("usb-gone", f"A USB device was unplugged: {device.words}.")
    if now.screens - before.screens and len(now.screens) > 1:
        yield _screens(now)
    if now.clients > max(1, before.clients):
        yield _clients(now)
    if now.traced and not before.traced:
        yield DEBUGGER
    if abs(jump := clock_jump_ns(before, now)) > JUMP_NS:
        way = "forward" if jump > 0 else "back"
        yield Signal(
            "clock-jump", f"The station’s clock was put {way} by {abs(jump) // SECOND} s or more."
        )


def clock_jump_ns(before: Surroundings, now: Surroundings) -> int:
    """How much further the wall clock went than the time that really passed."""
    return (now.wall_ns - before.wall_ns) - (now.boottime_ns - before.boottime_ns)


DEBUGGER: Final = Signal("debugger", "A debugger is attached to the exam program.")
VIRTUAL: Final = Signal("keyboard-virtual", "A program on this station makes keys of its own.")


def _screens(now: Surroundings) -> Signal:
    return Signal("screen-second", f"{len(now.screens)} screens are connected to the station.")


def _clients(now: Surroundings) -> Signal:
    return Signal(
        "screen-copy",
        "Another program is connected to the session’s display, and may copy the screen or type: "
        f"{now.clients} are connected, where there is one.",
    )


def _beyond(some: Iterable[KeyboardIdentity], others: Iterable[KeyboardIdentity]) -> list[str]:
    """What *some* have more of than *others*: vendor and product of each."""
    return [each.ids for each in (Counter(some) - Counter(others)).elements()]
