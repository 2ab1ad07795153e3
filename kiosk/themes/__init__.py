"""The themes: calm, high contrast, low glare, safe for every kind of colour vision, console.

Every colour that text is drawn with is named here, so that contrast can be proved: at least
7:1 in the high-contrast themes and on the console, 4.5:1 in the others (WCAG 2.2, 1.4.6 and
1.4.3). The tests compute it, from these colours and from what the screens really paint.
Colour is never the only sign of anything.

*Low glare* is soft ink on a ground that is neither white nor black. *Safe colours* tells
its signs apart by lightness and by blue against orange, after the palette of Okabe and Ito,
which deutan, protan and tritan eyes all keep apart. *Console* uses colours of the sixteen
that every console has, and, with :mod:`kiosk.themes.signs`, signs of ASCII: for Braille
displays on the bare console.
"""

from __future__ import annotations

from typing import Final

from textual.theme import Theme


def _theme(
    name: str,
    *,
    dark: bool,
    ground: str,
    ink: str,
    bar: str,
    bar_ink: str,
    cursor: str,
    quiet: str,
    mark: str,
    good: str,
    attention: str,
    trouble: str,
    field: str,
    edge: str,
) -> Theme:
    """A theme from our own few colours; Textual's are set so that none shows through."""
    return Theme(
        name=name,
        primary=mark,
        secondary=mark,
        accent=mark,
        foreground=ink,
        background=ground,
        surface=field,
        panel=bar,
        boost=field,
        success=good,
        warning=attention,
        error=trouble,
        dark=dark,
        text_alpha=1.0,
        variables={
            "ink": ink,
            "ground": ground,
            "bar": bar,
            "bar-ink": bar_ink,
            "cursor": cursor,
            "quiet": quiet,
            "mark": mark,
            "good": good,
            "attention": attention,
            "trouble": trouble,
            "field": field,
            "edge": edge,
            "border": mark,
            "border-blurred": edge,
            "input-cursor-background": ink,
            "input-cursor-foreground": ground,
            "input-selection-background": mark,
            "input-selection-foreground": ground,
            "scrollbar": edge,
            "scrollbar-hover": mark,
            "scrollbar-active": mark,
            "scrollbar-background": ground,
            "scrollbar-background-hover": ground,
            "scrollbar-background-active": ground,
            "scrollbar-corner-color": ground,
        },
    )


THEMES: Final = (
    _theme(
        "calm-dark",
        dark=True,
        ground="#14181d",
        ink="#dfe3e8",
        bar="#232a33",
        bar_ink="#e8ecf1",
        cursor="#2b3644",
        quiet="#9aa6b4",
        mark="#8fc1f5",
        good="#8fd19e",
        attention="#f2c66d",
        trouble="#f59a8f",
        field="#1d232b",
        edge="#5b6877",
    ),
    _theme(
        "calm-light",
        dark=False,
        ground="#f7f5f0",
        ink="#22262b",
        bar="#e3dfd5",
        bar_ink="#22262b",
        cursor="#dbe6f2",
        quiet="#55606b",
        mark="#1a5490",
        good="#22613a",
        attention="#7a4a00",
        trouble="#9c2a1c",
        field="#fffdf8",
        edge="#80858c",
    ),
    _theme(
        "contrast-dark",
        dark=True,
        ground="#000000",
        ink="#ffffff",
        bar="#000000",
        bar_ink="#ffffff",
        cursor="#00306b",
        quiet="#e0e0e0",
        mark="#ffff5f",
        good="#7dff9b",
        attention="#ffd75f",
        trouble="#ffb0a8",
        field="#000000",
        edge="#ffffff",
    ),
    _theme(
        "contrast-light",
        dark=False,
        ground="#ffffff",
        ink="#000000",
        bar="#ffffff",
        bar_ink="#000000",
        cursor="#ffef9f",
        quiet="#2b2b2b",
        mark="#00287a",
        good="#00401a",
        attention="#4f2d00",
        trouble="#6e0000",
        field="#ffffff",
        edge="#000000",
    ),
    _theme(
        "low-glare",
        dark=True,
        ground="#2b2924",
        ink="#d3cab8",
        bar="#37342d",
        bar_ink="#d8d0bf",
        cursor="#403c33",
        quiet="#b3aa99",
        mark="#d9b88a",
        good="#b0be8f",
        attention="#dcb877",
        trouble="#e3a894",
        field="#302d27",
        edge="#8f8675",
    ),
    _theme(
        "safe-colours",
        dark=False,
        ground="#fbfbf8",
        ink="#1c1c1c",
        bar="#e3e8ee",
        bar_ink="#1c1c1c",
        cursor="#d3e5f5",
        quiet="#4d5560",
        mark="#00507f",
        good="#00604a",
        attention="#7a3e00",
        trouble="#6a1450",
        field="#ffffff",
        edge="#6f7680",
    ),
    _theme(
        "console",
        dark=True,
        ground="#000000",
        ink="#ffffff",
        bar="#000000",
        bar_ink="#ffffff",
        cursor="#0000aa",
        quiet="#ffffff",
        mark="#55ffff",
        good="#55ff55",
        attention="#ffff55",
        trouble="#ffffff",
        field="#000000",
        edge="#aaaaaa",
    ),
)

DEFAULT: Final = THEMES[0].name
CONSOLE: Final = "console"
