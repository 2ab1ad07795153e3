"""A test file: parts, sections, selection, ordering, weights, time limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from exam_packages.assessment import Member, PartPlan, Question, QuestionReference, SectionPlan
from exam_packages.content.paper import LINEAR, NONLINEAR
from exam_packages.content.text import Block
from exam_packages.formats.qti.body import Body
from exam_packages.formats.qti.library import Library
from exam_packages.formats.qti.names import parse_as
from exam_packages.formats.report import Change
from exam_packages.formats.xml import Node
from exam_packages.rules.key import SCORE
from exam_packages.rules.numbers import number, written

MAX_TIME_S = 24 * 3600
MAX_NESTING = 6
MODES = {"linear": LINEAR, "nonlinear": NONLINEAR}

ReadQuestion = Callable[[Node, str, str], Question]


@dataclass(frozen=True, slots=True)
class Structure:
    """A test file, read. ``time_limit_s`` is 0 without a limit."""

    identifier: str
    title: str
    language: str
    time_limit_s: int
    instructions: tuple[Block, ...]
    parts: tuple[PartPlan, ...]
    changes: tuple[Change, ...]


def read_structure(library: Library, file: str, question: ReadQuestion) -> Structure:
    """Read the test *file*. *question* reads the item that a reference names.

    Raises ``FormatError``.
    """
    return _Reader(library, file, question).read()


class _Reader:
    def __init__(self, library: Library, file: str, question: ReadQuestion) -> None:
        self._root = parse_as(library.files[file], file, "qti-assessment-test")
        self._question = question
        self._body = Body(library)
        self._names: set[str] = set()
        self._weights: set[str] = set()

    def read(self) -> Structure:
        given = self._root.attributes(identifier=None, title=None, tool_name="", tool_version="")
        limit, parts = 0, []
        instructions: tuple[Block, ...] = ()
        processing: Node | None = None
        for child in self._root.children():
            match child.name:
                case "qti-outcome-declaration":
                    child.attributes(
                        identifier=None, cardinality=None, base_type=None, normal_maximum=""
                    )
                    if child.children():
                        raise child.children()[0].unsupported()
                case "qti-time-limits":
                    limit = self._time_limit(child)
                case "qti-rubric-block":
                    instructions += self._rubric(child)
                case "qti-test-part":
                    parts.append(self._part(child))
                case "qti-outcome-processing":
                    processing = child
                case _:
                    raise child.unsupported()
        if not parts:
            raise self._root.error("the test has no part.")
        self._check_processing(processing)
        if self._body.media:
            raise self._root.error("pictures in instructions are not supported; use an exhibit.")
        return Structure(
            self._root.identifier("identifier", given["identifier"]),
            given["title"],
            self._root.language,
            limit,
            instructions,
            tuple(parts),
            tuple(self._root.changes),
        )

    def _time_limit(self, node: Node) -> int:
        given = node.attributes(max_time=None, min_time="0", allow_late_submission="false")
        seconds = number(given["max_time"])
        if seconds is None or seconds.denominator != 1 or not 0 < seconds <= MAX_TIME_S:
            raise node.error(
                "max-time=“{text}” must be whole seconds, at most {most}.",
                text=given["max_time"][:40],
                most=MAX_TIME_S,
            )
        if number(given["min_time"]) != 0:
            raise node.error("a least time is not supported; leave min-time out.")
        if node.truth("allow-late-submission", given["allow_late_submission"]):
            raise node.error("late submission is not supported; leave it out.")
        return int(seconds)

    def _rubric(self, node: Node) -> tuple[Block, ...]:
        given = node.attributes(view=None, use="instructions")
        if given["view"].split() != ["candidate"]:
            raise node.error("only rubrics with view=“candidate” are taken in.")
        children = node.children()
        if len(children) == 1 and children[0].name == "qti-content-body":
            children[0].attributes()
            return self._body.blocks(children[0])
        return self._body.blocks(node)

    def _part(self, node: Node) -> PartPlan:
        given = node.attributes(identifier=None, navigation_mode=None, submission_mode=None)
        if given["navigation_mode"] not in MODES:
            raise node.error("navigation-mode must be linear or nonlinear.")
        if given["submission_mode"] != "simultaneous":
            raise node.error(
                "answers are scored after the sitting, all at once; set"
                " submission-mode=“simultaneous”."
            )
        sections = []
        for child in node.children():
            if child.name == "qti-item-session-control":
                self._session_control(child)
            elif child.name == "qti-assessment-section":
                sections.append(self._section(child, 1))
            else:
                raise child.unsupported()
        if not sections:
            raise node.error("the part has no section.")
        name = self._unique(node, given["identifier"])
        return PartPlan(name, MODES[given["navigation_mode"]], tuple(sections))

    def _session_control(self, node: Node) -> None:
        """The only way an attempt runs here; anything else must not be promised."""
        fixed = {
            "max_attempts": ("1", "0"),
            "show_feedback": ("false",),
            "allow_review": ("true",),
            "show_solution": ("false",),
            "allow_comment": ("false",),
            "allow_skipping": ("true",),
            "validate_responses": ("false",),
        }
        given = node.attributes(**{name: values[0] for name, values in fixed.items()})
        for name, value in given.items():
            if value not in fixed[name]:
                raise node.error(
                    "{name}=“{value}” is not supported; only {wanted} is.",
                    name=name.replace("_", "-"),
                    value=value[:40],
                    wanted=fixed[name][0],
                )

    def _section(self, node: Node, depth: int) -> SectionPlan:
        given = node.attributes(
            identifier=None,
            title=None,
            visible=None,
            fixed="false",
            required="false",
            keep_together="true",
        )
        visible = node.truth("visible", given["visible"])
        if depth > MAX_NESTING or (depth > 1 and visible):
            raise node.error("a section in a section must have visible=“false”, and not too deep.")
        if not node.truth("keep-together", given["keep_together"]):
            raise node.error("mixing a section into another is not supported; keep it together.")
        rubric: tuple[Block, ...] = ()
        members: list[Member] = []
        select, shuffle = None, False
        for child in node.children():
            match child.name:
                case "qti-selection":
                    picked = child.attributes(select=None, with_replacement="false")
                    select = child.number("select", picked["select"])
                    if child.truth("with-replacement", picked["with_replacement"]):
                        raise child.error("drawing an item twice is not supported.")
                case "qti-ordering":
                    order = child.attributes(shuffle="false")["shuffle"]
                    shuffle = child.truth("shuffle", order)
                case "qti-rubric-block":
                    rubric += self._rubric(child)
                case "qti-assessment-section":
                    members.append(self._section(child, depth + 1))
                case "qti-assessment-item-ref":
                    members.append(self._reference(child))
                case _:
                    raise child.unsupported()
        if not members or (rubric and depth > 1):
            raise node.error("the section has no questions, or a rubric that is not shown.")
        return SectionPlan(
            self._unique(node, given["identifier"]),
            given["title"],
            rubric,
            tuple(members),
            select,
            shuffle,
            node.truth("fixed", given["fixed"]),
            node.truth("required", given["required"]),
        )

    def _reference(self, node: Node) -> QuestionReference:
        given = node.attributes(
            identifier=None, href=None, fixed="false", required="false", category=""
        )
        weight = "1"
        for child in node.children():
            if child.name != "qti-weight":
                raise child.unsupported()
            one = child.attributes(identifier=None, value=None)
            value = number(one["value"])
            if value is None or value < 0 or self._weights - {one["identifier"]}:
                raise child.error(
                    "a weight must be a number from 0 on, under one name in the whole test."
                )
            self._weights.add(one["identifier"])
            weight = written(value)
        return QuestionReference(
            self._question(node, given["href"], self._unique(node, given["identifier"])),
            weight,
            node.truth("fixed", given["fixed"]),
            node.truth("required", given["required"]),
        )

    def _unique(self, node: Node, identifier: str) -> str:
        name = node.identifier("identifier", identifier)
        if name in self._names:
            raise node.error("the identifier “{name}” is used twice; rename one.", name=name)
        self._names.add(name)
        return name

    def _check_processing(self, node: Node | None) -> None:
        """Outcome processing is the sum of the items' scores, by weight if there are any."""
        shape = [
            ("qti-set-outcome-value", {"identifier": SCORE}),
            ("qti-sum", {}),
            ("qti-test-variables", {"variable_identifier": SCORE}),
        ]
        weight = ""
        if node is None:
            if self._weights:
                raise self._root.error(
                    "items have weights, and no outcome processing uses them; add it."
                )
            return
        for name, wanted in shape:
            children = node.children()
            if len(children) != 1 or children[0].name != name:
                raise node.error(
                    "only the sum of the item scores is supported as outcome processing: one"
                    " <{name}> is expected in this element.",
                    name=name,
                )
            node = children[0]
            if name == "qti-test-variables":
                given = node.attributes(variable_identifier=None, weight_identifier="")
                weight = given.pop("weight_identifier")
            else:
                given = node.attributes(**dict.fromkeys(wanted))
            if given != wanted:
                raise node.error("the total must be the outcome SCORE, of the items' SCORE.")
        if self._weights - {weight} or (weight and not self._weights):
            raise node.error("weight-identifier must name the weight that the items have.")
