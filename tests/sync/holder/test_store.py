"""The store: synced before seen, one undone job undoes no other, and kill -9."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from sync.holder.store import Store, StoreError, StoreFull, rows

SCHEMA = "CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "s.sqlite", SCHEMA)
    yield opened
    opened.close()


def put(number: int, data: bytes = b"x"):  # type: ignore[no-untyped-def]
    return lambda connection: connection.execute("INSERT INTO t VALUES (?, ?)", (number, data))


def numbers(store: Store) -> list[int]:
    with store.reading() as connection:
        return [n for (n,) in rows(connection.execute("SELECT n FROM t ORDER BY n"))]


def test_it_is_as_durable_as_it_says(store: Store) -> None:
    asked = {
        name: store.write(lambda connection, name=name: connection.execute(f"PRAGMA {name}").get)
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_what_is_written_can_be_read(store: Store) -> None:
    store.write(put(1))
    assert numbers(store) == [1]


def test_a_job_that_fails_undoes_itself_and_no_other(store: Store) -> None:
    gate = threading.Event()
    first = store.submit(lambda connection: gate.wait(10))  # all others join the next group

    def half(connection: apsw.Connection) -> None:
        put(2)(connection)
        raise RuntimeError("half way")

    jobs = [store.submit(work) for work in (put(1), half, put(1), put(3))]
    gate.set()
    assert first.result()
    jobs[0].result()
    with pytest.raises(RuntimeError, match="half way"):
        jobs[1].result()
    with pytest.raises(apsw.ConstraintError):
        jobs[2].result()
    jobs[3].result()
    assert numbers(store) == [1, 3]


def test_a_group_is_one_commit(store: Store) -> None:
    gate = threading.Event()
    store.submit(lambda connection: gate.wait(10))
    jobs = [store.submit(put(n)) for n in range(100)]
    watching = apsw.Connection(str(store.path), flags=apsw.SQLITE_OPEN_READONLY)
    before = watching.execute("PRAGMA data_version").get
    gate.set()
    for job in jobs:
        job.result()
    assert watching.execute("SELECT count(*) FROM t").get == 100
    assert watching.execute("PRAGMA data_version").get - before == 1
    watching.close()


def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError), store.reading() as connection:
        connection.execute("DELETE FROM t")


def test_a_caller_that_gives_up_harms_nobody(store: Store) -> None:
    gate = threading.Event()
    store.submit(lambda connection: gate.wait(10))

    async def give_up() -> None:
        waiting = asyncio.create_task(store.awrite(put(1)))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(give_up())
    gate.set()
    store.write(put(2))
    assert 2 in numbers(store)


def test_a_full_disk_refuses_the_whole_group_and_recovers(store: Store) -> None:
    store.write(put(1))

    def limit(pages: int):  # type: ignore[no-untyped-def]
        return lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").get

    store.write(limit(4))
    with pytest.raises(StoreFull, match="full"):
        store.write(put(2, bytes(100_000)))
    assert numbers(store) == [1]
    store.write(limit(100_000))
    store.write(put(2, bytes(100_000)))
    assert numbers(store) == [1, 2]


def test_closing_finishes_what_was_submitted(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite", SCHEMA)
    jobs = [store.submit(put(n)) for n in range(50)]
    store.close()
    assert all(job.done() for job in jobs)
    with pytest.raises(StoreError, match="closed"):
        store.submit(put(99))
    again = Store(tmp_path / "s.sqlite", SCHEMA)
    assert numbers(again) == list(range(50))
    again.close()


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path / "nowhere" / "s.sqlite", SCHEMA)


_WRITER = """
import sys
from pathlib import Path
from sync.holder.store import Store
store = Store(Path(sys.argv[1]), sys.argv[2])
n = 0
while True:
    jobs = [store.submit(lambda c, n=n + i: c.execute("INSERT INTO t VALUES (?, x'00')", (n,)))
            for i in range(5)]
    for job in jobs:
        job.result()
    n += 5
    sys.stdout.write(f"{n}\\n")
    sys.stdout.flush()
"""


def test_killed_in_the_middle_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path), SCHEMA], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    for _ in range(40):
        assert writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    told = [int(line) for line in writer.stdout.read().splitlines() if line]
    writer.wait()
    writer.stdout.close()
    acknowledged = max([200, *told])
    store = Store(path, SCHEMA)
    kept = numbers(store)
    store.close()
    assert kept == list(range(len(kept)))
    assert len(kept) >= acknowledged
