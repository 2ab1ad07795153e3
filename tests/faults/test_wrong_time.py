"""A hall whose clock is wrong, and enrolments that expire in the middle of a sitting."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash_model import ROOM
from halls_model import Hall, Station, Wire

from exam_packages.attempt.events import Beat
from exam_packages.clock import SECOND, SystemClock
from sync.link import HolderRefused, LinkError

HOUR_NS = 3600 * SECOND


class Off(SystemClock):
    """A wall clock that is wrong by so much."""

    def __init__(self, by_ns: int) -> None:
        self._by_ns = by_ns

    def wall_ns(self) -> int:
        return super().wall_ns() + self._by_ns


@pytest.fixture
def centre() -> Iterator[tuple[list[Hall], list[Station], Wire]]:
    with tempfile.TemporaryDirectory(dir=ROOM) as name:
        wire = Wire()
        halls = [Hall(number, Path(name) / f"hall-{number}", wire) for number in (0, 1)]
        for hall in halls:
            hall.others = [halls[1 - hall.number]]
        stations = [Station(n, Path(name) / f"seat-{n}", halls, wire) for n in (0, 1)]
        yield halls, stations, wire
        for station in stations:
            station.close()
        for hall in halls:
            hall.stop()


@pytest.mark.parametrize("by_ns", [HOUR_NS, -HOUR_NS], ids=["fast", "slow"])
def test_an_hour_wrong_loses_nothing_and_is_told(
    centre: tuple[list[Hall], list[Station], Wire], by_ns: int
) -> None:
    halls, stations, _ = centre
    halls[0].stop()
    halls[0].start(Off(by_ns))
    for station in stations:
        station.begin()
        station.write(Beat(), Beat())
    halls[1].follow()
    assert halls[1].service is not None
    with halls[1].service.store.reading() as connection:
        words = connection.execute("SELECT group_concat(words) FROM alarms").get
    assert "more than two seconds" in words
    halls[0].stop()  # and the clock is set right meanwhile
    halls[0].start()
    for station in stations:
        for _ in range(3):
            station.tick(0)
        assert station.writer is not None
        assert halls[0].held(station.blind_id) == station.writer.frames(0)
        assert station.hand_in(0)


def test_enrolments_that_expire_while_people_sit(
    centre: tuple[list[Hall], list[Station], Wire],
) -> None:
    """Who is known goes on to the end; who greets anew is told why not."""
    halls, stations, _ = centre
    sitting, late = stations
    sitting.begin()
    sitting.tick(0)
    service = halls[0].service
    assert service is not None
    service.clock = Off(366 * 24 * HOUR_NS)
    sitting.write(Beat(), Beat())
    sitting.tick(0)
    assert sitting.writer is not None
    assert halls[0].held(sitting.blind_id) == sitting.writer.frames(0)
    assert sitting.hand_in(0)
    with pytest.raises(HolderRefused, match="expired"):
        late.begin()
    sitting.forget()  # its agent starts anew: it greets, and is told; nothing is lost here
    with pytest.raises(LinkError, match="expired"):
        sitting.tick(0)
    assert halls[0].held(sitting.blind_id) == sitting.writer.frames(0)
