"""Where a line of text may end.

Textual ends lines at any white space and nowhere else. So a no-break space is broken at, which
French sets before ``?`` and ``:`` and careful authors between a number and its unit; and Chinese
and Japanese, which have no spaces, are cut at the very cell where the line is full, also before
a full stop. Here lines end as Unicode's UAX #14 has it, for the scripts that our screens show:
after spaces that may be broken at, and between ideographs and kana, but never after an opening
mark, and never before a closing one.

The whole of UAX #14 in a library took 71 µs for each character and 8 MB; a question must stand
within a few hundredths of a second.
"""

from __future__ import annotations

import re
from typing import Final

from rich.cells import cell_len, chop_cells
from textual import content

__all__ = ["divide_line", "install", "parts_without_space"]

_IDEOGRAPH = (
    "\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Kana and Han: a line may end before and after each."""
_OPENING = "（〔［｛〈《「『【〖〘〝"
_CLOSING = (
    "、。，．：；？！）〕］｝〉》」』】〗〙〟％…—～・ーヽヾゝゞ々〻”’"
    "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ"
)
"""What begins no line, small kana and marks of repetition too (UAX #14: CL, EX, NS, IN)."""
_NO_BREAK = "\u00a0\u2007\u202f"
_SPACE = rf"[^\S{_NO_BREAK}]"
_UNIT: Final = re.compile(
    rf"{_SPACE}*[{_OPENING}“‘]*"
    rf"(?:[{_IDEOGRAPH}](?<![{_CLOSING}])|(?:[{_NO_BREAK}]|[^\s{_IDEOGRAPH}{_OPENING}])+|)"
    rf"[{_CLOSING}]*{_SPACE}*"
)
"""What stays on one line: an ideograph with its marks, or a word; spaces hang over its end."""


_UNPARTED: Final = re.compile(rf"[{_IDEOGRAPH}{_CLOSING}][{_IDEOGRAPH}{_OPENING}]")


def divide_line(text: str, width: int, fold: bool = True) -> list[int]:
    """The indices at which *text* is to be cut so that no piece is wider than *width* cells.

    What is wider than that by itself is cut anywhere with *fold*, and runs over without. Spaces
    at the end of a piece do not count.
    """
    cuts: list[int] = []
    used = at = 0
    while at < len(text):
        found = _UNIT.match(text, at)
        end = max(found.end() if found else 0, at + 1)
        unit = text[at:end]
        wide = cell_len(unit)
        if used and used + cell_len(unit.rstrip()) > width:
            cuts.append(at)
            used = 0
        if fold and not used and cell_len(unit.rstrip()) > width:
            *full, last = chop_cells(unit, width)
            for piece in full:
                at += len(piece)
                cuts.append(at)
            wide = cell_len(last)
        used += wide
        at = end
    return cuts


def parts_without_space(before: str, after: str) -> bool:
    """Whether text that ended a line with *before* and went on with *after* has no space there:
    both are of a script that parts its words by none. White space at the end of *before* is that
    of the line's end."""
    return bool(_UNPARTED.fullmatch(before.rstrip()[-1:] + after))


def install() -> None:
    """Have Textual end its lines here."""
    vars(content)["divide_line"] = divide_line
