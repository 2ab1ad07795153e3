"""Whatever is typed or reported: it never leaves the exam, and types nothing of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from exam_stations import ENTRY, ESSAY

from exam_packages.attempt.state import Phase

POINTER = re.compile(rb"\x1b\]22;[a-z-]*\x07")
"""The shape of the mouse pointer: all that the terminal is asked for besides painting."""
REPORTS = [
    b"\x1b[<0;5;5",  # the mouse, cut short
    b"\x1b[<999;999",
    b"\x1b[<0;-5;-9M\x1b[<0;0;0M\x1b[<;;M\x1b[<0;99999999999999999999;1M",
    b"\x1b[<64;" + b"9" * 500 + b";1M",
    b"\x1b[M !!\x1b[M\xff\xff\xff\x1b[32;10;10M",  # the mouse in older forms
    b"\x1b[I\x1b[O",  # focus
    b"\x1b[1;1R\x1b[24;80R",  # a cursor's place
    b"\x1b[48;24;80;480;800t\x1b[8;1;1t\x1b[?2048;1$y\x1b[?9999;1$y",  # sizes, modes
    b"\x1b[?62;4c\x1b[>1;4000;0c\x1b[0n\x1b[?1u",  # who the terminal is
    b"\x1b]10;rgb:0000/0000/0000\x07\x1b]52;c;cGFzdGU=\x1b\\\x1b]8;;x" + b"y" * 5000 + b"\x07",
    b"\x1bP>|foot(1.2)\x1b\\\x1bP1$r0m\x1b\\\x1b_Gi=1;OK\x1b\\\x1b^x\x1b\\\x1bXx\x1b\\",
    b"\x1b[55296;1u\x1b[1114112u\x1b[99999999999u\x1b[0;1;55296u\x1b[;;u",  # keys that are none
    b"\x1b[200~\x1b[201~\x1b[201~",  # an empty paste
    b"\x9b5~\x90q\x9c\xc3\x28\xf0\x90\x28\xff\xfe\xc0\x80"[:1] + b"\xff\xfe",
    b"\x1b[" + b";" * 5000 + b"q",
    b"\x1bq\x1b0\x1b%G\x1b(B\x1b)0\x1b#8",
]


def test_reports_of_a_terminal_type_nothing(station: Any) -> None:
    s = station()
    s.go(ENTRY)
    s.terminal.type("8")
    s.terminal.until("1 of 24 answered")
    for report in REPORTS:
        s.terminal.send(report)
        s.terminal.silence()  # which ends what was cut
    s.terminal.type("5")
    s.terminal.until("85")
    s.go(ESSAY)
    s.terminal.type("8")
    s.terminal.until("2 of 24 answered")
    s.terminal.send(b"".join(each for each in REPORTS if each[-1:] in b"MRuctn\\~\x07"))
    s.terminal.silence()
    s.terminal.type("5")
    s.terminal.until("85")
    s.go(1)
    attempt = s.attempt()
    assert [each.members for given in attempt.responses.values() for each in given] == [
        ("85",),
        ("85",),
    ]


def chords() -> bytes:
    """Every byte, function key, modifier and chord that a keyboard can send."""
    sent = bytes(range(256)) + b"".join(bytes([byte]) for byte in range(1, 32)) * 2
    sent += b"".join(
        b"\x1b" + bytes([byte]) for byte in range(32, 127) if chr(byte) not in "[OPX^_]"
    )
    for modifier in range(2, 17):
        sent += b"".join(b"\x1b[1;%d%c" % (modifier, key) for key in b"ABCDEFGHPQRSZ")
        sent += b"".join(b"\x1b[%d;%d~" % (number, modifier) for number in range(1, 40))
        sent += b"".join(b"\x1b[%d;%du" % (code, modifier) for code in range(1, 128))
    sent += b"".join(b"\x1bO%c" % key for key in range(64, 127))
    sent += b"".join(b"\x1b[%c" % key for key in range(64, 127) if key not in b"M[")
    sent += b"".join(b"\x1b[[%c" % key for key in b"ABCDE")
    sent += b"".join(b"\x1b[%d~" % number for number in range(40))
    sent += b"".join(b"\x1b[%du" % number for number in range(57344, 57455))
    return sent


def test_no_chord_leaves_the_exam(station: Any) -> None:
    s = station()
    s.go(ESSAY)
    s.terminal.send(chords())
    s.terminal.quiet()
    s.terminal.press("\x1b", "\x1b", "\x1b")
    s.alive()
    assert b"\x1b[?1049l" not in s.terminal.output
    assert s.attempt().phase is Phase.RUNNING


@pytest.mark.slow
def test_the_terminal_is_told_no_secret_and_given_no_command(station: Any) -> None:
    """No clipboard, no link, no title, no file: not one OSC, DCS or APC is written."""
    s = station()
    s.go(ESSAY)
    s.terminal.type("secret")
    s.terminal.press("f7", "\x03", "\x18", "\x16", "\x10", "\x11", "\x1a", "\x1c")
    s.terminal.send(b"\x1b[<0;20;12M\x1b[<32;40;12M\x1b[<0;40;12m")
    s.terminal.quiet()
    s.alive()
    written = POINTER.sub(b"", s.terminal.output)
    for opener in (b"\x1b]", b"\x1bP", b"\x1b_", b"\x1b^"):
        assert opener not in written


def test_keys_that_come_at_once_keep_their_order(station: Any) -> None:
    """Fast hands, or a screen that was busy: a key that mends goes before what follows it,
    and what follows the key to another question is meant for that."""
    s = station()
    s.go(ESSAY)
    s.terminal.send(b"ab\x7fc\x1b[D\x1b[Dd\x1b[Fe\x1b[H-\x1b[Fy")
    s.terminal.until("1 of 24 answered")
    s.terminal.quiet()
    s.go(ENTRY)
    s.terminal.send(b"12\x7f3\x1b[D\x1b[D4\x1b[F\x1b[20~\x1b[19~5")
    s.terminal.until("2 of 24 answered")
    s.go(1)
    given = s.attempt().responses
    assert sorted(each.members for item in given.values() for each in item) == [
        ("-dacey",),
        ("4135",),
    ]
