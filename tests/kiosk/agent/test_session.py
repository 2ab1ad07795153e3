"""The rules of sitting an exam: each rule by example, all of them by a random candidate."""

from __future__ import annotations

from dataclasses import replace

import pytest
from candidates import Candidate as Sitter
from candidates import at
from histories import HALL, commanded
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace as replace_struct
from small_exam import choice_item, chosen, essay_item, paper

from exam_packages.attempt import acts
from exam_packages.attempt import commands as cmd
from exam_packages.attempt import events as ev
from exam_packages.attempt.granting import usable
from exam_packages.attempt.state import Phase, responses_digest
from exam_packages.attempt.workings import Working
from exam_packages.clock import SECOND
from exam_packages.content.items import problem
from exam_packages.content.paper import (
    CAMERA_REQUIRED,
    LINEAR,
    NONLINEAR,
    ItemReference,
    Section,
    TestPart,
)
from exam_packages.content.values import Response
from kiosk.agent import session as rules
from kiosk.agent.session import Exam, Refusal, expire, reopen

ITEMS = (
    choice_item("one"),
    choice_item("two", most=2),
    essay_item("three"),
    choice_item("four"),
    choice_item("five"),
    choice_item("six"),
)
BY_NAME = {item.identifier: item for item in ITEMS}


def part(name: str, navigation: int, *items: str) -> TestPart:
    references = tuple(ItemReference(item, item) for item in items)
    return TestPart(name, navigation, (Section(name, name, (), references),))


MIXED = paper(
    ITEMS,
    time_limit_s=100,
    parts=(
        part("free", NONLINEAR, "one", "two"),
        part("in turn", LINEAR, "three", "four"),
        part("free again", NONLINEAR, "five", "six"),
    ),
)
FREE = paper(ITEMS, time_limit_s=100)
EXAM = Exam(FREE, BY_NAME, practice=True, camera=ev.DEVICE)


class Candidate(Sitter):
    """One who sits :data:`EXAM` where nothing else is said."""

    def __init__(self, exam: Exam = EXAM) -> None:
        super().__init__(exam)

    @property
    def phase(self) -> Phase:
        return self.ledger.attempt.phase


# --- Admission, practice, begin ------------------------------------------------------


@pytest.mark.parametrize("act", [acts.Practise(), acts.Begin()])
def test_nothing_before_the_invigilator_admits(act: acts.Act) -> None:
    assert Candidate().ask(act) == rules.NOT_ADMITTED


def test_practice_opens_once_and_closes_with_the_beginning() -> None:
    candidate = Candidate()
    candidate.order(cmd.Admit(0))
    assert candidate.ask(acts.Practise()) == (ev.Practised(),)
    assert candidate.ask(acts.Practise()) == ()
    candidate.ask(acts.Begin())
    assert candidate.ask(acts.Practise()) == rules.ALREADY_BEGUN


def test_beginning_grants_the_limit_and_what_was_given_beyond_it() -> None:
    candidate = Candidate()
    candidate.order(cmd.AddTime(60))
    candidate.order(cmd.Admit(30))
    assert candidate.ask(acts.Begin()) == (ev.Began(190), ev.Moved("one"))
    assert candidate.ask(acts.Begin()) == rules.ALREADY_BEGUN


def test_no_beginning_before_the_release() -> None:
    candidate = Candidate(Exam(practice=True))
    candidate.order(cmd.Admit(0))
    assert candidate.ask(acts.Begin()) == rules.NOT_RELEASED
    candidate.exam = EXAM
    assert isinstance(candidate.ask(acts.Begin()), tuple)


def test_no_practice_where_there_is_none() -> None:
    candidate = Candidate(replace(EXAM, practice=False))
    candidate.order(cmd.Admit(0))
    assert candidate.ask(acts.Practise()) == rules.NO_PRACTICE


def test_a_required_camera_must_work() -> None:
    strict = paper(ITEMS, camera=CAMERA_REQUIRED)
    candidate = Candidate(Exam(strict, BY_NAME, camera=ev.NO_CAMERA))
    candidate.order(cmd.Admit(0))
    assert candidate.ask(acts.Begin()) == rules.CAMERA_MISSING


