"""SVG drawings: what a candidate would see otherwise than its author is refused, and none
can cost more than a picture may."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from exam_packages.formats.errors import FormatError
from exam_packages.formats.media import picture

HALVES = (
    "<rect width='10' height='20' fill='red'/><rect x='10' width='10' height='20' fill='blue'/>"
)


def svg(inner: str, size: str = "width='20' height='20'") -> bytes:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' {size}"
        f">{inner}</svg>"
    ).encode()


def pixels(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def test_a_drawing_becomes_a_finer_picture_of_the_size_it_asks_for() -> None:
    taken = picture("field.svg", svg(HALVES))
    assert (taken.facts.media_type, taken.facts.width, taken.facts.height) == ("image/png", 20, 20)
    shown = pixels(taken.data)
    assert shown.size == (80, 80)
    assert shown.getpixel((20, 40)) == (255, 0, 0) and shown.getpixel((60, 40)) == (0, 0, 255)
    assert "field.svg was drawn" in taken.change


def test_it_is_the_same_each_time_and_its_ground_is_white() -> None:
    taken = picture("a.svg", svg("<circle cx='10' cy='10' r='4'/>"))
    assert pixels(taken.data).getpixel((0, 0)) == (255, 255, 255)
    assert picture("b.svg", svg("<circle cx='10' cy='10' r='4'/>")).data == taken.data


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("viewBox='0 0 30 60'", (30, 60)),
        ("width='60' viewBox='0 0 30 60'", (60, 120)),
        ("width='1in' height='48px'", (96, 48)),
        ("width='100%' viewBox='0 0 30 60'", (30, 60)),
    ],
)
def test_its_size(size: str, expected: tuple[int, int]) -> None:
    facts = picture("a.svg", svg(HALVES, size)).facts
    assert (facts.width, facts.height) == expected


def test_letters_are_drawn_where_the_author_leaves_the_font_open() -> None:
    words = "<text y='15' font-family='Arial, sans-serif'>Ωé</text>"
    assert pixels(picture("a.svg", svg(words)).data).getextrema()[0][0] < 128


def test_the_line_of_a_drawing_program_is_no_document_type() -> None:
    line = b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/x/svg11.dtd">'
    assert picture("a.svg", line + svg(HALVES)).facts.width == 20


BOMB = "".join(f"<g id='a{n}'>" + f"<use href='#a{n - 1}'/>" * 10 + "</g>" for n in range(1, 9))
REFUSED = [
    ("<script>1</script>", "script"),
    ("<rect onload='x()'/>", "onload"),
    ("<foreignObject/>", "foreignObject"),
    ("<rect><animate attributeName='x'/></rect>", "it moves"),
    ("<image href='/etc/hostname'/>", "another file"),
    ("<image xlink:href='data:image/svg+xml;base64,PHN2Zz4='/>", "another file"),
    ("<s:image xmlns:s='http://www.w3.org/2000/svg' s:href='/etc/hostname'/>", "another file"),
    ("<rect fill='url(http://x.example/a#b)'/>", "another file"),
    ("<style>@import 'x.css';</style>", "begin with @"),
    ("<style>text{font-family:Arial}</style>", "font Arial"),
    ("<text font-family='Helvetica'>a</text>", "font Helvetica"),
    ("<text>\u901f</text>", "no letter for “\u901f”"),
    ("<switch/>", "<switch>"),
    ("<g id='a'><use href='#a'/></g>", "uses itself"),
    (f"<g id='a0'><rect/></g>{BOMB}", "repeats too many"),
]


@pytest.mark.parametrize(("inner", "why"), REFUSED)
def test_what_would_be_seen_otherwise_is_refused(inner: str, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        picture("a.svg", svg(inner))


@pytest.mark.parametrize("size", ["", "width='9000' height='9'", "width='0' height='9'"])
def test_a_drawing_without_a_fitting_size_is_refused(size: str) -> None:
    with pytest.raises(FormatError, match="no size"):
        picture("a.svg", svg(HALVES, size))


def test_entities_are_refused() -> None:
    with pytest.raises(FormatError, match="DOCTYPE"):
        picture("a.svg", b"<!DOCTYPE svg [<!ENTITY a 'b'>]>" + svg(HALVES))


def test_what_takes_too_much_memory_ends_alone_and_the_next_is_drawn() -> None:
    layers = "<g opacity='.5'>" * 50 + "<rect width='4000' height='4000'/>" + "</g>" * 50
    with pytest.raises(FormatError, match="more time or memory"):
        picture("a.svg", svg(layers, "width='4000' height='4000'"))
    assert picture("a.svg", svg(HALVES)).facts.width == 20


@pytest.mark.slow
def test_what_takes_too_much_time_ends_alone() -> None:
    blurred = "<filter id='f' x='-1' y='-1' width='3' height='3'>"
    blurred += "<feGaussianBlur stdDeviation='900'/><feMorphology radius='400'/>" * 60 + "</filter>"
    blurred += "<rect filter='url(#f)' width='8000' height='8000'/>" * 50
    with pytest.raises(FormatError, match="more time or memory"):
        picture("a.svg", svg(blurred, "width='8000' height='8000'"))
