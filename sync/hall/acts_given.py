"""What the hall's own orders say of a candidate's time: admitted when, how much was given."""

from __future__ import annotations

import apsw

from exam_packages import canon
from exam_packages.attempt.commands import AddTime
from sync.holder.store import rows


def given_times(connection: apsw.Connection, sitting: int) -> dict[bytes, tuple[int, int]]:
    """By blind id: when admitted (wall clock, ns; 0: never), and the seconds that acts gave.

    Orders that nobody knows to have been carried out (after the hall was restored) are left
    out. The station's own ledger, which the body computes from the record, decides.
    """
    found: dict[bytes, tuple[int, int]] = {}
    for blind_id, act, body, issued_ns in rows(
        connection.execute(
            "SELECT commands.blind_id, act, body, issued_ns FROM commands"
            " JOIN seats USING (blind_id) WHERE sitting = ? AND act IN ('admit', 'add-time')"
            " AND journaled < 2 ORDER BY issued_ns",
            (sitting,),
        )
    ):
        admitted, given = found.get(blind_id, (0, 0))
        if act == "admit":
            found[blind_id] = (admitted or issued_ns, given)
        else:
            found[blind_id] = (admitted, given + canon.unpack(body, AddTime).seconds)
    return found


def given_to(connection: apsw.Connection, blind_id: bytes) -> int:
    """The seconds that acts gave to one attempt."""
    found = rows(
        connection.execute(
            "SELECT body FROM commands WHERE blind_id = ? AND act = 'add-time' AND journaled < 2",
            (blind_id,),
        )
    )
    return sum(canon.unpack(body, AddTime).seconds for (body,) in found)
