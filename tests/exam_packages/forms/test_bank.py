"""Forms from a bank: what the blueprint asks, exactly, or the reason why there is none."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_packages import forms
from exam_packages.assessment import Question
from exam_packages.blueprint import Blueprint, read_blueprint
from exam_packages.content.paper import LINEAR
from exam_packages.formats.report import Bank, Reading
from exam_packages.forms import Draw, FormsError, History
from exam_packages.forms.statistics import read_statistics

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from questions import question

HEAD = b"""
test = "exam"
cut_score = 0
[layout]
title = "An exam"
language = "en"
minutes = 60
instructions = ["Read carefully.", "Then answer."]
"""


def item(name: str, competence: str = "c", level: str = "l") -> Question:
    return replace(question(name, shuffle=True), competence=competence, level=level)


def bank(*questions: Question) -> Bank:
    readings = (Reading("f", each.item.identifier, "", each) for each in questions)
    return Bank("test", tuple(readings))


def blueprint(more: str = "", counts: str = "[counts.c]\nl = 2\n") -> Blueprint:
    """A blueprint: lines of *more* before the first table, tables after it."""
    lines, _, tables = f"\n{more}".partition("\n[")
    tables = f"[{tables}" if tables else ""
    return read_blueprint(lines.encode() + HEAD + counts.encode() + tables.encode())


def names(draw: Draw) -> list[set[str]]:
    return [set(form.items) for form in draw.forms]


SIX = bank(*map(item, "abcdef"))


def why(*arguments: Any, **more: Any) -> str:
    with pytest.raises(FormsError) as caught:
        forms.draw_from_bank(*arguments, b"seed", **more)
    return str(caught.value)


# What is drawn.


@settings(max_examples=30)
@given(st.binary(max_size=8), st.integers(1, 3))
def test_the_same_seed_gives_the_same_forms(seed: bytes, count: int) -> None:
    first = forms.draw_from_bank(SIX, blueprint(), seed, forms=count)
    assert forms.draw_from_bank(SIX, blueprint(), seed, forms=count) == first
    assert all(len(each) == 2 for each in names(first))
    assert all(not one & other for one, other in combinations(names(first), 2))
    assert len({form.paper.form for form in first.forms}) == count


def test_drawing_from_a_bank_stays_the_same_in_later_versions() -> None:
    # Written down once: an old seed must draw its old forms for ever.
    drawn = forms.draw_from_bank(SIX, blueprint(), b"golden", forms=2)
    assert [[each.identifier for each in form.paper.references()] for form in drawn.forms] == [
        ["a", "d"],
        ["c", "f"],
    ]


def test_small_pictures_for_the_room_are_off_unless_the_blueprint_says_so() -> None:
    for more, seconds in (("", 0), ("live_pictures = 0", 0), ("live_pictures = 20", 20)):
        (form,) = forms.draw_from_bank(SIX, blueprint(more), b"").forms
        assert form.paper.policy.proctoring.live_s == seconds


def test_the_layout_is_the_blueprints() -> None:
    given = bank(item("a", "c"), item("b", "d"), item("e", "d"))
    sections = """
