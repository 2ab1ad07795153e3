"""Fonts that can print a text: found by fontconfig, checked by their own character maps.

A certification body has candidates of every name. The first font is an ordinary one; for each
character it lacks, fontconfig is asked for a font that has it. A text that cannot be printed
whole is refused with what to install: a name with a box in it is a wrong name.

Right-to-left scripts, and those whose letters join, are printed letter by letter in the order
of the text: they need a shaping engine, which is not built in.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError

from exam_packages.errors import ExamError

ORDINARY = "Noto Sans,DejaVu Sans,Liberation Sans,sans-serif"
"""What fontconfig is asked for first."""
_MAX_FONTS = 12
_MATCH_S = 20
"""Seconds fontconfig may take: the first time it reads every font of the machine."""


class FontError(ExamError):
    """What is to be printed cannot be, with the fonts of this machine."""


@dataclass(frozen=True)
class Font:
    """One face: ``index`` is its place in a collection."""

    path: Path
    index: int = 0


@dataclass(frozen=True)
class Fonts:
    """The ordinary face, its bold one, and those for what it lacks, in the order to try them."""

    regular: Font
    bold: Font
    others: tuple[Font, ...] = ()


def find(characters: Iterable[str], given: Sequence[Path] = ()) -> Fonts:
    """Fonts of this machine that print all *characters*; files *given* are tried first.

    Raises :class:`FontError`, which names what cannot be printed and what to install.
    """
    missing = {each for each in characters if _shows(each)}
    faces = [Font(path) for path in given]
    if not faces:
        faces.append(_matched(ORDINARY))
    regular = faces[0]
    bold = regular if given else _matched(f"{ORDINARY}:bold")
    for face in faces:
        missing -= _has(face)
    while missing and len(faces) < _MAX_FONTS:
        wanted = min(missing)
        face = _matched(f":charset={ord(wanted):x}")
        if wanted not in _has(face):
            break
        faces.append(face)
        missing -= _has(face)
    if missing:
        raise FontError(
            "No font of this machine prints “{characters}”; install one that does "
            "(apt install fonts-noto-core fonts-noto-cjk), or name its file.",
            characters="".join(sorted(missing)[:20]),
        )
    return Fonts(regular, bold, tuple(faces[1:]))


def _shows(character: str) -> bool:
    """Whether a character has to be drawn at all."""
    return not character.isspace() and unicodedata.category(character) not in ("Cc", "Cf")


@functools.cache
def _has(face: Font) -> frozenset[str]:
    try:
        with face.path.open("rb") as file, TTFont(file, fontNumber=face.index, lazy=True) as font:
            return frozenset(map(chr, font.getBestCmap() or ()))
    except (OSError, TTLibError, AssertionError):
        raise FontError(
            "The file {path} is not a font that can be printed with.", path=str(face.path)
        ) from None


@functools.cache
def _matched(pattern: str) -> Font:
    """The scalable font that fontconfig holds best for *pattern*."""
    tool = shutil.which("fc-match")
    if tool is None:
        raise FontError(
            "Fonts are found with fc-match, which is not on this machine "
            "(apt install fontconfig fonts-dejavu-core); or name the files of fonts."
        )
    try:
        said = subprocess.run(
            [tool, "--format", "%{file}\n%{index}", f"{pattern}:scalable=true"],
            capture_output=True,
            text=True,
            check=True,
            timeout=_MATCH_S,
        ).stdout.splitlines()
        path, index = Path(said[0]), int(said[1]) & 0xFFFF  # above: an instance of a variable font
    except (OSError, subprocess.SubprocessError, IndexError, ValueError):
        raise FontError(
            "This machine has no font to print with (apt install fonts-dejavu-core)."
        ) from None
    return Font(path, index)
