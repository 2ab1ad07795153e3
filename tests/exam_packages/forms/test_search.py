"""Choosing items: exactly what brute force finds, on banks small enough to try everything."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_packages.forms.choose import choose, order_of
from exam_packages.forms.lots import Lots
from exam_packages.forms.problem import Problem, Selection, Sum
from exam_packages.forms.search import Undecided, matched, search


def everything(problem: Problem) -> list[Selection]:
    """Every selection there is, kept or not, and of those the ones that are kept."""
    ways = [
        list(combinations(cell, need))
        for cell, need in zip(problem.cells, problem.needs, strict=True)
    ]
    forms = [frozenset(i for part in parts for i in part) for parts in product(*ways)]
    return [each for each in product(forms, repeat=problem.forms) if problem.kept_by(each)]


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    count = draw(st.integers(2, 7))
    where = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    cells = tuple(tuple(i for i in range(count) if where[i] == cell) for cell in range(3))
    items = st.integers(0, count - 1)
    worth = st.lists(st.integers(-4, 4), min_size=count, max_size=count).map(tuple)
    bound = st.none() | st.integers(-6, 6)
    return Problem(
        cells,
        tuple(draw(st.integers(0, min(3, len(cell) + 1))) for cell in cells),
        tuple(draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))),
        tuple(draw(st.lists(st.frozensets(items, min_size=2, max_size=3), max_size=3))),
        draw(st.frozensets(items, max_size=2)),
        draw(st.integers(1, 2)),
        draw(st.integers(0, 2)),
        tuple(draw(st.lists(st.builds(Sum, st.just("sum"), worth, bound, bound), max_size=2))),
    )


def pick(problem: Problem, seed: bytes = b"seed") -> Selection | None:
    count = len(problem.uses)
    names = [f"item-{number}" for number in range(count)]
    return choose(problem, names, [0] * count, (), Lots(seed, "select"))


@settings(max_examples=400)
@given(problems(), st.binary(max_size=2))
def test_a_form_is_found_exactly_when_there_is_one(problem: Problem, seed: bytes) -> None:
    found = pick(problem, seed)
    assert (found is not None) == bool(everything(problem))
    assert found is None or problem.kept_by(found)


@settings(max_examples=200)
@given(problems())
def test_the_search_alone_is_exact(problem: Problem) -> None:
    count = len(problem.uses)
    order = order_of(problem, [str(i) for i in range(count)], [0] * count, Lots(b"", "select"))
    found = search(problem, order)
    assert (found is not None) == bool(everything(problem))
    assert found is None or problem.kept_by(found)


@settings(max_examples=100)
@given(problems(), st.lists(st.integers(0, 9), min_size=7, max_size=7))
def test_balancing_keeps_every_constraint(problem: Problem, worth: list[int]) -> None:
    count = len(problem.uses)
    names = [f"item-{number}" for number in range(count)]
    measure = Sum("worth", tuple(worth[:count]), None, None)
    plain = choose(problem, names, [0] * count, (), Lots(b"s", "select"))
    alike = choose(problem, names, [0] * count, (measure,), Lots(b"s", "select"))
    assert (plain is None) == (alike is None)
    if plain is None or alike is None:
        return
    assert problem.kept_by(alike)

    def spread(selection: Selection) -> int:
        totals = [measure.of(items) for items in selection]
        return max(totals) - min(totals)

    assert spread(alike) <= spread(plain)


def test_every_selection_is_about_equally_likely() -> None:
    problem = Problem(((0, 1, 2, 3),), (2,), (1,) * 4)
    drawn: dict[frozenset[int], int] = {}
    for seed in range(1200):
        (items,) = pick(problem, seed.to_bytes(2, "big")) or ()
        drawn[items] = drawn.get(items, 0) + 1
    # Six pairs, 200 each expected; five standard deviations are about 65.
    assert len(drawn) == 6
    assert all(135 < count < 265 for count in drawn.values())


def test_what_was_used_less_comes_more_often() -> None:
    problem = Problem(((0, 1, 2, 3),), (2,), (1,) * 4)
    names = ["a", "b", "c", "d"]
    drawn = [0] * 4
    for seed in range(600):
        lots = Lots(seed.to_bytes(2, "big"), "select")
        (items,) = choose(problem, names, [0, 0, 3, 3], (), lots) or ()
        for item in items:
            drawn[item] += 1
    assert min(drawn[:2]) > 1.5 * max(drawn[2:])
    assert min(drawn[2:]) > 30  # and still nobody can be sure of the others


def test_enemies_of_two_cells_are_proven_short_without_trying_all() -> None:
    # Each of 24 pairs has one item in either cell; 13 and 12 cannot stand together.
    pairs = tuple(frozenset({n, 24 + n}) for n in range(24))
    cells = (tuple(range(24)), tuple(range(24, 48)))
    order_by = [str(n) for n in range(48)]
    problem = Problem(cells, (12, 12), (1,) * 48, pairs)
    order = order_of(problem, order_by, [0] * 48, Lots(b"", "select"))
    found = search(problem, order, steps=100)
    assert found is not None and problem.kept_by(found)
    assert search(replace(problem, needs=(13, 12)), order, steps=100) is None
    assert matched(problem, set(range(48)), {0: 13, 1: 12}) == {0, 1}


def test_forms_that_take_the_whole_bank_are_found_among_enemies() -> None:
    # 500 items for ten forms of 50, none left over; 60 groups of enemies across kinds.
    source = random.Random(3)  # noqa: S311  # a test's own numbers
    cells = tuple(tuple(range(start, start + 50)) for start in range(0, 500, 50))
    groups = tuple(frozenset(source.sample(range(500), source.randint(2, 4))) for _ in range(60))
    problem = Problem(cells, (5,) * 10, (1,) * 500, groups, forms=10)
    found = pick(problem)
    assert found is not None and problem.kept_by(found)


def test_the_last_possible_sum_is_found() -> None:
    # Powers of two: one subset alone has the sum.
    source = random.Random(5)  # noqa: S311  # a test's own numbers
    worth = tuple(2**n for n in range(20))
    chosen = frozenset(source.sample(range(20), 10))
    total = sum(worth[item] for item in chosen)
    problem = Problem(
        (tuple(range(20)),), (10,), (1,) * 20, sums=(Sum("sum", worth, total, total),)
    )
    assert pick(problem) == (chosen,)


def test_a_search_that_is_too_long_says_so() -> None:
    # Even numbers cannot add up to an odd one, which bounds alone do not show.
    worth = tuple(2 * n * n for n in range(40))
    problem = Problem(
        (tuple(range(40)),), (20,), (1,) * 40, sums=(Sum("sum", worth, 10_001, 10_001),)
    )
    order = order_of(problem, [str(n) for n in range(40)], [0] * 40, Lots(b"", "select"))
    with pytest.raises(Undecided):
        search(problem, order, steps=500)
