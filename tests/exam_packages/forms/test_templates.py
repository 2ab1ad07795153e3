"""Template variables: drawn with the form, into the item and its key together."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from exam_packages import canon, forms
from exam_packages.assessment import PartPlan, Question, QuestionReference, SectionPlan, Test
from exam_packages.blueprint import Blueprint
from exam_packages.content import text
from exam_packages.content.items import TextEntry
from exam_packages.content.paper import NONLINEAR
from exam_packages.content.values import Response
from exam_packages.formats.qti.reader import read_files
from exam_packages.forms.lots import Lots
from exam_packages.rules.declarations import ResponseDeclaration, TemplateDeclaration
from exam_packages.rules.expressions import Apply, BaseValue, Variable
from exam_packages.rules.key import SetCorrect, SetTemplate
from exam_packages.rules.processing import score
from exam_packages.rules.templates import Templates

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from questions import question


def doubled(name: str) -> Question:
    """What is N times 2, where N is from 10 to 99?"""
    plain = question(name)
    places = (
        text.Text("What is twice ", 0),
        text.Printed("N", "", 10, 0, "", "", False),
        text.Text("? ", 0),
        text.Gap("R"),
    )
    item = msgspec.structs.replace(
        plain.item,
        body=(text.Paragraph(places),),
        interactions=(TextEntry("R", 5, "", "", True),),
    )
    declared = ResponseDeclaration("R", "integer", "single", (), None, None)
    random = Apply("random-integer", (("min", "10"), ("max", "99")), ())
    twice = Apply("product", (), (Variable("N"), BaseValue("integer", "2")))
    templates = Templates(
        (TemplateDeclaration("N", "integer", "single", ("0",)),),
        (SetTemplate("N", random), SetCorrect("R", twice)),
    )
    key = msgspec.structs.replace(plain.key, responses=(declared,))
    return replace(plain, item=item, key=key, templates=templates)


def a_test(*questions: Question) -> Test:
    members = tuple(QuestionReference(each, "1", False, False) for each in questions)
    section = SectionPlan("s", "S", (), members, None, False, False, False)
    parts = (PartPlan("p", NONLINEAR, (section,)),)
    return Test("test", "T", "en", 60, (), parts, {}, {}, {}, None, None)


def drawn_number(form: forms.DrawnForm, name: str) -> int:
    words = text.plain(form.items[name].body)
    return int(words.removeprefix("What is twice ").partition("?")[0])


@given(st.binary(max_size=8))
def test_the_paper_has_the_number_and_the_key_its_answer(seed: bytes) -> None:
    form = forms.draw(a_test(doubled("a"), doubled("b")), seed)
    assert forms.draw(a_test(doubled("a"), doubled("b")), seed) == form
    for name in "ab":
        number = drawn_number(form, name)
        assert 10 <= number <= 99
        entry = form.key.entry(name)
        assert entry is not None and entry.key.responses[0].correct == (str(2 * number),)
        right = (Response("R", (str(2 * number),)),)
        wrong = (Response("R", (str(2 * number + 1),)),)
        assert score(form.items[name], entry.key, right).score == 1
        assert score(form.items[name], entry.key, wrong).score == 0
        # The paper holds the number drawn, and nothing of how it was drawn.
        assert b"random" not in canon.pack(form.items[name])
        assert not [block for block in form.items[name].body if isinstance(block, text.Printed)]


def test_every_form_draws_its_own_numbers() -> None:
    test = a_test(doubled("a"))
    ids = {forms.draw(test, seed.to_bytes(2, "big")).paper.form for seed in range(40)}
    assert len(ids) > 20
    both = forms.draw(a_test(doubled("a"), doubled("b")), b"seed")
    alone = forms.draw(a_test(doubled("b")), b"seed")
    assert drawn_number(both, "b") == drawn_number(alone, "b")


def test_a_stream_is_even_and_reaches_past_one_word() -> None:
    stream = Lots(b"s").stream("place")
    counted = Counter(stream.below(3) for _ in range(1200))
    assert set(counted) == {0, 1, 2} and min(counted.values()) > 320
    wide = [stream.below(2**100) for _ in range(20)]
    assert max(wide) > 2**90 and len(set(wide)) == 20
    assert {stream.below(1) for _ in range(5)} == {0}


ITEM = b"""<?xml version="1.0" encoding="UTF-8"?>
<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="sum"
    title="A sum" adaptive="false" time-dependent="false" xml:lang="en">
  <qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="integer"/>
  <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>
  <qti-template-declaration identifier="A" cardinality="single" base-type="integer"/>
  <qti-template-declaration identifier="B" cardinality="single" base-type="integer"/>
  <qti-template-processing>
    <qti-set-template-value identifier="A"><qti-random-integer min="10" max="99"/>
    </qti-set-template-value>
    <qti-set-template-value identifier="B"><qti-random-integer min="10" max="99"/>
    </qti-set-template-value>
    <qti-set-correct-response identifier="RESPONSE">
      <qti-sum><qti-variable identifier="A"/><qti-variable identifier="B"/></qti-sum>
    </qti-set-correct-response>
  </qti-template-processing>
  <qti-item-body>
    <p><qti-printed-variable identifier="A"/> + <qti-printed-variable identifier="B"/> =
      <qti-text-entry-interaction response-identifier="RESPONSE"/></p>
  </qti-item-body>
  <qti-response-processing
    template="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"/>
</qti-assessment-item>
"""
TEST = b"""<?xml version="1.0" encoding="UTF-8"?>
<qti-assessment-test xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="t" title="T"
    xml:lang="en">
  <qti-time-limits max-time="600"/>
  <qti-test-part identifier="p" navigation-mode="nonlinear" submission-mode="simultaneous">
    <qti-assessment-section identifier="s" title="S" visible="true">
      <qti-assessment-item-ref identifier="sum" href="sum.xml"/>
    </qti-assessment-section>
  </qti-test-part>
</qti-assessment-test>
"""


@given(st.binary(max_size=4))
def test_a_template_as_written_in_qti_is_drawn(seed: bytes) -> None:
    form = forms.draw(read_files({"sum.xml": ITEM, "test.xml": TEST}), seed)
    one, two = (
        int(word) for word in text.plain(form.items["sum"].body).replace("+", " ").split()[:2]
    )
    (entry,) = form.key.entries
    assert entry.key.responses[0].correct == (str(one + two),)
    assert forms.check(Blueprint("1", "t", "", "1", {("", ""): 1}), form) == []
