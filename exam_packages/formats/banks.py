"""Any bank of questions that we read: a file, a folder or a zip, known by what is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from exam_packages.formats import archive
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti import reader as qti
from exam_packages.formats.report import Bank

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of banks, and how its files are known and read."""

    name: str
    knows: Callable[[Files], bool]
    read: Callable[[Files], Bank]


FORMATS: tuple[Format, ...] = (Format("QTI", qti.recognises, qti.read_bank),)
"""In the order in which a bank is offered to them."""


def read_bank(path: Path) -> Bank:
    """The bank at *path*. Raises ``FormatError`` when there is none that can be read."""
    files = archive.load_any(path)
    for kind in FORMATS:
        if kind.knows(files):
            return kind.read(files)
    raise FormatError(
        "{path} is no bank of questions that is read here: {kinds}.",
        path=path.name,
        kinds=", ".join(each.name for each in FORMATS),
    )
