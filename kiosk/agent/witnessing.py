"""The hall's acknowledgements in the journal: a record then shows what was held elsewhere.

Only the last one is kept until it is journaled: each covers all before it.
"""

from __future__ import annotations

from typing import Final

from exam_packages.clock import SECOND, Stamp
from exam_packages.sealing.journal import JournalError
from kiosk.agent.record import Record
from kiosk.agent.station import LOG, Station

WITNESS_NS: Final = 30 * SECOND
"""The hall's acknowledgement is journaled this often, and at the end."""


class Witnessing:
    """Of the attempt that is open."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._acknowledgement = b""
        self._journaled_ns = 0

    def opened(self) -> None:
        """An attempt opened: what was acknowledged before is not of it."""
        self._acknowledgement = b""
        self._journaled_ns = self._station.clock.boottime_ns()

    def acknowledged(self, data: bytes) -> None:
        """The hall acknowledged what it has, in signed bytes."""
        self._acknowledgement = data

    def due(self, now: Stamp) -> bool:
        """Whether it is time to journal one, and there is one."""
        waited_ns = now.boottime_ns - self._journaled_ns
        return bool(self._acknowledgement) and waited_ns >= WITNESS_NS

    def journal(self, record: Record) -> None:
        """Have the last acknowledgement journaled with the next write to *record*."""
        if not self._acknowledgement or record.stuck:
            return
        try:
            record.witness(self._acknowledgement, self._station.now())
        except JournalError as problem:
            LOG.error("The hall's acknowledgement does not fit: %s", problem)
        self._acknowledgement = b""
        self._journaled_ns = self._station.clock.boottime_ns()
