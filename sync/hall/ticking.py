"""Beside a tick's frames: the end for all, a station that was left, a hall that forgot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import apsw

from exam_packages.attempt.commands import Stop
from exam_packages.clock import SECOND
from exam_packages.language import mark
from exam_packages.sealing.chain import ChainError
from exam_packages.sealing.mandate import term_of
from sync.hall import authority, room, seats
from sync.hall.acts_given import given_to
from sync.hall.schema import alarm, audit, number
from sync.holder.fencing import keep_late, left_at
from sync.holder.journals import Held
from sync.messages import Tick, Tock
from sync.web.wire import HttpError

if TYPE_CHECKING:
    from sync.hall.service import HallService, Link

__all__ = ["NOTHING", "end_together", "left", "notice_restored"]

NOTHING: Final = Tock(b"", (), (), -1, b"", (), (), 0)
"""The answer beside a refusal."""


def end_together(
    connection: apsw.Connection, seat: seats.SeatRow, rules: room.RoomRules, now_ns: int
) -> bool:
    """Where all end together, stop an exam whose end has come, once; whether it was now."""
    if not rules.common_end or not authority.was_given(connection, seat.blind_id, "admit"):
        return False
    extra_s = seat.extra_s + given_to(connection, seat.blind_id)
    if not room.over(rules, extra_s, now_ns // SECOND):
        return False
    if authority.was_given(connection, seat.blind_id, "stop"):
        return False
    words = "common end of the exam"
    authority.give(
        connection,
        seat.blind_id,
        "stop",
        Stop(),
        operator="rules of the room",
        time_ns=now_ns,
        reason="routine.end",
        comment=words,
    )
    audit(
        connection, now_ns, "rules of the room", "stop", seat=seat.candidate,
        reason="routine.end", comment=words,
    )  # fmt: skip
    return True


def left(
    hall: HallService, link: Link, tick: Tick, connection: apsw.Connection
) -> tuple[Tock, HttpError | None]:
    """A station that an attempt has left: what it still sends is kept as evidence."""
    if seats.seat(connection, tick.blind_id) is None:
        return NOTHING, HttpError(
            404,
            "This hall does not know the exam of this station. Everything is saved there, and "
            "the exam goes on; the chief invigilator takes it in.",
        )
    place = left_at(connection, tick.blind_id, link.key_id)
    if place is None:
        seats.seat_at(connection, tick.blind_id, link.key_id)  # refuses
    elif tick.frames:
        try:
            late = keep_late(connection, link.key_id, tick.blind_id, tick.epoch, tick.frames, place)
        except ChainError as problem:
            return NOTHING, HttpError(422, problem.template, **problem.fields)
        if late:
            name = seats.machine_name(connection, link.key_id)
            alarm(
                connection,
                hall.clock.wall_ns(),
                "late-frames",
                mark(
                    "The station {station} still sent records of this exam after it had been moved "
                    "away; they are kept apart and do not count."
                ).format(station=name),
                blind_id=tick.blind_id,
                station=link.key_id,
            )
        version, term = hall.trust.root.version, hall.command.term
        return Tock(b"", (), (), tick.sequence, b"", (), (), version, term), None
    return NOTHING, HttpError(
        410, "This exam was moved to another station by two people and goes on there."
    )


def notice_restored(
    hall: HallService,
    link: Link,
    tick: Tick,
    held: Held,
    connection: apsw.Connection,
    *,
    current: int,
    last_order: int,
) -> int:
    """The authority number, raised first when this tick shows that we are an old copy.

    Frames from beyond what we hold show it once: the other stations' gaps have the same
    cause. An order we do not know shows it once per station, so a lying one cannot
    do it for ever. *current* is the number so far, *last_order* the last order under it.
    """
    # What another hall ordered, in another term, says nothing of what this one forgot.
    ahead = term_of(tick.authority) == hall.command.term and (
        tick.authority > current or (tick.authority == current and tick.command > last_order)
    )
    gap = held.gap and not authority.noticed(connection)
    if not gap and (not ahead or link.key_id in hall.accusers):
        return current
    hall.accusers.add(link.key_id)
    name = seats.machine_name(connection, link.key_id)
    authority.restored(connection, hall.clock.wall_ns(), name, seen=tick.authority)
    return number(connection, authority.AUTHORITY)
