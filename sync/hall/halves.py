"""Half 1 of epochs that were opened when this hall's restore key was not known yet.

Stations seal half 1 to every hall whose restore key of the sitting they know. A standby that
was off then, or came later, asks the hall in command for the rest: it opens half 1 of each
epoch and seals it again to the standby's restore key of the same sitting. The restore keys
themselves never travel. What was given lies here sealed, and dies with the key it is sealed
to and with its row, when the sitting is closed.

All functions run inside a transaction of :class:`~sync.holder.store.Store`.
"""

from __future__ import annotations

from typing import Annotated, Final

import apsw
from msgspec import Meta

from exam_packages.canon import Count, Id, Object
from exam_packages.errors import ExamError
from exam_packages.sealing.journal import Header, epoch_header
from exam_packages.sealing.journal_format import context_bytes
from exam_packages.sealing.suite import SealingPublic, SuiteError, label
from sync.hall import closing, seats
from sync.holder.journals import header_frames
from sync.holder.keyring import RestoreKeys
from sync.holder.store import rows
from sync.web.wire import HttpError

__all__ = ["Epoch", "Given", "forget", "give", "half", "keep", "lacking"]

MOST: Final = 64
"""Epochs asked for at once."""


class Epoch(Object):
    """One epoch of one attempt."""

    blind_id: Id
    epoch: Count


class Given(Object):
    """Half 1 of an epoch, sealed to the restore key of the hall that asked."""

    blind_id: Id
    epoch: Count
    half: Annotated[bytes, Meta(max_length=4096)]


def lacking(connection: apsw.Connection, sitting: int, keys: RestoreKeys) -> tuple[Epoch, ...]:
    """Epochs of a sitting's exams that this hall could not open its half of; some of them."""
    own = {key.key_id for key in keys.all()}
    found: list[Epoch] = []
    for (blind_id,) in rows(
        connection.execute(
            "SELECT blind_id FROM seats WHERE sitting = ? AND permitted != 0", (sitting,)
        )
    ):
        for frame in header_frames(connection, blind_id):
            header = epoch_header(frame)
            epoch = header.context.epoch
            if own.isdisjoint(each.key_id for each in header.parsed.body.halves) and not (
                connection.execute(
                    "SELECT EXISTS (SELECT 1 FROM given_halves WHERE blind_id = ? AND epoch = ?)",
                    (blind_id, epoch),
                ).get
            ):
                found.append(Epoch(blind_id, epoch))
                if len(found) == MOST:
                    return tuple(found)
    return tuple(found)


def give(
    connection: apsw.Connection,
    sitting: int,
    asked: tuple[Epoch, ...],
    keys: RestoreKeys,
    other: SealingPublic,
) -> tuple[Given, ...]:
    """Half 1 of the epochs *asked* for, as far as this hall opens it, sealed to *other*: the
    other hall's restore key of *sitting*, which dies with it, so of that sitting's exams only."""
    given = []
    for each in asked[:MOST]:
        seat = seats.seat(connection, each.blind_id)
        if seat is None or seat.sitting != sitting:
            continue
        for frame in header_frames(connection, each.blind_id):
            header = epoch_header(frame)
            if header.context.epoch != each.epoch:
                continue
            try:
                opened = half(connection, header, keys)
            except ExamError:
                continue  # its sitting was closed, or it was another hall's
            sealed = other.seal(opened, _info(header, other.key_id))
            given.append(Given(each.blind_id, each.epoch, sealed))
    return tuple(given)


def keep(connection: apsw.Connection, given: tuple[Given, ...]) -> None:
    """Keep what was given; :func:`half` finds out whether it opens."""
    connection.executemany(
        "INSERT OR REPLACE INTO given_halves (blind_id, epoch, half) VALUES (?, ?, ?)",
        [(each.blind_id, each.epoch, each.half) for each in given],
    )


def half(connection: apsw.Connection, header: Header, keys: RestoreKeys) -> bytes:
    """This hall's half of an epoch: sealed to it in the header, or given to it later.

    Raises :class:`HttpError` when no key here opens it.
    """
    try:
        return closing.half(header, keys)
    except HttpError:
        context = header.context
        sealed = connection.execute(
            "SELECT half FROM given_halves WHERE blind_id = ? AND epoch = ?",
            (context.blind_id, context.epoch),
        ).get
        for key in keys.all() if sealed is not None else ():
            try:
                return key.open(bytes(sealed), _info(header, key.key_id))
            except SuiteError:
                continue
        raise


def forget(connection: apsw.Connection) -> None:
    """Delete what was given for sittings that are closed."""
    connection.execute(
        "DELETE FROM given_halves WHERE blind_id IN (SELECT blind_id FROM seats"
        " JOIN sittings ON sittings.id = seats.sitting WHERE closed_ns IS NOT NULL)"
    )


def _info(header: Header, key_id: bytes) -> bytes:
    return label("journal", "half-1-standby", key_id, context_bytes(header.context))
