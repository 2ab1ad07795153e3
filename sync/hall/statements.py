"""Statements, as outcomes and the record of a sitting see them: the cases of a sitting.

A case (:mod:`sync.hall.cases`) says that conduct was suspected, or that a person does not match
their papers. While it stands, the result is held; one that the chief settled so that the result
counts no longer holds it, and is kept even so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import apsw

from exam_packages.clock import SECOND
from exam_packages.sitting_words import STATEMENTS
from sync.holder.store import rows


class StatementKind(IntEnum):
    """What a statement is about. The numbers are what is signed."""

    SUSPICION = 1
    IDENTITY = 2
    REFUSED = 3
    VOIDED = 4

    @property
    def words(self) -> str:
        """The kind for people."""
        return STATEMENTS[self]


_KINDS = {
    "suspicion": StatementKind.SUSPICION,
    "identity": StatementKind.IDENTITY,
    "refused": StatementKind.REFUSED,
    "not-counted": StatementKind.VOIDED,
}
"""By what :mod:`sync.hall.cases` calls them (which imports the hall, which imports this)."""


class Reply(IntEnum):
    """Whether the candidate replied to a statement."""

    NOT_ASKED = 0
    GIVEN = 1
    DECLINED = 2


@dataclass(frozen=True)
class Statement:
    """What was stated, by whom, and what the candidate replied. ``settled_by`` is the chief who
    settled it, for the reason ``settled_why``."""

    id: int
    blind_id: bytes
    kind: StatementKind
    operator: str
    time_ns: int
    words: str
    reply: Reply
    reply_words: str
    reply_ns: int
    held: bool
    settled_by: str
    settled_why: str

    @property
    def stands(self) -> bool:
        """Whether it still says something about the result."""
        return self.held or self.kind in (StatementKind.REFUSED, StatementKind.VOIDED)

    @property
    def seen_s(self) -> int:
        """When it was stated, in Unix seconds."""
        return self.time_ns // SECOND


def statements_in(connection: apsw.Connection, sitting: int) -> list[Statement]:
    """Every statement about candidates of a sitting, in the order they were written."""
    found = rows(
        connection.execute(
            "SELECT cases.id, blind_id, kind, opened_by, opened_ns, statement, reply, replied_ns,"
            " result, settled_by, verdict FROM cases JOIN seats USING (blind_id)"
            " WHERE sitting = ? ORDER BY cases.id",
            (sitting,),
        )
    )
    return [
        Statement(
            number,
            blind_id,
            _KINDS[kind],
            opened_by,
            opened_ns,
            words,
            _reply(reply, replied_ns),
            reply,
            replied_ns or 0,
            result == "hold",
            settled_by,
            verdict,
        )
        for (
            number, blind_id, kind, opened_by, opened_ns, words, reply, replied_ns, result,
            settled_by, verdict,
        ) in found
    ]  # fmt: skip


def _reply(words: str, replied_ns: int | None) -> Reply:
    if replied_ns is None:
        return Reply.NOT_ASKED
    return Reply.GIVEN if words else Reply.DECLINED
