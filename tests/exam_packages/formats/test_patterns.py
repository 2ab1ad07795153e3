"""Patterns are harmless: those that pass run fast on anything a candidate can type."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.content.values import MAX_TEXT
from exam_packages.formats.patterns import PatternError, check

GOOD = [
    "",
    "[0-9]{1,4}",
    r"-?[0-9]{1,6}(\.[0-9]{1,3})?",
    r"\d{2}:\d{2}( pm)?",
    "[A-Z]{2}[0-9]*",
    ".*abc",
    "(yes|no)",
    "[^0-9]{1,20}",
    r"[a\-z]\.",
    "(ab){2,5}",
]


@pytest.mark.parametrize("pattern", GOOD)
def test_ordinary_patterns_pass(pattern: str) -> None:
    check(pattern)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a+)+", "too long to try"),
        ("(a|a)*b", "too long to try"),
        ("(a*)*", "too long to try"),
        ("(a|aa){1,30}b", "too long to try"),
        ("((a{0,9}){0,9}){0,9}b", "too long to try"),
        (".*.*.*x", "too long to try"),
        ("[0-9]+[0-9]+x", "too long to try"),
        ("a" * 201, "longer than"),
        ("a{1,2000}", "more than"),
        ("a{3,2}", "more than"),
        ("a**", "two repetitions"),
        ("a+?", "two repetitions"),
        ("a++", "two repetitions"),
        ("(?i)a", r"\(\?"),
        ("(?=a)", r"\(\?"),
        (r"(a)\1", "escape"),
        (r"\p{L}", "escape"),
        ("a\\", "escape"),
        ("^a$", "not needed"),
        ("(a", r"lacks a “\)”"),
        ("a)", "too many"),
        ("[a", "lacks a “]”"),
        ("[]", "empty class"),
        ("[a-[b]]", "class"),
        ("[a&&b]", "class"),
        ("*a", "none can stand"),
        ("a{", "without a count"),
        ("a{x}", "without a count"),
        ("(" * 12 + "a" + ")" * 12, "nests"),
        ("[z-a]", "cannot be read"),
    ],
)
def test_what_is_slow_or_strange_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(PatternError, match=why) as caught:
        check(pattern)
    assert str(caught.value).endswith(".") or str(caught.value).endswith(").")


PIECES = st.sampled_from(
    ["a", "b", ".", "[ab]", r"\d", "(a|b)", "(ab|a)", "(a{1,3}b?)", "*", "+", "?", "{2,9}", "|"]
)


@given(st.lists(PIECES, max_size=6).map("".join), st.sampled_from(["a", "ab", "b"]))
def test_what_passes_is_tried_quickly_on_the_longest_answer(pattern: str, unit: str) -> None:
    try:
        check(pattern)
    except PatternError:
        return
    # A slow pattern would take hours here, not milliseconds.
    text = (unit * MAX_TEXT)[: MAX_TEXT - 1] + "!"
    assert re.fullmatch(pattern, text) is None or "." in pattern


@given(st.text(alphabet="ab.[]()*+?{}0123,|\\^$-d", max_size=20))
def test_any_text_passes_or_is_refused(pattern: str) -> None:
    try:
        check(pattern)
    except PatternError:
        return
    re.compile(pattern)