# --- Working -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [acts.Move("two"), acts.Respond("one", chosen("A")), acts.Flag("one", True), acts.HandIn()],
)
def test_no_work_before_the_beginning_nor_in_a_pause(act: acts.Act) -> None:
    candidate = Candidate()
    assert candidate.ask(act) == rules.NOT_BEGUN
    candidate.running()
    candidate.order(cmd.Pause())
    assert candidate.ask(act) == rules.PAUSED
    candidate.order(cmd.Resume())
    assert isinstance(candidate.ask(act), tuple)


def test_what_changes_nothing_is_no_event() -> None:
    candidate = Candidate().running()
    assert candidate.ask(acts.Move("one")) == ()
    assert candidate.ask(acts.Respond("one", ())) == ()
    assert candidate.ask(acts.Flag("one", False)) == ()
    assert len(candidate.ask(acts.Respond("one", chosen("A")))) == 1  # type: ignore[arg-type]  # a tuple here
    assert candidate.ask(acts.Respond("one", chosen("A"))) == ()
    assert candidate.ask(acts.Respond("one", ())) == (ev.Responded("one", chosen()),)


def test_ticking_order_is_no_answer() -> None:
    candidate = Candidate().running()
    candidate.ask(acts.Respond("two", chosen("C", "A")))
    assert candidate.ledger.attempt.responses["two"] == chosen("A", "C")
    assert candidate.ask(acts.Respond("two", chosen("A", "C"))) == ()


@pytest.mark.parametrize(
    ("item", "responses"),
    [
        ("one", chosen("A", "B")),
        ("one", chosen("Z")),
        ("two", chosen("A", "A")),
        ("one", (Response("OTHER", ("A",)),)),
        ("one", (Response("RESPONSE", ("A",)), Response("RESPONSE", ("B",)))),
        ("three", chosen("x" * 30_001)),
    ],
)
def test_an_answer_its_question_could_not_have_produced_is_refused(
    item: str, responses: tuple[Response, ...]
) -> None:
    candidate = Candidate().running()
    refused = candidate.ask(acts.Respond(item, responses))
    assert isinstance(refused, Refusal)
    assert "does not belong to this question" in str(refused)
    assert not candidate.ledger.attempt.responses


@pytest.mark.parametrize(
    "act", [acts.Move("none"), acts.Respond("none", ()), acts.Flag("none", True)]
)
def test_no_such_question(act: acts.Act) -> None:
    assert Candidate().running().ask(act) == rules.NO_SUCH_ITEM


# --- Linear parts --------------------------------------------------------------------


def test_a_linear_part_is_taken_in_turn_and_never_again() -> None:
    candidate = Candidate(Exam(MIXED, BY_NAME)).running()
    assert candidate.ask(acts.Move("four")) == rules.NOT_IN_TURN
    assert candidate.ask(acts.Move("five")) == rules.NOT_IN_TURN
    assert candidate.ask(acts.Move("two")) == (ev.Moved("two"),)
    assert candidate.ask(acts.Move("one")) == (ev.Moved("one"),)
    assert candidate.ask(acts.Move("three")) == (ev.Moved("three"),)
    assert candidate.ask(acts.Move("two")) == rules.NOT_IN_TURN
    assert candidate.ask(acts.Respond("two", chosen("A"))) == rules.ELSEWHERE
    assert candidate.ask(acts.Respond("four", chosen("A"))) == rules.ELSEWHERE
    assert candidate.ask(acts.Flag("four", True)) == rules.ELSEWHERE
    assert isinstance(candidate.ask(acts.Respond("three", chosen("because"))), tuple)
    assert candidate.ask(acts.Move("five")) == rules.NOT_IN_TURN
    assert candidate.ask(acts.Move("four")) == (ev.Moved("four"),)
    assert candidate.ask(acts.Move("three")) == rules.NOT_IN_TURN
    assert candidate.ask(acts.Move("five")) == (ev.Moved("five"),)
    assert candidate.ask(acts.Move("six")) == (ev.Moved("six"),)
    for gone in ("four", "three", "one"):
        assert candidate.ask(acts.Move(gone)) == rules.NOT_IN_TURN


def test_in_a_free_part_any_question_can_be_answered_from_anywhere() -> None:
    candidate = Candidate().running()
    assert candidate.ask(acts.Respond("six", chosen("A"))) == (ev.Responded("six", chosen("A")),)


# --- Time ----------------------------------------------------------------------------


# --- Beside the answers --------------------------------------------------------------

