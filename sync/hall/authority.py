"""Command: numbered and signed orders, permits, and what changes when a hall comes back.

A hall commands under an *authority number*, its orders count within it; as a holder it
signs acknowledgements under a *holder epoch*. Both rise when the hall was restored from an
older copy of its database, because then it may have forgotten what it acknowledged and
ordered: stations accept a cursor that moves back only under a higher holder epoch, and an
order number only once per authority. A restored hall is recognised

* at start: each start is counted in the database and in a file beside it; the database
  alone, put back from a copy, counts fewer;
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
from exam_packages.sealing.mandate import last_authority, term_of
from exam_packages.sealing.suite import SigningKey
from sync.hall.schema import alarm, number, set_number
from sync.holder.store import Store, rows

AUTHORITY = "authority"
HOLDER_EPOCH = "holder_epoch"
_STARTS = "starts"
_MOST_SEEN = 1000


def start(store: Store, incarnation: Path, time_ns: int) -> bool:
    """Count this start; raise authority and holder epoch when the database is an old copy.

    *incarnation* is the file beside the database that counts too. The database counts
    first: a crash in between must not look like an old copy. Returns whether it is one.
    """
    try:
        counted = int(incarnation.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        counted = 0

    def count(connection: apsw.Connection) -> tuple[int, bool]:
        starts = number(connection, _STARTS)
        if number(connection, AUTHORITY) == 0:
            set_number(connection, AUTHORITY, 1)
            set_number(connection, HOLDER_EPOCH, 1)
        elif counted > starts:
            restored(connection, time_ns, "at the start", missed=counted - starts)
        set_number(connection, _STARTS, max(starts, counted) + 1)
        return max(starts, counted) + 1, counted > starts > 0

    now, old = store.write(count)
    write_durably(incarnation, f"{now}\n".encode("ascii"), 0o600)
    return old


def restored(
    connection: apsw.Connection, time_ns: int, noticed: str, *, seen: int = 0, missed: int = 1
) -> None:
    """Raise both numbers: what this hall forgot must not be confused with what it says now.

    *seen* is an authority number a station has journaled; both end above it. *missed* is how
    many starts the database does not know of: each may have raised them, as when one copy is
    put back twice.

    Orders that no station has confirmed are not sent again, since they may have been carried
    out: an alarm names them for a person to judge.
    """
    current = number(connection, AUTHORITY)
    # A station says what it likes, so its word moves us by a bounded step, within our term.
    limit = min(current + _MOST_SEEN, last_authority(term_of(current)) - 1)
    raised = min(max(current + missed, min(seen, limit) + 1), last_authority(term_of(current)))
    set_number(connection, AUTHORITY, raised)
    set_number(connection, HOLDER_EPOCH, max(raised, number(connection, HOLDER_EPOCH) + missed))
    open_orders = rows(
        connection.execute("SELECT DISTINCT blind_id FROM commands WHERE journaled = 0")
    )
    connection.execute("UPDATE commands SET journaled = 2 WHERE journaled = 0")
    alarm(
        connection,
        time_ns,
        "hall-restored",
        f"This hall was restored from an older copy (noticed {noticed}); "
        "stations send again what it lacks.",
    )
    for (blind_id,) in open_orders:
        alarm(
            connection,
            time_ns,
            "order-unsure",
            "The last order may or may not have been carried out: look, and repeat it if needed.",
            blind_id=blind_id,
        )


def forgot(connection: apsw.Connection) -> None:
    """A hall that does not command was put back from an older copy: its cursors may fall."""
    set_number(connection, HOLDER_EPOCH, number(connection, HOLDER_EPOCH) + 1)


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
    """The station has journaled every order of *authority* up to number *journaled*."""
    connection.execute(
        "UPDATE commands SET journaled = 1 "
        "WHERE blind_id = ? AND authority = ? AND number <= ? AND journaled = 0",
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
