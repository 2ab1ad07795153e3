"""Export to QTI 3: what is written reads again as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from items_at_random import MEDIA, questions
from making import ONE, blocks, inlines, made, parts_of
from read_questions import PNG, read

from exam_packages import samples
from exam_packages.assessment import Question
from exam_packages.blueprint import Range
from exam_packages.content.items import Choice, Exhibit, Item, SimpleChoice, TextEntry
from exam_packages.content.text import Block, Paragraph, Picture, Slot, Text
from exam_packages.formats import building
from exam_packages.formats.building import About
from exam_packages.formats.errors import FormatError
from exam_packages.formats.export import write_qti
from exam_packages.formats.qti.elements import document, element
from exam_packages.formats.qti.expressions import Place
from exam_packages.formats.qti.names import QTI, parse_qti
from exam_packages.formats.qti.reader import read_files, read_test
from exam_packages.formats.qti.rule_writer import write_rules
from exam_packages.formats.qti.rules import read_rules
from exam_packages.formats.qti.writer import whole_bank, write_test
from exam_packages.formats.report import Bank, Reading
from exam_packages.rules.expressions import (
    Apply,
    BaseValue,
    Correct,
    Default,
    Expression,
    MapResponse,
    MapResponsePoint,
    Null,
    Variable,
)
from exam_packages.rules.key import Branch, Condition, Constrain, Exit, SetOutcome
from exam_packages.rules.operators import CHANCE, OPERATORS

SAMPLE = Path(samples.__file__).parent / "food_safety"


def again(question: Question, **bank: object) -> Question:
    """*question* after it was written and read."""
    whole = Bank("test", (Reading("", "", "", question),), **bank)  # type: ignore[arg-type]
    (reference,) = read_files(write_test(whole_bank(whole))).references()
    return reference.question


def test_the_sample_exam_comes_back_whole() -> None:
    test = read_test(SAMPLE)
    assert test.practice and test.blueprint
    assert read_files(write_test(test)) == test


def test_a_blueprint_comes_back_whole() -> None:
    test = read_test(SAMPLE)
    assert test.blueprint
    more = replace(
        test.blueprint,
        required=frozenset(["growth-range"]),
        enemies=(frozenset(["growth-range", "b"]),),
        form={"points": Range(Fraction(3, 2), Fraction(20))},
    )
    changed = replace(test, blueprint=more)
    assert read_files(write_test(changed)) == changed


@settings(max_examples=40)
@given(
    blocks(),
    parts_of(),
    st.text("abü <&>\"'", max_size=10).map(lambda text: " ".join(text.split())),
)
def test_any_text_comes_back(body: list[Block], parts: list[building.Part], title: str) -> None:
    asked = made(*parts)
    item = replace_item(asked, body=(*body, *asked.item.body), title=title, language="fr")
    question = replace(asked, item=item, competence="cold", level="recall")
    assert again(question) == question


def replace_item(question: Question, **changes: object) -> Item:
    return msgspec.structs.replace(question.item, **changes)


@settings(max_examples=20)
@given(inlines(), inlines())
def test_prompts_and_choices_come_back(prompt: tuple, body: tuple) -> None:  # type: ignore[type-arg]
    choices = (SimpleChoice("x.1", body, 1), SimpleChoice("x-2", (Text("b", 0),), 1))
    choice = Choice("RESPONSE", (Paragraph(prompt),), choices, 1, 1)
    question = building.question(
        About("q"), (Slot("RESPONSE"),), [building.one_of(choice, [ONE, ONE / 3])]
    )
    assert again(question) == question


def test_pictures_and_exhibits_come_back() -> None:
    line = Paragraph((Picture("a.png", 'A "fridge" & more', 4, 3),))
    part = building.essay("RESPONSE", 5)
    about = About("q", "T", "en", ONE, "cold", "apply", ("plan",))
    question = building.question(about, (line, Slot("RESPONSE")), [part], [], frozenset(["a.png"]))
    exhibit = Exhibit("plan", "The plan", (line,), ())
    bank = Bank(
        "test",
        (Reading("", "q", "", question),),
        exhibits={"plan": exhibit},
        media={"a.png": PNG},
        exhibit_media={"plan": frozenset(["a.png"])},
    )
    test = read_files(write_test(whole_bank(bank)))
    (reference,) = test.references()
    assert reference.question == question
    assert (test.exhibits, test.media, test.exhibit_media) == (
        bank.exhibits, bank.media, bank.exhibit_media,
    )  # fmt: skip


def test_only_what_qti_cannot_say_is_left_out() -> None:
    good = made(*[building.typed(entry(), [building.Worth("a", ONE)])])
    bad = replace(good, key=msgspec.structs.replace(good.key, max_score="1/3"))
    bank = Bank("test", (Reading("", "bad", "", bad), Reading("", "q", "", good)))
    files, left = write_qti(bank)
    assert [str(each) for each in left] == [
        "bad was not written: The number 1/3 has no end as a decimal."
    ]
    assert [each.question for each in read_files(files).references()] == [good]


def test_an_empty_bank_is_refused() -> None:
    with pytest.raises(FormatError, match="no question"):
        write_qti(read("only text", "a.gift"))


def entry() -> TextEntry:
    return TextEntry("RESPONSE", 0, "", "", False)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(questions())
def test_every_kind_of_text_and_interaction_comes_back(question: Question) -> None:
    test = whole_bank(Bank("test", (Reading("", "", "", question),), media=MEDIA))
    (reference,) = read_files(write_test(test)).references()
    assert reference.question == question


OUTCOME = '<qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>'
RULES = """
<qti-response-condition>
  <qti-response-if><qti-is-null><qti-variable identifier="RESPONSE"/></qti-is-null>
    <qti-set-outcome-value identifier="SCORE"><qti-base-value base-type="float">0</qti-base-value>
    </qti-set-outcome-value><qti-exit-response/></qti-response-if>
  <qti-response-else-if><qti-match><qti-variable identifier="RESPONSE"/>
    <qti-correct identifier="RESPONSE"/></qti-match>
    <qti-lookup-outcome-value identifier="GRADE"><qti-sum><qti-default identifier="SCORE"/>
      <qti-base-value base-type="float">0.5</qti-base-value></qti-sum></qti-lookup-outcome-value>
  </qti-response-else-if>
  <qti-response-else><qti-set-outcome-value identifier="SCORE"><qti-max>
    <qti-map-response identifier="RESPONSE"/><qti-null/></qti-max></qti-set-outcome-value>
  </qti-response-else>
