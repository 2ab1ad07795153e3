"""Kitty's graphics protocol: a PNG in pieces, laid over cells. Source: its specification.

Unlike sixels, these pictures live beside the text: they stay until they are deleted.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image

PIECE: Final = 4096
"""Bytes of base64 in one sequence."""
DELETE: Final = "\x1b_Ga=d,d=A,q=2\x1b\\"
"""All pictures, and their data."""


def encode(image: Image.Image, columns: int, rows: int) -> str:
    """*image* over *columns* by *rows* cells from the cursor on, which does not move."""
    made = io.BytesIO()
    image.save(made, "PNG", compress_level=1)
    data = base64.b64encode(made.getvalue()).decode("ascii")
    pieces = [data[at : at + PIECE] for at in range(0, len(data), PIECE)]
    head = f"a=T,f=100,q=2,C=1,c={columns},r={rows},"
    parts = []
    for number, piece in enumerate(pieces):
        more = int(number < len(pieces) - 1)
        parts.append(f"\x1b_G{head if number == 0 else 'q=2,'}m={more};{piece}\x1b\\")
    return "".join(parts)
