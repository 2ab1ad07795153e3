"""Items as QTI writes them become what they mean, or are refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from exam_packages.assessment import Shuffle
from exam_packages.content import text
from exam_packages.content.items import (
    Choice,
    ExtendedText,
    InlineChoice,
    Match,
    Order,
    TextEntry,
    complete,
    unshown,
)
from exam_packages.content.text import (
    Break,
    Cell,
    Gap,
    Heading,
    Listing,
    Paragraph,
    Picture,
    Preformatted,
    Quotation,
    Slot,
    Table,
    Text,
)
from exam_packages.content.values import Response
from exam_packages.formats.errors import FormatError
from exam_packages.formats.report import Verdict
from exam_packages.rules.processing import EXTERNAL, score
from exam_packages.rules.templates import draw_templates
from exam_packages.templates import substitute

Make = Callable[..., Any]

TEMPLATE = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/"


def declare(cardinality: str, base_type: str, inner: str = "", name: str = "RESPONSE") -> str:
    return (
        f'<qti-response-declaration identifier="{name}" cardinality="{cardinality}"'
        f' base-type="{base_type}">{inner}</qti-response-declaration>'
    )


def correct(*values: str) -> str:
    inner = "".join(f"<qti-value>{value}</qti-value>" for value in values)
    return f"<qti-correct-response>{inner}</qti-correct-response>"


def test_an_item_and_its_key_are_two_things(package: Make) -> None:
    question = package().question()
    assert question.item.identifier == question.key.item == "i"
    (choice,) = question.item.interactions
    assert isinstance(choice, Choice)
    assert [each.identifier for each in choice.choices] == ["a", "b"]
    assert question.item.body == (Slot("RESPONSE"),)
    assert question.key.responses[0].correct == ("a",)
    assert question.key.max_score == "1"


def test_xhtml_becomes_blocks(package: Make) -> None:
    body = """
      <div class="wide"><h2>Title</h2>
      loose   text
      <p>One <b>bold <i>both</i></b>
         two<br/>three H<sub>2</sub>O  </p></div>
      <ul><li>first</li><li><p>second</p><p>more</p></li></ul>
      <ol><li>x</li></ol>
      <table><caption> A  caption </caption><thead><tr><th scope="col">H</th></tr></thead>
        <tbody><tr><td>d <code>c</code></td></tr></tbody></table>
      <pre>  a
  b</pre>
      <blockquote><p>quoted</p></blockquote>
      <p><img src="../media/p.png" alt="A  picture"/></p><p> </p>
    """
    question = package(body=body + package().body).question()
    assert question.item.body == (
        Heading(2, (Text("Title", 0),)),
        Paragraph((Text("loose text", 0),)),
        Paragraph(
            (
                Text("One ", 0),
                Text("bold ", text.BOLD),
                Text("both", text.BOLD | text.ITALIC),
                Text(" two", 0),
                Break(),
                Text("three H", 0),
                Text("2", text.SUBSCRIPT),
                Text("O", 0),
            )
        ),
        Listing(
            False,
            (
                (Paragraph((Text("first", 0),)),),
                (Paragraph((Text("second", 0),)), Paragraph((Text("more", 0),))),
            ),
        ),
        Listing(True, ((Paragraph((Text("x", 0),)),),)),
        Table(
            "A caption",
            (
                (Cell(True, (Text("H", 0),), 1, 1),),
                (Cell(False, (Text("d ", 0), Text("c", text.CODE)), 1, 1),),
            ),
        ),
        Preformatted("  a\n  b"),
        Quotation((Paragraph((Text("quoted", 0),)),)),
        Paragraph((Picture("p.png", "A picture", 4, 3),)),
        Slot("RESPONSE"),
    )
    assert question.media == {"p.png"}


def test_characters_that_command_a_screen_do_not_survive(package: Make) -> None:
    body = "<p>a\N{RIGHT-TO-LEFT OVERRIDE}b&#x9b;31mc&#x85;d</p>" + package().body
    assert package(body=body).question().item.body[0] == Paragraph((Text("ab31mcd", 0),))


def test_every_interaction_is_taken_in(package: Make) -> None:
    declarations = (
        declare("single", "identifier", correct("x"), "MENU")
        + declare("ordered", "identifier", correct("b", "a"), "ORDER")
        + declare("multiple", "directedPair", correct("s t"), "MATCH")
        + declare("single", "float", correct("2.5"), "NUMBER")
        + declare("single", "string", "", "ESSAY")
        + declare("multiple", "identifier", correct("p", "q"), "MANY")
    )
    body = """
    <p>A <qti-inline-choice-interaction response-identifier="MENU">
      <qti-inline-choice identifier="x">X</qti-inline-choice></qti-inline-choice-interaction> and
      <qti-text-entry-interaction response-identifier="NUMBER" expected-length="4"
        pattern-mask="[0-9.]{1,4}" placeholder-text="0.0"/></p>
    <qti-order-interaction response-identifier="ORDER" shuffle="true">
      <qti-prompt>Order!</qti-prompt>
      <qti-simple-choice identifier="a" fixed="true">A</qti-simple-choice>
      <qti-simple-choice identifier="b">B</qti-simple-choice></qti-order-interaction>
    <qti-match-interaction response-identifier="MATCH" max-associations="2">
      <qti-simple-match-set><qti-simple-associable-choice identifier="s" match-max="1">S
        </qti-simple-associable-choice></qti-simple-match-set>
      <qti-simple-match-set><qti-simple-associable-choice identifier="t" match-max="0">T
        </qti-simple-associable-choice></qti-simple-match-set></qti-match-interaction>
    <qti-extended-text-interaction response-identifier="ESSAY" expected-lines="5"/>
    <qti-choice-interaction response-identifier="MANY" max-choices="0" min-choices="1">
      <qti-simple-choice identifier="p"><p>P</p></qti-simple-choice>
      <qti-simple-choice identifier="q">Q</qti-simple-choice></qti-choice-interaction>
    """
    outcome = package().outcome.replace("/>", ' normal-maximum="2"/>')
    processing = """<qti-response-processing><qti-set-outcome-value identifier="SCORE">
      <qti-base-value base-type="integer">2</qti-base-value></qti-set-outcome-value>
      </qti-response-processing>"""
    question = package(
        declarations=declarations, body=body, outcome=outcome, processing=processing
    ).question()
    menu, number, order, match, essay, many = question.item.interactions
    assert isinstance(menu, InlineChoice) and menu.response == "MENU"
    assert number == TextEntry("NUMBER", 4, "[0-9.]{1,4}", "0.0", True)
    assert isinstance(order, Order) and order.prompt == (Paragraph((Text("Order!", 0),)),)
    assert isinstance(match, Match) and match.targets[0].match_max == 0
    assert essay == ExtendedText("ESSAY", (), 5, "", 0, 0, 1, "", False)
    assert isinstance(many, Choice) and many.choices[0].body == (Text("P", 0),)
    assert question.item.body[0] == Paragraph(
        (Text("A ", 0), Gap("MENU"), Text(" and ", 0), Gap("NUMBER"))
    )
    assert question.shuffles == (Shuffle("ORDER", frozenset({"a"})),)


@pytest.mark.parametrize(
    "address",
    [
        TEMPLATE + "match_correct.xml",
        TEMPLATE + "match_correct",
        "http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct",
    ],
)
def test_a_template_is_known_by_its_last_part(package: Make, address: str) -> None:
    processing = f'<qti-response-processing template="{address}"/>'
    question = package(processing=processing).question()
    assert score(question.item, question.key, (Response("RESPONSE", ("a",)),)).score == 1
    assert score(question.item, question.key, (Response("RESPONSE", ("b",)),)).score == 0


def test_map_response_finds_its_own_maximum(package: Make) -> None:
    mapping = """<qti-mapping default-value="-1" lower-bound="0">
      <qti-map-entry map-key="a" mapped-value="0.5"/>
      <qti-map-entry map-key="b" mapped-value="0.25"/></qti-mapping>"""
    made = package(
        declarations=declare("multiple", "identifier", correct("a", "b") + mapping),
        body=package().body.replace('"RESPONSE"', '"RESPONSE" max-choices="0"'),
        processing=f'<qti-response-processing template="{TEMPLATE}map_response.xml"/>',
    )
    question = made.question()
    assert question.key.max_score == "0.75"
    given = (Response("RESPONSE", ("b", "a")),)
    assert score(question.item, question.key, given).score == Fraction(3, 4)


def test_a_person_scores_an_external_item(package: Make) -> None:
    question = package(
        declarations=declare("single", "string"),
        body='<qti-extended-text-interaction response-identifier="RESPONSE"/>',
        outcome=package().outcome.replace("/>", ' normal-maximum="4" external-scored="human"/>'),
        processing="",
    ).question()
    given = (Response("RESPONSE", ("words",)),)
    assert score(question.item, question.key, given).person == EXTERNAL
    assert question.key.max_score == "4"


CHOICE = '<qti-choice-interaction response-identifier="RESPONSE"'

REFUSED: list[tuple[dict[str, str], str]] = [
    ({"body": f'<div hidden="hidden">{CHOICE}><qti-simple-choice identifier="a">A'
      "</qti-simple-choice></qti-choice-interaction></div>"}, "the item asks nothing"),
    ({"declarations": declare("single", "identifier")}, "“RESPONSE” has no correct response"),
    ({"body": "<video/>"}, "<video>: there is no file to play"),
    ({"body": "<video src='../media/p.png'/>"}, "none of WAV"),
    ({"body": "<script>x</script>"}, "<script>: this element is not supported"),
    ({"body": "<svg xmlns='http://www.w3.org/2000/svg'/>"}, "<svg>: .* says no size"),
    ({"body": "<x xmlns='urn:x'/>"}, "<x>: this element is not supported"),
    ({"body": "<p><img src='../media/none.png' alt='x'/></p>"}, "not a file of this package"),
    ({"body": "<p><img src='../../../etc/passwd' alt='x'/></p>"}, "not a file of this package"),
    ({"body": "<p><img src='file:///etc/passwd' alt='x'/></p>"}, "not a file of this package"),
    ({"body": "<p><img src='http://127.0.0.1/p.png' alt='x'/></p>"}, "not a file of this"),
    ({"body": "<p><img src='../test.xml' alt='x'/></p>"}, "not a PNG"),
    ({"body": "<table><tr><td colspan='many'>x</td></tr></table>"}, "colspan"),
    ({"body": "<table><tr><td colspan='200'>x</td></tr></table>"}, "colspan"),
    ({"body": "<qti-hotspot-interaction response-identifier='RESPONSE'/>"}, "<qti-hotspot"),
    ({"body": "<qti-rubric-block view='nobody'/>"}, "is no view"),
    ({"body": "<qti-drawing-interaction/>"}, "a drawing cannot be made"),
    ({"body": "<qti-custom-interaction/>"}, "a program of its own"),
    ({"body": "<qti-portable-custom-interaction/>"}, "a program of its own"),
    ({"body": "<qti-upload-interaction/>"}, "cannot be handed in"),
    ({"body": "<qti-end-attempt-interaction/>"}, "needs the answer key at the station"),
    ({"body": "<p><qti-gap identifier='g'/></p>"}, "only stand inside a gap match"),
    ({"body": "<p><qti-hottext identifier='g'>x</qti-hottext></p>"}, "only stand inside a hot"),
    ({"body": f"{CHOICE}/>"}, "1 to 256"),
    (
        {"body": f"{CHOICE} max-choices='many'><qti-simple-choice identifier='a'>A"
         "</qti-simple-choice></qti-choice-interaction>"},
        "whole number",
    ),
    (
        {"body": "<qti-order-interaction response-identifier='RESPONSE'><qti-simple-choice"
         " identifier='a'>A</qti-simple-choice></qti-order-interaction>"},
        "declared single identifier",
    ),
    (
        {"body": f"{CHOICE} shuffle='perhaps'><qti-simple-choice identifier='a'>A"
         "</qti-simple-choice></qti-choice-interaction>"},
        "true or false",
    ),
    (
        {"body": f"{CHOICE}><qti-simple-choice identifier='b'>B</qti-simple-choice>"
         "</qti-choice-interaction>"},
        "correct response of “RESPONSE” is “a”",
    ),
    (
        {"body": f"{CHOICE}><qti-simple-choice identifier='a'>A<qti-feedback-inline/>"
         "</qti-simple-choice></qti-choice-interaction>"},
        "<qti-feedback-inline>",
    ),
    ({"body": "<qti-choice-interaction response-identifier='OTHER'/>"}, "not declared"),
    ({"declarations": ""}, "not declared"),
    ({"declarations": declare("record", "identifier")}, "cardinality “record”"),
    ({"declarations": declare("single", "colour")}, "base type “colour”"),
    ({"declarations": declare("single", "integer", correct("one"))}, "not a value of the type"),
    (
        {"declarations": declare("single", "identifier", correct("a", "b"))},
        "several <qti-value>",
    ),
    (
        {
            "declarations": declare(
                "single", "identifier", correct("a").replace("correct-response", "default-value")
            )
        },
        "given beforehand",
    ),
    (
        {"outcome": "", "processing": "<qti-response-processing><qti-set-outcome-value"
         " identifier='SCORE'><qti-null/></qti-set-outcome-value></qti-response-processing>"},
        "SCORE is not declared",
    ),
    (
        {"outcome": '<qti-outcome-declaration identifier="SCORE" cardinality="single"'
         ' base-type="string"/>'},
        "single float or integer",
    ),
    (
        {"outcome": '<qti-outcome-declaration identifier="SCORE" cardinality="single"'
         ' base-type="float" external-scored="externalMachine"/>'},
        "can only be human",
    ),
    ({"processing": ""}, "nothing scores the item"),
    (
        {"processing": '<qti-response-processing template="http://x/CC3_match.xml"/>'},
        "template “CC3_match”",
    ),
    (
        {"processing": "<qti-response-processing><qti-custom/></qti-response-processing>"},
        "<qti-custom>",
    ),
    (
        {"processing": "<qti-response-processing><qti-set-outcome-value identifier='SCORE'>"
         "<qti-random-float/></qti-set-outcome-value></qti-response-processing>"},
        "<qti-random-float>",
    ),
    (
        {"outcome": '<qti-outcome-declaration identifier="SCORE" cardinality="single"'
         ' base-type="float" normal-maximum="1"/>',
         "processing": "<qti-response-processing><qti-set-outcome-value identifier='SCORE'>"
         "<qti-variable identifier='NOBODY'/></qti-set-outcome-value>"
         "</qti-response-processing>"},
        "cannot be followed: .*“NOBODY”",
    ),
    (
        {"processing": "<qti-response-processing><qti-exit-response/></qti-response-processing>"},
        "highest score is not clear",
    ),
    ({"item_attributes": 'time-dependent="false" adaptive="true"'}, "adaptive"),
    ({"stimulus": '<qti-assessment-stimulus-ref identifier="x" href="../no.xml"/>'}, "not a file"),
    ({"stimulus": "<qti-template-declaration/>"}, "<qti-template-declaration>"),
]  # fmt: skip


def test_the_greatest_constant_is_the_highest_score_where_nothing_else_says_it(
    package: Make,
) -> None:
    choice = "<qti-variable identifier='RESPONSE'/><qti-base-value base-type='identifier'>b"
    given = "<qti-set-outcome-value identifier='SCORE'><qti-base-value base-type='float'>{}"
    ends = "</qti-base-value>"
    rules = (
        "<qti-response-processing><qti-response-condition><qti-response-if><qti-match>"
        f"{choice}{ends}</qti-match>{given.format(2.5)}{ends}</qti-set-outcome-value>"
        f"</qti-response-if><qti-response-else>{given.format(0)}{ends}</qti-set-outcome-value>"
        "</qti-response-else></qti-response-condition></qti-response-processing>"
    )
    bare = (
        '<qti-response-declaration identifier="RESPONSE" cardinality="single"'
        ' base-type="identifier"/>'
    )
    (reading,) = package(declarations=bare, processing=rules).bank().readings
    assert reading.question is not None and reading.question.key.max_score == "2.5"
    assert any("greatest that its rules give" in str(each) for each in reading.changes)


def test_a_correct_answer_without_all_points_is_told_when_it_is_read(package: Make) -> None:
    outcome = package().outcome.replace("/>", ' normal-maximum="2"/>')
    (reading,) = package(outcome=outcome).bank().readings
    assert any("earns 1 of 2 points" in str(each) for each in reading.changes)


def test_a_choice_that_is_only_a_picture_without_words_is_told(package: Make) -> None:
    body = package().body.replace(">A<", '><img src="../media/p.png" alt=""/><')
    (reading,) = package(body=body).bank().readings
    assert reading.question is not None
    assert any("the choice has no words" in str(each) for each in reading.changes)


@pytest.mark.parametrize(("changes", "why"), REFUSED)
def test_what_is_not_supported_is_refused_with_its_place(
    package: Make, changes: dict[str, str], why: str
) -> None:
    with pytest.raises(FormatError, match=why) as caught:
        package(**changes).read()
    assert "items/i.xml, line " in str(caught.value)


TWICE = f"""{CHOICE} max-choices="2"><qti-simple-choice identifier="a">A</qti-simple-choice>
  <qti-simple-choice identifier="b">B</qti-simple-choice></qti-choice-interaction>"""

CHANGED: list[tuple[dict[str, str], str]] = [
    ({"body": "<p><a href='http://x/'>x</a></p>"}, "the link to “http://x/” was left out"),
    ({"body": "<p onclick='x'>x</p>"}, "onclick"),
    ({"body": "<p class='qti-hidden'>x</p>"}, "hidden by its author"),
    ({"body": "<p style='display: none'>x</p>"}, "hidden by its author"),
    ({"body": "<p class='qti-align-right'>x</p>"}, "“qti-align-right”"),
    ({"body": "<p>a\N{RIGHT-TO-LEFT OVERRIDE}b</p>"}, "no screen can show safely"),
    ({"body": "<p><img src='../media/p.png'/></p>"}, "no alternative text"),
    ({"body": "<qti-rubric-block view='scorer'>x</qti-rubric-block>"}, "a rubric for scorer"),
    ({"body": "<qti-feedback-block identifier='x' outcome-identifier='F' show-hide='show'>x"
      "</qti-feedback-block>"}, "feedback was left out"),
    ({"body": "<math xmlns='http://www.w3.org/1998/Math/MathML'><mtable><mtr><mtd><mn>1</mn>"
      "</mtd></mtr></mtable></math>"}, "as a picture, and read as “[1]”"),
    ({"body": "<table><tr><td>x</td><td>" + CHOICE + "><qti-simple-choice identifier='a'>A"
      "</qti-simple-choice></qti-choice-interaction></td></tr></table>", "whole": "yes"},
     "one below the other"),
    ({"body": TWICE, "whole": "yes"}, "its response is single"),
    ({"processing": '<qti-response-processing><qti-set-outcome-value identifier="SCORE">'
      '<qti-map-response identifier="RESPONSE"/></qti-set-outcome-value></qti-response-processing>',
      "declarations": declare("single", "identifier", correct("a") + '<qti-mapping'
      ' default-value="-0.5"><qti-map-entry map-key="a" mapped-value="1"/></qti-mapping>')},
     "an answer that is left out scores -1/2"),
    ({"body": '<p><qti-inline-choice-interaction response-identifier="RESPONSE" required="true">'
      '<qti-inline-choice identifier="a">A</qti-inline-choice></qti-inline-choice-interaction>'
      "</p>", "whole": "yes"}, "that it must be answered was left out"),
    ({"outcome": ""}, "SCORE is not declared"),
    ({"item_attributes": 'time-dependent="true" adaptive="false"'}, "depends on time"),
    ({"stimulus": "<qti-companion-materials-info/>"}, "companion materials"),
    ({"stimulus": "<qti-modal-feedback/>"}, "feedback after the item"),
    ({"stimulus": "<qti-stylesheet href='x.css' type='text/css'/>"}, "style sheet"),
    ({"declarations": declare("single", "identifier", correct("a"))
      + declare("single", "string", "", "OTHER")}, "nothing asks for it"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "what"), CHANGED)
def test_what_is_taken_otherwise_is_told_with_its_place(
    package: Make, changes: dict[str, str], what: str
) -> None:
    made = package(**{name: value for name, value in changes.items() if name != "whole"})
    if "body" in changes and "whole" not in changes:
        made.body += package().body
    (reading,) = made.bank().readings
    assert reading.refusal is None
    assert reading.verdict is Verdict.CHANGED
    assert any(what in str(change) for change in reading.changes)
    assert all(str(change).startswith("items/i.xml, line ") for change in reading.changes)


def test_anchors_of_a_pattern_are_left_out(package: Make) -> None:
    body = (
        '<p><qti-text-entry-interaction response-identifier="RESPONSE"'
        r' pattern-mask="^[0-9]+(\.[0-9]+)?$"/></p>'
    )
    made = package(body=body, declarations=declare("single", "string", correct("1")))
    (reading,) = made.bank().readings
    assert reading.question is not None
    (entry,) = reading.question.item.interactions
    assert isinstance(entry, TextEntry)
    assert entry.pattern == r"[0-9]+(\.[0-9]+)?"
    assert complete(entry, Response("RESPONSE", ("12.50",)))
    assert not complete(entry, Response("RESPONSE", ("12.",)))
    assert "the whole answer must match" in str(reading.changes[0])


@pytest.mark.parametrize("pattern", ["^a", "^a|b$", "a^b", "["])
def test_a_pattern_that_is_none_is_refused(package: Make, pattern: str) -> None:
    body = (
        f'<p><qti-text-entry-interaction response-identifier="RESPONSE"'
        f' pattern-mask="{pattern}"/></p>'
    )
    declarations = declare("single", "string", correct("a"))
    with pytest.raises(FormatError, match="pattern-mask"):
        package(body=body, declarations=declarations).read()


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [("^[0-9]{1,3}$", "[0-9]{1,3}"), ("^(a|b)[|(]$", "(a|b)[|(]"), (r"a\$", r"a\$")],
)
def test_anchors_around_a_pattern_are_left_out(package: Make, pattern: str, taken: str) -> None:
    body = (
        f'<p><qti-text-entry-interaction response-identifier="RESPONSE"'
        f' pattern-mask="{pattern}"/></p>'
    )
    made = package(body=body, declarations=declare("single", "string", correct("a")))
    (reading,) = made.bank().readings
    assert reading.question is not None
    assert reading.question.item.interactions[0].pattern == taken  # type: ignore[union-attr]
    assert ("“^” and “$” around" in str(reading.changes)) is (pattern != taken)


def test_the_correct_record_is_what_a_candidate_types(package: Make) -> None:
    declarations = (
        '<qti-response-declaration identifier="RESPONSE" cardinality="record">'
        '<qti-correct-response><qti-value field-identifier="floatValue" base-type="float">2.50'
        "</qti-value></qti-correct-response></qti-response-declaration>"
    )
    field = (
        '<qti-field-value field-identifier="{}"><qti-{} identifier="RESPONSE"/></qti-field-value>'
    )
    same = field.format("floatValue", "variable") + field.format("floatValue", "correct")
    processing = (
        f"<qti-response-processing><qti-response-condition><qti-response-if><qti-equal"
        f' tolerance-mode="exact">{same}</qti-equal><qti-set-outcome-value identifier="SCORE">'
        '<qti-base-value base-type="float">3</qti-base-value></qti-set-outcome-value>'
        "</qti-response-if></qti-response-condition></qti-response-processing>"
    )
    body = '<p><qti-text-entry-interaction response-identifier="RESPONSE"/></p>'
    question = package(declarations=declarations, body=body, processing=processing).question()
    assert question.key.max_score == "3"
    (declared,) = question.key.responses
    assert declared.right() == ("2.50",)
    assert score(question.item, question.key, (Response("RESPONSE", ("2.5",)),)).score == 3


def test_rules_cannot_nest_without_end(package: Make) -> None:
    rules = "<qti-not>" * 20 + "<qti-null/>" + "</qti-not>" * 20
    processing = (
        "<qti-response-processing><qti-set-outcome-value identifier='SCORE'>"
        f"{rules}</qti-set-outcome-value></qti-response-processing>"
    )
    with pytest.raises(FormatError, match="deep"):
        package(processing=processing).read()


def test_a_body_cannot_nest_without_end(package: Make) -> None:
    body = "<blockquote>" * 40 + "<p>x</p>" + "</blockquote>" * 40
    with pytest.raises(FormatError, match="cannot be packed"):
        package(body=body + package().body).read()


TEMPLATE_ITEM = """
<qti-template-declaration identifier="N" cardinality="single" base-type="integer"
  math-variable="true"/>