</qti-response-condition>"""
DECLARED = """
<qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="identifier">
  <qti-correct-response><qti-value>a</qti-value></qti-correct-response>
  <qti-mapping lower-bound="-1" upper-bound="2" default-value="0.25">
    <qti-map-entry map-key="a" mapped-value="1.5" case-sensitive="false"/></qti-mapping>
</qti-response-declaration>
<qti-outcome-declaration identifier="GRADE" cardinality="single" base-type="identifier">
  <qti-interpolation-table default-value="none">
    <qti-interpolation-table-entry source-value="1" target-value="good" include-boundary="false"/>
    <qti-interpolation-table-entry source-value="0.5" target-value="fair"/>
  </qti-interpolation-table></qti-outcome-declaration>
<qti-outcome-declaration identifier="FACTS" cardinality="record"><qti-default-value>
  <qti-value field-identifier="x" base-type="point">1 2</qti-value>
  <qti-value field-identifier="y" base-type="string">two words</qti-value></qti-default-value>
</qti-outcome-declaration>
<qti-template-declaration identifier="T" cardinality="single" base-type="integer">
  <qti-default-value><qti-value>3</qti-value></qti-default-value></qti-template-declaration>
<qti-template-processing>
  <qti-template-condition><qti-template-if><qti-gt><qti-random-integer min="1" max="5"/>
    <qti-base-value base-type="integer">2</qti-base-value></qti-gt>
    <qti-set-template-value identifier="T"><qti-base-value base-type="integer">4</qti-base-value>
    </qti-set-template-value><qti-exit-template/></qti-template-if></qti-template-condition>
  <qti-set-correct-response identifier="RESPONSE"><qti-base-value base-type="identifier">b
    </qti-base-value></qti-set-correct-response>
  <qti-set-default-value identifier="GRADE"><qti-null/></qti-set-default-value>
  <qti-template-constraint><qti-gte><qti-variable identifier="T"/>
    <qti-base-value base-type="integer">3</qti-base-value></qti-gte></qti-template-constraint>
