"""Moodle XML: every kind of question as it is asked and scored."""

from __future__ import annotations

import base64
from fractions import Fraction

import pytest
from read_questions import PNG, only, points, read, told, why

from exam_packages.content.items import Choice, ExtendedText, InlineChoice, Match, Order, TextEntry
from exam_packages.content.text import Paragraph, Picture, Text
from exam_packages.formats.moodle.marks import share
from exam_packages.formats.report import Bank, Verdict

F = Fraction


def quiz(*questions: str) -> Bank:
    return read(f"<?xml version='1.0'?>\n<quiz>{''.join(questions)}</quiz>", "bank.xml")


def element(kind: str, inside: str, text: str = "<p>Which?</p>", name: str = "A name") -> str:
    return (
        f"<question type='{kind}'><name><text>{name}</text></name><questiontext format='html'>"
        f"<text><![CDATA[{text}]]></text></questiontext>{inside}</question>"
    )


def answer(text: str, fraction: str = "0", more: str = "") -> str:
    return f"<answer fraction='{fraction}'><text>{text}</text>{more}</answer>"


def one(kind: str, inside: str, text: str = "<p>Which?</p>"):  # type: ignore[no-untyped-def]
    return only(quiz(element(kind, inside, text)))


def test_one_choice() -> None:
    question = one(
        "multichoice",
        "<defaultgrade>2.0000000</defaultgrade><single>true</single>"
        "<shuffleanswers>0</shuffleanswers>"
        + answer("&lt;b&gt;a&lt;/b&gt;", "100")
        + answer("b", "-33.33333"),
    )
    assert [points(question, each) for each in "AB"] == [2, F(-2, 3)]
    assert not question.shuffles
    assert question.key.max_score == "2"


def test_several_choices() -> None:
    question = one(
        "multichoice",
        "<single>false</single>" + answer("a", "50") + answer("b", "50") + answer("c", "-100"),
    )
    assert [points(question, *each) for each in ("AB", "A", "AC", "")] == [1, F(1, 2), 0, 0]
    assert question.shuffles


def test_several_choices_all_or_nothing() -> None:
    question = one("multichoiceset", answer("a", "100") + answer("b", "100") + answer("c"))
    assert [points(question, *each) for each in ("AB", "A", "ABC")] == [1, 0, 0]


def test_true_or_false() -> None:
    question = one("truefalse", answer("true") + answer("false", "100"))
    assert [points(question, each) for each in "AB"] == [0, 1]


@pytest.mark.parametrize(("usecase", "worth"), [("0", 1), ("1", 0)])
def test_short_answer(usecase: str, worth: int) -> None:
    question = one("shortanswer", f"<usecase>{usecase}</usecase>" + answer("Rome", "100"))
    assert points(question, "ROME") == worth


def test_number_with_a_tolerance_and_a_unit() -> None:
    question = one(
        "numerical",
        answer("9,81", "100", "<tolerance>0.05</tolerance>")
        + answer("10", "50", "<tolerance>0</tolerance>")
        + answer("*", "0")
        + "<units><unit><multiplier>1</multiplier><unit_name>m/s²</unit_name></unit></units>",
    )
    assert [points(question, each) for each in ("9.76", "9.87", "10")] == [1, 0, F(1, 2)]
    assert question.item.body[-1] == Paragraph((Text("m/s²", 0),))


def test_matching() -> None:
    rows = "".join(
        f"<subquestion format='html'><text>{left}</text><answer><text>{right}</text></answer>"
        "</subquestion>"
        for left, right in (("a", "1 &lt; 2"), ("b", "3"), ("", "4"))
    )
    question = one("matching", f"<defaultgrade>3</defaultgrade>{rows}")
    (match,) = question.item.interactions
    assert isinstance(match, Match) and len(match.targets) == 3
    assert match.targets[0].body == (Text("1 < 2", 0),)
    assert points(question, "S1 T1", "S2 T3") == F(3, 2)


def test_essay_and_its_limits() -> None:
    bank = quiz(
        element("essay", "<responsefieldlines>5</responsefieldlines><attachments>2</attachments>"),
        element("essay", "<responseformat>noinline</responseformat>"),
    )
    question, _ = (each.question for each in bank.readings)
    assert question and isinstance(question.item.interactions[0], ExtendedText)
    assert question.item.interactions[0].expected_lines == 5
    assert "attached" in told(bank.readings[0])[0]
    assert "file that is handed in" in why(bank.readings[1])


def test_ordering() -> None:
    question = one("ordering", "<gradingtype>0</gradingtype>" + answer("a") + answer("b"))
    assert isinstance(question.item.interactions[0], Order)
    assert [points(question, *each) for each in ("AB", "BA")] == [1, 0]


def test_words_to_select() -> None:
    options = "".join(
        f"<selectoption><text>{text}</text><group>{group}</group></selectoption>"
        for text, group in (("cold", 1), ("hot", 1), ("fast", 2))
    )
    question = one("gapselect", options, "<p>Keep it [[1]] and [[3]].</p>")
    menus = question.item.interactions
    assert [len(each.choices) for each in menus if isinstance(each, InlineChoice)] == [2, 1]
    assert points(question, RESPONSE_1=("B",), RESPONSE_2=("A",)) == F(1, 2)


