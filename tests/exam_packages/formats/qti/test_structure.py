"""Tests, manifests and whole packages: taken in, or refused with a reason."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_packages.assessment import SessionControl, TimeLimits
from exam_packages.blueprint import BlueprintError
from exam_packages.content.moving import NO_LEAVE, Control, Limit, Moving
from exam_packages.content.paper import LINEAR
from exam_packages.content.text import plain
from exam_packages.content.values import Response
from exam_packages.errors import ExamError
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti.names import QTI
from exam_packages.formats.qti.reader import read_files, read_test
from exam_packages.formats.qti.writer import write_test
from exam_packages.formats.report import Verdict
from exam_packages.forms import FormsError, draw
from exam_packages.rules.processing import score
from exam_packages.samples import FOOD_SAFETY

Make = Callable[..., Any]

REFERENCE = (
    '<qti-assessment-item-ref identifier="i" href="items/i.xml">{}</qti-assessment-item-ref>'
)
SECTION = '<qti-assessment-section identifier="s" title="S" {}>{}</qti-assessment-section>'
SCORE = '<qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>'
SUM = """<qti-outcome-processing><qti-set-outcome-value identifier="SCORE"><qti-sum>
  <qti-test-variables variable-identifier="SCORE" {}/></qti-sum></qti-set-outcome-value>
  </qti-outcome-processing>"""


def section(inner: str, attributes: str = 'visible="true"') -> str:
    return SECTION.format(attributes, inner)


def test_a_test_has_its_parts_limits_and_instructions(package: Make) -> None:
    start = (
        '<qti-time-limits max-time="90.0"/><qti-rubric-block view="candidate">'
        "<qti-content-body><p>Read!</p></qti-content-body></qti-rubric-block>"
    )
    inner = '<qti-selection select="1"/><qti-ordering shuffle="true"/>' + SECTION.replace(
        '"s"', '"inner"'
    ).format(
        'visible="false" fixed="true"',
        REFERENCE.format('<qti-weight identifier="W" value="2.50"/>'),
    )
    test = package(
        test=SCORE + start, sections=section(inner), after=SUM.format('weight-identifier="W"')
    ).read()
    assert (test.identifier, test.title, test.language) == ("t", "T", "en")
    assert test.time_limit_s == 90
    assert len(test.instructions) == 1
    (part,) = test.parts
    assert part.navigation == LINEAR
    (outer,) = part.sections
    assert (outer.select, outer.shuffle, outer.fixed) == (1, True, False)
    (reference,) = test.references()
    assert reference.weight == "2.5"


def test_an_exhibit_comes_with_the_item_that_refers_to_it(package: Make) -> None:
    stimulus = '<qti-assessment-stimulus-ref identifier="e" href="../e.xml"/>'
    test = package(stimulus=stimulus).read()
    assert test.exhibits["e"].title == "E"
    assert next(test.references()).question.item.exhibits == ("e",)


GRADE = (
    '<qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>'
    '<qti-outcome-declaration identifier="GRADE" cardinality="single" base-type="float"'
    ' normal-maximum="5"/>'
)
GRADED = """<qti-response-processing><qti-response-condition><qti-response-if><qti-match>
  <qti-variable identifier="RESPONSE"/><qti-correct identifier="RESPONSE"/></qti-match>
  <qti-set-outcome-value identifier="SCORE"><qti-base-value base-type="float">1</qti-base-value>
  </qti-set-outcome-value><qti-set-outcome-value identifier="GRADE">
  <qti-base-value base-type="float">4</qti-base-value></qti-set-outcome-value>
  </qti-response-if></qti-response-condition></qti-response-processing>"""


def test_a_test_may_call_the_variables_of_an_item_otherwise(package: Make) -> None:
    renamed = '<qti-variable-mapping source-identifier="GRADE" target-identifier="SCORE"/>'
    made = package(outcome=GRADE, processing=GRADED, sections=section(REFERENCE.format(renamed)))
    test = made.read()
    (reference,) = test.references()
    question = reference.question
    result = score(question.item, question.key, (Response("RESPONSE", ("a",)),))
    assert (result.score, result.max_score) == (4, 5)
    again = read_files(write_test(test))
    assert next(again.references()).question == question


def test_a_test_may_give_template_variables_another_default(package: Make) -> None:
    declared = (
        '<qti-template-declaration identifier="N" cardinality="single" base-type="integer">'
        "<qti-default-value><qti-value>1</qti-value></qti-default-value>"
        "</qti-template-declaration>"
    )
    other = (
        '<qti-template-default template-identifier="N"><qti-sum>'
        '<qti-base-value base-type="integer">3</qti-base-value>'
        '<qti-base-value base-type="integer">4</qti-base-value></qti-sum></qti-template-default>'
    )
    made = package(
        body='<p><qti-printed-variable identifier="N"/></p>' + package().body,
        sections=section(REFERENCE.format(other)),
        stimulus=declared,
    )
    form = draw(made.read(), b"seed")
    assert plain(form.items["i"].body).startswith("7")
    variable = other.replace("qti-sum>", "qti-max>").replace(
        '<qti-base-value base-type="integer">3</qti-base-value>',
        '<qti-variable identifier="j.SCORE"/>',
    )
    with pytest.raises(FormatError, match="not known before the exam"):
        package(stimulus=declared, sections=section(REFERENCE.format(variable))).read()


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"part": 'navigation-mode="linear" submission-mode="never"'}, "simultaneous"),
    ({"part": 'navigation-mode="spiral" submission-mode="simultaneous"'}, "linear or nonlinear"),
    ({"test": '<qti-time-limits max-time="0"/>'}, "max-time"),
    ({"test": '<qti-time-limits max-time="1e9"/>'}, "max-time"),
    ({"part_start": '<qti-item-session-control max-attempts="-1"/>'}, "whole number"),
    ({"part_start": '<qti-item-session-control allow-review="maybe"/>'}, "true or false"),
    ({"test": '<qti-rubric-block view="nobody"/>'}, "view"),
    ({"test": "<qti-other/>"}, "<qti-other>"),
    ({"part_start": '<qti-item-session-control show-answers="true"/>'}, "show-answers"),
    ({"part_start": "<qti-branch-rule target='x'><qti-gt><qti-variable identifier='i.SCORE'/>"
      "</qti-gt></qti-branch-rule>"}, "needs? the answer key at the station"),
    ({"sections": section("<qti-pre-condition><qti-lt><qti-number-correct/></qti-lt>"
      "</qti-pre-condition>")}, "needs? the answer key at the station"),
    ({"sections": section("<qti-adaptive-selection/>")}, "needs? the answer key"),
    ({"part_start": "<qti-branch-rule/>"}, "decides nothing"),
    ({"sections": section(REFERENCE.format(
        '<qti-template-default template-identifier="N"><qti-null/></qti-template-default>'))},
     "no template variable “N”"),
    ({"sections": section(REFERENCE.format(
        '<qti-variable-mapping source-identifier="NO" target-identifier="X"/>'))},
     "no variable “NO”"),
    ({"sections": section(REFERENCE.format(
        '<qti-variable-mapping source-identifier="RESPONSE" target-identifier="SCORE"/>'))},
     "normal-maximum"),
    ({"sections": ""}, "no section"),
    ({"sections": section("")}, "no questions"),
    (
        {
            "sections": section(
                '<qti-ordering shuffle="true"/>'
                + section(REFERENCE.format(""), 'keep-together="false"').replace('"s"', '"t2"')
            )
        },
        "keep it together",
    ),
    ({"sections": section(REFERENCE.format("") * 2)}, "used twice"),
    ({"sections": section(REFERENCE.replace("items/i", "items/j").format(""))}, "not a file"),
    (
        {"sections": section('<qti-selection select="1" with-replacement="true"/>')},
        "twice",
    ),
    (
        {
            "sections": section(
                REFERENCE.format(
                    '<qti-weight identifier="W" value="2"/><qti-weight identifier="V" value="2"/>'
                )
            )
        },
        "weights of several names",
    ),
    (
        {"sections": section(REFERENCE.format('<qti-weight identifier="W" value="-1"/>'))},
        "from 0 on",
    ),
    ({"after": "<qti-outcome-processing><qti-outcome-condition/></qti-outcome-processing>"},
     "qti-outcome-if"),
    ({"resources": '<resource identifier="x" type="imsqti_test_xmlv2p1" href="none.xml"/>'},
     "lists “none.xml”"),
]  # fmt: skip


WEIGHT = REFERENCE.format('<qti-weight identifier="W" value="2"/>')
CHANGED: list[tuple[dict[str, str], str]] = [
    ({"test": '<qti-time-limits max-time="60" allow-late-submission="true"/>'}, "no late"),
    ({"test": '<qti-time-limits max-time="59.5"/>'}, "rounded up"),
    ({"test": '<qti-rubric-block view="proctor"/>'}, "a rubric for proctor"),
    ({"test": "<qti-test-feedback/>"}, "feedback on the test"),
    ({"part_start": '<qti-item-session-control show-feedback="true"/>'}, "no feedback is shown"),
    ({"part_start": '<qti-item-session-control show-solution="1"/>'}, "no solution is shown"),
    ({"part_start": '<qti-item-session-control max-attempts="3"/>'}, "submitted one by one"),
    ({"part_start": '<qti-item-session-control validate-responses="1"/>'}, "submitted one by one"),
    ({"sections": section(section(REFERENCE.format("")).replace('"s"', '"inner"'))},
     "heading of this section"),
    ({"sections": section(WEIGHT)}, "the total is the sum by weight"),
    ({"sections": section(WEIGHT), "after": SUM.format("")}, "“W” was left out"),
    ({"after": SUM.format("")}, "does not declare the outcome SCORE"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "what"), CHANGED)
def test_what_a_test_asks_and_gets_otherwise_is_told(
    package: Make, changes: dict[str, str], what: str
) -> None:
    bank = package(**changes).bank()
    assert [test.identifier for test in bank.tests] == ["t"]
    assert any(what in str(change) for change in bank.test_changes["test.xml"])


def test_a_total_of_its_own_is_kept_and_not_drawn_yet(package: Make) -> None:
    own = SUM.format('include-category="x"')
    test = package(test=SCORE + '<qti-time-limits max-time="60"/>', after=own).read()
    assert test.processing is not None
    assert list(test.unkept()) == ["outcome processing of its own"]
    with pytest.raises(FormsError, match="outcome processing of its own"):
        draw(test, b"seed")
    plain_one = package(test=SCORE, after=SUM.format("")).read()
    assert plain_one.processing is None


def test_limits_of_time_at_every_level(package: Make) -> None:
    limit = '<qti-time-limits max-time="{}" min-time="1"/>'
    made = package(
        test='<qti-time-limits max-time="100"/>',
        part_start=limit.format(90),
        sections=section(limit.format(80) + REFERENCE.format(limit.format(70))),
    )
    (part,) = made.read().parts
    (reference,) = made.read().references()
    assert part.limits == TimeLimits(1, 90)
    assert part.sections[0].limits == TimeLimits(1, 80)
    assert reference.limits == TimeLimits(1, 70)
    test = made.read()
    assert not list(test.unkept())
    assert draw(test, b"seed").paper.moving == Moving(
        0,
        (
            Limit("part/p", "", ("i",), 1, 90),
            Limit("section/s", "S", ("i",), 1, 80),
            Limit("item/i", "", ("i",), 1, 70),
        ),
        (),
        (),
        NO_LEAVE,
    )
    least = package(test='<qti-time-limits max-time="60" min-time="5"/>').read()
    assert (least.time_limit_s, draw(least, b"seed").paper.moving.least_s) == (60, 5)
    made = package(test="", part_start='<qti-time-limits max-time="90"/>')
    assert made.read().time_limit_s == 90
    assert not list(made.read().unkept())


def test_session_control_is_inherited_and_said_anew(package: Make) -> None:
    def control(**said: object) -> str:
        given = " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in said.items())
        return f"<qti-item-session-control {given}/>"

    inner = control(max_attempts=0) + REFERENCE.format(control(allow_review="false"))
    test = package(
        test='<qti-time-limits max-time="60"/>',
        part='navigation-mode="linear" submission-mode="individual"',
        part_start=control(max_attempts=3, allow_skipping="false", validate_responses="true"),
        sections=section(inner),
    ).read()
    (reference,) = test.references()
    assert reference.control == SessionControl(0, skipping=False, review=False, valid=True)
    controls = draw(test, b"seed").paper.moving.controls
    assert controls == (Control(("i",), True, 0, False, False, True),)


def test_rubrics_of_parts_and_inner_sections_come_first(package: Make) -> None:
    def rubric(words: str) -> str:
        return f"<qti-rubric-block view='candidate scorer'><p>{words}</p></qti-rubric-block>"

    inner = section(rubric("inner") + REFERENCE.format("")).replace('"s"', '"inner"')
    made = package(part_start=rubric("part"), sections=section(rubric("outer") + inner))
    (part,) = made.read().parts
    assert plain(part.sections[0].rubric).split() == ["part", "outer", "inner"]


def test_a_section_in_a_file_of_its_own(package: Make) -> None:
    inside = section(REFERENCE.format("")).replace("<qti-assessment-section", f"{{}} xmlns='{QTI}'")
    made = package(
        sections="<qti-assessment-section-ref identifier='s' href='parts/s.xml'/>",
        files={
            "parts/s.xml": inside.format("<qti-assessment-section")
            .replace("items/i", "../items/i")
            .encode()
        },
    )
    assert [each.question.item.identifier for each in made.read().references()] == ["i"]


@pytest.mark.parametrize(("changes", "why"), REFUSED)
def test_what_is_not_supported_is_refused(package: Make, changes: dict[str, str], why: str) -> None:
    with pytest.raises(FormatError, match=why) as caught:
        package(**changes).read()
    assert "xml" in str(caught.value)


def test_a_reference_gives_its_name_to_the_item(package: Make) -> None:
    made = package(sections=section(REFERENCE.replace('"i"', '"j"').format("")))
    question = made.question()
    assert question.item.identifier == question.key.item == "j"
    assert made.bank().readings[0].identifier == "i"


def test_a_package_without_a_manifest_is_read(package: Make) -> None:
    files = package().all_files()
    del files["imsmanifest.xml"]
    assert read_files(files) == package().read()


def test_one_bad_item_spoils_only_its_test(package: Make) -> None:
    made = package(files={"items/bad.xml": b"<qti-assessment-item", "note.txt": b"x"})
    bank = made.bank()
    assert {each.file: each.refusal is None for each in bank.readings} == {
        "items/i.xml": True,
        "items/bad.xml": False,
    }
    assert [test.identifier for test in bank.tests] == ["t"]
    made.files["items/i.xml"] = b"<x/>"
    bank = made.bank()
    assert not bank.tests
    assert str(bank.refused_tests["test.xml"]).startswith("items/i.xml, line 1")


def test_several_tests_need_a_blueprint_that_names_one(package: Make) -> None:
    made = package()
    second = made.all_files()["test.xml"].replace(b'identifier="t"', b'identifier="u"')
    made.files["other.xml"] = second
    made.resources = '<resource identifier="u" type="imsqti_test_xmlv3p0" href="other.xml"/>'
    with pytest.raises(FormatError, match="2 tests"):
        made.read()
    made.files["blueprint.toml"] = b'test = "t"\npractice = "u"\ncut_score = 1'
    test = made.read()
    assert test.identifier == "t"
    assert test.practice is not None and test.practice.identifier == "u"
    made.files["blueprint.toml"] = b'test = "none"\ncut_score = 1'
    with pytest.raises(FormatError, match="does not have"):
        made.read()
    made.files["other.xml"] = made.all_files()["test.xml"]
    with pytest.raises(FormatError, match="Two tests"):
        made.read()


@pytest.mark.parametrize(
    "blueprint",
    [
        b"\xff",
        b"test = ",
        b'cut_score = 1\ntest = "../x"',
        b'test = "t"',
        b'test = "t"\ncut_score = true',
        b'test = "t"\ncut_score = -1',
        b'test = "t"\ncut_score = nan',
        b'test = "t"\ncut_score = 1\nother = 1',
        b'test = "t"\ncut_score = 1\ncounts = 3',
        b'test = "t"\ncut_score = 1\n[counts]\nx = 3',
        b'test = "t"\ncut_score = 1\n[counts.x]\ny = -3',
        b"#" * 70_000,
        b"a=" + b"[" * 5_000,
    ],
)
def test_a_blueprint_that_cannot_be_meant_is_refused(package: Make, blueprint: bytes) -> None:
    with pytest.raises(BlueprintError):
        package(files={"blueprint.toml": blueprint}).read()


def test_a_zip_is_read_like_its_folder(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for path in sorted(FOOD_SAFETY.rglob("*")):
            made.write(path, path.relative_to(FOOD_SAFETY).as_posix())
    (tmp_path / "food.zip").write_bytes(out.getvalue())
    assert read_test(tmp_path / "food.zip") == read_test(FOOD_SAFETY)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_package_is_read_or_refused_as_ours(package: Make, data: st.DataObject) -> None:
    files = package(stimulus='<qti-assessment-stimulus-ref identifier="e" href="../e.xml"/>')
    damaged = files.all_files()
    name = data.draw(st.sampled_from(sorted(damaged)))
    content = bytearray(damaged[name])
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content) - 1))
        content[start : start + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
        content = content or bytearray(b"x")
    damaged[name] = bytes(content)
    try:
        test = read_files(damaged)
    except ExamError as problem:
        assert str(problem)
        return
    assert list(test.references())


def page(words: str, name: str = "i") -> bytes:
    """An item that asks nothing."""
    return (
        f'<qti-assessment-item xmlns="{QTI}" identifier="{name}" title="" time-dependent="false"'
        f' adaptive="false"><qti-item-body><p>{words}<img src="../media/p.png" alt="x"/></p>'
        "</qti-item-body></qti-assessment-item>"
    ).encode()


def refs(*names: str) -> str:
    return "".join(
        f'<qti-assessment-item-ref identifier="{name}{at}" href="items/{name}.xml"/>'
        for at, name in enumerate(names)
    )


def begun(name: str, inside: str) -> str:
    return f'<qti-assessment-section identifier="{name}" title="S" visible="true">{inside}'


END = "</qti-assessment-section>"
REF_I = '<qti-assessment-item-ref identifier="x" href="items/i.xml"/>'
REF_J = '<qti-assessment-item-ref identifier="y" href="items/i.xml"/>'
MIXED = '<qti-ordering shuffle="true"/>'


@pytest.mark.parametrize(
    ("sections", "beside"),
    [
        # Beside what follows, until the next one or the end of the section.
        (begun("s", refs("i", "a", "i", "i", "b", "i", "b")) + END, ["", "a", "a", "b"]),
        (begun("s", refs("a", "i")) + END + begun("t", REF_I) + END, ["a", ""]),
        # At the end of a section, or alone in one: beside the next one's.
        (begun("s", refs("i", "a")) + END + begun("t", REF_I) + END, ["", "a"]),
        (begun("s", refs("a", "b")) + END + begun("t", REF_I) + END, ["a b"]),
        # Also beside those of a section inside, and after it.
        (begun("s", refs("a") + begun("t", REF_I) + END + REF_J) + END, ["a", "a"]),
        # Mixed: beside all.
        (begun("s", MIXED + refs("i", "a", "i", "b")) + END, ["a b", "a b"]),
    ],
)
def test_an_item_that_asks_nothing_is_an_exhibit_beside_what_follows(
    package: Callable[..., Any], sections: str, beside: list[str]
) -> None:
    files = {"items/a.xml": page("First.", "a"), "items/b.xml": page("Second.", "b")}
    made = package(sections=sections, files=files)
    test = made.read()
    assert [" ".join(each.question.item.exhibits) for each in test.references()] == beside
    assert plain(test.exhibits["a"].body) == "First.x"
    assert test.exhibit_media["a"] == frozenset(["p.png"])
    told = {each.identifier: each for each in made.bank().readings}
    assert told["a"].verdict is Verdict.CHANGED
    assert "the item asks nothing, so it is an exhibit" in str(told["a"].changes[0])
    assert read_files(write_test(test)).parts == test.parts


def test_a_last_page_is_left_out_and_told(package: Callable[..., Any]) -> None:
    files = {"items/a.xml": page("Thank you.", "a")}
    made = package(sections=begun("s", refs("i", "a")) + END, files=files).bank()
    (test,) = made.tests
    assert [each.question.item.exhibits for each in test.references()] == [()]
    assert "no question follows it" in str(made.test_changes["test.xml"])


def test_a_selection_among_pages_is_refused(package: Callable[..., Any]) -> None:
    inside = '<qti-selection select="1"/>' + refs("i", "a")
    files = {"items/a.xml": page("Read.", "a")}
    with pytest.raises(FormatError, match="one asks nothing"):
        package(sections=begun("s", inside) + END, files=files).read()
