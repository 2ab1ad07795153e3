"""GIFT questions as they are asked and scored."""

from __future__ import annotations

import base64
import io
from fractions import Fraction

import pytest
from corpora import GIFT
from PIL import Image
from read_questions import only, points, read, told, why

from exam_packages.content.items import Choice, ExtendedText, InlineChoice, Match, TextEntry
from exam_packages.content.text import Break, Gap, Paragraph, Text
from exam_packages.formats.banks import read_bank
from exam_packages.formats.report import Bank, Verdict

F = Fraction


def gift(text: str) -> Bank:
    return read(text, "bank.gift")


def test_true_or_false() -> None:
    question = only(gift("It boils at 100 °C.{T}"))
    assert points(question, "A") == 1
    assert points(question, "B") == 0


def test_choices_with_weights() -> None:
    question = only(gift("Which? {~%50%half ~wrong ~%-25%worse =right}"))
    (choice,) = question.item.interactions
    assert isinstance(choice, Choice) and choice.max_choices == 1
    assert [points(question, each) for each in "ABCD"] == [F(1, 2), 0, F(-1, 4), 1]
    assert question.shuffles


def test_several_choices_of_thirds() -> None:
    question = only(gift("Which? {~%33.33333%a ~%33.33333%b ~%33.33333%c ~%-100%d}"))
    (choice,) = question.item.interactions
    assert isinstance(choice, Choice) and choice.max_choices == 0
    assert points(question, "A", "B", "C") == 1
    assert points(question, "A", "D") == 0


def test_missing_word_is_a_menu_in_the_line() -> None:
    question = only(gift("Grant is {~buried =entombed} here."))
    assert question.item.body == (
        Paragraph((Text("Grant is ", 0), Gap("RESPONSE"), Text(" here.", 0))),
    )
    assert isinstance(question.item.interactions[0], InlineChoice)


def test_missing_word_in_html_and_markdown() -> None:
    html = only(gift("[html]<p>Two is {=2} or</p><p>so</p>"))
    assert html.item.body[0] == Paragraph((Text("Two is ", 0), Gap("RESPONSE"), Text(" or", 0)))
    markdown = only(gift("[markdown]**Two** is {=2}*not* three."))
    assert "*not* three." in str(markdown.item.body)


def test_short_answers() -> None:
    question = only(gift("Capital? {=Rome =%50%Milan =%0%*#wrong}"))
    assert isinstance(question.item.interactions[0], TextEntry)
    assert [points(question, each) for each in ("rome", "MILAN", "Turin")] == [1, F(1, 2), 0]


def test_any_characters_in_a_short_answer() -> None:
    question = only(gift(r"Who? {=Gree*n =%50%a\*b}"))
    found = [points(question, each) for each in ("green", "GREEK coin", "grey", "a*b", "axb")]
    assert found == [1, 1, 0, F(1, 2), 0]


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("{#3}", "3.0", "3.1"),
        ("{#3:0.5}", "3.5", "3.51"),
        ("{#-2..-1}", "-1.5", "1.5"),
        ("{#=3:2 ~#none}", "5", "5.5"),
    ],
)
def test_numbers(text: str, right: str, wrong: str) -> None:
    question = only(gift(f"How many? {text}"))
    assert (points(question, right), points(question, wrong)) == (1, 0)


def test_an_empty_wrong_choice_is_left_out_and_told() -> None:
    bank = gift("I eat {~=hardly any~a few} meat.")
    question = only(bank)
    (menu,) = question.item.interactions
    assert isinstance(menu, InlineChoice) and len(menu.choices) == 2
    assert "empty choice" in told(bank.readings[0])[0]
    assert points(question, menu.choices[0].identifier) == 1


def test_a_right_answer_without_all_points_is_told() -> None:
    bank = gift("Which? {=%50%half ~none}")
    assert "earns 0.5 of 1 points" in told(bank.readings[0])[0]


def test_matching_with_a_row_that_only_misleads() -> None:
    question = only(gift("Match. {=a -> 1 =b -> 2 =c -> 1 = -> 3}"))
    (match,) = question.item.interactions
    assert isinstance(match, Match)
    assert (len(match.sources), len(match.targets)) == (3, 3)
    assert points(question, "S1 T1", "S3 T1") == F(2, 3)


def test_essay() -> None:
    question = only(gift("Explain.{}"))
    assert isinstance(question.item.interactions[0], ExtendedText)
    assert question.key.external


def test_lines_break_where_moodle_breaks_them() -> None:
    question = only(gift("one\ntwo {T}"))
    assert question.item.body[0] == Paragraph((Text("one", 0), Break(), Text("two", 0)))


def test_names_categories_and_what_is_left_out() -> None:
    bank = gift(
        "$CATEGORY: $course$/top/Cold chain\n\n"
        "// [id:q/1] [tag:x]\n::Fridge::How cold? {#5#yes}\n\n"
        "::Fridge::How warm? {#5}\n\n::Fridge::And? {#6}"
    )
    assert [each.identifier for each in bank.readings] == ["q-1", "Fridge", "Fridge-2"]
    first = bank.readings[0]
    assert first.verdict is Verdict.CHANGED and "Feedback" in told(first)[0]
    assert first.title == "Fridge"
    assert first.question and first.question.competence == "Cold-chain"
    # A name is for authors: it could say the answer, and no candidate is shown it.
    assert first.question.item.title == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("q {=a", "not closed"),
        ("q }", "has no"),
        ("q {=a} r {=b}", "two sets"),
        ("::t q {T}", "title"),
        ("q {~a ~b}", "No choice earns"),
        ("q {#four}", "no number"),
        ("q {#5..3}", "no number"),
        ("q {=a->b =c}", "no “->”"),
        ("q {~%50 a =b}", "not closed"),
        ("q {~%500%a =b}", "no percentage"),
        ("only text", "asks nothing"),
    ],
)
def test_one_bad_question_spoils_no_other(text: str, sentence: str) -> None:
    bank = gift(f"a {{T}}\n\n{text}\n\nb {{F}}")
    assert [each.verdict for each in bank.readings] == [
        Verdict.TAKEN, Verdict.REFUSED, Verdict.TAKEN,
    ]  # fmt: skip
    assert sentence in why(bank.readings[1])


@pytest.mark.skipif(not GIFT.exists(), reason=f"the GIFT corpus is not at {GIFT}")
def test_corpus_is_taken_but_for_its_descriptions() -> None:
    readings = [each for file in sorted(GIFT.glob("*.gift")) for each in read_bank(file).readings]
    refused = [each for each in readings if each.verdict is Verdict.REFUSED]
    assert len(readings) == 100
    assert len(refused) == 7 and all("asks nothing" in why(each) for each in refused)


def test_a_field_that_would_not_be_shown_is_refused() -> None:
    (reading,) = read("[html]The capital <style>is {=Rome} or so</style>", "a.gift").readings
    assert "stands in a part of the text that is not shown" in why(reading)


def test_what_became_of_a_picture_is_told_of_its_own_question() -> None:
    file = io.BytesIO()
    Image.new("P", (3, 2)).save(file, "GIF")
    data = base64.b64encode(file.getvalue()).decode().replace("=", r"\=")
    drawn = rf'[html]<img alt\="A" src\="data\:image/gif;base64,{data}">'
    bank = gift(f"Which? {{~{drawn} ~b}}\n\nSo? {{T}}\n\n{drawn} Here? {{T}}")
    refused, other, own = bank.readings
    assert refused.refusal is not None
    assert other.changes == ()
    assert [str(each) for each in own.changes if "GIF" in str(each)]
