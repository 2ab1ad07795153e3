"""A break: how long it lasts, what the clock does, and the way back. No questions."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from exam_packages.attempt.progress import Rest
from exam_packages.language import _, say
from kiosk.screens import standing
from kiosk.screens.base import KioskScreen, show_words, words
from kiosk.widgets.button import PushButton


class BreakScreen(KioskScreen):
    """Shown from the beginning of a break until the candidate goes on."""

    def body(self) -> ComposeResult:
        with Vertical(classes="card"):
            yield words("", id="heading", classes="heading")
            yield words("", id="left")
            yield words("", id="clock")
            yield words("", id="next")
            with Horizontal(classes="buttons"):
                yield PushButton(_("I am back"), id="back")

    def title_lines(self) -> list[tuple[Content, Content]]:
        lines = super().title_lines()
        return [lines[0], (lines[1][0], standing.time_left(self.client.view, False))]

    def tell(self) -> None:
        super().tell()
        rest = self.client.view.rest
        if not self.is_mounted or rest is None:
            return
        left = self.client.view.break_left_ms()
        heading = say("A break of {time}", time=standing.spell(rest.allowed_s))
        if rest.returned:
            heading = _("Welcome back")
        show_words(self, "#heading", heading)
        show_words(self, "#left", "" if rest.returned else _left(left))
        show_words(self, "#clock", _clock(rest, left))
        show_words(self, "#next", _next(rest))
        button = self.query_one("#back", PushButton)
        button.display = not rest.returned
        if button.display and self.focused is not button:
            button.focus()

    @on(PushButton.Pressed)
    def _pressed(self, event: PushButton.Pressed) -> None:
        event.stop()
        self.run_worker(self.client.come_back(), group="back", exclusive=True)


def _left(left_ms: int | None) -> str:
    """The countdown; it is not read aloud each second."""
    if left_ms is None:
        return ""
    return say("{time} left of this break.", time=standing.duration(left_ms))


def _clock(rest: Rest, left_ms: int | None) -> str:
    said = "" if rest.returned or left_ms != 0 else _("It is over. Please come back now.") + " "
    if rest.over:
        return said + _("The exam’s clock is running again.")
    if rest.stopped and rest.returned:
        return _("The exam’s clock stands still.")
    if rest.stopped:
        return said + _("The exam’s clock stands still until then; afterwards it runs on.")
    return said + _("The exam’s clock goes on during this break.")


def _next(rest: Rest) -> str:
    if rest.returned:
        return _("An invigilator checks who you are; then your questions appear again.")
    safe = _("Your answers are saved and the questions are hidden.")
    if not rest.open:
        return safe + " " + _("When you are back, an invigilator checks who you are.")
    return safe
