"""Sixel: six rows of pixels in a character, colour over colour.

Written so that the work is done in C: the pixels of one colour in a row of the picture come
from ``bytes.translate``, six such rows are laid together as one large integer, and runs are
found by a regular expression. Source: DEC STD 070, chapter 9; the VT340's manual.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image

COLOURS: Final = 128
BAND: Final = 6
_RUN = re.compile(rb"(.)\1{3,}", re.DOTALL)
_PRINTED = bytes(min(each + 63, 126) for each in range(256))


def encode(image: Image.Image) -> str:
    """*image* (RGB) as one sixel sequence, to be drawn at the cursor."""
    from PIL import Image

    flat = image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    width, height = flat.size
    data = flat.tobytes()
    palette = (flat.getpalette() or [])[: 3 * COLOURS]
    parts = [b'\x1bP0;1q"1;1;%d;%d' % (width, height)]
    for colour in sorted(set(data)):
        red, green, blue = (each * 100 // 255 for each in palette[3 * colour : 3 * colour + 3])
        parts.append(b"#%d;2;%d;%d;%d" % (colour, red, green, blue))
    for top in range(0, height, BAND):
        rows = [data[width * y : width * (y + 1)] for y in range(top, min(top + BAND, height))]
        for colour in set().union(*rows):
            bits = 0
            for row, pixels in enumerate(rows):
                bits |= int.from_bytes(pixels.translate(_bit(colour, row)), "little")
            sixels = bits.to_bytes(width, "little").translate(_PRINTED).rstrip(b"?")
            parts.append(b"#%d" % colour)
            parts.append(_RUN.sub(_shorter, sixels))
            parts.append(b"$")
        parts.append(b"-")
    parts[-1] = b"\x1b\\"
    return b"".join(parts).decode("ascii")


@cache
def _bit(colour: int, row: int) -> bytes:
    """The table that turns a pixel of *colour* into the bit of a band's *row*, others into 0."""
    table = bytearray(256)
    table[colour] = 1 << row
    return bytes(table)


def _shorter(run: re.Match[bytes]) -> bytes:
    return b"!%d%s" % (run.end() - run.start(), run[1])
