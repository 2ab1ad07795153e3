"""Whether an attempt may open an epoch: by itself, when a person allows it, or not at all."""

from __future__ import annotations

from typing import Final

import apsw

from exam_packages.attempt.events import MOVE, REOPEN, RESTART, START
from exam_packages.clock import SECOND
from exam_packages.sealing.chain import ChainState
from exam_packages.sealing.journal_format import Context
from sync.hall import seats
from sync.web.wire import HttpError

RESTART_WINDOW_NS: Final = 600 * SECOND
"""How long after the last new frame a station may go on by itself after a restart."""

ASKED, ALLOWED = 1, 2
"""A restart that waits for a person, or that a person has allowed."""


class RestartWaits(HttpError):
    """A restart that everything speaks for but the policy: an invigilator may allow it."""


def check_not_closed(seat: seats.SeatRow) -> None:
    """Once the sitting is closed, nothing is opened. Raises :class:`HttpError`."""
    if seat.closed:
        raise HttpError(
            409,
            "The chief invigilator has closed this sitting, and with it what opened its exams "
            "again was deleted; this exam cannot go on.",
        )


def check_permit(
    seat: seats.SeatRow, context: Context, cause: int, held: ChainState, now_ns: int
) -> None:
    """The rules for opening an epoch. Raises :class:`HttpError` with what to do.

    Only when the station stands exactly where the hall does: without that, whoever takes a
    machine could cut the tail of a record and go on as if it had never been. A start needs
    nothing held; a restart goes on by itself within the same boot and minutes of the last
    frame; otherwise, as after every power cut, a person allows it (:class:`RestartWaits`).
    Moves and reopenings are ordered by two people (:mod:`sync.hall.moves`).
    """
    if context.package_hash != seat.package_hash:
        raise HttpError(409, "This station has another package than the one of this sitting.")
    if context.cursor_before != (held.sequence, held.head):
        raise HttpError(
            409,
            "The record at this station and the one in the hall differ, so the exam cannot go "
            "on here by itself; leave this station as it is and call an invigilator.",
        )
    if context.epoch <= held.epoch or (cause == START) != (held.sequence == 0):
        raise HttpError(409, "This exam cannot be opened again from where this station stands.")
    if seat.taking:
        if cause != seat.taking:
            raise HttpError(409, "This exam is to go on here for another reason; one moment.")
        return
    if cause in (MOVE, REOPEN):
        raise HttpError(
            409, "Two people at the hall must order that this exam goes on at this station."
        )
    if cause not in (START, RESTART):
        raise HttpError(409, "This exam cannot be opened for a reason unknown to this hall.")
    if cause == START or seat.restart == ALLOWED:
        return
    if context.boot != seat.boot or now_ns - seat.heard_ns > RESTART_WINDOW_NS:
        raise RestartWaits(
            409,
            "This exam was interrupted for longer than it may go on by itself; an invigilator "
            "must allow it. Everything saved is kept.",
        )


def ask_restart(connection: apsw.Connection, blind_id: bytes) -> None:
    """Show on the board that this seat waits for a person to allow its restart."""
    connection.execute(
        "UPDATE seats SET restart = ? WHERE blind_id = ? AND restart = 0", (ASKED, blind_id)
    )


def allow_restart(connection: apsw.Connection, blind_id: bytes) -> None:
    """Allow the next restart of this seat, whatever the policy says."""
    connection.execute("UPDATE seats SET restart = ? WHERE blind_id = ?", (ALLOWED, blind_id))


def permitted(connection: apsw.Connection, context: Context) -> None:
    """Remember that an epoch was permitted; an allowed restart is used up."""
    connection.execute(
        "UPDATE seats SET permitted = max(permitted, ?), boot = ?, restart = 0 WHERE blind_id = ?",
        (context.epoch, context.boot, context.blind_id),
    )
