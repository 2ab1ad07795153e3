"""A screen that dies is back at once: a copy of this process, in which all is loaded already.

Starting Python and loading Textual takes longer than anything else between a fault and the
question standing there again. So the process that was started loads everything once, keeps
still, and makes a copy of itself that is the screen; when that dies, it makes another.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from types import FrameType

from kiosk import faults
from kiosk.ending import IN_ORDER, LEFT_ALONE

MOST, WITHIN_S = 5, 10.0
"""Deaths within so many seconds after which restarting is no use: the service manager, which
waits longer, decides."""


def keep(screen: Callable[[], int]) -> int:
    """Run *screen* in a process of its own until it ends in order; its exit status.

    One that dies, by a fault (:data:`kiosk.faults.STATUS`) or a signal, is started again.
    SIGTERM and SIGHUP are passed on to it, and then it is not. When this process itself is
    killed, the screen is too: whoever starts a new one must find the terminal free. No thread
    may run yet.
    """
    gc.collect()
    gc.freeze()  # what is loaded is shared with every copy, and never looked at again
    deaths: deque[float] = deque(maxlen=MOST)
    asked: list[int] = []
    child = 0

    def pass_on(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        if child:
            with contextlib.suppress(ProcessLookupError):  # it died in this moment
                os.kill(child, number)

    before = {number: signal.getsignal(number) for number in signal.valid_signals() - LEFT_ALONE}
    for number in before:
        signal.signal(number, signal.SIG_IGN)
    while True:
        signal.pthread_sigmask(signal.SIG_BLOCK, IN_ORDER)
        if asked:  # while there was none to pass it on to
            return 0
        own, theirs = os.pipe()
        child = os.fork()
        if not child:
            os.close(theirs)
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, IN_ORDER)
            _die_with(own)
            os._exit(screen())
        os.close(own)
        for number in IN_ORDER:
            signal.signal(number, pass_on)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, IN_ORDER)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        child = 0
        os.close(theirs)
        deaths.append(time.monotonic())
        hopeless = len(deaths) == MOST and deaths[-1] - deaths[0] < WITHIN_S
        died = code < 0 or code == faults.STATUS
        if asked or hopeless or not died:
            return faults.STATUS if code < 0 else code


def _die_with(parent: int) -> None:
    """Kill this process when the one at the other end of the pipe *parent* is gone."""

    def watch() -> None:
        os.read(parent, 1)  # nothing is ever written: this is the end
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()
