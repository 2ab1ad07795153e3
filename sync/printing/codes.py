"""QR codes (ISO/IEC 18004), for paper, pages and screens."""

from __future__ import annotations

from typing import Final, TypeAlias

import segno

from exam_packages.errors import ExamError

MAX_CODE: Final = 300
"""Characters of the longest text that is put in a code: more is too fine for a cheap camera."""
QUIET: Final = 4
"""Light modules that the standard wants around a code."""

Matrix: TypeAlias = tuple[tuple[bool, ...], ...]
"""Rows from the top; true is dark."""


class CodeError(ExamError):
    """A text that is not put in a QR code."""


def matrix(text: str, *, quiet: int = QUIET) -> Matrix:
    """The code that holds *text*, with *quiet* light modules around it.

    About 15 % of it may be damaged (level M). Raises :class:`CodeError`.
    """
    if not 1 <= len(text) <= MAX_CODE:
        raise CodeError(
            "A QR code holds 1 to {limit} characters here, not {count}.",
            limit=MAX_CODE,
            count=len(text),
        )
    made = segno.make_qr(text, error="m", boost_error=False)
    return tuple(tuple(bool(module) for module in row) for row in made.matrix_iter(border=quiet))
