"""How the screen ends: keys and bytes cannot end it, the service manager can."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from types import FrameType

IN_ORDER = (signal.SIGTERM, signal.SIGHUP)
"""Signals that ask for an end."""
LEFT_ALONE = {
    *(signal.SIGKILL, signal.SIGSTOP),  # cannot be ignored
    *(signal.SIGCONT, signal.SIGCHLD),
    *(signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL),  # faults of the machine's
    *(signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS),
}
"""Signals that do what they always do."""
HEEDED = {*LEFT_ALONE, *IN_ORDER, signal.SIGALRM, signal.SIGWINCH}
"""Signals that do something to a screen; all others, the keyboard's among them, do nothing."""
ENDING_S = 5
"""Seconds a screen that was told to end may take to do it in order."""


def guard(end: Callable[[], None], restore: Callable[[], None]) -> None:
    """From now on *end* is called in the running loop when the screen is told to end.

    Called once the driver runs: it installs handlers of its own. A terminal that takes no
    output, or is gone, can hold up the end; then an alarm brings it, after *restore*.
    """
    for ignored in signal.valid_signals() - HEEDED:
        signal.signal(ignored, signal.SIG_IGN)
    loop = asyncio.get_running_loop()
    ending = False

    def told(number: int, frame: FrameType | None) -> None:
        nonlocal ending
        ending = True
        signal.alarm(ENDING_S)
        loop.call_soon_threadsafe(end)

    def end_now(number: int, frame: FrameType | None) -> None:
        if not ending:
            return  # nobody asked for an end: somebody else's alarm
        restore()
        os._exit(0)

    signal.signal(signal.SIGALRM, end_now)
    for asked in IN_ORDER:
        signal.signal(asked, told)
