"""Questions with all that a reader of QTI can make, at random: texts and interactions of
every kind, for what writes them."""

from __future__ import annotations

from array import array
from functools import cache
from typing import Any, get_args

from hypothesis import strategies as st
from lxml import etree
from making import inlines as words

from exam_packages.assessment import ChoiceWhen, Question, Shuffle
from exam_packages.content import items, text
from exam_packages.content.catalogs import Card, Catalog
from exam_packages.content.text import Block, Inline, Paragraph
from exam_packages.formats import mathml
from exam_packages.formats.qti.inlines import joined, tidy
from exam_packages.formats.qti.marks import mark
from exam_packages.rules.declarations import (
    OutcomeDeclaration,
    ResponseDeclaration,
    TemplateDeclaration,
)
from exam_packages.rules.key import ItemKey
from exam_packages.rules.templates import Templates
from kiosk.media.tone import wav

VARIABLES = ("N", "M.1")
MEDIA = {
    "a.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x04\0\0\0\x03",
    "sound-1.wav": wav(array("h", range(500))),
    "horn.mp3": bytes.fromhex("fffb9000") + bytes(413),
}
_FORMULAS = [
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>N</mi><mo>+</mo><mn>1</mn></math>',
    '<m:math xmlns:m="http://www.w3.org/1998/Math/MathML" display="block"><m:msup><m:mi>x</m:mi>'
    "<m:mn> 2 </m:mn></m:msup> </m:math>",
]
names = st.from_regex(r"[a-z_][a-z0-9._-]{0,5}", fullmatch=True)
labels = st.sampled_from(["", "a label", "<&> “x”"])
number = st.integers(0, 300)


def _formula(source: str) -> text.Formula:
    root = etree.fromstring(source)
    plain = mathml.source(root)
    return text.Formula(plain, mathml.written(root).text, ("N",) if "N" in plain else (), None)


pictures = st.builds(
    text.Picture, st.just("a.png"), labels, st.integers(1, 500), st.integers(1, 500)
)
recordings = st.builds(text.Recording, st.just("sound-1.wav"), st.just("audio/wav"), labels) | (
    st.builds(text.Recording, st.just("horn.mp3"), st.just("audio/mpeg"), labels)
)
printed = st.builds(
    text.Printed,
    st.sampled_from(VARIABLES),
    st.sampled_from(["", "%.2f"]),
    st.sampled_from([0, 2, 10, 16]),
    st.integers(0, 9),
    st.sampled_from([";", "", ","]),
    st.sampled_from(["", "field"]),
    st.booleans(),
)


@cache
def lines() -> st.SearchStrategy[tuple[Inline, ...]]:
    """Inlines of every kind as a reader leaves them; never empty."""
    flat: list[st.SearchStrategy[Any]] = [
        *[words().map(list)] * 3,
        pictures.map(lambda each: [each]),
        st.sampled_from(_FORMULAS).map(lambda each: [_formula(each)]),
        printed.map(lambda each: [each]),
        st.builds(text.Ruby, words(), st.just("a reading")).map(lambda each: [each]),
    ]
    deep = st.recursive(
        st.one_of(flat),
        lambda inner: st.one_of(
            st.builds(lambda name, within: [text.Term(name, joined(within))], names, inner),
            st.builds(
                lambda name, value, show, within: [text.When(name, value, show, tidy(within))],
                st.sampled_from(VARIABLES), names, st.booleans(), inner,
            ),
        ),
        max_leaves=2,
    )  # fmt: skip
    many = st.lists(deep, min_size=1, max_size=3)
    return many.map(lambda each: tidy([one for piece in each for one in piece])).filter(
        lambda each: bool(each) and each[0] != text.Break()
    )


