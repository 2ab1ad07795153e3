"""For all tests: what they share is found, and hypothesis never judges by the clock, which a
busy machine would fail."""

import contextlib
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent / "support"))

settings.register_profile("project", deadline=None, max_examples=32)
settings.register_profile("long", deadline=None, max_examples=300)
settings.load_profile("project")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Before the covered lines of all processes are put together: without the half a file that a
    process leaves which was killed as it noted them. One such ends the whole run."""
    result = yield
    if not hasattr(session.config, "workerinput"):
        for path in session.config.rootpath.glob(".coverage.*"):
            if not _whole(path):
                path.unlink(missing_ok=True)
    return result


def _whole(path: Path) -> bool:
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            database.execute("SELECT 1 FROM coverage_schema").fetchone()
            return database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    except sqlite3.Error:
        return False
