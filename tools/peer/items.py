"""Items of a corpus, for scoring alone: declarations and rules, without the body.

A corpus is a folder with QTI items of any version in it. They are read with the names of
QTI 3, so that the same file can be given to us and to a peer that knows only these.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from exam_packages.errors import ExamError
from exam_packages.formats.qti.declarations import read_outcome, read_response
from exam_packages.formats.qti.names import parse_qti
from exam_packages.formats.qti.processing import read_processing
from exam_packages.formats.qti.templates import read_template, read_template_processing
from exam_packages.formats.xml import Node, parse
from exam_packages.rules.declarations import OutcomeDeclaration, ResponseDeclaration
from exam_packages.rules.expressions import Environment
from exam_packages.rules.key import ItemKey
from exam_packages.rules.processing import process
from exam_packages.rules.templates import draw_templates
from exam_packages.rules.values import Value, bind

DECLARED = (
    "qti-response-declaration",
    "qti-outcome-declaration",
    "qti-template-declaration",
    "qti-template-processing",
    "qti-response-processing",
)
MAX_CASES = 12
"""Answers that are tried on an item that brings none of its own."""

Answers = Mapping[str, tuple[str, ...]]


class FirstLot:
    """A source of chance without chance: always the first."""

    def below(self, limit: int) -> int:
        return 0


@dataclass(frozen=True)
class Case:
    """Answers to an item, and what its author expects of them (by name of an outcome)."""

    name: str
    answers: Answers
    expected: Mapping[str, object]


@dataclass(frozen=True)
class CorpusItem:
    """An item's root in QTI 3 names (only what scores it), and the answers to try."""

    name: str
    root: Node
    cases: tuple[Case, ...]

    def html(self) -> str:
        """The item as a peer's custom elements want it."""
        return str(etree.tostring(self.root.element, method="html", encoding="unicode"))

    def names(self) -> frozenset[str]:
        """The elements that it uses."""
        return frozenset(str(each.tag) for each in self.root.element.iter())


def corpus(folder: Path) -> Iterator[CorpusItem]:
    """Every item in *folder* and below, in order of its path."""
    for path in sorted(folder.rglob("*.xml")):
        try:
            root = parse_qti(path.read_bytes(), path.name)
        except ExamError:
            continue
        if root.name == "qti-assessment-item":
            item = _pruned(root)
            given = path.with_name("cases.json")
            name = path.parent.name if given.exists() else str(path.relative_to(folder))
            cases = _cases(given) if given.exists() else _invented(item, root)
            yield CorpusItem(name, item, cases)


def _pruned(root: Node) -> Node:
    made = etree.Element("qti-assessment-item")
    for name in ("identifier", "title", "adaptive", "time-dependent"):
        value = root.get(name)
        if value is not None:
            made.set(name, value)
    for child in root.mixed():
        if child.name in DECLARED:
            made.append(_bare(child.element))
    return parse(etree.tostring(made), root.file)


def _bare(element: etree._Element) -> etree._Element:
    """The element without namespaces, which a peer's DOM does not have."""
    made = etree.Element(etree.QName(element).localname)
    for key, value in element.attrib.items():
        if not str(key).startswith("{"):
            made.set(key, value)
    made.text = (element.text or "").strip() or None
    for child in element.iterchildren(etree.Element):
        made.append(_bare(child))
    return made


def _cases(path: Path) -> tuple[Case, ...]:
    found = []
    for case in json.loads(path.read_text("utf-8"))["cases"]:
        expected = dict(case["expect"].get("outcomes", {}))
        if "score" in case["expect"]:
            expected.setdefault("SCORE", case["expect"]["score"])
        answers = {name: _texts(value) for name, value in case["responses"].items()}
        found.append(Case(case["name"], answers, expected))
    return tuple(found)


def _texts(value: object) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, list):
        return tuple(text for each in value for text in _texts(each))
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, dict):
        return (" ".join(str(each) for each in value.values()),)
    return (str(value),)


