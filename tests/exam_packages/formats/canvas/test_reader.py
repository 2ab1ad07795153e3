"""Canvas's quizzes in QTI 1.2: every kind of question as it is asked and scored."""

from __future__ import annotations

from fractions import Fraction

import pytest
from read_questions import PNG, only, points, told, why

from exam_packages.assessment import Question
from exam_packages.content.items import Choice, ExtendedText, InlineChoice, TextEntry
from exam_packages.formats.banks import bank_of
from exam_packages.formats.report import Bank, Verdict

F = Fraction
NAMESPACE = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"


def text(words: str, form: str = "text/html") -> str:
    return f"<material><mattext texttype='{form}'>{words}</mattext></material>"


def lid(name: str, answers: dict[str, str], before: str = "", many: str = "Single") -> str:
    labels = "".join(
        f"<response_label ident='{each}'>{text(words)}</response_label>"
        for each, words in answers.items()
    )
    return (
        f"<response_lid ident='{name}' rcardinality='{many}'>{text(before) if before else ''}"
        f"<render_choice>{labels}</render_choice></response_lid>"
    )


FIB = "<response_str ident='response1'><render_fib/></response_str>"


def right(condition: str, worth: str = "100", action: str = "Set") -> str:
    return (
        f"<respcondition continue='No'><conditionvar>{condition}</conditionvar>"
        f"<setvar action='{action}' varname='SCORE'>{worth}</setvar></respcondition>"
    )


def equal(answer: str, name: str = "response1") -> str:
    return f"<varequal respident='{name}'>{answer}</varequal>"


def item(kind: str, asked: str, rules: str, stem: str = "Which?", worth: str = "1.0") -> str:
    label = "cc_profile" if kind.startswith("cc.") else "question_type"
    fields = "".join(
        f"<qtimetadatafield><fieldlabel>{name}</fieldlabel><fieldentry>{value}</fieldentry>"
        "</qtimetadatafield>"
        for name, value in ((label, kind), ("points_possible", worth))
    )
    return (
        f"<item ident='i' title='A name'><itemmetadata><qtimetadata>{fields}</qtimetadata>"
        f"</itemmetadata><presentation>{text(stem)}{asked}</presentation><resprocessing>"
        f"<outcomes><decvar maxvalue='100' minvalue='0' varname='SCORE'/></outcomes>{rules}"
        "</resprocessing></item>"
    )


def quiz(*items: str, holder: str = "assessment", more: str = "") -> bytes:
    inside = f"{more}<section ident='root'>{''.join(items)}</section>"
    return (
        f"<?xml version='1.0'?><questestinterop xmlns='{NAMESPACE}'>"
        f"<{holder} ident='a' title='Quiz'>{inside}</{holder}></questestinterop>"
    ).encode()


def bank(*items: str, **files: bytes) -> Bank:
    return bank_of({"imsmanifest.xml": b"<manifest/>", "a/a.xml": quiz(*items)}, "quiz")


def one(kind: str, asked: str, rules: str, stem: str = "Which?", worth: str = "1") -> Question:
    return only(bank(item(kind, asked, rules, stem, worth)))


TWO = lid("response1", {"11": "&lt;b&gt;a&lt;/b&gt;", "22": "b"})


@pytest.mark.parametrize(
    "kind", ["multiple_choice_question", "true_false_question", "cc.multiple_choice.v0p1"]
)
def test_one_choice(kind: str) -> None:
    question = one(kind, TWO, right(equal("22")), worth="2.5")
    assert [points(question, each) for each in "AB"] == [0, F(5, 2)]


def test_several_choices_as_canvas_scores_them() -> None:
    asked = lid("response1", dict.fromkeys("abcd", "x"), many="Multiple")
    rules = right(f"<and>{equal('a')}{equal('b')}{equal('c')}<not>{equal('d')}</not></and>")
    question = one("multiple_answers_question", asked, rules)
    assert [points(question, *each) for each in ("ABC", "AB", "ABD", "D")] == [
        1, F(2, 3), F(1, 3), 0,
    ]  # fmt: skip


def test_several_choices_of_common_cartridge_are_all_or_nothing() -> None:
    asked = lid("response1", dict.fromkeys("abc", "x"), many="Multiple")
    rules = right(f"<and>{equal('a')}{equal('b')}<not>{equal('c')}</not></and>")
    question = one("cc.multiple_response.v0p1", asked, rules)
    assert [points(question, *each) for each in ("AB", "A", "ABC")] == [1, 0, 0]


def test_short_answer() -> None:
    question = one("short_answer_question", FIB, right(equal("Rome") + equal("Roma")))
    assert isinstance(question.item.interactions[0], TextEntry)
    assert [points(question, each) for each in ("ROMA", "Milan")] == [1, 0]


@pytest.mark.parametrize(
    ("condition", "fits", "misses"),
    [
        (equal("5"), "5.0", "5.1"),
        (f"<or>{equal('5')}<and><vargte>4.5</vargte><varlte>5.5</varlte></and></or>", "4.5", "4.4"),
        ("<vargte respident='response1'>1</vargte><varlte>2</varlte>", "2", "2.1"),
        (f"<or>{equal('8')}<and><vargt>7.5</vargt><varlte>8.5</varlte></and></or>", "8.5", "7.5"),
    ],
)
def test_number(condition: str, fits: str, misses: str) -> None:
    question = one("numerical_question", FIB, right(condition))
    assert (points(question, fits), points(question, misses)) == (1, 0)


