"""Runs of characters as a page shows them: white space joined, nothing that commands."""

from __future__ import annotations

import re

from exam_packages.content.text import Break, Inline, Text

_KEPT = "\n\r\t\u00a0\u00ad\u200b\u200c\u200d"
"""White space, and joiners that some scripts need."""


def printable(raw: str) -> str:
    """*raw* without characters that command a terminal or turn the direction of writing."""
    return "".join(char for char in raw if char.isprintable() or char in _KEPT)


def run(raw: str, style: int) -> list[Inline]:
    """Characters as XHTML shows them: any white space is one space."""
    return [Text(shown, style)] if (shown := re.sub(r"[ \t\r\n]+", " ", printable(raw))) else []


def tidy(inlines: list[Inline]) -> tuple[Inline, ...]:
    """Joins equal neighbours and takes away white space that no browser shows."""
    runs: list[tuple[list[str], int] | Inline] = []
    open_space = False  # whether a space here would be shown
    for inline in inlines:
        if not isinstance(inline, Text):
            if isinstance(inline, Break):
                _strip_end(runs)
            open_space = not isinstance(inline, Break)
            runs.append(inline)
            continue
        shown = inline.text if open_space else inline.text.lstrip(" ")
        if not shown:
            continue
        open_space = not shown.endswith(" ")
        last = runs[-1] if runs else None
        if isinstance(last, tuple) and last[1] == inline.style:
            last[0].append(shown)  # joined once, at the end: a text may come in many pieces
        else:
            runs.append(([shown], inline.style))
    _strip_end(runs)
    return tuple(
        Text("".join(each[0]), each[1]) if isinstance(each, tuple) else each for each in runs
    )


def _strip_end(runs: list[tuple[list[str], int] | Inline]) -> None:
    if runs and isinstance(last := runs[-1], tuple):
        last[0][-1] = last[0][-1].rstrip(" ")
        if not any(last[0]):
            runs.pop()
