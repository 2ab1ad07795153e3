"""One body and hall for all tests here; each test takes a fresh station of its own.

The exam is the sample exam, released; the agent and the screen are the processes of a
station, the terminal is a real pseudo-terminal.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator

import pytest
from exam_stations import FORM, Station
from sitting import Seat, Site, hall_running

from exam_packages import forms
from exam_packages.sealing.package import Blob

STATIONS = 24


@pytest.fixture(scope="session")
def terminal_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    blobs = [Blob(*each) for each in forms.blobs(FORM)]
    site = Site.found(
        tmp_path_factory.mktemp("terminal"),
        FORM.paper,
        (),
        stations=STATIONS,
        candidates=STATIONS,
        blobs=blobs,
    )
    with hall_running(site):
        yield site


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def station(terminal_site: Site, _numbers: Iterator[int]) -> Iterator[Callable[..., Station]]:
    with contextlib.ExitStack() as stack:

        def sit(*program: str, begun: bool = True, **environment: str) -> Station:
            number = next(_numbers)
            seat = Seat(
                number, terminal_site.stations[number - 1], terminal_site.hall, terminal_site
            )
            made = Station(seat, list(program), environment)
            stack.callback(made.close)
            if begun:
                made.begin()
            return made

        yield sit
