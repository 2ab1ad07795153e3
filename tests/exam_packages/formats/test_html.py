"""HTML fragments into blocks: what is kept, what is told, what is refused."""

from __future__ import annotations

import pytest
from read_questions import PNG

from exam_packages.content import text as styles
from exam_packages.content.text import (
    Block,
    Break,
    Cell,
    Formula,
    Gap,
    Heading,
    Inline,
    Listing,
    Paragraph,
    Picture,
    Preformatted,
    Quotation,
    Slot,
    Table,
    Text,
)
from exam_packages.formats.errors import FormatError
from exam_packages.formats.gathering import Notes, Pictures
from exam_packages.formats.html import MAX_LENGTH, Html, mark, unmarked
from exam_packages.formats.markup import as_html


def page() -> Html:
    pictures = Pictures()
    return Html(Notes(), lambda source: pictures.take(source, PNG), lambda source, text: None)


def blocks(raw: str, *places: Block | Inline) -> tuple[Block, ...]:
    return page().blocks(raw, places)


def line(words: str, style: int = 0) -> Paragraph:
    return Paragraph((Text(words, style),))


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("a <b>b</b>\n c", [Paragraph((Text("a ", 0), Text("b", styles.BOLD), Text(" c", 0)))]),
        ("<p>a<p>b", [line("a"), line("b")]),
        ("<span><p>a</p>b</span>", [line("a"), line("b")]),
        ("<div>a<div>b</div>c</div>", [line("a"), line("b"), line("c")]),
        ("a &lt; b &amp;&nbsp;c &eacute;", [line("a < b &\u00a0c é")]),
        ("<h2>T</h2>x", [Heading(2, (Text("T", 0),)), line("x")]),
        ("<ol><li>a<li><p>b</ol>", [Listing(True, ((line("a"),), (line("b"),)))]),
        ("<pre>\n a\n  b\n</pre>", [Preformatted(" a\n  b")]),
        ("<blockquote>a</blockquote>", [Quotation((line("a"),))]),
        ("a<br>b", [Paragraph((Text("a", 0), Break(), Text("b", 0)))]),
        ("H<sub>2</sub>O", [Paragraph((Text("H", 0), Text("2", styles.SUBSCRIPT), Text("O", 0)))]),
        (
            "<table><caption>C</caption><thead><tr><th>a<td><p>b</thead></table>",
            [
                Table(
                    "C", ((Cell(True, (Text("a", 0),), 1, 1), Cell(False, (Text("b", 0),), 1, 1)),)
                )
            ],
        ),
        ("<o:p>a</o:p><font color=red>b", [line("ab")]),
        ("", []),
        ("<p>&nbsp;</p><p></p>", [line("\u00a0")]),
        ("a\x00b\x1b[31m\u202ec", [line("ab[31mc")]),
    ],
)
def test_kept(raw: str, wanted: list[Block]) -> None:
    assert list(blocks(raw)) == wanted


def test_places_stand_where_their_marks_stood() -> None:
    found = blocks(f"<p>a {mark(0)} b</p>c{mark(1)}d", Gap("G"), Slot("S"))
    assert found == (
        Paragraph((Text("a ", 0), Gap("G"), Text(" b", 0))), line("c"), Slot("S"), line("d"),
    )  # fmt: skip


def test_no_text_can_forge_a_mark() -> None:
    assert unmarked(f"a{mark(7)}b") == "a7b"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("<a href='http://x'>a</a>", "A link was left out"),
        ("a<script>alert(1)</script>", "A script"),
        ("<span style='display: none'>secret</span>a", "Text that was hidden"),
        ("<s>a</s>", "struck through"),
        ("<span style='color:red'>a</span>", "Colours"),
        (r"a<span>\(x^2\)</span>", "in one line as “x²”"),
        (r"a \(\nobody{x}\)", "TeX stays as it is"),
        ("costs $$5", "TeX stays as it is"),
        ("<ol start=3><li>a</ol>", "another number"),
        ("<table><tr><td>a<tr><td>a<td>b</table>", "unequal length"),
        ("a<input value=b>", "form field"),
    ],
)
def test_told(raw: str, said: str) -> None:
    read = page()
    shown = str(read.blocks(raw))
    assert said in " ".join(map(str, read.notes.changes))
    assert "alert" not in shown and "secret" not in shown


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("<img src=a.png>", "no description"),
        ("<video src=a></video>", "plays or embeds"),
        ("<math></math>", "says nothing"),
        ("<table><tr><td colspan=2>a</table>", "span others"),
        ("<table><tr><td><table><tr><td>a</table></table>", "A table stands"),
        ("<i>" * 100, "nests too deeply"),
        ("a" * (MAX_LENGTH + 1), "more than"),
    ],
)
def test_refused(raw: str, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        blocks(raw)


def test_pictures_have_their_own_size_unless_the_page_says_another() -> None:
    (first,) = page().inlines("<img src=a.png alt=' a  b ' width=50%>")
    (second,) = page().inlines("<img src=a.png alt=a width=20 height=10px>")
    assert isinstance(first, Picture) and isinstance(second, Picture)
    assert (first.alt, first.width, first.height) == ("a b", 4, 3)
    assert (second.width, second.height) == (20, 10)
    assert first.media == second.media


def test_a_choice_is_one_run_of_inlines() -> None:
    assert page().inlines("<p>a</p><ul><li>b</ul><pre>c  d</pre>") == (
        Text("a", 0), Break(), Text("• b", 0), Break(), Text("c\u00a0\u00a0d", styles.CODE),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ("html", "a <b>b</b>\nc"),
        ("plain", "a &lt;b&gt;b&lt;/b&gt;<br>\nc"),
        ("moodle", "a <b>b</b><br>\nc"),
        ("markdown", "<p>a <b>b</b>\nc</p>\n"),
    ],
)
def test_forms_of_text(form: str, wanted: str) -> None:
    assert as_html("a <b>b</b>\nc", form) == wanted


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (r"a \(x^2\) b", "x²"),
        (r"\(\)What is \(x^2\)?", "x²"),
        (r"\[\sum_{i=1}^n i\]", "∑ᵢ₌₁ⁿ i"),
        (r"$$\vec a \cdot \mathbb{R}$$", "a\u20d7 · ℝ"),
        ("<m:math><m:mi>x</m:mi><m:mo>+</m:mo><m:mn>1</m:mn></m:math>", "x + 1"),
        ("<img class='equation_image' data-equation-content='x^{10}' src='/equation_images/x'>",
         "x¹⁰"),
        ("<img class='equation_image' alt='LaTeX: x_1' src='/equation_images/x'>", "x₁"),
    ],
)  # fmt: skip
def test_formulas_as_others_write_them(raw: str, shown: str) -> None:
    (block,) = blocks(raw)
    assert isinstance(block, Paragraph)
    assert [each.text for each in block.inlines if isinstance(each, Formula)] == [shown]


def test_a_formula_that_no_line_can_carry_is_drawn() -> None:
    pictures = Pictures()
    read = Html(Notes(), pictures.address, pictures.formula)
    (block,) = read.blocks(r"\(\begin{pmatrix}1&amp;2\\3&amp;4\end{pmatrix}\)")
    assert isinstance(block, Paragraph)
    (formula,) = block.inlines
    assert isinstance(formula, Formula) and formula.picture is not None
    assert read.media == {formula.picture.media} == set(pictures.media)


def test_code_is_no_formula() -> None:
    (block,) = blocks(r"<code>\(x\)</code>")
    assert isinstance(block, Paragraph)
    assert block.inlines == (Text(r"\(x\)", styles.CODE),)
