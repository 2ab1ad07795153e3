"""Functions without exact values: the nearest decimal of 34 digits, the same everywhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.rules import functions
from exam_packages.rules.numbers import MAX_BITS, exact, fits, written

# Worked out once with another program (mpmath, 80 digits), and rounded to 34.
PUBLISHED = [
    ("sin", "1", "0.8414709848078965066525023216302990"),
    ("sin", "1e22", "-0.8522008497671888017727058937530294"),
    ("cos", "1", "0.5403023058681397174009366074429766"),
    ("tan", "1", "1.557407724654902230506974807458360"),
    ("sec", "1", "1.850815717680925617911753241398650"),
    ("csc", "1", "1.188395105778121216261599452374551"),
    ("cot", "1", "0.6420926159343307030064199865942656"),
    ("asin", "0.5", "0.5235987755982988730771072305465838"),
    ("acos", "-0.5", "2.094395102393195492308428922186335"),
    ("atan", "2", "1.107148717794090503017065460178537"),
    ("asec", "2", "1.047197551196597746154214461093168"),
    ("acsc", "2", "0.5235987755982988730771072305465838"),
    ("acot", "-1", "-0.7853981633974483096156608458198757"),
    ("acot", "0", "1.570796326794896619231321691639751"),
    ("sinh", "1", "1.175201193643801456882381850595601"),
    ("cosh", "1", "1.543080634815243778477905620757062"),
    ("tanh", "1", "0.7615941559557648881194582826047936"),
    ("sech", "1", "0.6480542736638853995749773532261503"),
    ("csch", "1", "0.8509181282393215451338427632871753"),
    ("coth", "1", "1.313035285499331303636161246930848"),
    ("ln", "2", "0.6931471805599453094172321214581766"),
    ("log", "2", "0.3010299956639811952137388947244930"),
    ("exp", "1", "2.718281828459045235360287471352662"),
    ("to_radians", "180", "3.141592653589793238462643383279503"),
    ("to_degrees", "1", "57.29577951308232087679815481410517"),
]


@pytest.mark.parametrize(("name", "argument", "value"), PUBLISHED)
def test_values_have_34_right_digits(name: str, argument: str, value: str) -> None:
    assert getattr(functions, name)(exact(argument)) == Fraction(value)


def test_constants_and_powers_have_34_right_digits() -> None:
    assert functions.pi() == Fraction("3.141592653589793238462643383279503")
    assert functions.e() == Fraction("2.718281828459045235360287471352662")
    assert functions.square_root(Fraction(2)) == Fraction("1.414213562373095048801688724209698")
    assert functions.power(Fraction(2), Fraction(1, 3)) == Fraction(
        "1.259921049894873164767210607278228"
    )
    assert functions.power(Fraction("1.0001"), Fraction(10_000)) == Fraction(
        "2.718145926825224864037664674913147"
    )
    assert functions.atan2(Fraction(1), Fraction(-1)) == Fraction(
        "2.356194490192344928846982537459627"
    )


@pytest.mark.parametrize(
    ("value", "exactly"),
    [
        (functions.sin(Fraction(0)), 0),
        (functions.cos(Fraction(0)), 1),
        (functions.exp(Fraction(0)), 1),
        (functions.ln(Fraction(1)), 0),
        (functions.log(Fraction(1, 1000)), -3),
        (functions.acos(Fraction(1)), 0),
        (functions.atan2(Fraction(0), Fraction(0)), 0),
        (functions.power(Fraction(4), Fraction(1, 2)), 2),
        (functions.power(Fraction(8, 27), Fraction(-2, 3)), Fraction(9, 4)),
        (functions.power(Fraction(-8), Fraction(1, 3)), -2),
        (functions.power(Fraction(2, 3), Fraction(-3)), Fraction(27, 8)),
        (functions.power(Fraction(0), Fraction(0)), 1),
        (functions.power(Fraction(-1), Fraction(10**30 + 1)), -1),
    ],
)
def test_what_has_an_exact_value_has_it(value: Fraction | None, exactly: Fraction | int) -> None:
    assert value == exactly


@pytest.mark.parametrize(
    "value",
    [
        functions.ln(Fraction(0)),
        functions.log(Fraction(-1)),
        functions.asin(Fraction(11, 10)),
        functions.acos(Fraction(-2)),
        functions.asec(Fraction(1, 2)),
        functions.acsc(Fraction(0)),
        functions.csc(Fraction(0)),
        functions.cot(Fraction(0)),
        functions.csch(Fraction(0)),
        functions.coth(Fraction(0)),
        functions.square_root(Fraction(-1)),
        functions.power(Fraction(0), Fraction(-1)),
        functions.power(Fraction(-2), Fraction(1, 2)),
        functions.exp(Fraction(10) ** 9),
        functions.power(Fraction(10) ** 300, Fraction(10) ** 300),
    ],
)
def test_outside_of_the_domain_or_the_bounds_is_nothing(value: Fraction | None) -> None:
    assert value is None


def test_a_tiny_angle_beside_a_turn_keeps_its_digits() -> None:
    # π to 34 digits misses π by about 1.158e-34, and that is its sine.
    assert functions.sin(functions.pi()) == Fraction("-1.158028306006248941790250554076922e-34")
    assert functions.tanh(Fraction(1000)) == 1


REAL: dict[str, Callable[[float], float]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "atan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "exp": math.exp,
    "ln": math.log,
    "log": math.log10,
    "asin": math.asin,
    "acos": math.acos,
}
SMALL = st.fractions(-20, 20, max_denominator=10**6)


@given(st.sampled_from(sorted(REAL)), SMALL)
def test_values_are_those_of_the_platform_within_its_error(name: str, argument: Fraction) -> None:
    value = getattr(functions, name)(argument)
    try:
        expected = REAL[name](float(argument))
    except ValueError:
        assert value is None
        return
    assert value is not None
    near = argument if name in ("sin", "tan", "sinh", "tanh", "atan", "asin") else Fraction(1)
    assert abs(float(value) - expected) <= 1e-9 * max(abs(expected), float(abs(near)), 1e-300)


ANY = st.fractions() | st.integers(-(2**MAX_BITS), 2**MAX_BITS).map(Fraction)


@given(
    st.sampled_from([name for name, _, _ in PUBLISHED] + ["power", "atan2"]),
    ANY,
    ANY,
)
def test_every_argument_ends_in_a_bearable_number_or_nothing(
    name: str, first: Fraction, second: Fraction
) -> None:
    function = getattr(functions, name)
    value = function(first, second) if name in ("power", "atan2") else function(first)
    assert value is None or (fits(value) and exact(written(value)) == value)


@given(st.fractions(Fraction(1, 1000), 1000, max_denominator=1000), st.integers(1, 9))
def test_a_power_of_a_root_is_the_number(base: Fraction, degree: int) -> None:
    assert functions.power(base**degree, Fraction(1, degree)) == base
