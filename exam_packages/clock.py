"""Time is injected: rules and shells ask a :class:`Clock`, tests turn its hands.

Two clocks run side by side. The wall clock says what people call the time and may
jump; ``CLOCK_BOOTTIME`` only ever moves forward within one boot, also through a
suspended machine, and is what durations are measured with.
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Protocol

import msgspec

SECOND = 1_000_000_000
"""Nanoseconds in a second: every duration in this project is an integer of them."""


class Stamp(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """When something happened, by every clock the machine had.

    ``boot`` is the kernel's boot id (16 bytes), ``boottime_ns`` CLOCK_BOOTTIME within
    that boot, ``wall_ns`` Unix time, ``beacon_ns`` the hall's time in the last
    acknowledgement received (0 before the first).
    """

    boot: bytes
    boottime_ns: int
    wall_ns: int
    beacon_ns: int


class Clock(Protocol):
    """What the code may ask about time."""

    def boot(self) -> bytes: ...
    def boottime_ns(self) -> int: ...
    def wall_ns(self) -> int: ...


@cache
def _kernel_boot_id() -> bytes:
    text = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    return bytes.fromhex(text.strip().replace("-", ""))


class SystemClock:
    """The machine's own clocks."""

    def boot(self) -> bytes:
        return _kernel_boot_id()

    def boottime_ns(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def wall_ns(self) -> int:
        return time.time_ns()


def stamp(clock: Clock, beacon_ns: int = 0) -> Stamp:
    """Read every hand of *clock* at once."""
    return Stamp(clock.boot(), clock.boottime_ns(), clock.wall_ns(), beacon_ns)
