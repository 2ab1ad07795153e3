"""Requests that arrive after later ones: a hall takes each for what it is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import httpx
import pytest
from crash_model import ROOM
from halls_model import Hall, Station, Wire

from exam_packages.attempt.events import Beat
from sync.hall.standby import StandbyError
from sync.link import LinkError


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=ROOM) as name:
        yield Path(name)


@pytest.mark.parametrize("fates", [("late", ""), ("late", "late", ""), ("late", "answer", "")])
def test_a_tick_that_comes_after_the_next_one_changes_nothing(
    elsewhere: Path, fates: tuple[str, ...]
) -> None:
    wire = Wire()
    halls = [Hall(number, elsewhere / f"hall-{number}", wire) for number in (0, 1)]
    for hall in halls:
        hall.others = [halls[1 - hall.number]]
    station = Station(0, elsewhere / "seat-0", halls, wire)
    station.begin()
    station.tick(0)
    for _ in range(4):
        for fate in fates:
            station.write(Beat(), Beat())
            halls[0].order(station.blind_id)
            wire.lose = [fate]
            if fate:
                with pytest.raises(LinkError):
                    station.tick(0)
            else:
                station.tick(0)
        wire.lose = []
        station.tick(0)
        station.tick(0)
        assert not wire.late
        assert station.outboxes[station.urls[0]].complete
        assert station.writer is not None
        assert halls[0].held(station.blind_id) == station.writer.frames(0)
        # An old tick is no sign of a hall that forgot, nor of two histories.
        assert halls[0].epoch() == 1
        numbers = [each.command.number for each in station.obeyed]
        assert numbers == sorted(set(numbers))
    station.close()
    for hall in halls:
        hall.stop()


def test_two_acts_of_one_number_that_meet_in_an_answer_are_told_as_such(elsewhere: Path) -> None:
    """Each hall was given command while the question of the one was under way to the other."""
    wire = Wire()
    halls = [Hall(number, elsewhere / f"hall-{number}", wire) for number in (0, 1)]
    for hall in halls:
        hall.others = [halls[1 - hall.number]]
    first, second = halls
    answer = second.answer_hall

    def later(certificate: bytes, request: httpx.Request) -> httpx.Response:
        found = answer(certificate, request)
        first.command()
        return found

    second.command()
    with (
        mock.patch.object(second, "answer_hall", later),
        pytest.raises(StandbyError, match="same number"),
    ):
        first.follow()
    for hall in halls:
        hall.stop()
