"""Mappings: once per value, default, bounds, case, areas."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.rules.declarations import (
    AreaEntry,
    AreaMapping,
    MapEntry,
    Mapping,
    ResponseDeclaration,
)
from exam_packages.rules.expressions import map_response, map_response_point
from exam_packages.rules.shapes import inside
from exam_packages.rules.values import RulesError

LETTERS = ResponseDeclaration(
    "R",
    "identifier",
    "multiple",
    (),
    Mapping(
        "-1",
        "1.5",
        "-0.5",
        (MapEntry("A", "1", True), MapEntry("B", "0.75", True), MapEntry("C", "0", True)),
    ),
    None,
)
WORTH = {"A": Fraction(1), "B": Fraction(3, 4), "C": Fraction(0)}


@given(st.lists(st.sampled_from("ABCXYZ"), max_size=8))
def test_each_value_counts_once_within_bounds(given_letters: list[str]) -> None:
    # No answer has no entry either: it is worth the default.
    worths = [WORTH.get(each, Fraction(-1, 2)) for each in set(given_letters) or {""}]
    total = sum(worths, Fraction(0))
    bounded = max(Fraction(-1), min(Fraction(3, 2), total))
    assert map_response(LETTERS, LETTERS.bind(tuple(given_letters))) == bounded


def word(text: str, *entries: MapEntry) -> Fraction:
    declaration = ResponseDeclaration(
        "R", "string", "single", (), Mapping("", "", "0", entries), None
    )
    return map_response(declaration, declaration.bind((text,)))


def test_strings_map_with_and_without_case() -> None:
    assert word("SALT", MapEntry("Salt", "1", False)) == 1
    assert word("SALT", MapEntry("Salt", "1", True)) == 0
    assert word("STRASSE", MapEntry("straße", "1", False)) == 1
    assert word(" salt ", MapEntry("salt", "1", True)) == 1
    # The exact spelling goes before one that ignores case.
    assert word("pH", MapEntry("ph", "0.5", False), MapEntry("pH", "1", True)) == 1


def test_numbers_map_by_value() -> None:
    declaration = ResponseDeclaration(
        "R", "float", "single", (), Mapping("", "", "0", (MapEntry("2.50", "1", True),)), None
    )
    assert map_response(declaration, declaration.bind(("2.5",))) == 1


def test_a_response_without_a_mapping_cannot_be_mapped() -> None:
    bare = ResponseDeclaration("R", "identifier", "single", (), None, None)
    with pytest.raises(RulesError, match="no mapping"):
        map_response(bare, None)
    with pytest.raises(RulesError, match="no area"):
        map_response_point(bare, None)


AREAS = ResponseDeclaration(
    "R",
    "point",
    "multiple",
    (),
    None,
    AreaMapping(
        "",
        "",
        "-1",
        (AreaEntry("circle", (10, 10, 5), "1"), AreaEntry("rect", (0, 0, 100, 100), "0.5")),
    ),
)


@pytest.mark.parametrize(
    ("points", "worth"),
    [
        ((), Fraction(-1)),  # no answer is worth the default
        (("10 10",), Fraction(1)),
        (("10 10", "11 11"), Fraction(1)),  # an area counts once
        (("10 10", "50 50"), Fraction(3, 2)),
        (("10 10", "500 500"), Fraction(0)),
    ],
)
def test_points_map_through_areas(points: tuple[str, ...], worth: Fraction) -> None:
    assert map_response_point(AREAS, AREAS.bind(points)) == worth


@given(st.integers(-20, 20), st.integers(-20, 20))
def test_shapes_agree_where_they_are_the_same(x: int, y: int) -> None:
    assert inside("circle", (0, 0, 9), x, y) == inside("ellipse", (0, 0, 9, 9), x, y)
    square = (-5, -5, 5, -5, 5, 5, -5, 5)
    assert inside("rect", (-5, -5, 5, 5), x, y) == inside("poly", square, x, y)
    assert inside("default", (), x, y)


def test_a_hollow_polygon_is_hollow() -> None:
    notched = (0, 0, 10, 0, 10, 10, 5, 2, 0, 10)
    assert inside("poly", notched, 1, 1)
    assert not inside("poly", notched, 5, 8)


@pytest.mark.parametrize(("shape", "count"), [("rect", 3), ("star", 4), ("poly", 4), ("poly", 7)])
def test_what_is_no_shape_is_refused(shape: str, count: int) -> None:
    with pytest.raises(RulesError, match="shape"):
        inside(shape, (1,) * count, 0, 0)
