"""A log in a directory: C2SP's tlog-tiles as files, to carry away or to put behind any server.

::

    checkpoint                      the newest signed head, written last
    tile/0/x001/x234/067[.p/5]      hashes
    tile/entries/000[.p/5]          entries

Nothing here believes what it reads: see :class:`exam_packages.sealing.tiles.TileTree`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.log import Checkpoint
from exam_packages.sealing.tiles import ENTRIES, MAX_BUNDLE, MAX_TILE, Place, places

__all__ = ["LogDirectory", "LogMissing"]

_MAX_CHECKPOINT = 16 * 1024


class LogMissing(ExamError):
    """A part of the log cannot be had from where it is looked for."""


class LogDirectory:
    """The log under *directory*."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def checkpoint(self) -> str:
        """The newest head, unverified. Raises :class:`LogMissing`."""
        return self._read("checkpoint", _MAX_CHECKPOINT).decode("utf-8", "replace")

    def tile(self, place: Place) -> bytes:
        """A tile or entry bundle, unverified. Raises :class:`LogMissing`."""
        return self._read(place.path, MAX_BUNDLE if place.level == ENTRIES else MAX_TILE)

    def write(self, checkpoint: Checkpoint, text: str, tile: Callable[[Place], bytes]) -> int:
        """Bring the directory to *checkpoint*, whose note is *text*; how many files were new.

        What is there already is not written again: tiles do not change.
        """
        count = 0
        for place in places(checkpoint.size):
            path = self.directory / place.path
            if not path.exists():
                make_directory(path.parent)
                write_durably(path, tile(place))
                count += 1
        make_directory(self.directory)
        write_durably(self.directory / "checkpoint", text.encode())
        return count

    def _read(self, name: str, limit: int) -> bytes:
        try:
            with (self.directory / name).open("rb") as file:
                data = file.read(limit + 1)
        except OSError as problem:
            raise LogMissing(
                "The log in {directory} has no {name} ({why}).",
                directory=str(self.directory),
                name=name,
                why=problem.strerror or type(problem).__name__,
            ) from None
        if len(data) > limit:
            raise LogMissing(
                "The file {name} of the log in {directory} is too long.",
                directory=str(self.directory),
                name=name,
            )
        return data
