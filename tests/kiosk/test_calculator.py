"""The calculator: exact, the same everywhere, and never stuck, whatever is typed."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.calculator import Calculator, shown
from kiosk.functions import CalculatorError

BASIC = Calculator()
SCIENTIFIC = Calculator(scientific=True)
RADIANS = Calculator(scientific=True, degrees=False)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1 + 2 × 3", "7"),
        ("(1+2)*3", "9"),
        ("1/3*3", "1"),
        ("0.1 + 0.2", "0.3"),
        ("0,5 + ,5", "1"),
        ("-2 - -3", "1"),
        ("7 − 10", "-3"),
        ("200 × 10%", "20"),
        ("√16 + 5", "9"),
        ("sqrt(2) * √2", "2"),
        ("√(1/9)", "0.333333333333"),
        ("1.5e3 / 2", "750"),
        ("((((1", "1"),
        ("12 : 4 · 2", "6"),
        ("1/7", "0.142857142857"),
        ("2e12", "2e12"),
        ("123456789012 + 1", "123456789013"),
        ("1e-7 / 10", "1e-8"),
    ],
)
def test_a_basic_calculator(typed: str, value: str) -> None:
    assert shown(BASIC.compute(typed))[0] == value


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("-2^2", "-4"),
        ("2^3^2", "512"),
        ("2^-2", "0.25"),
        ("2**10", "1024"),
        ("4^0.5", "2"),
        ("(-8)^3", "-512"),
        ("5!", "120"),
        ("sin 30", "0.5"),
        ("sin(30)", "0.5"),
        ("cos 60 + tan 45", "1.5"),
        ("sin 180", "0"),
        ("cos(1e50 * 360 + 90)", "0"),
        ("asin 0.5", "30"),
        ("acos -1", "180"),
        ("atan 1", "45"),
        ("atan -1e30", "-90"),
        ("asin -1", "-90"),
        ("ln e", "1"),
        ("log 1000", "3"),
        ("log 0.001", "-3"),
        ("log 2", "0.301029995664"),
        ("exp 1 - e", "0"),
        ("π", "3.14159265359"),
        ("2*pi", "6.28318530718"),
        ("√π", "1.77245385091"),
        ("sin√900+√√16", "2.5"),
        ("abs -3", "3"),
        ("1.0000001^10000000", "2.71828169254"),
    ],
)
def test_a_scientific_calculator(typed: str, value: str) -> None:
    assert shown(SCIENTIFIC.compute(typed))[0] == value


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "missing at the end"),
        ("1 +", "missing at the end"),
        ("* 3", "missing before “\\*”"),
        ("1/0", "divided by 0"),
        ("1/(3-3)", "divided by 0"),
        ("2 3", "write × between"),
        ("2(3)", "write × between"),
        ("(1+2 3", "write × between"),
        ("3)", "cannot stand there"),
        ("1e5000", "cannot stand there"),
        ("√-4", "no square root"),
        ("sin 30", "“sin” is not known here"),
        ("2^3", "“\\^” is not known here"),
        ("3!", "“!” is not known here"),
        ("__import__", "nothing to compute with"),
        ("import os", "not known here"),
        ("ans", "no result yet"),
        ("1" * 201, "too long"),
        ("(" * 60 + "1", "too many brackets"),
        ("9" * 101, "too large"),
    ],
)
def test_what_has_no_result_is_told_in_words(typed: str, why: str) -> None:
    with pytest.raises(CalculatorError, match=why):
        BASIC.compute(typed)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("70!", "too large"),
        ("69!!", "too large"),
        ("2.5!", "whole numbers"),
        ("9^9^9", "too large"),
        ("9^9^9^9^9^9", "too large"),
        ("10^100", "too large"),
        ("exp(1e90)", "too large"),
        ("ln 0", "logarithm"),
        ("log -1", "logarithm"),
        ("tan 90", "no tangent"),
        ("tan(270)", "no tangent"),
        ("asin 2", "from −1 to 1"),
        ("(-8)^(1/3)", "no such power"),
        ("0^0", "no such power"),
        ("0^-1", "no such power"),
    ],
)
def test_what_a_scientific_calculator_refuses(typed: str, why: str) -> None:
    with pytest.raises(CalculatorError, match=why):
        SCIENTIFIC.compute(typed)


def test_the_last_result_goes_on_and_very_small_is_zero() -> None:
    assert BASIC.compute("ans × 2", Fraction(1, 3)) == Fraction(2, 3)
    assert SCIENTIFIC.compute("10^-99 / 100") == 0
    assert SCIENTIFIC.compute("exp(-1e90)") == 0
    assert shown(Fraction(2, 3)) == ("0.666666666667", False)
    assert shown(Fraction(1, 4)) == ("0.25", True)


@pytest.mark.parametrize("typed", ["sin π", "cos(π/2)", "sin(-2*π)", "tan(3*π)", "sin 0"])
def test_turns_in_radians_end_at_zero(typed: str) -> None:
    assert RADIANS.compute(typed) == 0


@given(
    st.integers(-(10**15), 10**15), st.integers(1, 10**6), st.sampled_from(["sin", "cos", "atan"])
)
def test_angles_agree_with_the_machine(top: int, bottom: int, name: str) -> None:
    value = float(Fraction(top, bottom))
    exact = Fraction(value)
    mine = float(RADIANS.compute(f"{name}({exact.numerator}/{exact.denominator})"))
    assert mine == pytest.approx(getattr(math, name)(value), rel=1e-12, abs=1e-12)


fractions = st.fractions(-1000, 1000, max_denominator=1000)


@given(fractions, fractions)
def test_the_four_operations_are_exact(a: Fraction, b: Fraction) -> None:
    left, right = f"({a})", f"({b})"
    assert BASIC.compute(f"{left}+{right}") == a + b
    assert BASIC.compute(f"{left}-{right}") == a - b
    assert BASIC.compute(f"{left}*{right}") == a * b
    if b:
        assert BASIC.compute(f"{left}/{right}") == a / b


pieces = st.sampled_from(
    ["1", "9", "0", ".", ",", "e", "e99", "+", "-", "*", "/", "^", "!", "%", "(", ")", "√", "sin",
     "tan", "acos", "ln", "exp", "π", "ans", " ", "99999", "1e-99", "\x00", "x"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.lists(pieces, max_size=40).map("".join), st.text(max_size=60)))
def test_any_keys_end_in_a_number_or_a_sentence(typed: str) -> None:
    for rules in (BASIC, SCIENTIFIC, RADIANS):
        try:
            value = rules.compute(typed, Fraction(7, 3))
        except CalculatorError as problem:
            assert str(problem)
            continue
        assert abs(value) < 10**100
        text, exact = shown(value)
        assert len(text) <= 20
        again = rules.compute(text)
        assert again == value if exact else abs(again - value) <= abs(value) / 10**11
