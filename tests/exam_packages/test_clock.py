"""The machine's own clocks, read at once."""

from __future__ import annotations

import time

from exam_packages import canon
from exam_packages.clock import SECOND, Stamp, SystemClock, stamp


def test_a_stamp_reads_every_hand_of_the_machine() -> None:
    before, wall_before = time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns()
    first = stamp(SystemClock(), beacon_ns=7)
    second = stamp(SystemClock())
    assert before <= first.boottime_ns <= second.boottime_ns
    assert abs(first.wall_ns - wall_before) < 3600 * SECOND
    assert len(first.boot) == 16
    assert first.boot == second.boot
    assert (first.beacon_ns, second.beacon_ns) == (7, 0)


def test_a_stamp_is_encoded_as_it_is() -> None:
    one = Stamp(bytes(16), 1, 2, 3)
    assert canon.unpack(canon.pack(one), Stamp) == one
