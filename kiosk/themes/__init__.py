"""The four themes: calm dark and light, high contrast dark and light.

Every colour that text is drawn with is named here, so that contrast can be proved:
at least 4.5:1 in the calm themes and 7:1 in the high-contrast ones (WCAG 2.2, 1.4.3 and
1.4.6), which the tests compute. Colour is never the only sign of anything.
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
        edge="#8a8f96",
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
)

DEFAULT: Final = THEMES[0].name
