"""Functions whose values are no fractions: sines, logarithms, roots, π.

Each gives the decimal number of 34 significant digits (the precision of IEEE 754's
decimal128) that is nearest to the true value. That one is unique, so every machine and
every implementation that rounds correctly has the same; the platform's own mathematics,
which differs in the last place, is not asked.

How: the value is worked out with more digits than are needed, together with a bound on
the error. When both ends of that interval round to the same 34 digits, these are it;
otherwise more digits are taken (Ziv's method). It ends, because apart from the cases that
are answered exactly at once, the value of such a function at a fraction is irrational
and so never lies half-way between two decimals.

Arguments and results are bounded by :data:`exam_packages.rules.numbers.MAX_BITS`, and so
is the work: some tenths of a millisecond, tens of milliseconds for the largest arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import lru_cache

from exam_packages.rules.numbers import fits, magnitude
from exam_packages.rules.roots import root_of

DIGITS = 34
_GUARD = 12
_MAX_PRECISION = 20_000
_MAX_EXPONENT = 1_500
"""Of an argument of exp, in magnitude: e to it is beyond every bound already."""


def _context(precision: int) -> Context:
    return Context(precision, ROUND_HALF_EVEN, MIN_EMIN, MAX_EMAX, traps=[])


_FINAL = _context(DIGITS)


def _rounded(work: Callable[[int], Decimal]) -> Fraction | None:
    """The correctly rounded value; ``None`` when it is too large or too small to keep."""
    precision = DIGITS + _GUARD
    while precision <= _MAX_PRECISION:
        value = work(precision)
        if not value.is_finite():
            return None
        wide = _context(precision + 5)
        error = wide.scaleb(wide.abs(value), -precision)
        low, high = wide.subtract(value, error), wide.add(value, error)
        if _FINAL.plus(low) == _FINAL.plus(high):
            if abs(value.adjusted()) > _MAX_EXPONENT:
                return None
            found = Fraction(_FINAL.plus(value))
            return found if fits(found) else None
        precision *= 2
    return None  # cannot be: see the module's text


def _decimal(value: Fraction, context: Context) -> Decimal:
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))


@lru_cache(maxsize=64)
def _pi_at(precision: int) -> Decimal:
    """π, by Machin's formula in whole numbers."""
    unit = 10 ** (precision + 10)

    def arctan_of_one_over(number: int) -> int:
        term: int = unit // number
        total, at, square = term, 1, number * number
        while term:
            term //= -square
            at += 2
            total += term // at
        return total

    scaled = 4 * (4 * arctan_of_one_over(5) - arctan_of_one_over(239))
    return _context(precision).scaleb(Decimal(scaled), -(precision + 10))


def _sine_and_cosine(angle: Fraction, precision: int) -> tuple[Decimal, Decimal]:
    """Both, each with a small relative error, however close to zero one of them is."""
    digits = max(0, magnitude(angle)) if angle else 0
    extra = 0
    while True:
        context = _context(precision + digits + extra + _GUARD)
        half = context.divide(_pi_at(context.prec + 5), Decimal(2))
        exact = _decimal(angle, context)
        turns = context.to_integral_value(context.divide(exact, half))
        rest = context.subtract(exact, context.multiply(turns, half))
        # What cancelled out must be there again in digits.
        lost = -rest.adjusted() if rest and turns else 0
        if lost <= extra or (not rest and not turns):
            break
        extra = lost + 5
    sine, cosine = _series(rest, context)
    match int(turns) % 4:
        case 0:
            return sine, cosine
        case 1:
            return cosine, sine.copy_negate()
        case 2:
            return sine.copy_negate(), cosine.copy_negate()
        case _:
            return cosine.copy_negate(), sine


def _series(angle: Decimal, context: Context) -> tuple[Decimal, Decimal]:
    """Sine and cosine by their Taylor series, for at most a quarter of π."""
    square = context.multiply(angle, angle)
    least = -context.prec - 5
    sums = []
    for first, start in ((angle, 1), (Decimal(1), 0)):
        total, term, at = first, first, start
        while term and term.adjusted() - first.adjusted() > least:
            term = context.divide(context.multiply(term, square), Decimal(-(at + 1) * (at + 2)))
            total = context.add(total, term)
            at += 2
        sums.append(total)
    return sums[0], sums[1]


