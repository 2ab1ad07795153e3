"""The scenario of the camera process: see ``capture_guest.py``, which it runs in the guest."""

from __future__ import annotations

import time
from typing import Protocol

PROGRAM = "/opt/exam-kiosk/capture_guest.py"
MOST_S = 1500


class Guest(Protocol):
    """The machine, as far as it is needed here."""

    def do(self, command: str, *, status: int | None = 0) -> str: ...


def capture(guest: Guest, what: str) -> bool:
    """Run *what* of the guest's program: whether all of it came out as it must. What it says is
    printed as it comes."""
    unit, said = f"capture-{what}", f"/run/capture-{what}"
    guest.do(
        f"systemd-run --unit={unit} -p StandardOutput=file:{said} -p StandardError=file:{said} "
        "-p RemainAfterExit=yes -E PYTHONPATH=/opt/exam-kiosk/lib:/opt/exam-kiosk "
        f"/usr/bin/python3 {PROGRAM} {what}"
    )
    began, shown = time.monotonic(), 0
    while time.monotonic() - began < MOST_S:
        state = guest.do(f"systemctl show -P SubState {unit}").strip()
        lines = guest.do(f"cat {said}").splitlines()
        for line in lines[shown:]:
            print(f"    {line}", flush=True)
        shown = len(lines)
        if state == "exited":
            return True
        if state == "failed":
            return False
        time.sleep(2)
    return False
