"""The room of the bad day: who sits where, and what people in it look at."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from provisioning.demo.auto import RETURN_S, Seat, each
from provisioning.demo.officers import Officer
from provisioning.demo.processes import Child, Children
from provisioning.demo.script import Turn
from provisioning.demo.site import Site
from provisioning.demo.stages import DemoError
from provisioning.demo.terminal import Terminal

GOING_ON_S: Final = 15
"""Seconds that may have run since an exam went on, until somebody looks at its screen."""
_GLANCE_S: Final = 0.2


@dataclass
class Room:
    """Who and what is in the room while the day goes on."""

    site: Site
    children: Children
    chief: Officer
    second: Officer
    seats: list[Seat] = field(default_factory=list)
    spare: Terminal | None = None
    agents: list[Child] = field(default_factory=list)
    """Of all stations, the spare's too."""

    @property
    def terminals(self) -> list[Terminal]:
        return [seat.sitter.terminal for seat in self.seats]

    def numbers(self, seats: list[Seat] | None = None) -> list[str]:
        """The candidate numbers of these seats, or of all."""
        return [seat.candidate.number for seat in (self.seats if seats is None else seats)]

    def working(self) -> list[Seat]:
        """The seats whose exam is not handed in."""
        return [seat for seat in self.seats if not seat.code]

    def all_safe(self, seats: list[Seat]) -> None:
        """Wait until the hall holds every record of these."""
        each(seats, lambda seat: seat.sitter.see_all_saved_and_still())
        self.chief.wait_rows(self.numbers(seats), lambda row: not row["unsent"], "all is safe")


def answer(seats: list[Seat], first: int, last: int) -> None:
    """Everyone answers the questions after *first* up to *last*."""

    def work(seat: Seat) -> None:
        for turn in seat.sitter.turns[first:last]:
            seat.sitter.answer(turn)
            seat.sitter.move_on(turn)

    each(seats, work)


def question(seats: list[Seat], number: int) -> Turn:
    """What they look at who have answered *number* questions; it is the same for all."""
    return seats[0].sitter.turns[number]


def check_left(seat: Seat, left_s: int) -> int:
    """The seconds that a screen shows as left, which must come to be *left_s*: the time
    between is given back.

    Exam time runs from the moment the exam is back, so a little less is right; an order that
    gives time arrives a moment after.
    """
    since = time.monotonic()
    while True:
        now_s, passed_s = seat.sitter.time_left_s(), time.monotonic() - since
        if left_s - GOING_ON_S - passed_s <= now_s <= left_s + RETURN_S:
            return now_s
        if passed_s > GOING_ON_S:
            raise DemoError(
                "{name} has {now} s left, and had to have {left} s.",
                name=seat.candidate.name,
                now=now_s,
                left=left_s,
            )
        time.sleep(_GLANCE_S)
