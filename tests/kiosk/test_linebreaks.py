"""Where lines end, in Textual's own wrapping too."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich._wrap import divide_line as stock
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import Static

from kiosk.linebreaks import divide_line
from kiosk.widgets.text import wrap

CJK = "考试时间：四十五分钟（不含休息）。请选择答案，然后继续。"


def lines(text: str, width: int) -> list[str]:
    cuts = [0, *divide_line(text, width), len(text)]
    return [text[a:b] for a, b in pairwise(cuts)]


@given(st.text("ab .,;()'-é\n", max_size=80), st.integers(1, 30), st.booleans())
def test_text_with_plain_spaces_ends_where_it_always_did(text: str, width: int, fold: bool) -> None:
    assert divide_line(text, width, fold) == stock(text, width, fold)


@given(
    st.text("aé 5\u00a0\u202f考时。，（）“”：…ーっカ\U00020000", max_size=80), st.integers(2, 30)
)
def test_nothing_is_lost_and_nothing_is_too_wide(text: str, width: int) -> None:
    found = lines(text, width)
    assert "".join(found) == text
    assert all(cell_len(line.rstrip()) <= width for line in found)


@pytest.mark.parametrize("width", range(8, 40))
def test_no_line_of_chinese_begins_or_ends_with_the_wrong_mark(width: int) -> None:
    found = lines(CJK, width)
    assert not any(line[0] in "：）。，" for line in found)
    assert not any(line[-1] == "（" for line in found)
    assert all(cell_len(line) > width - 6 for line in found[:-1]), "no line ends early"


@pytest.mark.parametrize(
    ("text", "width", "wanted"),
    [
        ("Continuer maintenant\u00a0? Oui", 21, ["Continuer ", "maintenant\u00a0? Oui"]),
        ("chilled to 5\u00a0°C or below", 12, ["chilled to ", "5\u00a0°C or ", "below"]),
        ("请在 F5 中选择语言", 12, ["请在 F5 中选", "择语言"]),
        ("ちょっとコーヒー", 6, ["ちょっ", "とコー", "ヒー"]),
    ],
)
def test_where_a_line_ends(text: str, width: int, wanted: list[str]) -> None:
    assert lines(text, width) == wanted
    assert [line.plain.rstrip() for line in wrap(Content(text), width)] == [
        line.rstrip() for line in wanted
    ]


def test_a_stock_widget_ends_its_lines_so_too() -> None:
    class Narrow(App[None]):
        def compose(self) -> ComposeResult:
            yield Static(Content("Continuer maintenant\u00a0? Oui"), markup=False)

    async def look() -> list[str]:
        app = Narrow()
        async with app.run_test(size=(21, 4)):
            strips = app.query_one(Static).render_lines(app.query_one(Static).size.region)
            return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    assert asyncio.run(look()) == ["Continuer", "maintenant\u00a0? Oui"]
