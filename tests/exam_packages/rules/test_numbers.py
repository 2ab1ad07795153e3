"""Numbers are exact both ways, and only numbers are numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.rules.numbers import exact, integer, number, written


@given(st.fractions())
def test_what_is_written_is_read_back(value: Fraction) -> None:
    if len(written(value)) <= 40:
        assert exact(written(value)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_decimals_are_written_as_decimals(value: object) -> None:
    text = written(Fraction(str(value)))
    assert "/" not in text
    assert Fraction(text) == Fraction(str(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        (" 72.60 ", Fraction(363, 5)),
        ("-.5", Fraction(-1, 2)),
        ("5.", Fraction(5)),
        ("1e3", Fraction(1000)),
        ("\N{MINUS SIGN}18", Fraction(-18)),
    ],
)
def test_decimal_numbers_are_exact(text: str, value: Fraction) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    "text",
    ["", " ", "abc", "4,5", "1 000", "1_000", "NaN", "INF", "1/3", "0x10", "1e999999999", "٣"],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize("text", ["4.0", "1e3", "9" * 41, ""])
def test_what_is_no_integer_is_none(text: str) -> None:
    assert integer(text) is None


@given(st.text(max_size=60))
def test_reading_never_fails(text: str) -> None:
    for value in (number(text), integer(text)):
        assert value is None or isinstance(value, Fraction)


@pytest.mark.parametrize("text", ["1/0", "1/-2", "a", "1//2", ""])
def test_exact_refuses_what_was_never_written(text: str) -> None:
    with pytest.raises(ValueError, match="exact"):
        exact(text)
