"""Closing a sitting: what opens its records again dies, and that is written down.

The hall's restore key is made with the sitting and deleted when the chief closes it, with
every half that passed through here. What was deleted, when and on whose order is signed;
stations that hear of it delete theirs and sign that they did. The database first says that
the sitting is closed, so from then on nothing is opened; a hall that dies before its key is
gone deletes it when it starts again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial

import apsw

from exam_packages.clock import SECOND
from exam_packages.sealing.journal import Header
from exam_packages.sealing.restore_keys import (
    Erasure,
    RestoreKey,
    read_erasure,
    read_restore_key,
    sign_erasure,
    sign_restore_key,
)
from exam_packages.sealing.suite import SigningKey, VerifyKey
from sync.hall import seats
from sync.holder.keyring import RestoreKeys
from sync.holder.store import Store, rows
from sync.web.wire import HttpError

_MAX_TOLD = 16
"""Closed sittings that a station is told of at once."""


def restore_key(
    connection: apsw.Connection, sitting: seats.Sitting, keys: RestoreKeys, key: SigningKey
) -> tuple[bytes, bytes]:
    """The name of the open *sitting* among restore keys, and the hall's own, signed.

    It is made when first asked for. Raises a ``KeyFileError``.
    """
    if sitting.restore_sitting is not None and sitting.restore_key is not None:
        return sitting.restore_sitting, sitting.restore_key
    name = sitting.restore_sitting or secrets.token_bytes(16)
    public = keys.of(name).public.raw
    announced = sign_restore_key(RestoreKey(name, key.key_id, public), key)
    connection.execute(
        "UPDATE sittings SET restore_sitting = ?, restore_key = ? WHERE id = ?",
        (name, announced, sitting.id),
    )
    return name, announced


def half(header: Header, keys: RestoreKeys) -> bytes:
    """The hall's half of an epoch. Raises :class:`HttpError` when no key here opens it."""
    wanted = {sealed.key_id for sealed in header.parsed.body.halves}
    for key in keys.all():
        if key.key_id in wanted:
            return header.half_for(key)
    raise HttpError(
        409,
        "This hall does not have the key to epoch {epoch} of this exam any more, so it cannot go "
        "on; what was recorded is kept.",
        epoch=header.context.epoch,
    )


@dataclass(frozen=True)
class _Due:
    """A closed sitting whose keys are not stated to be gone yet."""

    number: int
    name: bytes
    announced: bytes
    package_hash: bytes
    slot: str
    operator: str
    why: str


def finish(store: Store, keys: RestoreKeys, key: SigningKey, time_ns: int) -> None:
    """Delete what belongs to closed sittings, and state it. Doing it again changes nothing.

    Raises a :class:`~sync.holder.keyring.KeyringError` when a key does not go away.
    """
    for due in store.write(_due):
        own = read_restore_key(due.announced, key.public).sealing.key_id
        keys.erase(due.name)
        store.write(partial(_state, due, own, key, time_ns))


def unfinished(connection: apsw.Connection, number: int | None = None) -> bool:
    """Whether a sitting (the one of this *number*) was closed whose key did not go away then."""
    return any(number in (None, due.number) for due in _due(connection))


def _due(connection: apsw.Connection) -> list[_Due]:
    return [
        _Due(*row)
        for row in rows(
            connection.execute(
                "SELECT id, restore_sitting, restore_key, package_hash, slot, closed_by,"
                " closed_why FROM sittings WHERE closed_ns IS NOT NULL"
                " AND restore_key IS NOT NULL AND erasure IS NULL ORDER BY id"
            )
        )
    ]


def _state(
    due: _Due, own: bytes, key: SigningKey, time_ns: int, connection: apsw.Connection
) -> None:
    connection.execute(
        "DELETE FROM resealed WHERE blind_id IN (SELECT blind_id FROM seats WHERE sitting = ?)",
        (due.number,),
    )
    halves = connection.changes()
    connection.execute("DELETE FROM restore_keys WHERE sitting = ?", (due.name,))
    statement = Erasure(
        sitting=due.name,
        package_hash=due.package_hash,
        slot=due.slot,
        machine=key.key_id,
        operator=due.operator,
        reason=due.why,
        keys=(own,),
        halves=halves,
        time_s=time_ns // SECOND,
    )
    connection.execute(
        "UPDATE sittings SET erasure = ? WHERE id = ?", (sign_erasure(statement, key), due.number)
    )


# --- What stations state -----------------------------------------------------------


def to_tell(connection: apsw.Connection, station: bytes) -> tuple[bytes, ...]:
    """The hall's statements that *station* has not answered with its own."""
    return tuple(
        erasure
        for (erasure,) in connection.execute(
            "SELECT erasure FROM sittings WHERE erasure IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM erasures WHERE sitting = sittings.id AND station = ?)"
            " ORDER BY id DESC LIMIT ?",
            (station, _MAX_TOLD),
        )
    )


def keep(connection: apsw.Connection, station: VerifyKey, statement: bytes) -> None:
    """Keep what *station* stated. The first statement of each stands.

    Raises a ``RestoreKeyError`` when it did not sign it, :class:`HttpError` when it is about
    no closed sitting of this hall.
    """
    erasure = read_erasure(statement, station)
    sitting = connection.execute(
        "SELECT id FROM sittings WHERE restore_sitting = ? AND erasure IS NOT NULL",
        (erasure.sitting,),
    ).get
    if sitting is None:
        raise HttpError(409, "This hall has closed no such sitting.")
    connection.execute(
        "INSERT OR IGNORE INTO erasures (sitting, station, erasure) VALUES (?, ?, ?)",
        (sitting, station.key_id, statement),
    )


def unsent(connection: apsw.Connection) -> list[tuple[int, bytes, bytes, bytes]]:
    """The statements that the body does not have: sitting, station (empty: this hall's own),
    statement, and the station's enrolment (empty: this hall's own)."""
    return rows(
        connection.execute(
            "SELECT id, x'', erasure, x'' FROM sittings WHERE erasure IS NOT NULL"
            " AND erasure_sent = 0 UNION ALL"
            " SELECT sitting, station, erasure, enrolment FROM erasures"
            " JOIN stations ON key_id = station WHERE sent = 0"
        )
    )


def sent(connection: apsw.Connection, sitting: int, station: bytes) -> None:
    """The body has a statement."""
    if station:
        connection.execute(
            "UPDATE erasures SET sent = 1 WHERE sitting = ? AND station = ?", (sitting, station)
        )
    else:
        connection.execute("UPDATE sittings SET erasure_sent = 1 WHERE id = ?", (sitting,))


def statements(connection: apsw.Connection) -> list[tuple[str, str, bytes]]:
    """Every statement kept here: slot, machine (empty: this hall), signed bytes."""
    return rows(
        connection.execute(
            "SELECT slot, '', erasure FROM sittings WHERE erasure IS NOT NULL"
            " UNION ALL SELECT slot, machine, erasures.erasure FROM erasures"
            " JOIN sittings ON sittings.id = sitting JOIN stations ON key_id = station"
            " ORDER BY 1, 2"
        )
    )
