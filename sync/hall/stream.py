"""What a standby hall follows: the rows of the hall's own tables, as they change.

Triggers note, for each row that changes, its table and key under a rising number; a row that
changes again gets a new number, so there is one note for each row however long a sitting is.
A follower says up to which number it has everything and gets the rows behind the later ones
as they stand now. A row that is gone is sent as its key alone.

What a hall holds as a holder (frames, pictures), what it says itself in the body's log, and
what it knows of its own state is not followed: each hall has its own. Nor are surveys: a note
of changes would tell in which order they came.

All functions run inside a transaction of :class:`~sync.holder.store.Store`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import apsw
from msgspec import Meta

from exam_packages import canon
from exam_packages.canon import Count, Object
from exam_packages.errors import ExamError
from sync.holder.store import rows

__all__ = ["SCHEMA", "Change", "StreamError", "changes", "last", "replace", "watch"]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS changes (          -- the newest change of each row
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    of TEXT NOT NULL,
    key TEXT NOT NULL,                        -- its primary key, as SQL literals
    UNIQUE (of, key)
) STRICT;
"""

_OWN_TABLES: Final = frozenset(
    {
        *("journals", "frames", "refused_frames", "evidence", "meta", "alarms", "proposals"),
        *("roots", "anchored", "inclusions", "log_heads"),
        *("changes", "mandates", "halls", "given_halves", "exported", "sqlite_sequence"),
        *("surveys", "survey_counts", "survey_ends"),
    }
)
_OWN_COLUMNS: Final = {
    "sittings": ("restore_key", "erasure", "erasure_sent"),
    "seats": ("heard_ns",),
}
"""What each hall says for itself, with its own keys, and what it heard itself."""
_UNTOLD: Final = {"seats": ("heard_ns",)}
"""Columns that change with each tick: a row is not noted for them alone."""
_ADDED_ONLY: Final = frozenset({"stations", "restore_keys", "late_frames"})
"""Tables that a follower fills itself, too: nothing is deleted from them."""
_EVENTS: Final = {"insert": ("NEW",), "update": ("OLD", "NEW"), "delete": ("OLD",)}
MAX_PAGE: Final = 1024 * 1024
"""Bytes of rows in one answer, about."""
_MAX_ROWS: Final = 4096

Cell = bytes | int | str | None
Cells = tuple[Cell, ...]
MAX_ROW: Final = 1024 * 1024
"""Bytes of one row."""
Row = Annotated[bytes, Meta(max_length=MAX_ROW)]
"""Cells, canonical: each is nothing, a number, a text or bytes."""


class StreamError(ExamError):
    """What came from another hall cannot be taken over."""


class Change(Object):
    """One row as it stands: its table, its key, and all its cells in the order of the
    columns' names; no cells when it is gone. :meth:`of_row` makes one."""

    number: Count
    of: Annotated[str, Meta(max_length=64)]
    key_row: Row
    row: Row

    @classmethod
    def of_row(cls, number: int, of: str, key: Cells, cells: Cells) -> Change:
        """The change of a row that holds *cells*."""
        return cls(number, of, canon.encode(key), canon.encode(cells))

    @property
    def key(self) -> Cells:
        """The cells of its primary key. Raises :class:`StreamError`."""
        return _cells(self.key_row)

    @property
    def cells(self) -> Cells:
        """All its cells. Raises :class:`StreamError`."""
        return _cells(self.row)


def _cells(data: bytes) -> Cells:
    try:
        found = canon.decode(data, max_size=MAX_ROW, max_count=64)
    except canon.CanonError:
        found = None
    if not isinstance(found, list):
        raise StreamError("A row from the hall in command cannot be read.")
    cells: list[Cell] = []
    for cell in found:
        if isinstance(cell, list | tuple | bool):
            raise StreamError("A row from the hall in command cannot be read.")
        cells.append(cell)
    return tuple(cells)


@dataclass(frozen=True)
class _Table:
    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]


def watch(connection: apsw.Connection) -> None:
    """Note changes from now on; everything that is there counts as changed once."""
    for table in _tables(connection).values():
        if connection.execute(
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = ?)",
            (f"follow_{table.name}_insert",),
        ).get:
            continue
        name, own = table.name, _literal(table, table.name)
        for event, sides in _EVENTS.items():
            notes = "".join(_note(name, _literal(table, side)) for side in sides)
            told = [each for each in table.columns if each not in _UNTOLD.get(name, ())]
            what = f"UPDATE OF {', '.join(told)}" if event == "update" else event
            connection.execute(
                f"CREATE TRIGGER follow_{name}_{event} AFTER {what} ON {name} BEGIN {notes} END"
            )
        connection.execute(
            f"INSERT OR IGNORE INTO changes (of, key) SELECT '{name}', {own} FROM {name}"  # noqa: S608  our own names
        )


def _note(table: str, key: str) -> str:
    # Deleted first: in a trigger, ON CONFLICT is the outer statement's.
    where = f"of = '{table}' AND key = {key}"
    return f"DELETE FROM changes WHERE {where}; INSERT INTO changes (of, key) VALUES ('{table}', {key});"  # noqa: E501, S608  our own names


def last(connection: apsw.Connection) -> int:
    """The number of the newest change."""
    return int(connection.execute("SELECT coalesce(max(number), 0) FROM changes").get)


