"""A real hall in a process of its own, over real TLS, with real stations that call it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from running_hall import (
    CLOCK,
    PASSWORD,
    SLOT,
    Hall,
    Site,
    Station,
    found_site,
    run_cli,
    status,
)

__all__ = [
    "CLOCK",
    "PASSWORD",
    "SLOT",
    "Hall",
    "Site",
    "Station",
    "found_site",
    "run_cli",
    "status",
]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return found_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def hall(site: Site, request: pytest.FixtureRequest) -> Iterator[Hall]:
    running = Hall(site.hall(f"hall-{request.module.__name__.rpartition('.')[2]}"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def station(site: Site, hall: Hall, tmp_path: Path) -> Iterator[Callable[..., Station]]:
    """Makes stations that are enrolled and have greeted; all are closed at the end."""
    made: list[Station] = []

    def make(name: str = "s1", at: Hall | None = None) -> Station:
        made.append(Station(site.station(name), at or hall, tmp_path / f"{name}-{len(made)}"))
        return made[-1]

    yield make
    for each in made:
        each.close()
