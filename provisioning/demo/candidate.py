"""A scripted candidate at the real client: reads the screen, presses keys, nothing else."""

from __future__ import annotations

import contextlib
import re
import time
from typing import Final

from exam_packages.content.items import ExtendedText, Match, TextEntry
from provisioning.demo.script import Turn, first_words, keys
from provisioning.demo.stages import DemoError
from provisioning.demo.terminal import Terminal

_LEFT: Final = re.compile(r"(?:(\d+):)?(\d+):(\d\d) left")
_CODE: Final = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){5}\b")
_GRID_HINT: Final = "Arrows move"
_SAVED: Final = "✓ Saved here"
_MOST_TABS: Final = 12
_GLANCE_S: Final = 0.1
_STILL_S: Final = 1.0
_LOOK_S: Final = 5
_FIRST = re.compile(r"\b1 of [0-9]+ answered")
_POINTER: Final = "›"
_FOCUS: Final = "› "


class Sitter:
    """One candidate in front of one terminal."""

    def __init__(self, name: str, code: str, terminal: Terminal, turns: tuple[Turn, ...]) -> None:
        self.name = name
        self.terminal = terminal
        self.turns = turns
        self.answered = 0
        self._code = code

    def sign_in(self) -> None:
        """Type the sign-in code and confirm the name."""
        self.terminal.wait("Type the sign-in code")
        self.terminal.type(self._code)
        self.terminal.press("enter")
        self.terminal.wait(lambda text: "Is this you?" in text and self.name in text, self.name)
        self._choose("Yes, this is me")
        self.terminal.wait("You are signed in")

    def wait_admitted(self) -> None:
        """Until the invigilator has admitted this candidate."""
        self.terminal.wait("Practise first")

    def practise(self) -> None:
        """Try one practice question, and leave the practice again."""
        self._choose("Practise first")
        self.terminal.wait("Practice: no clock")
        self.terminal.wait("Question 1 of")
        self.terminal.wait(_POINTER)
        self.terminal.press("a")
        self.terminal.wait(lambda text: bool(_FIRST.search(text)), "the first answer counted")
        self.terminal.press("f10")
        self.terminal.wait("Practise again")

    def wait_released(self) -> None:
        """Until the exam can be begun."""
        self.terminal.wait("Begin the exam")

    def begin(self) -> None:
        """Start the clock."""
        self.accept()
        self._at(self.turns[0])

    def accept(self) -> None:
        """Accept the rules, which starts the clock."""
        self._choose("Begin the exam")
        self._choose("I accept: start the clock")

    def answer(self, turn: Turn) -> None:
        """Answer one item by keys, and see that it is saved."""
        text = self._at(turn)
        self.answered += 1
        for place, (interaction, response) in enumerate(
            zip(turn.item.interactions, turn.responses, strict=True)
        ):
            if place:
                # Keys go to what has the focus when they come: look first, as a person does.
                here = _focused(self.terminal.text())
                self.terminal.press("tab")
                self._look_away(here)
            grid = isinstance(interaction, Match) and _GRID_HINT in text
            first, *rest = keys(interaction, response.members, grid=grid)
            if isinstance(interaction, TextEntry | ExtendedText):
                self._type_first(first)
            else:
                self.terminal.wait(_POINTER)
                self.terminal.press(first)
            self.terminal.press(*rest)
        self.see_saved()

    def see_saved(self) -> None:
        """Until the screen counts every answer given so far, and calls them saved."""
        self.terminal.wait(
            lambda text: self._count in text and _SAVED in text, f"“{self._count}” and “{_SAVED}”"
        )

    def see_all_saved_and_still(self) -> None:
        """As :meth:`see_saved`, and the screen has stopped changing its mind."""
        self.see_saved()
        since = time.monotonic()
        while time.monotonic() - since < _STILL_S:
            if _SAVED not in self.terminal.text():
                self.see_saved()
                since = time.monotonic()
            time.sleep(_GLANCE_S)

    def move_on(self, turn: Turn) -> None:
        """Go from one item to the next."""
        if turn.number < len(self.turns):
            self.terminal.press("f9")
            self._at(self.turns[turn.number])

    def come_back(self, turn: Turn) -> None:
        """After a fault: the same question is there again, with every answer counted."""
        self._at(turn)
        self.see_saved()

    def time_left_s(self) -> int:
        """The time left as the screen shows it, in seconds."""
        text = self.terminal.wait(lambda text: _LEFT.search(text) is not None, "the time left")
        found = _LEFT.search(text)
        hours, minutes, seconds = found.groups() if found else ("0", "0", "0")
        return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)

    def hand_in(self) -> str:
        """Review, hand in, confirm; the hand-in code as the screen shows it."""
        self.terminal.press("f10")
        self.terminal.wait(f"{len(self.turns)} of {len(self.turns)} questions are answered")
        self._choose("Hand in …")
        self.terminal.wait("After handing in, no answer can be changed")
        self._choose("Yes, hand in")
        return self.see_code()

    def see_code(self) -> str:
        """The hand-in code as the screen shows it, once the exam is handed in."""
        text = self.terminal.wait(
            lambda text: "Your hand-in code" in text and _CODE.search(text) is not None,
            "the hand-in code",
        )
        found = _CODE.search(text)
        return found.group() if found else ""

    def wait_received(self) -> None:
        """Until the screen says that the body has it."""
        self.terminal.wait("✓ Received by the certification body")

    def leave(self) -> None:
        """Clear the screen for the next candidate."""
        self._choose("I have written it down")
        self.terminal.wait("Finish and clear the screen?")
        self._choose("Finish")

    def survey(self, clear: str, words: str) -> None:
        """Answer two questions of the survey, the first by a letter, the last in *words*, and
        send it."""
        self.terminal.wait("kept apart from your name")
        if self.name in self.terminal.text():
            raise DemoError("The survey stands under the candidate's name.")
        self.terminal.press("tab")
        self.terminal.wait(_POINTER)
        self.terminal.press(clear)
        self.terminal.wait("●")
        self.terminal.press("tab", "tab", "tab")
        self.terminal.wait("0 words")
        self.terminal.type(words)
        self.terminal.wait(f"{len(words.split())} words")
        self.terminal.press("tab")
        self._choose("Send")

    @property
    def _count(self) -> str:
        return f"{self.answered} of {len(self.turns)} answered"

    def _at(self, turn: Turn) -> str:
        """Until this item is on the screen: its number, and words of its own."""
        where = f"Question {turn.number} of {len(self.turns)}"
        openings = first_words(turn.item)
        return self.terminal.wait(
            lambda text: where in text and any(words in text for words in openings),
            f"“{where}” with its text",
        )

    def _type_first(self, character: str) -> None:
        """Type a character and look whether it was taken; a field may not have the focus yet."""
        for _ in range(_MOST_TABS):
            self.terminal.press(character)
            with contextlib.suppress(DemoError):
                self.terminal.wait(self._count, patience_s=_LOOK_S)
                return
        raise DemoError("What is typed does not count as an answer.")

    def _look_away(self, here: list[str]) -> str:
        """Until the focus stands somewhere else than *here*, or a while has passed."""
        with contextlib.suppress(DemoError):
            return self.terminal.wait(
                lambda text: _focused(text) not in ([], here), patience_s=_LOOK_S
            )
        return self.terminal.text()

    def _choose(self, label: str) -> None:
        """Tab to a button by its label, then press it."""
        text = self.terminal.wait(lambda text: label in text and _FOCUS in text, f"“{label}”")
        for _ in range(_MOST_TABS):
            here = _focused(text)
            if any(words.startswith(label) for words in here):
                self.terminal.press("enter")
                return
            self.terminal.press("tab")
            text = self._look_away(here)
        raise DemoError("The button “{label}” cannot be reached by Tab.", label=label)


def _focused(text: str) -> list[str]:
    """What follows the pointer of a button that has the focus."""
    return [line.partition(_FOCUS)[2] for line in text.splitlines() if _FOCUS in line]
