"""The functions of the calculator, in fractions and decimals: the same digits everywhere.

What is not exact is computed to some 50 digits and cut to 34.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from math import factorial, isqrt
from typing import Final

from exam_packages.errors import ExamError

LARGEST: Final = Fraction(10) ** 100
SMALLEST: Final = 1 / LARGEST
_KEPT: Final = 34
_WORKING: Final = 40
_EXACT_BITS: Final = 4096
"""A fraction that takes more than this is cut to 34 digits."""
_MOST_FACTORIAL: Final = 69
_MOST_POWER: Final = 1000


class CalculatorError(ExamError):
    """What was typed has no result."""


# Powers and roots.


def power(base: Fraction, exponent: Fraction) -> Fraction:
    """*base* to the *exponent*: exact for whole exponents while that is short."""
    if exponent.denominator == 1 and abs(exponent) <= _MOST_POWER:
        whole = int(exponent)
        if not base and whole <= 0:
            raise CalculatorError("0 has no such power.")
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if bits * abs(whole) <= _EXACT_BITS * 4:
            return bounded(base**whole)
    if base < 0 and exponent.denominator != 1:
        raise CalculatorError("A negative number has no such power.")
    if not base:
        if exponent <= 0:
            raise CalculatorError("0 has no such power.")
        return base
    if abs(base) == 1:
        return base if exponent.numerator % 2 else Fraction(1)
    size = abs(base)
    logarithm = _working(lambda: _decimal(size).ln() * _decimal(exponent))
    value = _exponential(logarithm)
    return -value if base < 0 and exponent.numerator % 2 else value


def power_of_e(exponent: Fraction) -> Fraction:
    return _exponential(_decimal(exponent))


def _exponential(exponent: Decimal) -> Fraction:
    if exponent > 231:  # e^231 is above 10^100
        raise too_large()
    if exponent < -231:
        return Fraction(0)
    return _function(exponent.exp)


def root(value: Fraction) -> Fraction:
    """The square root, exact where it is a fraction."""
    if value < 0:
        raise CalculatorError("A negative number has no square root.")
    top, bottom = isqrt(value.numerator), isqrt(value.denominator)
    if top * top == value.numerator and bottom * bottom == value.denominator:
        return Fraction(top, bottom)
    return _function(_decimal(value).sqrt)


def factorial_of(value: Fraction) -> Fraction:
    if value.denominator != 1 or value < 0:
        raise CalculatorError("Only whole numbers from 0 on have a factorial.")
    if value > _MOST_FACTORIAL:
        raise too_large()
    return Fraction(factorial(int(value)))


def logarithm(name: str, value: Fraction) -> Fraction:
    """``ln`` or ``log`` (to the base of 10) of *value*."""
    if value <= 0:
        raise CalculatorError("Only numbers above 0 have a logarithm.")
    if name == "log" and (whole := _power_of_ten(value)) is not None:
        return Fraction(whole)
    number = _decimal(value)
    return _function(lambda: number.ln() if name == "ln" else number.log10())


def _power_of_ten(value: Fraction) -> int | None:
    """The whole number n where *value* is 10^n."""
    for number, sign in ((value.numerator, 1), (value.denominator, -1)):
        digits = str(number)
        if (
            digits.rstrip("0") == "1"
            and sign * (len(digits) - 1)
            and value == Fraction(10) ** (sign * (len(digits) - 1))
        ):
            return sign * (len(digits) - 1)
    return 0 if value == 1 else None


# Angles. Sums of series in decimals, with the angle brought near 0 first.


def angle_of(name: str, value: Fraction, *, degrees: bool) -> Fraction:
    """Sine, cosine or tangent of an angle."""
    if degrees:
        turn = value % 360
        if turn % 90 == 0:
            return _at_quarter(name, int(turn // 90))
        radians = _working(lambda: _decimal(turn) * _pi(_WORKING + 10) / 180)
    else:
        if not value:
            return _at_quarter(name, 0)
        # As many digits of π as the angle has before its point, and the working ones.
        digits = _WORKING + 20 + max(0, len(str(abs(value.numerator) // value.denominator)))
        with localcontext(Context(prec=digits)):
            whole = 2 * _pi(digits)
            radians = Decimal(value.numerator) / Decimal(value.denominator)
            radians -= (radians / whole).to_integral_value() * whole
    sine = _or_zero(_working(lambda: _sine(radians)))
    cosine = _or_zero(_working(lambda: _cosine(radians)))
    if name == "sin":
        return _cut(sine)
    if name == "cos":
        return _cut(cosine)
    if not cosine:
        raise CalculatorError("This angle has no tangent.")
    return _cut(_working(lambda: sine / cosine))


def _or_zero(value: Decimal) -> Decimal:
    """*value*, or 0 where only the end of π is left of it: sin π is 0."""
    return value if abs(value) >= Decimal(10) ** (2 - _KEPT) else Decimal(0)


def angle_from(name: str, value: Fraction, *, degrees: bool) -> Fraction:
    """The angle whose sine, cosine or tangent is *value*."""
    if name != "atan" and abs(value) > 1:
        raise CalculatorError("Only numbers from −1 to 1 have such an angle.")
    number = _decimal(value)

    def radians() -> Decimal:
        if name == "atan":
            return _arctangent(number)
        rest = (1 - number * number).sqrt()
        if name == "asin":
            return _pi(_WORKING + 10) / 2 * number if not rest else _arctangent(number / rest)
        if not number:
            return _pi(_WORKING + 10) / 2
        angle = _arctangent(rest / number)
        return angle if number > 0 else angle + _pi(_WORKING + 10)

    if not degrees:
        return _cut(_working(radians))
    return _cut(_working(lambda: radians() * 180 / _pi(_WORKING + 10)))


def _at_quarter(name: str, quarter: int) -> Fraction:
    if name == "tan":
        if quarter % 2:
            raise CalculatorError("This angle has no tangent.")
        return Fraction(0)
    return Fraction((0, 1, 0, -1)[quarter] if name == "sin" else (1, 0, -1, 0)[quarter])


def _sine(angle: Decimal) -> Decimal:
    return _series(angle, angle, 1)


def _cosine(angle: Decimal) -> Decimal:
    return _series(Decimal(1), angle, 0)


def _series(term: Decimal, angle: Decimal, start: int) -> Decimal:
    total, number, square = term, start, angle * angle
    while abs(term) > Decimal(10) ** -(_WORKING + 10):
        number += 2
        term = -term * square / (number * (number - 1))
        total += term
    return total


def _arctangent(value: Decimal) -> Decimal:
    if abs(value) > 1:
        quarter = _pi(_WORKING + 10) / 2
        return (quarter if value > 0 else -quarter) - _arctangent(1 / value)
    halvings = 0
    while abs(value) > Decimal("0.05"):  # atan x = 2 atan(x / (1 + √(1 + x²)))
        value = value / (1 + (1 + value * value).sqrt())
        halvings += 1
    term, square, total, number = value, value * value, value, 1
    while abs(term) > Decimal(10) ** -(_WORKING + 12):
        term = -term * square
        number += 2
        total += term / number
    return total * Decimal(2) ** halvings


_known_pi: dict[int, Decimal] = {}


def _pi(digits: int) -> Decimal:
    """π to *digits* digits: 16 atan(1/5) − 4 atan(1/239), in whole numbers."""
    if digits not in _known_pi:
        one = int(10 ** (digits + 10))

        def arctangent(inverse: int) -> int:
            power_ = total = one // inverse
            number, sign = 1, 1
            while power_:
                power_ //= inverse * inverse
                number, sign = number + 2, -sign
                total += sign * (power_ // number)
            return total

        whole = 16 * arctangent(5) - 4 * arctangent(239)
        with localcontext(Context(prec=digits)):
            _known_pi[digits] = Decimal(whole) / Decimal(one)
    return _known_pi[digits]


# Keeping numbers short.


def _working(make: Callable[[], Decimal]) -> Decimal:
    with localcontext(Context(prec=_WORKING + 10)):
        return make()


def _function(make: Callable[[], Decimal]) -> Fraction:
    return _cut(_working(make))


def _decimal(value: Fraction) -> Decimal:
    with localcontext(Context(prec=_WORKING + 10)):
        return Decimal(value.numerator) / Decimal(value.denominator)


def _cut(value: Decimal) -> Fraction:
    """*value* to 34 digits."""
    with localcontext(Context(prec=_KEPT, rounding=ROUND_HALF_EVEN)):
        return bounded(Fraction(+value))


def bounded(value: Fraction) -> Fraction:
    size = abs(value)
    if size >= LARGEST:
        raise too_large()
    if size < SMALLEST:
        return Fraction(0)
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _EXACT_BITS:
        with localcontext(Context(prec=_KEPT, rounding=ROUND_HALF_EVEN)):
            return Fraction(Decimal(value.numerator) / Decimal(value.denominator))
    return value


def too_large() -> CalculatorError:
    return CalculatorError("The result is too large for this calculator.")


PI: Final = _cut(_pi(_WORKING))
