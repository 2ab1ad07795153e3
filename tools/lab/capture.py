"""The scenario of the camera process: see ``capture_guest.py``, which it runs in the guest."""

from __future__ import annotations

import time
from typing import Protocol

PROGRAM = "/opt/exam-kiosk/capture_guest.py"
MOST_S = 1500


class Guest(Protocol):
    """The machine, as far as it is needed here."""

    def do(self, command: str, *, status: int | None = 0) -> str: ...


def capture(guest: Guest) -> bool:
    """The real camera process on V4L2: held by another, open, strict, silent, unplugged, spoofed.

    Whether all of it came out as it must. What is said is printed as it comes.
    """
    guest.do(
        "systemd-run --unit=capture -p StandardOutput=file:/run/capture.out "
        "-p StandardError=file:/run/capture.out -p RemainAfterExit=yes "
        f"-E PYTHONPATH=/opt/exam-kiosk/lib:/opt/exam-kiosk /usr/bin/python3 {PROGRAM}"
    )
    began, shown = time.monotonic(), 0
    while time.monotonic() - began < MOST_S:
        state = guest.do("systemctl show -P SubState capture").strip()
        lines = guest.do("cat /run/capture.out").splitlines()
        for line in lines[shown:]:
            print(f"    {line}", flush=True)
        shown = len(lines)
        if state == "exited":
            return True
        if state == "failed":
            return False
        time.sleep(2)
    return False
