"""The calculator's arithmetic: exact where numbers are, and bounded in all it does. No screen.

A value is a fraction. The four operations, percent, whole powers and factorials are exact,
so that 1 ÷ 3 × 3 is 1; roots, powers, logarithms and angles are computed to 40 digits and
cut to 34. Nothing depends on the machine: the same keys give the same digits everywhere.

    sum      = product { (+ | −) product }
    product  = sign { (× | ÷) sign }
    sign     = { + | − } power                     −2^2 is −4
    power    = postfix [ ^ sign ]                  2^3^2 is 2^9
    postfix  = atom { ! | % }
    atom     = number | ( sum ) | name atom | √ atom | π | e | ans

Bounds: 200 characters, 40 levels, results from 10^−100 to 10^100; what is smaller is 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from typing import Final

from kiosk.functions import (
    PI,
    CalculatorError,
    angle_from,
    angle_of,
    bounded,
    factorial_of,
    logarithm,
    power,
    power_of_e,
    root,
)

MAX_INPUT: Final = 200
MAX_DEPTH: Final = 40
DIGITS: Final = 12
"""Significant digits shown."""

_SYMBOL = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3}(?![0-9]))?)"
    r"|(?P<name>[a-zA-Z]+|[π√])|(?P<sign>\*\*|[-+−–*×·/÷:^()%!]))"
)
_SAME: Final = {"−": "-", "–": "-", "×": "*", "·": "*", "÷": "/", ":": "/", "**": "^"}
BASIC: Final = frozenset({"√", "sqrt", "ans"})
SCIENTIFIC: Final = BASIC | {
    "sin", "cos", "tan", "asin", "acos", "atan", "ln", "log", "exp", "abs", "π", "pi", "e",
}  # fmt: skip


@dataclass(frozen=True)
class Calculator:
    """What may be computed: ``scientific`` brings functions, powers and factorials;
    ``degrees`` is the unit of angles."""

    scientific: bool = False
    degrees: bool = True

    def compute(self, text: str, answer: Fraction | None = None) -> Fraction:
        """The value of *text*; *answer* is what ``ans`` stands for.

        Raises :class:`CalculatorError` when it has none.
        """
        if len(text) > MAX_INPUT:
            raise CalculatorError("This is too long: at most {most} characters.", most=MAX_INPUT)
        reader = _Reader(self, _symbols(text), answer)
        value = reader.sum(0)
        if reader.here is not None:
            raise CalculatorError(
                "“{found}” cannot stand there; write × between two numbers.", found=reader.here
            )
        return value


def shown(value: Fraction) -> tuple[str, bool]:
    """*value* in at most 12 digits, as it can be typed again; and whether that is all of it."""
    with localcontext(Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)):
        rounded = Decimal(value.numerator) / Decimal(value.denominator)
        exact = Fraction(rounded) == value
        rounded = rounded.normalize()
    exponent = rounded.adjusted()
    if rounded == 0:
        return "0", exact
    if -7 <= exponent < DIGITS:
        return f"{rounded:f}", exact
    digits = "".join(map(str, rounded.as_tuple().digits))
    mantissa = digits[0] + (f".{digits[1:]}" if digits[1:] else "")
    return f"{'-' if rounded < 0 else ''}{mantissa}e{exponent}", exact


def _symbols(text: str) -> list[str]:
    symbols: list[str] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _SYMBOL.match(text, at)
        if found is None:
            raise CalculatorError(
                "“{found}” is nothing to compute with.", found=text[at:].strip()[:1]
            )
        symbol = found.group(found.lastgroup or 0)
        symbols.append(_SAME.get(symbol, symbol if found.lastgroup == "number" else symbol.lower()))
        at = found.end()
    return symbols


class _Reader:
    """Reads symbols by the grammar above, and computes as it reads."""

    def __init__(self, rules: Calculator, symbols: list[str], answer: Fraction | None) -> None:
        self._rules = rules
        self._symbols = symbols
        self._answer = answer
        self._at = 0

    @property
    def here(self) -> str | None:
        return self._symbols[self._at] if self._at < len(self._symbols) else None

    def _take(self, *wanted: str) -> str | None:
        symbol = self.here
        if symbol is None or symbol not in wanted:
            return None
        self._at += 1
        return symbol

    def sum(self, depth: int) -> Fraction:
        value = self._product(depth)
        while (sign := self._take("+", "-")) is not None:
            other = self._product(depth)
            value = bounded(value + other if sign == "+" else value - other)
        return value

    def _product(self, depth: int) -> Fraction:
        value = self._sign(depth)
        while (sign := self._take("*", "/")) is not None:
            other = self._sign(depth)
            if sign == "/" and not other:
                raise CalculatorError("Nothing can be divided by 0.")
            value = bounded(value * other if sign == "*" else value / other)
        return value

    def _sign(self, depth: int) -> Fraction:
        negative = False
        while (sign := self._take("+", "-")) is not None:
            negative ^= sign == "-"
        value = self._power(depth)
        return -value if negative else value

    def _power(self, depth: int) -> Fraction:
        base = self._postfix(depth)
        if self._take("^") is None:
            return base
        self._need_scientific("^")
        return power(base, self._sign(_deeper(depth)))

    def _postfix(self, depth: int) -> Fraction:
        value = self._atom(depth)
        while (sign := self._take("!", "%")) is not None:
            if sign == "%":
                value = bounded(value / 100)
            else:
                self._need_scientific("!")
                value = factorial_of(value)
        return value

    def _atom(self, depth: int) -> Fraction:
        symbol = self.here
        if symbol is None:
            raise CalculatorError("Something is missing at the end.")
        self._at += 1
        if symbol[0].isdecimal() or symbol[0] in ".,":
            return bounded(Fraction(symbol.replace(",", ".")))
        if symbol == "(":
            value = self.sum(_deeper(depth))
            if self._take(")") is None and self.here is not None:
                raise CalculatorError(
                    "“{found}” cannot stand there; write × between two numbers.", found=self.here
                )
            return value  # a bracket at the very end may be left out
        if symbol in (SCIENTIFIC if self._rules.scientific else BASIC):
            return self._named(symbol, depth)
        if symbol[0].isalpha() or symbol == "√":
            raise CalculatorError("“{found}” is not known here.", found=symbol[:20])
        raise CalculatorError("A number is missing before “{found}”.", found=symbol)

    def _named(self, name: str, depth: int) -> Fraction:
        match name:
            case "ans":
                if self._answer is None:
                    raise CalculatorError("There is no result yet that “ans” could stand for.")
                return self._answer
            case "π" | "pi":
                return PI
            case "e":
                return power_of_e(Fraction(1))
        return self._call(name, self._power_of_argument(_deeper(depth)))

    def _power_of_argument(self, depth: int) -> Fraction:
        """The argument of a function: an atom, so that √4+5 is 7 and sin 30^2 is (sin 30)^2."""
        negative = self._take("-") is not None
        value = self._atom(depth)
        return -value if negative else value

    def _call(self, name: str, value: Fraction) -> Fraction:
        match name:
            case "√" | "sqrt":
                return root(value)
            case "abs":
                return abs(value)
            case "exp":
                return power_of_e(value)
            case "ln" | "log":
                return logarithm(name, value)
            case "sin" | "cos" | "tan":
                return angle_of(name, value, degrees=self._rules.degrees)
        return angle_from(name, value, degrees=self._rules.degrees)

    def _need_scientific(self, sign: str) -> None:
        if not self._rules.scientific:
            raise CalculatorError("“{found}” is not known here.", found=sign)


def _deeper(depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise CalculatorError("There are too many brackets in one another.")
    return depth + 1
