"""Operators that draw: only where a form is drawn, from its recorded seed.

Anywhere else there is no source of chance, and a rule that asks for one cannot be
followed: a score is never drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from exam_packages.rules.operands import Here, Operands, Operator, Settings, Source, Work, expect
from exam_packages.rules.values import RulesError, Value, single

STEPS = 10**15
"""A random float is one of this many equal steps from its least to its greatest value, so
that its decimal is short enough to print."""


def _lots(here: Here) -> Source:
    if here.lots is None:
        raise RulesError("A rule draws by chance where nothing may be drawn.")
    return here.lots


def _random(_: Settings) -> Work:
    def random(operands: Operands, here: Here) -> Value | None:
        value = operands[0]
        if value is None:
            return None
        expect(value.cardinality in ("multiple", "ordered"), "random")
        at = _lots(here).below(len(value.members))
        return single(value.base_type, value.members[at])

    return random


def _random_integer(settings: Settings) -> Work:
    least, most = settings.whole("min", "0"), settings.whole("max")
    by = settings.whole("step", "1")

    def random_integer(_: Operands, here: Here) -> Value | None:
        low, high, step = least(here), most(here), by(here)
        if low is None or high is None or step is None:
            return None
        if step < 1 or high < low:
            raise settings.error("max")
        return single("integer", Fraction(low + step * _lots(here).below((high - low) // step + 1)))

    return random_integer


def _random_float(settings: Settings) -> Work:
    least, most = settings.number("min", "0"), settings.number("max")

    def random_float(_: Operands, here: Here) -> Value | None:
        low, high = least(here), most(here)
        if low is None or high is None:
            return None
        if high < low:
            raise settings.error("max")
        return single("float", low + (high - low) * _lots(here).below(STEPS + 1) / STEPS)

    return random_float


OPERATORS: Mapping[str, Operator] = {
    "random": Operator(1, 1, _random),
    "random-integer": Operator(
        0, 0, _random_integer, frozenset({"min", "max", "step"}), frozenset({"max"})
    ),
    "random-float": Operator(0, 0, _random_float, frozenset({"min", "max"}), frozenset({"max"})),
}
