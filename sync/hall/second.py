"""Acts that take two people: the first proposes, another one does the same, and it is done."""

from __future__ import annotations

import apsw

from exam_packages.clock import SECOND
from exam_packages.language import mark

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


def agree_all(
    connection: apsw.Connection, act: str, target: str, operator: str, time_ns: int
) -> str | None:
    """The same as :func:`agree`, for an act on the whole hall."""
    row = connection.execute(
        "SELECT operator FROM hall_proposals WHERE act = ? AND target = ? AND time_ns > ?",
        (act, target, time_ns - PROPOSAL_NS),
    ).fetchone()
    if row is not None and row[0].casefold() != operator.casefold():
        connection.execute("DELETE FROM hall_proposals WHERE act = ?", (act,))
        return str(row[0])
    connection.execute(
        "INSERT OR REPLACE INTO hall_proposals (act, target, operator, time_ns)"
        " VALUES (?, ?, ?, ?)",
        (act, target, operator, time_ns),
    )
    return None


def forget(connection: apsw.Connection, blind_id: bytes) -> None:
    """Forget what was proposed for an attempt."""
    connection.execute("DELETE FROM proposals WHERE blind_id = ?", (blind_id,))


def all_waiting(connection: apsw.Connection, time_ns: int) -> dict[bytes, tuple[str, ...]]:
    """What waits for a second person, by attempt, in words for the board."""
    found: dict[bytes, tuple[str, ...]] = {}
    for blind_id, act, target, operator in connection.execute(
        "SELECT blind_id, act, target, operator FROM proposals WHERE time_ns > ?",
        (time_ns - PROPOSAL_NS,),
    ):
        found[blind_id] = (*found.get(blind_id, ()), _words(act, target, operator))
    return found


def waiting_for_all(connection: apsw.Connection, time_ns: int) -> tuple[str, ...]:
    """What waits for a second person and concerns the whole hall, in words for the board."""
    rows = connection.execute(
        "SELECT act, target, operator FROM hall_proposals WHERE time_ns > ?",
        (time_ns - PROPOSAL_NS,),
    )
    return tuple(_words(act, target, operator) for act, target, operator in rows)


def _words(act: str, target: str, operator: str) -> str:
    template = _WORDS.get(act, _OTHER)
    return template.format(operator=operator, target=target)


_OTHER = mark("{operator} proposed something: a second person must do the same")
_WORDS = {
    "move": mark("{operator} wants to move it to {target}: a second person must do the same"),
    "reopen": mark("{operator} wants to reopen it: a second person must do the same"),
    "stop": mark("{operator} wants to stop and hand in: a second person must do the same"),
    "do-not-count": mark("{operator} wants it not to count: a second person must do the same"),
    "refuse": mark("{operator} wants to refuse admission: a second person must do the same"),
    "add-time": mark("{operator} wants to give {target} minutes: a second person must do the same"),
    "end-evacuation": mark(
        "{operator} wants to end the evacuation: a second person must do the same"
    ),
    "power-cut": mark(
        "{operator} wants all to go on after a power cut: a second person must do the same"
    ),
}
