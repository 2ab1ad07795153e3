"""What the hall orders, and an exam that goes on without it."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from sitting import CLOCK, Seat, eventually
from small_exam import chosen

from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import Begin, HandIn, Move, Respond
from exam_packages.attempt.ledger import Kind, account
from exam_packages.attempt.state import Phase
from exam_packages.clock import SECOND
from kiosk.ipc import messages as ipc
from sync.hall import room, seats
from sync.hall.schema import open_store


@pytest.fixture
def mortal(seat: Seat) -> Iterator[Seat]:
    """A seat whose hall may be killed; it is running again afterwards."""
    yield seat
    if seat.hall.process is None:
        seat.hall.start()


def test_pause_hides_the_questions_and_resume_shows_them(seat: Seat) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.sign_in(seat.number)
        assert isinstance(screen.read(ipc.PRACTICE, "item/practice-1"), ipc.Data)
        assert isinstance(screen.read(ipc.PRACTICE, "no such"), ipc.Refused)
        seat.hall.act("admit", candidate=seat.candidate)
        screen.await_phase(Phase.ADMITTED)
        screen.await_(ipc.PartOpen, lambda part: part.part == ipc.PAPER)
        assert isinstance(screen.read(ipc.PAPER, "paper"), ipc.Data)
        assert isinstance(screen.read(ipc.PAPER, "item/one"), ipc.Refused)
        screen.do(Begin())
        whole = screen.read(ipc.PAPER, "item/one")
        assert isinstance(whole, ipc.Data)
        middle = screen.read(ipc.PAPER, "item/one", 10, 20)
        assert (middle.total, middle.data) == (whole.total, whole.data[10:30])
        assert isinstance(screen.read(ipc.PRACTICE, "item/practice-1"), ipc.Refused)

        seat.hall.act("pause", candidate=seat.candidate)
        screen.await_phase(Phase.PAUSED)
        refused = screen.read(ipc.PAPER, "item/one")
        assert isinstance(refused, ipc.Refused)
        assert "paused" in refused.template
        assert isinstance(screen.do(Respond("one", chosen("A"))), ipc.Refused)
        screen.await_(ipc.Status, lambda status: status.left_ms >= 0 and not status.running)

        seat.hall.act("resume", candidate=seat.candidate)
        screen.await_phase(Phase.RUNNING)
        assert isinstance(screen.read(ipc.PAPER, "item/one"), ipc.Data)
        seat.hall.act("add-time", candidate=seat.candidate, minutes="7")
        eventually(lambda: screen.attempt.allowed_s == 65 + 7 * 60, "more time")
        seat.hall.act("say", candidate=seat.candidate, text="Five minutes.")
        eventually(lambda: screen.attempt.messages == ("Five minutes.",), "a message")
        seat.hall.act("evacuate", ago="3600")
        eventually(lambda: screen.attempt.evacuated, "the room is left")
        assert screen.attempt.phase is Phase.PAUSED
        (given,) = [e.event for e in screen.entries if isinstance(e.event, ev.GivenBack)]
        ran_ns = account(screen.entries).total_ns(Kind.RUNNING)
        assert 0 <= given.seconds * 1_000_000_000 - ran_ns <= 1_000_000_000
        seat.hall.call_the_roll()
        seat.hall.both("end-evacuation")
        screen.await_phase(Phase.RUNNING)
        assert not screen.attempt.evacuated
        ledger = account(screen.entries)
        assert ledger.total_ns(Kind.PAUSED) > 0

        seat.hall.both("stop", candidate=seat.candidate)
        assert screen.await_(ipc.Finished).how == ev.STOPPED
        assert isinstance(screen.do(Move("two")), ipc.Refused)


def test_that_an_answer_is_safe_in_the_hall_is_told_at_once(seat: Seat) -> None:
    with seat.agent(status_s=3600) as agent:
        screen = agent.screen()
        screen.sign_in(seat.number)
        seat.hall.act("admit", candidate=seat.candidate)
        screen.await_phase(Phase.ADMITTED)
        screen.do(Begin())
        for letter in "ABA":
            assert isinstance(screen.do(Respond("one", chosen(letter))), ipc.Saved)
            last = screen.entries[-1].sequence
            screen.await_(ipc.Status, lambda status, last=last: status.safe >= last)


def test_the_time_runs_out_although_the_screen_reads_nothing(seat: Seat) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.sign_in(seat.number)
        seat.hall.act("add-time", candidate=seat.candidate, minutes="-1")
        eventually(lambda: screen.attempt.extra_s == -60, "less time")
        seat.hall.act("admit", candidate=seat.candidate)
        screen.await_phase(Phase.ADMITTED)
        screen.await_(ipc.PartOpen, lambda part: part.part == ipc.PAPER)
        screen.do(Begin())
        screen.do(Respond("one", chosen("B")))
        assert screen.attempt.allowed_s == 5
        screen.deafen()
        row = eventually(
            lambda: next(
                (
                    row
                    for row in seat.hall.board()["rows"]
                    if row["candidate"] == seat.candidate and row["handed_in"]
                ),
                None,
            ),
            "the hall countersigned",
        )
        assert row["answered"] <= 1
        again = agent.screen()
        assert again.await_(ipc.Finished).how == ev.TIME_OVER


def test_without_the_hall_the_exam_goes_on_and_is_handed_in(mortal: Seat) -> None:
    with mortal.agent() as agent:
        screen = agent.screen()
        screen.begin(mortal.hall, mortal.number)
        screen.do(Respond("one", chosen("A")))
        screen.await_(ipc.Status, lambda status: status.hall and status.safe == status.saved)
        mortal.hall.stop(signal.SIGKILL)
        screen.await_(ipc.Status, lambda status: not status.hall)
        assert isinstance(screen.do(Respond("one", chosen("B"))), ipc.Saved)
        assert isinstance(screen.do(Respond("three", chosen("because"))), ipc.Saved)
        screen.await_(ipc.Status, lambda status: status.safe < status.saved)
        assert isinstance(screen.do(HandIn()), ipc.Saved)
        finished = screen.await_(ipc.Finished)
        assert finished.code
        assert not finished.hall
        mortal.hall.start()
        done = screen.await_(ipc.Finished, lambda finished: finished.hall)
        assert done.code == finished.code
        screen.await_(ipc.Status, lambda status: status.hall and status.safe == status.saved)


def test_killed_without_a_hall_it_waits_and_says_so_and_then_goes_on(mortal: Seat) -> None:
    with mortal.agent() as agent:
        screen = agent.screen()
        screen.begin(mortal.hall, mortal.number)
        mortal.hall.stop(signal.SIGKILL)
        screen.await_(ipc.Status, lambda status: not status.hall)
        assert isinstance(screen.do(Respond("one", chosen("C"))), ipc.Saved)
        agent.kill()
    journal = mortal.station.attempts
    before = {path: path.read_bytes() for path in journal.rglob("*.segment")}
    with mortal.agent() as agent:
        screen = agent.screen()
        trouble = screen.await_(ipc.Status, lambda status: "hall" in status.trouble).trouble
        assert "Your answers are saved" in trouble
        refused = screen.ask(lambda number: ipc.SignIn(number, "CODE0001"))
        assert isinstance(refused, ipc.Refused)
        assert {path: path.read_bytes() for path in journal.rglob("*.segment")} == before
        assert not screen.all(ipc.Vacant)
        mortal.hall.start()
        screen.await_(ipc.SignedIn)
        eventually(lambda: screen.attempt.epoch == 2, "a new epoch")
        assert screen.attempt.responses["one"] == chosen("C")
        assert isinstance(screen.do(HandIn()), ipc.Saved)


def test_the_next_candidate_sits_while_the_last_one_is_still_delivered(mortal: Seat) -> None:
    """Hand in without the hall, leave; all of it arrives once the hall is back."""
    with mortal.agent() as agent:
        screen = agent.screen()
        screen.begin(mortal.hall, mortal.number)
        mortal.hall.stop(signal.SIGKILL)
        screen.await_(ipc.Status, lambda status: not status.hall)
        screen.do(Respond("one", chosen("C")))
        screen.do(HandIn())
        screen.await_(ipc.Finished)
        directory = next(mortal.station.attempts.iterdir())
        screen.channel.send(ipc.Leave(99))
        eventually(lambda: not (directory / "who").exists(), "the name is forgotten")
        assert not (directory / "countersignature").exists()
        mortal.hall.start()
        following = agent.screen()
        following.begin(mortal.hall, mortal.number + len(mortal.site.stations))
        assert isinstance(following.do(Respond("one", chosen("A"))), ipc.Saved)
        eventually(lambda: (directory / "countersignature").exists(), "the countersignature")


def test_when_all_begin_is_told_until_one_has_begun(seat: Seat) -> None:
    """A common start that is past: it bars nothing for the other tests of this hall."""
    store = open_store(seat.hall.home.directory)
    rules = room.RoomRules(start_s=CLOCK.wall_ns() // SECOND - 725)
    try:
        store.write(
            lambda connection: [
                room.keep(connection, each.id, rules) for each in seats.open_sittings(connection)
            ]
        )
        with seat.agent() as agent:
            screen = agent.screen()
            told = screen.await_(ipc.CommonStart)
            assert -800_000 < told.in_ms <= -725_000
            assert not told.together
            screen.begin(seat.hall, seat.number)
            seen = len(screen.told)
            eventually(
                lambda: [each for each in screen.told[seen:] if isinstance(each, ipc.Status)],
                "the agent tells on",
            )
            later = [each for each in screen.told[seen:] if isinstance(each, ipc.CommonStart)]
            assert not later
    finally:
        store.write(
            lambda connection: [
                room.keep(connection, each.id, room.NO_RULES)
                for each in seats.open_sittings(connection)
            ]
        )
        store.close()
