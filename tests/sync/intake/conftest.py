"""A centre that sits exams, and the intake it hands them in to."""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from centre import CLOCK, Centre
from intake_process import Running, running

from sync.intake.home import IntakeHome
from sync.intake.log import Log
from sync.intake.service import Intake
from sync.intake.sqlite_storage import SqliteStorage

PLENTY = 1 << 40


@pytest.fixture(scope="session")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Centre:
    return Centre.found(tmp_path_factory.mktemp("centre"))


@pytest.fixture
def attempts(tmp_path: Path) -> Iterator[Path]:
    """Directories for the journals of new attempts."""
    return (tmp_path / f"attempt-{number}" for number in itertools.count())


@pytest.fixture
def home(tmp_path: Path, centre: Centre) -> IntakeHome:
    # A new intake has a new log: whoever signs checkpoints must not remember another one.
    shutil.rmtree(centre.body.directory / "log", ignore_errors=True)
    return IntakeHome.create(tmp_path / "intake", centre.body, "127.0.0.1", 0, (), 0)


@pytest.fixture
def storage(home: IntakeHome) -> Iterator[SqliteStorage]:
    with home.storage() as opened:
        yield opened


@pytest.fixture
def intake(home: IntakeHome, storage: SqliteStorage) -> Intake:
    return Intake(storage, home.trust, home.key(), CLOCK, lambda: PLENTY)


@pytest.fixture
def log(home: IntakeHome, storage: SqliteStorage) -> Log:
    return Log(storage, home.trust, CLOCK, lambda: PLENTY)


@pytest.fixture
def serving(home: IntakeHome, centre: Centre) -> Iterator[Running]:
    with running(home, centre) as server:
        yield server
