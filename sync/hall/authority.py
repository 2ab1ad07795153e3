"""Command: numbered and signed orders, permits, and what changes when a hall comes back.

A hall commands under an *authority number*, its orders count within it; as a holder it
signs acknowledgements under a *holder epoch*. Each start has numbers of its own for both,
higher than those of every start before: a hall that was put back from an older copy of its
database may have forgotten what it acknowledged and ordered, and does not know it yet when
the copy was made since its last start. Stations accept a cursor that moves back only under a
higher holder epoch, and an order number only once per authority.

That a hall was restored is recognised, for people to know and because both numbers must
rise once more where the whole machine was put back,

* at start: each start is counted in the database and in a file beside it; the database
  alone, put back from a copy of an earlier start, counts fewer;
* at work: by a station that offers frames from beyond what is held, or has journaled an
  order that this hall does not know.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import apsw

from exam_packages import canon
from exam_packages.attempt.commands import Command, Order, sign_command
from exam_packages.files import write_durably
from exam_packages.language import mark
from exam_packages.sealing.mandate import first_authority, last_authority, term_of
from exam_packages.sealing.suite import SigningKey
from sync.hall.schema import alarm, number, set_number
from sync.holder.store import Store, rows

AUTHORITY = "authority"
HOLDER_EPOCH = "holder_epoch"
_STARTS = "starts"
_NOTICED = "noticed"
"""The start in which it was noticed last that this hall forgot something."""
_EACH_START = 16
"""Numbers that each start has for itself: the first, and those raised while at work."""
_MOST_SEEN = 1000


def start(store: Store, incarnation: Path, time_ns: int) -> None:
    """Count this start, and number anew what is said in it.

    *incarnation* is the file beside the database that counts too. The database counts
    first: a crash in between must not look like an old copy.
    """
    try:
        counted = int(incarnation.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        counted = 0

    def count(connection: apsw.Connection) -> int:
        starts = number(connection, _STARTS)
        now = max(starts, counted) + 1
        set_number(connection, _STARTS, now)
        current = number(connection, AUTHORITY)
        begun = max(current + 1, first_of(connection, term_of(current)))
        set_number(connection, AUTHORITY, min(begun, last_authority(term_of(current))))
        epoch = max(number(connection, HOLDER_EPOCH) + 1, (now - 1) * _EACH_START + 1)
        set_number(connection, HOLDER_EPOCH, epoch)
        if counted > starts > 0:
            set_number(connection, _NOTICED, now)
            _tell(connection, time_ns)
        return now

    now = store.write(count)
    write_durably(incarnation, f"{now}\n".encode("ascii"), 0o600)


def first_of(connection: apsw.Connection, term: int) -> int:
    """The number under which this hall commands in *term*, if that begins in this start."""
    starts = max(0, number(connection, _STARTS) - 1)
    return min(first_authority(term) + starts * _EACH_START, last_authority(term))


def noticed(connection: apsw.Connection) -> bool:
    """Whether it was noticed in this start that the hall forgot something."""
    return number(connection, _NOTICED) == number(connection, _STARTS)


def restored(connection: apsw.Connection, time_ns: int, station: str, *, seen: int) -> None:
    """A station of that name showed that this hall forgot something: raise both numbers, and
    say so.

    *seen* is an authority number a station has journaled; ours ends above it. Orders that no
    station has confirmed are not sent again, since they may have been carried out: an alarm
    names them for a person to judge.
    """
    current = number(connection, AUTHORITY)
    last = last_authority(term_of(current))
    # A station says what it likes, so its word moves us by a bounded step, within our term.
    seen = min(seen, current + _MOST_SEEN)
    set_number(connection, AUTHORITY, min(max(current, seen) + 1, last))
    forgot(connection)
    _tell(connection, time_ns, station)


def forgot(connection: apsw.Connection) -> None:
    """Raise the holder epoch, under which cursors may fall: once in each start is enough, since
    nothing is forgotten in it."""
    if not noticed(connection):
        set_number(connection, _NOTICED, number(connection, _STARTS))
        set_number(connection, HOLDER_EPOCH, number(connection, HOLDER_EPOCH) + 1)


def _tell(connection: apsw.Connection, time_ns: int, station: str = "") -> None:
    open_orders = rows(
        connection.execute("SELECT DISTINCT blind_id FROM commands WHERE journaled = 0")
    )
    connection.execute("UPDATE commands SET journaled = 2 WHERE journaled = 0")
    words = mark(
        "This hall was restored from an older copy, as it noticed at its start; stations send "
        "again what it lacks."
    )
    if station:
        words = mark(
            "This hall was restored from an older copy, as the station {station} showed; stations "
            "send again what it lacks."
        )
    alarm(connection, time_ns, "hall-restored", words.format(station=station))
    for (blind_id,) in open_orders:
        alarm(
            connection,
            time_ns,
            "order-unsure",
            mark(
                "The last order may or may not have been carried out: look, and repeat it if "
                "needed."
            ),
            blind_id=blind_id,
        )


def give(
    connection: apsw.Connection,
    blind_id: bytes,
    act: str,
    order: Order,
    *,
    operator: str,
    time_ns: int,
    reason: str,
    comment: str,
) -> int:
    """Put *order*, which operators call *act*, in line for an attempt; the number it got."""
    authority = number(connection, AUTHORITY)
    given = last_number(connection, blind_id, authority) + 1
    connection.execute(
        "INSERT INTO commands (blind_id, authority, number, act, body, operator, issued_ns,"
        " reason, comment) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            blind_id,
            authority,
            given,
            act,
            canon.pack(order),
            operator,
            time_ns,
            reason,
            comment,
        ),
    )
    return given


def was_given(connection: apsw.Connection, blind_id: bytes, act: str) -> bool:
    """Whether an order of that name was given, and not lost when the hall was restored."""
    return bool(
        connection.execute(
            "SELECT EXISTS (SELECT 1 FROM commands"
            " WHERE blind_id = ? AND act = ? AND journaled < 2)",
            (blind_id, act),
        ).get
    )


def last_number(connection: apsw.Connection, blind_id: bytes, authority: int) -> int:
    """The number of the last order given to an attempt under *authority*, or 0."""
    return int(
        connection.execute(
            "SELECT coalesce(max(number), 0) FROM commands WHERE blind_id = ? AND authority = ?",
            (blind_id, authority),
        ).get
    )


def confirm(connection: apsw.Connection, blind_id: bytes, authority: int, journaled: int) -> None:
    """The station has journaled every order up to number *journaled* of *authority*."""
    connection.execute(
        "UPDATE commands SET journaled = 1 "
        "WHERE blind_id = ? AND (authority, number) <= (?, ?) AND journaled = 0",
        (blind_id, authority, journaled),
    )


def is_pending(connection: apsw.Connection, blind_id: bytes) -> bool:
    """Whether an order was given that was not journaled yet."""
    return bool(
        connection.execute(
            "SELECT EXISTS (SELECT 1 FROM commands WHERE blind_id = ? AND journaled = 0)",
            (blind_id,),
        ).get
    )


def pending(
    connection: apsw.Connection, blind_id: bytes, epoch: int, key: SigningKey
) -> tuple[bytes, ...]:
    """The orders not journaled yet, signed for the attempt's current *epoch*."""
    rows = connection.execute(
        "SELECT authority, number, body, operator, issued_ns, reason, comment FROM commands "
        "WHERE blind_id = ? AND journaled = 0 ORDER BY authority, number LIMIT 64",
        (blind_id,),
    )
    return tuple(
        sign_command(
            Command(
                blind_id=blind_id,
                epoch=epoch,
                authority=authority,
                number=given,
                operator=operator,
                issued_ns=issued_ns,
                reason=reason,
                comment=comment,
                order=cast(Order, canon.unpack(body, Order)),
            ),
            key,
        )
        for authority, given, body, operator, issued_ns, reason, comment in rows
    )
