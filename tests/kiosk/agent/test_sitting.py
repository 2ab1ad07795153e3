"""An exam sat at a real agent, with a real hall behind it."""

from __future__ import annotations

from sitting import Seat, eventually, sign_in_code
from small_exam import chosen

from exam_packages.attempt.acts import Flag, HandIn, Move, Respond
from exam_packages.attempt.events import HANDED_IN
from exam_packages.attempt.state import Phase
from kiosk.ipc import messages as ipc


def test_an_exam_from_sign_in_to_countersigned_hand_in(seat: Seat) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        assert isinstance(screen.do(Respond("one", chosen("B"))), ipc.Saved)
        assert isinstance(screen.do(Move("two")), ipc.Saved)
        assert isinstance(screen.do(Respond("two", chosen("C", "A"))), ipc.Saved)
        assert isinstance(screen.do(Flag("two", on=True)), ipc.Saved)
        assert screen.attempt.responses["two"][0].members == ("A", "C")
        assert isinstance(screen.do(HandIn()), ipc.Saved)
        first = screen.await_(ipc.Finished)
        done = screen.await_(ipc.Finished, lambda finished: finished.hall)
        assert (first.how, first.code) == (HANDED_IN, done.code)
        assert len(done.code.split("-")) == 6
        assert screen.attempt.phase is Phase.CLOSED
        row = eventually(
            lambda: next(
                (r for r in seat.hall.board()["rows"] if r["candidate"] == seat.candidate),
                None,
            ),
            "the seat is on the board",
        )
        assert row["answered"] == 2 or row["state"]
        assert agent.end() == 0


def test_somebody_elses_name_is_put_away_again(seat: Seat) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Welcome, lambda welcome: bool(welcome.exam))
        assert isinstance(screen.ask(lambda n: ipc.Confirm(n, yes=True)), ipc.Refused)
        named = screen.ask(lambda n: ipc.SignIn(n, sign_in_code(seat.number)))
        assert isinstance(named, ipc.Named)
        assert isinstance(screen.ask(lambda n: ipc.Confirm(n, yes=False)), ipc.Saved)
        assert isinstance(screen.ask(lambda n: ipc.Confirm(n, yes=True)), ipc.Refused)
        assert not screen.all(ipc.SignedIn)
        assert not list(seat.station.attempts.iterdir())
        screen.sign_in(seat.number)


def test_what_belongs_to_no_attempt_is_refused_in_a_sentence(seat: Seat) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Vacant)
        for refused in (
            screen.do(HandIn()),
            screen.read(ipc.PAPER, "paper"),
            screen.ask(ipc.Leave),
        ):
            assert isinstance(refused, ipc.Refused)
            assert refused.template.endswith(".")


def test_a_screen_of_another_version_is_told_so(seat: Seat) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Welcome)
        screen.channel.send(ipc.Hello(ipc.VERSION + 1))
        refused = screen.await_(ipc.Refused)
        assert "different versions" in refused.template
