"""A formula that no line can carry, as the candidate sees it."""

from __future__ import annotations

import io

from PIL import Image

from exam_packages.content import text as rich
from kiosk.widgets.blocks import paragraph
from kiosk.widgets.picture import read_picture


def test_a_formula_is_its_picture_with_its_line_beneath() -> None:
    file = io.BytesIO()
    Image.new("RGB", (80, 40), "white").save(file, "PNG")
    cells = read_picture(file.getvalue())
    picture = rich.Picture("formula-1.png", "[1; 2]", 20, 10)
    formula = rich.Formula("<math/>", "[1; 2]", (), picture)
    inlines = (rich.Text("x = ", 0), formula)
    lines = [each.plain for each in paragraph(inlines, 60, pictures=lambda name: cells)]
    assert lines[0].strip() == "x ="
    # As wide as it is meant to be seen, not as fine as it was drawn.
    assert [len(each) for each in lines[1:6]] == [20] * 5
    assert lines[6] == "Picture: [1; 2]"
    # Where no picture can stand, in a line of a table or a menu, there is the line alone.
    assert [each.plain for each in paragraph(inlines, 60)] == ["x = [1; 2]"]