</qti-template-processing>"""


def test_declarations_and_rules_come_back(package: Callable[..., Any]) -> None:
    outcome = OUTCOME.replace("/>", ' normal-minimum="-1" normal-maximum="2"/>')
    processing = f"<qti-response-processing>{RULES}</qti-response-processing>"
    question = package(declarations=DECLARED, outcome=outcome, processing=processing).question()
    assert len(question.templates.rules) == 4  # type: ignore[union-attr]
    assert again(question) == question


AREAS = """
<qti-response-declaration identifier="RESPONSE" cardinality="multiple" base-type="point">
  <qti-area-mapping default-value="0"><qti-area-map-entry shape="circle" coords="1,1,1"
    mapped-value="1"/><qti-area-map-entry shape="default" coords="" mapped-value="0.5"/>
  </qti-area-mapping></qti-response-declaration>"""


def test_areas_come_back(package: Callable[..., Any]) -> None:
    body = (
        '<qti-select-point-interaction response-identifier="RESPONSE">'
        '<img src="../media/p.png" alt=""/></qti-select-point-interaction>'
    )
    outcome = OUTCOME.replace("/>", ' normal-maximum="1"/>')
    processing = '<qti-response-processing template="map_response_point.xml"/>'
    made = package(declarations=AREAS, outcome=outcome, body=body, processing=processing)
    question = made.question()
    assert again(question, media={"p.png": PNG}) == question


SETTINGS = {
    "any-n": {"min": "1", "max": "N"},
    "equal": {"tolerance-mode": "absolute", "tolerance": "0.5 0.5", "include-lower-bound": "false"},
    "equal-rounded": {"rounding-mode": "decimalPlaces", "figures": "2"},
    "round-to": {"rounding-mode": "significantFigures", "figures": "3"},
    "string-match": {"case-sensitive": "false", "substring": "true"},
    "substring": {"case-sensitive": "true"},
    "pattern-match": {"pattern": "[a-z]{2}|<&>"},
    "inside": {"shape": "circle", "coords": "1,2,3"},
    "index": {"n": "2"},
    "field-value": {"field-identifier": "f"},
    "repeat": {"number-repeats": "N"},
    "stats-operator": {"name": "mean"},
    "math-operator": {"name": "sin"},
    "math-constant": {"name": "pi"},
    "random-integer": {"min": "1", "max": "9", "step": "2"},
    "random-float": {"min": "0.5", "max": "{N}"},
    "test-variables": {"variable-identifier": "SCORE", "include-category": "a b"},
    "outcome-minimum": {"outcome-identifier": "SCORE"},
    "outcome-maximum": {"outcome-identifier": "SCORE", "section-identifier": "s"},
}
PLAIN = [
    BaseValue("string", "<a & b>"),
    Null(),
    Variable("Q.SCORE", "W"),
    Correct("R"),
    Default("R"),
    MapResponse("R"),
    MapResponsePoint("R"),
]


def applied(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def one(name: str) -> st.SearchStrategy[Expression]:
        least, most = OPERATORS[name].least, min(OPERATORS[name].most, 3)
        given = tuple(sorted(SETTINGS.get(name, {}).items()))
        operands = st.lists(inner, min_size=least, max_size=max(least, most)).map(tuple)
        return operands.map(lambda each: Apply(name, given, each))

    return st.sampled_from(sorted(set(OPERATORS) - CHANCE)).flatmap(one)


@settings(max_examples=100)
@given(st.recursive(st.sampled_from(PLAIN), applied, max_leaves=8))
def test_every_expression_comes_back(expression: Expression) -> None:
    rules = (SetOutcome("SCORE", expression), Condition((Branch(expression, (Exit(),)),), ()))
    made = element("rules", {}, *write_rules(rules, Place.TEST))
    root = parse_qti(document(made, QTI), "rules.xml")
    assert read_rules(root.children(), Place.TEST) == rules


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_every_operator_comes_back(name: str) -> None:
    place = Place.TEMPLATE if name in CHANCE else Place.TEST
    given = tuple(sorted(SETTINGS.get(name, {}).items()))
    rule = Constrain(Apply(name, given, (Null(),) * OPERATORS[name].least))
    rules = (rule if place is Place.TEMPLATE else SetOutcome("X", rule.expression),)
    root = parse_qti(document(element("rules", {}, *write_rules(rules, place)), QTI), "r.xml")
    assert read_rules(root.children(), place) == rules


SECTIONS = """
<qti-assessment-section identifier="s" title="S" visible="true" required="true" fixed="true">
  <qti-time-limits min-time="1" max-time="50"/>
  <qti-rubric-block view="candidate" use="instructions"><p>Outer</p></qti-rubric-block>
  <qti-selection select="1"/><qti-ordering shuffle="true"/>
  <qti-assessment-section identifier="in" title="In" visible="false">
    <qti-rubric-block view="candidate" use="instructions"><p>Inner</p></qti-rubric-block>
    <qti-assessment-item-ref identifier="i" href="items/i.xml" category="a b" required="true">
      <qti-time-limits max-time="9"/><qti-weight identifier="W" value="2"/>
      <qti-weight identifier="V" value="0.5"/></qti-assessment-item-ref>
  </qti-assessment-section>
  <qti-assessment-item-ref identifier="j" href="items/i.xml" fixed="true"/>
