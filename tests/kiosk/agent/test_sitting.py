"""An exam sat at a real agent, with a real hall behind it."""

from __future__ import annotations

from sitting import Seat, eventually
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
