"""The power of a hall goes at every single write of its database: of what it acknowledged
nothing is missing, and what it ordered is ordered once."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import apsw
import pytest
from crash_model import ROOM
from halls_model import Hall, Station, Wire
from recording_vfs import Recorder

from exam_packages.attempt.events import Beat
from sync.hall.schema import open_store
from sync.holder.journals import held_frames


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=ROOM) as name:
        yield Path(name)


@pytest.mark.parametrize(
    "every", [23, pytest.param(1, marks=pytest.mark.slow)], ids=["some", "every"]
)
def test_at_any_write_all_that_was_acknowledged_is_there(elsewhere: Path, every: int) -> None:
    wire = Wire()
    halls = [Hall(number, elsewhere / f"hall-{number}", wire) for number in (0, 1)]
    for hall in halls:
        hall.others = [halls[1 - hall.number]]
        hall.stop()
    recorder = Recorder()
    first = halls[0]
    before = {
        path.name: path.read_bytes()
        for path in first.directory.glob("hall.sqlite*")
        if not path.name.endswith("-shm")
    }
    acknowledged: list[tuple[int, int]] = []
    orders: list[tuple[int, int]] = []
    with recorder.installed():
        first.start()
        station = Station(0, elsewhere / "seat-0", halls, wire)
        station.begin()
        for number in range(12):
            station.write(*[Beat()] * 3)
            answer = station.tick(0)
            assert answer is not None
            assert answer.acknowledgement is not None
            acknowledged.append((len(recorder.operations), answer.acknowledgement.sequence))
            if number % 3 == 0:
                first.order(station.blind_id)
                orders.append((len(recorder.operations), len(orders) + 1))
        station.close()
        first.stop()
    assert len(recorder.operations) > 100
    written = station.writer.frames(0) if station.writer else ()
    looked = 0
    for moment, _keep, files in recorder.states(before):
        if moment % every:
            continue
        left = elsewhere / "left"
        shutil.rmtree(left, ignore_errors=True)
        left.mkdir()
        for name, data in files.items():
            (left / name).write_bytes(data)
        store = open_store(left)
        try:
            with store.reading() as connection:
                held = held_frames(connection, station.blind_id)
                given = connection.execute("SELECT count(*) FROM commands").get
                whole = connection.execute("PRAGMA integrity_check").get
        finally:
            store.close()
        safe = max((sequence for at, sequence in acknowledged if at <= moment), default=0)
        assert whole == "ok"
        assert len(held) >= safe
        assert held == written[: len(held)]
        assert given >= max((count for at, count in orders if at <= moment), default=0)
        looked += 1
    assert looked >= 15


def test_a_hall_that_does_not_sync_is_found(elsewhere: Path) -> None:
    """The planted fault: with synchronous off, a power cut loses what was acknowledged."""
    pragma = apsw.Connection.pragma

    def never(connection: apsw.Connection, name: str, *value: object, **more: object) -> object:
        if name == "synchronous" and value:
            value = ("off",)
        return pragma(connection, name, *value, **more)  # type: ignore[arg-type]

    class Careless(apsw.Connection):
        def pragma(self, name: str, *value: object, **more: object) -> object:  # type: ignore[override]
            return never(self, name, *value, **more)

    with mock.patch.object(apsw, "Connection", Careless), pytest.raises(AssertionError):
        test_at_any_write_all_that_was_acknowledged_is_there(elsewhere, 7)
