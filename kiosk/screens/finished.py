"""After the exam: the hand-in code, and how far it has come."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from exam_packages.attempt.events import STOPPED, TIME_OVER
from exam_packages.language import _
from kiosk.screens.base import Dialog, KioskScreen, show_words, words
from kiosk.widgets.button import PushButton
from kiosk.widgets.text import harmless


class FinishedScreen(KioskScreen):
    """The hand-in code, large and calm."""

    def body(self) -> ComposeResult:
        with Vertical(classes="card"):
            yield words("", id="heading", classes="heading")
            yield words(_("Your hand-in code. Please write it down:"))
            yield Static("", id="code", markup=False)
            yield words(
                _("With it you can prove what you handed in: it fits these answers and no others."),
                classes="quiet",
            )
            yield words("", id="here")
            yield words("", id="hall")
            yield words("", id="body-has-it")
            yield PushButton(_("I have written it down: finish"), id="leave")

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.query_one("#leave").focus()

    def tell(self) -> None:
        super().tell()
        finished = self.client.view.finished
        if finished is None or not self.is_mounted:
            return
        heading = {
            TIME_OVER: _("The time is over: your exam is handed in"),
            STOPPED: _("Your exam was stopped by the invigilator and handed in"),
        }.get(finished.how, _("Thank you: your exam is handed in"))
        show_words(self, "#heading", heading)
        code = Content.styled(harmless(finished.code), "bold $mark")
        self.query_one("#code", Static).update(code)
        show_words(self, "#here", _("✓ Saved and sealed on this station"))
        show_words(
            self,
            "#hall",
            _("✓ Safe in the hall")
            if finished.hall
            else _("… On its way to the hall: no need to wait"),
        )
        show_words(
            self,
            "#body-has-it",
            _("✓ Received by the certification body")
            if finished.body
            else _("… Not yet confirmed by the certification body: no need to wait"),
        )

    @on(PushButton.Pressed, "#leave")
    def _leave(self) -> None:
        def answered(result: str | None) -> None:
            if result == "yes":
                self.run_worker(self.client.leave(), exclusive=True)

        self.app.push_screen(LeaveDialog(), answered)


class LeaveDialog(Dialog):
    """The code disappears: really written down?"""

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#no").focus()

    def body(self) -> ComposeResult:
        yield words(_("Finish and clear the screen?"), classes="heading")
        yield words(_("The hand-in code is not shown here again."))
        with Horizontal(classes="buttons"):
            yield PushButton(_("Show the code again"), id="no")
            yield PushButton(_("Finish"), id="yes")

    @on(PushButton.Pressed)
    def _pressed(self, event: PushButton.Pressed) -> None:
        self.dismiss(event.button.id or "")
