"""What dies may die at any moment: nothing that was told saved is lost."""

from __future__ import annotations

import pytest
from sitting import Agent, Seat, candidate, eventually, sign_in_code
from small_exam import chosen

from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import Begin, Call, Flag, HandIn, Move, Respond, Work
from exam_packages.attempt.ledger import Kind, account
from exam_packages.attempt.state import Phase
from exam_packages.sealing.journal_files import Segments
from exam_packages.sealing.journal_format import Frame, make_frame
from kiosk.ipc import messages as ipc


def test_a_screen_that_comes_back_is_told_everything(seat: Seat) -> None:
    with seat.agent() as agent:
        first = agent.screen()
        first.begin(seat.hall, seat.number)
        first.do(Respond("one", chosen("B")))
        before = first.attempt
        first.close()
        second = agent.screen()
        second.await_(ipc.SignedIn)
        eventually(lambda: second.attempt.sequence >= before.sequence, "the replay")
        assert second.all(ipc.Happened)[0].replay
        assert second.attempt.responses == before.responses
        assert (second.attempt.place, second.attempt.phase) == (before.place, Phase.RUNNING)
        codes = [e.event.code for e in second.entries if isinstance(e.event, ev.Noticed)]
        eventually(
            lambda: any(
                # which of the two depends on what the agent hears of first
                isinstance(entry.event, ev.Noticed)
                and entry.event.code in ("screen-lost", "screen-replaced")
                for entry in second.entries
            ),
            f"the loss of the screen is recorded, not {codes}",
        )


def test_workings_are_back_after_the_agent_and_the_hall_sees_who_calls(seat: Seat) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        for what in (
            ev.StruckOut("one", "RESPONSE", "A", on=True),
            ev.Noted("one", "see table 3"),
            ev.Jotted("12 × 4"),
            ev.Highlighted("item/one", ((0, 1),)),
            ev.Reported("two", "the answer is B"),
        ):
            assert isinstance(screen.do(Work(what)), ipc.Saved)
        assert isinstance(screen.do(Call(True)), ipc.Saved)
        before = screen.attempt.workings
        agent.kill()
    with seat.agent() as agent:
        screen = agent.screen()
        eventually(lambda: screen.attempt.epoch == 2, "a new epoch")
        assert screen.attempt.workings == before
        assert before.notes == {"one": "see table 3"}

        def incidents() -> list[str]:
            return list(seat.hall.row(seat.candidate)["incidents"])

        eventually(lambda: "The candidate calls the invigilator" in incidents(), "the call")
        assert "The candidate reported a fault of question 2" in incidents()
        assert "the answer is B" not in str(seat.hall.board())
        assert isinstance(screen.do(Call(False)), ipc.Saved)
        eventually(lambda: "The candidate calls the invigilator" not in incidents(), "no call")


def test_the_newest_screen_wins(seat: Seat) -> None:
    with seat.agent() as agent:
        first = agent.screen()
        first.begin(seat.hall, seat.number)
        second = agent.screen()
        second.await_(ipc.SignedIn)
        eventually(lambda: first.ended, "the older screen is dropped")
        assert isinstance(second.do(Move("two")), ipc.Saved)
        told = [entry.sequence for each in second.all(ipc.Happened) for entry in each.entries]
        assert told == list(range(told[0], told[0] + len(told)))  # no fold takes them otherwise


def test_an_agent_killed_in_the_middle_goes_on_with_every_saved_answer(seat: Seat) -> None:
    """Several times, each in a new epoch, with the outage given back."""
    saved: dict[str, tuple[object, ...]] = {}
    begun_s = None
    for life, letter in enumerate("ABC", 1):
        with seat.agent() as agent:
            screen = agent.screen()
            if life == 1:
                screen.begin(seat.hall, seat.number)
            else:
                screen.await_(ipc.SignedIn)
                eventually(lambda: screen.attempt.epoch == life, "a new epoch")  # noqa: B023
                attempt = screen.attempt
                assert {i: attempt.responses[i] for i in saved} == saved
                assert attempt.phase is Phase.RUNNING
                assert attempt.flags == {"two"}
            assert isinstance(screen.do(Flag("two", on=True)), ipc.Saved)
            for item, members in (("one", (letter,)), ("two", (letter,)), ("three", (letter,))):
                assert isinstance(screen.do(Respond(item, chosen(*members))), ipc.Saved)
                saved[item] = chosen(*members)
            begun_s = begun_s or screen.attempt.allowed_s
            agent.kill()
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.SignedIn)
        eventually(lambda: screen.attempt.epoch == 4, "a new epoch")
        ledger = account(screen.entries)
        assert ledger.total_ns(Kind.OUTAGE) > 0
        status = screen.await_(ipc.Status, lambda status: status.left_ms >= 0)
        spent = ledger.total_ns(Kind.RUNNING) // 1_000_000
        assert status.left_ms <= ledger.allowed_ns // 1_000_000 - spent
        assert isinstance(screen.do(HandIn()), ipc.Saved)
        screen.await_(ipc.Finished, lambda finished: finished.hall)


