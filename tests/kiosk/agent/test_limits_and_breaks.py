"""A limited section and a break at a real agent, with a real hall that lets back in."""

from __future__ import annotations

from pathlib import Path

from sitting import Seat, Site, eventually, hall_running
from small_exam import choice_item, chosen, paper

from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import ComeBack, HandIn, Move, Respond
from exam_packages.attempt.ledger import Kind, account
from exam_packages.content.moving import NO_LEAVE, Break, Limit, Moving
from exam_packages.content.paper import NONLINEAR, ItemReference, Section, TestPart
from kiosk.ipc import messages as ipc

NAMES = ("one", "two", "three")
ITEMS = tuple(choice_item(name) for name in NAMES)
PARTS = tuple(
    TestPart(
        f"part-{items[0]}",
        NONLINEAR,
        (Section(f"s-{items[0]}", "", (), tuple(ItemReference(each, each) for each in items)),),
    )
    for items in (("one",), ("two",), ("three",))
)
PAPER = paper(
    ITEMS,
    parts=PARTS,
    moving=Moving(
        0,
        (
            Limit("part/part-one", "", ("one",), 0, 2),
            Limit("part/part-three", "", ("three",), 0, 90),
        ),
        (),
        (Break("two", 2, stopped=True, identity=True),),
        NO_LEAVE,
    ),
)


def test_time_moves_on_and_a_hall_lets_back_in(tmp_path: Path) -> None:
    site = Site.found(tmp_path / "site", PAPER, ITEMS, stations=1, candidates=1)
    with hall_running(site):
        seat = Seat(1, site.stations[0], site.hall, site)
        with seat.agent() as agent:
            screen = agent.screen()
            screen.begin(seat.hall, seat.number)
            assert isinstance(screen.do(Respond("one", chosen("A"))), ipc.Saved)
            clocks = screen.await_(ipc.Clocks)
            assert [each.scope for each in clocks.clocks] == ["part/part-one"]
            eventually(lambda: screen.attempt.place == "two", "the next part begins by itself")
            refused = screen.do(Respond("one", chosen("B")))
            assert isinstance(refused, ipc.Refused)
            assert "closed" in refused.template
            assert isinstance(screen.do(Move("three")), ipc.Saved)
            eventually(lambda: screen.attempt.progress.rest is not None, "the break")
            assert isinstance(screen.read(ipc.PAPER, "item/two"), ipc.Refused)
            agent.kill()
        with seat.agent() as agent:
            screen = agent.screen()
            eventually(lambda: screen.attempt.epoch == 2, "a new epoch, in the break")
            eventually(
                lambda: seat.hall.row(seat.candidate)["state"] == "On a break",
                "the board says so",
            )
            eventually(lambda: screen.attempt.progress.rest.over, "the break is over")
            eventually(
                lambda: seat.hall.row(seat.candidate)["break_ms"] < 0,
                "the board counts how long it is over",
            )
            assert isinstance(screen.do(ComeBack()), ipc.Saved)
            eventually(
                lambda: "check identity" in str(seat.hall.row(seat.candidate)["state"]),
                "the board calls for a person",
            )
            assert seat.candidate in seat.hall.act("let-back", candidate=seat.candidate)
            eventually(lambda: screen.attempt.place == "three", "the questions are back")
            assert screen.attempt.progress.rest is None
            assert isinstance(screen.do(Respond("three", chosen("C"))), ipc.Saved)
            assert isinstance(screen.do(HandIn()), ipc.Saved)
            screen.await_(ipc.Finished, lambda finished: finished.hall)
            ledger = account(screen.entries)
            assert ledger.total_ns(Kind.BREAK) >= 2_000_000_000
            assert ledger.total_ns(Kind.ON_BREAK) > 0
            spent = next(e for e in screen.entries if isinstance(e.event, ev.Left))
            began = next(e for e in screen.entries if isinstance(e.event, ev.Began))
            late = spent.stamp.boottime_ns - began.stamp.boottime_ns - 2_000_000_000
            assert spent.event == ev.Left("part/part-one", ev.SPENT)
            assert late >= 0
