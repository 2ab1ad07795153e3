"""Notes: incidents, the room's conditions, and what was written on paper and typed in later.

A note is never changed; what is wrong is corrected by another note. A note that names a paper
is *transcribed*: who wrote it there and who typed it in are both kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import apsw

from exam_packages.clock import SECOND
from exam_packages.sitting_words import NOTES
from sync.hall.wording import text
from sync.holder.store import rows
from sync.web.wire import HttpError

SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY,
    sitting INTEGER NOT NULL REFERENCES sittings,
    kind INTEGER NOT NULL,
    happened_s INTEGER NOT NULL,
    candidate TEXT NOT NULL,                  -- empty: the whole room
    words TEXT NOT NULL,
    writer TEXT NOT NULL,
    operator TEXT NOT NULL,
    typed_ns INTEGER NOT NULL,
    paper TEXT NOT NULL                       -- empty: it was typed at once
) STRICT;
"""

MAX_WORDS = 4000
MAX_NAME = 200
MAX_NOTES = 2000
"""Notes of one sitting."""


class NoteKind(IntEnum):
    """What a note is about. The numbers are what is signed; they never change meaning."""

    INCIDENT = 1
    CONDITIONS = 2
    TIME = 3
    ATTENDANCE = 4
    OTHER = 5

    @property
    def words(self) -> str:
        """The kind for people."""
        return NOTES[self]


@dataclass(frozen=True)
class Note:
    """One note. ``paper`` names the paper it was typed in from, and ``writer`` who wrote it."""

    id: int
    kind: NoteKind
    happened_s: int
    candidate: str
    words: str
    writer: str
    operator: str
    typed_ns: int
    paper: str


def write(
    connection: apsw.Connection,
    sitting: int,
    kind: NoteKind,
    *,
    words: str,
    operator: str,
    time_ns: int,
    candidate: str = "",
    writer: str = "",
    happened_s: int | None = None,
    paper: str = "",
) -> int:
    """Keep a note; its number. Raises :class:`HttpError` when it is not usable."""
    if happened_s is None:
        happened_s = time_ns // SECOND
    if not 0 <= happened_s <= time_ns // SECOND + 60:
        raise HttpError(400, "The time at which it happened lies in the future; correct it.")
    if paper and not writer:
        raise HttpError(400, "Say who wrote it on the paper.")
    if candidate:
        known = connection.execute(
            "SELECT 1 FROM seats WHERE sitting = ? AND candidate = ?", (sitting, candidate)
        ).get
        if known is None:
            raise HttpError(
                404, "There is no candidate {candidate} on the roster.", candidate=candidate[:80]
            )
    count = connection.execute("SELECT count(*) FROM notes WHERE sitting = ?", (sitting,)).get
    if count >= MAX_NOTES:
        raise HttpError(409, "There are {count} notes already; write on paper.", count=count)
    connection.execute(
        "INSERT INTO notes (sitting, kind, happened_s, candidate, words, writer, operator,"
        " typed_ns, paper) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            sitting,
            int(kind),
            happened_s,
            candidate,
            text(words, "the note", MAX_WORDS),
            text(writer, "the name of who wrote it", MAX_NAME) if writer else operator,
            operator,
            time_ns,
            text(paper, "the name of the paper", MAX_NAME) if paper else "",
        ),
    )
    return connection.last_insert_rowid()


def notes(connection: apsw.Connection, sitting: int) -> tuple[Note, ...]:
    """The notes of a sitting, in the order things happened."""
    found = rows(
        connection.execute(
            "SELECT id, kind, happened_s, candidate, words, writer, operator, typed_ns, paper"
            " FROM notes WHERE sitting = ? ORDER BY happened_s, id",
            (sitting,),
        )
    )
    return tuple(Note(number, NoteKind(kind), *rest) for number, kind, *rest in found)
