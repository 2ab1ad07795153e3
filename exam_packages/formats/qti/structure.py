"""A test file: parts, sections, selection, ordering, weights, limits of time.

What decides during a sitting from scores (preconditions, branch rules, adaptive
selection) needs the answer key at the station and is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from exam_packages.assessment import (
    Member,
    PartPlan,
    Question,
    QuestionReference,
    SectionPlan,
    SessionControl,
    TimeLimits,
)
from exam_packages.content.paper import LINEAR, NONLINEAR
from exam_packages.content.text import Block
from exam_packages.formats.qti import flow, references
from exam_packages.formats.qti.body import Body
from exam_packages.formats.qti.flow import Flow
from exam_packages.formats.qti.information import Information, beside_all
from exam_packages.formats.qti.inlines import one_line
from exam_packages.formats.qti.library import Library
from exam_packages.formats.qti.names import parse_as
from exam_packages.formats.qti.sessions import read_control, read_limits, refuse_decision
from exam_packages.formats.qti.totals import read_total, read_weight
from exam_packages.formats.report import Change
from exam_packages.formats.xml import Node
from exam_packages.rules.expressions import Expression
from exam_packages.rules.key import TestProcessing

MAX_NESTING = 6
MODES = {"linear": LINEAR, "nonlinear": NONLINEAR}
_LEFT_OUT = {
    "qti-test-feedback": "feedback on the test was left out: which is shown depends on scores.",
    "qti-stylesheet": "the style sheet was left out.",
}

ReadQuestion = Callable[[Node, str, str], "Question | tuple[str, ...]"]
"""The question of a reference, or the exhibits that an item became which asks nothing."""


@dataclass(frozen=True, slots=True)
class Structure:
    """A test file, read. ``time_limit_s`` is 0 without a limit."""

    identifier: str
    title: str
    language: str
    time_limit_s: int
    instructions: tuple[Block, ...]
    parts: tuple[PartPlan, ...]
    processing: TestProcessing | None
    changes: tuple[Change, ...]
    least_s: int = 0


def read_structure(library: Library, file: str, question: ReadQuestion) -> Structure:
    """Read the test *file*. *question* reads the item that a reference names.

    Raises ``FormatError``.
    """
    return _Reader(library, file, question).read()


class _Reader:
    def __init__(self, library: Library, file: str, question: ReadQuestion) -> None:
        self._library = library
        self._root = parse_as(library.files[file], file, "qti-assessment-test")
        self._question = question
        self._body = Body(library)
        self._body.take = Flow(self._body, {}).take
        self._names: set[str] = set()
        self._weight = ""
        self._information = Information()

    def read(self) -> Structure:
        given = self._root.attributes(identifier=None, title="")
        limits, parts = TimeLimits(), []
        instructions: tuple[Block, ...] = ()
        children = self._root.children()
        total = read_total(self._root, children)
        self._weight = total.weight
        for child in children:
            match child.name:
                case "qti-time-limits":
                    limits = read_limits(child)
                case "qti-rubric-block":
                    instructions += flow.rubric(self._body, child)
                case "qti-test-part":
                    if (part := self._part(child)) is not None:
                        parts.append(part)
                case "qti-outcome-declaration" | "qti-outcome-processing":
                    pass  # read with the total
                case _:
                    self._leave_out(child)
        if not parts:
            raise self._root.error("the test has no part in which anything is asked.")
        if self._information.waiting:
            self._root.change(
                "the item {names}, which asks nothing, was left out: no question follows it.",
                names=", ".join(self._information.waiting)[:200],
            )
        if len(parts) == 1 and not limits.max_s:
            limits, parts = parts[0].limits, [replace(parts[0], limits=TimeLimits())]
        if self._body.media:
            raise self._root.error("pictures in instructions are not supported; use an exhibit.")
        identifier = self._root.identifier("identifier", given["identifier"])
        return Structure(
            identifier,
            one_line(given["title"]) or identifier,
            self._root.language,
            limits.max_s,
            instructions,
            tuple(parts),
            total.processing,
            tuple(self._root.changes),
            limits.min_s,
        )

    def _leave_out(self, node: Node) -> None:
        if node.name not in _LEFT_OUT:
            raise node.unsupported()
        node.change(_LEFT_OUT[node.name])

    def _part(self, node: Node) -> PartPlan | None:
        """A part; none where nothing is asked in it."""
        given = node.attributes(
            identifier=None, navigation_mode=None, submission_mode="simultaneous", title=""
        )
        if given["navigation_mode"] not in MODES:
            raise node.error("navigation-mode must be linear or nonlinear.")
        if given["submission_mode"] not in ("individual", "simultaneous"):
            raise node.error("submission-mode must be individual or simultaneous.")
        individual = given["submission_mode"] == "individual"
        control = read_control(node.children(), SessionControl(), individual)
        sections: list[SectionPlan] = []
        rubric: tuple[Block, ...] = ()
        limits = TimeLimits()
        for child in node.children():
            match child.name:
                case "qti-item-session-control":
                    pass  # read before what it is for
                case "qti-time-limits":
                    limits = read_limits(child)
                case "qti-rubric-block":
                    rubric += flow.rubric(self._body, child)
                case "qti-assessment-section" | "qti-assessment-section-ref":
                    plan, inner = self._section(child, 1, control, individual)
                    if plan is None:
                        rubric += inner
                    else:
                        sections.append(replace(plan, rubric=rubric + plan.rubric + inner))
                        rubric = ()
                case "qti-pre-condition" | "qti-branch-rule":
                    refuse_decision(child)
                case _:
                    self._leave_out(child)
        name = self._unique(node, given["identifier"])
        if not sections:
            if rubric or not self._information.waiting:
                raise node.error("the part has no section in which anything is asked.")
            return None
        mode = MODES[given["navigation_mode"]]
        return PartPlan(name, mode, tuple(sections), limits, individual)

    def _section(
        self, node: Node, depth: int, outer: SessionControl, individual: bool
    ) -> tuple[SectionPlan | None, tuple[Block, ...]]:
        """A section, and the rubrics of the sections in it; no section where nothing is asked
        in it, and its rubrics."""
        if depth > MAX_NESTING:
            raise node.error("sections nest more than {most} deep.", most=MAX_NESTING)
        if node.name == "qti-assessment-section-ref":
            href = node.attributes(identifier="", href=None)["href"]
            file = self._library.resolve(node, href)
            read = parse_as(self._library.files[file], file, "qti-assessment-section")
            read.changes = node.changes
            node = read
        given = node.attributes(
            identifier=None,
            title="",
            visible="true",
            fixed="false",
            required="false",
            keep_together="true",
        )
        visible = node.truth("visible", given["visible"])
        control = read_control(node.children(), outer, individual)
        rubric: tuple[Block, ...] = ()
        inner: tuple[Block, ...] = ()
        members: list[Member] = []
        mixed = False
        select, shuffle = None, False
        limits = TimeLimits()
        information: list[tuple[str, ...]] = []
        for child in node.children():
            match child.name:
                case "qti-selection":
                    select = self._selection(child)
                case "qti-ordering":
                    order = child.attributes(shuffle="false")["shuffle"]
                    shuffle = child.truth("shuffle", order)
                    if child.children():
                        raise child.children()[0].unsupported()
                case "qti-rubric-block":
                    rubric += flow.rubric(self._body, child)
                case "qti-time-limits":
                    limits = read_limits(child)
                case "qti-item-session-control":
                    pass  # read before what it is for
                case "qti-assessment-section" | "qti-assessment-section-ref":
                    inside, theirs = self._section(child, depth + 1, control, individual)
                    if inside is not None:
                        members.append(inside)
                        inner += inside.rubric
                    inner += theirs
                    mixed = mixed or child.get("keep-together") in ("false", "0")
                case "qti-assessment-item-ref":
                    found = self._reference(child, control, individual)
                    if isinstance(found, QuestionReference):
                        members.append(self._information.beside(found))
                    else:
                        information.append(found)
                        if not shuffle:
                            self._information.add(found, depth)
                case "qti-pre-condition" | "qti-branch-rule" | "qti-adaptive-selection":
                    refuse_decision(child)
                case _:
                    self._leave_out(child)
        self._information.close(depth)
        if information and select is not None:
            raise node.error(
                "it draws among items of which one asks nothing; put that into a stimulus."
            )
        if not members and not information:
            raise node.error("the section has no questions.")
        if shuffle:
            every = tuple(name for names in information for name in names)
            members = beside_all(members, every)
            if not members:
                self._information.add(every, depth)
        if mixed and shuffle:
            raise node.error("mixing a section into another is not supported; keep it together.")
        if depth > 1 and visible:
            node.change("the heading of this section in a section is not shown.")
        if depth > 1 and rubric:
            node.change("the instructions of this section are shown with those of the outer one.")
        identifier = self._unique(node, given["identifier"])
        if not members:
            return None, rubric + inner
        plan = SectionPlan(
            identifier,
            one_line(given["title"]) or identifier,
            rubric,
            tuple(members),
            select,
            shuffle,
            node.truth("fixed", given["fixed"]),
            node.truth("required", given["required"]),
            limits,
        )
        return plan, inner

    def _selection(self, node: Node) -> int:
        picked = node.attributes(select=None, with_replacement="false")
        if node.children():
            raise node.children()[0].unsupported()
        if node.truth("with-replacement", picked["with_replacement"]):
            raise node.error("drawing an item twice is not supported.")
        return node.number("select", picked["select"])

    def _reference(
        self, node: Node, outer: SessionControl, individual: bool
    ) -> QuestionReference | tuple[str, ...]:
        """A question, or the exhibits that an item becomes which asks nothing."""
        given = node.attributes(
            identifier=None, href=None, fixed="false", required="false", category=""
        )
        limits = TimeLimits()
        weights: dict[str, str] = {}
        names: dict[str, str] = {}
        defaults: dict[str, Expression] = {}
        for child in node.children():
            match child.name:
                case "qti-weight":
                    name, weight = read_weight(child)
                    if name in weights:
                        raise child.error("the weight “{name}” is given twice.", name=name[:60])
                    weights[name] = weight
                case "qti-time-limits":
                    limits = read_limits(child)
                case "qti-item-session-control":
                    pass  # read before what it is for
                case "qti-pre-condition" | "qti-branch-rule":
                    refuse_decision(child)
                case "qti-variable-mapping":
                    source, target = references.read_mapping(child)
                    if names.setdefault(source, target) != target:
                        raise child.error("“{name}” is renamed twice.", name=source)
                case "qti-template-default":
                    variable, expression = references.read_default(child)
                    defaults[variable] = expression
                case _:
                    self._leave_out(child)
        question = self._question(node, given["href"], self._unique(node, given["identifier"]))
        if not isinstance(question, Question):
            return question
        question = references.with_defaults(node, question, defaults)
        return QuestionReference(
            references.mapped(node, question, names),
            weights.get(self._weight, "1"),
            node.truth("fixed", given["fixed"]),
            node.truth("required", given["required"]),
            tuple(given["category"].split()),
            tuple(sorted(weights.items())),
            limits,
            read_control(node.children(), outer, individual),
        )

    def _unique(self, node: Node, identifier: str) -> str:
        name = node.identifier("identifier", identifier)
        if name in self._names:
            raise node.error("the identifier “{name}” is used twice; rename one.", name=name)
        self._names.add(name)
        return name
