"""Acts that take two people: the first proposes, another one does the same, and it is done."""

from __future__ import annotations

import apsw

from exam_packages.clock import SECOND

PROPOSAL_NS = 900 * SECOND
"""How long a proposal waits for the second person."""


def agree(
    connection: apsw.Connection,
    blind_id: bytes,
    act: str,
    target: str,
    operator: str,
    time_ns: int,
) -> str | None:
    """Propose *act* on an attempt, or agree to it as the second person.

    Returns the name of the first person when *operator* is another who wants the same, and
    forgets the proposal; otherwise remembers *operator* as the first and returns None.
    """
    row = connection.execute(
        "SELECT operator FROM proposals WHERE blind_id = ? AND act = ? AND target = ?"
        " AND time_ns > ?",
        (blind_id, act, target, time_ns - PROPOSAL_NS),
    ).fetchone()
    if row is not None and row[0].casefold() != operator.casefold():
        forget(connection, blind_id)
        return str(row[0])
    connection.execute(
        "INSERT OR REPLACE INTO proposals (blind_id, act, target, operator, time_ns)"
        " VALUES (?, ?, ?, ?, ?)",
        (blind_id, act, target, operator, time_ns),
    )
    return None


def forget(connection: apsw.Connection, blind_id: bytes) -> None:
    """Forget what was proposed for an attempt."""
    connection.execute("DELETE FROM proposals WHERE blind_id = ?", (blind_id,))


def waiting(connection: apsw.Connection, blind_id: bytes, time_ns: int) -> tuple[str, ...]:
    """What waits for a second person, in words for the board."""
    rows = connection.execute(
        "SELECT act, target, operator FROM proposals WHERE blind_id = ? AND time_ns > ?",
        (blind_id, time_ns - PROPOSAL_NS),
    )
    return tuple(
        f"{operator} wants to {act}{f' it to {target}' if target else ' it'}: a second person "
        "must do the same"
        for act, target, operator in rows
    )
