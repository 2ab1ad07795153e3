"""One SQLite file, one writer, group commit: acknowledged means synced.

Writes are jobs. A single thread takes all jobs that wait, runs them in one transaction,
each under a savepoint of its own, commits (``synchronous=FULL``: the file is synced), and
only then lets anyone see a result. One sync so serves many callers, which is what makes a
slow disk bearable. The same thread checkpoints the write-ahead log.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import apsw

from exam_packages.errors import ExamError

__all__ = ["Store", "StoreError", "StoreFull", "rows"]

T = TypeVar("T")

_GROUP = 512
"""Jobs in one transaction at most."""

_PACE_S = 0.003
"""Seconds from one group to the next where several callers are at work: a fast disk would else
sync for each of them, and a sync costs more than the job."""

_BUSY_MS = 10_000
"""How long to wait for a command line tool that writes to the same file."""

_LEAST_SQLITE = 3_051_003
"""SQLite 3.51.3 mends a bug in resetting the write-ahead log."""


def rows(cursor: apsw.Cursor) -> list[tuple[Any, ...]]:
    """All rows of a query, typed as the schema and not apsw knows them."""
    return cursor.fetchall()


class StoreError(ExamError):
    """The database cannot be opened or written."""

    http_status: ClassVar[int] = 503


class StoreFull(StoreError):
    """The disk is full: nothing of this was kept."""

    http_status: ClassVar[int] = 507


@dataclass(frozen=True)
class _Outcome(Generic[T]):
    """What became of a job: its value, or why it failed."""

    value: T | None
    problem: Exception | None = None


class _Thread(Generic[T]):
    """A thread that waits for its job."""

    def __init__(self) -> None:
        self.future: Future[T] = Future()

    def begin(self) -> bool:
        """Whether it still wants the job; from here on it can no longer give up."""
        return self.future.set_running_or_notify_cancel()

    def hear(self, outcome: _Outcome[T]) -> None:
        if outcome.problem is not None:
            self.future.set_exception(outcome.problem)
        else:
            self.future.set_result(outcome.value)  # type: ignore[arg-type]  # then it is a T


class _Task(Generic[T]):
    """A task of an event loop that awaits its job: heard in that loop's thread."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[T] = self.loop.create_future()

    def begin(self) -> bool:
        return not self.future.cancelled()

    def hear(self, outcome: _Outcome[T]) -> None:
        if self.future.done():
            return  # it gave up meanwhile
        if outcome.problem is not None:
            self.future.set_exception(outcome.problem)
        else:
            self.future.set_result(outcome.value)  # type: ignore[arg-type]  # then it is a T


@dataclass(frozen=True)
class _Job(Generic[T]):
    work: Callable[[apsw.Connection], T]
    caller: _Thread[T] | _Task[T]


