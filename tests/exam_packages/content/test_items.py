"""Whether a response can be an answer, and items as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.content import text
from exam_packages.content.items import (
    Choice,
    Exhibit,
    ExtendedText,
    InlineChoice,
    Interaction,
    Item,
    Match,
    Order,
    SimpleChoice,
    TextEntry,
    complete,
    problem,
)
from exam_packages.content.reading import read_exhibit, read_item, read_paper
from exam_packages.content.values import MAX_MEMBERS, MAX_TEXT, Response


def choices(names: str, match_max: int = 1) -> tuple[SimpleChoice, ...]:
    return tuple(SimpleChoice(name, (), match_max) for name in names)


ONE = Choice("R", (), choices("abc"), 1, 1)
TWO = Choice("R", (), choices("abc"), 2, 2)
ANY = Choice("R", (), choices("abc"), 0, 0)
MENU = InlineChoice("R", choices("ab"))
ORDER = Order("R", (), choices("abc"))
MATCH = Match("R", (), choices("ab"), choices("xyz", 0), 1, 2)
ENTRY = TextEntry("R", 5, "[0-9]{1,3}", "", True)
ESSAY = ExtendedText("R", (), 5, "")


@pytest.mark.parametrize(
    ("interaction", "members", "fits", "done"),
    [
        (ONE, "", True, False),
        (ONE, "a", True, True),
        (ONE, "a b", False, None),
        (ONE, "q", False, None),
        (TWO, "a", True, False),
        (TWO, "a b", True, True),
        (TWO, "a a", False, None),
        (ANY, "a b c", True, True),
        (MENU, "b", True, True),
        (MENU, "a b", False, None),
        (ORDER, "c a", True, False),
        (ORDER, "c a b", True, True),
        (ORDER, "c a a", False, None),
        (MATCH, "a-x b-x", True, True),
        (MATCH, "a-x a-y", False, None),
        (MATCH, "x-a", False, None),
        (MATCH, "a", False, None),
        (MATCH, "a-x b-y a-z", False, None),
        (ENTRY, "12", True, True),
        (ENTRY, "1234", True, False),
        (ENTRY, "1 2", False, None),
        (ESSAY, "words", True, True),
    ],
)
def test_what_fits_and_what_is_complete(
    interaction: Interaction, members: str, fits: bool, done: bool | None
) -> None:
    response = Response("R", tuple(each.replace("-", " ") for each in members.split()))
    assert (problem(interaction, response) is None) is fits
    if fits:
        assert complete(interaction, response) is done


@pytest.mark.parametrize("interaction", [ONE, ANY, MENU, ORDER, MATCH, ENTRY, ESSAY])
@given(members=st.lists(st.text(max_size=20), max_size=6))
def test_any_response_gets_a_verdict(interaction: Interaction, members: list[str]) -> None:
    verdict = problem(interaction, Response("R", tuple(members)))
    assert verdict is None or verdict
    if verdict is None:
        assert complete(interaction, Response("R", tuple(members))) in (True, False)


def test_bounds_on_answers() -> None:
    assert problem(ESSAY, Response("R", ("x" * MAX_TEXT,))) is None
    assert problem(ESSAY, Response("R", ("x" * (MAX_TEXT + 1),))) is not None
    assert problem(ANY, Response("R", ("a",) * (MAX_MEMBERS + 1))) is not None


WORDS = st.text(max_size=12)
TEXTS = st.builds(text.Text, WORDS, st.integers(0, 63))
INLINES = st.one_of(
    TEXTS,
    st.just(text.Break()),
    st.builds(text.Gap, WORDS),
    st.builds(text.Picture, WORDS, WORDS, st.integers(0, 9999), st.integers(0, 9999)),
)
LINES = st.lists(INLINES, max_size=3).map(tuple)
BLOCKS = st.recursive(
    st.one_of(
        st.builds(text.Paragraph, LINES),
        st.builds(text.Heading, st.integers(1, 6), LINES),
        st.builds(text.Preformatted, WORDS),
        st.builds(text.Slot, WORDS),
        st.builds(
            text.Table,
            WORDS,
            st.lists(
                st.lists(st.builds(text.Cell, st.booleans(), LINES), max_size=2).map(tuple),
                max_size=2,
            ).map(tuple),
        ),
    ),
    lambda inner: st.one_of(
        st.builds(text.Quotation, st.lists(inner, max_size=2).map(tuple)),
        st.builds(
            text.Listing,
            st.booleans(),
            st.lists(st.lists(inner, max_size=2).map(tuple), max_size=2).map(tuple),
        ),
    ),
    max_leaves=4,
)
BODIES = st.lists(BLOCKS, max_size=3).map(tuple)


@given(BODIES)
def test_items_and_exhibits_are_read_back_whole(body: tuple[text.Block, ...]) -> None:
    item = Item("i", "t", "en", body, (ONE, MATCH, ENTRY, ESSAY, MENU, ORDER), ("e",))
    assert read_item(canon.pack(item)) == item
    exhibit = Exhibit("e", "t", body)
    assert read_exhibit(canon.pack(exhibit)) == exhibit
    assert isinstance(text.plain(body), str)


@given(st.binary(max_size=200))
def test_other_bytes_are_no_item(data: bytes) -> None:
    for read in (read_item, read_exhibit, read_paper):
        with pytest.raises(canon.CanonError):
            read(data)
