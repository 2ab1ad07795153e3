"""Leaving the room, a raised hand that is answered, a device that is replaced."""

from __future__ import annotations

import pytest
from histories import commanded
from msgspec.structs import replace as replace_struct
from small_exam import choice_item, paper

from exam_packages.attempt import acts
from exam_packages.attempt import commands as cmd
from exam_packages.attempt import events as ev
from exam_packages.attempt.ledger import Kind, Ledger, account
from exam_packages.attempt.state import Phase
from exam_packages.canon import pack
from exam_packages.clock import SECOND, Stamp
from exam_packages.content.paper import CAMERA_REQUIRED
from kiosk.agent import session as rules
from kiosk.agent.session import Exam, Refusal, session

ITEMS = (choice_item("one"), choice_item("two"))
FREE = paper(ITEMS, time_limit_s=100)
EXAM = Exam(FREE, {item.identifier: item for item in ITEMS}, practice=True, camera=ev.DEVICE)
AHEAD_S = 1000
"""The wall clock stands elsewhere than the clock that counts."""


class Candidate:
    """What the rules decide, fed back as the agent does."""

    def __init__(self, exam: Exam = EXAM, drift_s: int = 0) -> None:
        self.exam = exam
        self.ledger = Ledger()
        self.second = 0
        self.drift_s = drift_s
        self.number = 0
        self._happen((ev.Opened(1, ev.START, held=False),))

    def now(self) -> Stamp:
        wall_s = self.second + AHEAD_S + self.drift_s
        return Stamp(b"1" * 16, self.second * SECOND, wall_s * SECOND, 0)

    def _happen(self, events: tuple[ev.Event, ...]) -> None:
        for event in events:
            entry = ev.Entry(self.number, self.now(), event)
            self.number += 1
            self.ledger = account([entry], self.ledger)

    def ask(self, asked: acts.Act | bytes) -> tuple[ev.Event, ...] | Refusal:
        decided = session(self.exam, self.ledger, self.now(), asked)
        if not isinstance(decided, Refusal):
            self._happen(decided)
        return decided

    def order(self, what: cmd.Order) -> tuple[ev.Event, ...] | Refusal:
        return self.ask(commanded(self.ledger.attempt.command + 1, what))

    def running(self) -> Candidate:
        self.order(cmd.Admit(0))
        self.ask(acts.Begin())
        return self

    def evacuate(self, alarm_s: int) -> tuple[ev.Event, ...] | Refusal:
        return self.order(cmd.Evacuate((alarm_s + AHEAD_S) * SECOND))

    @property
    def left_s(self) -> float:
        countdown = self.ledger.countdown
        assert countdown is not None
        return countdown.left_at(self.now().boottime_ns) / SECOND


def test_an_evacuation_gives_back_what_ran_since_the_alarm() -> None:
    candidate = Candidate().running()
    candidate.second = 30
    decided = candidate.evacuate(alarm_s=18)
    assert not isinstance(decided, Refusal)
    assert decided[1:] == (ev.GivenBack(12),)
    assert candidate.ledger.attempt.phase is Phase.PAUSED
    assert candidate.ledger.attempt.evacuated
    candidate.second = 630
    assert candidate.left_s == 100 - 18
    assert candidate.ask(acts.Move("two")) == rules.PAUSED
    candidate.order(cmd.Resume())
    assert not candidate.ledger.attempt.evacuated
    assert candidate.ledger.attempt.phase is Phase.RUNNING
    candidate.second = 640
    assert candidate.left_s == 100 - 28


@pytest.mark.parametrize(("alarm_s", "given"), [(-500, 30), (60, 0), (30, 0), (29, 1)])
def test_no_more_is_given_back_than_the_clock_ran(alarm_s: int, given: int) -> None:
    """An alarm of long ago, or one that this machine's clock takes for the future."""
    candidate = Candidate().running()
    candidate.second = 30
    decided = candidate.evacuate(alarm_s)
    assert not isinstance(decided, Refusal)
    assert list(decided[1:]) == ([ev.GivenBack(given)] if given else [])
    assert candidate.left_s == 70 + given


def test_a_wrong_clock_gives_back_no_more_than_ran() -> None:
    candidate = Candidate(drift_s=3600).running()
    candidate.second = 30
    candidate.evacuate(alarm_s=20)
    assert candidate.left_s == 100


def test_a_second_alarm_gives_nothing_back_twice() -> None:
    candidate = Candidate().running()
    candidate.second = 30
    candidate.evacuate(alarm_s=20)
    candidate.second = 50
    decided = candidate.evacuate(alarm_s=20)
    assert not isinstance(decided, Refusal)
    assert len(decided) == 1
    assert candidate.left_s == 80


def test_nothing_begins_while_the_room_is_left() -> None:
    candidate = Candidate()
    candidate.order(cmd.Admit(0))
    decided = candidate.evacuate(alarm_s=0)
    assert not isinstance(decided, Refusal)
    assert len(decided) == 1
    assert candidate.ask(acts.Begin()) == rules.EVACUATED
    assert candidate.ask(acts.Practise()) == rules.EVACUATED
    candidate.order(cmd.Return())
    assert not isinstance(candidate.ask(acts.Begin()), Refusal)


def test_the_end_of_an_evacuation_leaves_the_clock_standing() -> None:
    candidate = Candidate().running()
    candidate.second = 10
    candidate.evacuate(alarm_s=10)
    candidate.order(cmd.Return())
    attempt = candidate.ledger.attempt
    assert (attempt.phase, attempt.evacuated) == (Phase.PAUSED, False)
    candidate.second = 100
    assert candidate.left_s == 90
    assert candidate.ledger.total_ns(Kind.RUNNING) == 10 * SECOND


def test_an_answered_hand_goes_down_and_the_candidate_reads_the_answer() -> None:
    candidate = Candidate().running()
    candidate.ask(acts.Call(on=True))
    assert candidate.ledger.attempt.calling
    candidate.order(cmd.Attend("Somebody comes to you."))
    assert not candidate.ledger.attempt.calling
    assert candidate.ledger.attempt.messages == ("Somebody comes to you.",)


def test_an_exam_may_begin_while_people_watch_instead_of_a_broken_camera() -> None:
    strict = replace_struct(FREE, policy=replace_struct(FREE.policy, camera=CAMERA_REQUIRED))
    exam = Exam(strict, EXAM.items, camera=ev.NO_CAMERA)
    candidate = Candidate(exam)
    candidate.order(cmd.Admit(0))
    assert candidate.ask(acts.Begin()) == rules.CAMERA_MISSING
    candidate.order(cmd.Replace(cmd.KEYBOARD, on=True))
    assert candidate.ask(acts.Begin()) == rules.CAMERA_MISSING
    candidate.order(cmd.Replace(cmd.CAMERA, on=True))
    assert not isinstance(candidate.ask(acts.Begin()), Refusal)
    candidate.order(cmd.Replace(cmd.CAMERA, on=False))
    assert candidate.ledger.attempt.replaced == {cmd.KEYBOARD}
    assert candidate.order(cmd.Replace("coffee machine", on=True)) == rules.NO_SUCH_DEVICE


def test_golden_bytes_of_the_new_orders_and_the_event() -> None:
    """Published: never edited."""
    assert pack(cmd.Attend("Hi")).hex() == "921ea24869"
    assert pack(cmd.Evacuate(5)).hex() == "921f05"
    assert pack(cmd.Return()).hex() == "9120"
    assert pack(cmd.Replace("camera", on=True)).hex() == "9321a663616d657261c3"
    assert pack(ev.GivenBack(12)).hex() == "92460c"
