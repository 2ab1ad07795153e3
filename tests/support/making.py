"""Making questions of every kind, by hand and at random."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from exam_packages.assessment import Question
from exam_packages.content.items import Choice, InlineChoice, TextEntry
from exam_packages.content.text import (
    Block,
    Break,
    Cell,
    Heading,
    Inline,
    Listing,
    Paragraph,
    Preformatted,
    Quotation,
    Slot,
    Table,
    Text,
)
from exam_packages.formats import building
from exam_packages.formats.building import About, Span
from exam_packages.formats.parts import Part, Worth
from exam_packages.formats.qti.inlines import printable, run, tidy

F = Fraction
ONE = F(1)
LINE = (Text("Which?", 0),)


def made(*parts: Part, worth: Fraction = ONE) -> Question:
    """A question with *parts*, each in a paragraph or a block of its own."""
    places = [building.place(part) for part in parts]
    body = tuple(
        each if isinstance(each, Slot) else Paragraph((*LINE, each))  # type: ignore[arg-type]
        for each in places
    )
    return building.question(About("q", points=worth), body, parts)


def bodies(count: int) -> list[tuple[Text, ...]]:
    return [(Text(f"choice {number}", 0),) for number in range(count)]


def menu(name: str, worths: list[Fraction]) -> Part:
    return building.one_of(InlineChoice(name, building.choices(bodies(len(worths)))), worths)


shares = st.fractions(-1, 1, max_denominator=21)


@st.composite
def parts_of(draw: st.DrawFn) -> list[Part]:
    """One to three parts of any kind that rules score."""
    found: list[Part] = []
    count = draw(st.integers(1, 3))
    for name in building.response_names(count):
        worths = draw(st.lists(shares, min_size=2, max_size=5).filter(lambda each: max(each) > 0))
        choices = building.choices(bodies(len(worths)))
        kind = draw(st.sampled_from(["one", "menu", "many", "typed", "number"]))
        if kind == "menu":
            found.append(building.one_of(InlineChoice(name, choices), worths))
        elif kind == "one":
            found.append(building.one_of(Choice(name, (), choices, 0, 1), worths))
        elif kind == "many":
            lower = draw(st.none() | st.just(F(0)))
            found.append(building.several_of(Choice(name, (), choices, 0, 0), worths, lower, F(1)))
        elif kind == "typed":
            answers = [
                Worth(f"word {at}", each, draw(st.booleans())) for at, each in enumerate(worths)
            ]
            found.append(building.typed(TextEntry(name, 5, "", "", False), answers))
        else:
            spans = [Span(F(at), F(at) + F(1, 4), each, F(at)) for at, each in enumerate(worths)]
            found.append(building.numeric(TextEntry(name, 0, "", "", True), spans))
    return found


def inlines(alphabet: str = "ab 1.-*_`<&|[]{}\\#é\u00a0") -> st.SearchStrategy[tuple[Inline, ...]]:
    """Runs of styled text and breaks, as a reader leaves them; never empty."""
    words = st.text(alphabet, min_size=1, max_size=8)
    texts = st.builds(lambda raw, style: run(printable(raw), style), words, st.integers(0, 63))
    pieces = st.one_of(texts, texts, st.just([Break()]))
    lines = st.lists(pieces, min_size=1, max_size=4)
    found = lines.map(lambda each: tidy([one for piece in each for one in piece]))
    return found.filter(lambda each: any(isinstance(one, Text) for one in each))


def tables() -> st.SearchStrategy[Table]:
    cells = st.builds(Cell, st.booleans(), inlines() | st.just(()), st.just(1), st.just(1))
    rows = st.integers(1, 3).flatmap(
        lambda width: st.lists(
            st.lists(cells, min_size=width, max_size=width).map(tuple), min_size=1, max_size=3
        )
    )
    return st.builds(Table, st.sampled_from(["", "A caption"]), rows.map(tuple))


def blocks() -> st.SearchStrategy[list[Block]]:
    """Text of every form."""
    lines = st.lists(st.text("ab <`", max_size=5), min_size=1, max_size=3)
    code = lines.map("\n".join).filter(lambda each: each.strip("\n") == each and each)
    flat = st.one_of(
        st.builds(Paragraph, inlines()),
        st.builds(Heading, st.integers(1, 6), inlines().filter(lambda each: Break() not in each)),
        st.builds(Preformatted, code),
        tables(),
    )
    deep = st.recursive(
        flat,
        lambda inner: st.one_of(
            st.builds(
                Listing,
                st.booleans(),
                st.lists(
                    st.lists(inner, min_size=1, max_size=2).map(tuple), min_size=1, max_size=3
                ).map(tuple),
            ),
            st.builds(Quotation, st.lists(inner, min_size=1, max_size=2).map(tuple)),
        ),
        max_leaves=4,
    )
    return st.lists(deep, max_size=3)
