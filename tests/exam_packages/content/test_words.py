"""Words by number: where a highlight stands does not depend on how it is drawn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exam_packages.content import text as rich
from exam_packages.content.words import sentences, styled, words

MARK = 1 << 7

runs = st.builds(rich.Text, st.text("ab .!。\n中文é", max_size=12), st.sampled_from((0, rich.BOLD)))
paragraphs = st.lists(runs, max_size=4).map(lambda each: rich.Paragraph(tuple(each)))
bodies = st.lists(
    st.one_of(
        paragraphs,
        paragraphs.map(lambda each: rich.Listing(False, ((each,), (each,)))),
        st.just(rich.Slot("R")),
    ),
    max_size=4,
).map(tuple)


def para(*texts: str) -> rich.Paragraph:
    return rich.Paragraph(tuple(rich.Text(each, 0) for each in texts))


def test_words_are_counted_through_lists_and_tables_in_reading_order() -> None:
    cell = rich.Cell(False, (rich.Text("in a cell", 0),), 1, 1)
    body = (para("one two"), rich.Table("", ((cell, cell),)), para("last"))
    assert words(body) == ["one", "two", "in", "a", "cell", "in", "a", "cell", "last"]


def test_an_ideograph_is_a_word() -> None:
    assert words((para("食品 safe!安全。"),)) == ["食", "品", "safe!", "安", "全", "。"]


def test_a_sentence_ends_with_its_block() -> None:
    body = (para("A b. C ", "d!” E"), para("f g"))
    assert sentences(body) == [(0, 1), (2, 3), (4, 4), (5, 6)]


@given(bodies)
def test_sentences_hold_every_word_once(body: tuple[rich.Block, ...]) -> None:
    found = [n for first, last in sentences(body) for n in range(first, last + 1)]
    assert found == list(range(len(words(body))))


@given(bodies, st.sets(st.integers(0, 20)))
def test_styling_changes_no_text_and_marks_just_these_words(
    body: tuple[rich.Block, ...], chosen: set[int]
) -> None:
    made = styled(body, lambda n: MARK if n in chosen else 0, lambda n: 0)
    assert rich.plain(made) == rich.plain(body)
    marked = [part for part in rich.walk(made) if isinstance(part, rich.Text)]
    marked = [part for part in marked if part.style & MARK]
    assert words((rich.Paragraph(tuple(marked)),)) == [
        word for number, word in enumerate(words(body)) if number in chosen
    ]
    assert styled(body, lambda n: 0, lambda n: 0) == body or any(
        isinstance(part, rich.Text) and not part.text for part in rich.walk(body)
    )
