"""A body with the sample exam drawn and sealed, and a centre where it is sat."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from scored_exam import Exam


@pytest.fixture(scope="session")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Exam:
    return Exam.found(tmp_path_factory.mktemp("exam"))


@pytest.fixture
def attempts(tmp_path: Path) -> Iterator[Path]:
    """Directories for the journals of new attempts."""
    return (tmp_path / f"attempt-{number}" for number in itertools.count())
