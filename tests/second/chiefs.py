"""The second reader: who ordered what (docs/formats-journal.md, *Who commands*)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from second.suite import Who, field, need, signed_by, value, verified

_COMMAND, _MANDATED = 15, 88

Verify = Callable[[bytes, str, str], bytes]
"""A root of trust's own: data, kind, role."""


def chief(data: bytes, verify: Verify, revoked: set[bytes]) -> list[Any]:
    """The body's record of a chief: name, centre, key, issued, expires."""
    found = value(verify(data, "exam-kiosk/chief/v1", "enrolment"), 5)
    need(Who(found[2]).key_id not in revoked, "a chief whose key was revoked")
    return list(found)


def mandate(data: bytes, centre: str, verify: Verify, revoked: set[bytes]) -> tuple[Any, Any]:
    """A mandate for *centre*, and the chief who signed it."""
    kind = "exam-kiosk/mandate/v1"
    said = value(field(data[len(kind) + 1 :])[0], 7)
    by = chief(said[3], verify, revoked)
    verified(data, kind, [Who(by[2])])
    need((said[0], by[1]) == (centre, centre), "for another centre")
    need(1 <= said[1] < 1 << 20, "no term")
    need(said[6] < by[4], "a chief whose key had expired")
    return said, by


def orders(
    events: Iterable[bytes],
    centre: str,
    halls: Sequence[Who],
    verify: Verify,
    revoked: set[bytes],
) -> list[tuple[int, str, str]]:
    """Of each command: its order's code, its operator, and the chief with whose key it was
    signed; empty where a hall signed it. Refuses a command that is neither's."""
    found = []
    chiefs: dict[int, list[Any]] = {}
    for data in events:
        event = value(data)
        if event[0] == _MANDATED:
            said, by = mandate(event[1], centre, verify, revoked)
            need(said[2] == Who(by[2]).key_id, "command for another key")
            chiefs[said[1]] = by
        elif event[0] == _COMMAND:
            body, by_hall = signed_by(event[1], "exam-kiosk/command/v1", halls)
            command = value(body, 9)
            name = ""
            if not by_hall:
                term = command[2] >> 20
                need(term in chiefs, "a command of nobody's")
                verified(event[1], "exam-kiosk/command/v1", [Who(chiefs[term][2])])
                name = chiefs[term][0]
            found.append((command[8][0], command[4], name))
    return found