class Store:
    """A database file, opened by this process for as long as the object lives."""

    def __init__(self, path: Path, schema: str) -> None:
        """Open or create *path* and bring *schema* (``CREATE … IF NOT EXISTS``) into it.

        Raises :class:`StoreError`.
        """
        if apsw.SQLITE_VERSION_NUMBER < _LEAST_SQLITE:
            raise StoreError(
                "SQLite {found} has a bug that can lose records; install apsw 3.51.3 or newer.",
                found=apsw.sqlite_lib_version(),
            )
        self.path = path
        try:
            self._connection = _open(path)
            self._connection.execute(schema)
            path.chmod(0o600)
            self._reading = _open(path)
            self._reading.execute("PRAGMA query_only = ON")
        except (apsw.Error, OSError) as problem:
            raise StoreError(
                "The database {path} cannot be opened: {why}.", path=str(path), why=str(problem)
            ) from None
        self._read_lock = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._closed = False
        self.undone = 0
        """How many groups were undone: what their jobs read of each other does not hold."""
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[apsw.Connection], T]) -> Future[T]:
        """Run *work* in the writer's next transaction; done once that is synced.

        What *work* raises undoes its own writes alone and comes out of the future. A commit
        that fails undoes the whole group, and each of its futures raises :class:`StoreError`.
        """
        caller: _Thread[T] = _Thread()
        self._put(_Job(work, caller))
        return caller.future

    def write(self, work: Callable[[apsw.Connection], T]) -> T:
        """:meth:`submit`, and wait."""
        return self.submit(work).result()

    async def awrite(self, work: Callable[[apsw.Connection], T]) -> T:
        """:meth:`submit`, and await. All tasks of a group are woken at once."""
        caller: _Task[T] = _Task()
        self._put(_Job(work, caller))
        return await caller.future

    def _put(self, job: _Job[Any]) -> None:
        if self._closed:
            raise StoreError("The database {path} is closed.", path=str(self.path))
        self._jobs.put(job)

    @contextlib.contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """A connection that sees the last committed state, and cannot write."""
        with self._read_lock:
            try:
                yield self._reading
            except apsw.Error as problem:
                raise self._error(problem) from None

    def close(self) -> None:
        """Finish what was submitted, then close the file."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            self._thread.join()
            self._reading.close()

    def _run(self) -> None:
        going, group, next_s = True, list[_Job[Any]](), 0.0
        while going:
            job = self._jobs.get()
            if len(group) > 1 and (early_s := next_s - time.monotonic()) > 0:
                time.sleep(early_s)  # jobs gather meanwhile
            group, next_s = [], time.monotonic() + _PACE_S
            while job is not None:
                if job.caller.begin():
                    group.append(job)
                if len(group) == _GROUP or self._jobs.empty():
                    break
                job = self._jobs.get()
            going = job is not None
            if group:
                self._commit(group)
        self._connection.close()

    def _commit(self, group: list[_Job[Any]]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes = [self._attempt(job) for job in group]
            self._connection.execute("COMMIT")
        except Exception as problem:
            self._roll_back()
            outcomes = [_Outcome(None, self._error(problem))] * len(group)
        told: dict[asyncio.AbstractEventLoop, list[tuple[_Task[Any], _Outcome[Any]]]] = {}
        for job, outcome in zip(group, outcomes, strict=True):
            if isinstance(job.caller, _Task):
                told.setdefault(job.caller.loop, []).append((job.caller, outcome))
            else:
                job.caller.hear(outcome)
        for loop, heard in told.items():
            with contextlib.suppress(RuntimeError):  # it is closed: nobody waits there any more
                loop.call_soon_threadsafe(_tell, heard)

    def _attempt(self, job: _Job[T]) -> _Outcome[T]:
        """Run one job. What comes of it is told after the commit."""
        self._connection.execute("SAVEPOINT job")
        try:
            value = job.work(self._connection)
        except (apsw.FullError, apsw.IOError, apsw.CorruptError):
            raise  # the file, not the job, is at fault: nothing of this group can stand
        except Exception as problem:
            if not self._connection.in_transaction:
                raise  # SQLite undid the whole group by itself
            self._connection.execute("ROLLBACK TO job")
            self._connection.execute("RELEASE job")
            return _Outcome(None, problem)
        self._connection.execute("RELEASE job")
        return _Outcome(value)

    def _roll_back(self) -> None:
        self.undone += 1
        # A full disk has rolled back by itself; then there is nothing left to undo.
        with contextlib.suppress(apsw.SQLError):
            self._connection.execute("ROLLBACK")

    def _error(self, problem: Exception) -> StoreError:
        if isinstance(problem, apsw.FullError):
            return StoreFull(
                "The disk that holds {path} is full; make room on it.", path=str(self.path)
            )
        return StoreError(
            "The database {path} cannot be used: {why}.", path=str(self.path), why=str(problem)
        )


def _tell(heard: list[tuple[_Task[Any], _Outcome[Any]]]) -> None:
    for caller, outcome in heard:
        caller.hear(outcome)


def _open(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(_BUSY_MS)
    # Each in a call of its own: apsw stops at the first row that a statement returns.
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    connection.pragma("foreign_keys", True)
    return connection