[[layout.sections]]
title = "Second things"
competences = ["d"]
[[layout.sections]]
title = "First things"
competences = ["c"]
[weights.d]
l = 2.5
"""
    counts = 'navigation = "linear"\n[counts.c]\nl = 1\n[counts.d]\nl = 2\n'
    (form,) = forms.draw_from_bank(given, blueprint(sections, counts), b"").forms
    paper = form.paper
    assert (paper.title, paper.language, paper.time_limit_s) == ("An exam", "en", 3600)
    assert len(paper.instructions) == 2
    assert paper.parts[0].navigation == LINEAR
    assert [section.title for section in paper.sections()] == ["Second things", "First things"]
    assert {entry.key.item: entry.weight for entry in form.key.entries} == {
        "a": "1",
        "b": "2.5",
        "e": "2.5",
    }
    assert paper.form.startswith("exam-")


def worth(name: str, points: str) -> Question:
    made = replace(question(name, worth=points), competence="c", level="l")
    return replace(made, key=msgspec.structs.replace(made.key, max_score=points))


@pytest.mark.parametrize(
    ("points", "possible"),
    [("5", ["ad", "bd"]), ("[6, 7]", ["cd"]), ("[3, 4]", ["ac", "bc"]), ("[0, 2]", ["ab"])],
)
def test_points_bound_what_is_drawn(points: str, possible: list[str]) -> None:
    given = bank(worth("a", "1"), worth("b", "1"), worth("c", "3"), worth("d", "4"))
    plan = blueprint(f"[points.c]\n'*' = {points}\n")
    drawn = {
        "".join(sorted(names(forms.draw_from_bank(given, plan, bytes([seed])))[0]))
        for seed in range(20)
    }
    assert drawn == set(possible)


@given(st.binary(max_size=4))
def test_enemies_required_and_forbidden(seed: bytes) -> None:
    plan = blueprint('enemies = [["a", "b", "c"]]\nrequired = ["b"]\nforbidden = ["d"]')
    (chosen,) = names(forms.draw_from_bank(SIX, plan, seed))
    assert "b" in chosen and chosen <= {"b", "e", "f"}


def test_only_the_newest_version_is_drawn_and_inherits_its_uses() -> None:
    plan = blueprint('versions = [["a", "b", "c"], ["d", "z"]]\n[exposure]\nmost = 2')
    history = History(5, {"a": 1, "b": 1, "z": 1})
    drawn = {
        frozenset(names(forms.draw_from_bank(SIX, plan, bytes([seed]), history=history))[0])
        for seed in range(20)
    }
    # c is used up by its older versions; d was used once, as a version that is not here.
    assert frozenset().union(*drawn) == {"d", "e", "f"}


def test_an_item_is_used_as_often_as_it_may() -> None:
    plan = blueprint("overlap = 2\n[exposure]\nrate = 0.5\n")
    drawn = names(forms.draw_from_bank(SIX, plan, b"seed", forms=6))
    uses = {name: sum(name in form for form in drawn) for name in "abcdef"}
    assert sum(uses.values()) == 12 and max(uses.values()) <= 3
    # Used in both windows so far: with the one drawn for, 2 of 3 is the rounded-up half.
    history = History(2, dict.fromkeys("abcd", 2))
    assert names(forms.draw_from_bank(SIX, plan, b"seed", history=history)) == [{"e", "f"}]


def test_statistics_bound_items_and_forms() -> None:
    table = "item,facility,discrimination,time_s\n" + "".join(
        f"{name},{facility},{'' if name == 'f' else 0.3},{seconds}\n"
        for name, facility, seconds in [
            ("a", 0.1, 60),
            ("b", 0.4, 60),
            ("c", 0.6, 90),
            ("d", 0.8, 30),
            ("e", 0.9, ""),
            ("f", 0.5, 20),
        ]
    )
    known = read_statistics(table.encode(), "statistics.csv")
    plan = blueprint(
        "\n[items]\nfacility = [0.3, 1]\n[form]\nfacility = [0.5, 0.55]\ntime_s = [60, 120]"
    )
    seen = set()
    for seed in range(20):
        drawn = forms.draw_from_bank(SIX, plan, bytes([seed]), statistics=known)
        (chosen,) = names(drawn)
        seen.add(frozenset(chosen))
        assert forms.check(plan, drawn.forms[0], known) == []
    # By hand: b+c is 0.5 but takes 150 s; c+f is 0.55 and 110 s; b+d is 0.6. a is out of
    # bounds alone and the time of e is not known.
    assert seen == {frozenset("cf")}


def test_parallel_forms_are_balanced() -> None:
    letters = [f"q{n}" for n in range(60)]
    table = "item,facility\n" + "".join(
        f"{name},{(n * 7 % 50 + 25) / 100}\n" for n, name in enumerate(letters)
    )
    known = read_statistics(table.encode(), "statistics.csv")
    plan = blueprint(counts="[counts.c]\nl = 10\n")
    drawn = forms.draw_from_bank(
        bank(*map(item, letters)), plan, b"seed", forms=5, statistics=known
    )
    means = [sum(known[name]["facility"] for name in form) / 10 for form in names(drawn)]
    assert max(means) - min(means) < 0.005


def test_items_that_nobody_classified_are_a_kind_of_their_own() -> None:
    given = bank(*(item(name, "", "") for name in "abc"), item("d"))
    plan = blueprint(counts='[counts.""]\n"" = 2\n')
    assert names(forms.draw_from_bank(given, plan, b"seed"))[0] < set("abc")
    more = blueprint(counts='[counts.""]\n"" = 4\n')
    assert "Competence “unclassified” at level “unclassified” has 3 items left" in why(given, more)


# Why there is none.


@pytest.mark.parametrize(
    ("more", "counts", "said"),
    [
        (
            'forbidden = ["a"]\nversions = [["b", "c"]]\n[exposure]\nmost = 1',
            "[counts.c]\nl = 4\n",
            "Competence “c” at level “l” has 3 items left (left out: 1 forbidden, 1 older versions,"
            " 1 used too often), 4 are needed.",
        ),
        (
            'enemies = [["a", "b", "c"]]\nforbidden = ["f"]',
            "[counts.c]\nl = 4\n",
            "Competence “c” at level “l” has 5 items left (left out: 1 forbidden), 4 are needed,"
            " and enemies leave at most 3 that can stand together (enemies of each other: “a”, “b”,"
            " “c”).",
        ),
        (
            "",
            "[counts.c]\nl = 6\n[counts.d]\nm = 1\n",
            "Competence “d” at level “m” has 0 items left, 1 are needed.",
        ),
        ('required = ["a", "b", "c"]', "[counts.c]\nl = 2\n", "3 items of competence “c”"),
        ('required = ["a", "b"]\nenemies = [["b", "a"]]', "[counts.c]\nl = 2\n", "are enemies"),
        ('required = ["z"]', "[counts.c]\nl = 2\n", "requires the item “z”, which is not in"),
        ('required = ["d"]\n[exposure]\nmost = 1', "[counts.c]\nl = 2\n", "used too often"),
        (
            "[points.c]\nl = [7, 8]",
            "[counts.c]\nl = 2\n",
            "The points of competence “c” at level “l” can be from 2 to 2 with the items that are"
            " left, and the blueprint asks for 7 to 8.",
        ),
        ("\n[form]\nfacility = [0.5, 0.6]", "[counts.c]\nl = 2\n", "is known of no item"),
    ],
)
def test_the_constraint_that_cannot_be_met_is_named(more: str, counts: str, said: str) -> None:
    history = History(1, {"d": 1})
    assert said in why(SIX, blueprint(more, counts), history=history)


def test_enemies_across_kinds_are_named() -> None:
    given = bank(*(item(name, "c") for name in "abc"), *(item(name, "d") for name in "xyz"))
    plan = blueprint(
        'enemies = [["a", "x"], ["b", "y"], ["c", "z"]]', "[counts.c]\nl = 2\n[counts.d]\nl = 2\n"
    )
    assert (
        "Competence “c” at level “l” and competence “d” at level “l” together have 6 items left,"
        " 4 are needed, and enemies leave at most 3 that can stand together" in why(given, plan)
    )


def test_too_few_items_for_so_many_forms() -> None:
    assert (
        "has 6 items left, 2 are needed for each of 4 forms, of which two may share no items:"
        " 8 uses, and exposure and overlap allow 6." in why(SIX, blueprint(), forms=4)
    )
    assert "two forms share 1.3 on average at best, and at most 1 are allowed" in why(
        SIX, blueprint("overlap = 1", "[counts.c]\nl = 3\n"), forms=8
    )


def test_constraints_that_only_together_forbid_a_form_are_named() -> None:
    table = "item,facility,time_s\na,0.2,10\nb,0.2,10\nc,0.9,50\nd,0.9,50\ne,0.2,10\nf,0.9,50\n"
    known = read_statistics(table.encode(), "statistics.csv")
    plan = blueprint("\n[form]\nfacility = [0.8, 1]\ntime_s = [0, 30]")
    assert (
        "there would be a form without the bounds of the mean facility of at least 0.8 or"
        " without the bounds of the seconds that the items take" in why(SIX, plan, statistics=known)
    )


def test_what_a_bank_cannot_give_is_said() -> None:
    assert "no layout" in why(SIX, Blueprint("1", "t", "", "0", {("c", "l"): 1}))
    assert "Two items of the bank are named “a”" in why(bank(item("a"), item("a")), blueprint())
    assert "practice test “p”" in why(SIX, blueprint('practice = "p"'))
    assert "From 1 to 100" in why(SIX, blueprint(), forms=101)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("facility\n", "column names"),
        ("item,cost\n", "column names"),
        ("item,facility\na,1.5\n", "statistics.csv:2: the facility of “a” must be a number from"),
        ("item,facility\na,high\n", "not “high”"),
        ("item,facility\na,0.5\na,0.5\n", "statistics.csv:3: “a” is no item or stands there twice"),
        ('item,facility\n"a,0.5\n', "not a CSV table"),
        ("\udcff", "not a CSV table"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(table: str, said: str) -> None:
    with pytest.raises(FormsError, match=said):
        read_statistics(table.encode("utf-8", "surrogateescape"), "statistics.csv")
