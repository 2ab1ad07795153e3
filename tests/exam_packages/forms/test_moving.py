"""What a form says of moving: limits by scope, control by item, breaks by where they fall."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from questions import question

from exam_packages import forms
from exam_packages.assessment import (
    PartPlan,
    QuestionReference,
    SectionPlan,
    SessionControl,
    Test,
    TimeLimits,
)
from exam_packages.blueprint import BlueprintError, read_blueprint
from exam_packages.content.moving import NO_LEAVE, Break, Control, Leave, Limit
from exam_packages.content.paper import LINEAR, NONLINEAR
from exam_packages.forms.moving import MovingError

USUAL = SessionControl()


def ref(name: str, limit_s: int = 0, control: SessionControl = USUAL) -> QuestionReference:
    limits = TimeLimits(0, limit_s)
    return QuestionReference(question(name), "1", False, False, limits=limits, control=control)


def section(
    name: str,
    *members: QuestionReference | SectionPlan,
    limit_s: int = 0,
    select: int | None = None,
) -> SectionPlan:
    limits = TimeLimits(0, limit_s)
    return SectionPlan(name, name.upper(), (), members, select, False, False, False, limits)


TEST = Test(
    "test",
    "T",
    "en",
    100,
    (),
    (
        PartPlan(
            "one",
            NONLINEAR,
            (
                section(
                    "s",
                    ref("a", 9),
                    section("in", ref("b"), ref("c"), limit_s=20),
                    ref("never", 5),
                    limit_s=40,
                    select=2,
                ),
                section("t", ref("d", control=SessionControl(skipping=False))),
            ),
            TimeLimits(5, 60),
        ),
        PartPlan("two", LINEAR, (section("u", ref("e"), ref("f")),), individual=True),
    ),
    {},
    {},
    {},
    None,
    None,
)
BREAKS = """
version = "1"
test = "test"
cut_score = 1
[[breaks]]
after = "one"
minutes = 5
[[breaks]]
after = "s"
minutes = 2
clock = "running"
identity = false
[leave]
times = 2
minutes = 3
[counts.c]
l = 1
"""


def seed_with(*names: str) -> bytes:
    """A seed that draws *names* of the first section."""
    for number in range(50):
        seed = bytes([number])
        items = [each.identifier for each in forms.draw(TEST, seed).paper.references()]
        if items[: len(names)] == list(names):
            return seed
    raise AssertionError("no seed")


def test_limits_are_of_what_was_drawn_from_outside_in() -> None:
    seed = seed_with("a", "b", "c")
    assert forms.draw(TEST, seed).paper.moving.limits == (
        Limit("part/one", "", ("a", "b", "c", "d"), 5, 60),
        Limit("section/s", "S", ("a", "b", "c"), 0, 40),
        Limit("item/a", "", ("a",), 0, 9),
        Limit("section/in", "IN", ("b", "c"), 0, 20),
    )


def test_control_names_the_items_that_have_another_than_usual() -> None:
    assert forms.draw(TEST, b"seed").paper.moving.controls == (
        Control(("d",), False, 1, False, True, False),
        Control(("e", "f"), True, 1, True, True, False),
    )


def test_breaks_come_from_the_blueprint_in_the_order_of_the_form() -> None:
    test = replace(TEST, blueprint=read_blueprint(BREAKS.encode()))
    moving = forms.draw(test, seed_with("a", "b", "c")).paper.moving
    assert moving.breaks == (
        Break("c", 120, stopped=False, identity=False),
        Break("d", 300, stopped=True, identity=True),
    )
    assert moving.leave == Leave(2, 180, True)
    assert forms.draw(TEST, b"seed").paper.moving.leave == NO_LEAVE


@pytest.mark.parametrize("after", ["none", "two", "u", "in"])
def test_a_break_stands_between_parts_or_sections(after: str) -> None:
    words = BREAKS.replace('after = "one"', f'after = "{after}"')
    test = replace(TEST, blueprint=read_blueprint(words.encode()))
    with pytest.raises(MovingError, match=f"“{after}”"):
        forms.draw(test, b"seed")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("minutes = 5", "minutes = 0"),
        ('clock = "running"', 'clock = "slow"'),
        ("identity = false", 'identity = "no"'),
        ("times = 2", "times = 21"),
        ("times = 2", "times = 2\nlength = 1"),
    ],
)
def test_a_break_that_cannot_be_meant_is_refused(before: str, after: str) -> None:
    with pytest.raises(BlueprintError):
        read_blueprint(BREAKS.replace(before, after).encode())
