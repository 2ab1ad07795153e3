"""The fold: one truth, whoever folds and in however many pieces."""

from __future__ import annotations

import pytest
from histories import commanded, histories
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.attempt import commands as cmd
from exam_packages.attempt import events as ev
from exam_packages.attempt.state import Attempt, Phase, fold, responses_digest
from exam_packages.clock import Stamp
from exam_packages.content.values import Response

STAMP = Stamp(b"1" * 16, 0, 0, 0)


def entries(*events: ev.Event) -> list[ev.Entry]:
    return [ev.Entry(number, STAMP, event) for number, event in enumerate(events, 1)]


def order(number: int, what: cmd.Order) -> ev.Commanded:
    return ev.Commanded(commanded(number, what))


@given(histories(), st.data())
def test_folding_in_two_pieces_is_folding_at_once(
    history: list[ev.Entry], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(history)))
    assert fold(history[cut:], fold(history[:cut])) == fold(history)


@given(histories())
def test_the_last_answer_to_each_item_stands(history: list[ev.Entry]) -> None:
    expected = {
        entry.event.item: entry.event.responses
        for entry in history
        if isinstance(entry.event, ev.Responded)
    }
    attempt = fold(history)
    assert dict(attempt.responses) == expected
    assert attempt.recorded == sum(isinstance(e.event, ev.Responded) for e in history)


@given(histories())
def test_every_event_survives_its_encoding(history: list[ev.Entry]) -> None:
    again = [
        ev.Entry(entry.sequence, entry.stamp, ev.decode_event(ev.encode_event(entry.event)))
        for entry in history
    ]
    assert again == history


@given(histories())
def test_closed_is_closed(history: list[ev.Entry]) -> None:
    closed = [*history, ev.Entry(99, STAMP, ev.Closed(ev.STOPPED))]
    after = [
        *closed,
        *entries(order(1, cmd.Admit(5)), order(2, cmd.Resume()), ev.Opened(7, ev.RESTART, True)),
    ]
    assert fold(after).phase is Phase.CLOSED
    assert fold(after).closed == ev.STOPPED


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("XYZ")), st.randoms())
def test_the_digest_tells_what_stands_and_not_how_it_came_to_be(
    answers: dict[str, str], random: object
) -> None:
    standing = {item: (Response("R", (member,)),) for item, member in answers.items()}
    shuffled = dict(sorted(standing.items(), reverse=True))
    assert responses_digest(standing) == responses_digest(shuffled)
    for item in standing:
        changed = {**standing, item: (Response("R", ("W",)),)}
        assert responses_digest(changed) != responses_digest(standing)


def test_time_granted_before_admission_is_not_lost_by_it() -> None:
    attempt = fold(entries(order(1, cmd.AddTime(300)), order(2, cmd.Admit(600))))
    assert (attempt.phase, attempt.extra_s) == (Phase.ADMITTED, 900)


def test_a_second_admission_changes_nothing() -> None:
    once = fold(entries(order(1, cmd.Admit(600))))
    twice = fold(entries(order(1, cmd.Admit(600)), order(2, cmd.Admit(600))))
    assert (twice.phase, twice.extra_s) == (once.phase, once.extra_s)


@pytest.mark.parametrize(
    ("held", "begun", "phase"),
    [
        (True, True, Phase.PAUSED),
        (False, True, Phase.RUNNING),
        (True, False, Phase.ADMITTED),
    ],
)
def test_a_held_epoch_stops_only_a_running_clock(held: bool, begun: bool, phase: Phase) -> None:
    before = [order(1, cmd.Admit(0)), *([ev.Began(60)] if begun else [])]
    assert fold(entries(*before, ev.Opened(2, ev.RESTART, held))).phase is phase


@pytest.mark.parametrize(("begun", "phase"), [(True, Phase.PAUSED), (False, Phase.ADMITTED)])
def test_a_reopened_attempt_goes_on_where_it_was(begun: bool, phase: Phase) -> None:
    work = [ev.Began(60), ev.Moved("a"), ev.Responded("a", ())] if begun else []
    before = fold(entries(order(1, cmd.Admit(5)), *work))
    attempt = fold(entries(order(1, cmd.Admit(5)), *work, ev.Closed(ev.STOPPED), ev.Reopened(2)))
    assert (attempt.phase, attempt.epoch, attempt.closed) == (phase, 2, 0)
    assert (attempt.responses, attempt.recorded) == (before.responses, before.recorded)
    assert (attempt.allowed_s, attempt.extra_s) == (before.allowed_s, before.extra_s)


def test_an_attempt_starts_waiting_with_nothing_done() -> None:
    attempt = Attempt()
    assert attempt.phase is Phase.WAITING
    assert not attempt.responses
    assert attempt.sequence == -1
