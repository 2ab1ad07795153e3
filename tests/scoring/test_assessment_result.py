"""QTI 3 results: the structure that the standard's schema asks for, and nothing too much."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from centre import write_parts
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from exam_packages.content.items import ExtendedText
from exam_packages.content.values import Response
from scoring.assessment_result import NAMESPACE, assessment_result, double, write_results
from scoring.blind import OpenedAttempt
from scoring.cli import score
from scoring.report import Batch
from scoring.score import ScoringForm, score_attempt

SCORED_S = 1_790_000_000
NCNAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
DOUBLE = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?|-?INF")
BASE_TYPES = {"boolean", "directedPair", "duration", "file", "float", "identifier"}
BASE_TYPES |= {"integer", "pair", "point", "string", "uri"}

# What the schema of QTI 3.0 Results Reporting says of the elements written here: the
# children in their order, and each attribute with what it may be.
name, when = NCNAME, re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
cardinality, text = {"single", "multiple", "ordered", "record"}, re.compile(".*", re.DOTALL)
SCHEMA = {
    "assessmentResult": ("(context )(testResult )?(itemResult )*", {}),
    "context": ("(sessionIdentifier )*", {"sourcedId?": name}),
    "testResult": (
        "((responseVariable|outcomeVariable) )*",
        {"identifier": name, "datestamp": when},
    ),
    "itemResult": (
        "((responseVariable|outcomeVariable) )*",
        {
            "identifier": name,
            "datestamp": when,
            "sequenceIndex?": re.compile("[0-9]+"),
            "sessionStatus": {"final", "pendingExternalScoring"},
        },
    ),
    "responseVariable": (
        "candidateResponse ",
        {
            "identifier": name,
            "cardinality": cardinality,
            "baseType?": BASE_TYPES,
            "choiceSequence?": re.compile(rf"{NCNAME.pattern}( {NCNAME.pattern})*"),
            "scoreStatus?": {"scored", "notscored"},
            "answeredStatus?": {"answered"},
        },
    ),
    "candidateResponse": ("(value )*", {}),
    "outcomeVariable": (
        "(value )*",
        {
            "identifier": name,
            "cardinality": cardinality,
            "baseType?": BASE_TYPES,
            "interpretation?": text,
            "normalMaximum?": DOUBLE,
            "masteryValue?": DOUBLE,
            "external-scored?": {"human"},
        },
    ),
    "value": ("", {}),
}


def checked(data: bytes) -> etree._Element:
    """The result, when it keeps the schema's rules."""
    root = etree.fromstring(data)
    assert root.tag == f"{{{NAMESPACE}}}assessmentResult"
    for element in root.iter():
        children, attributes = SCHEMA[_local(element)]
        found = "".join(f"{_local(child)} " for child in element)
        assert re.fullmatch(children, found), (element.tag, found)
        wanted = {key.rstrip("?"): rule for key, rule in attributes.items()}
        assert set(element.attrib) <= set(wanted)
        assert {key for key in attributes if not key.endswith("?")} <= set(element.attrib)
        for key, value in element.attrib.items():
            rule = wanted[key]
            assert value in rule if isinstance(rule, set) else rule.fullmatch(value), (key, value)
    return root


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def find(root: etree._Element, path: str, **attributes: str) -> list[etree._Element]:
    steps = "/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/"))
    return [
        each
        for each in root.findall(steps)
        if all(each.get(key) == value for key, value in attributes.items())
    ]


def result(form: ScoringForm, responses: dict[str, tuple[Response, ...]]) -> bytes:
    opened = OpenedAttempt("2abcdefg", bytes(32), responses, 1)
    scored = score_attempt(form, opened)
    return assessment_result(Batch(form, [scored], SCORED_S), scored)


def test_a_whole_attempt(exam) -> None:
    data = result(exam.form, exam.perfect())
    assert result(exam.form, exam.perfect()) == data
    root = checked(data)
    (context,) = find(root, "context")
    assert dict(context.attrib) == {"sourcedId": "attempt-2abcdefg"}
    (total,) = find(root, "testResult/outcomeVariable", identifier="SCORE")
    key = exam.form.key
    most = sum(Fraction(each.weight) * Fraction(each.key.max_score) for each in key.entries)
    essay = next(each for each in key.entries if each.key.external)
    assert Fraction(total.get("normalMaximum")) == most
    assert total.get("masteryValue") == double(Fraction(key.cut_score))
    # Nothing was written where a person scores, so nothing waits: it scored 0.
    assert Fraction(total[0].text) == most - Fraction(essay.key.max_score)
    items = find(root, "itemResult")
    assert [each.get("identifier") for each in items] == [each.key.item for each in key.entries]
    assert {each.get("sessionStatus") for each in items} == {"final"}
    sections = find(root, "testResult/outcomeVariable")[1:]
    assert sum(Fraction(each[0].text) for each in sections) == Fraction(total[0].text)


