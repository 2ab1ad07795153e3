"""A whole test, or a bank of questions, as the files of a QTI 3 package."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from exam_packages.assessment import (
    Member,
    PartPlan,
    Question,
    QuestionReference,
    SectionPlan,
    SessionControl,
    Test,
    TimeLimits,
)
from exam_packages.content.items import Exhibit
from exam_packages.content.paper import LINEAR, NONLINEAR
from exam_packages.content.text import Block
from exam_packages.formats.blueprint_writer import write_blueprint
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti import names
from exam_packages.formats.qti.declaration_writer import write_outcome
from exam_packages.formats.qti.elements import Element, decimal, document, element, leaf, unless
from exam_packages.formats.qti.expressions import Place
from exam_packages.formats.qti.item_writer import write_item
from exam_packages.formats.qti.manifest import FILE
from exam_packages.formats.qti.reader import BLUEPRINT
from exam_packages.formats.qti.rule_writer import write_rules
from exam_packages.formats.qti.text_writer import Writer
from exam_packages.formats.report import Bank
from exam_packages.rules.declarations import OutcomeDeclaration
from exam_packages.rules.expressions import Apply
from exam_packages.rules.key import SCORE, Rule, SetOutcome

MODES = {LINEAR: "linear", NONLINEAR: "nonlinear"}
MANIFEST = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
LOM = "http://ltsc.ieee.org/xsd/LOM"
ITEM_TYPE, TEST_TYPE, STIMULUS_TYPE = (
    f"imsqti_{kind}_xmlv3p0" for kind in ("item", "test", "stimulus")
)
_TOTAL = OutcomeDeclaration(SCORE, "float", "single", ())
CLASSES = {"competency": "competence", "educational objective": "level"}


def whole_bank(bank: Bank, identifier: str = "bank") -> Test:
    """The test in *bank*, or one section with all its questions when it has none.

    Raises ``FormatError`` when there is nothing in it.
    """
    if len(bank.tests) == 1:
        return bank.tests[0]
    members = tuple(QuestionReference(each, "1", False, False) for each in bank.questions())
    if not members:
        raise FormatError("The bank has no question that could be written.")
    section = SectionPlan("questions", "Questions", (), members, None, False, False, False)
    parts = (PartPlan("part", NONLINEAR, (section,)),)
    return Test(
        identifier, identifier, "", 0, (), parts,
        bank.exhibits, bank.media, bank.exhibit_media, None, None,
    )  # fmt: skip


def write_test(test: Test) -> dict[str, bytes]:
    """The files of the package of *test*, by name; reading them gives the same test.

    Raises ``FormatError`` for what QTI cannot say.
    """
    files: dict[str, bytes] = {}
    resources: list[Element] = []
    tests = [("test.xml", test)]
    if test.practice:
        tests.append(("practice.xml", replace(test.practice, blueprint=None, practice=None)))
    if test.survey:
        tests.append(("survey.xml", replace(test.survey, blueprint=None, practice=None)))
    exhibits: dict[str, Exhibit] = {}
    questions: dict[str, Question] = {}
    media: dict[str, bytes] = {}
    for name, each in tests:
        files[name] = _structure(each)
        resources.append(_resource(name, TEST_TYPE))
        exhibits |= each.exhibits
        media |= each.media
        for reference in each.references():
            questions.setdefault(reference.question.item.identifier, reference.question)
    for identifier, question in questions.items():
        name = f"items/{identifier}.xml"
        ways = {each: f"../stimuli/{each}.xml" for each in exhibits}
        files[name] = write_item(question, media="../media", stimuli=ways)
        resources.append(_resource(name, ITEM_TYPE, question))
    for identifier, exhibit in exhibits.items():
        name = f"stimuli/{identifier}.xml"
        files[name] = _stimulus(exhibit)
        resources.append(_resource(name, STIMULUS_TYPE))
    for picture, data in media.items():
        files[f"media/{picture}"] = data
        resources.append(_resource(f"media/{picture}", "webcontent"))
    if test.blueprint:
        files[BLUEPRINT] = write_blueprint(test.blueprint)
    files[FILE] = _manifest(test.identifier, resources)
    small = Counter(name.casefold() for name in files)
    for name in files:
        if small[name.casefold()] > 1:
            raise FormatError(
                "{name} and another name in the bank are equal but for case; rename one.",
                name=name,
            )
    return files


def _manifest(identifier: str, resources: list[Element]) -> bytes:
    about = element("metadata", {}, leaf("schema", "QTI Package"), leaf("schemaversion", "3.0.0"))
    root = element(
        "manifest",
        {"identifier": f"{identifier}-package"},
        about,
        element("organizations"),
        element("resources", {}, *resources),
    )
    return document(root, MANIFEST)


def _resource(file: str, kind: str, question: Question | None = None) -> Element:
    identifier = "".join(char if char.isalnum() or char in "-_." else "_" for char in file)
    made = element("resource", {"identifier": f"r-{identifier}", "type": kind, "href": file})
    if question:
        classes = [
            _classification(purpose, value)
            for purpose, name in CLASSES.items()
            if (value := getattr(question, name))
        ]
        if classes:
            lom = element(f"{{{LOM}}}lom", {}, *classes)
            made.append(element("metadata", {}, lom))
    made.append(element("file", {"href": file}))
    return made


def _classification(purpose: str, taxon: str) -> Element:
    def lom(name: str, *children: Element, content: str = "") -> Element:
        made = element(f"{{{LOM}}}{name}", {}, *children)
        made.text = content or None
        return made

    return lom(
        "classification",
        lom("purpose", lom("source", content="LOMv1.0"), lom("value", content=purpose)),
        lom("taxonPath", lom("taxon", lom("id", content=taxon))),
    )


def _stimulus(exhibit: Exhibit) -> bytes:
    text = Writer("../media")
    root = element(
        "qti-assessment-stimulus",
        {"identifier": exhibit.identifier},
        element("qti-stimulus-body", {}, *text.blocks(exhibit.body)),
        *text.catalogs(exhibit.catalogs),
    )
    root.set("title", exhibit.title)
    return document(root, names.QTI)


def _rubric(blocks: tuple[Block, ...]) -> list[Element]:
    if not blocks:
        return []
    content = element("qti-content-body", {}, *Writer("media").blocks(blocks))
    return [element("qti-rubric-block", {"view": "candidate", "use": "instructions"}, content)]


def _structure(test: Test) -> bytes:
    root = element("qti-assessment-test", {"identifier": test.identifier})
    root.set("title", test.title)
    outcomes = test.processing.outcomes if test.processing else (_TOTAL,)
    root.extend(map(write_outcome, outcomes))
    root.extend(_limits(TimeLimits(test.least_s, test.time_limit_s)))
    root.extend(_rubric(test.instructions))
    for part in test.parts:
        given = {
            "identifier": part.identifier,
            "navigation-mode": MODES[part.navigation],
            "submission-mode": "individual" if part.individual else "simultaneous",
        }
        sections = [_section(each, 1) for each in part.sections]
        root.append(element("qti-test-part", given, *_limits(part.limits), *sections))
    rules = test.processing.rules if test.processing else _sum(_weight(test))
    root.append(element("qti-outcome-processing", {}, *write_rules(rules, Place.TEST)))
    return document(root, names.QTI, test.language)


def _sum(weight: str) -> tuple[Rule, ...]:
    named = (("weight-identifier", weight),) if weight else ()
    scores = Apply("test-variables", (("variable-identifier", SCORE), *named), ())
    return (SetOutcome(SCORE, Apply("sum", (), (scores,))),)


def _weight(test: Test) -> str:
    """The name of the weight that the total of *test* uses. Raises ``FormatError``."""
    references = tuple(test.references())
    given = sorted({name for each in references for name, _ in each.weights})
    for name in ("", *given):
        if all(dict(each.weights).get(name, "1") == each.weight for each in references):
            return name
    raise FormatError(
        "The total of the test {name} uses weights that have no name.", name=test.identifier
    )


def _limits(limits: TimeLimits) -> list[Element]:
    if limits == TimeLimits():
        return []
    given = {"min-time": unless(limits.min_s, 0), "max-time": unless(limits.max_s, 0)}
    return [element("qti-time-limits", given)]


def _control(control: SessionControl) -> list[Element]:
    if control == SessionControl():
        return []
    given = {
        "max-attempts": str(control.attempts),
        "allow-skipping": str(control.skipping).lower(),
        "allow-review": str(control.review).lower(),
        "validate-responses": str(control.valid).lower(),
    }
    return [element("qti-item-session-control", given)]


def _section(plan: SectionPlan, depth: int) -> Element:
    made = element("qti-assessment-section", {"identifier": plan.identifier})
    made.set("title", plan.title)
    made.set("visible", "true" if depth == 1 else "false")
    _placed(made, plan.fixed, plan.required)
    made.extend(_limits(plan.limits))
    if plan.select is not None:
        made.append(element("qti-selection", {"select": str(plan.select)}))
    if plan.shuffle:
        made.append(element("qti-ordering", {"shuffle": "true"}))
    rubric, inner = plan.rubric, tuple(_inner(plan)) if depth == 1 else ()
    if inner:  # a station shows them with the outer section's, which has them already
        if rubric[-len(inner) :] != inner:
            raise FormatError(
                "The section {name} does not show the instructions of the sections in it.",
                name=plan.identifier,
            )
        rubric = rubric[: -len(inner)]
    made.extend(_rubric(rubric))
    made.extend(_member(each, depth) for each in plan.members)
    return made


def _inner(plan: SectionPlan) -> Iterator[Block]:
    for member in plan.members:
        if isinstance(member, SectionPlan):
            yield from member.rubric
            yield from _inner(member)


def _member(member: Member, depth: int) -> Element:
    if isinstance(member, SectionPlan):
        return _section(member, depth + 1)
    name = member.question.item.identifier
    made = element("qti-assessment-item-ref", {"identifier": name, "href": f"items/{name}.xml"})
    _placed(made, member.fixed, member.required)
    if member.categories:
        made.set("category", " ".join(member.categories))
    made.extend(_control(member.control))
    made.extend(_limits(member.limits))
    for weight, value in member.weights:
        made.append(element("qti-weight", {"identifier": weight, "value": decimal(value)}))
    return made


def _placed(made: Element, fixed: bool, required: bool) -> None:
    if fixed:
        made.set("fixed", "true")
    if required:
        made.set("required", "true")
