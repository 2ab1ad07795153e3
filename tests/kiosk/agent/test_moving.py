"""Limits, session control and breaks: each by example, all of them by a random candidate."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from candidates import Candidate, at
from histories import commanded
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace as replace_struct
from small_exam import choice_item, chosen, paper

from exam_packages.attempt import acts
from exam_packages.attempt import commands as cmd
from exam_packages.attempt import events as ev
from exam_packages.attempt.ledger import CHARGED, Kind, account, kind_of
from exam_packages.attempt.moving import Map
from exam_packages.attempt.state import Phase, fold
from exam_packages.clock import SECOND
from exam_packages.content.moving import Break, Control, Leave, Limit, Moving
from exam_packages.content.paper import (
    LINEAR,
    NONLINEAR,
    ItemReference,
    Paper,
    Section,
    TestPart,
)
from kiosk.agent import refusals as why
from kiosk.agent import session as rules
from kiosk.agent.session import Exam, Refusal, expire, reopen

NAMES = ("a", "b", "c", "d", "e", "f")
ITEMS = tuple(choice_item(name, most=2) for name in NAMES)
BY_NAME = {item.identifier: item for item in ITEMS}


def part(name: str, navigation: int, *sections: tuple[str, ...]) -> TestPart:
    made = tuple(
        Section(f"{name}{number}", "", (), tuple(ItemReference(each, each) for each in items))
        for number, items in enumerate(sections)
    )
    return TestPart(name, navigation, made)


NO_LEAVE = Leave(0, 60, True)


def moving(
    *limits: Limit,
    least_s: int = 0,
    controls: tuple[Control, ...] = (),
    breaks: tuple[Break, ...] = (),
    leave: Leave = NO_LEAVE,
) -> Moving:
    return Moving(least_s, limits, controls, breaks, leave)


def exam(*parts: TestPart, moves: Moving, time_limit_s: int = 100) -> Exam:
    return Exam(paper(ITEMS, time_limit_s=time_limit_s, parts=parts, moving=moves), BY_NAME)


def timed(scope: str, *items: str, most_s: int, least_s: int = 0) -> Limit:
    return Limit(scope, scope, items, least_s, most_s)


SECTIONS = (part("p", NONLINEAR, ("a", "b"), ("c", "d")), part("q", LINEAR, ("e", "f")))
SECTION = timed("section/p0", "a", "b", most_s=20)


def test_a_section_ends_with_its_time_and_the_next_begins() -> None:
    candidate = Candidate(exam(*SECTIONS, moves=moving(SECTION))).running()
    assert candidate.inside() == {"section/p0": 20}
    candidate.ask(acts.Respond("b", chosen("A")))
    candidate.second = 19.9
    assert candidate.expire() == ()
    candidate.second = 20
    assert candidate.ask(acts.Respond("b", chosen("B"))) == rules.TIME_OVER
    assert candidate.expire() == (ev.Left("section/p0", ev.SPENT), ev.Moved("c"))
    assert candidate.ask(acts.Respond("b", chosen("B"))) == why.CLOSED
    assert candidate.ask(acts.Move("a")) == why.CLOSED
    assert candidate.ledger.attempt.responses["b"] == chosen("A")
    assert candidate.left("") == 80


def test_who_leaves_a_timed_section_closes_it() -> None:
    candidate = Candidate(exam(*SECTIONS, moves=moving(SECTION))).running()
    assert candidate.ask(acts.Move("b")) == (ev.Moved("b"),)
    assert candidate.ask(acts.Move("d")) == (ev.Left("section/p0", ev.LEFT), ev.Moved("d"))
    assert candidate.ask(acts.Move("a")) == why.CLOSED
    assert candidate.ask(acts.Respond("a", chosen("A"))) == why.CLOSED
    candidate.second = 50
    assert candidate.expire() == ()


def test_a_timed_section_is_answered_from_inside_only() -> None:
    late = timed("section/p1", "c", "d", most_s=20)
    candidate = Candidate(exam(*SECTIONS, moves=moving(late))).running()
    assert candidate.ask(acts.Respond("c", chosen("A"))) == why.ELSEWHERE
    assert candidate.ask(acts.Move("d")) == (ev.Entered("section/p1", 20, 0), ev.Moved("d"))
    assert isinstance(candidate.ask(acts.Respond("c", chosen("A"))), tuple)
    assert isinstance(candidate.ask(acts.Respond("a", chosen("A"))), tuple)


def test_where_an_earlier_question_is_open_still_nobody_is_driven_on() -> None:
    late = timed("section/p1", "c", "d", most_s=20)
    candidate = Candidate(exam(*SECTIONS, moves=moving(late))).running()
    candidate.ask(acts.Move("d"))
    candidate.second = 20
    assert candidate.expire() == (ev.Left("section/p1", ev.SPENT), ev.Moved("a"))


def test_when_nothing_is_open_any_more_the_exam_ends() -> None:
    last = timed("part/q", "e", "f", most_s=20)
    candidate = Candidate(exam(*SECTIONS, moves=moving(last))).running()
    assert candidate.ask(acts.Move("e")) == (ev.Entered("part/q", 20, 0), ev.Moved("e"))
    candidate.second = 20
    assert candidate.expire()[:2] == (ev.Left("part/q", ev.SPENT), ev.Closed(ev.TIME_OVER))


def test_the_clock_of_an_item_stands_while_another_is_in_front() -> None:
    item = timed("item/b", "b", most_s=10)
    candidate = Candidate(exam(*SECTIONS, moves=moving(item))).running()
    candidate.ask(acts.Move("b"))
    candidate.second = 4
    assert candidate.ask(acts.Move("a")) == (ev.Left("item/b", ev.STEPPED_OUT), ev.Moved("a"))
    assert candidate.ask(acts.Respond("b", chosen("A"))) == why.ELSEWHERE
    candidate.second = 40
    assert candidate.ask(acts.Move("b")) == (ev.Entered("item/b", 10, 0), ev.Moved("b"))
    assert candidate.left("item/b") == 6
    candidate.second = 46
    assert candidate.expire() == (ev.Left("item/b", ev.SPENT), ev.Moved("c"))


def test_in_a_linear_part_the_next_item_comes_when_the_time_of_one_is_over() -> None:
    both = (timed("item/e", "e", most_s=5), timed("item/f", "f", most_s=5))
    candidate = Candidate(exam(part("q", LINEAR, ("e", "f")), moves=moving(*both))).running()
    candidate.second = 5
    assert candidate.expire() == (
        ev.Left("item/e", ev.SPENT),
        ev.Entered("item/f", 5, 0),
        ev.Moved("f"),
    )
    candidate.second = 9
    candidate.ask(acts.Respond("f", chosen("A")))
    candidate.second = 10
    assert candidate.expire()[1] == ev.Closed(ev.TIME_OVER)


def test_nested_limits_end_together_with_the_outer_one() -> None:
    nested = (timed("part/p", *"abcd", most_s=20), SECTION)
    candidate = Candidate(exam(*SECTIONS, moves=moving(*nested))).running()
    assert candidate.inside() == {"part/p": 20, "section/p0": 20}
    candidate.second = 20
    assert candidate.expire() == (
        ev.Left("section/p0", ev.LEFT),
        ev.Left("part/p", ev.SPENT),
        ev.Moved("e"),
    )


@pytest.mark.parametrize(("extra_s", "allowed"), [(0, 20), (25, 25), (1, 21), (-99, 1)])
def test_extra_time_counts_for_each_limit_in_proportion(extra_s: int, allowed: int) -> None:
    candidate = Candidate(exam(*SECTIONS, moves=moving(SECTION)))
    candidate.order(cmd.Admit(extra_s))
    candidate.ask(acts.Begin())
    assert candidate.inside() == {"section/p0": allowed}


def test_time_added_meanwhile_counts_whole_where_the_candidate_is() -> None:
    late = timed("section/p1", "c", "d", most_s=20)
    candidate = Candidate(exam(*SECTIONS, moves=moving(SECTION, late))).running()
    candidate.order(cmd.AddTime(50))
    assert candidate.inside() == {"section/p0": 70}
    candidate.ask(acts.Move("c"))
    assert candidate.inside() == {"section/p1": 30}


def test_a_pause_and_an_outage_stop_every_clock() -> None:
    candidate = Candidate(exam(*SECTIONS, moves=moving(SECTION))).running()
    candidate.second = 5
    candidate.order(cmd.Pause())
    candidate.second = 500
    assert candidate.expire() == ()
    candidate.order(cmd.Resume())
    candidate.second = 505
    candidate.happen((ev.Beat(),))
    candidate.second = 800
    candidate.happen((reopen(candidate.ledger.attempt, 2, ev.RESTART, 295 * SECOND, 999),))
    assert candidate.left("section/p0") == 10
    assert candidate.left("") == 90


def test_a_least_time_must_pass_before_one_goes_on_or_hands_in() -> None:
    slow = timed("section/p0", "a", "b", most_s=0, least_s=15)
    candidate = Candidate(exam(*SECTIONS, moves=moving(slow, least_s=30))).running()
    candidate.second = 5
    assert candidate.ask(acts.Move("b")) == (ev.Moved("b"),)
    assert candidate.ask(acts.Move("c")) == why.too_early(10 * SECOND)
    assert str(candidate.ask(acts.HandIn())).endswith("0 min 25 s at the earliest.")
    candidate.second = 15
    assert candidate.ask(acts.Move("c")) == (ev.Left("section/p0", ev.LEFT), ev.Moved("c"))
    assert candidate.ask(acts.HandIn()) == why.too_early(15 * SECOND)
    candidate.second = 30
    assert isinstance(candidate.ask(acts.HandIn()), tuple)


# --- Session control -----------------------------------------------------------------


def test_what_may_not_be_skipped_is_answered_first() -> None:
    control = Control(("b", "e"), False, 1, False, True, False)
    candidate = Candidate(exam(*SECTIONS, moves=moving(SECTION, controls=(control,)))).running()
    assert candidate.ask(acts.HandIn()) == why.unanswered([2, 5])
    assert candidate.ask(acts.Move("c")) == why.unanswered([2])
    candidate.ask(acts.Respond("b", chosen("A")))
    assert isinstance(candidate.ask(acts.Move("c")), tuple)
    assert candidate.ask(acts.Move("e")) == (ev.Moved("e"),)
    assert candidate.ask(acts.Move("f")) == why.unanswered([5])
    candidate.ask(acts.Respond("e", chosen("A")))
    assert candidate.ask(acts.Move("f")) == (ev.Moved("f"),)
    assert isinstance(candidate.ask(acts.HandIn()), tuple)


@pytest.mark.parametrize("review", [True, False])
def test_an_item_is_submitted_as_often_as_it_may_be(review: bool) -> None:
    control = Control(("a",), True, 2, True, review, False)
    candidate = Candidate(exam(*SECTIONS, moves=moving(controls=(control,)))).running()
    assert candidate.ask(acts.Submit("b")) == why.NOT_SUBMITTED
    assert candidate.ask(acts.Submit("a")) == ()
    candidate.ask(acts.Respond("a", chosen("A")))
    assert candidate.ask(acts.Submit("a")) == (ev.Submitted("a"),)
    candidate.ask(acts.Respond("a", chosen("B")))
    assert candidate.ask(acts.Submit("a")) == (ev.Submitted("a"),)
    assert candidate.ask(acts.Submit("a")) == why.CLOSED
    assert candidate.ask(acts.Respond("a", chosen("C"))) == why.CLOSED
    candidate.ask(acts.Move("b"))
    assert candidate.ask(acts.Move("a")) == ((ev.Moved("a"),) if review else why.CLOSED)


def test_only_a_complete_answer_is_submitted_where_that_is_asked() -> None:
    control = Control(("a",), True, 1, False, True, True)
    candidate = Candidate(exam(*SECTIONS, moves=moving(controls=(control,)))).running()
    assert candidate.ask(acts.Submit("a")) == why.EMPTY
    candidate.ask(acts.Respond("a", chosen("A")))
    assert candidate.ask(acts.Submit("a")) == (ev.Submitted("a"),)


def test_in_a_linear_part_going_on_is_submitting() -> None:
    two = choice_item("a", most=2)
    choice = replace_struct(two.interactions[0], min_choices=2)
    items = {**BY_NAME, "a": replace_struct(two, interactions=(choice,))}
    control = Control(("a",), True, 1, True, True, True)
    linear = exam(part("q", LINEAR, ("a", "b")), moves=moving(controls=(control,)))
    candidate = Candidate(replace(linear, items=items)).running()
    candidate.ask(acts.Respond("a", chosen("A")))
    assert candidate.ask(acts.Move("b")) == why.INCOMPLETE
    candidate.ask(acts.Respond("a", chosen("A", "B")))
    assert candidate.ask(acts.Move("b")) == (ev.Moved("b"),)


# --- Breaks --------------------------------------------------------------------------

STOPPED = Break("d", 30, stopped=True, identity=True)


def on_break(rest: Break = STOPPED) -> Candidate:
    candidate = Candidate(exam(*SECTIONS, moves=moving(SECTION, breaks=(rest,)))).running()
    candidate.second = 10
    candidate.ask(acts.Move("d"))
    began = candidate.ask(acts.Move("e"))
    assert began == (ev.BreakBegan("d", 30, rest.stopped, rest.identity),)
    return candidate


def test_in_a_break_the_clock_stands_and_nothing_is_answered() -> None:
    candidate = on_break()
    candidate.second = 39
    assert (candidate.left(""), candidate.left("break")) == (90, 1)
    for act in (acts.Move("e"), acts.Respond("d", chosen("A")), acts.HandIn(), acts.TakeBreak()):
        assert candidate.ask(act) == why.ON_BREAK
    assert not candidate.ledger.attempt.working


def test_an_invigilator_lets_the_candidate_back() -> None:
    candidate = on_break()
    candidate.second = 35
    assert candidate.ask(acts.ComeBack()) == (ev.Returned(),)
    assert candidate.ask(acts.ComeBack()) == ()
    candidate.second = 60
    assert candidate.expire() == ()  # who is back waits on nobody's time
    decided = candidate.order(cmd.LetBack())
    assert isinstance(decided, tuple)
    assert decided[1:] == (ev.BreakEnded(), ev.Moved("e"))
    assert candidate.left("") == 90
    assert candidate.ask(acts.ComeBack()) == why.NO_BREAK
    for gone in ("a", "d"):
        assert candidate.ask(acts.Move(gone)) in (why.NOT_IN_TURN, why.CLOSED)


def test_whoever_was_seen_before_goes_on_by_themselves() -> None:
    candidate = on_break()
    assert candidate.order(cmd.LetBack())
    assert candidate.ask(acts.ComeBack()) == (ev.BreakEnded(), ev.Moved("e"))


def test_a_break_that_lasts_too_long_is_on_the_exams_time() -> None:
    candidate = on_break()
    candidate.second = 40
    assert candidate.expire() == (ev.BreakOver(),)
    assert candidate.expire() == ()
    candidate.second = 55
    assert candidate.left("") == 75
    candidate.ask(acts.ComeBack())
    candidate.second = 130
    assert candidate.expire()[0] == ev.Closed(ev.TIME_OVER)


def test_a_break_on_the_exams_time() -> None:
    candidate = on_break(Break("d", 30, stopped=False, identity=False))
    candidate.second = 50
    assert candidate.expire() == ()
    assert candidate.ask(acts.ComeBack()) == (ev.BreakEnded(), ev.Moved("e"))
    assert candidate.left("") == 50
    assert candidate.ledger.total_ns(Kind.ON_BREAK) == 40 * SECOND


def test_beyond_a_break_nothing_before_it_is_open() -> None:
    rest = Break("b", 30, stopped=True, identity=False)
    candidate = Candidate(exam(*SECTIONS, moves=moving(breaks=(rest,)))).running()
    candidate.ask(acts.Move("d"))  # jumps over the break, and comes out behind it
    assert candidate.ask(acts.ComeBack()) == (ev.BreakEnded(), ev.Moved("c"))
    assert candidate.ask(acts.Move("a")) == why.CLOSED
    assert candidate.ask(acts.Respond("b", chosen("A"))) == why.CLOSED
    assert candidate.ask(acts.Move("d")) == (ev.Moved("d"),)


def test_the_break_comes_when_the_time_of_what_is_before_it_is_over() -> None:
    rest = Break("b", 30, stopped=True, identity=False)
    candidate = Candidate(exam(*SECTIONS, moves=moving(SECTION, breaks=(rest,)))).running()
    candidate.second = 20
    assert candidate.expire() == (
        ev.Left("section/p0", ev.SPENT),
        ev.BreakBegan("b", 30, True, False),
    )
    candidate.second = 30
    assert candidate.ask(acts.ComeBack()) == (ev.BreakEnded(), ev.Moved("c"))


def test_a_break_is_taken_by_asking_where_that_is_allowed() -> None:
    candidate = Candidate(exam(*SECTIONS, moves=moving(SECTION))).running()
    assert candidate.ask(acts.TakeBreak()) == why.NO_LEAVE
    candidate.order(cmd.AllowBreaks(1))
    assert candidate.ask(acts.TakeBreak()) == (ev.BreakBegan("", 60, False, True),)
    candidate.second = 15
    assert candidate.left("section/p0") == 5
    candidate.order(cmd.Pause())  # an invigilator may stop the clock for it
    candidate.second = 300
    assert candidate.ask(acts.ComeBack()) == rules.PAUSED
    candidate.order(cmd.Resume())
    assert candidate.ask(acts.ComeBack()) == (ev.Returned(),)
    decided = candidate.order(cmd.LetBack())
    assert isinstance(decided, tuple)
    assert decided[1:] == (ev.BreakEnded(),)
    assert candidate.left("section/p0") == 5
    assert candidate.ask(acts.TakeBreak()) == why.NO_LEAVE


def test_a_section_that_ends_during_a_break_is_closed_on_coming_back() -> None:
    leave = Leave(1, 60, False)
    candidate = Candidate(exam(*SECTIONS, moves=moving(SECTION, leave=leave))).running()
    candidate.ask(acts.TakeBreak())
    candidate.second = 20
    assert candidate.expire() == (ev.Left("section/p0", ev.SPENT),)
    assert candidate.ask(acts.ComeBack()) == (ev.BreakEnded(), ev.Moved("c"))


def test_a_break_inside_a_timed_part_stops_its_clock_too() -> None:
    whole = timed("part/p", *"abcd", most_s=60)
    rest = Break("b", 30, stopped=True, identity=False)
    candidate = Candidate(exam(*SECTIONS, moves=moving(whole, breaks=(rest,)))).running()
    candidate.second = 10
    assert candidate.ask(acts.Move("c")) == (ev.BreakBegan("b", 30, True, False),)
    candidate.second = 30
    assert (candidate.left("part/p"), candidate.left("break")) == (50, 10)
    candidate.ask(acts.ComeBack())
    candidate.second = 35
    assert candidate.left("part/p") == 45


def test_each_break_has_its_own_time() -> None:
    leave = Leave(2, 60, False)
    candidate = Candidate(exam(*SECTIONS, moves=moving(leave=leave))).running()
    for _ in range(2):
        candidate.ask(acts.TakeBreak())
        assert candidate.left("break") == 60
        candidate.second += 20
        assert candidate.left("break") == 40
        candidate.ask(acts.ComeBack())


def test_a_break_goes_on_where_it_was_after_a_restart_and_a_reopening() -> None:
    candidate = on_break()
    candidate.second = 25
    candidate.happen((ev.Beat(),))
    candidate.second = 90
    candidate.happen((reopen(candidate.ledger.attempt, 2, ev.RESTART, 65 * SECOND, 999),))
    assert (candidate.left("break"), candidate.left("")) == (15, 90)
    candidate.order(cmd.Stop())
    candidate.happen((ev.Reopened(3),))
    candidate.order(cmd.Resume())
    assert candidate.ledger.attempt.progress.rest is not None
    assert candidate.ask(acts.ComeBack()) == (ev.Returned(),)


# --- All of it, by a random candidate ------------------------------------------------

PAPERS = (
    exam(
        *SECTIONS,
        moves=moving(
            timed("part/p", *"abcd", most_s=60, least_s=3),
            SECTION,
            timed("item/b", "b", most_s=7),
            timed("item/f", "f", most_s=9),
            breaks=(Break("d", 15, stopped=True, identity=True),),
            leave=Leave(1, 10, False),
            controls=(Control(("a", "e"), True, 1, True, False, True),),
        ),
        time_limit_s=120,
    ),
    exam(
        part("q", LINEAR, ("a", "b"), ("c",)),
        part("p", NONLINEAR, ("d",), ("e", "f")),
        moves=moving(
            timed("section/q0", "a", "b", most_s=12),
            timed("section/p1", "e", "f", most_s=12),
            timed("item/c", "c", most_s=5, least_s=2),
            breaks=(
                Break("b", 8, stopped=False, identity=True),
                Break("d", 8, stopped=True, identity=False),
            ),
            leave=Leave(2, 5, True),
            controls=(Control(("a", "f"), False, 1, False, True, False),),
        ),
    ),
)
names = st.sampled_from([*NAMES, "none"])
some_acts = st.one_of(
    st.builds(acts.Move, names),
    st.builds(acts.Move, names),
    st.builds(acts.Respond, names, st.sampled_from("ABC").map(lambda each: chosen(each))),
    st.builds(acts.Submit, names),
    st.just(acts.TakeBreak()),
    st.just(acts.ComeBack()),
    st.just(acts.ComeBack()),
    st.just(acts.HandIn()),
)
some_orders = st.sampled_from(
    [
        cmd.Pause(),
        cmd.Resume(),
        cmd.Resume(),
        cmd.AddTime(20),
        cmd.AddTime(-10),
        cmd.LetBack(),
        cmd.AllowBreaks(1),
    ]
)


class RandomCandidate(RuleBasedStateMachine):
    """Whatever happens, no second is lost, and nothing closed is answered."""

    @initialize(exam=st.sampled_from(PAPERS))
    def sits(self, exam: Exam) -> None:
        self.candidate = Candidate(exam).running()
        self.map = Map(_paper(exam))

    @rule(seconds=st.sampled_from((0.5, 1, 3, 8, 25)))
    def time_passes(self, seconds: float) -> None:
        self.candidate.second += seconds
        while self.candidate.expire():
            pass

    @rule(act=some_acts)
    def acts(self, act: acts.Act) -> None:
        before = self.candidate.ledger
        decided = self.candidate.ask(act)
        if isinstance(decided, Refusal):
            assert str(decided)
            assert self.candidate.ledger is before
        for event in decided if isinstance(decided, tuple) else ():
            if isinstance(event, ev.Responded):
                assert not self.map.closed(before.attempt, event.item)
            if isinstance(event, ev.Moved):
                assert self.map.visible(self.candidate.ledger.attempt, event.item)

    @rule(order=some_orders)
    def hall_orders(self, order: cmd.Order) -> None:
        self.candidate.order(order)

    @rule(outage_s=st.integers(0, 90))
    def agent_restarts(self, outage_s: int) -> None:
        attempt = self.candidate.ledger.attempt
        if attempt.phase is Phase.CLOSED:
            return
        before = self.candidate.ledger
        self.candidate.second += outage_s
        opened = reopen(attempt, attempt.epoch + 1, ev.RESTART, outage_s * SECOND, 60)
        self.candidate.happen((opened,))
        assert self.candidate.ledger.used_ns == before.used_ns
        assert self.candidate.ledger.spent_ns == before.spent_ns

    @invariant()
    def every_second_is_accounted_for(self) -> None:
        if not hasattr(self, "candidate"):
            return
        entries, ledger = self.candidate.entries, self.candidate.ledger
        passed = entries[-1].stamp.boottime_ns - entries[0].stamp.boottime_ns
        assert ledger.total_ns(*Kind) == passed
        assert all(one.end == other.start for one, other in pairwise(ledger.intervals))
        assert ledger.spent_ns <= max(0, ledger.attempt.allowed_s) * SECOND + self._late_ns()

    @invariant()
    def each_clock_runs_within_the_whole(self) -> None:
        if not hasattr(self, "candidate"):
            return
        ledger = self.candidate.ledger
        for scope, used in ledger.used_ns.items():
            if scope != "break":
                assert used <= ledger.spent_ns
        for countdown in ledger.countdowns:
            running = kind_of(ledger.attempt) in CHARGED
            assert countdown.running == running or countdown.scope == "break"

    @invariant()
    def the_candidate_is_at_an_open_question_or_on_a_break(self) -> None:
        if not hasattr(self, "candidate"):
            return
        attempt = self.candidate.ledger.attempt
        if not attempt.working or attempt.place is None:
            return
        # Time may have brought an order that ended the clock; the agent looks at it first.
        if not expire(self.candidate.exam, self.candidate.ledger, at(self.candidate.second)):
            used_up = self.map.used_up(attempt, attempt.place)
            assert used_up or self.map.visible(attempt, attempt.place)

    def teardown(self) -> None:
        if hasattr(self, "candidate"):  # who folds later comes to the same
            assert account(self.candidate.entries) == self.candidate.ledger
            assert fold(self.candidate.entries) == self.candidate.ledger.attempt

    def _late_ns(self) -> int:
        """How much later than its end the clock was looked at: by the largest step, and by what
        was taken back when it was spent already."""
        return 25 * SECOND + 10 * SECOND * sum(
            isinstance(entry.event, ev.Commanded) for entry in self.candidate.entries
        )


def _paper(exam: Exam) -> Paper:
    assert exam.paper is not None
    return exam.paper


RandomCandidate.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestRandomCandidate = RandomCandidate.TestCase


def test_orders_here_are_really_signed() -> None:
    assert cmd.journaled_command(commanded(1, cmd.LetBack())).order == cmd.LetBack()
