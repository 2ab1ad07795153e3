"""Times of waiting: starting, lost, paused, evacuated, closing. Each says what is safe and next."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from exam_packages.attempt.events import STOPPED, TIME_OVER
from exam_packages.attempt.state import Phase
from exam_packages.language import _, whole
from kiosk.screens import standing
from kiosk.screens.base import KioskScreen, show_words, words
from kiosk.view import Stage


class InterludeScreen(KioskScreen):
    """One heading, a few sentences, no questions."""

    def body(self) -> ComposeResult:
        with Vertical(classes="card"):
            yield words("", id="heading", classes="heading")
            yield words("", id="safe")
            yield words("", id="next")

    def title_lines(self) -> list[tuple[Content, Content]]:
        lines = super().title_lines()
        return [lines[0], (lines[1][0], standing.time_left(self.client.view, False))]

    def tell(self) -> None:
        super().tell()
        if not self.is_mounted:
            return
        heading, safe, after = self._words()
        show_words(self, "#heading", heading)
        show_words(self, "#safe", safe)
        show_words(self, "#next", after)

    def _words(self) -> tuple[str, str, str]:
        view = self.client.view
        match view.stage:
            case Stage.PAUSED:
                safe = _("The clock is stopped and the questions are hidden.")
                if self.client.drafts:
                    safe += " " + _("What you typed last is kept and is saved when you go on.")
                else:
                    safe += " " + _("Your answers are saved.")
                return (
                    _("The exam is paused"),
                    safe,
                    _("It goes on by itself as soon as the invigilator resumes it."),
                )
            case Stage.EVACUATED:
                return self._evacuated_words()
            case Stage.CLOSING:
                return self._closed_words()
            case Stage.LOST:
                return self._lost_words()
            case _:
                return (
                    _("One moment"),
                    _("This station is starting."),
                    _("If this lasts longer than a minute, raise your hand."),
                )

    def _evacuated_words(self) -> tuple[str, str, str]:
        safe = _("Leave everything where it is.") + " "
        if self.client.drafts:
            safe += _("What you typed last is kept and is saved when you go on.")
        else:
            safe += _("Your answers are saved.")
        attempt = self.client.view.attempt
        if attempt is not None and attempt.phase is Phase.PAUSED:
            safe += " " + _("The clock is stopped, and the time since the alarm is given back.")
        return (
            _("Leave the room now"),
            safe,
            _(
                "Follow the invigilators, and stay with them. The exam goes on here once everybody "
                "is back and the invigilators let it run on."
            ),
        )

    def _closed_words(self) -> tuple[str, str, str]:
        attempt = self.client.view.attempt
        how = attempt.closed if attempt is not None else 0
        heading = {
            TIME_OVER: _("The time is over"),
            STOPPED: _("The exam was stopped by the invigilator"),
        }.get(how, _("You have handed in"))
        return (
            heading,
            _("Everything you answered is saved and is being handed in."),
            _("Your hand-in code appears here in a moment. Please wait for it."),
        )

    def _lost_words(self) -> tuple[str, str, str]:
        raise_hand = _("If this lasts longer than a minute, raise your hand.")
        if self.client.view.trouble:
            return (_("One moment"), whole(self.client.view.trouble), raise_hand)
        safe = _("Your answers up to now are saved.")
        if self.client.drafts:
            safe += " " + _("What you typed last is kept here and is saved in a moment.")
        return (
            _("One moment"),
            safe,
            _(
                "The exam goes on by itself, at the same question. If this lasts longer than a "
                "minute, raise your hand."
            ),
        )
