"""Rosters as offices write them, and as they get them wrong."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.attempt.preferences import NOTHING, Accommodation
from sync.hall.roster import Profile, RosterError, code_digest, normalised, read_roster

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


MORE = "candidate,name,code,extra_minutes,read_aloud,language,theme,extra_factor,profile\n"


def test_accommodations_are_read_and_a_cell_goes_before_the_profile() -> None:
    asked = Profile(
        Accommodation("zh_CN", "low-glare", True), Decimal("1.5"), 7, ("sign-language",)
    )
    text = (
        MORE + "c-1,Ada,code111,10,no,fr,,,a.xml\nc-2,Bo,code222,,,,,1.25,a.xml\n"
        "c-3,Cy,code333,5,yes,,console,2,\nc-4,Di,code444,,,,,,\n"
    )
    first, second, third, fourth = read_roster(
        text.encode(), {"a.xml": asked}.__getitem__, minutes=60
    )
    assert first.granted == Accommodation("fr", "low-glare", False)
    assert first.extra_s == (10 + 30) * 60
    assert second.extra_s == (7 + 15) * 60
    assert second.others == ("sign-language",)
    assert third.granted == Accommodation("", "console", True)
    assert third.extra_s == (5 + 60) * 60
    assert (fourth.granted, fourth.extra_s, fourth.others) == (NOTHING, 0, ())


def test_how_large_the_letters_are_is_one_of_the_sizes_there_are() -> None:
    head = "candidate,name,code,extra_minutes,text_size\n"
    lines = read_roster((head + "c-1,Ada,code111,,125\nc-2,Bo,code222,,\n").encode())
    assert [line.text_percent for line in lines] == [125, 0]
    with pytest.raises(RosterError, match="text_size must be one of 100, 125"):
        read_roster((head + "c-1,Ada,code111,,130\n").encode())


def test_tools_are_those_there_are_and_a_cell_goes_before_the_profile() -> None:
    head = "candidate,name,code,extra_minutes,tools,profile\n"
    asked = Profile(NOTHING, tools=frozenset({"glossary"}))
    text = head + "c-1,Ada,code111,,calculator  notes,a.xml\nc-2,Bo,code222,,,a.xml\n"
    lines = read_roster(text.encode(), {"a.xml": asked}.__getitem__)
    assert [line.tools for line in lines] == [{"calculator", "notes"}, {"glossary"}]
    with pytest.raises(RosterError, match=r"Line 2 .* names a tool that there is not; .*glossary"):
        read_roster((head + "c-1,Ada,code111,,abacus,\n").encode())


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("maybe,,,,", "read_aloud must be yes or no"),
        (",tlh,,,", "names a language that there is not"),
        (",,pink,,", "names a theme that there is not"),
        (",,,0.5,", "extra_factor must be a number from 1 to 10"),
        (",,,nan,", "extra_factor must be a number from 1 to 10"),
        (",,,1.25,", "say with --minutes"),
        (",,,,a.xml", "say --profiles"),
    ],
)
def test_a_mistake_in_an_accommodation_is_named(cells: str, words: str) -> None:
    with pytest.raises(RosterError) as refused:
        read_roster((MORE + f"c-1,Ada,code123,0,{cells}\n").encode())
    assert re.search(words, str(refused.value))


def test_a_column_that_nobody_knows_is_refused() -> None:
    for more in ("colour", "theme,theme"):
        with pytest.raises(RosterError, match="first line"):
            read_roster((HEAD.strip() + f",{more}\nc-1,Ada,code123,0,x,y\n").encode())


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
