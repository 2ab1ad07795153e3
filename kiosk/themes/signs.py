"""Signs of ASCII in place of drawn ones, for the console theme.

A console's font, and a Braille display's table, may lack ○ ● ☐ ☑ and lines. Each sign is
replaced by one character of the same width when a line is painted, so no widget knows of it.
Letters stay as they are: those of a language are the console font's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

SIGNS: Final = {
    "○": "o", "●": "*", "☐": "_", "☑": "x", "◉": "*", "◯": "o", "◆": "*", "◇": "o",
    "›": ">", "‹": "<", "»": ">", "«": "<", "→": ">", "←": "<", "↑": "^", "↓": "v", "↕": "|",
    "▾": "v", "▴": "^", "▼": "v", "▲": "^", "▸": ">", "◂": "<", "►": ">", "◄": "<",
    "✓": "+", "✗": "!", "✕": "x", "✎": "#", "△": "^", "⚑": "!", "⧗": "!", "⚠": "!",
    "·": "-", "•": "-", "…": "~", "×": "x",
    "–": "-", "—": "-", "−": "-", "“": '"', "”": '"', "„": '"', "’": "'", "‘": "'",
    "\u00a0": " ", "\u202f": " ",
}  # fmt: skip
_LINES: Final = {
    "|": "│┃║▌▐▏▕╎╏┆┇┊┋",
    "-": "─━═▔▁╌╍┄┅┈┉",
    "+": "┌┐└┘├┤┬┴┼╭╮╯╰┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬┠┨┯┷┿╂",
    "#": "█▀▄▇▆▅▃▂░▒▓",
}
TABLE: Final = str.maketrans(
    SIGNS | {sign: plain for plain, signs in _LINES.items() for sign in signs}
)


def plain_signs(text: str) -> str:
    """*text* with signs of ASCII, as many cells wide as before."""
    if text.isascii():
        return text
    plain = text.translate(TABLE)
    return plain if cell_len(plain) == cell_len(text) else text


class PlainSigns(LineFilter):
    """Replaces the signs of a line as it is painted. Off until its theme is in use."""

    def __init__(self) -> None:
        super().__init__(enabled=False)

    def apply(self, segments: Sequence[Segment], background: Color) -> list[Segment]:
        return [Segment(plain_signs(text), style, control) for text, style, control in segments]
