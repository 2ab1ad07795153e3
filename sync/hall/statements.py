"""Statements: what was seen of a candidate, by whom, and what the candidate replied.

A statement says that conduct was suspected, or that a person does not match their papers. The
exam goes on; while the statement stands, the result is held (:mod:`sync.hall.outcomes`). It is
never changed: the chief may take it back as a mistake, and it is kept even so.

The functions take a connection inside a transaction of :class:`~sync.holder.store.Store`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import apsw

from sync.hall.wording import named, text
from sync.holder.store import rows
from sync.web.wire import HttpError

SCHEMA = """
CREATE TABLE IF NOT EXISTS statements (
    id INTEGER PRIMARY KEY,
    blind_id BLOB NOT NULL REFERENCES seats,
    kind INTEGER NOT NULL,
    seen_s INTEGER NOT NULL,
    words TEXT NOT NULL,
    witness TEXT NOT NULL,
    operator TEXT NOT NULL,
    time_ns INTEGER NOT NULL,
    paper TEXT NOT NULL DEFAULT '',           -- the paper it was typed in from, if any
    reply INTEGER NOT NULL DEFAULT 0,
    reply_words TEXT NOT NULL DEFAULT '',
    reply_operator TEXT NOT NULL DEFAULT '',
    reply_ns INTEGER NOT NULL DEFAULT 0,
    lifted_by TEXT NOT NULL DEFAULT '',       -- the chief who took it back, and why
    lifted_why TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS statements_of ON statements (blind_id);
"""

MAX_WORDS = 4000
"""Characters of a statement, or of the reply to it."""
MAX_NAME = 200
MAX_STATEMENTS = 20
"""Statements about one candidate."""


class StatementKind(IntEnum):
    """What a statement is about."""

    SUSPICION = 1
    IDENTITY = 2

    @property
    def words(self) -> str:
        """The kind for people."""
        return "Suspected misconduct" if self is StatementKind.SUSPICION else "Identity"


class Reply(IntEnum):
    """Whether the candidate replied to a statement."""

    NOT_ASKED = 0
    GIVEN = 1
    DECLINED = 2


@dataclass(frozen=True)
class Statement:
    """What was seen, by whom, and what the candidate replied. Times are Unix seconds.

    ``paper`` names the paper it was typed in from, and ``operator`` is then who typed;
    ``lifted_by`` is the chief who took it back as a mistake.
    """

    id: int
    blind_id: bytes
    kind: StatementKind
    seen_s: int
    words: str
    witness: str
    operator: str
    time_ns: int
    paper: str
    reply: Reply
    reply_words: str
    reply_operator: str
    reply_ns: int
    lifted_by: str
    lifted_why: str

    @property
    def stands(self) -> bool:
        """Whether it still holds the result."""
        return not self.lifted_by


def write_statement(
    connection: apsw.Connection,
    blind_id: bytes,
    kind: StatementKind,
    *,
    words: str,
    witness: str,
    seen_s: int,
    operator: str,
    time_ns: int,
    paper: str = "",
) -> int:
    """Write a statement down; its number. From now on the result is held.

    Raises :class:`HttpError` when the words are not usable.
    """
    words = text(words, "what was seen", MAX_WORDS)
    witness = text(witness, "the name of who saw it", MAX_NAME)
    paper = text(paper, "the name of the paper", MAX_NAME) if paper else ""
    if not 0 <= seen_s <= time_ns // 1_000_000_000 + 60:
        raise HttpError(400, "The time at which it was seen lies in the future; correct it.")
    count = connection.execute(
        "SELECT count(*) FROM statements WHERE blind_id = ?", (blind_id,)
    ).get
    if count >= MAX_STATEMENTS:
        raise HttpError(
            409,
            "There are {count} statements about this candidate already; write the rest on paper.",
            count=count,
        )
    connection.execute(
        "INSERT INTO statements (blind_id, kind, seen_s, words, witness, operator, time_ns, paper)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (blind_id, int(kind), seen_s, words, witness, operator, time_ns, paper),
    )
    return connection.last_insert_rowid()


def write_reply(
    connection: apsw.Connection,
    statement: Statement,
    *,
    words: str,
    declined: bool,
    operator: str,
    time_ns: int,
) -> None:
    """Write the candidate's own reply down, or that they declined to reply. Once.

    Raises :class:`HttpError`.
    """
    if statement.reply is not Reply.NOT_ASKED:
        raise HttpError(
            409,
            "The reply to this statement is written down already; write what is new as another "
            "statement.",
        )
    words = "" if declined else text(words, "the candidate's reply", MAX_WORDS)
    connection.execute(
        "UPDATE statements SET reply = ?, reply_words = ?, reply_operator = ?, reply_ns = ?"
        " WHERE id = ?",
        (
            int(Reply.DECLINED if declined else Reply.GIVEN),
            words,
            operator,
            time_ns,
            statement.id,
        ),
    )


def lift(connection: apsw.Connection, statement: Statement, chief: str, why: str) -> None:
    """Take a statement back as a mistake: it is kept, and no longer holds the result."""
    why = text(why, "why the statement was a mistake", MAX_WORDS)
    connection.execute(
        "UPDATE statements SET lifted_by = ?, lifted_why = ? WHERE id = ?",
        (chief, why, statement.id),
    )


def statement(connection: apsw.Connection, number: int) -> Statement:
    """A statement by its number. Raises :class:`HttpError` 404."""
    for found in _statements(connection, "statements.id = ?", number):
        return found
    raise HttpError(404, "There is no such statement.")


def kind_named(text: str) -> StatementKind:
    """A kind of statement by its name. Raises :class:`HttpError`."""
    return named(StatementKind, text, "kinds of statement")


def statements_in(connection: apsw.Connection, sitting: int) -> list[Statement]:
    """Every statement about candidates of a sitting, in the order they were written."""
    return _statements(connection, "seats.sitting = ?", sitting)


def _statements(connection: apsw.Connection, where: str, number: int) -> list[Statement]:
    found = rows(
        connection.execute(
            "SELECT statements.id, statements.blind_id, kind, seen_s, words, witness,"  # noqa: S608
            " operator, time_ns, paper, reply, reply_words, reply_operator, reply_ns, lifted_by,"
            " lifted_why"
            " FROM statements JOIN seats USING (blind_id)"
            f" WHERE {where} ORDER BY statements.id",
            (number,),
        )
    )
    made = (Statement(*row) for row in found)
    return [replace(each, kind=StatementKind(each.kind), reply=Reply(each.reply)) for each in made]
