"""Formulas as a line that a person reads as the author meant it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from exam_packages.formats.mathml import written

N = "<mn>{}</mn>"
ROW = "<mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow>"

FORMULAS: list[tuple[str, str, bool]] = [
    ("<mi>x</mi><mo>=</mo><mn>3.5</mn>", "x = 3.5", True),
    ("<mo>-</mo><mn>2</mn><mo>&#x2212;</mo><mi>y</mi>", "−2 − y", True),
    ("<msup><mi>x</mi><mn>10</mn></msup>", "x¹⁰", True),
    (f"<msup>{ROW}<mn>2</mn></msup>", "(a + b)²", True),
    ("<msup><mi>e</mi><mrow><mo>-</mo><mi>k</mi></mrow></msup>", "e⁻ᵏ", True),
    ("<msup><mi>x</mi><mi>β</mi></msup>", "x^β", False),
    ("<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>", "x₁²", True),
    ("<msub><mi>T</mi><mi>max</mi></msub>", "Tₘₐₓ", True),
    ("<mfrac><mn>1</mn><mn>2</mn></mfrac>", "1/2", True),
    (f"<mfrac>{ROW}<mn>2</mn></mfrac>", "(a + b)/2", False),
    ("<mfrac><mn>1</mn><mrow><mn>2</mn><mi>a</mi></mrow></mfrac>", "1/(2a)", False),
    ("<msqrt><mn>2</mn></msqrt>", "√2", True),
    (f"<msqrt>{ROW}</msqrt>", "√(a + b)", True),
    ("<mroot><mi>x</mi><mn>3</mn></mroot><mroot><mi>x</mi><mn>5</mn></mroot>", "∛x⁵√x", True),
    ("<mfenced open='[' close=')'><mi>a</mi><mi>b</mi></mfenced>", "[a, b)", True),
    ("<mover><mi>v</mi><mo>→</mo></mover>", "v\u20d7", True),
    ("<mover><mi>AB</mi><mo>¯</mo></mover>", "A\u0305B\u0305", True),
    ("<munder><mi>lim</mi><mrow><mi>x</mi><mo>→</mo><mn>0</mn></mrow></munder>",
     "lim_(x → 0)", False),
    ("<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr><mtr><mtd><mn>3</mn></mtd>"
     "<mtd><mn>4</mn></mtd></mtr></mtable>", "[1, 2; 3, 4]", False),
    ("<mmultiscripts><mi>U</mi><mprescripts/><mn>92</mn><mn>238</mn></mmultiscripts>",
     "²³⁸₉₂U", True),
    ("<semantics><mi>x</mi><annotation>ignored</annotation></semantics>", "x", True),
    ("<mtext>if </mtext><mi>sin</mi><mi>x</mi>", "if sin x", True),
    ("<menclose notation='longdiv'><mn>8</mn></menclose>", "8", False),
    ("<mi>f</mi><mo>&#x2061;</mo><mfenced><mi>x</mi></mfenced>", "f(x)", True),
    ("", "", True),
]  # fmt: skip


@pytest.mark.parametrize(("inner", "line", "exact"), FORMULAS)
def test_a_formula_in_one_line(inner: str, line: str, exact: bool) -> None:
    found = written(etree.fromstring(f"<math>{inner}</math>"))
    assert (found.text, found.exact) == (line, exact)


ENOUGH = [
    (f"<mfrac>{ROW}<mn>2</mn></mfrac>", True),
    ("<msup><mi>x</mi><mi>β</mi></msup>", True),
    ("<munder><mi>lim</mi><mrow><mi>x</mi><mo>→</mo><mn>0</mn></mrow></munder>", True),
    ("<mi mathvariant='double-struck'>R</mi>", True),
    (f"<msqrt><mfrac>{ROW}<mn>2</mn></mfrac></msqrt>", False),
    (f"<mfrac><mn>1</mn><mrow><mn>1</mn><mo>+</mo><mfrac><mn>1</mn>{ROW}</mfrac></mrow></mfrac>",
     False),
    ("<mtable><mtr><mtd><mn>1</mn></mtd></mtr></mtable>", False),
    ("<mfrac linethickness='0'><mi>n</mi><mi>k</mi></mfrac>", False),
    ("<menclose notation='longdiv'><mn>8</mn></menclose>", False),
    ("<mi mathvariant='script'>L</mi>", False),
    ("<mo>(</mo><mfrac><mn>1</mn><mn>2</mn></mfrac><mo>)</mo>", True),
]  # fmt: skip


@pytest.mark.parametrize(("inner", "enough"), ENOUGH)
def test_a_line_is_enough_until_its_own_brackets_nest(inner: str, enough: bool) -> None:
    assert written(etree.fromstring(f"<math>{inner}</math>")).enough == enough


NAMES = [
    "mi", "mn", "mo", "mrow", "mfrac", "msup", "msubsup", "munderover", "mover", "mroot",
    "mtable", "mmultiscripts", "mprescripts", "none", "mfenced", "maction", "unheard-of",
]  # fmt: skip
TREES = st.recursive(
    st.tuples(st.sampled_from(NAMES), st.text(alphabet="abαβ012+-−∑ ¯", max_size=3)),
    lambda inner: st.tuples(st.sampled_from(NAMES), st.lists(inner, max_size=4)),
    max_leaves=12,
)


def _build(tree: tuple[str, object]) -> etree._Element:
    node = etree.Element(tree[0])
    if isinstance(tree[1], str):
        node.text = tree[1]
    else:
        assert isinstance(tree[1], list)
        node.extend([_build(each) for each in tree[1]])
    return node


@given(TREES)
def test_any_tree_is_written(tree: tuple[str, object]) -> None:
    found = written(_build(tree))
    assert found.text == found.text.strip()


def test_a_formula_without_end_is_cut() -> None:
    found = written(etree.fromstring("<math><mtext>" + "x" * 9_000 + "</mtext></math>"))
    assert len(found.text) < 2_100 and not found.exact
