"""The second reader: reports of questions, departures (docs/formats-journal.md), and marks and the
word for what arrived on a stick (docs/halls.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgpack
from second.suite import Opener, Who, digest, label, need, value, verified

_REPORT = (str, str, bytes, bytes, int, str, str, int)
_SEALED = (str, bytes, bytes, bytes, bytes, bytes)


def report(data: bytes, hall: Who) -> list[Any]:
    """What a hall signed of a question."""
    need(len(data) <= 48 * 1024, "too long")
    return _typed(verified(data, "exam-kiosk/question-report/v1", [hall]), _REPORT)


def report_digest(data: bytes) -> bytes:
    return digest(label("question-report", "digest"), data)


def opened(data: bytes, hall: Who, integrity: Opener) -> bytes:
    """The signed report in a sealed one."""
    need(len(data) <= 52 * 1024, "too long")
    found = _typed(verified(data, "exam-kiosk/sealed-question-report/v1", [hall]), _SEALED)
    _, package, machine, name, key_id, sealed = found
    need([len(one) for one in (package, machine, name, key_id)] == [32, 16, 32, 16], "a size")
    need((machine, key_id) == (hall.key_id, integrity.key_id), "another hall or key")
    inside = integrity.open(sealed, label("question-report", "integrity", machine, name))
    need(report_digest(inside) == name, "another report inside")
    return inside


def departures(data: bytes, halls: Sequence[Who]) -> list[Any]:
    """Blind id, authority, and where the attempt left each station."""
    need(len(data) <= 16 * 1024, "too long")
    found = _typed(verified(data, "exam-kiosk/departures/v1", halls), (bytes, int, list))
    need(len(found[0]) == 16 and found[1] >= 0 and len(found[2]) <= 64, "a size")
    for place in found[2]:
        need([type(one) for one in place] == [bytes, int, int], "a place")
        need(len(place[0]) == 16 and min(place[1:]) >= 0, "a place's fields")
    return found


def places_digest(places: Sequence[Any]) -> bytes:
    return digest(label("departures", "places"), *(bytes(msgpack.packb(one)) for one in places))


def mark(data: bytes, station: Who) -> list[Any]:
    """Blind id, sequence and head, as the station signed them."""
    need(len(data) <= 8 * 1024, "too long")
    found = _typed(verified(data, "exam-kiosk/mark/v1", [station]), (bytes, int, bytes))
    need((len(found[0]), len(found[2])) == (16, 32) and found[1] >= 0, "a size")
    return found


def arrivals(data: bytes, verify: Callable[[bytes, str, str], bytes]) -> list[bytes]:
    """The SHA-256 of what the intake keeps of a stick."""
    need(len(data) <= 400_000, "too long")
    found = _typed(verify(data, "exam-kiosk/arrivals/v1", "intake"), (list, int))
    need(len(found[0]) <= 10_000 and found[1] >= 0, "a size")
    need(all(type(one) is bytes and len(one) == 32 for one in found[0]), "no digest")
    return list(found[0])


def _typed(data: bytes, kinds: tuple[type, ...]) -> list[Any]:
    found: list[Any] = value(data, len(kinds))
    need([type(one) for one in found] == list(kinds), "a field of another type")
    return found
