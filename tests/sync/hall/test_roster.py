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
        (HEAD + 'c-1,"Ada,code123,0\n', "not a CSV file: line 2"),
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


@pytest.mark.parametrize(
    "data",
    [
        (HEAD + "c-1,Zoë Å,code123,5\n").encode("utf-8-sig"),
        (HEAD + "c-1,Zoë Å,code123,5\n").replace(",", "\t").encode("utf-16"),
        b"\xfe\xff" + (HEAD + "c-1,Zoë Å,code123,5\n").replace(",", "\t").encode("utf-16-be"),
        (HEAD + "c-1,Zoë Å,code123,5\n").replace(",", ";").encode(),
        ("sep=;\r\n" + (HEAD + "c-1,Zoë Å,code123,5\n").replace(",", ";")).encode(),
        (HEAD + "c-1,Zoë Å,code123,5\n").replace("\n", "\r").encode(),
        b"CANDIDATE, Name ,code,extra_minutes\n c-1 , Zo\xc3\xab \xc3\x85 ,code123, 5 \n,,,\n",
    ],
)
def test_every_spreadsheets_way_of_saving_it_reads_the_same(data: bytes) -> None:
    (line,) = read_roster(data)
    assert (line.candidate, line.name, line.extra_s) == ("c-1", "Zoë Å", 300)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (HEAD.encode() + "c-1,Zoë,code123,0\n".encode("cp1252"), "Line 2 is not UTF-8.*CSV UTF-8"),
        (b"PK\x03\x04\x00\x00" + bytes(50), "is no text; if it is a spreadsheet"),
        (b"sep=|\n" + HEAD.replace(",", "|").encode(), "separated by “|”"),
        (HEAD.encode() + b'c-1,"' + b"x" * 5000 + b'",code123,0\n', "quotation mark is probably"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(data: bytes, words: str) -> None:
    with pytest.raises(RosterError, match=words):
        read_roster(data)


def test_everything_wrong_is_said_at_once_with_the_lines_of_the_file() -> None:
    text = HEAD + 'c-1,"Ada\nLovelace",code123,0\n\nc-2,Bo,short,0\nc-3,Cy,code456,x\n'
    with pytest.raises(RosterError) as refused:
        read_roster(text.encode())
    said = str(refused.value)
    assert said.startswith("3 things")
    assert "Line 2 of the roster has no usable name" in said
    assert "Line 5 of the roster has a sign-in code" in said
    assert "Line 6 of the roster: extra_minutes" in said
    again = HEAD + "".join(f"c-{n % 2},Name,code-{n % 3:04},0\n" for n in range(200))
    with pytest.raises(RosterError) as refused:
        read_roster(again.encode())
    assert "395 things" in str(refused.value)
    assert len(str(refused.value).splitlines()) == 51


def test_five_thousand_lines_and_not_one_more() -> None:
    lines = [f"c-{n},Name {n},code-{n:05},0\n" for n in range(5001)]
    assert len(read_roster((HEAD + "".join(lines[:-1])).encode())) == 5000
    with pytest.raises(RosterError, match="5001 candidates"):
        read_roster((HEAD + "".join(lines)).encode())
