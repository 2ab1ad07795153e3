"""Any bank of questions that we read: a file, a folder or a zip, known by what is in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from exam_packages.formats import archive
from exam_packages.formats.aiken import read_aiken
from exam_packages.formats.canvas.reader import is_bank, read_canvas
from exam_packages.formats.errors import FormatError
from exam_packages.formats.gift.reader import read_gift
from exam_packages.formats.markdown.reader import read_markdown
from exam_packages.formats.moodle.reader import read_moodle
from exam_packages.formats.qti import reader as qti
from exam_packages.formats.report import Bank
from exam_packages.formats.table.reader import read_table

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of banks. *read* gets the files that *knows* says are its own, and every file
    beside them (pictures) when it *needs_all*."""

    name: str
    knows: Callable[[str, bytes], bool]
    read: Callable[[Files], Bank]
    needs_all: bool = False


def _ending(*endings: str) -> Callable[[str, bytes], bool]:
    return lambda name, data: PurePosixPath(name).suffix.lower() in endings


def _xml_root(root: bytes) -> Callable[[str, bytes], bool]:
    wanted = re.compile(rb"<(?:[A-Za-z0-9]+:)?" + root + rb"[\s>/]")
    return lambda name, data: name.lower().endswith(".xml") and bool(wanted.search(data[:4096]))


def _is_aiken(name: str, data: bytes) -> bool:
    text = PurePosixPath(name).suffix.lower() in (".txt", ".aiken")
    return text and bool(re.search(rb"^\s*ANSWER:", data, re.MULTILINE))


def _is_gift(name: str, data: bytes) -> bool:
    ending = PurePosixPath(name).suffix.lower()
    return ending == ".gift" or (ending == ".txt" and bool(re.search(rb"\{|^::", data)))


def _is_markdown(name: str, data: bytes) -> bool:
    """A text that begins with a header; a readme beside a bank does not."""
    return name.lower().endswith(".md") and data.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"---")


FORMATS: tuple[Format, ...] = (
    Format("Canvas QTI 1.2", lambda name, data: is_bank(data), read_canvas, needs_all=True),
    Format("QTI", lambda name, data: qti.recognises({name: data}), qti.read_bank, needs_all=True),
    Format("Moodle XML", _xml_root(b"quiz"), read_moodle),
    Format("Aiken", _is_aiken, read_aiken),
    Format("Markdown", _is_markdown, read_markdown, needs_all=True),
    Format("Table", _ending(".csv", ".tsv", ".xlsx"), read_table, needs_all=True),
    Format("GIFT", _is_gift, read_gift),
)
"""In the order in which a file is offered to them."""


def read_bank(path: Path) -> Bank:
    """The bank at *path*. Raises ``FormatError`` when there is none that can be read."""
    return bank_of(archive.load_any(path), path.name)


def bank_of(files: Files, name: str) -> Bank:
    """The bank in *files*, which were found at *name*."""
    found: dict[str, dict[str, bytes]] = {}
    for file, data in files.items():
        if kind := next((each for each in FORMATS if each.knows(file, data)), None):
            found.setdefault(kind.name, {})[file] = data
    # A package is what its manifest says, unless that is one of the older kind.
    for kind in FORMATS[:2]:
        if kind.name in found:
            return kind.read(files)
    if not found:
        raise FormatError(
            "{name} is no bank of questions that is read here: {kinds}.",
            name=name,
            kinds=", ".join(each.name for each in FORMATS),
        )
    if len(found) > 1:
        raise FormatError(
            "{name} has files of several formats ({kinds}); import each by itself.",
            name=name,
            kinds=", ".join(found),
        )
    (kind,) = (each for each in FORMATS if each.name in found)
    return kind.read(files if kind.needs_all else found[kind.name])
