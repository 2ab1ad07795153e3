"""Operators that compute numbers, exactly wherever there is an exact value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from math import ceil, floor, gcd, lcm, trunc

from exam_packages.rules import functions
from exam_packages.rules.comparisons import rounding
from exam_packages.rules.numbers import MAX_BITS, nearest
from exam_packages.rules.operands import (
    MANY,
    Here,
    Operands,
    Operator,
    Settings,
    Work,
    all_numbers,
    are_numbers,
    bearable,
    expect,
    one_number,
    plain,
    result,
)
from exam_packages.rules.values import BaseType, RulesError, Value, single

_LARGEST = Fraction(2**1024 - 2**970)
"""The largest double: QTI's float ends there, and so does *power*."""


def _sum(operands: Operands) -> Value | None:
    found = all_numbers(operands)
    if found is None:
        return None
    return single(found[0], _total(found[1]))


def _total(numbers: Iterable[Fraction]) -> Fraction:
    total = Fraction(0)
    for each in numbers:
        total = bearable(total + each)  # at every step, so that the work is bounded as well
    return total


def _product(operands: Operands) -> Value | None:
    found = all_numbers(operands)
    if found is None:
        return None
    total = Fraction(1)
    for each in found[1]:
        total = bearable(total * each)
    return single(found[0], total)


def _subtract(operands: Operands) -> Value | None:
    expect(all(each is None or each.cardinality == "single" for each in operands), "subtract")
    found = all_numbers(operands)
    return None if found is None else result(found[0], found[1][0] - found[1][1])


def _divide(operands: Operands) -> Value | None:
    first, second = (one_number(each) for each in operands)
    if first is None or second is None or second == 0:
        return None
    return result("float", first / second)


def _whole(work: Callable[[int, int], int], name: str) -> Operator:
    """For two integers; NULL when the second is 0."""

    def whole(operands: Operands) -> Value | None:
        numbers = [one_number(each) for each in operands]
        first, second = numbers
        if first is None or second is None or second == 0:
            return None
        expect(first.denominator == second.denominator == 1, name)
        return single("integer", Fraction(work(int(first), int(second))))

    return Operator(2, 2, plain(whole))


def _to_integer(work: Callable[[Fraction], int]) -> Operator:
    def to_integer(operands: Operands) -> Value | None:
        value = one_number(operands[0])
        return None if value is None else single("integer", Fraction(work(value)))

    return Operator(1, 1, plain(to_integer))


def _to_float(operands: Operands) -> Value | None:
    value = one_number(operands[0])
    return None if value is None else single("float", value)


def _round_to(settings: Settings) -> Work:
    chosen = rounding(settings)

    def round_to(operands: Operands, here: Here) -> Value | None:
        value, work = one_number(operands[0]), chosen(here)
        return None if value is None or work is None else result("float", work(value))

    return round_to


def _common(work: Callable[..., int]) -> Operator:
    """Of integers; NULL for what is none."""

    def common(operands: Operands) -> Value | None:
        if not are_numbers(operands):
            return None
        found = all_numbers(operands)
        if found is None or any(each.denominator != 1 for each in found[1]):
            return None
        total = int(found[1][0])
        for each in found[1]:
            total = work(total, int(each))
            if total.bit_length() > MAX_BITS:
                raise RulesError("A rule computes a number with too many digits.")
        return single("integer", Fraction(total))

    return Operator(1, MANY, plain(common))


def _extreme(work: Callable[[list[Fraction]], Fraction]) -> Operator:
    """Of numbers; NULL for what is none."""

    def extreme(operands: Operands) -> Value | None:
        found = all_numbers(operands) if are_numbers(operands) else None
        return None if found is None else single(found[0], work(found[1]))

    return Operator(1, MANY, plain(extreme))


def _power(operands: Operands) -> Value | None:
    base, exponent = (one_number(each) for each in operands)
    if base is None or exponent is None:
        return None
    value = functions.power(base, exponent)
    return None if value is None or abs(value) > _LARGEST else single("float", value)


def _mean(numbers: list[Fraction]) -> Fraction:
    return _total(numbers) / len(numbers)


def _variance(numbers: list[Fraction], less: int) -> Fraction | None:
    if len(numbers) <= less:
        return None
    mean = _mean(numbers)
    return _total((each - mean) ** 2 for each in numbers) / (len(numbers) - less)