def test_what_waits_for_a_person_has_no_score(exam) -> None:
    root = checked(result(exam.form, exam.perfect(essay="Found at 12 °C.\nSigned.")))
    essay = next(each for each in exam.form.key.entries if each.key.external)
    (item,) = find(root, "itemResult", identifier=essay.key.item)
    assert item.get("sessionStatus") == "pendingExternalScoring"
    (outcome,) = find(item, "outcomeVariable")
    assert outcome.get("external-scored") == "human" and len(outcome) == 0
    (value,) = find(item, "responseVariable/candidateResponse/value")
    assert value.text == "Found at 12 °C.\nSigned."
    (total,) = find(root, "testResult/outcomeVariable", identifier="SCORE")
    assert len(total) == 0
    scored = [each for each in find(root, "testResult/outcomeVariable") if len(each)]
    assert len(scored) == len(exam.form.key.sections) - 1


def test_no_correct_answer_and_no_person_is_in_it(exam) -> None:
    data = result(exam.form, {})
    root = checked(data)
    assert b"correctResponse" not in data
    assert not find(root, "itemResult/responseVariable/candidateResponse/value")
    shown = {
        each.get("identifier"): each.get("choiceSequence", "").split()
        for each in find(root, "itemResult/responseVariable")
    }
    assert any(shown.values())
    item = find(root, "itemResult", identifier="freezing")[0]
    (interaction,) = exam.form.items["freezing"].interactions
    (variable,) = find(item, "responseVariable")
    assert variable.get("choiceSequence").split() == [
        each.identifier for each in interaction.choices
    ]
    assert variable.get("answeredStatus") is None


@settings(max_examples=60)
@given(st.text(max_size=80))
def test_whatever_a_candidate_wrote_is_xml(exam, words: str) -> None:
    essay = next(
        each for each in exam.form.items.values() if isinstance(each.interactions[0], ExtendedText)
    )
    name = essay.interactions[0].response
    root = checked(result(exam.form, {essay.identifier: (Response(name, (words,)),)}))
    (item,) = find(root, "itemResult", identifier=essay.identifier)
    (value,) = find(item, "responseVariable/candidateResponse/value")
    kept = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", words)
    assert (value.text or "") == re.sub("\r\n?", "\n", kept) or (value.text or "") == kept


def test_names_that_xml_does_not_know_get_an_underscore(exam) -> None:
    entry = exam.form.key.entries[0]
    key = msgspec.structs.replace(entry.key, item="1st")
    renamed = msgspec.structs.replace(
        exam.form.key, entries=(msgspec.structs.replace(entry, key=key),)
    )
    item = msgspec.structs.replace(exam.form.items[entry.key.item], identifier="1st")
    root = checked(result(ScoringForm({"1st": item}, renamed), {}))
    assert find(root, "itemResult", identifier="_1st")


@given(st.fractions())
def test_a_score_is_rounded_once_and_reads_back_the_same(value: Fraction) -> None:
    written = double(value)
    assert DOUBLE.fullmatch(written)
    assert float(written) == float(value)


def test_known_roundings() -> None:
    assert [double(Fraction(text)) for text in ("1/3", "0.1", "2.5", "21", "1e400")] == [
        "0.3333333333333333",
        "0.1",
        "2.5",
        "21.0",
        "INF",
    ]


def test_a_held_attempt_has_no_file(exam, tmp_path: Path) -> None:
    held = score_attempt(
        exam.form, OpenedAttempt("held", bytes(32), exam.perfect(), 1, ("Not whole.",))
    )
    good = score_attempt(exam.form, OpenedAttempt("good", bytes(32), exam.perfect(), 1))
    batch = Batch(exam.form, [held, good], SCORED_S)
    (path,) = write_results(batch, tmp_path / "results")
    assert path.name == "good.xml" and stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ValueError, match="held"):
        assessment_result(batch, held)


def test_the_command_writes_them(exam, attempts: Iterator[Path], tmp_path: Path) -> None:
    options = {"package_hash": exam.package_hash, "candidate": "Ada Example"}
    perfect = list(exam.perfect().items())
    bundles = [exam.centre.hand_in(next(attempts), perfect, **options)]
    write_parts(tmp_path / "in", bundles)
    arguments = [tmp_path / "in", "--body", exam.centre.body.directory, "--workers", 1]
    arguments += ["--out", tmp_path / "out", "--qti", tmp_path / "qti"]
    done = CliRunner().invoke(score, [str(each) for each in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    (path,) = (tmp_path / "qti" / exam.form.key.form).iterdir()
    data = path.read_bytes()
    checked(data)
    assert b"Ada" not in data and bundles[0].blind_id.hex().encode() not in data
    assert "1 results as QTI 3" in done.output
