"""Sections that select, and a blueprint that hardly any draw keeps: one is found if there is
one, by trying every possible choice beside it."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exam_packages import forms
from exam_packages.assessment import PartPlan, QuestionReference, SectionPlan, Test
from exam_packages.blueprint import POINTS, Blueprint, Range
from exam_packages.content.paper import NONLINEAR
from exam_packages.forms.check import check_entries
from exam_packages.forms.form import entry
from exam_packages.forms.lots import Lots
from exam_packages.forms.sections import find

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from questions import question


def reference(name: str, kind: str = "", weight: str = "1", required: bool = False) -> Any:
    asked = replace(question(name), competence=kind, level="")
    return QuestionReference(asked, weight, False, required)


def a_test(*sections: SectionPlan, **blueprint: Any) -> Test:
    values: dict[str, Any] = {"counts": {}} | blueprint
    plan = Blueprint("1", "test", "", "0", **values)
    parts = (PartPlan("p", NONLINEAR, sections),)
    return Test("test", "T", "en", 60, (), parts, {}, {}, {}, plan, None)


def section(name: str, members: Any, select: int | None) -> SectionPlan:
    return SectionPlan(name, name, (), tuple(members), select, True, False, False)


def test_the_one_choice_among_billions_is_found() -> None:
    kinds = ["rare"] * 15 + ["common"] * 25
    members = [reference(f"q{at}", kind) for at, kind in enumerate(kinds)]
    test = a_test(section("s", members, 15), counts={("rare", ""): 15})
    form = forms.draw(test, b"seed")
    assert test.blueprint is not None and forms.check(test.blueprint, form) == []
    assert form == forms.draw(test, b"seed")
    drawn = [each.identifier for each in form.paper.references()]
    assert drawn != sorted(drawn, key=lambda name: int(name[1:]))  # the section's own order


def test_a_section_that_draws_sections_is_drawn_as_often_as_before_and_no_more() -> None:
    inner = section("inner", [reference("a", "x"), reference("b", "y")], 1)
    test = a_test(section("s", [inner, reference("c", "z")], 1), counts={("none", ""): 1})
    assert test.blueprint is not None
    assert find(test, test.blueprint, {}, Lots(b"")) is None
    assert forms.check(test.blueprint, forms.draw(test, b"")) != []


@st.composite
def small_tests(draw: st.DrawFn) -> Test:
    kinds = st.sampled_from(["", "x", "y"])
    sections, names = [], []
    for number in range(draw(st.integers(1, 2))):
        count = draw(st.integers(1, 5))
        members = []
        for at in range(count):
            name = f"{'ab'[number]}{at}"
            names.append(name)
            members.append(
                reference(
                    name,
                    draw(kinds),
                    draw(st.sampled_from(["1", "2"])),
                    draw(st.integers(0, 9)) == 0,
                )
            )
        least = sum(each.required for each in members)
        select = draw(st.none() | st.integers(least, count))
        sections.append(section(f"s{number}", members, select))
    group = st.frozensets(st.sampled_from(names), max_size=3)
    size = sum(len(each.members) if each.select is None else each.select for each in sections)
    of_x = draw(st.integers(0, size))
    of_y = draw(st.integers(0, size - of_x))
    points = draw(st.none() | st.tuples(st.integers(0, 12), st.integers(0, 4)))
    bound = {} if points is None else {POINTS: Range(Fraction(points[0]), Fraction(sum(points)))}
    return a_test(
        *sections,
        counts={("x", ""): of_x, ("y", ""): of_y, ("", ""): size - of_x - of_y},
        enemies=tuple(draw(st.lists(group, max_size=2))),
        required=draw(st.frozensets(st.sampled_from(names), max_size=1)),
        forbidden=draw(st.frozensets(st.sampled_from(names), max_size=1)),
        form=bound,
    )


def possible(test: Test) -> list[frozenset[str]]:
    """Every choice of the sections that keeps the blueprint."""
    assert test.blueprint is not None
    (part,) = test.parts
    ways = []
    for plan in part.sections:
        count = len(plan.members) if plan.select is None else plan.select
        wanted = {each for each in plan.members if each.required}
        ways.append(
            [
                [entry(plan, each) for each in taken if isinstance(each, QuestionReference)]
                for taken in combinations(plan.members, count)
                if plan.select is None or wanted <= set(taken)
            ]
        )
    return [
        frozenset(each.key.item for each in entries)
        for taken in product(*ways)
        if not check_entries(test.blueprint, entries := [e for part in taken for e in part], {})
    ]


@given(small_tests())
@settings(max_examples=150, deadline=None)
def test_a_choice_is_found_exactly_where_there_is_one(test: Test) -> None:
    assert test.blueprint is not None
    found = find(test, test.blueprint, {}, Lots(b"any"))
    all_ways = possible(test)
    assert (found in all_ways) if found is not None else not all_ways
