"""An integrity desk with one exam that was really sat, and two reviewers."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from reviewed import Reviewed, review_desk

from exam_packages.body import Body


@pytest.fixture(scope="session")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Reviewed:
    """Not to be changed: judge, hold and destroy at a copy."""
    return review_desk(tmp_path_factory.mktemp("reviewed") / "desk")


@pytest.fixture
def desk(reviewed: Reviewed, tmp_path: Path) -> Reviewed:
    """The same, to be changed."""
    return copied(reviewed, tmp_path / "desk")


def copied(reviewed: Reviewed, directory: Path) -> Reviewed:
    shutil.copytree(reviewed.directory, directory)
    centre = replace(reviewed.centre, body=Body(directory / "body"))
    return replace(
        reviewed, directory=directory, centre=centre, bundle=directory / reviewed.bundle.name
    )
