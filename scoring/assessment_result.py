"""Results for other systems: QTI 3.0 Results Reporting, one ``assessmentResult`` an attempt.

The candidate is the attempt's id of the batch and nothing else; whoever may join it to a
name does so elsewhere. Correct answers are never written, nor template variables, which may
hold one: what is handed on may be handed on again. An attempt that is held has no result,
so it has no file.

While an item waits for a person it has no SCORE, and neither has its section nor the
test: a sum of what rules could score is no result. Scores are exact here and ``xs:double``
in the format: each is rounded once, at the end, to the nearest double, ties to even, and
written in the shortest way that reads back as the same double.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Final

from lxml import etree

from exam_packages.content.items import Interaction
from exam_packages.content.values import Response
from exam_packages.files import make_directory, write_durably
from exam_packages.rules.declarations import ResponseDeclaration
from exam_packages.rules.key import SCORE, Entry
from exam_packages.rules.numbers import exact
from exam_packages.rules.processing import EXTERNAL, ItemResult
from scoring.report import Batch
from scoring.score import ScoredAttempt, Standing

__all__ = ["NAMESPACE", "assessment_result", "double", "write_results"]

NAMESPACE: Final = "http://www.imsglobal.org/xsd/imsqti_result_v3p0"

_NAME_STARTS = re.compile(r"[A-Za-z_]")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_results(batch: Batch, directory: Path) -> list[Path]:
    """Write a file for each attempt that is not held, readable by its owner alone.

    They hold candidates' words. Gives the paths, in the order of the batch.
    """
    make_directory(directory, 0o700)
    paths = []
    for attempt in batch.scored:
        if attempt.standing is not Standing.HELD:
            path = directory / f"{attempt.id}.xml"
            write_durably(path, assessment_result(batch, attempt), mode=0o600)
            paths.append(path)
    return paths


def assessment_result(batch: Batch, attempt: ScoredAttempt) -> bytes:
    """The result of one attempt of *batch*, which must not be held. The same input gives
    the same bytes."""
    if attempt.items is None or attempt.standing is Standing.HELD:
        raise ValueError("a held attempt has no result")
    # lxml knows the default namespace as None, which its stubs do not.
    root = etree.Element(_tag("assessmentResult"), nsmap={None: NAMESPACE})  # type: ignore[dict-item]  # stubs
    _add(root, "context", sourcedId=f"attempt-{attempt.id}")
    _test(root, batch, attempt.items)
    for number, entry in enumerate(batch.form.key.entries, start=1):
        _item(root, batch, attempt, entry, attempt.items[entry.key.item], number)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def double(value: Fraction) -> str:
    """*value* as ``xs:double``: the nearest, in the shortest text that reads back as it."""
    try:
        return repr(float(value))
    except OverflowError:
        return "INF" if value > 0 else "-INF"


def _test(root: etree._Element, batch: Batch, results: Mapping[str, ItemResult]) -> None:
    key = batch.form.key
    test = _add(root, "testResult", identifier=_name(key.form), datestamp=_when(batch))
    whole = [(each, results[each.key.item]) for each in key.entries]
    cut = double(exact(key.cut_score))
    _points(test, SCORE, whole, masteryValue=cut)
    for section in key.sections:
        part = [(each, result) for each, result in whole if each.section == section.identifier]
        _points(test, f"{SCORE}_{section.identifier}", part, interpretation=_text(section.title))


def _points(
    test: etree._Element, name: str, of: list[tuple[Entry, ItemResult]], **more: str
) -> None:
    """The weighted points of some items, once all of them are scored."""
    most = sum((exact(entry.weight) * result.max_score for entry, result in of), Fraction(0))
    scores = [
        exact(entry.weight) * result.score for entry, result in of if result.score is not None
    ]
    variable = _add(
        test,
        "outcomeVariable",
        identifier=_name(name),
        cardinality="single",
        baseType="float",
        normalMaximum=double(most),
        **more,
    )
    if len(scores) == len(of):
        _add(variable, "value").text = double(sum(scores, Fraction(0)))


def _item(
    root: etree._Element,
    batch: Batch,
    attempt: ScoredAttempt,
    entry: Entry,
    result: ItemResult,
    number: int,
) -> None:
    waits = result.score is None
    item = _add(
        root,
        "itemResult",
        identifier=_name(entry.key.item),
        sequenceIndex=str(number),
        datestamp=_when(batch),
        sessionStatus="pendingExternalScoring" if waits else "final",
    )
    given = {each.identifier: each for each in attempt.attempt.responses.get(result.item, ())}
    shown = batch.form.items[entry.key.item]
    for declared in entry.key.responses:
        interaction = shown.interaction(declared.identifier)
        _response(item, declared, interaction, given.get(declared.identifier), waits)
    kinds = {each.identifier: each.base_type for each in entry.key.outcomes}
    more = {"external-scored": "human"} if entry.key.external or result.person == EXTERNAL else {}
    variable = _add(
        item,
        "outcomeVariable",
        identifier=SCORE,
        cardinality="single",
        baseType=kinds.get(SCORE, "float"),
        normalMaximum=double(result.max_score),
        **more,
    )
    if result.score is not None:
        whole = kinds.get(SCORE) == "integer" and result.score.denominator == 1
        text = str(result.score.numerator) if whole else double(result.score)
        _add(variable, "value").text = text


def _response(
    item: etree._Element,
    declared: ResponseDeclaration,
    interaction: Interaction | None,
    given: Response | None,
    waits: bool,
) -> None:
    members = given.members if given is not None else ()
    more = {"choiceSequence": " ".join(order)} if (order := list(_choices(interaction))) else {}
    if members:
        more["answeredStatus"] = "answered"
    variable = _add(
        item,
        "responseVariable",
        identifier=_name(declared.identifier),
        cardinality=declared.cardinality,
        baseType=declared.base_type,
        scoreStatus="notscored" if waits else "scored",
        **more,
    )
    response = _add(variable, "candidateResponse")
    for member in members:
        _add(response, "value").text = _text(member)


def _choices(interaction: Interaction | None) -> Iterator[str]:
    """The choices in the order in which this form showed them."""
    for choice in getattr(interaction, "choices", ()):
        yield _name(choice.identifier)


def _add(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, _tag(name), attributes)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _name(identifier: str) -> str:
    """An XML name: QTI wants one, and a bank's own names may begin with a digit."""
    return identifier if _NAME_STARTS.match(identifier) else f"_{identifier}"


def _text(words: str) -> str:
    """*words* without characters that XML cannot hold; ``answers.json`` has them all."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", words)


def _when(batch: Batch) -> str:
    """When the batch was scored: when an answer was given is not the desk's to say."""
    return datetime.fromtimestamp(batch.scored_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