@cache
def blocks(most: int = 2) -> st.SearchStrategy[tuple[Block, ...]]:
    """Blocks of every kind but the places of interactions."""
    run = lines()
    cell = st.builds(text.Cell, st.booleans(), run | st.just(()), st.integers(1, 3), st.just(2))
    table = st.builds(
        text.Table,
        labels.map(str.strip),
        st.lists(st.lists(cell, max_size=2).map(tuple), max_size=2).map(tuple),
    )
    flat: st.SearchStrategy[Any] = st.one_of(
        st.builds(Paragraph, run),
        st.builds(text.Heading, st.integers(1, 6), run),
        st.builds(text.Preformatted, st.sampled_from(["", "a\n  b", "<x>\t&"])),
        st.builds(text.Rule),
        table,
        recordings,
    )

    def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        some = st.lists(inner, min_size=1, max_size=2).map(tuple)
        entry = st.builds(text.Definition, st.lists(run, min_size=1, max_size=2).map(tuple), some)
        return st.one_of(
            st.builds(text.Listing, st.booleans(), st.lists(some, max_size=2).map(tuple)),
            st.builds(_numbered, st.sampled_from("1aAiI"), st.integers(-2, 60), some),
            st.builds(text.Quotation, some),
            st.builds(text.Definitions, st.lists(entry, min_size=1, max_size=2).map(tuple)),
            st.builds(text.Figure, some, run | st.just(())),
            st.builds(text.Details, run | st.just(()), some),
            st.builds(text.WhenBlock, st.sampled_from(VARIABLES), names, st.booleans(), some),
        )

    return st.lists(st.recursive(flat, deeper, max_leaves=3), max_size=most).map(tuple)


def _numbered(kind: str, start: int, entry: tuple[Block, ...]) -> text.Numbered | text.Listing:
    if kind == "1" and start == 1:
        return text.Listing(True, (entry,))
    return text.Numbered((mark(start, kind),), (entry,))


@cache
@st.composite
def choices(draw: st.DrawFn, *, gap: bool = False, start: str = "c") -> Any:
    count = draw(st.integers(1, 3))
    match_max = number if gap else st.just(1)
    return tuple(
        items.SimpleChoice(f"{start}{at}", draw(lines() | st.just(())), draw(match_max))
        for at in range(count)
    )


@cache
@st.composite
def areas(draw: st.DrawFn) -> Any:
    shapes = {"rect": 4, "circle": 3, "poly": 6, "ellipse": 4, "default": 0}
    found = []
    for at in range(draw(st.integers(1, 3))):
        shape = draw(st.sampled_from(sorted(shapes)))
        places = tuple(draw(number) for _ in range(shapes[shape]))
        found.append(items.Area(f"a{at}", shape, places, draw(labels), draw(number)))
    return tuple(found)


