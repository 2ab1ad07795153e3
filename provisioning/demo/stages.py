"""What the demo prints: one line per stage, with a tick and its figure."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from exam_packages.errors import ExamError

_WORDS = 58


class DemoError(ExamError):
    """A stage of the demo did not hold."""


def some(count: int, thing: str) -> str:
    """``1 station``, ``8 stations``."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


class Stage:
    """A running stage; ``figure`` is what its line ends with."""

    def __init__(self) -> None:
        self.figure = ""


class Stages:
    """Prints stages as they end. Ticks and crosses, so that colour is never needed."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = sys.stdout if out is None else out
        self.count = 0

    def title(self, words: str) -> None:
        """A headline before a group of stages."""
        self._say(f"\n{words}")

    def note(self, words: str) -> None:
        """A line that is no stage."""
        self._say(f"    {words}")

    def show(self, text: str) -> None:
        """A text as it is, such as a table."""
        self._say(f"\n{text.rstrip()}")

    @contextmanager
    def stage(self, words: str) -> Iterator[Stage]:
        """Run a stage: its line is printed when it ends, well or badly."""
        stage = Stage()
        start = time.monotonic()
        try:
            yield stage
        except BaseException:
            self._say(f"  ✗ {words}")
            raise
        took = time.monotonic() - start
        figure = f"  {stage.figure}" if stage.figure else ""
        self._say(f"  ✓ {words:<{_WORDS}}{took:7.1f} s{figure}")
        self.count += 1

    def _say(self, line: str) -> None:
        print(line, file=self._out, flush=True)
