"""What is safe where: for each exam, who has all of it that its station has told of.

For boards, and for the people who decide whether a candidate may leave or a machine may be
switched off. The words mean exactly:

=============  ==========================================================================
nowhere        nothing was recorded yet
hall           this hall synced every record that came; it is handed in or not
stick          besides, the finished exam lies on a stick: it was written there and synced,
               and nobody has said that it arrived
body           the body's receipt came: its signed word that it has the answers, whole
=============  ==========================================================================

That the station still has its own copy is true in each case: it keeps it until the receipt
has come back to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import apsw

from sync.holder.store import rows

__all__ = ["Safe", "Where", "where"]


class Where(Enum):
    """The safest place that a whole exam is known to be."""

    NOWHERE = "nowhere"
    HALL = "hall"
    STICK = "stick"
    BODY = "body"


@dataclass(frozen=True)
class Safe:
    """One seat of the open sittings, or of the last one. ``held`` counts the records held here,
    ``exported_ns`` is when it was last written to a stick (0: never), ``pictures_due`` whether
    pictures of it still wait here for the body."""

    candidate: str
    blind_id: bytes
    where: Where
    held: int
    handed_in: bool
    exported_ns: int
    pictures_due: bool


def where(connection: apsw.Connection) -> tuple[Safe, ...]:
    """What is safe where, in the order of the roster."""
    found = rows(
        connection.execute(
            "SELECT candidate, seats.blind_id,"
            " coalesce((SELECT max(sequence) FROM frames WHERE frames.blind_id = seats.blind_id),"
            "  0),"
            " hand_ins.bundle_hash IS NOT NULL, hand_ins.receipt IS NOT NULL,"
            " coalesce(exported.time_ns, 0), coalesce(evidence_sent, 1)"
            " FROM seats LEFT JOIN hand_ins ON hand_ins.blind_id = seats.blind_id"
            "  AND reopened_ns IS NULL"
            " LEFT JOIN exported ON exported.bundle_hash = hand_ins.bundle_hash"
            " WHERE sitting IN (SELECT id FROM sittings WHERE closed_ns IS NULL) OR sitting ="
            "  (SELECT max(id) FROM sittings HAVING count(*) = count(closed_ns))"
            " ORDER BY sitting, line"
        )
    )
    return tuple(
        Safe(
            candidate,
            blind_id,
            _place(held, receipt=bool(receipt), exported=bool(exported_ns)),
            held,
            bool(handed_in),
            exported_ns,
            not sent,
        )
        for candidate, blind_id, held, handed_in, receipt, exported_ns, sent in found
    )


def _place(held: int, *, receipt: bool, exported: bool) -> Where:
    if receipt:
        return Where.BODY
    if exported:
        return Where.STICK
    return Where.HALL if held else Where.NOWHERE