def _invented(item: Node, root: Node) -> tuple[Case, ...]:
    """Nothing, the correct answer, and each thing that a mapping or a choice names."""
    declared = [each for each in item.mixed() if each.name == "qti-response-declaration"]
    correct: dict[str, tuple[str, ...]] = {}
    others: list[tuple[str, str]] = []
    choices = [
        str(each.get("identifier"))
        for each in root.element.iter(etree.Element)
        if str(each.tag).endswith("-choice")
    ]
    for node in declared:
        name, kind = str(node.get("identifier")), node.get("base-type")
        element = node.element
        values = [
            (each.text or "").strip()
            for each in element.iterfind(".//qti-correct-response/qti-value")
        ]
        keys = [str(each.get("map-key")) for each in element.iterfind(".//qti-map-entry")]
        if values:
            correct[name] = tuple(values)
        others += [(name, key) for key in dict.fromkeys([*keys, *values])]
        if kind == "identifier":
            others += [(name, choice) for choice in dict.fromkeys(choices)]
        elif kind in ("integer", "float", "string"):
            others.append((name, "1"))
    cases = [
        Case("nothing", {}, {}),
        *([Case("the correct answer", correct, {})] if correct else []),
    ]
    for name, text in dict.fromkeys(others):
        cases.append(Case(f"{name} = {text}", {name: (text,)}, {}))
    return tuple(cases[:MAX_CASES])


@dataclass(frozen=True)
class Scorer:
    """Our own scoring of an item of a corpus."""

    key: ItemKey

    @classmethod
    def of(cls, item: CorpusItem) -> Scorer:
        """Raises ``ExamError`` for what is not supported."""
        responses: list[ResponseDeclaration] = []
        outcomes: list[OutcomeDeclaration] = []
        templates, drawing, rules = [], None, ()
        for node in item.root.children():
            match node.name:
                case "qti-response-declaration":
                    responses.append(read_response(node, beforehand=True))
                case "qti-outcome-declaration":
                    outcomes.append(read_outcome(node)[0])
                case "qti-template-declaration":
                    templates.append(read_template(node))
                case "qti-template-processing":
                    drawing = node
                case "qti-response-processing":
                    rules, _ = read_processing(node)
        if "SCORE" not in {each.identifier for each in outcomes}:
            outcomes.append(OutcomeDeclaration("SCORE", "float", "single", ()))
        key = ItemKey("item", tuple(responses), tuple(outcomes), rules, "1", False)
        if templates:
            key = draw_templates(read_template_processing(drawing, templates), key, FirstLot()).key
        return cls(key)

    def outcomes(self, answers: Answers) -> dict[str, Value | None]:
        """The outcomes after the rules ran. Raises ``ExamError``."""
        here = Environment(
            {each.identifier: each for each in self.key.responses},
            {each.identifier: each for each in self.key.outcomes},
        )
        for declared in (*self.key.responses, *self.key.templates, *self.key.outcomes):
            here.values[declared.identifier] = declared.default_value()
        for declared in self.key.responses:
            if declared.identifier in answers:
                texts = answers[declared.identifier]
                if declared.cardinality == "single" and len(texts) > 1:
                    texts = (texts[0],)
                here.values[declared.identifier] = declared.bind(texts)
        process(self.key, here)
        return {each.identifier: here.values[each.identifier] for each in self.key.outcomes}


def agrees(value: Value | None, other: object, declared: OutcomeDeclaration | None = None) -> bool:
    """Whether *value* is what another engine calls *other*, numbers to twelve digits."""
    texts = _texts(other)
    if value is None or not texts:
        return value is None and not texts
    try:
        theirs = bind(value.base_type, value.cardinality, texts)
    except ExamError:
        theirs = None
    if theirs is None:
        return False
    if value.base_type in ("integer", "float") and value.cardinality == "single":
        mine, wanted = value.members[0], theirs.members[0]
        return abs(mine - wanted) <= max(abs(mine), abs(wanted)) / 10**12  # type: ignore[operator, arg-type]
    if value.cardinality == "multiple":
        return sorted(map(str, value.members)) == sorted(map(str, theirs.members))
    return value.members == theirs.members