def changes(connection: apsw.Connection, after: int) -> tuple[tuple[Change, ...], bool]:
    """The rows that changed after number *after*, some of them; whether there are more."""
    tables = _tables(connection)
    noted = rows(
        connection.execute(
            "SELECT number, of, key FROM changes WHERE number > ? ORDER BY number LIMIT ?",
            (after, _MAX_ROWS),
        )
    )
    found: list[Change] = []
    size = 0
    for number, of, literal in noted:
        if size > MAX_PAGE:
            return tuple(found), True
        table = tables[of]
        key = connection.execute(f"SELECT {literal}").fetchone()
        row = connection.execute(
            f"SELECT {', '.join(table.columns)} FROM {of}"  # noqa: S608  our own names
            f" WHERE ({', '.join(table.key)}) = ({literal})"
        ).fetchone()
        found.append(Change.of_row(number, of, tuple(key or ()), tuple(row or ())))
        size += 64 + len(found[-1].row)
    return tuple(found), len(noted) == _MAX_ROWS


def replace(connection: apsw.Connection, found: Iterable[Change], *, everything: bool) -> None:
    """Take over rows that another hall has.

    With *everything* these are all its rows, and others are deleted. Foreign keys hold at
    the end. Raises :class:`StreamError` when a row does not fit this hall's tables.
    """
    tables = _tables(connection)
    connection.execute("PRAGMA defer_foreign_keys = ON")
    own: list[tuple[str, tuple[Cell, ...]]] = []
    if everything:
        own = _own_cells(connection, tables)
        for name in tables.keys() - _ADDED_ONLY:
            connection.execute(f"DELETE FROM {name}")  # noqa: S608  our own names
    for change in found:
        table = tables.get(change.of)
        if table is None or len(change.key) != len(table.key):
            raise _other_version()
        if change.cells:
            _put(connection, table, change.cells)
        elif change.of not in _ADDED_ONLY:
            where = " AND ".join(f"{column} IS ?" for column in table.key)
            gone = f"DELETE FROM {table.name} WHERE {where}"  # noqa: S608  our own names
            connection.execute(gone, change.key)
    for statement, cells in own:
        connection.execute(statement, cells)
    if everything:  # what this hall kept for rows that are not there any more
        connection.execute(
            "DELETE FROM evidence WHERE blind_id NOT IN (SELECT blind_id FROM seats)"
        )
        connection.execute(
            "DELETE FROM inclusions WHERE bundle_hash NOT IN (SELECT bundle_hash FROM hand_ins)"
        )
        connection.execute(
            "DELETE FROM proposals WHERE blind_id NOT IN (SELECT blind_id FROM seats)"
        )


def _own_cells(
    connection: apsw.Connection, tables: dict[str, _Table]
) -> list[tuple[str, tuple[Cell, ...]]]:
    """What this hall says for itself in rows it is about to take over anew, as updates."""
    found: list[tuple[str, tuple[Cell, ...]]] = []
    for name, own in _OWN_COLUMNS.items():
        key = tables[name].key
        put = ", ".join(f"{column} = ?" for column in own)
        where = " AND ".join(f"{column} = ?" for column in key)
        kept = connection.execute(f"SELECT {', '.join((*own, *key))} FROM {name}")  # noqa: S608  ours
        again = f"UPDATE {name} SET {put} WHERE {where}"  # noqa: S608  our own names
        found += [(again, row) for row in rows(kept)]
    return found


def _put(connection: apsw.Connection, table: _Table, cells: Sequence[Cell]) -> None:
    if len(cells) != len(table.columns):
        raise _other_version()
    own = _OWN_COLUMNS.get(table.name, ())
    taken = [
        (column, cell)
        for column, cell in zip(table.columns, cells, strict=True)
        if column not in own
    ]
    names = ", ".join(column for column, _ in taken)
    marks = ", ".join("?" for _ in taken)
    rest = [column for column, _ in taken if column not in table.key]
    then = ", ".join(f"{column} = excluded.{column}" for column in rest)
    try:
        if table.name in _ADDED_ONLY:  # a machine that was enrolled anew has its old name
            verb, tail = "INSERT OR REPLACE", ""
        else:
            verb = "INSERT"
            key = ", ".join(table.key)
            tail = f" ON CONFLICT ({key}) DO " + (f"UPDATE SET {then}" if rest else "NOTHING")
        connection.execute(
            f"{verb} INTO {table.name} ({names}) VALUES ({marks}){tail}",
            tuple(cell for _, cell in taken),
        )
    except (apsw.ConstraintError, apsw.SQLError) as problem:
        raise StreamError(
            "A row of “{table}” from the hall in command does not fit here: {why}.",
            table=table.name,
            why=str(problem),
        ) from None


def _tables(connection: apsw.Connection) -> dict[str, _Table]:
    names = rows(connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
    found = {}
    for (name,) in names:
        if name in _OWN_TABLES or name.startswith("sqlite_"):
            continue
        columns = rows(
            connection.execute("SELECT name, pk FROM pragma_table_info(?) ORDER BY name", (name,))
        )
        key = [column for column, pk in sorted(columns, key=lambda each: each[1]) if pk]
        found[name] = _Table(name, tuple(key), tuple(column for column, _ in columns))
    return found


def _literal(table: _Table, side: str) -> str:
    return " || ',' || ".join(f"quote({side}.{column})" for column in table.key)


def _other_version() -> StreamError:
    return StreamError(
        "The hall in command keeps other tables than this one: both must have the same version."
    )
