"""What waits for a station is remembered only as long as it holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from sync.hall import seats, stream
from sync.hall.roster import Line
from sync.hall.schema import open_store
from sync.hall.waiting import Waiting, WaitingRoom
from sync.holder.store import Store, StoreError

HEARD = "heard_ns"
STATION = b"s" * 16


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path)
    store.write(
        lambda connection: seats.add_sitting(
            connection,
            title="Morning",
            exam="Exam",
            slot="slot",
            package_hash=bytes(32),
            release_id=bytes(16),
            codes=1,
            not_before_s=0,
            lines=[Line(1, "c-1", "One", "code-1", 0), Line(2, "c-2", "Two", "code-2", 0)],
            time_ns=1,
        )
    )
    yield store
    store.close()


def blind_id(store: Store) -> bytes:
    with store.reading() as connection:
        return bytes(connection.execute("SELECT blind_id FROM seats WHERE line = 1").get)


def _sit(store: Store, wanted: bytes) -> None:
    """Seat the attempt *wanted* at the station."""

    def work(connection: apsw.Connection) -> None:
        connection.execute(
            "INSERT INTO stations (key_id, machine, enrolment, certificate, greeted_ns)"
            " VALUES (?, 's1', x'', x'', 1)",
            (STATION,),
        )
        connection.execute("UPDATE seats SET station = ? WHERE blind_id = ?", (STATION, wanted))

    store.write(work)


def test_whatever_is_remembered_is_noted_when_it_changes(store: Store) -> None:
    """Each column that is read belongs to a table whose changes get a number."""
    read = set[tuple[str, str]]()

    def look(operation: int, table: str | None, column: str | None, *_: object) -> int:
        if operation == apsw.SQLITE_READ and table and column and not table.startswith("sqlite_"):
            read.add((table, column))
        return apsw.SQLITE_OK

    wanted = blind_id(store)
    room = WaitingRoom(store)

    def work(connection: apsw.Connection) -> set[tuple[str, str]]:
        connection.authorizer = look
        room.of(connection, STATION, wanted, 1)
        connection.authorizer = None
        return {
            (name, column)
            for name, table in stream._tables(connection).items()
            for column in table.columns
            if column not in stream._UNTOLD.get(name, ())
        }

    noted = store.write(work)
    assert {"sittings", "seats", "room_rules", "hand_ins", "commands"} <= {name for name, _ in read}
    asked = {each for each in read if each[0] != "changes"}
    assert asked - noted == {("seats", HEARD)}  # as its docstring says


def test_it_is_read_again_after_a_change_and_only_then(store: Store) -> None:
    wanted, room = blind_id(store), WaitingRoom(store)

    def ask(connection: apsw.Connection) -> Waiting:
        return room.of(connection, STATION, wanted, 1)

    assert store.write(ask) is not store.write(ask)  # it sits elsewhere: not this one's to name
    _sit(store, wanted)
    first = store.write(ask)
    assert first.seat is not None and first.seat.extra_s == 0
    assert store.write(ask) is first
    store.write(lambda connection: connection.execute("UPDATE seats SET heard_ns = 5"))
    assert store.write(ask) is first
    store.write(lambda connection: connection.execute("UPDATE seats SET extra_s = 60"))
    again = store.write(ask)
    assert again.seat is not None and again.seat.extra_s == 60
    assert store.write(lambda connection: room.of(connection, STATION, wanted, 2)) is not again
    assert store.write(lambda connection: room.of(connection, STATION, b"", 2)).seat is None


def test_what_was_undone_with_its_group_is_not_remembered(store: Store) -> None:
    """Two changes get one number when the first was undone: the second must still be seen."""
    wanted, room = blind_id(store), WaitingRoom(store)
    _sit(store, wanted)
    begun, go_on = threading.Event(), threading.Event()

    def hold_up(_: apsw.Connection) -> None:
        begun.set()
        go_on.wait(30)

    def give(seconds: int, connection: apsw.Connection) -> None:
        connection.execute("UPDATE seats SET extra_s = ? WHERE blind_id = ?", (seconds, wanted))

    def ask(connection: apsw.Connection) -> tuple[int, int]:
        seat = room.of(connection, STATION, wanted, 1).seat
        assert seat is not None
        return stream.last(connection), seat.extra_s

    def fill(_: apsw.Connection) -> None:
        raise apsw.FullError("no room")

    held_up = store.submit(hold_up)
    begun.wait(30)
    seen = list[tuple[int, int]]()
    group = [
        store.submit(lambda connection: give(600, connection)),
        store.submit(lambda connection: seen.append(ask(connection))),
        store.submit(fill),
    ]
    go_on.set()
    held_up.result()
    for each in group:
        with pytest.raises(StoreError):
            each.result()
    store.write(lambda connection: give(60, connection))
    now = store.write(ask)
    assert seen == [(now[0], 600)]
    assert now[1] == 60
