"""A hall that is put back from a copy numbers what it says anew: no number is ever meant twice."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from crash_model import ROOM
from halls_model import Hall, Station, Wire, in_one_thread

from exam_packages.attempt.events import Beat


@dataclass
class Room:
    """Two halls and two stations at work."""

    halls: list[Hall]
    stations: list[Station]

    def sends(self, station: Station, number: int) -> None:
        station.tick(number)
        while not station.outboxes[station.urls[number]].complete:
            station.tick(number)


@pytest.fixture
def room() -> Iterator[Room]:
    with tempfile.TemporaryDirectory(dir=ROOM) as name, in_one_thread():
        wire = Wire()
        halls = [Hall(number, Path(name) / f"hall-{number}", wire) for number in (0, 1)]
        for hall in halls:
            hall.others = [halls[1 - hall.number]]
        stations = [Station(n, Path(name) / f"seat-{n}", halls, wire) for n in (0, 1)]
        halls[1].follow()
        for station in stations:
            station.begin()
        halls[1].follow()
        yield Room(halls, stations)
        for station in stations:
            station.close()
        for hall in halls:
            hall.stop()


def test_each_time_has_numbers_of_its_own(room: Room) -> None:
    first, station = room.halls[0], room.stations[0]
    station.tick(0)
    first.keep_copy()
    epochs = [first.epoch()]
    for _ in range(3):
        station.write(Beat(), Beat())
        first.order(station.blind_id)
        room.sends(station, 0)
        first.restore()
        epochs.append(first.epoch())
        # What the station calls held is never meant by the epoch that forgot it.
        assert station.epochs[station.urls[0]] < first.epoch()
        station.tick(0)
    assert epochs == sorted(set(epochs))
    numbers = [(each.command.authority, each.command.number) for each in station.obeyed]
    assert len(numbers) >= 3
    assert numbers == sorted(set(numbers))


def test_an_order_after_a_copy_of_today_was_put_back_is_not_taken_for_a_forgotten_one(
    room: Room,
) -> None:
    """The copy was made while the hall ran, so it counts no fewer starts. What the hall ordered
    since is forgotten; what it orders next, before any station spoke, is another order."""
    first, station = room.halls[0], room.stations[0]
    room.sends(station, 0)
    first.keep_copy()
    first.order(station.blind_id)
    room.sends(station, 0)
    assert len(station.obeyed) == 1
    first.restore()
    first.order(station.blind_id)
    for _ in range(2):
        room.sends(station, 0)
    assert len(station.obeyed) == 2
    assert first.unconfirmed() == 0


def test_what_was_ordered_before_a_restart_is_confirmed_after_it(room: Room) -> None:
    first, station = room.halls[0], room.stations[0]
    first.order(station.blind_id)
    station.tick(0)
    assert len(station.obeyed) == 1  # and the hall has not heard of it
    first.stop()
    first.start()
    station.tick(0)
    assert first.unconfirmed() == 0


def test_a_standby_that_is_put_back_again_and_again_says_so_each_time(room: Room) -> None:
    """Every station shows it what it forgot, so it would count on more than once in a life."""
    standby = room.halls[1]
    for station in room.stations:
        room.sends(station, 1)
    standby.keep_copy()
    for _ in range(3):
        for station in room.stations:
            station.write(Beat(), Beat())
            room.sends(station, 1)
        standby.restore()
        for station in room.stations:
            url = station.urls[1]
            station.clients[url].hall = None
            station.tick(1)
            assert station.epochs[url] == standby.epoch()
            assert station.outboxes[url].held <= len(standby.held(station.blind_id))
            room.sends(station, 1)


def test_who_follows_has_no_row_that_the_hall_forgot(room: Room) -> None:
    first, standby = room.halls
    first.keep_copy()
    first.order(room.stations[0].blind_id)
    standby.follow()
    assert standby.ordered() == first.ordered()
    first.restore()
    first.order(room.stations[1].blind_id)
    standby.follow()
    assert standby.ordered() == first.ordered()
