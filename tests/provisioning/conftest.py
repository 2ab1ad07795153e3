"""A founded body and enrolled machines, made by the real commands' own functions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from exam_packages.body import Body
from exam_packages.clock import SystemClock
from provisioning.authority import enrol, found_body
from provisioning.homes import install, new_hall, new_station
from provisioning.station_home import StationHome
from sync.machine import HallMachine

CLOCK = SystemClock()


@dataclass(frozen=True)
class Place:
    """A body, and where machines of it can be made."""

    body: Body
    digest: bytes
    directory: Path

    def station(self, name: str = "s1", centre: str = "C1") -> StationHome:
        """An enrolled station."""
        home = self.directory / f"{centre}-{name}"
        request = new_station(home, name, centre, "https://127.0.0.1:1", camera="none")
        station = StationHome.load(home)
        install(station, enrol(self.body, request, CLOCK)[1], CLOCK, pinned=self.digest)
        return station

    def hall(self, name: str = "hall", centre: str = "C1") -> HallMachine:
        """An enrolled hall."""
        home = self.directory / f"{centre}-{name}"
        request = new_hall(home, name, centre, "127.0.0.1", "https://127.0.0.1:2")
        hall = HallMachine.load(home)
        install(hall, enrol(self.body, request, CLOCK)[1], CLOCK, pinned=self.digest)
        return hall


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    directory = tmp_path_factory.mktemp("place")
    trust = found_body(directory / "body", "Board of Examiners", CLOCK)
    return Place(Body(directory / "body"), trust.digest, directory)