def test_blanks() -> None:
    asked = lid("response_x", {"1": "red", "2": "crimson"}, "x") + lid(
        "response_y", {"3": "sea"}, "y"
    )
    rules = right(equal("1", "response_x"), "50", "Add") + right(
        equal("3", "response_y"), "50", "Add"
    )
    question = one("fill_in_multiple_blanks_question", asked, rules, "A [y] of [x] [z].")
    assert points(question, RESPONSE_1=("SEA",), RESPONSE_2=("crimson",)) == 1
    assert points(question, RESPONSE_2=("red",)) == F(1, 2)
    assert "[z]" in str(question.item.body)


def test_menus() -> None:
    asked = lid("response_x", {"1": "a", "2": "b"}, "x") + lid(
        "response_y", {"1": "a", "2": "b"}, "y"
    )
    rules = right(equal("2", "response_x"), "50", "Add") + right(
        equal("1", "response_y"), "50", "Add"
    )
    question = one("multiple_dropdowns_question", asked, rules, "[x] [y]", "3")
    assert all(isinstance(each, InlineChoice) for each in question.item.interactions)
    assert points(question, RESPONSE_1=("B",), RESPONSE_2=("B",)) == F(3, 2)


def test_matching_with_distractors() -> None:
    options = {"1": "one", "2": "two", "3": "three"}
    asked = "".join(lid(f"response_{each}", options, each) for each in "ab")
    rules = right(equal("2", "response_a"), "50", "Add") + right(
        equal("1", "response_b"), "50", "Add"
    )
    question = one("matching_question", asked, rules)
    assert points(question, "S1 T1", "S2 T2") == 1
    assert points(question, "S1 T3") == 0


def test_essay() -> None:
    question = one("essay_question", FIB, "")
    assert isinstance(question.item.interactions[0], ExtendedText) and question.key.external


@pytest.mark.parametrize(
    ("kind", "asked", "rules", "sentence"),
    [
        ("text_only_question", "", "", "asks nothing"),
        ("file_upload_question", "", "", "ask for a text"),
        ("calculated_question", FIB, "", "fixed numbers"),
        ("categorization_question", "", "", "of another kind"),
        ("multiple_choice_question", TWO, "", "No choice earns"),
        ("multiple_choice_question", TWO + TWO, "", "2 responses"),
        ("multiple_choice_question", TWO, right("<varlt>3</varlt>"), "<varlt>"),
        ("multiple_choice_question", TWO, right(equal("11"), "all"), "no number"),
        ("numerical_question", FIB, right(equal("five")), "no number"),
        ("numerical_question", FIB, right("<vargte>3</vargte>"), "only one end"),
        ("multiple_dropdowns_question", TWO, "", "not the same"),
    ],
)
def test_one_bad_question_spoils_no_other(kind: str, asked: str, rules: str, sentence: str) -> None:
    good = item("multiple_choice_question", TWO, right(equal("11")))
    found = bank(good, item(kind, asked, rules), good)
    assert [each.verdict for each in found.readings] == [
        Verdict.TAKEN, Verdict.REFUSED, Verdict.TAKEN,
    ]  # fmt: skip
    assert sentence in why(found.readings[1])


def test_a_course_holds_each_quiz_twice() -> None:
    good = item("multiple_choice_question", TWO, right(equal("11")))
    poor = item("cc.essay.v0p1", FIB, "")
    files = {"a/assessment_qti.xml": quiz(poor), "non_cc_assessments/a.xml.qti": quiz(good)}
    assert isinstance(only(bank_of(files, "course")).item.interactions[0], Choice)


def test_a_bank_is_named_for_what_it_tests_and_feedback_is_left_out() -> None:
    good = item("multiple_choice_question", TWO, right(equal("11")))
    good = good.replace("</item>", "<itemfeedback ident='f'/></item>")
    title = (
        "<qtimetadata><qtimetadatafield><fieldlabel>bank_title</fieldlabel>"
        "<fieldentry>Cold chain</fieldentry></qtimetadatafield></qtimetadata>"
    )
    files = {"bank.xml": quiz(good, holder="objectbank", more=title)}
    (reading,) = bank_of(files, "bank").readings
    assert reading.question and reading.question.competence == "Cold-chain"
    assert "Feedback" in told(reading)[0]


def test_pictures_of_the_course() -> None:
    stem = '&lt;img src="$IMS-CC-FILEBASE$/a%20b/c.png?canvas_download=1" alt="x"&gt;'
    xml = quiz(item("multiple_choice_question", TWO, right(equal("11")), stem))
    found = bank_of({"a.xml": xml, "web_resources/a b/c.png": PNG}, "course")
    assert only(found).media == frozenset(found.media)
    assert "not in the bank" in why(bank_of({"a.xml": xml}, "course").readings[0])


def test_a_damaged_quiz_spoils_no_other() -> None:
    good = quiz(item("multiple_choice_question", TWO, right(equal("11"))))
    found = bank_of({"a.xml": good, "b.xml": b"<questestinterop><item>"}, "course")
    assert [each.verdict for each in found.readings] == [Verdict.TAKEN, Verdict.REFUSED]


@pytest.mark.parametrize(
    ("asked", "rules", "kind"),
    [
        (TWO, right(equal("11")), Choice),
        (TWO.replace("Single", "Multiple"), right(equal("11") + equal("22")), Choice),
        (FIB, right(equal("Rome")), TextEntry),
        (FIB, right("<vargte>1</vargte><varlte>2</varlte>"), TextEntry),
        (FIB, "", ExtendedText),
    ],
)
def test_a_kind_that_is_not_named_is_known_by_its_shape(asked: str, rules: str, kind: type) -> None:
    (reading,) = bank(item("", asked, rules)).readings
    assert reading.question and isinstance(reading.question.item.interactions[0], kind)
    assert "by its shape" in told(reading)[0]
