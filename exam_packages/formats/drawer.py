"""The process that draws pictures at import: a formula or an SVG comes in, a PNG goes out.

It runs as a file, under :mod:`exam_packages.formats.rendering`, which kills it when it
takes too long. It knows nothing of the project, writes no file, opens none but its fonts (no
other address passes :mod:`exam_packages.formats.svg`), and may use only so much memory and
computing time.

Each request is four big-endian 32-bit numbers (kind, width, height, length) and that many
bytes of UTF-8; each answer is three (width, height, length) and that many bytes: a PNG (of
TeX, the same in MathML), or, where the width is 0, a sentence that says why there is none. The
first answer, of nothing, says that it is ready.
"""

from __future__ import annotations

import logging
import os
import resource
import struct
import xml.etree.ElementTree as ET
from importlib.resources import as_file, files
from pathlib import Path
from typing import BinaryIO

import resvg_py
from latex2mathml.converter import convert
from ziafont.font import Font
from ziamath.config import config
from ziamath.zmath import Math, loadedfonts

FORMULA, SVG, TEX = 1, 2, 3
EM, SHARP = 16, 4
"""Pixels of a formula's letter M as it is meant to be seen, and how much finer it is drawn."""
MARGIN, SMALLEST = 2, 0.6
"""Pixels around it, and the size of its smallest letters beside the others."""
MAX_SIDE = 4_000
"""Pixels of a formula as it is drawn."""
CPU_S, MEMORY = 5, 2 << 30
FAMILY = "DejaVu Sans"


def main() -> None:
    """Answer until nobody asks any more."""
    asked = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed is no answer
    logging.disable()
    config.svg2 = False
    config.minsizefraction = SMALLEST
    with as_file(files("ziafont") / "fonts" / "DejaVuSans.ttf") as letters:
        font = Font(str(letters))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        _say(answers, 1, 1, b"")  # ready
        while head := asked.read(16):
            kind, width, height, length = struct.unpack(">4I", head)
            text = asked.read(length).decode()
            _allow(CPU_S)
            try:
                if kind == FORMULA:
                    width, height, found = formula(text)
                elif kind == TEX:
                    width, height, found = 1, 1, convert(text).encode()
                else:
                    found = svg(text, width, height, font, letters)
            except Exception as problem:  # the libraries name no errors
                width = height = 0
                found = (str(problem) or type(problem).__name__)[:200].encode()
            _say(answers, width, height, found)


def _say(answers: BinaryIO, width: int, height: int, data: bytes) -> None:
    answers.write(struct.pack(">3I", width, height, len(data)) + data)
    answers.flush()


def _allow(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def formula(source: str) -> tuple[int, int, bytes]:
    """A formula: its width and height as it is meant to be seen, and the picture of it."""
    root = ET.fromstring(source)  # noqa: S314 (what the parent parsed, and wrote anew)
    missing("".join(root.itertext()), loadedfonts["default"])
    drawn = Math(root, size=EM * SHARP, margin=MARGIN * SHARP)
    wide, high = drawn.getsize()
    if not (0 < wide <= MAX_SIDE and 0 < high <= MAX_SIDE):
        raise ValueError("it is too large, or nothing")
    data = bytes(resvg_py.svg_to_bytes(drawn.svg(), background="white", skip_system_fonts=True))
    width, height = struct.unpack_from(">II", data, 16)
    return max(1, round(width / SHARP)), max(1, round(height / SHARP)), data


def svg(source: str, width: int, height: int, font: Font, letters: Path) -> bytes:
    """An SVG drawn so many pixels wide and high."""
    root = ET.fromstring(source)  # noqa: S314 (what the parent parsed, and wrote anew)
    for node in root.iter("{http://www.w3.org/2000/svg}text"):
        missing("".join(node.itertext()), font)
    return bytes(
        resvg_py.svg_to_bytes(
            source,
            background="white",
            skip_system_fonts=True,
            width=width,
            height=height,
            font_files=[str(letters)],
            font_family=FAMILY,
            serif_family=FAMILY,
            sans_serif_family=FAMILY,
            cursive_family=FAMILY,
            fantasy_family=FAMILY,
            monospace_family=FAMILY,
            languages=["en"],
        )
    )


def missing(text: str, font: Font) -> None:
    """Raise ``ValueError`` for a character that *font* cannot draw."""
    for char in sorted(set(text)):
        if (
            not char.isspace()
            and char not in "\u2061\u2062\u2063\u2064\u200b"
            and (font.glyphindex(char) == 0)
        ):
            raise ValueError(f"there is no letter for “{char}” (U+{ord(char):04X})")


if __name__ == "__main__":
    main()