def _deviation(numbers: list[Fraction], less: int) -> Fraction | None:
    variance = _variance(numbers, less)
    return None if variance is None else functions.square_root(variance)


_STATISTICS: Mapping[str, Callable[[list[Fraction]], Fraction | None]] = {
    "mean": _mean,
    "sampleVariance": lambda numbers: _variance(numbers, 1),
    "sampleSD": lambda numbers: _deviation(numbers, 1),
    "popVariance": lambda numbers: _variance(numbers, 0),
    "popSD": lambda numbers: _deviation(numbers, 0),
}


def _stats(settings: Settings) -> Work:
    name = settings.text("name")
    if name not in _STATISTICS:
        raise settings.error("name")
    work = _STATISTICS[name]

    def stats(operands: Operands, _: Here) -> Value | None:
        expect(operands[0] is None or operands[0].cardinality != "record", "stats-operator")
        found = all_numbers(operands) if are_numbers(operands) else None
        if found is None:
            return None
        value = work(found[1])
        return None if value is None else result("float", value)

    return stats


_Function = Callable[..., "Fraction | None"]

_FLOAT: Mapping[str, _Function] = {
    "sin": functions.sin,
    "cos": functions.cos,
    "tan": functions.tan,
    "sec": functions.sec,
    "csc": functions.csc,
    "cot": functions.cot,
    "asin": functions.asin,
    "acos": functions.acos,
    "atan": functions.atan,
    "atan2": functions.atan2,
    "asec": functions.asec,
    "acsc": functions.acsc,
    "acot": functions.acot,
    "sinh": functions.sinh,
    "cosh": functions.cosh,
    "tanh": functions.tanh,
    "sech": functions.sech,
    "csch": functions.csch,
    "coth": functions.coth,
    "log": functions.log,
    "ln": functions.ln,
    "exp": functions.exp,
    "abs": abs,
    "toDegrees": functions.to_degrees,
    "toRadians": functions.to_radians,
}
_INTEGER: Mapping[str, Callable[[Fraction], int]] = {
    "signum": lambda value: (value > 0) - (value < 0),
    "floor": floor,
    "ceil": ceil,
}


def _math(settings: Settings) -> Work:
    name = settings.text("name")
    kind: BaseType = "integer" if name in _INTEGER else "float"
    function = _INTEGER.get(name) or _FLOAT.get(name)
    if function is None:
        raise settings.error("name")
    wanted = 2 if name == "atan2" else 1

    def math(operands: Operands, _: Here) -> Value | None:
        expect(len(operands) == wanted, f"math-operator {name}")
        numbers = [number for each in operands if (number := one_number(each)) is not None]
        if len(numbers) < wanted:
            return None
        value = function(*numbers)
        return None if value is None else result(kind, Fraction(value))

    return math


def _constant(settings: Settings) -> Work:
    known = {"pi": functions.pi, "e": functions.e}
    if settings.text("name") not in known:
        raise settings.error("name")
    value = single("float", known[settings.text("name")]())
    return lambda _, __: value


_NAME = frozenset({"name"})

OPERATORS: Mapping[str, Operator] = {
    "sum": Operator(1, MANY, plain(_sum)),
    "product": Operator(1, MANY, plain(_product)),
    "subtract": Operator(2, 2, plain(_subtract)),
    "divide": Operator(2, 2, plain(_divide)),
    "power": Operator(2, 2, plain(_power)),
    "integer-divide": _whole(lambda first, second: first // second, "integer-divide"),
    "integer-modulus": _whole(lambda first, second: first % second, "integer-modulus"),
    "truncate": _to_integer(trunc),
    "round": _to_integer(nearest),
    "integer-to-float": Operator(1, 1, plain(_to_float)),
    "round-to": Operator(
        1, 1, _round_to, frozenset({"rounding-mode", "figures"}), frozenset({"figures"})
    ),
    "gcd": _common(gcd),
    "lcm": _common(lcm),
    "min": _extreme(min),
    "max": _extreme(max),
    "stats-operator": Operator(1, 1, _stats, _NAME, _NAME),
    "math-operator": Operator(1, 2, _math, _NAME, _NAME),
    "math-constant": Operator(0, 0, _constant, _NAME, _NAME),
}
