"""Follows the candidate and reads: a new question whole, then whatever gets the focus.

It looks after each key and each change what stands on the screen, and speaks when that is
another than before; so no widget has to know that it is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.screen import Screen
from textual.widget import Widget

from exam_packages.attempt.preferences import PACE
from exam_packages.language import _
from kiosk.screens.base import Dialog
from kiosk.screens.exam import ExamScreen
from kiosk.screens.survey import SurveyScreen
from kiosk.speech import words
from kiosk.speech.voice import Piece, Voice

if TYPE_CHECKING:
    from kiosk.client import Client


class Reader:
    """Reads the screen of *client* aloud while it is ``on``."""

    def __init__(self, client: Client) -> None:
        self.on = False
        self.pace = PACE
        self.voice = Voice(self._failed)
        self._client = client
        self._place: object = None
        self._here: list[Piece] = []
        self._screen: list[Piece] = []
        self._typing: tuple[Widget | None, str | None] = (None, None)
        self._notice = ""
        self._flagged = False
        self._touched = False

    def turn(self, on: bool) -> None:
        """Begin to read, or end it."""
        if on == self.on:
            return
        self.on = on
        self._place = None
        self._notice = ""
        if not on:
            self.voice.stop()

    def again(self) -> None:
        """Read all that stands here, from the beginning."""
        self._place = None
        self.look()

    def touch(self) -> None:
        """The candidate does something now: what gets the focus by it is read. Said before it is
        done, so that the key which brings a screen does not break off the reading of that."""
        self._touched = True

    def look(self) -> None:
        """Say what is new on the screen, if anything is.

        A screen that has just come is read whole. Its focus settles while it is painted, and
        would only break that off; so the focus is read again once the candidate does something.
        """
        client = self._client
        if not self.on or not client.is_running or client.sounds.sounding:
            return  # nobody can listen to two voices
        screen = client.screen
        if isinstance(screen, ExamScreen) and screen.shown is None:
            return  # it is being read from the package
        place = (screen, screen.shown if isinstance(screen, ExamScreen) else None)
        here = words.here(screen, self._content)
        typing = (screen.focused, words.text_of(screen.focused))
        echo = self._echo(typing)
        if place != self._place:
            pieces = self._all(screen)
            if not pieces:
                return  # it is being made
            self._screen, self._flagged = self._rest(screen), self._flag(screen)
            self._touched = False
            self.voice.say(pieces, self.pace)
        elif isinstance(screen, Dialog) and self._rest(screen) != self._screen:
            self._screen = self._rest(screen)
            self.voice.say(self._screen, self.pace)
        elif echo is not None:
            self._screen = self._rest(screen)
            self.voice.say([echo], self.pace)
        elif here != self._here and self._touched:
            self.voice.say(here, self.pace)
        elif self._flag(screen) != self._flagged:
            self._flagged = not self._flagged
            said = _("flagged") if self._flagged else _("not flagged any more")
            self.voice.say([words.own(said)], self.pace)
        elif (rest := self._rest(screen)) != self._screen:
            self._screen = rest
            self.voice.say(rest, self.pace)
        self._place, self._here, self._typing = place, here, typing
        if client.notice_words != self._notice:
            self._notice = client.notice_words
            self.voice.add([words.own(self._notice)], self.pace)

    async def close(self) -> None:
        await self.voice.close()

    @property
    def _content(self) -> str:
        """The language of the exam."""
        screen = self._client.stage_screen
        if isinstance(screen, ExamScreen) and screen.item is not None and screen.item.language:
            return screen.item.language
        if isinstance(screen, SurveyScreen) and self._client.view.survey is not None:
            return self._client.view.survey.language
        course = self._client.exam or self._client.practice
        return course.paper.language if course is not None else ""

    def _all(self, screen: Screen[object]) -> list[Piece]:
        return words.whole(screen, self._content)

    def _flag(self, screen: Screen[object]) -> bool:
        course = screen.course if isinstance(screen, ExamScreen) else None
        return course is not None and course.place is not None and course.flagged(course.place)

    def _rest(self, screen: Screen[Any]) -> list[Piece]:
        """What can change on a screen while the candidate waits, and what a key brought in a
        dialog; a question cannot change."""
        if isinstance(screen, Dialog):
            return [words.own(screen.told)] if screen.told else []
        return [] if isinstance(screen, ExamScreen | SurveyScreen) else self._all(screen)

    def _echo(self, typing: tuple[Widget | None, str | None]) -> Piece | None:
        """What was just typed, as long as the same field has the focus."""
        (before, old), (now, new) = self._typing, typing
        if now is not before or old is None or new is None or old == new:
            return None
        said = words.typed(old, new)
        return Piece(self._content, said) if said and said.strip() else None

    def _failed(self, sentence: str) -> None:
        """No voice, no sound: say so on the screen, once."""
        self.on = False
        self._client.announce(sentence)
        self._client.presentation.silenced()
