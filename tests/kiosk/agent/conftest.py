"""One hall for all tests here; each test takes a fresh station and candidate from it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

import small_exam
from sitting import Seat, Site, hall_running

from exam_packages.content.proctoring import STANDARD_PROCTORING

STATIONS = 42
ITEMS = (
    small_exam.choice_item("one"),
    small_exam.choice_item("two", most=2),
    small_exam.essay_item("three"),
)
PAPER = small_exam.paper(
    ITEMS, time_limit_s=65, proctoring=msgspec.structs.replace(STANDARD_PROCTORING, live_s=5)
)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("site")
    site = Site.found(directory, PAPER, ITEMS, stations=STATIONS, candidates=2 * STATIONS)
    with hall_running(site):
        yield site


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def seat(site: Site, _numbers: Iterator[int]) -> Seat:
    number = next(_numbers)
    return Seat(number, site.stations[number - 1], site.hall, site)
