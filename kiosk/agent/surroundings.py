"""Looks around the station every few seconds, in a thread, and posts what changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from exam_packages.clock import Clock
from kiosk.agent.inbox import Message, Signalled, Standing
from kiosk.lockdown.signals import Signal
from kiosk.lockdown.surroundings import Surroundings, since, standing
from provisioning.devices.debugger import tasks_traced
from provisioning.devices.keyboards import KeyboardIdentity, keyboards
from provisioning.devices.screens import clients, screens
from provisioning.devices.usb import usb_devices

LOG = logging.getLogger(__name__)

EVERY_S: Final = 2.0


def look(
    clock: Clock,
    display: Path | None,
    *,
    sys: Path = Path("/sys"),
    proc: Path = Path("/proc"),
) -> Surroundings:
    """What is around this station now. Raises :class:`OSError` where it cannot be read."""
    found = list(keyboards(sys))
    return Surroundings(
        keyboards=tuple(each.identity for each in found if not each.virtual),
        virtual_keyboards=sum(each.virtual for each in found),
        usb=frozenset(usb_devices(sys)),
        screens=frozenset(screens(sys)),
        clients=clients(display, proc) if display is not None else -1,
        traced=tasks_traced(proc=proc),
        wall_ns=clock.wall_ns(),
        boottime_ns=clock.boottime_ns(),
    )


class Lookout:
    """Posts what :func:`look` finds changed. *enrolled* are the station's keyboards."""

    def __init__(
        self,
        look: Callable[[], Surroundings],
        enrolled: tuple[KeyboardIdentity, ...] | None,
        post: Callable[[Message], None],
        *,
        every_s: float = EVERY_S,
    ) -> None:
        self._look = look
        self._enrolled = enrolled
        self._post = post
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lookout", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        before: Surroundings | None = None
        stood: tuple[Signal, ...] | None = None
        while True:
            try:
                now = self._look()
            except OSError as problem:
                LOG.error("The station's devices cannot be looked at: %s", problem.strerror)
            else:
                stands = tuple(standing(now, self._enrolled))
                if stands != stood:
                    self._post(Standing(stands))
                for signal in since(before, now) if before is not None else ():
                    self._post(Signalled(signal))
                before, stood = now, stands
            if self._stop.wait(self._every_s):
                return