STRIKE = ev.StruckOut("one", "RESPONSE", "A", on=True)
WORKINGS = (
    STRIKE,
    ev.Noted("one", "n"),
    ev.Jotted("j"),
    ev.Highlighted("item/one", ((0, 0), (2, 5))),
    ev.Reported("one", ""),
)


@pytest.mark.parametrize("what", WORKINGS, ids=lambda what: type(what).__name__)
def test_a_working_is_recorded_once_and_changes_no_answer(what: Working) -> None:
    candidate = Candidate()
    assert candidate.ask(acts.Work(what)) == rules.NOT_BEGUN
    candidate.running()
    assert candidate.ask(acts.Work(what)) == (what,)
    assert candidate.ask(acts.Work(what)) == ()
    attempt = candidate.ledger.attempt
    assert (attempt.recorded, attempt.responses) == (0, {})
    candidate.order(cmd.Pause())
    assert candidate.ask(acts.Work(what)) == rules.PAUSED


@pytest.mark.parametrize("what", WORKINGS[:4], ids=lambda what: type(what).__name__)
def test_a_tool_is_used_only_where_the_form_allows_it(what: Working) -> None:
    policy = replace_struct(FREE.policy, tools=())
    candidate = Candidate(replace(EXAM, paper=replace_struct(FREE, policy=policy))).running()
    assert candidate.ask(acts.Work(what)) == rules.NOT_ALLOWED
    assert candidate.ask(acts.Work(ev.Reported("one", "typo"))) == (ev.Reported("one", "typo"),)


def test_a_tool_is_granted_to_one_candidate_where_the_form_lets_it_be() -> None:
    policy = replace_struct(FREE.policy, tools=("search", "grant:notes", "grant:calculator"))
    exam = replace(EXAM, paper=replace_struct(FREE, policy=policy))
    candidate = Candidate(replace(exam, paper=None))
    # Before the release nobody can know what the form says: what it does not let be is passed over.
    candidate.order(cmd.GrantTools(("notes", "scratchpad")))
    candidate.exam = exam
    candidate.running()
    note, jotted = ev.Noted("one", "n"), ev.Jotted("j")
    assert candidate.ask(acts.Work(note)) == (note,)
    assert candidate.ask(acts.Work(jotted)) == rules.NOT_ALLOWED
    assert candidate.order(cmd.GrantTools(("scratchpad",))) == rules.NEVER_GRANTED
    assert isinstance(candidate.order(cmd.GrantTools(("calculator", "search"))), tuple)
    assert candidate.ask(acts.Work(ev.Noted("one", "m"))) == rules.NOT_ALLOWED
    assert candidate.ledger.attempt.workings.notes == {"one": "n"}
    assert usable(policy.tools, candidate.ledger.attempt.tools) == {"search", "calculator"}
    assert isinstance(candidate.order(cmd.GrantTools(())), tuple)
    assert usable(policy.tools, candidate.ledger.attempt.tools) == {"search"}


@pytest.mark.parametrize(
    "what",
    [
        ev.StruckOut("one", "RESPONSE", "Z", on=True),
        ev.StruckOut("one", "OTHER", "A", on=True),
        ev.StruckOut("three", "RESPONSE", "A", on=True),
        ev.StruckOut("none", "RESPONSE", "A", on=True),
        ev.Noted("none", "n"),
        ev.Noted("one", "n" * 2001),
        ev.Jotted("n" * 8001),
        ev.Highlighted("item/two", ((0, 1),)),
        ev.Highlighted("exhibit/plan", ((0, 1),)),
        ev.Highlighted("item/one", ((1, 0),)),
        ev.Highlighted("item/one", ((0, 1), (2, 3))),
        ev.Highlighted("item/one", ((-1, 1),)),
        ev.Highlighted("item/one", ((0, 1 << 20),)),
        ev.Highlighted("item/one", tuple((n, n) for n in range(0, 402, 2))),
        ev.Reported("one", "n" * 501),
        ev.Reported("none", ""),
    ],
    ids=str,
)
def test_a_working_that_cannot_stand_is_refused(what: Working) -> None:
    candidate = Candidate().running()
    assert isinstance(candidate.ask(acts.Work(what)), Refusal)


def test_in_a_linear_part_nothing_is_left_beside_other_questions() -> None:
    candidate = Candidate(Exam(MIXED, BY_NAME)).running()
    candidate.ask(acts.Move("three"))
    assert candidate.ask(acts.Work(ev.Noted("four", "n"))) == rules.ELSEWHERE
    assert candidate.ask(acts.Work(ev.Noted("one", "n"))) == rules.ELSEWHERE
    assert candidate.ask(acts.Work(ev.Noted("three", "n"))) == (ev.Noted("three", "n"),)