<qti-template-processing><qti-set-template-value identifier="N"><qti-random-integer min="2"
  max="9"/></qti-set-template-value><qti-set-correct-response identifier="RESPONSE"><qti-product>
  <qti-variable identifier="N"/><qti-base-value base-type="integer">2</qti-base-value>
  </qti-product></qti-set-correct-response></qti-template-processing>"""
TEMPLATE_BODY = """<p>Twice <qti-printed-variable identifier="N"/>:
  <math xmlns="http://www.w3.org/1998/Math/MathML"><mn>2</mn><mo>×</mo><mi>N</mi></math> =
  <qti-text-entry-interaction response-identifier="RESPONSE"/></p>"""


class _Lots:
    def below(self, limit: int) -> int:
        return limit - 1


def test_an_item_whose_values_are_drawn(package: Make) -> None:
    made = package(
        declarations=declare("single", "integer"), stimulus=TEMPLATE_ITEM, body=TEMPLATE_BODY
    )
    question = made.question()
    assert question.templates is not None
    assert question.key.max_score == "1"
    drawn = draw_templates(question.templates, question.key, _Lots())
    item = substitute(question.item, drawn.values, question.conditions)
    assert text.plain(item.body) == "Twice 9: 2 × 9 = ____"
    assert score(item, drawn.key, (Response("RESPONSE", ("18",)),)).score == 1
    assert score(item, drawn.key, (Response("RESPONSE", ("9",)),)).score == 0
    assert unshown(question.item) and not unshown(item)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("<qti-product>", "<qti-product><qti-variable identifier='X'/>", "cannot be drawn"),
        ('identifier="N" card', 'identifier="M" card', "“N” is not declared"),
    ],
)
def test_a_template_that_cannot_work_is_refused(
    package: Make, old: str, new: str, why: str
) -> None:
    made = package(
        declarations=declare("single", "integer"),
        stimulus=TEMPLATE_ITEM.replace(old, new),
        body=TEMPLATE_BODY,
        processing=f"""<qti-response-processing template="{TEMPLATE}match_correct.xml"/>""",
    )
    with pytest.raises(FormatError, match=why):
        made.read()
