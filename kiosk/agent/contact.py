"""Whether the hall answers: said on the screen at once, and an incident when it lasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kiosk.agent.station import LOG, Station

LOST_AFTER: Final = 3
"""Ticks in a row without the hall before that is an incident."""


class Contact:
    """*notice* records an incident: its code and words."""

    def __init__(self, station: Station, notice: Callable[[str, str], None]) -> None:
        self._station = station
        self._notice = notice
        self._lost = 0

    def back(self) -> None:
        """The hall answered."""
        station = self._station
        if self._lost >= LOST_AFTER:
            self._notice("hall-back", "The hall answers again.")
        self._lost = 0
        if not station.hall_up:
            station.hall_up = True
            station.hall_words = ""
            station.tell_status()

    def lost(self, words: str) -> None:
        """The hall did not answer once more, or not as it should: *words* say how."""
        station = self._station
        self._lost += 1
        station.hall_words = words
        if station.hall_up:
            station.hall_up = False
            LOG.warning("%s", words)
            station.tell_status()
        if self._lost == LOST_AFTER:
            self._notice("hall-lost", "The hall does not answer; the exam goes on.")