def _arctan(number: Decimal, context: Context) -> Decimal:
    """For any number; the error is some last places of *context*."""
    if number < 0:
        return context.minus(_arctan(context.minus(number), context))
    if number > 1:
        half = context.divide(_pi_at(context.prec + 5), Decimal(2))
        return context.subtract(half, _arctan(context.divide(Decimal(1), number), context))
    halvings = 0
    while number > Decimal("0.1"):
        root = context.sqrt(context.add(1, context.multiply(number, number)))
        number = context.divide(number, context.add(1, root))
        halvings += 1
    square, power, total, at = context.multiply(number, number), number, number, 1
    while power and power.adjusted() - number.adjusted() > -context.prec - 5:
        power = context.multiply(power, context.minus(square))
        at += 2
        total = context.add(total, context.divide(power, Decimal(at)))
    return context.multiply(total, Decimal(2**halvings))


def _exp(number: Fraction, precision: int) -> Decimal:
    context = _context(precision + _GUARD)
    return context.exp(_decimal(number, context))


def _logarithm(
    number: Fraction, precision: int, work: Callable[[Context, Decimal], Decimal]
) -> Decimal:
    # Near 1 the logarithm is about as small as the distance, which must keep its digits.
    lost = max(0, -magnitude(number - 1))
    context = _context(precision + lost + _GUARD)
    return work(context, _decimal(number, context))


def ln(number: Fraction) -> Fraction | None:
    if number <= 0:
        return None
    if number == 1:
        return Fraction(0)
    return _rounded(lambda digits: _logarithm(number, digits, lambda at, value: at.ln(value)))


def log(number: Fraction) -> Fraction | None:
    """The logarithm to the base 10."""
    if number <= 0:
        return None
    power = magnitude(number)
    if number == Fraction(10) ** power:
        return Fraction(power)
    return _rounded(lambda digits: _logarithm(number, digits, lambda at, value: at.log10(value)))


def exp(number: Fraction) -> Fraction | None:
    if not number:
        return Fraction(1)
    if abs(number) > 4 * _MAX_EXPONENT:
        return None
    return _rounded(lambda digits: _exp(number, digits))


def sin(angle: Fraction) -> Fraction | None:
    return _rounded(lambda digits: _sine_and_cosine(angle, digits)[0]) if angle else Fraction(0)


def cos(angle: Fraction) -> Fraction | None:
    return _rounded(lambda digits: _sine_and_cosine(angle, digits)[1]) if angle else Fraction(1)


def _ratio(angle: Fraction, digits: int, over: int, under: int) -> Decimal:
    parts = (*_sine_and_cosine(angle, digits + 2), Decimal(1))
    return _context(digits + _GUARD).divide(parts[over], parts[under])


def tan(angle: Fraction) -> Fraction | None:
    return _rounded(lambda digits: _ratio(angle, digits, 0, 1)) if angle else Fraction(0)


def sec(angle: Fraction) -> Fraction | None:
    return _rounded(lambda digits: _ratio(angle, digits, 2, 1)) if angle else Fraction(1)


def csc(angle: Fraction) -> Fraction | None:
    return _rounded(lambda digits: _ratio(angle, digits, 2, 0)) if angle else None


def cot(angle: Fraction) -> Fraction | None:
    return _rounded(lambda digits: _ratio(angle, digits, 1, 0)) if angle else None


def atan(number: Fraction) -> Fraction | None:
    if not number:
        return Fraction(0)

    def work(digits: int) -> Decimal:
        context = _context(digits + _GUARD)
        return _arctan(_decimal(number, context), context)

    return _rounded(work)


def atan2(y: Fraction, x: Fraction) -> Fraction | None:
    """The angle of the point (x, y); 0 for the origin, as QTI's positive zeros have it."""
    if not y:
        return Fraction(0) if x >= 0 else pi()

    def work(digits: int) -> Decimal:
        context = _context(digits + _GUARD)
        circle = _pi_at(context.prec + 5)
        sign = Decimal(1 if y > 0 else -1)
        if not x:
            return context.multiply(sign, context.divide(circle, Decimal(2)))
        angle = _arctan(_decimal(y / x, context), context)
        return angle if x > 0 else context.add(angle, context.multiply(sign, circle))

    return _rounded(work)


def asin(number: Fraction) -> Fraction | None:
    if abs(number) > 1:
        return None
    if not number:
        return Fraction(0)

    def work(digits: int) -> Decimal:
        context = _context(digits + _GUARD)
        if abs(number) == 1:
            return context.multiply(
                _decimal(number, context), context.divide(_pi_at(context.prec + 5), Decimal(2))
            )
        root = context.sqrt(_decimal(1 - number * number, context))
        return _arctan(context.divide(_decimal(number, context), root), context)

    return _rounded(work)


