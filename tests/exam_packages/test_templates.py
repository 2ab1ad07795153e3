"""Drawn values take the place of what stands for them in an item as written."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.assessment import ChoiceWhen, Question
from exam_packages.content import text
from exam_packages.content.items import Choice, Item, SimpleChoice, unshown
from exam_packages.rules.key import ItemKey
from exam_packages.rules.values import Value, bind
from exam_packages.templates import TemplateError, printed, substitute

MATHML = '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>N</mi><mo>+</mo><mi>x</mi></math>'
VALUES: dict[str, Value | None] = {
    "N": bind("integer", "single", ("12",)),
    "F": bind("float", "single", ("0.125",)),
    "WHO": bind("identifier", "single", ("anna",)),
    "ALL": bind("integer", "ordered", ("3", "1", "2")),
    "NONE": None,
}


def place(name: str, form: str = "", base: int = 10, index: int = 0) -> text.Printed:
    return text.Printed(name, form, base, index, ";", "", False)


def question(*inlines: text.Inline) -> Question:
    choices = (
        SimpleChoice("anna", (place("N"),), 1),
        SimpleChoice("ben", (text.Text("Ben", 0),), 1),
    )
    body = (
        text.Paragraph(inlines),
        text.WhenBlock("WHO", "anna", True, (text.Paragraph((text.Text("Anna", 0),)),)),
        text.WhenBlock("WHO", "anna", False, (text.Paragraph((text.Text("not", 0),)),)),
        text.Slot("R"),
    )
    item = Item("i", "I", "en", body, (Choice("R", (), choices, 0, 1),), (), ())
    key = ItemKey("i", (), (), (), "1", False)
    conditions = (ChoiceWhen("R", "ben", "WHO", True), ChoiceWhen("R", "anna", "WHO", True))
    return Question(item, key, (), frozenset(), "", "", conditions)


def test_every_place_gets_its_value() -> None:
    asked = question(
        text.Text("a ", 0),
        place("N"),
        text.When("WHO", "ben", True, (text.Text("ben", 0),)),
        text.When("WHO", "ben", False, (text.Text(" other", 0),)),
        text.Formula(MATHML, "N + x", ("N",), None),
    )
    item = substitute(asked.item, VALUES, asked.conditions)
    first, second, slot = item.body
    assert isinstance(first, text.Paragraph)
    assert text.plain_inlines(first.inlines) == "a 12 other12 + x"
    assert second == text.Paragraph((text.Text("Anna", 0),))
    assert slot == text.Slot("R")
    (choice,) = item.interactions
    assert isinstance(choice, Choice)
    assert choice.choices == (SimpleChoice("anna", (text.Text("12", 0),), 1),)
    assert unshown(asked.item) and not unshown(item)


@pytest.mark.parametrize(
    ("name", "form", "base", "index", "shown"),
    [
        ("N", "", 10, 0, "12"),
        ("N", "", 2, 0, "1100"),
        ("N", "%04d", 10, 0, "0012"),
        ("N", "%x", 10, 0, "c"),
        ("N", "about %i%%", 10, 0, "about 12%"),
        ("F", "", 10, 0, "0.125"),
        ("F", "%.2f", 10, 0, "0.12"),
        ("F", "%.1e", 10, 0, "1.2e-1"),
        ("F", "%.2r", 10, 0, "0.12"),
        ("ALL", "", 10, 0, "3; 1; 2"),
        ("ALL", "", 10, 2, "1"),
        ("ALL", "", 10, 9, ""),
        ("NONE", "", 10, 0, ""),
        ("WHO", "", 10, 0, "anna"),
    ],
)
def test_how_a_value_is_printed(name: str, form: str, base: int, index: int, shown: str) -> None:
    assert printed(place(name, form, base, index), VALUES) == shown


def test_powers_and_fractions() -> None:
    third = {"X": Value("float", "single", (Fraction(1, 3),))}
    assert printed(place("X"), third) == "0.333333"
    small = {"X": Value("float", "single", (Fraction(1, 3 * 10**9),))}
    assert printed(place("X"), small) == "3.33333 × 10⁻¹⁰"
    power = text.Printed("X", "%.1e", 10, 0, ";", "", True)
    assert printed(power, small) == "3.3 × 10⁻¹⁰"


def test_a_value_that_is_missing_is_said() -> None:
    with pytest.raises(TemplateError, match="“N”"):
        substitute(question(place("N")).item, {"WHO": VALUES["WHO"]})
    with pytest.raises(TemplateError, match="without a choice"):
        asked = question()
        substitute(asked.item, VALUES | {"WHO": None}, asked.conditions)


@given(st.text(alphabet="%0123456789.+- dfexgrsab", max_size=12), st.fractions(-999, 999))
def test_any_format_prints_something(form: str, value: Fraction) -> None:
    shown = printed(place("X", form), {"X": Value("float", "single", (value,))})
    assert isinstance(shown, str)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("3.141592653589793238462643383279503", "3.14159"),
        ("2.00000000000000000000001", "2"),
        ("0.123456789012345", "0.123456789012345"),
        ("-0.1", "-0.1"),
        ("1e-30", "1 × 10⁻³⁰"),
        ("100000000000000000000", "100000000000000000000"),
        ("1234567.1234567890123", "1.23457 × 10⁶"),
    ],
)
@pytest.mark.parametrize("form", ["", "%s"])
def test_a_float_without_a_format_is_no_longer_than_a_person_reads(
    value: str, shown: str, form: str
) -> None:
    values = {"X": Value("float", "single", (Fraction(value),))}
    assert printed(place("X", form), values) == shown