</qti-assessment-section>"""
TOTAL = """
<qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>"""
SUM = """
<qti-outcome-processing><qti-set-outcome-value identifier="SCORE"><qti-sum>
  <qti-test-variables variable-identifier="SCORE" weight-identifier="V"/></qti-sum>
</qti-set-outcome-value></qti-outcome-processing>"""
OWN = """
<qti-outcome-processing><qti-outcome-condition><qti-outcome-if>
  <qti-gt><qti-variable identifier="i.SCORE" weight-identifier="W"/>
    <qti-base-value base-type="float">0</qti-base-value></qti-gt>
  <qti-set-outcome-value identifier="SCORE"><qti-variable identifier="j.SCORE"/>
  </qti-set-outcome-value><qti-exit-test/></qti-outcome-if></qti-outcome-condition>
</qti-outcome-processing>"""


@pytest.mark.parametrize("processing", [SUM, OWN])
@pytest.mark.parametrize("parts", [1, 2])
def test_a_test_comes_back_with_all_its_parts(
    package: Callable[..., Any], processing: str, parts: int
) -> None:
    second = (
        '<qti-test-part identifier="p2" navigation-mode="nonlinear" submission-mode="individual">'
        '<qti-item-session-control allow-skipping="false" max-attempts="2"/>'
        '<qti-time-limits max-time="30"/><qti-assessment-section identifier="t" title="T"'
        ' visible="true"><qti-assessment-item-ref identifier="k" href="items/i.xml"/>'
        "</qti-assessment-section></qti-test-part>"
    )
    made = package(
        sections=SECTIONS,
        test=TOTAL + '<qti-time-limits min-time="2" max-time="60"/>',
        after=second * (parts - 1) + processing,
    )
    test = made.read()
    found = read_files(write_test(test))
    assert found.parts == test.parts
    assert (found.processing, found.time_limit_s) == (test.processing, 60)
    assert found.least_s == 2
    assert (test.processing is None) is (processing is SUM)


def test_of_items_with_one_name_the_first_is_written() -> None:
    good = made(*[building.typed(entry(), [building.Worth("a", ONE)])])
    other = replace(
        good,
        item=replace_item(good, identifier="Q"),
        key=msgspec.structs.replace(good.key, item="Q"),
    )
    bank = Bank("test", (Reading("a.xml", "q", "", good), Reading("b.xml", "Q", "", other)))
    files, left = write_qti(bank)
    assert [each.question for each in read_files(files).references()] == [good]
    assert [str(each) for each in left] == [
        "Q in b.xml was not written: another item has this identifier, in any case of its letters."
    ]
    with pytest.raises(FormatError, match="equal but for case"):
        write_test(whole_bank(bank))
