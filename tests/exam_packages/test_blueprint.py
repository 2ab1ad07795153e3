"""Blueprints: the documented one is read whole, and a slip of the pen is found."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.blueprint import (
    BlueprintError,
    Exposure,
    Group,
    PlannedBreak,
    PlannedLeave,
    Range,
    read_blueprint,
)
from exam_packages.formats.blueprint_writer import write_blueprint

DOCS = Path(__file__).parents[2] / "docs" / "forms.md"
LEAST = 'test = "t"\ncut_score = 1\n'
COUNTED = LEAST + "[counts.c]\nl = 2\n"


def test_the_documented_blueprint_is_read_whole() -> None:
    found = re.search(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    blueprint = read_blueprint(found[1].encode())
    assert blueprint.counts == {("temperature", "recall"): 12, ("temperature", "apply"): 8}
    assert blueprint.weights == {("temperature", "apply"): "1.5"}
    assert blueprint.points["temperature", "*"] == Range(Fraction(20), Fraction(30))
    assert blueprint.exposure == Exposure(3, Fraction(1, 4), 730)
    assert blueprint.enemies[1] == {"ph-1", "ph-2", "ph-3"}
    assert blueprint.versions == (("probe", "probe-2"),)
    assert set(blueprint.items) == {"facility", "discrimination"}
    assert set(blueprint.form) == {"points", "facility", "discrimination", "time_s"}
    assert blueprint.layout is not None and blueprint.layout.minutes == 120
    assert blueprint.layout.sections == (Group("Hazards and controls", ("temperature",), 45),)
    assert blueprint.breaks == (PlannedBreak("section-1", 10, True, True),)
    assert blueprint.leave == PlannedLeave(2, 5, True)
    assert blueprint.overlap == 10
    assert blueprint.tools == ("strike-out", "notes", "scientific-calculator")
    assert blueprint.grantable == ("glossary", "keyword-translation")
    assert blueprint.live_s == 15
    assert read_blueprint(write_blueprint(blueprint)) == blueprint


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('cut_score = 1\nenemy = [["a", "b"]]\ntest = "t"', "“enemy”, which a blueprint does not"),
        (LEAST + 'enemies = [["a"]]', "lists of two names or more"),
        (LEAST + 'enemies = ["a", "b"]', "lists of two names or more"),
        (LEAST + 'required = ["a", "a"]', "a list of names"),
        (LEAST + 'required = ["a"]\nforbidden = ["a"]', "both requires and forbids"),
        (LEAST + "overlap = -1", "whole number up to"),
        (LEAST + "[exposure]\nrate = 25", "a share above 0 and up to 1"),
        (LEAST + "[exposure]\nmosts = 2", "“exposure.mosts”"),
        (LEAST + "[items]\nfacility = [1, 0]", r"\[lowest, highest\]"),
        (LEAST + "[items]\npoints = 2", "“items.points”"),
        (LEAST + "[form]\nfacility = [0.1, 0.2, 0.3]", r"\[lowest, highest\]"),
        (COUNTED + "[points.c]\nm = 2", "of which it counts no questions"),
        (COUNTED + "[points.d]\n'*' = 2", "of which it counts no questions"),
        (COUNTED + "[weights.c]\n'*' = 2", "of which it counts no questions"),
        (COUNTED + "[weights.c]\nl = -2", "a number from 0 on"),
        ('tools = ["abacus"]\n' + COUNTED, "“tools” as a list of some of these: strike-out"),
        ('tools = ["notes", "notes"]\n' + COUNTED, "“tools”"),
        ("live_pictures = 3\n" + COUNTED, "0, or 5 to 600 seconds"),
        ("live_pictures = 601\n" + COUNTED, "up to 600"),
        (COUNTED + "[layout]\ntitle = 'T'\nlanguage = 'en'\nminutes = 0", "minutes above 0"),
        (COUNTED + "[layout]\ntitle = ''\nlanguage = 'en'\nminutes = 1", "“layout.title”"),
        (
            COUNTED + "[layout]\ntitle = 'T'\nlanguage = 'en'\nminutes = 1\nnavigation = 'free'",
            "“linear” or “nonlinear”",
        ),
        (
            COUNTED + "[layout]\ntitle = 'T'\nlanguage = 'en'\nminutes = 1\n"
            "[[layout.sections]]\ntitle = 'S'\ncompetences = ['d']",
            "look at “c”",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, why: str) -> None:
    with pytest.raises(BlueprintError, match=why):
        read_blueprint(text.encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read_blueprint(data)
    except BlueprintError as problem:
        assert str(problem)


@given(st.integers(0, 9), st.integers(0, 30), st.integers(1, 5), st.fractions(0, 1))
def test_exposure_keeps_its_rate_whatever_is_drawn(
    uses: int, windows: int, forms: int, rate: Fraction
) -> None:
    exposure = Exposure(rate=rate or Fraction(1, 9))
    left = exposure.uses_left(uses, windows, forms)
    assert 0 <= left <= forms
    share = (rate or Fraction(1, 9)) * (windows + forms)
    assert left == 0 or uses + left - 1 < share  # rounded up, and no more
