"""``exam-kiosk review open`` in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from reviewed import Reviewed

_COMMAND = "from scoring.review.cli import review; review()"


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-c", _COMMAND, *map(str, arguments)]


@contextmanager
def serving(desk: Reviewed, *more: str | Path, keys: Sequence[Path] = ()) -> Iterator[str]:
    """Open the desk; its one-time address."""
    options = [each for key in keys for each in ("--reviewer", key)]
    process = subprocess.Popen(
        command("open", desk.body.directory, desk.bundle, *options, *more),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        assert "once" in said, said
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
