"""The papers of a hall that does not run, from its disk alone: nothing there is changed.

The database is copied, with what SQLite had not merged into it yet, into a private directory of
this machine, and read there; so a disk that is mounted read-only will do, and a hall that was
killed. No key is needed: what is drawn is a draft, or the record that a hall has signed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from exam_packages.errors import ExamError
from exam_packages.sealing.sitting_record import SittingRecord, parse_record, read_record
from exam_packages.sealing.trust import HALL, Enrolment, Trust, read_enrolment
from sync.hall import records, reporting, room
from sync.hall.home import HallHome
from sync.hall.schema import DATABASE, open_store
from sync.holder.store import Store, rows

__all__ = ["DiskError", "Found", "files"]

_FILES: Final = (DATABASE, f"{DATABASE}-wal")
_TRIES: Final = 3
"""Copies tried until nothing was written meanwhile."""


class DiskError(ExamError):
    """The papers cannot be read from a hall's disk."""


@dataclass(frozen=True)
class Found:
    """The papers of a sitting: contents by file name. ``signed``: a hall signed the record."""

    sitting: int
    title: str
    signed: bool
    files: dict[str, bytes]


def files(home: HallHome, sitting: int | None = None) -> Found:
    """Every paper of a sitting (without a number: the newest), from the disk of *home*.

    Raises a :class:`DiskError`, or a ``FontError`` when a name cannot be printed.
    """
    own, trust = home.enrolment(now_s=None), home.trust()
    with _copied(home) as store, store.reading() as connection:
        newest = connection.execute("SELECT max(id) FROM sittings").get
        if newest is None:
            raise DiskError("No sitting was opened in this hall yet.")
        number = sitting or int(newest)
        record, data, enrolment = _record(connection, home, own, trust, number)
        rules = room.rules_of(connection, number)
    made = reporting.drawn(record, data, rules, enrolment)
    return Found(number, record.title, bool(data), made)


def _record(
    connection: apsw.Connection, home: HallHome, own: Enrolment, trust: Trust, sitting: int
) -> tuple[SittingRecord, bytes, bytes]:
    """The newest signed record with the enrolment of the hall that signed it, or a draft."""
    data = records.newest(connection, sitting)
    if data is None:
        return records.draw(connection, sitting, own.key_id, home.centre, 1), b"", b""
    machine = parse_record(data).machine
    others = rows(connection.execute("SELECT enrolment FROM halls WHERE key_id = ?", (machine,)))
    enrolment = home.enrolment_bytes if machine == own.key_id else others[0][0] if others else b""
    if not enrolment:
        raise DiskError("The record of this sitting was signed by a hall unknown here.")
    hall = read_enrolment(enrolment, trust, now_s=None)
    if (hall.kind, hall.key_id) != (HALL, machine):
        raise DiskError("The record of this sitting was signed by a hall unknown here.")
    return read_record(data, hall.verify_key), data, enrolment


@contextmanager
def _copied(home: HallHome) -> Iterator[Store]:
    """A copy of the hall's database, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="exam-kiosk-") as place:
        directory = Path(place)
        for _ in range(_TRIES):
            before = _seen(home.directory)
            if DATABASE not in before:
                raise DiskError(
                    "There is no database of a hall in {path}.", path=str(home.directory)
                )
            try:
                for name in _FILES:
                    (directory / name).unlink(missing_ok=True)
                    if name in before:
                        shutil.copyfile(home.directory / name, directory / name)
            except OSError as problem:
                raise DiskError(
                    "The database in {path} cannot be read: {why}.",
                    path=str(home.directory),
                    why=problem.strerror or type(problem).__name__,
                ) from None
            if _seen(home.directory) == before:
                break
        else:
            raise DiskError(
                "The hall in {path} is running and writing; ask it for its papers: "
                "`exam-kiosk hall act HOME … papers`.",
                path=str(home.directory),
            )
        store = open_store(directory)
        try:
            yield store
        finally:
            store.close()


def _seen(directory: Path) -> dict[str, tuple[int, int]]:
    """Size and time of the last change of each file of the database that is there."""
    found = {}
    for name in _FILES:
        try:
            about = os.stat(directory / name)  # noqa: PTH116  both figures of one look
        except FileNotFoundError:
            continue
        found[name] = (about.st_size, about.st_mtime_ns)
    return found
