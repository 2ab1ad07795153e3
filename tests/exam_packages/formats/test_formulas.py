"""Formulas that are drawn: by the font that comes with the program, or not at all."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from exam_packages.content.items import Item
from exam_packages.content.text import Formula, Paragraph
from exam_packages.formats.formulas import draw_formulas, pictured

MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">{}</math>'
BINOMIAL = MATH.format('<mfrac linethickness="0"><mi>n</mi><mi>k</mi></mfrac>')


def test_a_formula_is_drawn_dark_on_white_and_finer_than_it_is_meant_to_be_seen() -> None:
    found = pictured(BINOMIAL, "(n over k)")
    assert found is not None
    picture, data = found
    with Image.open(io.BytesIO(data)) as image:
        assert image.width >= 3 * picture.width and image.height >= 3 * picture.height
        assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
        assert image.convert("L").getextrema()[0] < 60
    assert picture.alt == "(n over k)"
    assert pictured(BINOMIAL, "") is not None and pictured(BINOMIAL, "")[1] == data


@pytest.mark.parametrize(
    "inner",
    ["<mlongdiv><mn>3</mn></mlongdiv>", "<mi>\u901f\u5ea6</mi>", "", '<mspace width="900000em"/>'],
)
def test_what_cannot_be_drawn_as_it_was_meant_is_not_drawn(inner: str) -> None:
    found = pictured(MATH.format(inner), "x")
    assert found is None or found[0].width < 100


def test_a_formula_with_drawn_values_gets_its_picture_with_them() -> None:
    def item(*variables: str) -> Item:
        formula = Formula(BINOMIAL, "(n over k)", variables, None)
        return Item("i", "I", "en", (Paragraph((formula,)),), (), (), ())

    assert draw_formulas(item("n")) == (item("n"), {})
    drawn, media = draw_formulas(item())
    (formula,) = drawn.body[0].inlines  # type: ignore[union-attr]
    assert isinstance(formula, Formula) and formula.picture is not None
    assert set(media) == {formula.picture.media}