def acos(number: Fraction) -> Fraction | None:
    if abs(number) > 1:
        return None
    if number == 1:
        return Fraction(0)
    if number == -1:
        return pi()

    def work(digits: int) -> Decimal:
        context = _context(digits + _GUARD)
        root = context.sqrt(_decimal((1 - number) / (1 + number), context))
        return context.multiply(Decimal(2), _arctan(root, context))

    return _rounded(work)


def asec(number: Fraction) -> Fraction | None:
    return acos(1 / number) if number else None


def acsc(number: Fraction) -> Fraction | None:
    return asin(1 / number) if number else None


def acot(number: Fraction) -> Fraction | None:
    """The angle whose tangent is 1/*number*; a right angle for 0."""
    return atan(1 / number) if number else atan2(Fraction(1), number)


def _hyperbolic(number: Fraction, digits: int) -> tuple[Decimal, Decimal]:
    """Sine and cosine hyperbolic."""
    lost = max(0, -magnitude(number)) if number else 0
    context = _context(digits + lost + _GUARD)
    up = context.exp(_decimal(number, context))
    down = context.divide(Decimal(1), up)
    two = Decimal(2)
    return (
        context.divide(context.subtract(up, down), two),
        context.divide(context.add(up, down), two),
    )


def _hyperbola(over: int, under: int) -> Callable[[Fraction], Fraction | None]:
    def function(number: Fraction) -> Fraction | None:
        if not number:
            return None if under == 0 else Fraction(0 if over == 0 else 1)
        if abs(number) > 4 * _MAX_EXPONENT:
            # Beyond every bound, except where the two parts have the same size.
            if {over, under} != {0, 1}:
                return None
            return Fraction(1 if number > 0 else -1)

        def work(digits: int) -> Decimal:
            parts = (*_hyperbolic(number, digits + 2), Decimal(1))
            return _context(digits + _GUARD).divide(parts[over], parts[under])

        return _rounded(work)

    return function


sinh, cosh, tanh = _hyperbola(0, 2), _hyperbola(1, 2), _hyperbola(0, 1)
csch, sech, coth = _hyperbola(2, 0), _hyperbola(2, 1), _hyperbola(1, 0)


@lru_cache(maxsize=1)
def pi() -> Fraction:
    return Fraction(_FINAL.plus(_pi_at(DIGITS + _GUARD)))


@lru_cache(maxsize=1)
def e() -> Fraction:
    return Fraction(_FINAL.exp(Decimal(1)))


def to_degrees(angle: Fraction) -> Fraction | None:
    return _by_pi(angle, lambda context, circle: context.divide(Decimal(180), circle))


def to_radians(angle: Fraction) -> Fraction | None:
    return _by_pi(angle, lambda context, circle: context.divide(circle, Decimal(180)))


def _by_pi(angle: Fraction, share: Callable[[Context, Decimal], Decimal]) -> Fraction | None:
    if not angle:
        return angle

    def work(digits: int) -> Decimal:
        context = _context(digits + _GUARD)
        circle = _pi_at(context.prec + 5)
        return context.multiply(_decimal(angle, context), share(context, circle))

    return _rounded(work)


def power(base: Fraction, exponent: Fraction) -> Fraction | None:
    """*base* to *exponent*: exact where the value is a fraction of bearable size.

    ``None`` where there is no (real) value or none of bearable size.
    """
    if not exponent:
        return Fraction(1)
    if not base:
        return Fraction(0) if exponent > 0 else None
    if exponent.denominator % 2 == 0 and base < 0:
        return None
    sign = -1 if base < 0 and exponent.numerator % 2 else 1
    size = abs(base)
    if size == 1:
        return Fraction(sign)
    root = root_of(size, exponent.denominator)
    if root is not None:
        bits = max(root.numerator.bit_length(), root.denominator.bit_length())
        if (bits - 1) * abs(exponent.numerator) <= 2**14:
            found = root**exponent.numerator
            if fits(found):
                return sign * found
    # A rough size first: e to a huge number is not worked out to be thrown away.
    rough = _context(20)
    log_of = rough.multiply(rough.ln(_decimal(size, rough)), _decimal(exponent, rough))
    if abs(log_of) > 4 * _MAX_EXPONENT:
        return None

    def work(digits: int) -> Decimal:
        more = _context(digits + _GUARD + max(0, magnitude(exponent)))
        logarithm = _logarithm(size, more.prec, lambda at, value: at.ln(value))
        return more.exp(more.multiply(logarithm, _decimal(exponent, more)))

    value = _rounded(work)
    return None if value is None else sign * value


def square_root(number: Fraction) -> Fraction | None:
    return power(number, Fraction(1, 2)) if number >= 0 else None
