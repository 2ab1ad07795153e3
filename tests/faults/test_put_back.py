"""A hall that is put back from the same copy twice says each time that it forgot."""

from __future__ import annotations

import tempfile
from pathlib import Path

from crash_model import ROOM
from halls_model import Hall, Station, Wire

from exam_packages.attempt.events import Beat


def test_each_time_has_numbers_of_its_own() -> None:
    with tempfile.TemporaryDirectory(dir=ROOM) as name:
        wire = Wire()
        halls = [Hall(number, Path(name) / f"hall-{number}", wire) for number in (0, 1)]
        for hall in halls:
            hall.others = [halls[1 - hall.number]]
        first = halls[0]
        station = Station(0, Path(name) / "seat-0", halls, wire)
        station.begin()
        station.tick(0)
        first.keep_copy()
        epochs = [first.epoch()]
        for _ in range(3):
            station.write(Beat(), Beat())
            first.order(station.blind_id)
            while not station.outboxes[station.urls[0]].complete:
                station.tick(0)
            first.restore()
            epochs.append(first.epoch())
            # What the station calls held is never meant by the epoch that forgot it.
            assert station.epochs[station.urls[0]] < first.epoch()
            station.tick(0)
        assert epochs == sorted(set(epochs))
        numbers = [(each.command.authority, each.command.number) for each in station.obeyed]
        assert len(numbers) >= 3
        assert numbers == sorted(set(numbers))
        station.close()
        for hall in halls:
            hall.stop()
