"""After the exam: the hand-in code, in letters and as a QR code, and how far it has come.

The QR code holds the letters of the hand-in code and nothing else, so what a telephone reads
from it is what one would have typed. It stands beside the words where there is room, else
behind a key; on the console, whose cells hold no halves, there is none.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from exam_packages.attempt.events import STOPPED, TIME_OVER
from exam_packages.language import _
from kiosk.screens.base import Dialog, KioskScreen, show_words, words
from kiosk.widgets.bars import Key
from kiosk.widgets.button import PushButton
from kiosk.widgets.code import CodePicture
from kiosk.widgets.text import harmless

CARD = 76
"""Columns of the words, with their frame."""


class FinishedScreen(KioskScreen):
    """The hand-in code, large and calm."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f4", "photograph", show=False)]

    def body(self) -> ComposeResult:
        with Horizontal(id="finish"):
            yield from self._card()
            yield CodePicture(id="picture")

    def keys(self) -> tuple[Key, ...]:
        if self._pictured and not self.query_one("#picture").display:
            return (Key("f4", _("Code to photograph"), "photograph"), *super().keys())
        return super().keys()

    @property
    def _pictured(self) -> bool:
        """Whether there is a picture of the code, here or behind its key."""
        return self.client.view.finished is not None and not self.client.presentation.signs.enabled

    def action_photograph(self) -> None:
        if self._pictured and not isinstance(self.app.screen, Dialog):
            self.app.push_screen(CodeDialog())

    def _card(self) -> ComposeResult:
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
        picture = self.query_one("#picture", CodePicture)
        picture.show(harmless(finished.code))
        columns, lines = picture.cells
        room = self.size.width >= CARD + columns and self.query_one("#body").size.height >= lines
        picture.display = self._pictured and room
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
                self.run_worker(self.client.finish(), exclusive=True)

        self.app.push_screen(LeaveDialog(), answered)


class CodeDialog(Dialog):
    """The code to photograph, alone."""

    def body(self) -> ComposeResult:
        with Horizontal(id="photograph"):
            yield CodePicture(id="picture")
            with Vertical():
                yield words(_("Photograph this, or scan it with a telephone"), classes="heading")
                yield words("", id="letters")
                yield words(
                    _("It holds the letters of your hand-in code and nothing else."),
                    classes="quiet",
                )
                yield PushButton(_("Go back"), id="leave")

    def on_mount(self) -> None:
        super().on_mount()
        finished = self.client.view.finished
        code = harmless(finished.code) if finished is not None else ""
        self.query_one("#picture", CodePicture).show(code)
        show_words(self, "#letters", code)
        self.query_one("#leave").focus()

    @on(PushButton.Pressed, "#leave")
    def _leave(self) -> None:
        self.dismiss("")


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
