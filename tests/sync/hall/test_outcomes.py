"""How roster lines end: the rules, and a real hall with real stations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.sitting_words import NOTES, OUTCOMES, STATEMENTS, VERDICTS
from sync.hall.desk import DeskError
from sync.hall.notes import NoteKind
from sync.hall.outcomes import (
    RULES,
    Closed,
    Outcome,
    Standing,
    Verdict,
    allowed,
    by_itself,
    decide,
    held,
    needs_two,
)
from sync.hall.statements import StatementKind
from sync.hall.wording import name_of
from sync.web.wire import HttpError

from .conftest import Hall, Site, Station, run_cli

standings = st.builds(
    Standing,
    begun=st.booleans(),
    handed_in=st.booleans(),
    time_over=st.booleans(),
    suspicions=st.integers(0, 2),
    mismatches=st.integers(0, 2),
).map(lambda each: replace(each, begun=each.begun or each.handed_in))


@given(standings, st.sampled_from(Outcome), st.none() | st.sampled_from(Verdict), st.booleans())
def test_a_verdict_is_one_its_outcome_allows_and_statements_hold_what_can_be_held(
    standing: Standing, outcome: Outcome, verdict: Verdict | None, chief: bool
) -> None:
    rule = RULES[outcome]
    try:
        given = decide(standing, outcome, verdict, chief=chief)
    except HttpError:
        return
    assert outcome in allowed(standing)
    assert given in (rule.default, *rule.others)
    if not chief:
        assert not rule.chief
    if standing.suspicions or standing.mismatches:
        assert given is (Verdict.HOLD if Verdict.HOLD in rule.others else rule.default)
    elif not chief:
        assert given is rule.default


@given(standings)
def test_only_what_is_handed_in_closes_by_itself_and_a_suspicion_never_scores(
    standing: Standing,
) -> None:
    closed = by_itself(standing)
    assert (closed is not None) == standing.handed_in
    if closed is not None and (standing.suspicions or standing.mismatches):
        assert closed.verdict is Verdict.HOLD
        assert (closed.outcome is Outcome.SUSPECTED) == bool(standing.suspicions)


def test_a_statement_holds_what_was_said_before_it() -> None:
    said = Closed(Outcome.ILL, Verdict.SCORE, "chief")
    assert held(said, Standing(begun=True)).verdict is Verdict.SCORE
    assert held(said, Standing(begun=True, suspicions=1)).verdict is Verdict.HOLD
    assert needs_two(Standing(begun=True)) and not needs_two(Standing(begun=True, handed_in=True))


def test_every_outcome_has_words_and_names_that_forms_use() -> None:
    assert {name_of(each) for each in Outcome} >= {"handed-in", "time-over", "wrong-form"}
    assert set(RULES) == set(Outcome)


@pytest.mark.parametrize(
    "numbers, words",
    [(Outcome, OUTCOMES), (Verdict, VERDICTS), (StatementKind, STATEMENTS), (NoteKind, NOTES)],
)
def test_whatever_a_hall_signs_by_a_number_has_its_word(
    numbers: type[IntEnum], words: Mapping[int, str]
) -> None:
    assert {int(each) for each in numbers} == set(words)


@pytest.fixture
def own(site: Site, request: pytest.FixtureRequest) -> Iterator[Hall]:
    """A hall of its own, with four candidates."""
    running = Hall(site.hall(f"hall-{request.node.name[:40]}", 4))
    running.start()
    yield running
    running.stop()


def lines(hall: Hall) -> dict[str, dict[str, object]]:
    with hall.desk() as desk:
        found = desk._ask("GET", "/outcomes", None)
    return {line["candidate"]: line for line in found[0]["lines"]}  # type: ignore[index]


def test_a_sitting_closes_only_when_every_line_has_an_outcome(
    own: Hall, station: Callable[..., Station]
) -> None:
    seat = station("s1", own).begin("code-0000")
    seat.tick()
    with own.desk() as chief, own.desk("invigilator") as invigilator:
        with pytest.raises(DeskError, match="still open"):
            chief.act("close", all="1", reason="routine.end")
        # What was seen holds the result; the exam goes on.
        told = invigilator.act(
            "suspect", candidate="c-0", statement="Looked at a phone.", reason="candidate.conduct"
        )
        assert "goes on" in told
        invigilator.act("reply", case="1", reply="It was a watch.", reason="candidate.conduct")
        seat.client.hand_in(seat.manifest())
        assert lines(own)["c-0"]["outcome"] == "suspected"
        assert lines(own)["c-0"]["verdict"] == "hold"
        with pytest.raises(DeskError, match="c-1 \\(3 in all\\)"):
            chief.act("close", all="1", reason="routine.end")
        with pytest.raises(DeskError, match="Only the chief"):
            invigilator.act(
                "outcome", candidate="c-1", outcome="refused", reason="routine.identity"
            )
        chief.act("outcome", candidate="c-1", outcome="refused", reason="routine.identity")
        with pytest.raises(DeskError, match="“Absent” cannot go with “Score”"):
            chief.act(
                "outcome", candidate="c-2", outcome="absent", verdict="score", reason="routine.end"
            )
        chief.act(
            "outcome", candidate="c-2", outcome="absent", verdict="resit", reason="routine.end"
        )
        assert "Absent: c-3." in invigilator.act("absent", reason="routine.end")
        chief.act(
            "settle", case="1", result="score", verdict="It was a watch.", reason="staff.mistake"
        )
        assert lines(own)["c-0"]["outcome"] == "handed-in"
        assert lines(own)["c-0"]["verdict"] == "score"
        assert "is closed" in chief.act("close", all="1", reason="routine.end")


def test_an_exam_that_was_not_handed_in_is_closed_by_two_people_and_never_goes_on(
    own: Hall, station: Callable[..., Station]
) -> None:
    seat = station("s1", own).begin("code-0001")
    seat.tick()
    ill = {"candidate": "c-1", "outcome": "ill", "reason": "candidate.ill"}
    with own.desk() as chief, own.desk("invigilator") as invigilator:
        assert "second person" in invigilator.act("outcome", **ill)
        assert "second person" in invigilator.act("outcome", **ill)  # still the same one
        assert lines(own)["c-1"]["outcome"] == ""
        assert "Ill" in chief.act("outcome", **ill)
        assert lines(own)["c-1"]["second"] == "invigilator"
        chief.act("absent", reason="routine.end")
        assert "is closed" in chief.act("close", all="1", reason="routine.end")


def test_cases_of_identity_hold_refusals_are_outcomes_and_nobody_refused_sits(
    own: Hall, station: Callable[..., Station]
) -> None:
    first = station("s1", own).begin("code-0002")
    first.tick()
    with own.desk() as chief, own.desk("invigilator") as invigilator:
        invigilator.act(
            "admit-provisionally",
            candidate="c-2",
            statement="The picture shows someone older.",
            reason="candidate.identity",
        )
        first.tick()
        first.tick()
        first.client.hand_in(first.manifest())
        assert (lines(own)["c-2"]["outcome"], lines(own)["c-2"]["verdict"]) == ("handed-in", "hold")
        for desk in (chief, invigilator):
            desk.act("refuse", candidate="c-3", reason="candidate.identity")
        assert (lines(own)["c-3"]["outcome"], lines(own)["c-3"]["verdict"]) == ("refused", "void")
        for desk in (chief, invigilator):
            desk.act("do-not-count", candidate="c-2", reason="candidate.conduct")
        assert lines(own)["c-2"]["verdict"] == "void"
    with pytest.raises(Exception, match="refused"):
        station("s2", own).begin("code-0003")


def test_who_comes_after_all_is_not_absent(own: Hall, station: Callable[..., Station]) -> None:
    with own.desk() as chief:
        chief.act("absent", reason="routine.end")
        assert lines(own)["c-0"]["outcome"] == "absent"
        station("s1", own).begin("code-0000").tick()
        assert lines(own)["c-0"]["outcome"] == ""


def test_the_same_from_a_script(own: Hall) -> None:
    password = own.home.directory / "password"
    base = [
        "act", own.home.directory, "--operator", "chief", "--password-file", password,
        "--port", own.ports["console"],
    ]  # fmt: skip
    assert "Withdrawn" in run_cli(*base, "outcome", "c-0", "withdrawn", "--comment", "called")
    assert "open again" in run_cli(*base, "outcome-back", "c-0")
