"""The parts beneath the screens: harmless text, drafts, the view, colours, pictures, words."""

from __future__ import annotations

import io
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from textual.content import Content

from exam_packages import language
from exam_packages.attempt.acts import Respond, Work
from exam_packages.attempt.events import Noted
from exam_packages.clock import SECOND
from exam_packages.content.values import Response
from kiosk.drafts import LONGEST_NS, PAUSE_NS, RETRY_NS, Drafts
from kiosk.screens.standing import ago, duration, spell
from kiosk.themes import THEMES
from kiosk.widgets.picture import PictureError, read_picture
from kiosk.widgets.table import column_widths
from kiosk.widgets.text import MAX_MARKS, harmless, wrap

ANY_TEXT = st.text(st.characters(), max_size=60)


@given(ANY_TEXT, st.booleans())
def test_harmless_text_holds_nothing_that_drives_or_deceives(text: str, lines: bool) -> None:
    shown = harmless(text, lines=lines)
    assert harmless(shown, lines=lines) == shown
    marks = 0
    for character in shown:
        if character == "\n":
            assert lines
            continue
        assert unicodedata.category(character) not in {"Cc", "Cs"}
        assert unicodedata.bidirectional(character) not in {
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        }  # fmt: skip
        marks = marks + 1 if unicodedata.combining(character) else 0
        assert marks <= MAX_MARKS


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert harmless(text) == text


@given(ANY_TEXT, st.integers(6, 40), st.integers(0, 6))
def test_wrapped_lines_fit_and_lose_no_word(text: str, width: int, head: int) -> None:
    content = Content(harmless(text))
    lines = wrap(content, width, " " * head)
    assert all(line.cell_length <= max(width, head + 4) for line in lines)
    together = " ".join(line.plain for line in lines)
    assert "".join(together.split()) == "".join(content.plain.split())


@given(st.lists(st.integers(0, 200), min_size=1, max_size=8), st.integers(1, 120))
def test_columns_fit_their_room_and_none_is_wider_than_it_wants(
    wanted: list[int], room: int
) -> None:
    widths = column_widths(wanted, room)
    assert sum(widths) <= max(room, 4 * len(widths))
    assert all(1 <= width <= max(1, want) for width, want in zip(widths, wanted, strict=True))


def _answer(*members: str) -> tuple[Response, ...]:
    return (Response("R", members),)


def test_a_choice_is_due_at_once_and_typing_after_a_pause() -> None:
    drafts = Drafts()
    drafts.put(Respond("a", _answer("x")), typed=False, now_ns=0)
    assert drafts.due(0) == Respond("a", _answer("x"))
    drafts.saved(Respond("a", _answer("x")), 0)
    assert not drafts
    drafts.put(Respond("b", _answer("t")), typed=True, now_ns=0)
    assert drafts.due(PAUSE_NS - 1) is None
    assert drafts.due(PAUSE_NS) == Respond("b", _answer("t"))


def test_endless_typing_is_due_in_the_end() -> None:
    drafts = Drafts()
    now = 0
    while drafts.due(now) is None:
        drafts.put(Respond("b", _answer("t" * (1 + now // SECOND))), typed=True, now_ns=now)
        now += PAUSE_NS // 2
        assert now <= LONGEST_NS + PAUSE_NS
    assert now >= LONGEST_NS - PAUSE_NS


def test_what_was_typed_meanwhile_stays_a_draft() -> None:
    drafts = Drafts()
    drafts.put(Respond("b", _answer("one")), typed=True, now_ns=0)
    drafts.put(Respond("b", _answer("two")), typed=True, now_ns=5)
    drafts.saved(Respond("b", _answer("one")), 6)
    assert drafts.responses("b") == _answer("two")
    drafts.settle()
    drafts.refused(Respond("b", _answer("two")), 100)
    assert drafts.due(100) is None
    assert drafts.due(100 + RETRY_NS) == Respond("b", _answer("two"))


def test_a_working_that_is_refused_is_told_once_and_no_hand_in_waits_for_it() -> None:
    drafts = Drafts()
    note = Work(Noted("a", "n"))
    drafts.put(note, typed=False, now_ns=0)
    assert (len(drafts), drafts.answers) == (1, 0)
    assert drafts.refused(note, 0)
    assert not drafts.refused(note, RETRY_NS)
    assert drafts.due(3 * RETRY_NS) == note
    drafts.put(Respond("a", _answer("x")), typed=False, now_ns=0)
    assert (len(drafts), drafts.answers) == (2, 1)
    assert drafts.responses("a") == _answer("x")
    assert drafts.workings() == [Noted("a", "n")]


def _luminance(colour: str) -> float:
    def channel(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue)


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_text_colour_has_its_contrast(theme: Any) -> None:
    least = 7.0 if theme.name.startswith("contrast") else 4.5
    v = theme.variables
    pairs = [(v[ink], v[ground]) for ground in ("ground", "cursor") for ink in (
        "ink", "quiet", "mark", "good", "attention", "trouble")]  # fmt: skip
    pairs += [(v[ink], v["bar"]) for ink in ("bar-ink", "good", "attention", "trouble")]
    pairs += [(v["ground"], v["mark"]), (v["ground"], v["attention"]), (v["bar"], v["bar-ink"])]
    pairs += [(v["input-selection-foreground"], v["input-selection-background"])]
    too_low = [(a, b, round(_contrast(a, b), 2)) for a, b in pairs if _contrast(a, b) < least]
    assert not too_low


def _image(kind: str, size: tuple[int, int] = (40, 20), mode: str = "RGB") -> bytes:
    data = io.BytesIO()
    Image.new(mode, size).save(data, kind)
    return data.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_pictures_keep_their_shape_within_their_room(kind: str) -> None:
    cells = read_picture(_image(kind))
    lines = cells.lines(30)
    assert len(lines) == 8 or len(lines) == 7
    assert all(line.cell_length == 30 for line in lines)
    tall = read_picture(_image(kind, (10, 400)))
    assert len(tall.lines(30, 12)) == 12


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, _image("PNG")[:60], _image("GIF"),
     _image("BMP")],
)  # fmt: skip
def test_what_is_no_picture_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError):
        read_picture(data)


def test_a_picture_bomb_is_refused() -> None:
    with pytest.raises(PictureError):
        read_picture(_image("PNG", (9000, 9000), "1"))


@pytest.mark.parametrize(
    ("ms", "shown"),
    [(0, "0:00"), (1, "0:01"), (59_001, "1:00"), (3_599_000, "59:59"), (3_600_000, "1:00:00")],
)
def test_durations_round_up(ms: int, shown: str) -> None:
    assert duration(ms) == shown


def test_spans_in_words() -> None:
    assert spell(60) == "1 minute"
    assert spell(600) == "10 minutes"
    assert spell(90) == "1 minute 30 seconds"
    assert ago(4_000) == "4 s ago"
    assert ago(600_000) == "10 min ago"
    assert ago(8_000_000) == "2 h ago"


def test_a_sentence_whose_fields_do_not_fit_is_said_as_it_is() -> None:
    assert language.say("{a} of {b}", a=1, b=2) == "1 of 2"
    assert language.say("{a} of {b}", a=1) == "{a} of {b}"
    assert language.say("a lone { brace", a=1) == "a lone { brace"
    language.use("tlh")
    assert language._("Welcome") == "Welcome"
