"""Small pictures of who sits where, as stations send them: in this machine's memory alone.

They come where the rules of an exam allow it, and are shown to the people in the room. Nothing
here writes one down, hands one on, or keeps it longer than the exam is open: a hall that starts
again has none, and a standby never had any. What is kept of an exam is sealed at its station
(:mod:`sync.hall.pictures`), and no hall can open it.

A picture is a stranger's bytes that a browser will decode, so no other JPEG than a small and
plain one is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exam_packages.clock import SECOND
from sync.hall import seats
from sync.messages import Glimpse
from sync.web.wire import HttpError

if TYPE_CHECKING:
    from sync.hall.service import HallService, Link

__all__ = ["INCIDENTS", "MAX_SIDE", "Glimpses", "Shown", "measured", "take"]

MAX_SIDE: Final = 160
"""Pixels of the longer side."""
INCIDENTS: Final = 3
"""Pictures of incidents kept of one seat, beside the newest picture."""
LEAST_NS: Final = SECOND
"""A station's pictures that come faster than this are passed over."""
_PLAIN: Final = 0xC0
"""The frame of a baseline JPEG; those of all other kinds are from 0xC1 to 0xCF."""
_NO_FRAMES: Final = frozenset({0xC4, 0xC8, 0xCC})
_SCAN: Final = 0xDA


@dataclass(frozen=True)
class Shown:
    """One small picture. ``number`` names it at this hall, ``time_ns`` is when it came (wall
    clock), ``signals`` are the codes of those that stood."""

    number: int
    time_ns: int
    signals: tuple[str, ...]


@dataclass(frozen=True)
class _Kept:
    station: bytes
    at_ns: int
    newest: Shown
    incidents: tuple[Shown, ...]
    data: Mapping[int, bytes]


class Glimpses:
    """The small pictures at one hall, by attempt."""

    def __init__(self) -> None:
        self._kept: dict[bytes, _Kept] = {}
        self._number = 0

    def put(self, station: bytes, glimpse: Glimpse, time_ns: int, at_ns: int) -> None:
        """Take one that *station* sent at *at_ns* (since boot); the newest replaces the one
        before it. One that shows a signal which did not stand before is kept as an incident."""
        before = self._kept.get(glimpse.blind_id)
        if before is not None and before.station != station:
            before = None  # the exam goes on at another station
        if before is not None and at_ns - before.at_ns < LEAST_NS:
            return
        self._number += 1
        newest = Shown(self._number, time_ns, glimpse.signals)
        incidents = before.incidents if before is not None else ()
        stood = before.newest.signals if before is not None else ()
        if set(glimpse.signals) - set(stood):
            incidents = (newest, *incidents)[:INCIDENTS]
        held = before.data if before is not None else {}
        data = {each.number: held[each.number] for each in incidents if each.number in held}
        data[newest.number] = glimpse.data
        self._kept[glimpse.blind_id] = _Kept(station, at_ns, newest, incidents, data)

    def of(self, blind_id: bytes, station: bytes | None) -> tuple[Shown | None, tuple[Shown, ...]]:
        """The newest picture of an attempt at *station*, and those of incidents, newest first."""
        kept = self._kept.get(blind_id)
        if kept is None or kept.station != station:
            return None, ()
        return kept.newest, kept.incidents

    def data(self, blind_id: bytes, number: int) -> bytes | None:
        """A picture's bytes, while it is kept."""
        kept = self._kept.get(blind_id)
        return kept.data.get(number) if kept is not None else None

    def forget(self, blind_id: bytes) -> None:
        """The attempt closed, or left."""
        self._kept.pop(blind_id, None)

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()


def take(hall: HallService, link: Link, glimpse: Glimpse) -> None:
    """Take a picture of the exam that runs at the station that calls. Raises :class:`HttpError`."""
    hall.command.check()
    size = measured(glimpse.data)
    if size is None or max(size) > MAX_SIDE:
        raise HttpError(
            422,
            "A picture for the board must be a plain JPEG of at most {limit} pixels a side.",
            limit=MAX_SIDE,
        )
    with hall.store.reading() as connection:
        seat = seats.seat_at(connection, glimpse.blind_id, link.key_id)
        if seat.closed or not seat.permitted or seats.handed_in(connection, seat.blind_id):
            raise HttpError(409, "This exam is closed; nothing more of it is shown.")
    hall.glimpses.put(link.key_id, glimpse, hall.clock.wall_ns(), hall.clock.boottime_ns())


def measured(data: bytes) -> tuple[int, int] | None:
    """Width and height of a baseline JPEG whose markers fit; ``None`` for anything else."""
    if data[:2] != b"\xff\xd8" or data[-2:] != b"\xff\xd9":
        return None
    size: tuple[int, int] | None = None
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        if marker == _SCAN:
            return size
        if marker == _PLAIN and size is None and length >= 8:
            height, width = data[place + 5 : place + 7], data[place + 7 : place + 9]
            size = int.from_bytes(width, "big"), int.from_bytes(height, "big")
            if 0 in size:
                return None
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES:
            return None
        place += 2 + max(2, length)
    return None
