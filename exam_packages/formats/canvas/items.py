"""An item of QTI 1.2 into what it asks and which answers its rules give points for.

Only what Canvas and Common Cartridge write is known here; QTI 1.2 is larger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from exam_packages.formats.building import Span
from exam_packages.formats.errors import FormatError
from exam_packages.formats.xml import Node
from exam_packages.formats.xml_stream import child, children, words
from exam_packages.rules.numbers import number

PROFILES = {
    "cc.multiple_choice.v0p1": "multiple_choice_question",
    "cc.multiple_response.v0p1": "cc_multiple_response",
    "cc.true_false.v0p1": "true_false_question",
    "cc.fib.v0p1": "short_answer_question",
    "cc.pattern_match.v0p1": "cc_pattern_match",
    "cc.essay.v0p1": "essay_question",
}
"""Common Cartridge's kinds of question, in Canvas's words where it has one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A choice by its identifier, with its text in *form* ``html`` or ``plain``."""

    identifier: str
    text: str
    form: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One response: what stands before it, and the answers to choose from."""

    identifier: str
    text: str
    form: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """These answers to a response earn this percentage of the points."""

    response: str
    answer: str
    percent: Fraction
    negated: bool


def metadata(item: Node) -> dict[str, str]:
    """The fields that describe *item*: ``question_type``, ``points_possible`` and so on."""
    found: dict[str, str] = {}
    about = child(item, "itemmetadata")
    for block in children(about, "qtimetadata") if about else []:
        for field in children(block, "qtimetadatafield"):
            found[words(field, "fieldlabel")] = words(field, "fieldentry")
    return found


def material(node: Node | None) -> tuple[str, str]:
    """The text of a material and its form."""
    text = child(node, "mattext") if node else None
    if text is None:
        return "", "plain"
    return text.all_text(), "html" if text.get("texttype") == "text/html" else "plain"


def stem(item: Node) -> list[tuple[str, str]]:
    """The texts of the question itself, each with its form."""
    presentation = child(item, "presentation")
    if presentation is None:
        return []
    return [
        material(each) for each in children(child(presentation, "flow") or presentation, "material")
    ]


def asked(item: Node) -> list[Asked]:
    """The responses of *item*, in order."""
    presentation = child(item, "presentation")
    if presentation is None:
        return []
    flow = child(presentation, "flow") or presentation
    found = []
    for node in flow.mixed():
        if node.name not in ("response_lid", "response_str", "response_num"):
            continue
        render = next((each for each in node.mixed() if each.name.startswith("render_")), None)
        answers = []
        for label in _labels(render) if render else []:
            answers.append(Answer(label.get("ident") or "", *material(child(label, "material"))))
        text, form = material(child(node, "material"))
        found.append(Asked(node.get("ident") or "", text, form, tuple(answers)))
    return found


def kind_of(item: Node) -> str:
    """What *item* can only be by its shape, where its metadata does not say; or nothing."""
    presentation = child(item, "presentation")
    flow = (child(presentation, "flow") or presentation) if presentation else None
    responses = [each for each in flow.mixed() if each.name.startswith("response_")] if flow else []
    if len(responses) != 1:
        return ""
    (response,) = responses
    if response.name == "response_lid":
        several = response.get("rcardinality") == "Multiple"
        return {False: "multiple_choice_question", True: "cc_multiple_response"}[several]
    if response.name not in ("response_str", "response_num"):
        return ""
    tests = {node.name for tested, _ in conditions(item) for node, _ in _tests(tested)}
    if not tests:
        return "essay_question"
    numeric = tests & {"vargt", "vargte", "varlt", "varlte"}
    return "numerical_question" if numeric else "short_answer_question"


def _labels(render: Node) -> list[Node]:
    found = []
    for node in render.mixed():
        if node.name == "response_label":
            found.append(node)
        elif node.name in ("flow_label", "flow"):
            found += children(node, "response_label")
    return found


def conditions(item: Node) -> list[tuple[Node, Fraction]]:
    """Each condition that earns points, with the percentage it sets or adds."""
    processing = child(item, "resprocessing")
    found = []
    for condition in children(processing, "respcondition") if processing else []:
        tested = child(condition, "conditionvar")
        for setting in children(condition, "setvar"):
            percent = number(setting.only_text())
            if percent is None:
                raise FormatError("A condition sets a score that is no number; correct it.")
            if tested is not None and percent:
                found.append((tested, percent))
    return found


def given(item: Node) -> list[Given]:
    """Every answer that a condition names. Raises ``FormatError``."""
    found = []
    for tested, percent in conditions(item):
        for node, negated in _tests(tested):
            if node.name in ("varequal", "varsubstring"):
                answer = node.all_text()
                found.append(Given(node.get("respident") or "", answer, percent, negated))
            elif node.name not in ("other", "unanswered"):
                raise FormatError(
                    "The rule <{name}> is not taken in; score the question in another way.",
                    name=node.name[:40],
                )
    return found


def _tests(tested: Node) -> Iterator[tuple[Node, bool]]:
    """The tests in a condition, in order, each with whether it must fail."""
    pending = [(each, False) for each in reversed(tested.mixed())]
    while pending:
        node, negated = pending.pop()
        if node.name in ("and", "or", "not"):
            turned = negated != (node.name == "not")
            pending += [(each, turned) for each in reversed(node.mixed())]
        else:
            yield node, negated


def spans(item: Node, points: Fraction) -> list[Span]:
    """The numbers that are right. Canvas writes the ends of each span out."""
    found = []
    for tested, percent in conditions(item):
        ends = {node.name: number(node.all_text()) for node, _ in _tests(tested)}
        if None in ends.values():
            raise FormatError("A right answer is no number; correct it.")
        low = ends.get("vargte", ends.get("vargt"))
        high = ends.get("varlte", ends.get("varlt"))
        middle = ends.get("varequal")
        if low is None or high is None:
            if middle is None:
                raise FormatError("A right answer has no number, or only one end; complete it.")
            low = high = middle
        if low > high:
            raise FormatError("A right answer ends before it begins; correct it.")
        found.append(
            Span(
                low,
                high,
                percent / 100 * points,
                (low + high) / 2 if middle is None or not low <= middle <= high else middle,
                "vargt" in ends,
                "varlt" in ends,
            )
        )
    return found
