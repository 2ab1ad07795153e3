"""Our Markdown: what authors write, and what becomes of it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from read_questions import PNG, only, points, read, told, why

from exam_packages.content.items import Choice, ExtendedText, Match, Order, TextEntry
from exam_packages.content.text import Gap, Heading, Paragraph, Picture, Slot, Table, Text
from exam_packages.formats.banks import bank_of
from exam_packages.formats.report import Bank, Verdict

F = Fraction


def item(text: str, header: str = "id: q") -> str:
    return f"---\n{header}\n---\n{text}\n"


def markdown(text: str) -> Bank:
    return read(text, "bank.md")


def one(text: str, header: str = "id: q"):  # type: ignore[no-untyped-def]
    return only(markdown(item(text, header)))


HEADER = """id: fridge
title: The fridge
language: en
competence: temperature
level: apply
points: 2
shuffle: yes"""


def test_one_choice_with_all_fields() -> None:
    question = one("How *warm*?\n\n- [ ] 9 °C\n- [x] **5** °C", HEADER)
    assert (question.item.identifier, question.item.title) == ("fridge", "The fridge")
    assert (question.item.language, question.competence, question.level) == (
        "en", "temperature", "apply",
    )  # fmt: skip
    assert [points(question, each) for each in "AB"] == [0, 2]
    assert question.shuffles[0].response == "RESPONSE"
    assert isinstance(question.item.body[-1], Slot)


def test_several_choices_are_all_or_nothing() -> None:
    question = one("Which?\n\n- [x] a\n- [x] b\n- [ ] c")
    assert [points(question, *each) for each in ("AB", "A", "ABC")] == [1, 0, 0]


def test_several_choices_worth_points() -> None:
    question = one("Which?\n\n- [0.5] a\n- [0.5] b\n- [-1] c")
    assert [points(question, *each) for each in ("AB", "A", "AC")] == [1, F(1, 2), 0]


def test_thirds_are_exact() -> None:
    question = one("- [1/3] a\n- [1/3] b\n- [1/3] c\n- [-1] d")
    assert points(question, "A", "B", "C") == 1
    assert points(question, "A") == F(1, 3)


@pytest.mark.parametrize(("choose", "most"), [("one", 1), ("any", 0), ("2", 2)])
def test_how_many_may_be_chosen(choose: str, most: int) -> None:
    (choice,) = one("?\n\n- [x] a\n- [x] b\n- [ ] c", f"id: q\nchoose: {choose}").item.interactions
    assert isinstance(choice, Choice) and choice.max_choices == most


def test_gaps_share_the_points() -> None:
    question = one(
        "The capital is {= Rome | [0.5] Roma}, at {# 20 ± 1 | [0.25] 18..22} m,"
        " in the {[ ] north | [x] middle}."
    )
    assert len(question.item.body) == 1
    given = {"RESPONSE_1": ("rome",), "RESPONSE_2": ("21",), "RESPONSE_3": ("B",)}
    assert points(question, **given) == 1
    assert points(question, RESPONSE_1=("roma",), RESPONSE_2=("22",)) == F(3, 4)


def test_case_matters_after_two_signs() -> None:
    question = one("{== pH}")
    assert [points(question, each) for each in ("pH", "ph")] == [1, 0]


@pytest.mark.parametrize("text", ["`{= a}`", r"\{= a}", "{a}", "{=", "```\n{= a}\n```"])
def test_braces_that_are_no_gap(text: str) -> None:
    question = one(f"{text}\n\n{{essay}}")
    assert len(question.item.interactions) == 1
    assert "Gap" not in str(question.item.body)


def test_order() -> None:
    question = one("Order.\n\n1. [ ] wash\n2. [ ] rinse\n3. [ ] dry")
    assert isinstance(question.item.interactions[0], Order)
    assert [points(question, *each) for each in ("ABC", "ACB")] == [1, 0]


def test_match() -> None:
    question = one("|  | cold | hot |\n|-|-|-|\n| soup | [ ] | [x] |\n| milk | [x] | [ ] |")
    (match,) = question.item.interactions
    assert isinstance(match, Match) and match.sources[0].match_max == 1
    assert points(question, "S1 T2") == F(1, 2)


def test_essay() -> None:
    question = one("Why?\n\n{essay 8}", "id: q\npoints: 10")
    (essay,) = question.item.interactions
    assert isinstance(essay, ExtendedText) and essay.expected_lines == 8
    assert question.key.external and question.key.max_score == "10"


def test_ordinary_markdown_stays_text() -> None:
    question = one("# Title\n\n- a\n- b\n\n| x | y |\n|-|-|\n| 1 | 2 |\n\nNow: {= a}")
    assert isinstance(question.item.body[0], Heading)
    assert isinstance(question.item.body[2], Table)
    assert question.item.body[3] == Paragraph((Text("Now: ", 0), Gap("RESPONSE")))


def test_exhibits_and_pictures() -> None:
    text = (
        "---\nid: q\nexhibits: plan\n---\n![A dial](dial.png) {= 5}\n\n"
        "---\nexhibit: plan\ntitle: The plan\n---\n![A plan](pictures/plan.png)\n"
    )
    files = {"a/bank.md": text.encode(), "a/dial.png": PNG, "a/pictures/plan.png": PNG}
    bank = bank_of(files, "a")
    question = only(bank)
    assert question.item.exhibits == ("plan",) and question.media == {"dial.png"}
    assert isinstance(question.item.body[0], Paragraph)
    assert question.item.body[0].inlines[0] == Picture("dial.png", "A dial", 4, 3)
    assert bank.exhibits["plan"].title == "The plan"
    assert bank.exhibit_media == {"plan": frozenset(["plan.png"])}
    assert set(bank.media) == {"dial.png", "plan.png"}


@pytest.mark.parametrize(
    ("header", "text", "sentence"),
    [
        ("title: x", "{= a}", "needs an id"),
        ("id: a b", "{= a}", "needs an id"),
        ("id: q\nid: r", "{= a}", "twice"),
        ("id: good", "{= a}", "there twice"),
        ("id: q\ncolour: red", "{= a}", "no field"),
        ("id: q\npoints: many", "{= a}", "above 0"),
        ("id: q\nlevel: a b", "{= a}", "level must be"),
        ("id: q\nshuffle: maybe", "{= a}", "yes or no"),
        ("id: q\nchoose: 4", "- [x] a", "choose must be"),
        ("id: q\nexhibits: plan", "{= a}", "no exhibit"),
        ("id: q", "Nothing asked.", "asks nothing"),
        ("id: q", "- [ ] a", "marked as right"),
        ("id: q", "- [x] a\n- b", "others none"),
        ("id: q", "- [x] a\n\n  b\n- [ ] c", "more than one paragraph"),
        ("id: q", "- [x] {= a}", "in a choice"),
        ("id: q", "1. [x] a", "boxes empty"),
        ("id: q", "| | a |\n|-|-|\n| b | [x] |\n| c |   |", "every cell"),
        ("id: q", "{# five}", "no number"),
        ("id: q", "{= a | }", "empty answer"),
        ("id: q", "![](a.png) {= a}", "no description"),
        ("id: q", "![a](a.png) {= a}", "not in the bank"),
        ("id: q", "{= a} {essay}\n\n{essay}", "make two"),
        ("id: q", "{= a}" * 201, "more than 200"),
    ],
)
def test_one_bad_question_spoils_no_other(header: str, text: str, sentence: str) -> None:
    good = item("{= a}", "id: good")
    bank = markdown(good + "\n" + item(text, header) + "\n" + item("{= b}", "id: last"))
    assert [each.verdict for each in bank.readings] == [
        Verdict.TAKEN, Verdict.REFUSED, Verdict.TAKEN,
    ]  # fmt: skip
    assert sentence in why(bank.readings[1])


def test_text_before_the_first_header_is_refused_not_lost() -> None:
    bank = bank_of({"bank.md": b"---\n\nStray.\n\n" + item("{= a}").encode()}, "bank.md")
    assert [each.verdict for each in bank.readings] == [Verdict.REFUSED, Verdict.TAKEN]
    assert "no header" in why(bank.readings[0])


def test_html_in_markdown_is_as_safe_as_elsewhere() -> None:
    bank = markdown(item("H<sub>2</sub>O <a href='http://x'>x</a> {= a}"))
    assert "link" in told(bank.readings[0])[0]
    assert isinstance(bank.questions()[0].item.interactions[0], TextEntry)
