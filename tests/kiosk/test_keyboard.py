"""What a terminal sends is sorted: no piece of a sequence is ever text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import Key, Paste

from kiosk.keyboard import MAX_PASTE, MAX_SEQUENCE, Escape, Keyboard, Pasted
from kiosk.terminal import _Reader

PIECES = st.sampled_from(
    [
        "\x1b",
        "[",
        "\x1b[",
        "<",
        "0;5;5",
        "M",
        "m",
        "~",
        "u",
        "200~",
        "\x1b[200~",
        "\x1b[201~",
        "\x1bO",
        "P",
        "]52;c;",
        "\x07",
        "\x1b\\",
        "\x1bP",
        "1;5",
        "a",
        "é",
        "\r",
        "\x9b",
        "\x03",
        ";",
    ]
)
STREAMS = st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join)


def everything(*chunks: str) -> list[object]:
    keyboard = Keyboard()
    found: list[object] = []
    for chunk in chunks:
        found += keyboard.feed(chunk)
    for _ in range(20):
        found += keyboard.pause()
    return found


@given(STREAMS)
def test_a_token_is_text_or_one_whole_sequence(stream: str) -> None:
    for token in everything(stream):
        if isinstance(token, Pasted):
            assert len(token.text) <= MAX_PASTE
        elif isinstance(token, str):
            assert "\x1b" not in token[1:] or token.startswith("\x1b[M")
            assert len(token) <= MAX_SEQUENCE or token[0] != "\x1b"


@given(STREAMS, st.data())
def test_chunks_make_no_difference(stream: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(stream)))

    def flat(tokens: list[object]) -> list[object]:
        found: list[object] = []
        for token in tokens:
            if isinstance(token, str) and token[0] != "\x1b":
                found += token
            elif not isinstance(token, Escape):
                found.append(token)
        return found

    whole, parts = everything(stream), everything(stream[:cut], stream[cut:])
    if any(isinstance(token, str) and token.startswith("\x1b[<3") for token in whole):
        return  # of the mouse's moves the last of a chunk goes on
    assert flat(whole) == flat(parts)


@given(
    st.text("0123456789;:<?>=$ !", max_size=40), st.characters(min_codepoint=64, max_codepoint=126)
)
def test_no_sequence_types(parameters: str, final: str) -> None:
    reader = _Reader(False)
    for token in Keyboard().feed(f"\x1b[{parameters}{final}"):
        for message in reader.read(token):
            typed = isinstance(message, Key) and message.is_printable
            assert not typed or final == "u" or (parameters == "" and final in "M[")


@given(st.text(max_size=200))
def test_text_goes_on_as_it_was_typed(text: str) -> None:
    plain = "".join(each for each in text if each >= " " and not "\x7f" <= each <= "\x9f")
    found = everything(plain)
    assert "".join(t.text if isinstance(t, Pasted) else str(t) for t in found) == plain


@pytest.mark.parametrize("chunk", [1, 7, 4096])
def test_a_paste_is_bounded_however_it_comes(chunk: int) -> None:
    keyboard = Keyboard()
    sent = "\x1b[200~" + "x\x1b[31m" * 40_000 + "\x1b[201~after"
    found: list[object] = []
    for at in range(0, len(sent), chunk):
        found += keyboard.feed(sent[at : at + chunk])
    assert isinstance(found[0], Pasted)
    assert len(found[0].text) == MAX_PASTE
    assert "".join(str(each) for each in found[1:]) == "after"


def test_a_paste_without_an_end_does_not_swallow_what_follows() -> None:
    keyboard = Keyboard()
    assert keyboard.feed("\x1b[200~lost") == []
    paused = [token for _ in range(20) for token in keyboard.pause()]
    assert paused == [Pasted("lost")]
    assert keyboard.feed("typed") == ["typed"]


def test_escape_alone_is_the_escape_key_and_a_cut_report_is_nothing() -> None:
    keyboard = Keyboard()
    assert keyboard.feed("\x1b") == []
    assert [type(token) for token in keyboard.pause()] == [Escape]
    assert keyboard.feed("\x1b[<0;12") == []
    assert keyboard.pause() == []
    assert keyboard.feed("a") == ["a"]


@pytest.mark.parametrize(
    ("sequence", "key"),
    [
        ("\x1b[15~", "f5"),
        ("\x1bOQ", "f2"),
        ("\x1b[1;5D", "ctrl+left"),
        ("\x1b[[A", "f1"),
        ("\x1b[27u", "escape"),
        ("\x1b[97;5u", "ctrl+a"),
        ("\x1b[Z", "shift+tab"),
    ],
)
def test_keys_are_keys(sequence: str, key: str) -> None:
    (message,) = (m for t in Keyboard().feed(sequence) for m in _Reader(False).read(t))
    assert isinstance(message, Key)
    assert message.key == key


def test_a_flood_without_brackets_is_a_paste() -> None:
    reader = _Reader(False)
    (message,) = (m for t in Keyboard().feed("line\r" * 50) for m in reader.read(t))
    assert isinstance(message, Paste)
    keyboard = Keyboard()
    keyboard.feed("x" * 100)
    assert keyboard.feed("tail\r") == [Pasted("tail\r")]
    keyboard.pause()
    assert keyboard.feed("typed\r") == ["typed\r"]
