"""Neighbours of stations: who keeps whose records, and what they bring when a station is silent.

A neighbour's copy is believed for what it is: frames that the chain verifier takes from the
station that wrote them, whoever carries them. An exam that was moved is fenced against it as
against the station itself. A neighbour asks where the exams that it keeps left their stations,
and fences them there, too; what it has beyond that place it hands over as evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import apsw

from exam_packages.language import mark
from exam_packages.sealing.chain import ChainError, ChainState
from exam_packages.sealing.departures import Departures, places_digest, sign_departures
from exam_packages.sealing.journal_format import Compartment, Frame, parse_header
from exam_packages.sealing.marks import Mark, MarkError, read_mark
from sync.hall import authority, moves, seats
from sync.hall.handing_in import beyond
from sync.hall.schema import alarm, number
from sync.hall.service import HallService, Link
from sync.holder.fencing import keep_late, left_at, places
from sync.holder.journals import held_state, hold
from sync.near.messages import (
    MAX_KEPT_FRAMES,
    MAX_TOLD,
    AskLeft,
    Late,
    Near,
    Neighbour,
    Offer,
    ToldLeft,
    Wanted,
)
from sync.web.wire import HttpError

__all__ = ["Neighbours"]


@dataclass(frozen=True)
class _Place:
    """Where a station keeps records of others; its name and key id."""

    name: tuple[str, bytes]
    url: str


class Neighbours:
    """Who keeps records at which address: in memory, since they say it again."""

    def __init__(self, hall: HallService) -> None:
        self._hall = hall
        self._at: dict[bytes, _Place] = {}

    async def near(self, link: Link, message: Near, host: str) -> Neighbour:
        """Note where a station keeps records of others; name the one that keeps its own: the
        next by name, in a ring, of those that are in contact."""
        link.at_ns = self._hall.clock.boottime_ns()
        self._hall.keepers[link.key_id] = message.keeper
        with self._hall.store.reading() as connection:
            own = (seats.machine_name(connection, link.key_id), link.key_id)
        if message.port:
            shown = f"[{host}]" if ":" in host else host
            self._at[link.key_id] = _Place(own, f"https://{shown}:{message.port}")
        else:
            self._at.pop(link.key_id, None)
        ready = self._hall.in_contact()
        ring = sorted(
            (place.name < own, place.name, place.url)
            for key_id, place in self._at.items()
            if key_id in ready and key_id != link.key_id
        )
        if not ring:
            return Neighbour(b"", "")
        _, (_, key_id), url = ring[0]
        with self._hall.store.reading() as connection:
            return Neighbour(moves.enrolment(connection, key_id), url)

    async def offer(self, link: Link, message: Offer) -> Wanted:
        """Take what is missing here of a silent station's exam. Raises :class:`HttpError`."""
        if len(message.frames) > MAX_KEPT_FRAMES:
            raise HttpError(413, "At most {limit} frames come at once.", limit=MAX_KEPT_FRAMES)
        answer = await self._hall.store.awrite(partial(self._offer, link, message))
        if isinstance(answer, HttpError):
            raise answer
        return answer

    def _offer(self, link: Link, message: Offer, connection: apsw.Connection) -> Wanted | HttpError:
        hall, now_ns = self._hall, self._hall.clock.wall_ns()
        seat = seats.seat(connection, message.blind_id)
        if seat is None:
            return HttpError(404, "This hall does not know that exam.")
        before = held_state(connection, message.blind_id, seat.package_hash)
        if beyond(connection, message.blind_id, message.sequence, message.head):
            return Wanted(-1)
        if not message.frames:
            return Wanted(before.sequence if message.sequence > before.sequence else -1)
        try:
            writer = _writer(before, message.frames)
            if seat.station != writer:  # it has left the station that wrote these
                late = Late(seat.blind_id, writer, before.epoch, message.frames)
                return self._keep_late(link, late, connection) or Wanted(-1)
            if (refused := self._unmarked(writer, message)) is not None:
                return refused
            held = hold(
                connection,
                before,
                message.frames,
                sender=link.key_id,
                sequence=message.sequence,
                head=message.head,
                stations=hall.known.key,
                commanders=hall.command.keys,
                time_ns=now_ns,
            )
        except ChainError as problem:
            return HttpError(422, problem.template, **problem.fields)
        neighbour = seats.machine_name(connection, link.key_id)
        if held.refused is not None:
            words = f"What the station {neighbour} keeps of this exam differs: {held.refused}"
            alarm(connection, now_ns, "record", words, blind_id=seat.blind_id, station=link.key_id)
            return HttpError(422, held.refused.template, **held.refused.fields)
        if held.added:
            moves.taken_up(connection, seat, held.state)
            silent = seats.machine_name(connection, writer)
            alarm(
                connection,
                now_ns,
                "neighbour",
                mark(
                    "The station {station} is silent. What it recorded last came from the station "
                    "{neighbour}, which keeps a copy."
                ).format(station=silent, neighbour=neighbour),
                blind_id=seat.blind_id,
                station=link.key_id,
            )
        return Wanted(held.need_after)

    def _unmarked(self, writer: bytes, message: Offer) -> HttpError | None:
        """Why the writing station does not stand for the end of what is offered, if it does not:
        frames are not signed, and a neighbour could bring noise."""
        station = self._hall.known.key(writer)
        try:
            if station is not None:
                marked = read_mark(message.mark, station)
                last = Frame.parse(message.frames[-1]).sequence
                if marked == Mark(message.blind_id, last, message.head) and (
                    message.sequence == last
                ):
                    return None
        except MarkError as problem:
            return HttpError(422, problem.template, **problem.fields)
        return HttpError(422, "What is offered ends elsewhere than its station signed.")

    # --- Where an exam left its stations -------------------------------------------------

    async def left(self, link: Link, message: AskLeft) -> ToldLeft:
        """Say of which exams a neighbour does not know where they left their stations."""
        hall = self._hall
        hall.command.check()
        told: list[bytes] = []
        with hall.store.reading() as connection:
            for kept in message.kept:
                found = places(connection, kept.blind_id)
                if len(told) < MAX_TOLD and places_digest(found) != kept.digest:
                    word = Departures(kept.blind_id, number(connection, authority.AUTHORITY), found)
                    told.append(sign_departures(word, hall.key))
        return ToldLeft(tuple(told))

    async def late(self, link: Link, message: Late) -> None:
        """Keep apart what a neighbour has of a station beyond where the exam left it. Raises
        :class:`HttpError`."""
        self._hall.command.check()
        if len(message.frames) > MAX_KEPT_FRAMES:
            raise HttpError(413, "At most {limit} frames come at once.", limit=MAX_KEPT_FRAMES)
        refused = await self._hall.store.awrite(partial(self._keep_late, link, message))
        if refused is not None:
            raise refused

    def _keep_late(
        self, link: Link, message: Late, connection: apsw.Connection
    ) -> HttpError | None:
        left = left_at(connection, message.blind_id, message.station)
        if left is None:
            return HttpError(409, "That exam is written by another station.")
        try:
            new = keep_late(
                connection,
                message.station,
                message.blind_id,
                message.epoch,
                message.frames,
                left,
            )
        except ChainError as problem:
            return HttpError(422, problem.template, **problem.fields)
        if new:
            writer = seats.machine_name(connection, message.station)
            neighbour = seats.machine_name(connection, link.key_id)
            alarm(
                connection,
                self._hall.clock.wall_ns(),
                "late-frames",
                mark(
                    "The station {neighbour} keeps records of this exam that the station {station} "
                    "wrote and this hall did not have when it was moved; they are kept apart and "
                    "do not count."
                ).format(neighbour=neighbour, station=writer),
                blind_id=message.blind_id,
                station=message.station,
            )
        return None


def _writer(state: ChainState, frames: Sequence[bytes]) -> bytes:
    """Who writes the record after *frames*. Raises a ``ChainError``."""
    writer = state.station
    for data in frames:
        frame = Frame.parse(data)
        if frame.compartment is Compartment.HEADER and frame.sequence > state.sequence:
            writer = parse_header(frame.body).context.station
    return writer
