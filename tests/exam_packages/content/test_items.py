"""Whether a response can be an answer, and items as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.content import text
from exam_packages.content.catalogs import Card, Catalog
from exam_packages.content.items import (
    Area,
    Associate,
    Choice,
    Exhibit,
    ExtendedText,
    GapMatch,
    GraphicAssociate,
    GraphicGapMatch,
    GraphicOrder,
    Hotspot,
    Hottext,
    InlineChoice,
    Interaction,
    Item,
    Match,
    Media,
    Order,
    PositionObject,
    SelectPoint,
    SimpleChoice,
    Slider,
    TextEntry,
    complete,
    problem,
    unordered,
    unshown,
)
from exam_packages.content.reading import read_exhibit, read_item, read_paper
from exam_packages.content.values import MAX_MEMBERS, MAX_TEXT, Response


def choices(names: str, match_max: int = 1) -> tuple[SimpleChoice, ...]:
    return tuple(SimpleChoice(name, (), match_max) for name in names)


ONE = Choice("R", (), choices("abc"), 1, 1)
TWO = Choice("R", (), choices("abc"), 2, 2)
ANY = Choice("R", (), choices("abc"), 0, 0)
MENU = InlineChoice("R", choices("ab"))
ORDER = Order("R", (), choices("abc"), 0, 0)
MATCH = Match("R", (), choices("ab"), choices("xyz", 0), 1, 2)
ENTRY = TextEntry("R", 5, "[0-9]{1,3}", "", True)
ESSAY = ExtendedText("R", (), 5, "", 0, 0, 1, "", False)
WORDS_3 = ExtendedText("R", (), 1, "", 9, 2, 3, "[a-z]{1,9}", False)
SOME = Order("R", (), choices("abc"), 1, 2)
ASSOCIATE = Associate("R", (), choices("abc", 2), 1, 2)
GAPS = GapMatch("R", (), choices("ab"), (), ("x", "y"), 0, 0)
HOT = Hottext("R", (), (), ("a", "b", "c"), 1, 2)
SLIDER = Slider("R", (), "-1", "2", "0.5", False, False, False)
PHOTO = text.Picture("p.png", "A photo", 100, 50)
AREAS = tuple(Area(name, "rect", (0, 0, 9, 9), name, 1) for name in "abc")
SPOTS = Hotspot("R", (), PHOTO, AREAS, 0, 2)
RANKED = GraphicOrder("R", (), PHOTO, AREAS, 0, 0)
JOINED = GraphicAssociate("R", (), PHOTO, AREAS, 0, 0)
LABELS = GraphicGapMatch("R", (), choices("xy", 0), PHOTO, AREAS, 2, 0)
POINTS = SelectPoint("R", (), PHOTO, 0, 2)
PLACED = PositionObject("R", PHOTO, PHOTO, (1, 1), 1, 1)
PLAYED = Media("R", (), text.Recording("a.mp3", "audio/mpeg", "A bell"), 1, 2, False, False)
NEW = [
    WORDS_3, SOME, ASSOCIATE, GAPS, HOT, SLIDER, SPOTS, RANKED, JOINED, LABELS, POINTS, PLACED,
    PLAYED,
]  # fmt: skip


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
        (WORDS_3, "one", True, False),
        (WORDS_3, "one two", True, True),
        (WORDS_3, "one TWO", True, False),
        (WORDS_3, "a b c d", False, None),
        (SOME, "", True, False),
        (SOME, "c", True, True),
        (SOME, "c a b", False, None),
        (ASSOCIATE, "a-b b-c", True, True),
        (ASSOCIATE, "a-b b-a", False, None),
        (ASSOCIATE, "a-a", True, True),
        (ASSOCIATE, "a-a a-b", False, None),
        (ASSOCIATE, "a-q", False, None),
        (GAPS, "a-x b-y", True, True),
        (GAPS, "a-x b-x", False, None),
        (GAPS, "a-x a-y", False, None),
        (GAPS, "x-a", False, None),
        (HOT, "a c", True, True),
        (HOT, "a b c", False, None),
        (SLIDER, "0.5", True, True),
        (SLIDER, "2", True, True),
        (SLIDER, "0.3", False, None),
        (SLIDER, "2.5", False, None),
        (SLIDER, "1e3", False, None),
        (SLIDER, "0 1", False, None),
        (SPOTS, "b", True, True),
        (SPOTS, "b q", False, None),
        (RANKED, "c a", True, False),
        (RANKED, "c a b", True, True),
        (JOINED, "a-b", True, True),
        (JOINED, "a-b a-c", False, None),
        (LABELS, "x-a", True, False),
        (LABELS, "x-a x-b", True, True),
        (LABELS, "x-a y-a", False, None),
        (POINTS, "3-50", True, True),
        (POINTS, "101-3", False, None),
        (POINTS, "3-4 3-4", False, None),
        (POINTS, "3", False, None),
        (PLACED, "100-50", True, True),
        (PLACED, "1-1 2-2", False, None),
        (PLAYED, "0", True, False),
        (PLAYED, "2", True, True),
        (PLAYED, "3", False, None),
        (PLAYED, "often", False, None),
    ],
)
def test_what_fits_and_what_is_complete(
    interaction: Interaction, members: str, fits: bool, done: bool | None
) -> None:
    response = Response("R", tuple(each.replace("-", " ") for each in members.split()))
    assert (problem(interaction, response) is None) is fits
    if fits:
        assert complete(interaction, response) is done


@pytest.mark.parametrize("interaction", [ONE, ANY, MENU, ORDER, MATCH, ENTRY, ESSAY, *NEW])
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
NUMBERS = st.integers(0, 9999)
PICTURES = st.builds(text.Picture, WORDS, WORDS, NUMBERS, NUMBERS)
INLINES = st.recursive(
    st.one_of(
        TEXTS,
        st.just(text.Break()),
        st.builds(text.Gap, WORDS),
        st.builds(text.Blank, WORDS),
        PICTURES,
        st.builds(text.Formula, WORDS, WORDS, st.tuples(WORDS), st.none() | PICTURES),
        st.builds(text.Printed, WORDS, WORDS, NUMBERS, NUMBERS, WORDS, WORDS, st.booleans()),
    ),
    lambda inner: st.one_of(
        st.builds(text.HotWords, WORDS, st.tuples(inner)),
        st.builds(text.Ruby, st.tuples(inner), WORDS),
        st.builds(text.Term, WORDS, st.tuples(inner)),
        st.builds(text.When, WORDS, WORDS, st.booleans(), st.tuples(inner)),
    ),
    max_leaves=3,
)
LINES = st.lists(INLINES, max_size=3).map(tuple)
SPANS = st.integers(1, 100)
CELLS = st.builds(text.Cell, st.booleans(), LINES, SPANS, SPANS)
BLOCKS = st.recursive(
    st.one_of(
        st.builds(text.Paragraph, LINES),
        st.builds(text.Heading, st.integers(1, 6), LINES),
        st.builds(text.Preformatted, WORDS),
        st.builds(text.Slot, WORDS),
        st.builds(
            text.Table,
            WORDS,
            st.lists(st.lists(CELLS, max_size=2).map(tuple), max_size=2).map(tuple),
        ),
        st.just(text.Rule()),
        st.builds(text.Recording, WORDS, WORDS, WORDS),
    ),
    lambda inner: st.one_of(
        st.builds(text.Quotation, st.lists(inner, max_size=2).map(tuple)),
        st.builds(text.Numbered, st.tuples(WORDS), st.tuples(st.tuples(inner))),
        st.builds(
            text.Definitions,
            st.tuples(st.builds(text.Definition, st.tuples(LINES), st.tuples(inner))),
        ),
        st.builds(text.Figure, st.tuples(inner), LINES),
        st.builds(text.Details, LINES, st.tuples(inner)),
        st.builds(text.WhenBlock, WORDS, WORDS, st.booleans(), st.tuples(inner)),
        st.builds(
            text.Listing,
            st.booleans(),
            st.lists(st.lists(inner, max_size=2).map(tuple), max_size=2).map(tuple),
        ),
    ),
    max_leaves=4,
)
BODIES = st.lists(BLOCKS, max_size=3).map(tuple)


HELP = (Catalog("c", (Card("glossary-on-screen", "en", (), "", (("reading-type", "x"),)),)),)


@given(BODIES)
def test_items_and_exhibits_are_read_back_whole(body: tuple[text.Block, ...]) -> None:
    item = Item("i", "t", "en", body, (ONE, MATCH, ENTRY, MENU, ORDER, *NEW), ("e",), HELP)
    assert read_item(canon.pack(item)) == item
    exhibit = Exhibit("e", "t", body, ())
    assert read_exhibit(canon.pack(exhibit)) == exhibit
    assert isinstance(text.plain(body), str)


@pytest.mark.parametrize(
    ("interaction", "is_unordered"),
    [
        (ONE, True),
        (ENTRY, True),
        (ESSAY, False),
        (WORDS_3, False),
        (ORDER, False),
        (SOME, False),
        (HOT, True),
        (RANKED, False),
    ],
)
def test_where_order_is_no_answer(interaction: Interaction, is_unordered: bool) -> None:
    assert unordered(interaction) is is_unordered


def test_what_an_item_has_that_stations_cannot_show() -> None:
    body = (
        text.Quotation((text.Recording("a.mp3", "audio/mpeg", ""),)),
        text.Quotation((text.Recording("a.webm", "video/webm", ""),)),
        text.Paragraph((text.Printed("N", "", 10, 0, ";", "", False),)),
    )
    item = Item("i", "t", "en", body, (ONE, HOT, PLAYED), (), ())
    assert unshown(item) == (
        "film",
        "template variable without a value",
    )
    assert unshown(Item("i", "t", "en", (), (ONE,), (), ())) == ()


@given(st.binary(max_size=200))
def test_other_bytes_are_no_item(data: bytes) -> None:
    for read in (read_item, read_exhibit, read_paper):
        with pytest.raises(canon.CanonError):
            read(data)
