"""From opened answers to points, figures and what people read."""

from __future__ import annotations

import json
import re
import statistics
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_packages.content.values import Response
from exam_packages.rules.key import AnswerKey
from scoring.blind import OpenedAttempt
from scoring.figures import LEAST_ATTEMPTS, figures
from scoring.report import Batch, answers_json, marking_json, page, results_json, table
from scoring.score import ScoredAttempt, ScoringForm, Standing, score_attempt, score_attempts

SCORED_S = 1_790_000_000


class Tags(HTMLParser):
    """The tags and attributes that a page really has."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)


def attempt(number: int, responses, problems: tuple[str, ...] = ()) -> OpenedAttempt:
    return OpenedAttempt(f"attempt{number:04}", bytes(32), dict(responses), 1, problems)


def test_perfect_blank_written_and_held_attempts(exam) -> None:
    perfect = exam.perfect()
    attempts = [
        attempt(0, perfect),
        attempt(1, {}),
        attempt(2, exam.perfect(essay="The inspector must note it.")),
        attempt(3, perfect, ("The answers end without the station's conclusion.",)),
        attempt(4, {"no-such-item": ()}),
    ]
    with ThreadPoolExecutor(2) as executor:
        scored = score_attempts(exam.form, attempts, executor)
    assert [each.id for each in scored] == [each.id for each in attempts]
    standings = [each.standing for each in scored]
    assert standings == [
        Standing.REACHES,
        Standing.BELOW,
        Standing.REACHES,
        Standing.HELD,
        Standing.HELD,
    ]
    full, blank, written, _, strange = (each.total for each in scored)
    (essay,) = (entry for entry in exam.form.key.entries if entry.key.external)
    assert full.score == full.max_score - Fraction(essay.key.max_score)
    assert (blank.score, blank.max_score) == (0, full.max_score)
    assert written.pending == (essay.key.item,)
    assert strange is None
    assert "not of the same form" in scored[4].problems[0]


def test_an_attempt_that_marking_could_lift_over_the_cut_stays_open(exam) -> None:
    answers = exam.perfect(essay="Words.")
    cut = Fraction(exam.form.key.cut_score)
    for item in list(answers):
        result = score_attempt(exam.form, attempt(0, answers))
        if cut - 4 <= result.total.score < cut:
            assert result.standing is Standing.OPEN
            return
        if item not in result.total.pending:
            answers[item] = ()
    pytest.fail("no answers came between the cut score and what marking can add")


def test_the_page_the_table_and_the_files_agree(exam) -> None:
    answers = exam.perfect(essay="<script>alert('x')</script> & words of a candidate")
    batch = scored_batch(
        exam.form, [attempt(0, answers), attempt(1, {}), attempt(2, {}, ("Odd.",))]
    )
    results = results_json(batch)
    assert results["standings"] == {"reaches": 1, "below": 1, "open": 0, "held": 1}
    assert [each["score"] for each in results["attempts"]][1] == "0"
    assert "words of a candidate" not in json.dumps(results)
    assert "provisional" in json.dumps(results).lower()

    marking = marking_json(batch)
    (task,) = marking["items"]
    (waiting,) = task["answers"]
    assert waiting["attempt"] == "attempt0000"
    assert "words of a candidate" in json.dumps(waiting["responses"])
    opened = answers_json(batch)["attempts"][0]["items"]
    assert opened == {
        item: {each.identifier: list(each.members) for each in given}
        for item, given in answers.items()
    }

    text = table(batch)
    html = page(batch)
    for said in (text, html):
        for each in results["attempts"]:
            assert each["attempt"] in said
        assert "words of a candidate" not in said
        assert "rovisional" in said
        assert "Too few attempts for discrimination: 2" in said
        assert "Odd." in said
    assert f"{results['attempts'][0]['score']} / {results['max_score']}" in text


def test_the_page_takes_no_markup_from_the_exam_and_loads_nothing(exam) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    key = exam.form.key
    form = ScoringForm(
        exam.form.items, AnswerKey(key.form, hostile, key.cut_score, key.sections, key.entries)
    )
    html = page(scored_batch(form, [attempt(0, {}, (hostile,))]))
    tags = Tags()
    tags.feed(html)
    assert not tags.names & {"script", "img", "link", "iframe", "object", "base"}
    assert not tags.attributes & {"src", "href", "onerror", "onclick"}
    assert "url(" not in html
    assert "@import" not in html
    for svg in re.findall(r"<svg.*?</svg>", page(scored_batch(exam.form, [attempt(0, {})])), re.S):
        assert ET.fromstring(svg).tag == "svg"  # noqa: S314 - our own


def test_a_batch_without_a_countable_attempt_has_a_page_too(exam) -> None:
    for attempts in ([], [attempt(0, {}, ("Held.",))]):
        batch = scored_batch(exam.form, attempts)
        assert batch.figures.mean is None
        assert "Questions" in page(batch)
        assert batch.title in table(batch)


def scored_batch(form: ScoringForm, attempts: list[OpenedAttempt]) -> Batch:
    return Batch(form, [score_attempt(form, each) for each in attempts], SCORED_S)


@st.composite
def marks(draw, exam):
    """For each of some attempts, which of the right-or-wrong items are answered rightly."""
    items = [
        entry.key.item
        for entry in exam.form.key.entries
        if entry.key.max_score == "1" and not entry.key.external
    ]
    count = draw(st.integers(0, LEAST_ATTEMPTS + 6))
    sets = st.sets(st.sampled_from(items))
    return items, [draw(sets) for _ in range(count)]


def test_an_item_that_waits_for_marks_has_no_figures_yet(exam) -> None:
    (essay,) = (entry.key.item for entry in exam.form.key.entries if entry.key.external)
    written = {essay: exam.perfect(essay="The soup must go.")[essay]}
    scored = [
        score_attempt(exam.form, attempt(at, written if at % 4 else {}))
        for at in range(LEAST_ATTEMPTS * 2)
    ]
    one = next(each for each in figures(exam.form, scored).items if each.item == essay)
    assert one.scored == LEAST_ATTEMPTS // 2
    assert one.pending == LEAST_ATTEMPTS * 2 - one.scored
    assert (one.facility, one.discrimination) == (None, None)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_figures_hold_for_any_batch(exam, data) -> None:
    items, right = data.draw(marks(exam))
    perfect = exam.perfect()
    scored: list[ScoredAttempt] = [
        score_attempt(exam.form, attempt(at, {item: perfect[item] for item in chosen}))
        for at, chosen in enumerate(right)
    ]
    found = figures(exam.form, scored)
    assert found.attempts == found.counted == len(right) == sum(bar.count for bar in found.bars)
    assert sum(found.standings.values()) == len(right)
    assert found.bars[0].low == 0
    assert found.bars[-1].high == found.max_score
    by_name = {each.item: each for each in found.items}
    for item in items:
        one = by_name[item]
        correct = [item in chosen for chosen in right]
        assert one.answered == sum(correct)
        assert one.pending == 0
        if not right:
            assert one.facility is None
            continue
        assert one.facility == pytest.approx(sum(correct) / len(right))
        weight = next(
            int(entry.weight) for entry in exam.form.key.entries if entry.key.item == item
        )
        rest = [
            float(each.total.score) - weight * good
            for each, good in zip(scored, correct, strict=True)
        ]
        tells = len(right) >= LEAST_ATTEMPTS and len(set(correct)) > 1 and len(set(rest)) > 1
        assert (one.discrimination is not None) is tells
        if one.discrimination is not None:
            # The point-biserial by its textbook formula, with the population deviation.
            ones = [value for value, good in zip(rest, correct, strict=True) if good]
            zeros = [value for value, good in zip(rest, correct, strict=True) if not good]
            share = len(ones) / len(rest)
            difference = statistics.fmean(ones) - statistics.fmean(zeros)
            expected = difference / statistics.pstdev(rest) * (share * (1 - share)) ** 0.5
            assert one.discrimination == pytest.approx(expected)


def test_held_attempts_are_in_no_figure(exam) -> None:
    scored = [
        score_attempt(exam.form, attempt(0, exam.perfect())),
        score_attempt(exam.form, attempt(1, {}, ("Held.",))),
    ]
    found = figures(exam.form, scored)
    assert (found.attempts, found.counted) == (2, 1)
    assert found.mean == float(scored[0].total.score)
    assert all(each.scored + each.pending == 1 for each in found.items)


def test_answers_of_another_type_go_to_a_person(exam) -> None:
    numeric = next(
        entry.key.item
        for entry in exam.form.key.entries
        if entry.key.responses and entry.key.responses[0].base_type in ("float", "integer")
    )
    answers = exam.perfect() | {numeric: (Response("RESPONSE", ("about twelve",)),)}
    batch = scored_batch(exam.form, [attempt(0, answers)])
    (task,) = marking_json(batch)["items"]
    assert task["item"] == numeric
    assert task["answers"][0]["reason"] == "the answer is not of the kind the rules need"
