"""XML Schema's patterns: what they mean, what is refused, and that none takes long."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.content.patterns import Pattern, PatternError, compiled
from exam_packages.content.values import MAX_TEXT


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("salt", ["salt"], ["sea salt", "Salt", ""]),
        (".*salt.*", ["salt", "sea salt!"], ["sal", "a\nsalt"]),
        ("[0-9]+(\\.[0-9]+)?", ["1", "12.5"], ["1.", ".5", ""]),
        ("a|bc|", ["a", "bc", ""], ["b", "abc"]),
        ("(ab){2,3}", ["abab", "ababab"], ["ab", "abababab"]),
        ("a{2}", ["aa"], ["a", "aaa"]),
        ("a{2,}", ["aa", "aaaaa"], ["a"]),
        ("a{0,1}b*", ["", "a", "abbb"], ["aa"]),
        ("[^a-c]", ["d", "A", "é"], ["a", "b", ""]),
        ("[a-z-[aeiou]]+", ["xyz"], ["xaz"]),
        ("[^a-z-[0-9]]", ["A"], ["b", "5"]),
        ("[-a]", ["-", "a"], ["b"]),
        ("[a-]", ["-", "a"], ["b"]),
        (r"[\-\]\[\\]", ["-", "]", "[", "\\"], ["a"]),
        (r"[\d\s]+", ["1 2", "٣"], ["a"]),
        (r"\w+", ["Größe", "a1"], ["a b", "a.b"]),
        (r"\W\S\D", ["-aa"], ["aaa"]),
        (r"\i\c*", ["a-1.b", "_x", ":y"], ["1a", "-"]),
        (r"\p{Lu}\p{Ll}*\P{L}", ["Ab!", "Z1"], ["ab!", "Abc"]),
        (r"\p{N}", ["5", "½"], ["a"]),
        (r"a\.b\$\^\n", ["a.b$^\n"], ["axb$^\n"]),
        ("𝄞.", ["𝄞𝄞"], ["𝄞"]),
    ],
)
def test_patterns_mean_what_xml_schema_says(
    pattern: str, matching: list[str], others: list[str]
) -> None:
    assert [text for text in matching if not Pattern(pattern).matches(text)] == []
    assert [text for text in others if Pattern(pattern).matches(text)] == []


@pytest.mark.parametrize(
    "pattern",
    [
        "^a$",
        "a$",
        "*a",
        "a**",
        "a{1}{2}",
        "a{",
        "a{2,1}",
        "(a",
        "a)",
        "[]",
        "[a",
        "[z-a]",
        "[[a]",
        "[a-[b]c]",
        "\\",
        r"\b",
        r"\p{IsGreek}",
        r"\p{Xy}",
        r"\p",
        "a{99999}",
        "(a{500}){500}",
        "(" * 50 + ")" * 50,
        "a" * 2_000,
    ],
)
def test_what_is_no_pattern_is_refused_in_a_sentence(pattern: str) -> None:
    with pytest.raises(PatternError, match="pattern"):
        Pattern(pattern)


PIECES = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "\\d", "ab"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,}"])).map(
            lambda two: f"({two[0]}){two[1]}"
        ),
    ),
    max_leaves=6,
)


@given(PIECES, st.text("ab1", max_size=8))
def test_they_agree_with_a_backtracking_engine_where_both_read_them_alike(
    pattern: str, text: str
) -> None:
    assert Pattern(pattern).matches(text) == (re.fullmatch(pattern, text) is not None)


@given(st.text(max_size=30), st.text(max_size=60))
def test_any_text_is_a_pattern_or_an_error(pattern: str, text: str) -> None:
    try:
        found = Pattern(pattern)
    except PatternError:
        return
    assert found.matches(text) in (True, False)


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|a)*b", "(a?){30}a{30}a*b", "(.*a){20}b", "(a*)*b"]
)
def test_patterns_that_hang_others_end_here(pattern: str) -> None:
    long = "a" * MAX_TEXT
    assert not Pattern(pattern).matches(long)
    assert Pattern(pattern).matches(long + "b")


def test_a_match_that_would_take_long_is_given_up() -> None:
    # Each state of these is another set of positions, so nothing is found remembered.
    pattern = Pattern("(a|b)*a(a|b){400}")
    noise = int.from_bytes(hashlib.shake_256(b"noise").digest(MAX_TEXT // 8))
    bits = f"{noise:b}".replace("0", "a").replace("1", "b")
    with pytest.raises(PatternError, match="too long"):
        pattern.matches(bits)


def test_what_is_remembered_does_not_grow_without_end() -> None:
    pattern = Pattern(".*")
    for start in range(0, 60_000, 20_000):
        text = "".join(chr(0x1_0000 + start + each) for each in range(20_000))
        assert pattern.matches(text)
    assert sum(map(len, pattern._known.values())) <= 50_000


def test_a_pattern_is_made_ready_once() -> None:
    assert compiled("[a-z]+") is compiled("[a-z]+")
