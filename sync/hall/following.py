"""What a hall gives the other halls of its centre: its tables' rows, and frames.

Another hall proves itself with the TLS certificate of its enrolment, of this centre. What it
gets is what this hall has: names, sign-in digests, operators' password digests, the release
secret. So whoever has the standby has what the hall has; no key of this hall goes there, and
nothing that opens a record.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import apsw
from msgspec import Meta

from exam_packages.canon import Count, Id, Object
from exam_packages.clock import SECOND
from exam_packages.sealing.mandate import MAX_MANDATE
from exam_packages.sealing.restore_keys import read_restore_key
from exam_packages.sealing.suite import digest, label
from exam_packages.sealing.trust import HALL, Enrolment, read_enrolment
from sync.hall import halves, moves, seats, stream
from sync.hall.authority import HOLDER_EPOCH
from sync.hall.other_halls import Heard
from sync.hall.schema import number
from sync.hall.service import HallService
from sync.hall.stream import Change
from sync.holder.journals import held_state
from sync.holder.store import rows
from sync.messages import Copy, CopyRequest
from sync.web.wire import HttpError

__all__ = ["FOLLOW_ROUTE", "FRAMES_ROUTE", "MAX_FOLLOW", "Follow", "Followed", "Following"]

FOLLOW_ROUTE: Final = "/v1/halls/follow"
FRAMES_ROUTE: Final = "/v1/halls/frames"
MAX_FOLLOW: Final = 512 * 1024
"""Bytes of a request."""
MAX_FOLLOWED: Final = 8 * 1024 * 1024
"""Bytes of an answer."""
_Enrolments = Annotated[
    tuple[Annotated[bytes, Meta(max_length=64 * 1024)], ...], Meta(max_length=8)
]


class Follow(Object):
    """One hall to another, each second: who it is, what it knows of command, and from where
    on it wants rows (``source`` names the stream; an empty one asks for everything).

    ``lacking`` are epochs whose half 1 it cannot open: it asks for them, sealed to its own
    restore key of the open sitting that they are of.
    """

    enrolment: bytes
    mandate: Annotated[bytes, Meta(max_length=MAX_MANDATE)]
    halls: _Enrolments
    source: Annotated[bytes, Meta(max_length=32)]
    after: Count
    restore_key: Annotated[bytes, Meta(max_length=4096)]
    lacking: Annotated[tuple[halves.Epoch, ...], Meta(max_length=halves.MOST)]


class Place(Object):
    """How many records of one attempt a hall holds."""

    blind_id: Id
    sequence: Count


class Followed(Object):
    """The answer: the same of the hall that is asked, and rows when it commands.

    ``everything`` says that these are from its first row on, because the stream asked for is
    not the one it has; ``upto`` is where to go on, ``more`` whether to go on at once.
    ``places`` are those of open exams, so that who follows knows which frames it lacks.
    """

    enrolment: bytes
    mandate: bytes
    halls: _Enrolments
    commands: bool
    source: bytes
    everything: bool
    changes: tuple[Change, ...]
    upto: Count
    more: bool
    halves: tuple[halves.Given, ...]
    places: Annotated[tuple[Place, ...], Meta(max_length=100_000)]
    time_ns: int


class Following:
    """What one hall answers to the others."""

    def __init__(self, hall: HallService) -> None:
        self._hall = hall

    async def follow(self, certificate: bytes | None, asked: Follow) -> Followed:
        """Exchange what is known of command, and give rows to a hall that follows this one."""
        return await asyncio.to_thread(self._follow, certificate, asked)

    async def frames(self, certificate: bytes | None, asked: CopyRequest) -> Copy:
        """Frames of an attempt after a place both halls have."""
        return await asyncio.to_thread(self._frames, certificate, asked)

    def _follow(self, certificate: bytes | None, asked: Follow) -> Followed:
        hall = self._hall
        now_ns = hall.clock.wall_ns()
        other = self._check(certificate, asked.enrolment, now_ns)
        hall.command.meet((asked.enrolment, *asked.halls), hall.trust)
        if asked.mandate:
            hall.command.take(asked.mandate, hall.trust, now_ns)
        found: tuple[Change, ...] = ()
        given: tuple[halves.Given, ...] = ()
        places: tuple[Place, ...] = ()
        everything, upto, more = False, asked.after, False
        mine = hall.command.mine
        with hall.store.reading() as connection:
            name = self._name(connection)
            if mine:
                upto = stream.last(connection)
                everything = asked.source != name or asked.after > upto
                found, more = stream.changes(connection, 0 if everything else asked.after)
                upto = found[-1].number if found else upto
                given = self._halves(connection, other, asked)
                places = () if more else places_of(connection)
        hall.heard[other.key_id] = Heard(hall.clock.boottime_ns(), len(found) if mine else -1)
        return Followed(
            hall.home.enrolment_bytes,
            hall.command.mandate,
            hall.command.enrolments,
            mine,
            name,
            everything,
            found,
            upto,
            more,
            given,
            places,
            now_ns,
        )

    def _halves(
        self, connection: apsw.Connection, other: Enrolment, asked: Follow
    ) -> tuple[halves.Given, ...]:
        """Half 1 of what the other hall lacks of an open sitting, for its restore key of that."""
        if not asked.lacking or not asked.restore_key:
            return ()
        key = read_restore_key(asked.restore_key, other.verify_key)
        for sitting in seats.open_sittings(connection):
            if sitting.restore_sitting == key.sitting:
                return halves.give(
                    connection, sitting.id, asked.lacking, self._hall.keys, key.sealing
                )
        return ()

    def _name(self, connection: apsw.Connection) -> bytes:
        """The name of this hall's stream: another one after each start, since what was given
        before it may have been forgotten."""
        epoch = number(connection, HOLDER_EPOCH)
        term = self._hall.command.term
        place = epoch.to_bytes(8, "big") + term.to_bytes(8, "big")
        return digest(label("hall", "stream"), self._hall.key.key_id + place)[:16]

    def _frames(self, certificate: bytes | None, asked: CopyRequest) -> Copy:
        shown = [
            read_enrolment(data, self._hall.trust, now_s=None).tls_certificate
            for data in self._hall.command.enrolments
        ]
        if certificate is None or certificate not in shown:
            raise HttpError(
                401, "This hall does not know the one that calls; it must follow first."
            )
        with self._hall.store.reading() as connection:
            seat = seats.seat(connection, asked.blind_id)
            if seat is None:
                raise HttpError(404, "This hall has no such exam.")
            held = held_state(connection, asked.blind_id, seat.package_hash)
            return moves.copy(connection, seat, held, asked)

    def _check(self, certificate: bytes | None, enrolment: bytes, now_ns: int) -> Enrolment:
        """The hall that calls. Raises :class:`HttpError` unless it is one of
        this centre that shows its own certificate."""
        other = read_enrolment(enrolment, self._hall.trust, now_s=now_ns // SECOND)
        if (other.kind, other.centre) != (HALL, self._hall.home.centre):
            raise HttpError(403, "Only a hall of this centre can follow this hall.")
        if certificate != other.tls_certificate:
            raise HttpError(
                403, "The enrolment shown belongs to another machine than the one that calls."
            )
        return other


def places_of(connection: apsw.Connection) -> tuple[Place, ...]:
    """How far each exam of an open sitting is held here."""
    return tuple(
        Place(blind_id, sequence)
        for blind_id, sequence in rows(
            connection.execute(
                "SELECT blind_id, (SELECT coalesce(max(sequence), 0) FROM frames"
                " WHERE frames.blind_id = seats.blind_id) FROM seats"
                " JOIN sittings ON sittings.id = seats.sitting"
                " WHERE permitted != 0 AND closed_ns IS NULL"
            )
        )
    )
