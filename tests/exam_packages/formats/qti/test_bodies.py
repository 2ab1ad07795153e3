"""The whole of XHTML that QTI allows, in blocks and inlines; pictures, sounds, catalogues."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from exam_packages.content import text
from exam_packages.content.catalogs import Card, Catalog
from exam_packages.content.items import unshown
from exam_packages.content.text import (
    Block,
    Break,
    Cell,
    Definition,
    Definitions,
    Details,
    Figure,
    Formula,
    Gap,
    Inline,
    Numbered,
    Paragraph,
    Picture,
    Printed,
    Quotation,
    Recording,
    Ruby,
    Rule,
    Table,
    Term,
    Text,
    When,
    WhenBlock,
)
from exam_packages.formats.media import facts
from exam_packages.formats.qti.library import Library
from exam_packages.formats.qti.reader import read_files
from exam_packages.formats.qti.writer import write_test
from exam_packages.formats.xml import parse

Make = Callable[..., Any]

MP3 = bytes.fromhex("fffb9000") + bytes(413)  # one frame of silence

MATHML = "http://www.w3.org/1998/Math/MathML"


def words(text_: str, style: int = 0) -> Text:
    return Text(text_, style)


def para(*inlines: Inline | str) -> Paragraph:
    return Paragraph(tuple(Text(each, 0) if isinstance(each, str) else each for each in inlines))


def read(package: Make, body: str, **more: Any) -> Any:
    made = package(**more)
    made.body = body + made.body
    (reading,) = made.bank().readings
    assert reading.refusal is None, str(reading.refusal)
    return reading


BODIES: list[tuple[str, tuple[Block, ...]]] = [
    ("<hr/>", (Rule(),)),
    (
        "<dl><dt>pH</dt><dd>acidity</dd><div><dt>a<sub>w</sub></dt><dt>activity</dt>"
        "<dd><p>of water</p></dd></div></dl>",
        (
            Definitions(
                (
                    Definition(((words("pH"),),), (para("acidity"),)),
                    Definition(
                        ((words("a"), words("w", text.SUBSCRIPT)), (words("activity"),)),
                        (para("of water"),),
                    ),
                )
            ),
        ),
    ),
    (
        "<figure><p>x</p><figcaption>Fig. <b>1</b></figcaption></figure>",
        (Figure((para("x"),), (words("Fig. "), words("1", text.BOLD))),),
    ),
    (
        "<details open='open'><summary>More</summary>hidden<p>text</p></details>",
        (Details((words("More"),), (para("hidden"), para("text"))),),
    ),
    (
        "<ol start='3' type='a'><li>x</li><li value='27'>y</li></ol>",
        (Numbered(("c.", "aa."), ((para("x"),), (para("y"),))),),
    ),
    (
        "<ul><li>x</li><ul><li>y</li></ul></ul>",
        (text.Listing(False, ((para("x"), text.Listing(False, ((para("y"),),))),)),),
    ),
    (
        "<ol type='I' reversed='reversed'><li>x</li><li>y</li></ol>",
        (Numbered(("II.", "I."), ((para("x"),), (para("y"),))),),
    ),
    (
        "<table><tr><th colspan='2'>H</th></tr><tr><td rowspan='0'><p>a</p><p>b</p></td>"
        "<td>c</td></tr></table>",
        (
            Table(
                "",
                (
                    (Cell(True, (words("H"),), 2, 1),),
                    (
                        Cell(False, (words("a"), Break(), words("b")), 1, 100),
                        Cell(False, (words("c"),), 1, 1),
                    ),
                ),
            ),
        ),
    ),
    (
        "<p>say <q>yes</q>, <del>no</del> <ins>on</ins> <small>small</small></p>",
        (
            para(
                "say “yes”, ",
                words("no", text.STRIKE),
                " ",
                words("on", text.UNDERLINE),
                " small",
            ),
        ),
    ),
    (
        "<p><ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp>字<rt>ji</rt></ruby></p>",
        (para(Ruby((words("漢"),), "kan"), Ruby((words("字"),), "ji")),),
    ),
    (
        "<p>before<span><ul><li>x</li></ul></span>after</p>",
        (para("before"), text.Listing(False, ((para("x"),),)), para("after")),
    ),
    (
        "<div><section>a</section><article><p>b</p></article></div>",
        (para("a"), para("b")),
    ),
    (
        "<p><qti-printed-variable identifier='N' format='%.2f'/> and <qti-template-inline"
        " template-identifier='T' identifier='a' show-hide='hide'>x</qti-template-inline></p>",
        (
            para(
                Printed("N", "%.2f", 10, 0, ";", "", False),
                " and ",
                When("T", "a", False, (words("x"),)),
            ),
        ),
    ),
    (
        "<qti-template-block template-identifier='T' identifier='a' show-hide='show'>"
        "<qti-content-body><p>x</p></qti-content-body></qti-template-block>",
        (WhenBlock("T", "a", True, (para("x"),)),),
    ),
    (
        "<p>the <span data-catalog-idref='c1'>word</span></p><p data-catalog-idref='c2'>all</p>",
        (para("the ", Term("c1", (words("word"),))), para(Term("c2", (words("all"),)))),
    ),
    (
        "<qti-feedback-block identifier='right' outcome-identifier='F' show-hide='hide'>"
        "<p>shown</p></qti-feedback-block>",
        (para("shown"),),
    ),
    (
        "<qti-rubric-block view='candidate'><qti-content-body><p>Use a pen.</p>"
        "</qti-content-body></qti-rubric-block>",
        (para("Use a pen."),),
    ),
    (
        "<div xmlns='http://www.w3.org/1999/xhtml'><p>x</p></div>",
        (para("x"),),
    ),
]


@pytest.mark.parametrize(("body", "blocks"), BODIES)
def test_a_body_becomes_its_blocks(package: Make, body: str, blocks: tuple[Block, ...]) -> None:
    drawn = "".join(
        f"<qti-template-declaration identifier='{name}' cardinality='single' base-type='{kind}'>"
        f"<qti-default-value><qti-value>{value}</qti-value></qti-default-value>"
        "</qti-template-declaration>"
        for name, kind, value in (("N", "float", "2.5"), ("T", "identifier", "a"))
    )
    assert read(package, body, stimulus=drawn).question.item.body[:-1] == blocks


def test_a_formula_is_kept_and_written(package: Make) -> None:
    body = f"<p>x = <math xmlns='{MATHML}'><msup><mi>y</mi><mn>2</mn></msup></math></p>"
    reading = read(package, body)
    formula = reading.question.item.body[0].inlines[1]
    assert isinstance(formula, Formula)
    assert (formula.text, formula.variables) == ("y²", ())
    assert formula.mathml.startswith(f'<math xmlns="{MATHML}"')
    assert formula.mathml.endswith("</msup></math>")
    assert reading.changes == ()
    without = read(package, body.replace(f" xmlns='{MATHML}'", ""))
    assert without.question.item.body[0].inlines[1].text == "y²"


def test_a_formula_that_no_line_can_carry_is_a_picture_too(package: Make) -> None:
    matrix = "<mtable><mtr><mtd><mn>1</mn></mtd></mtr><mtr><mtd><mn>2</mn></mtd></mtr></mtable>"
    reading = read(package, f"<p>x = <math xmlns='{MATHML}'>{matrix}</math></p>")
    formula = reading.question.item.body[0].inlines[1]
    assert isinstance(formula, Formula) and formula.picture is not None
    assert formula.picture.alt == formula.text == "[1; 2]"
    assert formula.picture.media in reading.question.media
    assert "is shown as a picture, and read as “[1; 2]”" in str(reading.changes[0])


def test_a_drawing_in_the_text_itself_is_a_picture(package: Make) -> None:
    drawing = (
        "<svg xmlns='http://www.w3.org/2000/svg' width='20' height='10'><title>A field</title>"
        "<rect width='20' height='10' fill='green'/></svg>"
    )
    reading = read(package, f"<p>{drawing}</p>")
    picture = reading.question.item.body[0].inlines[0]
    assert (picture.alt, picture.width, picture.height) == ("A field", 20, 10)
    assert "was drawn as a PNG picture" in str(reading.changes[0])


def test_places_on_a_drawing_are_in_the_pixels_it_asks_for(package: Make) -> None:
    drawing = b"<svg xmlns='http://www.w3.org/2000/svg' width='50' height='20'><rect/></svg>"
    body = (
        "<qti-hotspot-interaction response-identifier='RESPONSE' max-choices='1'>"
        "<img src='../media/d.svg' alt='A field'/>"
        "<qti-hotspot-choice identifier='a' shape='rect' coords='0,0,25,20'/>"
        "<qti-hotspot-choice identifier='b' shape='rect' coords='25,0,50,20'/>"
        "</qti-hotspot-interaction>"
    )
    made = package(body=body, files={"media/d.svg": drawing})
    (reading,) = made.bank().readings
    (hotspot,) = reading.question.item.interactions
    assert (hotspot.picture.width, hotspot.picture.height) == (50, 20)
    assert hotspot.picture.media == "d.png"
    assert facts("d.png", made.bank().media["d.png"]).width == 200
    again = read_files(write_test(made.read()))
    assert next(again.references()).question == reading.question


def test_gaps_in_preformatted_text_keep_its_form(package: Make) -> None:
    body = "<pre>def f(x):\n    return <qti-text-entry-interaction response-identifier='T'/></pre>"
    declared = (
        package().declarations
        + "<qti-response-declaration identifier='T' cardinality='single' base-type='string'/>"
    )
    paragraph = read(package, body, declarations=declared).question.item.body[0]
    assert paragraph.inlines == (
        words("def\u00a0f(x):", text.CODE),
        Break(),
        words("\u00a0\u00a0\u00a0\u00a0return\u00a0", text.CODE),
        Gap("T"),
    )


def test_choices_keep_their_paragraphs_and_lists(package: Make) -> None:
    inner = "<p>one</p><ul><li>two</li></ul><h3>three</h3>"
    made = package()
    made.body = made.body.replace(">A<", f">{inner}<")
    (reading,) = made.bank().readings
    assert reading.question.item.interactions[0].choices[0].body == (
        words("one"),
        Break(),
        words("• two"),
        Break(),
        words("three"),
    )
    assert ["plain lines" in str(change) for change in reading.changes] == [True]


@pytest.mark.parametrize(
    ("inner", "lines", "exact"),
    [
        ("<ol><li>x</li><li>y</li></ol>", "1. x\n2. y", True),
        ("<ol start='4' type='i'><li>x</li></ol>", "iv. x", True),
        ("<pre>a b\n c</pre>", "a\u00a0b\n\u00a0c", True),
        ("<p>x</p><hr/><p>y</p>", "x\ny", False),
        ("<figure><p>x</p><figcaption>fig</figcaption></figure>", "x\nfig", True),
        ("<blockquote><p>x</p></blockquote>", "x", False),
        ("<details><summary>s</summary>x</details>", "s\nx", False),
        ("<dl><dt>t</dt><dd>d</dd></dl>", "t\nd", False),
        (
            "<table><caption>c</caption><tr><td>x</td><td>y</td></tr><tr><td>z</td></tr></table>",
            "c\nx | y\nz",
            False,
        ),
    ],
)
def test_blocks_in_a_choice_become_lines(
    package: Make, inner: str, lines: str, exact: bool
) -> None:
    made = package()
    made.body = made.body.replace(">A<", f">{inner}<")
    (reading,) = made.bank().readings
    body = reading.question.item.interactions[0].choices[0].body
    said = "".join("\n" if isinstance(each, Break) else each.text for each in body)
    assert said == lines
    assert (reading.changes == ()) is exact


def test_neither_interactions_nor_recordings_stand_in_a_choice(package: Make) -> None:
    made = package(files={"media/a.mp3": MP3})
    made.body = made.body.replace(">A<", "><audio src='../media/a.mp3'/><")
    assert "where only text can" in str(made.bank().readings[0].refusal)


def gif(frames: int = 1) -> bytes:
    out = io.BytesIO()
    pictures = [Image.new("RGB", (5, 4), (90 * each, 0, 0)) for each in range(frames)]
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:])
    return out.getvalue()


def test_pictures_of_all_kinds(package: Make) -> None:
    png = io.BytesIO()
    Image.new("RGB", (6, 3)).save(png, "PNG")
    inline = base64.b64encode(png.getvalue()).decode()
    body = f"""<p><img src="../media/p.png" alt="x" width="8"/>
      <img src="../media/my%20pic.png" alt="y" width="50%"/>
      <img src="data:image/png;base64,{inline}" alt="z"/>
      <img src="../media/g.gif" alt="g"/>
      <picture><source srcset="x.webp"/><img src="../media/p.png" alt=""/></picture>
      <object data="../media/p.png" type="image/png">words</object>
      <object data="x.html" type="text/html"><img src="../media/p.png" alt="fallback"/></object>
      <img src="../other/p.png" alt="same name"/></p>"""
    files = {
        "media/my pic.png": png.getvalue(),
        "media/g.gif": gif(2),
        "other/p.png": png.getvalue(),
    }
    reading = read(package, body, files=files)
    pictures = [each for each in reading.question.item.body[0].inlines if isinstance(each, Picture)]
    assert [(each.alt, each.width, each.height) for each in pictures] == [
        ("x", 8, 6), ("y", 6, 3), ("z", 6, 3), ("g", 5, 4), ("", 4, 3), ("words", 4, 3),
        ("fallback", 4, 3), ("same name", 6, 3),
    ]  # fmt: skip
    names = [each.media for each in pictures]
    assert names[:2] == ["p.png", "my-pic.png"]
    assert names[3] == "g.png"
    assert len(set(names)) == 5
    assert reading.question.media == set(names)
    bank = package(files=files, body=body + package().body).bank()
    assert bank.media["g.png"].startswith(b"\x89PNG")
    told = "\n".join(map(str, reading.changes))
    assert "g.gif was made a PNG, of its first picture" in told
    assert "the plain <img> was taken" in told
    assert "for what its author gives in its place" in told


def test_sounds_stand_alone(package: Make) -> None:
    body = """<p>Listen: <audio src="../media/a.mp3" title="A bell"/></p>
      <object data="../media/b.mp3" type="audio/mpeg">A horn</object>"""
    files = {"media/a.mp3": MP3, "media/b.mp3": MP3 * 3}
    item = read(package, body, files=files).question.item
    assert item.body[:3] == (
        para("Listen:"),
        Recording("a.mp3", "audio/mpeg", "A bell"),
        Recording("b.mp3", "audio/mpeg", "A horn"),
    )
    assert not unshown(item)


def test_a_film_is_refused_with_a_reason(package: Make) -> None:
    body = """<object data="../media/v.webm" type="video/webm">A film</object>"""
    made = package(files={"media/v.webm": b"\x1a\x45\xdf\xa3xxxx"})
    made.body = body + made.body
    refusal = made.bank().readings[0].refusal
    assert refusal is not None and "play no films; save its sound" in str(refusal)


def test_catalogues_are_kept_with_the_item(package: Make) -> None:
    stimulus = """<qti-catalog-info><qti-catalog id="c1">
      <qti-card support="glossary-on-screen"><qti-html-content><p>A <b>pail</b></p>
      </qti-html-content></qti-card>
      <qti-card support="keyword-translation"><qti-card-entry xml:lang="es" default="true">
        <qti-html-content>cubo</qti-html-content></qti-card-entry>
        <qti-card-entry xml:lang="de"><qti-html-content>Eimer</qti-html-content>
        </qti-card-entry></qti-card>
      <qti-card support="spoken"><qti-card-entry data-reading-type="computer-read-aloud">
        <qti-html-content>pail</qti-html-content>
        <qti-file-href mime-type="audio/mpeg">../media/a.mp3</qti-file-href></qti-card-entry>
      </qti-card></qti-catalog></qti-catalog-info>"""
    reading = read(package, "<p/>", stimulus=stimulus, files={"media/a.mp3": MP3})
    (catalog,) = reading.question.item.catalogs
    assert catalog == Catalog(
        "c1",
        (
            Card("glossary-on-screen", "", (para("A ", words("pail", text.BOLD)),), "", ()),
            Card("keyword-translation", "es", (para("cubo"),), "", ()),
            Card("keyword-translation", "de", (para("Eimer"),), "", ()),
            Card(
                "spoken", "", (para("pail"),), "a.mp3", (("reading-type", "computer-read-aloud"),)
            ),
        ),
    )
    assert "a.mp3" in reading.question.media


def test_a_part_in_a_file_of_its_own(package: Make) -> None:
    xi = "xmlns:xi='http://www.w3.org/2001/XInclude'"
    body = f"<div><xi:include {xi} href='../parts/p.xml'/></div>"
    files = {"parts/p.xml": b"<blockquote><p>quoted</p></blockquote>"}
    assert read(package, body, files=files).question.item.body[0] == Quotation((para("quoted"),))
    endless = f"<xi:include {xi} href='p.xml'/>".encode()
    made = package(files={"parts/p.xml": endless}, body=body + package().body)
    assert "inclusion is not supported" in str(made.bank().readings[0].refusal)
    made.files["parts/p.xml"] = f"<div>{endless.decode() * 9}</div>".encode()
    assert "inclusion is not supported" in str(made.bank().readings[0].refusal)
    made.body = made.body.replace("../parts/p.xml", "file:///etc/passwd")
    assert "not a file of this package" in str(made.bank().readings[0].refusal)


HOSTILE = "a\N{RIGHT-TO-LEFT OVERRIDE}\N{ZERO WIDTH SPACE}&#x9b;31m&#xa0;\N{BELL} b" + "c" * 100_000


def test_no_word_of_an_item_commands_a_screen(package: Make) -> None:
    body = f"""<p title="{HOSTILE}">{HOSTILE}</p><p><img src="../media/p.png" alt="{HOSTILE}"/>
      <math xmlns="{MATHML}"><mtext>{HOSTILE[:9_000]}</mtext></math></p><pre>{HOSTILE}</pre>
      <table><caption>{HOSTILE}</caption><tr><td>{HOSTILE}</td></tr></table>
      <p><qti-text-entry-interaction response-identifier="T" placeholder-text="{HOSTILE}"/></p>"""
    declared = (
        package().declarations
        + "<qti-response-declaration identifier='T' cardinality='single' base-type='string'/>"
    )
    made = package(declarations=declared, files={})
    made.body = body + made.body.replace(">A<", f">{HOSTILE}<")
    made.files["items/i.xml"] = made.item().replace('title="I"', f'title="{HOSTILE}"').encode()
    (reading,) = made.bank().readings
    assert reading.refusal is None
    item = reading.question.item
    shown = [item.title]
    for part in text.walk(item):
        for name in part.__struct_fields__:
            value = getattr(part, name)
            if isinstance(value, str) and name != "mathml":
                shown.append(value)
    assert any("c" * 100_000 in each for each in shown)
    for each in shown:
        assert not [char for char in each if not char.isprintable() and char not in "\u200b\u00a0"]


def test_what_became_of_a_picture_is_told_in_each_file_that_shows_it() -> None:
    library = Library({"g.gif": gif()})
    for name in ("a.xml", "b.xml"):
        node = parse(b"<img src='g.gif'/>", name)
        assert library.picture(node, "g.gif") == ("g.png", 5, 4)
        (change,) = node.changes
        assert "was made a PNG" in str(change)