def test_killed_in_the_middle_of_a_stream_of_answers(seat: Seat) -> None:
    """The candidate types on without waiting; the agent dies somewhere in between."""
    with seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        for number in range(400):
            screen.channel.send(
                ipc.Do(5000 + number, Respond("three", chosen(f"{number:04d}" + "x" * 200)))
            )
            if len(screen.all(ipc.Saved)) > 60:
                break
        eventually(lambda: screen.all(ipc.Saved)[-1].request > 5000, "some of them are saved")
        agent.kill()
        saved = max(message.request - 5000 for message in screen.all(ipc.Saved))
        sent = number
    assert 0 < saved <= sent
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.SignedIn)
        eventually(lambda: screen.attempt.epoch == 2, "a new epoch")
        restored = int(screen.attempt.responses["three"][0].members[0][:4])
        assert saved <= restored <= sent
        assert screen.attempt.recorded == restored + 1  # none lost, none twice


def test_killed_before_the_beginning_and_after_the_hand_in(seat: Seat) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.sign_in(seat.number)
        agent.kill()
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.SignedIn)
        eventually(lambda: screen.attempt.epoch == 2, "a new epoch")
        assert screen.attempt.phase is Phase.WAITING
        seat.hall.act("admit", candidate=seat.candidate)
        screen.await_phase(Phase.ADMITTED)
        screen.await_(ipc.PartOpen, lambda part: part.part == ipc.PAPER)
        assert isinstance(screen.do(Begin()), ipc.Saved)
        assert isinstance(screen.do(HandIn()), ipc.Saved)
        code = screen.await_(ipc.Finished).code
        agent.kill()
    with seat.agent() as agent:
        screen = agent.screen()
        signed_in = screen.await_(ipc.SignedIn)
        assert signed_in.candidate == candidate(seat.number)
        assert screen.await_(ipc.Finished).code == code
        screen.await_(ipc.Finished, lambda finished: finished.hall)
        assert isinstance(screen.ask(ipc.Leave), ipc.Saved)
        screen.await_(ipc.Vacant)
        assert agent.end() == 0
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Vacant)
        assert not screen.all(ipc.SignedIn)


def test_after_a_power_cut_an_invigilator_must_allow_it(seat: Seat) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        screen.do(Respond("one", chosen("A")))
        agent.kill()
    with seat.agent(boot=b"after the cut 16", later_s=5) as agent:
        screen = agent.screen()
        screen.await_(ipc.Status, lambda status: "invigilator must allow" in status.trouble)
        assert not screen.all(ipc.SignedIn)
        seat.hall.act("allow-restart", candidate=seat.candidate)
        screen.await_(ipc.SignedIn)
        eventually(lambda: screen.attempt.epoch == 2, "a new epoch")
        assert screen.attempt.phase is Phase.RUNNING
        assert screen.attempt.responses["one"] == chosen("A")
        outage = [i for i in account(screen.entries).intervals if i.kind is Kind.OUTAGE]
        assert all(interval.by_wall for interval in outage)
        assert outage


def test_an_outage_longer_than_the_policy_gives_back_holds_the_clock(seat: Seat) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        screen.do(Respond("one", chosen("A")))
        agent.kill()
    with seat.agent(later_s=200) as agent:  # the policy's limit is 120
        screen = agent.screen()
        screen.await_(ipc.SignedIn)
        screen.await_phase(Phase.PAUSED)
        assert isinstance(screen.do(Respond("one", chosen("B"))), ipc.Refused)
        ledger = account(screen.entries)
        assert ledger.countdown is not None
        assert not ledger.countdown.running
        seat.hall.act("resume", candidate=seat.candidate)
        screen.await_phase(Phase.RUNNING)
        assert isinstance(screen.do(Respond("one", chosen("B"))), ipc.Saved)


def test_a_record_that_cannot_be_read_is_left_alone_and_told(seat: Seat) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        agent.kill()
    journal = next(seat.station.attempts.iterdir()) / "journal"
    segments = Segments(journal)
    frame = Frame.parse(segments.recover().frames[1])
    altered = frame.body[:-1] + bytes([frame.body[-1] ^ 1])
    segments.append([make_frame(2, frame.compartment, frame.stamp, altered)], 1, 2)
    segments.retire()
    before = {path: path.read_bytes() for path in journal.iterdir()}
    with seat.agent() as agent:
        screen = agent.screen()
        status = screen.await_(ipc.Status, lambda status: bool(status.trouble))
        assert "exists twice and differs" in status.trouble
        refused = screen.ask(lambda number: ipc.SignIn(number, sign_in_code(seat.number)))
        assert isinstance(refused, ipc.Refused)
        assert agent.end() == 0
    assert {path: path.read_bytes() for path in journal.iterdir()} == before


def test_ending_in_order_leaves_a_journal_to_go_on_with(seat: Seat) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        screen.do(Respond("one", chosen("C")))
        assert agent.end() == 0
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.SignedIn)
        eventually(lambda: screen.attempt.epoch == 2, "a new epoch")
        assert screen.attempt.responses["one"] == chosen("C")


def test_only_one_agent_per_station(seat: Seat) -> None:
    with seat.agent() as agent:
        agent.screen().await_(ipc.Welcome)
        with Agent(seat.station) as second:
            assert second.process.wait(20) != 0
            assert "already runs" in second.log.read_text()
        assert agent.process.poll() is None


@pytest.mark.parametrize("code", ["WRONG123", ""])
def test_a_wrong_code_is_one_clear_sentence(seat: Seat, code: str) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Welcome, lambda welcome: bool(welcome.exam))
        refused = screen.ask(lambda number: ipc.SignIn(number, code))
        assert isinstance(refused, ipc.Refused)
        assert "sign-in code" in refused.template
        named = screen.ask(lambda number: ipc.SignIn(number, sign_in_code(seat.number)))
        assert isinstance(named, ipc.Named)