def test_the_invigilator_can_be_called_from_the_beginning_to_the_end() -> None:
    candidate = Candidate()
    assert candidate.ask(acts.Call(True)) == (ev.Called(True),)
    assert candidate.ask(acts.Call(True)) == ()
    assert candidate.ledger.attempt.calling
    candidate.running()
    candidate.order(cmd.Pause())
    assert candidate.ask(acts.Call(False)) == (ev.Called(False),)
    candidate.order(cmd.Stop())
    assert candidate.ask(acts.Call(True)) == rules.OVER


def test_when_the_time_is_over_the_attempt_closes_by_itself() -> None:
    candidate = Candidate().running()
    candidate.ask(acts.Respond("one", chosen("B")))
    candidate.second = 99.9
    assert expire(candidate.exam, candidate.ledger, at(candidate.second)) == ()
    candidate.second = 100
    assert candidate.ask(acts.Respond("one", chosen("A"))) == rules.TIME_OVER
    ending = expire(candidate.exam, candidate.ledger, at(candidate.second))
    assert ending == (
        ev.Closed(ev.TIME_OVER),
        ev.Concluded(1, responses_digest({"one": chosen("B")})),
    )
    candidate.happen(ending)
    assert expire(candidate.exam, candidate.ledger, at(200)) == ()
    assert candidate.ask(acts.HandIn()) == rules.OVER


def test_a_paused_clock_does_not_run_out() -> None:
    candidate = Candidate().running()
    candidate.order(cmd.Pause())
    candidate.second = 5000
    assert expire(candidate.exam, candidate.ledger, at(candidate.second)) == ()
    candidate.order(cmd.Resume())
    assert expire(candidate.exam, candidate.ledger, at(candidate.second + 99)) == ()
    assert expire(candidate.exam, candidate.ledger, at(candidate.second + 100)) != ()


@pytest.mark.parametrize(("outage_s", "held"), [(119, False), (120, False), (121, True)])
def test_a_long_outage_waits_for_a_person(outage_s: int, held: bool) -> None:
    attempt = Candidate().running().ledger.attempt
    opened = reopen(attempt, 2, ev.RESTART, outage_s * SECOND, 120)
    assert opened == ev.Opened(2, ev.RESTART, held)


def test_an_outage_before_the_beginning_holds_nothing() -> None:
    attempt = Candidate().ledger.attempt
    assert not reopen(attempt, 2, ev.RESTART, 5000 * SECOND, 120).held


# --- Commands ------------------------------------------------------------------------


def test_a_command_that_comes_again_is_harmless() -> None:
    candidate = Candidate()
    admit = commanded(1, cmd.Admit(60))
    assert candidate.ask(admit) == (ev.Commanded(admit),)
    assert candidate.ask(admit) == ()
    assert candidate.ledger.attempt.extra_s == 60


def test_an_older_command_does_not_come_after_a_newer_one() -> None:
    candidate = Candidate()
    candidate.ask(commanded(5, cmd.Admit(0)))
    assert candidate.ask(commanded(4, cmd.Pause())) == ()


def test_a_restored_hall_commands_under_a_higher_authority() -> None:
    candidate = Candidate()
    candidate.ask(commanded(5, cmd.Admit(0)))
    again = commanded(1, cmd.AddTime(60), authority=2)
    assert candidate.ask(again) == (ev.Commanded(again),)
    assert candidate.ask(commanded(9, cmd.AddTime(60), authority=1)) == ()


@pytest.mark.parametrize("order", [cmd.Admit(86_401), cmd.AddTime(-86_401)])
def test_a_slip_of_the_hand_is_not_obeyed(order: cmd.Order) -> None:
    assert isinstance(Candidate().order(order), Refusal)


@pytest.mark.parametrize("begun", [False, True])
def test_stop_closes_from_every_state(begun: bool) -> None:
    candidate = Candidate()
    if begun:
        candidate.running()
        candidate.order(cmd.Pause())
    events = candidate.order(cmd.Stop())
    assert isinstance(events, tuple)
    assert events[1:] == (ev.Closed(ev.STOPPED), ev.Concluded(0, responses_digest({})))
    assert candidate.order(cmd.Resume()) == rules.OVER
    assert candidate.phase is Phase.CLOSED


