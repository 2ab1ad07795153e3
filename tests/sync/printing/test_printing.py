"""Papers as they come out: read again as a reader of PDF, a browser and a camera would."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest

from sync.printing import html, pdf
from sync.printing.codes import MAX_CODE, CodeError, matrix
from sync.printing.document import (
    Code,
    Document,
    Facts,
    Heading,
    NewPage,
    Points,
    Table,
    Text,
    ToWrite,
)
from sync.printing.fonts import FontError, find

PAPER = Document(
    "Register",
    (
        Heading("Monday morning"),
        Facts((("Place", "Riverside <hall>"),)),
        Text("Names: Zoë, 王小明"),
        Points(("First point", "Second point")),
        Code("ABCD-EFGH"),
        ToWrite(("Signature",)),
        NewPage(),
        Heading("Seats", 2),
        Table(("Seat", "Name"), tuple((f"seat {n}", "王小明") for n in range(80)), (1, 4)),
    ),
    footer="Sitting 12",
)


def _scanned(page: pypdfium2.PdfPage) -> str:
    """What a scanner finds on a page drawn at about 150 dots per inch."""
    pixels = np.asarray(page.render(scale=2.1).to_pil().convert("L"))
    return str(cv2.QRCodeDetector().detectAndDecode(pixels)[0])


def test_a_pdf_has_every_word_and_its_code() -> None:
    printed = pypdfium2.PdfDocument(pdf.render(PAPER, find(PAPER.characters())))
    pages = [page.get_textpage().get_text_range() for page in printed]
    for words in ("Monday morning", "Riverside <hall>", "Zoë, 王小明", "Second point", "Signature"):
        assert words in pages[0]
    assert len(pages) == 4  # eighty rows go on
    rest = "".join(pages[1:])
    assert all(f"seat {n}" in rest for n in range(80))
    assert rest.count("Seat\r\n") + rest.count("Seat ") >= 3  # the head stands on each page
    assert all("Sitting 12" in page for page in pages)
    assert _scanned(printed[0]) == "ABCD-EFGH"


def test_a_page_has_every_word_and_runs_nothing() -> None:
    page = html.render(PAPER)
    assert "Riverside &lt;hall&gt;" in page
    assert "<script" not in page
    assert "http" not in page
    assert page.count("<tr>") == 81
    assert "<svg" in page


def test_a_character_that_no_font_prints_is_refused_and_named() -> None:
    with pytest.raises(FontError, match="prints “\u0378"):
        find({"a", "\u0378"})


def test_what_is_not_a_font_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ttf").write_bytes(b"no font")
    with pytest.raises(FontError, match=r"a\.ttf is not a font"):
        find("a", [tmp_path / "a.ttf"])


def test_without_fontconfig_the_files_of_fonts_do(monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = find("a").regular.path
    monkeypatch.setattr("shutil.which", lambda _name: None)
    assert find("abc", [ordinary]).regular.path == ordinary
    find.__globals__["_matched"].cache_clear()
    with pytest.raises(FontError, match="apt install fontconfig"):
        find("abc")


@pytest.mark.parametrize("text", ["", "x" * (MAX_CODE + 1)])
def test_a_code_is_bounded(text: str) -> None:
    with pytest.raises(CodeError):
        matrix(text)
