"""Surveys as they are written, asked, opened and counted."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from centre import Centre
from small_exam import choice_item, essay_item

from exam_packages import canon, forms
from exam_packages.assessment import Test
from exam_packages.blueprint import read_blueprint
from exam_packages.body import Body, BodyError
from exam_packages.clock import SystemClock
from exam_packages.content.items import Item
from exam_packages.content.reading import read_survey
from exam_packages.content.survey import MAX_GIVEN, MAX_WORDS, Given, Survey, unasked, unfit
from exam_packages.content.text import Paragraph, Picture
from exam_packages.content.values import Response
from exam_packages.errors import UsageError
from exam_packages.formats.blueprint_writer import write_blueprint
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti.reader import read_test
from exam_packages.forms import FormsError
from exam_packages.passphrases import Passphrases
from exam_packages.samples import FOOD_SAFETY
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.survey import (
    PLAIN_SIZE,
    Sheaf,
    seal_survey,
    sign_sheaf,
    survey_digest,
)
from exam_packages.sealing.survey import (
    read_survey as read_sealed,
)
from exam_packages.surveys import TOGETHER, WHOLE, Said, count, open_sheaves
from provisioning.authority import found_body
from provisioning.cli import body as body_cli

SURVEY = Survey("How was it?", "en", (), (choice_item("q", most=0), essay_item("own")))
DIGEST = survey_digest(canon.pack(SURVEY))
KEY = SealingKey(bytes(range(32)))
PACKAGE = b"\x21" * 32


def _said(centre: str, *members: str, text: str = "") -> Said:
    responses = [Response("q", members)] if members else []
    responses += [Response("own", (text,))] if text else []
    return Said(centre, "2026-11-23/A", DIGEST, tuple(responses))


# --- As it is written ---


def test_the_sample_has_one_and_it_is_read_back_as_it_was() -> None:
    survey = forms.draw(read_test(FOOD_SAFETY), b"x").survey
    assert survey is not None
    assert read_survey(canon.pack(survey)) == survey
    assert survey.questions[0].identifier == "survey-clear"
    blueprint = read_blueprint((FOOD_SAFETY / "blueprint.toml").read_bytes())
    assert read_blueprint(write_blueprint(blueprint)) == blueprint


def _folder(tmp_path: Path, file: str, before: str, after: str) -> Test:
    folder = tmp_path / "exam"
    shutil.copytree(FOOD_SAFETY, folder)
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    return read_test(folder)


def test_another_survey_makes_another_form_and_none_makes_none(tmp_path: Path) -> None:
    first = forms.draw(read_test(FOOD_SAFETY), b"x").paper.form
    other = _folder(tmp_path / "a", "items/survey-clear.xml", "Mostly", "Now and then")
    assert forms.draw(other, b"x").paper.form != first
    none = _folder(tmp_path / "b", "blueprint.toml", 'survey = "food-safety-survey"', "")
    assert forms.draw(none, b"x").survey is None


def test_a_survey_that_cannot_be_asked_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="names the test “nothing”"):
        _folder(tmp_path / "a", "blueprint.toml", '"food-safety-survey"', '"nothing"')
    asked = _folder(
        tmp_path / "b",
        "survey.xml",
        "survey-clear.xml",
        "fridge-order.xml",  # it shows a picture
    )
    with pytest.raises(FormsError, match="“food-safety-survey” cannot be asked: its question"):
        forms.draw(asked, b"x")


def _with(**changes: object) -> Item:
    return msgspec.structs.replace(choice_item("q"), **changes)


@pytest.mark.parametrize(
    ("questions", "why"),
    [
        ((), "from 1 to 12"),
        (tuple(choice_item(f"q{n}") for n in range(13)), "from 1 to 12"),
        ((choice_item("q"), choice_item("q")), "each once"),
        ((_with(interactions=()),), "one interaction"),
        ((_with(exhibits=("plan",)),), "exhibit"),
        ((_with(body=(Paragraph((Picture("a.png", "a", 1, 1),)),)),), "picture"),
        (tuple(essay_item(f"q{n}") for n in range(9)), f"more than {MAX_GIVEN} bytes"),
    ],
)
def test_what_a_survey_may_not_hold(questions: tuple[Item, ...], why: str) -> None:
    assert why in (unasked(Survey("t", "en", (), questions)) or "")


@settings(max_examples=40)
@given(st.lists(st.sampled_from("ABC"), unique=True, min_size=1), st.text(max_size=MAX_WORDS))
def test_whatever_can_be_said_fits_and_is_taken(members: list[str], text: str) -> None:
    responses = [Response("q", tuple(members))]
    if text:
        responses.append(Response("own", (text,)))
    assert unfit(SURVEY, tuple(responses)) is None
    assert len(canon.pack(Given(DIGEST, tuple(responses)))) <= MAX_GIVEN <= PLAIN_SIZE - 4


@pytest.mark.parametrize(
    "responses",
    [
        (Response("other", ("A",)),),
        (Response("q", ("D",)),),
        (Response("q", ("A",)), Response("q", ("B",))),
        (Response("q", ("A", "A")),),
        (Response("q", ()),),
        (Response("own", ("x" * (MAX_WORDS + 1),)),),
        (Response("own", ("x", "y")),),
    ],
)
def test_what_nobody_can_have_said_is_not_taken(responses: tuple[Response, ...]) -> None:
    assert unfit(SURVEY, responses) is not None


# --- Opened and counted ---


def test_each_is_opened_once_and_what_is_damaged_is_counted_as_that() -> None:
    good = seal_survey(canon.pack(Given(DIGEST, ())), PACKAGE, KEY.public)
    noise = seal_survey(b"\xc1", PACKAGE, KEY.public)
    other = seal_survey(b"", PACKAGE, SealingKey.generate().public)
    hall = SigningKey.generate(pair=False).key_id
    ordered = tuple(sorted((good, noise, other), key=lambda data: read_sealed(data).number))
    sheaf = Sheaf(hall, "Lisbon", PACKAGE, "A", ordered)
    said, problems = open_sheaves([sheaf, sheaf, Sheaf(hall, "L", PACKAGE, "A", (good,))], KEY)
    assert said == [Said("Lisbon", "A", DIGEST, ())]
    assert problems == 4  # two each time: nothing says that they are the same


def test_small_groups_are_counted_with_others_until_they_are_many() -> None:
    said = [_said("Large", "A") for _ in range(12)]
    said += [_said("Small", "B") for _ in range(2)]
    said += [_said("Middle", "A", "C", text="quiet") for _ in range(10)]
    said += [_said("Middle") for _ in range(3)]
    ((counted,), unfitting) = count(said, {DIGEST: SURVEY})
    assert unfitting == 0
    # Small alone would be the whole without the others: Middle stands with it.
    assert [(t.group, t.sent, t.answered) for t in counted.tables] == [
        (WHOLE, 27, 24),
        ("Large, 2026-11-23/A", 12, 12),
        (TOGETHER, 15, 12),
    ]
    assert counted.tables[0].choices["q"] == {"A": 22, "B": 2, "C": 10}
    assert counted.texts == {"own": ("quiet",) * 10}


def test_too_few_altogether_show_nothing_without_being_asked_for() -> None:
    said = [_said("Large", "A", text="me"), *[_said("Large") for _ in range(30)]]
    ((counted,), _) = count(said, {DIGEST: SURVEY})
    assert (counted.sent, counted.answered, counted.tables, counted.texts) == (31, 1, (), {})
    ((counted,), _) = count(said, {DIGEST: SURVEY}, least=1)
    assert counted.tables[0].choices["q"]["A"] == 1
    assert counted.texts == {"own": ("me",)}


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("PQRST"), st.booleans()), max_size=60), st.integers(1, 9))
def test_no_group_that_is_shown_is_small(people: list[tuple[str, bool]], least: int) -> None:
    said = [_said(centre, *(("A",) if spoke else ())) for centre, spoke in people]
    found, _ = count(said, {DIGEST: SURVEY}, least)
    for counted in found:
        assert all(table.answered >= least for table in counted.tables)
        parts = counted.tables[1:]
        if parts:
            assert sum(each.sent for each in parts) == counted.sent


def test_the_command_opens_counts_and_writes(tmp_path: Path) -> None:
    """From sheaves in files to counts: signed by a hall that the body enrolled."""
    centre = Centre.found(tmp_path)
    body = centre.body
    key = body.opening_key("survey")
    questions = tmp_path / "questions"
    questions.write_bytes(canon.pack(SURVEY))
    said = [(("A",), "=cmd|' /C calc'!A0"), (("B", "C"), ""), ((), "")]
    sealed = [
        canon.pack(Given(DIGEST, _said("Lisbon", *members, text=text).responses))
        for members, text in said
    ]
    surveys = [seal_survey(each, PACKAGE, key.public) for each in sealed]
    ordered = tuple(sorted(surveys, key=lambda data: read_sealed(data).number))
    sheaves = tmp_path / "sheaves"
    sheaves.mkdir()
    hall = centre.hall.signing_key()
    signed = sign_sheaf(Sheaf(hall.key_id, "Lisbon", PACKAGE, "A", ordered), hall)
    (sheaves / "0001.surveys").write_bytes(signed)
    (sheaves / "0001.enrolment").write_bytes(centre.hall.enrolment_bytes)

    def run(*more: object, out: str) -> str:
        arguments = ["surveys", body.directory, sheaves, "--out", tmp_path / out, *more]
        done = CliRunner().invoke(body_cli, [str(each) for each in arguments])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    with_questions = ("--survey", questions)
    assert "Fewer than 10 answered" in run(*with_questions, out="few")
    assert "3 came, 2 with answers" in run(*with_questions, "--least", 1, out="all")
    (found,) = json.loads((tmp_path / "all" / "surveys.json").read_bytes())
    assert found["groups"][0]["counts"] == {"q": {"A": 1, "B": 1, "C": 1}}
    texts = (tmp_path / "all" / "texts.csv").read_text(encoding="utf-8-sig")
    assert list(csv.reader(io.StringIO(texts)))[1][2] == "'=cmd|' /C calc'!A0"
    assert (tmp_path / "all" / "counts.csv").stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError, match="there already"):
        run(*with_questions, out="all")


def test_a_body_of_before_makes_its_key_once(tmp_path: Path) -> None:
    body = Body(tmp_path / "body")
    found_body(body.directory, "Board", SystemClock())
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("seven quiet otters\n")
    passphrase.chmod(0o600)
    arguments = ["survey-key", str(body.directory), "--passphrase-file", str(passphrase)]
    before = body.opening_path("survey").read_bytes()
    with pytest.raises(BodyError, match="a key for surveys"):
        CliRunner().invoke(body_cli, arguments, catch_exceptions=False)
    assert body.opening_path("survey").read_bytes() == before
    for path in (body.opening_path("survey"), body.survey_public_path):
        path.unlink()
    done = CliRunner().invoke(body_cli, arguments)
    assert done.exit_code == 0, done.output
    opened = Body(body.directory, Passphrases([passphrase])).opening_key("survey")
    assert body.survey_public() == opened.public