def test_words_to_drag_become_menus() -> None:
    boxes = "<dragbox><text>a</text><group>1</group></dragbox>" * 2
    (reading,) = quiz(element("ddwtos", boxes, "[[1]] [[2]] [[1]]")).readings
    assert reading.verdict is Verdict.CHANGED and "menus" in told(reading)[0]


def test_pictures_travel_in_the_file() -> None:
    data = base64.b64encode(PNG).decode()
    text = '<p><img src="@@PLUGINFILE@@/a%20b.png" alt="A fridge"></p>'
    xml = (
        "<question type='truefalse'><name><text>n</text></name><questiontext format='html'>"
        f"<text><![CDATA[{text}]]></text><file name='a b.png' encoding='base64'>{data}</file>"
        f"</questiontext>{answer('true', '100')}</question>"
    )
    bank = quiz(xml)
    question = only(bank)
    (name,) = question.media
    assert bank.media[name] == PNG
    assert isinstance(question.item.body[0], Paragraph)
    assert question.item.body[0].inlines == (Picture(name, "A fridge", 4, 3),)


@pytest.mark.parametrize(
    ("kind", "inside", "text", "sentence"),
    [
        ("description", "", "a", "asks nothing"),
        ("calculated", answer("{a}", "100"), "a", "fixed numbers"),
        ("ddmarker", "", "a", "dragged onto a picture"),
        ("coderunner", "", "a", "of the kind “coderunner”"),
        ("multichoice", answer("a") + answer("b"), "a", "No choice earns"),
        ("multichoice", "", "a", "0 choices"),
        ("multichoice", answer("a", "all"), "a", "no percentage"),
        ("truefalse", answer("true", "50") + answer("false", "50"), "a", "Either true or false"),
        ("numerical", answer("five", "100"), "a", "no number"),
        ("shortanswer", answer("a", "100"), "<img src='http://x/a.png' alt=a>", "not in the bank"),
        ("shortanswer", answer("a", "100"), "<img src='@@PLUGINFILE@@/a.png' alt=a>", "its files"),
        ("shortanswer", answer("a", "100") + "<defaultgrade>0</defaultgrade>", "a", "no points"),
        ("gapselect", "", "[[1]]", "1 to 256"),
        ("gapselect", "<selectoption><text>a</text></selectoption>", "[[2]]", "gaps like"),
        ("matching", "<subquestion><text>a</text></subquestion>", "a", "two sides"),
    ],
)
def test_one_bad_question_spoils_no_other(kind: str, inside: str, text: str, sentence: str) -> None:
    good = element("truefalse", answer("true", "100"))
    bank = quiz(good, element(kind, inside, text), good)
    assert [each.verdict for each in bank.readings] == [
        Verdict.TAKEN, Verdict.REFUSED, Verdict.TAKEN,
    ]  # fmt: skip
    assert sentence in why(bank.readings[1])


def test_categories_names_hints_and_feedback() -> None:
    category = (
        "<question type='category'><category><text>$course$/top/A//B and C</text></category>"
        "</question>"
    )
    inside = (
        answer("true", "100", "<feedback><text>well</text></feedback>")
        + "<hint><text>think</text></hint><idnumber>x-1</idnumber><penalty>0.3</penalty>"
    )
    (reading,) = quiz(category, element("truefalse", inside)).readings
    assert reading.identifier == "x-1" and reading.title == "A name"
    assert reading.question and reading.question.competence == "A-B-and-C"
    assert [each.split()[0] for each in told(reading)] == ["Feedback", "Hints"]


def test_what_comes_before_damage_is_read() -> None:
    xml = f"<quiz>{element('truefalse', answer('true', '100'))}<question><b></question></quiz>"
    bank = read(xml, "bank.xml")
    assert [each.verdict for each in bank.readings] == [Verdict.TAKEN, Verdict.REFUSED]
    assert "not well-formed" in why(bank.readings[1])


@pytest.mark.parametrize(
    ("percent", "wanted"),
    [
        ("100", F(1)), ("33.33333", F(1, 3)), ("66.66667", F(2, 3)), ("-16.66667", F(-1, 6)),
        ("14.28571", F(1, 7)), ("12.5", F(1, 8)), ("33.3", F(333, 1000)), ("33.33", F(1, 3)),
        ("0", F(0)), ("11.11111", F(1, 9)), ("37.125", F(297, 800)),
    ],
)  # fmt: skip
def test_shares(percent: str, wanted: Fraction) -> None:
    assert share(percent) == wanted


def test_kinds_are_all_of_choice() -> None:
    assert isinstance(one("truefalse", answer("true", "100")).item.interactions[0], Choice)
    assert isinstance(one("shortanswer", answer("a", "100")).item.interactions[0], TextEntry)
