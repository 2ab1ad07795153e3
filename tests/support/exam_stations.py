"""Stations in the middle of the sample exam: a real agent, the real screen in a terminal."""

from __future__ import annotations

from sitting import Hall, Seat
from terminals import Pty

from exam_packages import forms
from exam_packages.attempt import events as ev
from exam_packages.attempt.state import Attempt, fold
from exam_packages.content.items import ExtendedText, TextEntry
from exam_packages.formats.qti.reader import read_test
from exam_packages.samples import FOOD_SAFETY
from kiosk.ipc import messages as ipc
from provisioning.demo.processes import exam_kiosk
from provisioning.demo.script import first_words

FORM = forms.draw(read_test(FOOD_SAFETY), b"unbreakable")
ITEMS = [FORM.items[each.identifier] for each in FORM.paper.references()]


def number_of(kind: type) -> int:
    """The number of the first question whose one interaction is of a kind."""
    return next(
        number for number, item in enumerate(ITEMS, 1) if isinstance(item.interactions[0], kind)
    )


ESSAY, ENTRY = number_of(ExtendedText), number_of(TextEntry)


class Station:
    """A station in the middle of an exam: an agent, a screen in a terminal, a candidate."""

    def __init__(self, seat: Seat, program: list[str], environment: dict[str, str]) -> None:
        self.seat = seat
        self.hall: Hall = seat.hall
        self.agent = seat.agent()
        self.terminal = Pty(
            program or [exam_kiosk(), "screen", str(seat.station.directory)], environment
        )

    def begin(self) -> None:
        """Sign in and begin through a screen without a screen; then show the real one."""
        bare = self.agent.screen()
        bare.begin(self.hall, self.seat.number)
        self.terminal.start()
        self.at(1)

    def at(self, number: int) -> str:
        """Until a question stands on the screen."""
        where, words = f"Question {number} of {len(ITEMS)}", first_words(ITEMS[number - 1])
        return self.terminal.until(
            lambda text: where in text and any(each in text for each in words)
        )

    def go(self, number: int) -> None:
        """Go to a question by the list of questions."""
        self.terminal.press("f2")
        self.terminal.until("All questions")
        self.terminal.press("home", *["down"] * (number - 1), "enter")
        self.at(number)

    def restart_agent(self) -> None:
        self.agent.kill()
        self.agent = self.seat.agent()

    def told(self) -> list[ev.Entry]:
        """All that is in the journal, as the agent tells a screen; the real screen is put
        off, and comes back by itself."""
        screen = self.agent.screen()
        screen.await_(ipc.Status)
        entries = screen.entries
        screen.close()
        self.agent.screens.remove(screen)
        return entries

    def attempt(self) -> Attempt:
        return fold(self.told())

    def answer(self, number: int) -> str:
        """The first member of what is journaled for a question, or nothing."""
        given = self.attempt().responses.get(ITEMS[number - 1].identifier, ())
        return next((member for each in given for member in each.members), "")

    def alive(self) -> None:
        """The screen runs and heeds keys."""
        self.terminal.press("f5")
        self.terminal.until("Help and display")
        self.terminal.press("\x1b")
        self.terminal.until(lambda text: "Help and display" not in text)

    def close(self) -> None:
        self.terminal.hear()
        self.terminal.kill()
        self.terminal.stop()
        self.agent.__exit__()
