"""Rules as QTI writes them: what is taken in, and what is refused with its place."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti.declarations import read_outcome, read_response
from exam_packages.formats.qti.expressions import DEEPEST, FIRST
from exam_packages.formats.qti.outcomes import plain_sum, read_outcome_processing
from exam_packages.formats.qti.processing import TEMPLATES, read_processing
from exam_packages.formats.qti.templates import read_template, read_template_processing
from exam_packages.formats.xml import Node, parse
from exam_packages.rules.declarations import LookupTable, OutcomeDeclaration, TableEntry
from exam_packages.rules.expressions import Apply, BaseValue, Environment, Null, Variable
from exam_packages.rules.key import (
    AnswerKey,
    Condition,
    Constrain,
    Entry,
    Exit,
    ItemKey,
    LookUp,
    Rule,
    SectionKey,
    SetCorrect,
    SetDefault,
    SetOutcome,
    SetTemplate,
)
from exam_packages.rules.operators import CHANCE, OPERATORS, TOTALS
from exam_packages.rules.running import program
from exam_packages.rules.values import record, single


def node(text: str) -> Node:
    return parse(text.encode(), "rules.xml")


def tag(name: str, *inner: str, **given: str) -> str:
    """An element of QTI, without its ``qti-`` and with ``_`` for ``-`` in attributes."""
    attributes = "".join(f' {key.replace("_", "-")}="{each}"' for key, each in given.items())
    return f"<qti-{name}{attributes}>{''.join(inner)}</qti-{name}>"


NULL = tag("null")


def processing(inner: str, attributes: str = "") -> tuple[Rule, ...]:
    return read_processing(
        node(f"<qti-response-processing {attributes}>{inner}</qti-response-processing>")
    )[0]


def setting(inner: str) -> str:
    return f'<qti-set-outcome-value identifier="SCORE">{inner}</qti-set-outcome-value>'


def value(text: str, base: str = "float") -> str:
    return f'<qti-base-value base-type="{base}">{text}</qti-base-value>'


OPERAND: dict[str, str] = {
    "and": value("true", "boolean"),
    "or": value("true", "boolean"),
    "not": value("true", "boolean"),
}
ATTRIBUTES: dict[str, dict[str, str]] = {
    "any-n": {"min": "1", "max": "2"},
    "index": {"n": "1"},
    "repeat": {"number-repeats": "2"},
    "field-value": {"field-identifier": "x"},
    "string-match": {"case-sensitive": "true", "substring": "false"},
    "substring": {"case-sensitive": "false"},
    "pattern-match": {"pattern": "[0-9]+"},
    "equal-rounded": {"rounding-mode": "decimalPlaces", "figures": "2"},
    "round-to": {"rounding-mode": "significantFigures", "figures": "2"},
    "equal": {"tolerance-mode": "absolute", "tolerance": "1 2", "include-lower-bound": "true"},
    "inside": {"shape": "rect", "coords": "0,0,1,1"},
    "math-operator": {"name": "sin"},
    "math-constant": {"name": "e"},
    "stats-operator": {"name": "popSD"},
    "random-integer": {"min": "1", "max": "5", "step": "2"},
    "random-float": {"min": "1.5", "max": "5"},
    "test-variables": {"variable-identifier": "SCORE", "weight-identifier": "W"},
    "outcome-maximum": {"outcome-identifier": "SCORE", "section-identifier": "s"},
    "outcome-minimum": {"outcome-identifier": "SCORE", "include-category": "a b"},
    "number-correct": {"exclude-category": "a"},
}


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_every_operator_is_read_where_it_belongs_and_nowhere_else(name: str) -> None:
    given = ATTRIBUTES.get(name, {})
    attributes = "".join(f' {key}="{each}"' for key, each in given.items())
    operands = "<qti-null/>" * OPERATORS[name].least
    text = f"<qti-{name}{attributes}>{operands}</qti-{name}>"
    template = tag("template-processing", tag("set-template-value", text, identifier="X"))
    test = f"<qti-outcome-processing>{setting(text)}</qti-outcome-processing>"
    wanted = Apply(name, tuple(sorted(given.items())), (Null(),) * OPERATORS[name].least)

    if name in CHANCE | TOTALS:
        with pytest.raises(FormatError, match=r"never drawn|knows its items"):
            processing(setting(text))
    else:
        assert processing(setting(text)) == (SetOutcome("SCORE", wanted),)
    if name in TOTALS:
        with pytest.raises(FormatError, match="knows its items"):
            read_template_processing(node(template), ())
    else:
        assert read_template_processing(node(template), ()).rules == (SetTemplate("X", wanted),)
    if name in CHANCE:
        with pytest.raises(FormatError, match="never drawn"):
            read_outcome_processing(node(test), (SCORE,))
    else:
        assert read_outcome_processing(node(test), (SCORE,)).rules == (SetOutcome("SCORE", wanted),)


SCORE = OutcomeDeclaration("SCORE", "float", "single", ())


def test_fragments_become_the_rules_in_them() -> None:
    one, two = setting(value("1")), setting(value("2"))
    fragment = tag("response-processing-fragment", one, tag("exit-response"))
    first = SetOutcome("SCORE", BaseValue("float", "1"))
    assert processing(f"{fragment}{two}") == (
        first,
        Exit(),
        SetOutcome("SCORE", BaseValue("float", "2")),
    )
    with pytest.raises(FormatError, match="fragments"):
        processing(
            "<qti-response-processing-fragment>" * 12 + "</qti-response-processing-fragment>" * 12
        )


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        (
            'template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"',
            "match_correct",
        ),
        (
            'template="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/map_response.xml"',
            "map_response",
        ),
        ('template="x/map_response_point/"', "map_response_point"),
        ('template-location="../rptemplates/match_correct.xml"', "match_correct"),
        ('template="y/CC2_match.xml"', "CC2_match"),
        ('template="y/CC2_match_basic.xml"', "CC2_match_basic"),
        ('template="y/CC2_map_response.xml"', "CC2_map_response"),
    ],
)
def test_templates_are_known_by_the_end_of_their_address(attributes: str, name: str) -> None:
    assert processing("", attributes) == TEMPLATES[name]
    # QTI: the rules of a template go before those that stand there as well.
    assert processing(setting(value("9")), attributes) == TEMPLATES[name]


def test_rules_stand_in_for_a_template_that_is_not_known() -> None:
    rules = processing(setting(value("9")), 'template="x/our_own"')
    assert rules == (SetOutcome("SCORE", BaseValue("float", "9")),)
    with pytest.raises(FormatError, match="our_own"):
        processing("", 'template="x/our_own"')


def test_cc2_templates_set_their_feedback() -> None:
    declared = read_response(
        node(
            tag(
                "response-declaration",
                tag("mapping", tag("map-entry", map_key="a", mapped_value="2")),
                identifier="RESPONSE",
                cardinality="multiple",
                base_type="identifier",
            )
        )
    )
    outcomes = tuple(
        read_outcome(
            node(
                tag(
                    "outcome-declaration",
                    default,
                    identifier=name,
                    cardinality="single",
                    base_type=base,
                )
            )
        )[0]
        for name, base, default in [
            ("SCORE", "float", ""),
            (
                "MAXSCORE",
                "float",
                "<qti-default-value><qti-value>2</qti-value></qti-default-value>",
            ),
            ("FEEDBACK", "identifier", "<qti-default-value/>"),
        ]
    )
    key = ItemKey("i", (declared,), outcomes, TEMPLATES["CC2_map_response"], "2", False)
    for members, feedback in ((("a",), "correct"), (("b",), "incorrect"), ((), "incorrect")):
        here = Environment({"RESPONSE": declared}, {each.identifier: each for each in outcomes})
        here.values |= {each.identifier: each.default_value() for each in outcomes}
        here.values["RESPONSE"] = declared.bind(members)
        program(key.processing)(here)
        assert here.value("SCORE") == single("float", Fraction(2 if members == ("a",) else 0))
        assert here.value("FEEDBACK") == single("identifier", feedback)


REFUSED = [
    ("<qti-custom-operator/>", "never run here"),
    ("<qti-no-such/>", "not supported"),
    ("<sum/>", "not supported"),
    ("<qti-sum/>", "operands"),
    ("<qti-not><qti-null/><qti-null/></qti-not>", "operands"),
    ('<qti-variable identifier="A" weight-identifier="W"/>', "weight"),
    ('<qti-variable identifier="duration"/>', "how long"),
    ('<qti-variable identifier="A"><qti-null/></qti-variable>', "expected"),
    ('<qti-pattern-match pattern="("><qti-null/></qti-pattern-match>', "pattern"),
    (
        '<qti-pattern-match pattern="a" case-sensitive="true"><qti-null/></qti-pattern-match>',
        "case-sensitive",
    ),
    ('<qti-math-operator name="sine"><qti-null/></qti-math-operator>', "sine"),
    ('<qti-equal tolerance-mode="absolute"><qti-null/><qti-null/></qti-equal>', "tolerance"),
    ('<qti-round-to rounding-mode="up" figures="1"><qti-null/></qti-round-to>', "up"),
    ('<qti-inside shape="star" coords="1"><qti-null/></qti-inside>', "star"),
    ('<qti-inside shape="rect" coords="1,b"><qti-null/></qti-inside>', "coords"),
    ('<qti-index n="a b"><qti-null/></qti-index>', "a b"),
    (value("one", "integer"), "one"),
    (value("1", "number"), "number"),
    (value("a" * 3_000, "string"), "characters"),
]


@pytest.mark.parametrize(("inner", "why"), REFUSED, ids=[str(at) for at in range(len(REFUSED))])
def test_expressions_that_cannot_be_meant_are_refused_with_their_place(
    inner: str, why: str
) -> None:
    with pytest.raises(FormatError, match=why) as caught:
        processing(setting(inner))
    assert str(caught.value).startswith("rules.xml, line 1, <")


@pytest.mark.parametrize(
    "inner",
    [
        "<qti-set-template-value identifier='A'><qti-null/></qti-set-template-value>",
        "<qti-template-constraint><qti-null/></qti-template-constraint>",
        "<qti-exit-test/>",
        "<qti-exit-response><qti-null/></qti-exit-response>",
        "<qti-set-outcome-value identifier='A'/>",
        "<qti-response-condition/>",
        "<qti-response-condition><qti-response-else/></qti-response-condition>",
        "<qti-response-condition><qti-response-if/></qti-response-condition>",
        "<qti-response-condition><qti-outcome-if><qti-null/></qti-outcome-if></qti-response-condition>",
        "<qti-outcome-condition><qti-outcome-if><qti-null/></qti-outcome-if></qti-outcome-condition>",
    ],
)
def test_rules_of_another_place_are_refused(inner: str) -> None:
    with pytest.raises(FormatError):
        processing(inner)


def nested(depth: int) -> str:
    return "<qti-not>" * depth + "<qti-null/>" + "</qti-not>" * depth


def conditions(depth: int) -> str:
    rule = "<qti-exit-response/>"
    for _ in range(depth):
        rule = tag("response-condition", tag("response-if", NULL, rule))
    return rule


def test_what_the_reader_takes_always_fits_into_an_answer_key() -> None:
    deepest = (DEEPEST - FIRST - 1) // 2
    rounds = (DEEPEST - FIRST) // 4
    for text in (setting(nested(deepest)), conditions(rounds)):
        key = ItemKey("i", (), (SCORE,), processing(text), "1", False)
        entry = Entry("s", "1", "", "", key)
        canon.pack(AnswerKey("f", "F", "1", (SectionKey("s", "S"),), (entry,)))
    for text in (setting(nested(deepest + 1)), conditions(rounds + 1)):
        with pytest.raises(FormatError, match="too deeply"):
            processing(text)
    attributes = '<qti-index n="1">' * deepest + "<qti-null/>" + "</qti-index>" * deepest
    key = ItemKey("i", (), (SCORE,), processing(setting(attributes)), "1", False)
    canon.pack(AnswerKey("f", "F", "1", (), (Entry("s", "1", "", "", key),)))


def declaration(inner: str, kind: str = "outcome", **more: str) -> Node:
    given = {"identifier": "X", "cardinality": "single", "base-type": "float"}
    given |= {key.replace("_", "-"): each for key, each in more.items()}
    text = " ".join(f'{key}="{each}"' for key, each in given.items() if each)
    return node(f"<qti-{kind}-declaration {text}>{inner}</qti-{kind}-declaration>")


def test_lookup_tables_and_bounds_are_read() -> None:
    table = tag(
        "interpolation-table",
        tag(
            "interpolation-table-entry",
            source_value="8.5",
            target_value="2",
            include_boundary="false",
        ),
        tag("interpolation-table-entry", source_value="5", target_value="1"),
        default_value="0",
    )
    read, most, external = read_outcome(
        declaration(table, normal_minimum="-1", normal_maximum="4.0", mastery_value="3")
    )
    entries = (TableEntry("8.5", "2", False), TableEntry("5", "1", True))
    assert read == OutcomeDeclaration(
        "X", "float", "single", (), "-1", "4", LookupTable(True, "0", entries)
    )
    assert (most, external) == ("4", False)
    row = tag("match-table-entry", source_value="2", target_value="b")
    read, _, _ = read_outcome(declaration(tag("match-table", row), base_type="identifier"))
    assert read.table == LookupTable(False, "", (TableEntry("2", "b", True),))
    rule = tag("lookup-outcome-value", tag("variable", identifier="RAW"), identifier="X")
    assert processing(rule) == (LookUp("X", Variable("RAW")),)


def test_records_are_read_field_by_field() -> None:
    values = (
        '<qti-default-value><qti-value field-identifier="unit" base-type="string">m s</qti-value>'
        '<qti-value field-identifier="size" base-type="float">2.50</qti-value></qti-default-value>'
    )
    read, _, _ = read_outcome(declaration(values, cardinality="record", base_type=""))
    assert read.default_value() == record(
        [("size", single("float", Fraction(5, 2))), ("unit", single("string", "m s"))]
    )


@pytest.mark.parametrize(
    ("kind", "inner", "more"),
    [
        ("outcome", "", {"cardinality": "record"}),
        ("outcome", "", {"base_type": ""}),
        ("outcome", "", {"cardinality": "many"}),
        ("outcome", "", {"external_scored": "externalMachine"}),
        ("outcome", "", {"normal_minimum": "low"}),
        ("outcome", "<qti-match-table/>", {}),
        ("outcome", "<qti-match-table/>", {"cardinality": "multiple"}),
        (
            "outcome",
            tag("match-table", tag("match-table-entry", source_value="a", target_value="1")),
            {},
        ),
        (
            "outcome",
            "<qti-default-value><qti-value>1</qti-value><qti-value>2</qti-value></qti-default-value>",
            {},
        ),
        (
            "outcome",
            '<qti-default-value><qti-value base-type="string">1</qti-value></qti-default-value>',
            {},
        ),
        (
            "outcome",
            '<qti-default-value><qti-value field-identifier="a" base-type="integer">1</qti-value>'
            '<qti-value field-identifier="a" base-type="integer">2</qti-value></qti-default-value>',
            {"cardinality": "record", "base_type": ""},
        ),
        (
            "outcome",
            '<qti-default-value><qti-value field-identifier="a">1</qti-value></qti-default-value>',
            {"cardinality": "record", "base_type": ""},
        ),
        ("template", "<qti-correct-response/>", {}),
        ("template", "", {"math_variable": "perhaps"}),
        ("response", "<qti-default-value><qti-value>1</qti-value></qti-default-value>", {}),
    ],
)
def test_declarations_that_cannot_be_meant_are_refused(
    kind: str, inner: str, more: dict[str, str]
) -> None:
    reader = {"outcome": read_outcome, "template": read_template, "response": read_response}[kind]
    with pytest.raises(FormatError):
        reader(declaration(inner, kind, **more))  # type: ignore[operator]  # one of the three


def test_a_default_response_is_read_where_it_can_be_shown() -> None:
    inner = "<qti-default-value><qti-value>1.50</qti-value></qti-default-value>"
    read = read_response(declaration(inner, "response"), beforehand=True)
    assert read.default_value() == single("float", Fraction(3, 2))


def test_templates_are_read_with_their_rules() -> None:
    declared = read_template(
        declaration(
            "<qti-default-value><qti-value>3</qti-value></qti-default-value>",
            "template",
            base_type="integer",
            math_variable="true",
        )
    )
    rules = tag(
        "template-processing",
        tag("set-template-value", tag("random-integer", min="1", max="6"), identifier="X"),
        tag(
            "template-condition",
            tag("template-if", NULL, tag("exit-template")),
            tag("template-else-if", NULL),
            tag("template-else", tag("set-default-value", NULL, identifier="R")),
        ),
        tag("set-correct-response", tag("variable", identifier="X"), identifier="R"),
        tag("template-constraint", NULL),
    )
    read = read_template_processing(node(rules), (declared,))
    assert read.declarations == (declared,)
    assert [type(each) for each in read.rules] == [SetTemplate, Condition, SetCorrect, Constrain]
    assert isinstance(read.rules[1], Condition)
    assert read.rules[1].otherwise == (SetDefault("R", Null()),)
    assert read_template_processing(None, (declared,)).rules == ()
    inside = (
        "<qti-template-processing><qti-template-condition><qti-template-if><qti-null/>"
        "<qti-template-constraint><qti-null/></qti-template-constraint>"
        "</qti-template-if></qti-template-condition></qti-template-processing>"
    )
    with pytest.raises(FormatError, match="constraint"):
        read_template_processing(node(inside), ())


def outcome_processing(inner: str) -> object:
    return read_outcome_processing(
        node(f"<qti-outcome-processing>{inner}</qti-outcome-processing>"), (SCORE,)
    )


def test_the_plain_sum_of_a_test_is_known() -> None:
    def summed(attributes: str) -> str | None:
        text = setting(f"<qti-sum><qti-test-variables {attributes}/></qti-sum>")
        return plain_sum(
            read_outcome_processing(
                node(f"<qti-outcome-processing>{text}</qti-outcome-processing>"), (SCORE,)
            )
        )

    assert summed('variable-identifier="SCORE"') == ""
    assert summed('variable-identifier="SCORE" weight-identifier="W"') == "W"
    assert summed('variable-identifier="SCORE" base-type="float"') == ""
    assert summed('variable-identifier="OTHER"') is None
    assert summed('variable-identifier="SCORE" section-identifier="s"') is None
    twice = setting(value("1")) * 2
    assert (
        plain_sum(
            read_outcome_processing(
                node(f"<qti-outcome-processing>{twice}</qti-outcome-processing>"), (SCORE,)
            )
        )
        is None
    )


def test_an_outcome_that_the_test_does_not_declare_is_refused() -> None:
    for inner in (
        tag("set-outcome-value", NULL, identifier="NO"),
        tag(
            "outcome-condition",
            tag("outcome-if", NULL, tag("lookup-outcome-value", NULL, identifier="NO")),
        ),
    ):
        with pytest.raises(FormatError, match="does not declare"):
            outcome_processing(inner)


TAGS = st.sampled_from(
    [f"qti-{name}" for name in [*sorted(OPERATORS), "variable", "base-value", "null", "correct"]]
    + ["qti-response-condition", "qti-response-if", "qti-response-else", "qti-set-outcome-value"]
)
GIVEN = st.dictionaries(
    st.sampled_from(["identifier", "name", "base-type", "n", "pattern", "figures", "shape", "max"]),
    st.sampled_from(["SCORE", "sin", "float", "1", "a+", "rect", "-5", "{X}"]),
    max_size=3,
)
TREES: st.SearchStrategy[str] = st.recursive(
    st.builds(lambda tag, given: element(tag, given, []), TAGS, GIVEN),
    lambda inner: st.builds(
        lambda tag, given, children: element(tag, given, children),
        TAGS,
        GIVEN,
        st.lists(inner, max_size=3),
    ),
    max_leaves=10,
)


def element(tag: str, given: dict[str, str], children: list[str]) -> str:
    attributes = "".join(f' {key}="{each}"' for key, each in given.items())
    return f"<{tag}{attributes}>{''.join(children)}</{tag}>"


@given(st.lists(TREES, max_size=3))
def test_any_tree_of_rules_is_read_or_refused(trees: list[str]) -> None:
    try:
        processing("".join(trees))
    except FormatError as problem:
        assert "rules.xml, line 1" in str(problem)
