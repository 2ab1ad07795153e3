"""Rosters as offices write them, and as they get them wrong."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.hall.roster import RosterError, code_digest, normalised, read_roster

HEAD = "candidate,name,code,extra_minutes\n"


def test_a_roster_is_read_as_a_spreadsheet_saves_it() -> None:
    data = (
        "\ufeff" + HEAD + 'c-1,"Müller, Ada",AB12-CD34,15\r\nc-2,Bo,xy99 zz88,\r\n\r\n'
    ).encode()
    first, second = read_roster(data)
    assert (first.name, first.code, first.extra_s) == ("Müller, Ada", "ab12cd34", 900)
    assert (second.number, second.extra_s) == (3, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "first line"),
        ("name,candidate,code,extra_minutes\n", "first line"),
        (HEAD, "0 candidates"),
        (HEAD + "c-1,Ada,code123\n", "Line 2 of the roster has 3 cells"),
        (HEAD + ",Ada,code123,0\n", "no usable candidate number"),
        (HEAD + "c-1,,code123,0\n", "no usable name"),
        (HEAD + "c-1,A\x1b[2J,code123,0\n", "no usable name"),
        (HEAD + "c-1,Ada,ab-1,0\n", "fewer than 6"),
        (HEAD + "c-1,Ada,code123,-5\n", "whole number"),
        (HEAD + "c-1,Ada,code123,٣\n", "whole number"),
        (HEAD + "c-1,Ada,code123,9999\n", "more than 1440"),
        (HEAD + "c-1,Ada,code123,0\nc-1,Bo,code456,0\n", "Lines 2 and 3.*candidate number"),
        (HEAD + "c-1,Ada,code123,0\nc-2,Bo,CODE 123,0\n", "Lines 2 and 3.*same code"),
        (HEAD + 'c-1,"Ada,code123,0\n', "not a CSV"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, words: str) -> None:
    with pytest.raises(RosterError) as refused:
        read_roster(text.encode())
    assert re.search(words, str(refused.value))
    assert "code123" not in str(refused.value)  # a code never shows


@given(st.binary(max_size=300))
def test_any_other_bytes_are_refused_by_our_error_alone(data: bytes) -> None:
    with pytest.raises(RosterError):
        read_roster(data)
    with pytest.raises(RosterError):
        read_roster(HEAD.encode() + b"\xff" + data)


def test_codes_do_not_show_and_are_salted() -> None:
    (line,) = read_roster((HEAD + "c-1,Ada,secret99,0\n").encode())
    assert "secret99" not in repr(line)
    salt, other = bytes(16), bytes(15) + b"\1"
    assert code_digest("SECRET-99", salt) == code_digest("secret 99", salt)
    assert code_digest("secret99", salt) != code_digest("secret99", other)
    assert normalised(" A-b c ") == "abc"