@st.composite
def interactions(draw: st.DrawFn, name: str) -> tuple[items.Interaction, str, str]:
    """An interaction with the base type and cardinality of its response."""
    prompt = draw(blocks(most=1))
    least, most = draw(st.sampled_from([(0, 0), (1, 0), (0, 1), (1, 1)]))
    kind = draw(st.sampled_from(sorted(get_args(items.Interaction), key=str)))
    many = draw(st.sampled_from(["single", "multiple"])) if most == 1 else "multiple"
    typed = draw(st.sampled_from(["string", "integer", "float"]))
    numeric = typed != "string"
    shown = (0, 0) if least else (least, most)
    match kind:
        case items.Choice:
            made: Any = items.Choice(name, prompt, draw(choices()), least, most)
            return made, "identifier", many
        case items.InlineChoice:
            return items.InlineChoice(name, draw(choices())), "identifier", "single"
        case items.Order:
            return items.Order(name, prompt, draw(choices()), *shown), "identifier", "ordered"
        case items.Match:
            ends = draw(choices(gap=True)), draw(choices(gap=True, start="d"))
            return items.Match(name, prompt, *ends, least, most), "directedPair", many
        case items.Associate:
            ends = draw(choices(gap=True))
            return items.Associate(name, prompt, ends, least, most), "pair", many
        case items.GapMatch:
            gaps = (text.Blank("g1"), text.Blank("g2"))
            body = (*draw(blocks()), Paragraph(gaps))
            given = draw(choices(gap=True))
            made = items.GapMatch(name, prompt, given, body, ("g1", "g2"), least, most)
            return made, "directedPair", many
        case items.Hottext:
            hot = (text.HotWords("h1", draw(lines())), text.HotWords("h2", ()))
            body = (Paragraph(hot), *draw(blocks()))
            return items.Hottext(name, prompt, body, ("h1", "h2"), least, most), "identifier", many
        case items.Slider:
            ends = draw(st.sampled_from([("0", "10", "0.5"), ("-1.25", "3", "1")]))
            flags = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
            kinds = typed if numeric else "float"
            return items.Slider(name, prompt, *ends, *flags), kinds, "single"
        case items.Hotspot:
            made = items.Hotspot(name, prompt, draw(pictures), draw(areas()), least, most)
            return made, "identifier", many
        case items.GraphicOrder:
            made = items.GraphicOrder(name, prompt, draw(pictures), draw(areas()), *shown)
            return made, "identifier", "ordered"
        case items.GraphicAssociate:
            made = items.GraphicAssociate(name, prompt, draw(pictures), draw(areas()), least, most)
            return made, "pair", many
        case items.GraphicGapMatch:
            made = items.GraphicGapMatch(
                name, prompt, draw(choices(gap=True)), draw(pictures), draw(areas()), least, most
            )
            return made, "directedPair", many
        case items.SelectPoint:
            made = items.SelectPoint(name, prompt, draw(pictures), least, most)
            return made, "point", many
        case items.PositionObject:
            small = draw(pictures), draw(pictures), (draw(number), draw(number))
            return items.PositionObject(name, *small, least, most), "point", many
        case items.Media:
            made = items.Media(
                name, prompt, draw(recordings), least, least + most, draw(st.booleans()),
                draw(st.booleans()),
            )  # fmt: skip
            return made, "integer", "single"
        case items.TextEntry:
            made = items.TextEntry(name, draw(number), "[a-z]{2}", draw(labels), numeric)
            return made, typed, "single"
        case _:
            how = draw(st.sampled_from(["single", "multiple", "ordered"]))
            bounds = (least, 1) if how == "single" else draw(st.sampled_from([(0, 0), (1, 3)]))
            made = items.ExtendedText(
                name, prompt, draw(number), draw(labels), draw(number), *bounds, "", numeric
            )
            return made, typed, how


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """A question of any interactions, which a person marks."""
    body: list[Block] = list(draw(blocks()))
    asked, declared, shuffles, conditions = [], [], [], []
    for at in range(draw(st.integers(1, 2))):
        name = f"R{at}"
        one, base_type, cardinality = draw(interactions(name))
        if isinstance(one, items.TextEntry | items.InlineChoice):
            body.append(Paragraph((*draw(lines()), text.Gap(name))))
        else:
            body.append(text.Slot(name))
        asked.append(one)
        declared.append(ResponseDeclaration(name, base_type, cardinality, (), None, None))  # type: ignore[arg-type]
        ends = getattr(one, "choices", ())
        if ends and draw(st.booleans()) and not isinstance(one, items.GraphicGapMatch):
            fixed = frozenset(each.identifier for each in ends if draw(st.booleans()))
            shuffles.append(Shuffle(name, fixed))
            conditions += [
                ChoiceWhen(name, each.identifier, draw(st.sampled_from(VARIABLES)), False)
                for each in ends
                if draw(st.booleans())
            ]
    card = st.builds(
        Card, st.sampled_from(["spoken", "ext:x"]), st.sampled_from(["", "fr"]), blocks(most=1),
        st.sampled_from(["", *sorted(MEDIA)]), st.just((("reading-type", "screen"), ("x", ""))),
    )  # fmt: skip
    catalog = st.builds(Catalog, names, st.lists(card, max_size=2).map(tuple))
    item = items.Item(
        "q", draw(labels), draw(st.sampled_from(["", "en"])), tuple(body), tuple(asked), (),
        draw(st.lists(catalog, max_size=1).map(tuple)),
    )  # fmt: skip
    outcome = OutcomeDeclaration("SCORE", "float", "single", (), "", "2")
    key = ItemKey("q", tuple(declared), (outcome,), (), "2", True)
    templates = Templates(
        tuple(TemplateDeclaration(name, "identifier", "single", ("x",)) for name in VARIABLES), ()
    )
    shown = frozenset(
        each.media
        for each in text.walk((item.body, item.interactions, item.catalogs))
        if isinstance(each, text.Picture | text.Recording | Card) and each.media
    )
    return Question(item, key, tuple(shuffles), shown, "c", "l", tuple(conditions), templates)
