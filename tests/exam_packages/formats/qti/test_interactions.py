"""Every interaction of the standard, in QTI 3's names and in those of QTI 2."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from exam_packages.assessment import ChoiceWhen, Shuffle
from exam_packages.content import items as it
from exam_packages.content.items import Interaction, complete, problem
from exam_packages.content.text import (
    Blank,
    HotWords,
    Paragraph,
    Picture,
    Recording,
    Slot,
    Text,
)
from exam_packages.content.values import Response
from exam_packages.formats.errors import FormatError

Make = Callable[..., Any]

PICTURE = Picture("p.png", "A photo", 40, 30)
IMG = "<img src='../media/p.png' alt='A photo' width='40' height='30'/>"
OBJECT = "<object data='../media/p.png' type='image/png' width='40' height='30'>A photo</object>"
MP3 = bytes.fromhex("fffb9000") + bytes(413)  # one frame of silence


def words(*texts: str) -> tuple[Paragraph, ...]:
    return tuple(Paragraph((Text(text, 0),)) for text in texts)


def area(name: str, *coordinates: int, shape: str = "rect", most: int = 1) -> it.Area:
    return it.Area(name, shape, coordinates, f"Area {name}", most)


def spot(element: str, name: str, coords: str, shape: str = "rect", more: str = "") -> str:
    return (
        f"<qti-{element} identifier='{name}' shape='{shape}' coords='{coords}'"
        f" hotspot-label='Area {name}' {more}/>"
    )


SPOTS = spot("hotspot-choice", "a", "0,0,9,9") + spot("hotspot-choice", "b", "9,9,5", "circle")
AREAS = (area("a", 0, 0, 9, 9), area("b", 9, 9, 5, shape="circle"))
ENDS = spot("associable-hotspot", "a", "0,0,9,9", more="match-max='2'") + spot(
    "associable-hotspot", "b", "0,0,9,0,9,9", "poly", "match-max='1'"
)
TARGETS = (area("a", 0, 0, 9, 9, most=2), area("b", 0, 0, 9, 0, 9, 9, shape="poly"))


def choice(name: str, body: str, match_max: int = 1) -> it.SimpleChoice:
    return it.SimpleChoice(name, (Text(body, 0),), match_max)


KINDS: list[tuple[str, str, str, Interaction, tuple[str, ...]]] = [
    (
        "multiple pair", "associate",
        """max-associations="2" min-associations="1"><qti-prompt>Join!</qti-prompt>
        <qti-simple-associable-choice identifier="a" match-max="2">A</qti-simple-associable-choice>
        <qti-simple-associable-choice identifier="b" match-max="1">B</qti-simple-associable-choice>
        """,
        it.Associate("R", words("Join!"), (choice("a", "A", 2), choice("b", "B")), 1, 2),
        ("a b",),
    ),
    (
        "multiple directedPair", "gap-match",
        """shuffle="false"><qti-gap-text identifier="a" match-max="1">A</qti-gap-text>
        <qti-gap-img identifier="b" match-max="0"><img src="../media/p.png" alt="A photo"
          width="40" height="30"/></qti-gap-img>
        <p>Put <qti-gap identifier="g"/> here</p>
        <blockquote>or <qti-gap identifier="h"/></blockquote>
        """,
        it.GapMatch(
            "R", (), (choice("a", "A"), it.SimpleChoice("b", (PICTURE,), 0)),
            (
                Paragraph((Text("Put ", 0), Blank("g"), Text(" here", 0))),
                it.text.Quotation((Paragraph((Text("or ", 0), Blank("h"))),)),
            ),
            ("g", "h"), 0, 0,
        ),
        ("a g", "b h"),
    ),
    (
        "single identifier", "hottext",
        """max-choices="1"><p>The <qti-hottext identifier="a">first</qti-hottext> and the
        <qti-hottext identifier="b">second</qti-hottext></p>""",
        it.Hottext(
            "R", (),
            (
                Paragraph(
                    (
                        Text("The ", 0), HotWords("a", (Text("first", 0),)),
                        Text(" and the ", 0), HotWords("b", (Text("second", 0),)),
                    )
                ),
            ),
            ("a", "b"), 0, 1,
        ),
        ("b",),
    ),
    (
        "single integer", "slider",
        """lower-bound="0" upper-bound="100" step="5" step-label="true" orientation="vertical"
        reverse="true"><qti-prompt>How many?</qti-prompt>""",
        it.Slider("R", words("How many?"), "0", "100", "5", True, True, True),
        ("35",),
    ),
    (
        "multiple identifier", "hotspot", f'max-choices="0">{IMG}{SPOTS}',
        it.Hotspot("R", (), PICTURE, AREAS, 0, 0), ("a", "b"),
    ),
    (
        "ordered identifier", "graphic-order", f">{IMG}{SPOTS}",
        it.GraphicOrder("R", (), PICTURE, AREAS, 0, 0), ("b", "a"),
    ),
    (
        "multiple pair", "graphic-associate", f'max-associations="0">{IMG}{ENDS}',
        it.GraphicAssociate("R", (), PICTURE, TARGETS, 0, 0), ("a b",),
    ),
    (
        "multiple directedPair", "graphic-gap-match",
        f"><qti-prompt>Label!</qti-prompt>{IMG}<qti-gap-text identifier='x' match-max='2'>X"
        f"</qti-gap-text>{ENDS}",
        it.GraphicGapMatch("R", words("Label!"), (choice("x", "X", 2),), PICTURE, TARGETS, 0, 0),
        ("x a",),
    ),
    (
        "multiple point", "select-point", f'max-choices="2" min-choices="1">{IMG}',
        it.SelectPoint("R", (), PICTURE, 1, 2), ("3 4", "40 30"),
    ),
    (
        "single integer", "media",
        """autostart="true" min-plays="1" max-plays="2"><audio><source src="../media/a.mp3"
        type="audio/mpeg"/></audio>""",
        it.Media("R", (), Recording("a.mp3", "audio/mpeg", ""), 1, 2, True, False),
        ("1",),
    ),
    (
        "ordered identifier", "order",
        """min-choices="1" max-choices="1" shuffle="true">
        <qti-simple-choice identifier="a">A</qti-simple-choice>
        <qti-simple-choice identifier="b" fixed="true">B</qti-simple-choice>""",
        it.Order("R", (), (choice("a", "A"), choice("b", "B")), 1, 1),
        ("b",),
    ),
    (
        "ordered string", "extended-text",
        """min-strings="1" max-strings="3" expected-length="20" expected-lines="1"
        pattern-mask="[a-z]{1,9}" placeholder-text="one word">""",
        it.ExtendedText("R", (), 1, "one word", 20, 1, 3, "[a-z]{1,9}", False),
        ("one", "two"),
    ),
    (
        "single float", "extended-text", ">",
        it.ExtendedText("R", (), 0, "", 0, 0, 1, "", True), ("2.5",),
    ),
]  # fmt: skip


def element(kind: str, rest: str) -> str:
    return f'<qti-{kind}-interaction response-identifier="R" {rest}</qti-{kind}-interaction>'


def item(package: Make, declared: str, body: str, correct: tuple[str, ...] = ()) -> Any:
    cardinality, base_type = declared.split()
    values = "".join(f"<qti-value>{value}</qti-value>" for value in correct)
    inner = f"<qti-correct-response>{values}</qti-correct-response>" if correct else ""
    return package(
        declarations=f'<qti-response-declaration identifier="R" cardinality="{cardinality}"'
        f' base-type="{base_type}">{inner}</qti-response-declaration>',
        body=body,
        outcome='<qti-outcome-declaration identifier="SCORE" cardinality="single"'
        ' base-type="float" normal-maximum="1"/>',
        processing="<qti-response-processing><qti-set-outcome-value identifier='SCORE'>"
        "<qti-base-value base-type='float'>1</qti-base-value></qti-set-outcome-value>"
        "</qti-response-processing>",
        files={"media/a.mp3": MP3},
    )


def older(text: str) -> str:
    """A QTI 3 file in the names of QTI 2."""

    def camel(name: str) -> str:
        first, *rest = name.split("-")
        return first + "".join(part.capitalize() for part in rest)

    text = re.sub(r"(</?)qti-([a-z-]+)", lambda found: found[1] + camel(found[2]), text)
    text = re.sub(r"\b([a-z]+(?:-[a-z]+)+)(?==['\"])", lambda found: camel(found[1]), text)
    return text.replace("imsqtiasi_v3p0", "imsqti_v2p1")


@pytest.mark.parametrize(
    ("declared", "kind", "rest", "wanted", "answer"), KINDS, ids=[each[1] for each in KINDS]
)
def test_an_interaction_is_what_its_author_wrote(
    package: Make,
    declared: str,
    kind: str,
    rest: str,
    wanted: Interaction,
    answer: tuple[str, ...],
) -> None:
    made = item(package, declared, element(kind, rest), answer)
    (reading,) = made.bank().readings
    assert reading.refusal is None
    # The rules of this test give points to everybody, which is told and nothing else is.
    assert all("is left out scores" in str(each) for each in reading.changes)
    assert reading.question.item.interactions == (wanted,)
    assert reading.question.item.body == (Slot("R"),)
    assert problem(wanted, Response("R", answer)) is None
    assert complete(wanted, Response("R", answer))
    with_pictures = IMG in rest or kind == "gap-match"
    assert ("p.png" in reading.question.media) is with_pictures

    made.files["items/i.xml"] = older(made.item().replace(IMG, OBJECT)).encode()
    (again,) = made.bank().readings
    assert again.refusal is None
    assert again.question.item == reading.question.item
    assert again.question.key == reading.question.key
    without = made.files["items/i.xml"].replace(b'xmlns="', b'xmlns:old="')
    made.files["items/i.xml"] = without
    assert made.bank().readings[0].question == again.question


def test_a_stage_takes_several_objects(package: Make) -> None:
    body = f"""<qti-position-object-stage>{IMG}
      <qti-position-object-interaction response-identifier="R" max-choices="1" center-point="3 4">
        {IMG}</qti-position-object-interaction>
      <qti-position-object-interaction response-identifier="S">{IMG}
      </qti-position-object-interaction></qti-position-object-stage>"""
    made = item(package, "multiple point", body)
    made.declarations += made.declarations.replace('"R"', '"S"')
    first, second = made.question().item.interactions
    assert first == it.PositionObject("R", PICTURE, PICTURE, (3, 4), 0, 1)
    assert second == it.PositionObject("S", PICTURE, PICTURE, (20, 15), 0, 0)


def test_a_record_takes_one_text(package: Make) -> None:
    made = item(package, "record none", f"<p>{element('text-entry', '>')}</p>")
    made.declarations = made.declarations.replace(' base-type="none"', "")
    (entry,) = made.question().item.interactions
    assert entry == it.TextEntry("R", 0, "", "", False)


def test_choices_that_a_template_shows_or_hides(package: Make) -> None:
    body = element(
        "choice",
        """shuffle="true"><qti-simple-choice identifier="a">A</qti-simple-choice>
        <qti-simple-choice identifier="b" template-identifier="T" show-hide="hide" fixed="true">B
        </qti-simple-choice>""",
    )
    made = item(package, "single identifier", body)
    with pytest.raises(FormatError, match="variable “T” is not declared"):
        made.question()
    made.stimulus = (
        "<qti-template-declaration identifier='T' cardinality='single' base-type='identifier'/>"
    )
    question = made.question()
    assert question.conditions == (ChoiceWhen("R", "b", "T", False),)
    assert question.shuffles == (Shuffle("R", frozenset({"b"})),)


@pytest.mark.parametrize(
    ("declared", "kind", "rest", "why"),
    [
        ("multiple string", "text-entry", ">", "needs single or record string"),
        ("single string", "associate", ">", "needs multiple or single pair"),
        ("multiple directedPair", "gap-match", "><qti-gap-text identifier='a' match-max='1'>A"
         "</qti-gap-text><p>x</p>", "needs gaps"),
        ("multiple directedPair", "gap-match", "><qti-gap-text identifier='a' match-max='1'>A"
         f"</qti-gap-text><p><qti-gap identifier='g'/>{element('text-entry', '>')}</p>",
         "inside another one"),
        ("multiple identifier", "hottext", "><p>x</p>", "needs hottexts"),
        ("single integer", "slider", "lower-bound='5' upper-bound='5'>", "below its upper-bound"),
        ("single integer", "slider", "lower-bound='0' upper-bound='5' step='9'>", "step must be"),
        ("multiple identifier", "hotspot", f">{SPOTS}", "exactly one picture"),
        ("multiple identifier", "hotspot", f">{IMG}", "hot spots must be"),
        ("multiple identifier", "hotspot", f">{IMG}{SPOTS}{SPOTS}", "hot spots must be"),
        ("multiple identifier", "hotspot", IMG.join("> ") + spot("hotspot-choice", "a", "1,2"),
         "does not have 2 coordinates"),
        ("multiple identifier", "hotspot", IMG.join("> ") + spot("hotspot-choice", "a", "1%,2,3,4"),
         "“1%” is none"),
        ("multiple identifier", "hotspot", f"min-choices='3'>{IMG}{SPOTS}", "min-choices is more"),
        ("single integer", "media", ">", "exactly one recording"),
        ("single integer", "media", f">{IMG}", "a recording is expected"),
        ("single string", "extended-text", "base='16'>", "base 10"),
        ("single string", "text-entry", "string-identifier='S'>", "second variable"),
        ("multiple directedPair", "match", "><qti-simple-match-set/>", "exactly two"),
    ],
)  # fmt: skip
def test_an_interaction_that_cannot_be_meant_is_refused(
    package: Make, declared: str, kind: str, rest: str, why: str
) -> None:
    body = element(kind, rest)
    if kind == "text-entry":
        body = f"<p>{body}</p>"
    with pytest.raises(FormatError, match=why):
        item(package, declared, body).read()
