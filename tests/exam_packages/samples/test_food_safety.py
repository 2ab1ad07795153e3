"""The sample exam is worth sitting: read, drawn, sat perfectly, blank, and at random."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_packages import canon, forms
from exam_packages.assessment import Test
from exam_packages.content.items import (
    Choice,
    ExtendedText,
    InlineChoice,
    Interaction,
    Item,
    Match,
    Order,
    TextEntry,
    complete,
    problem,
)
from exam_packages.content.text import plain
from exam_packages.content.values import Response
from exam_packages.formats.qti.reader import read_test
from exam_packages.forms import DrawnForm
from exam_packages.rules.processing import EXTERNAL, ItemResult, score, score_form, total
from exam_packages.samples import FOOD_SAFETY


@pytest.fixture(scope="module")
def test() -> Test:
    return read_test(FOOD_SAFETY)


@pytest.fixture(scope="module")
def form(test: Test) -> DrawnForm:
    return forms.draw(test, b"sample")


def perfect(form: DrawnForm) -> dict[str, tuple[Response, ...]]:
    return {
        entry.key.item: tuple(
            Response(each.identifier, each.correct or ("My finding.",))
            for each in entry.key.responses
        )
        for entry in form.key.entries
    }


def test_it_is_the_exam_it_says_it_is(test: Test, form: DrawnForm) -> None:
    assert form.paper.time_limit_s == 45 * 60
    assert [len(section.items) for section in form.paper.sections()] == [12, 12]
    kinds = Counter(type(each) for item in form.items.values() for each in item.interactions)
    assert set(kinds) == {Choice, InlineChoice, TextEntry, ExtendedText, Order, Match}
    assert kinds[ExtendedText] == 1
    assert sorted(form.media) == ["fridge.png", "temperature-log.png"]
    assert sum("harbour-kitchen" in item.exhibits for item in form.items.values()) == 5
    assert plain(form.paper.instructions)


def test_it_keeps_its_blueprint(test: Test, form: DrawnForm) -> None:
    assert test.blueprint is not None
    assert forms.check(test.blueprint, form) == []
    assert form.key.cut_score == "21"


def test_practice_scores_nothing_of_the_exam(test: Test, form: DrawnForm) -> None:
    practice = forms.practice(test, b"sample")
    assert practice is not None
    assert len(practice.items) == 2
    assert not set(practice.items) & set(form.items)


def test_a_perfect_candidate_gets_everything(form: DrawnForm) -> None:
    answers = perfect(form)
    for name, item in form.items.items():
        for response in answers[name]:
            interaction = item.interaction(response.identifier)
            assert interaction is not None
            assert problem(interaction, response) is None
            assert complete(interaction, response)
    results = score_form(form.items, form.key, answers)
    before = total(form.key, results)
    assert before.pending == ("finding",)
    assert results["finding"].person == EXTERNAL
    assert before.score == before.max_score - 4
    results["finding"] = ItemResult("finding", Fraction(4), Fraction(4), True)
    after = total(form.key, results)
    assert after.score == after.max_score == 32
    assert after.reaches_cut is True


def test_a_blank_candidate_gets_nothing(form: DrawnForm) -> None:
    for answers in (
        {},
        {name: tuple(Response(i.response, ()) for i in item.interactions)
         for name, item in form.items.items()},
    ):  # fmt: skip
        result = total(form.key, score_form(form.items, form.key, answers))
        assert (result.score, result.pending, result.reaches_cut) == (0, (), False)


def responses(interaction: Interaction) -> st.SearchStrategy[Response]:
    """Any answer that the interaction can take."""
    match interaction:
        case Choice(choices=choices, max_choices=most):
            members = st.lists(
                st.sampled_from([each.identifier for each in choices]),
                unique=True,
                max_size=most or len(choices),
            )
        case InlineChoice(choices=choices):
            members = st.lists(st.sampled_from([each.identifier for each in choices]), max_size=1)
        case Order(choices=choices):
            members = st.permutations([each.identifier for each in choices])
        case Match(sources=sources, targets=targets):
            members = st.permutations([each.identifier for each in targets]).map(
                lambda order: [
                    f"{source.identifier} {target}"
                    for source, target in zip(sources, order, strict=False)
                ]
            )
        case TextEntry() | ExtendedText():
            texts = st.one_of(st.text(max_size=20), st.sampled_from(["16:10", "72.6", "150", "5"]))
            members = st.lists(texts, max_size=1)
    return members.map(lambda given: Response(interaction.response, tuple(given)))


def sat(item: Item) -> st.SearchStrategy[tuple[Response, ...]]:
    return st.tuples(*(responses(each) for each in item.interactions))


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_any_candidate_gets_a_score_within_bounds(form: DrawnForm, data: st.DataObject) -> None:
    answers = {name: data.draw(sat(item)) for name, item in form.items.items()}
    results = score_form(form.items, form.key, answers)
    assert results == score_form(form.items, form.key, answers)
    for result in results.values():
        assert result.score is None or 0 <= result.score <= result.max_score
        assert (result.score is None) == bool(result.person)
    summed = total(form.key, results)
    assert 0 <= summed.score <= summed.max_score - summed.pending_max
    assert summed.score == sum(each.score for each in summed.sections)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_no_wrong_answer_beats_the_right_one(form: DrawnForm, data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from([e for e in form.key.entries if not e.key.external]))
    item = form.items[entry.key.item]
    best = score(item, entry.key, perfect(form)[item.identifier]).score
    given_score = score(item, entry.key, data.draw(sat(item))).score
    assert best is not None
    assert given_score is None or given_score <= best


@given(seed=st.binary(max_size=8))
@settings(max_examples=20, deadline=None)
def test_the_order_drawn_changes_no_score(test: Test, seed: bytes) -> None:
    form = forms.draw(test, seed)
    result = total(form.key, score_form(form.items, form.key, perfect(form)))
    assert result.score == 28


def test_nothing_of_the_key_is_packed_for_the_station(form: DrawnForm) -> None:
    packed = {name: data for name, _, data in forms.blobs(form)}
    assert set(packed) == (
        {"paper", "exhibit/harbour-kitchen", "media/fridge.png", "media/temperature-log.png"}
        | {"survey"}
        | {f"item/{name}" for name in form.items}
    )
    # Typed answers stand in no question, so they would only be there by mistake.
    for name, secret in (
        ("cross-contact", b"cross contact"),
        ("log-minutes", b"150"),
        ("probe-offset", b"72.6"),
        ("cooling-time", b"16:10"),
    ):
        assert secret not in packed[f"item/{name}"]
        assert secret in canon.pack(form.key)
    assert all(canon.pack(entry.key) not in data
               for entry in form.key.entries for data in packed.values())  # fmt: skip


def test_every_picture_says_what_it_shows(form: DrawnForm) -> None:
    shown = plain(form.items["fridge-order"].body) + plain(form.items["log-minutes"].body)
    assert "probe E 7.9 °C" in shown
    assert "peak of 9 °C at 10:30" in shown
