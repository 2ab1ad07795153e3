"""Where an attempt left the stations that it was moved from: the hall's word for other holders.

The hall in command fences a station that was left. A neighbour that keeps what such a station
recorded must fence it at the same place, and believes no machine but a hall for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Final

from msgspec import Meta

from exam_packages import canon
from exam_packages.canon import Hash, Id
from exam_packages.sealing.journal_format import Number
from exam_packages.sealing.labels import SealingError, digest, label
from exam_packages.sealing.signed import SignedError, sign, verify
from exam_packages.sealing.suite import SigningKey, VerifyKey

__all__ = [
    "MAX_DEPARTURES",
    "DepartureError",
    "Departures",
    "Left",
    "places_digest",
    "read_departures",
    "sign_departures",
]

DEPARTURES_KIND: Final = "exam-kiosk/departures/v1"
MAX_DEPARTURES: Final = 16 * 1024
"""Bytes of one, signed."""
_MOST_PLACES: Final = 64


class DepartureError(SealingError):
    """A word about where an exam left a station is damaged, or not a hall's."""


class Left(canon.Object):
    """The attempt left *station* at this place: nothing that the station wrote beyond it is part
    of the record."""

    station: Id
    epoch: Number
    sequence: Number


class Departures(canon.Object):
    """Every station that the attempt has left and is not at, in the order of their key ids; and
    the authority number under which the hall says so."""

    blind_id: Id
    authority: Number
    places: Annotated[tuple[Left, ...], Meta(max_length=_MOST_PLACES)]


def places_digest(places: Sequence[Left]) -> Hash:
    """Names a set of places: two machines compare what they know by it."""
    return digest(label("departures", "places"), *map(canon.pack, places))


def sign_departures(departures: Departures, hall: SigningKey) -> bytes:
    """Say as *hall* where an attempt left its stations."""
    return sign(DEPARTURES_KIND, canon.pack(departures), [hall])


def read_departures(data: bytes, halls: Iterable[VerifyKey]) -> Departures:
    """What one of *halls* signed. Raises :class:`DepartureError`."""
    try:
        body = verify(data, DEPARTURES_KIND, halls, max_size=MAX_DEPARTURES)
        return canon.unpack(body, Departures, max_size=MAX_DEPARTURES)
    except (SignedError, canon.CanonError):
        raise DepartureError(
            "A word about where an exam left a station is damaged, or not signed by a hall that "
            "is known here."
        ) from None