# --- All of it, by a random candidate ------------------------------------------------

names = st.sampled_from([*BY_NAME, "none"])
members = st.lists(st.sampled_from("ABCZ"), max_size=3).map(tuple)
some_acts = st.one_of(
    st.just(acts.Practise()),
    st.just(acts.Begin()),
    st.builds(acts.Move, names),
    st.builds(acts.Respond, names, members.map(lambda each: (Response("RESPONSE", each),))),
    st.builds(acts.Flag, names, st.booleans()),
    st.builds(acts.Work, st.sampled_from(WORKINGS)),
    st.builds(acts.Call, st.booleans()),
    st.just(acts.HandIn()),
)
some_orders = st.one_of(
    st.builds(cmd.Admit, st.integers(0, 60)),
    st.just(cmd.Pause()),
    st.just(cmd.Resume()),
    st.builds(cmd.AddTime, st.integers(-30, 60)),
    st.just(cmd.Say("Five minutes")),
    st.just(cmd.Stop()),
)


class RandomCandidate(RuleBasedStateMachine):
    """Whatever candidate and hall do, in whatever order, the record stays one that holds."""

    @initialize(exam=st.sampled_from([EXAM, Exam(MIXED, BY_NAME), Exam(practice=True)]))
    def sits(self, exam: Exam) -> None:
        self.candidate = Candidate(exam)
        self.closed = 0
        self.sent: list[bytes] = []

    @rule(seconds=st.floats(0, 40))
    def time_passes(self, seconds: float) -> None:
        self.candidate.second += seconds
        self.candidate.happen(
            expire(self.candidate.exam, self.candidate.ledger, at(self.candidate.second))
        )

    @rule(act=some_acts)
    def acts(self, act: acts.Act) -> None:
        before = self.candidate.ledger
        decided = self.candidate.ask(act)
        if isinstance(decided, Refusal):
            assert str(decided)
            assert self.candidate.ledger is before
            return
        if decided and isinstance(
            act, acts.Respond | acts.Move | acts.Flag | acts.HandIn | acts.Work
        ):
            assert before.attempt.phase is Phase.RUNNING

    @rule(order=some_orders)
    def hall_orders(self, order: cmd.Order) -> None:
        self.candidate.number += 1
        self.sent.append(commanded(self.candidate.number, order))
        self.candidate.ask(self.sent[-1])

    @rule(data=st.data())
    def hall_repeats_itself(self, data: st.DataObject) -> None:
        if self.sent:
            before = self.candidate.ledger.attempt
            decided = self.candidate.ask(data.draw(st.sampled_from(self.sent)))
            assert decided in ((), rules.OVER)
            assert self.candidate.ledger.attempt == before

    @rule(outage_s=st.integers(0, 300))
    def agent_restarts(self, outage_s: int) -> None:
        attempt = self.candidate.ledger.attempt
        if attempt.phase is Phase.CLOSED:
            return
        before = self.candidate.ledger.countdown
        self.candidate.second += outage_s
        opened = reopen(attempt, attempt.epoch + 1, ev.RESTART, outage_s * SECOND, 120)
        self.candidate.happen((opened,))
        after = self.candidate.ledger.countdown
        if before is not None and after is not None and before.running:
            assert after.left_ns >= before.left_ns - (outage_s + 1) * SECOND

    @invariant()
    def the_record_holds(self) -> None:
        if not hasattr(self, "candidate"):
            return
        attempt = self.candidate.ledger.attempt
        if attempt.phase is Phase.CLOSED:
            self.closed = self.closed or attempt.sequence
            assert attempt.closed in (ev.HANDED_IN, ev.TIME_OVER, ev.STOPPED)
            assert attempt.sequence - self.closed <= 1  # nothing but the conclusion followed
        paper_open = self.candidate.exam.paper is not None
        assert paper_open or attempt.place is None
        for item, responses in attempt.responses.items():
            for response in responses:
                interaction = BY_NAME[item].interaction(response.identifier)
                assert interaction is not None
                assert problem(interaction, response) is None
        assert attempt.visited.issuperset({attempt.place} - {None})


RandomCandidate.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestRandomCandidate = RandomCandidate.TestCase


def test_commands_here_are_really_signed() -> None:
    signed = commanded(1, cmd.Pause())
    assert cmd.read_command(signed, HALL.public).order == cmd.Pause()
