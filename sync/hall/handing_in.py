"""Handing in: the hall countersigns a manifest that ends exactly where its own copy does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw

from exam_packages import canon
from exam_packages.clock import SECOND
from exam_packages.sealing.bundle import Manifest, bundle_hash, countersign, parse_manifest
from sync.hall import outcomes, seats
from sync.hall.schema import audit
from sync.holder.journals import held_state
from sync.web.wire import HttpError

if TYPE_CHECKING:
    from sync.hall.service import HallService, Link

__all__ = ["beyond", "hand_in"]


def beyond(connection: apsw.Connection, blind_id: bytes, sequence: int, head: bytes) -> bool:
    """Whether a station that stands at (*sequence*, *head*) has other than what was handed in.

    A hall that took command may know of the hand-in from the hall before it, and lack frames of
    it: these it still takes.
    """
    data = connection.execute(
        "SELECT manifest FROM hand_ins WHERE blind_id = ? AND reopened_ns IS NULL", (blind_id,)
    ).get
    if data is None:
        return False
    manifest = parse_manifest(data)[1]
    return sequence > manifest.count or (sequence == manifest.count and head != manifest.head)


def hand_in(
    hall: HallService, link: Link, manifest: Manifest, data: bytes, connection: apsw.Connection
) -> bytes:
    """Countersign a manifest that extends exactly what is held here, once."""
    seat = seats.seat_at(connection, manifest.blind_id, link.key_id)
    name = bundle_hash(canon.pack(manifest))
    row = connection.execute(
        "SELECT bundle_hash, countersignature FROM hand_ins"
        " WHERE blind_id = ? AND reopened_ns IS NULL",
        (manifest.blind_id,),
    ).get
    if row is not None:
        if row[0] != name:
            raise HttpError(409, "This exam was handed in before, with another record.")
        return bytes(row[1])
    if seat.taking:
        raise HttpError(409, "This exam was reopened; it goes on before it is handed in again.")
    held = held_state(connection, manifest.blind_id, seat.package_hash)
    if manifest.package_hash != held.package_hash or manifest.centre != hall.home.centre:
        raise HttpError(409, "The manifest belongs to another package or centre.")
    now_ns = hall.clock.wall_ns()
    signature = countersign(data, held.cursor, hall.key_of(link), hall.key, now_ns // SECOND)
    connection.execute(
        "INSERT INTO hand_ins (blind_id, bundle_hash, manifest, countersignature, time_ns) "
        "VALUES (?, ?, ?, ?, ?)",
        (manifest.blind_id, name, data, signature, now_ns),
    )
    if link.status is not None:
        outcomes.note_time_over(connection, manifest.blind_id, link.status.left_ms)
    audit(connection, now_ns, "", "handed in", seat=seat.candidate)
    return signature
