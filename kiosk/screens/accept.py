"""The rules to accept, once, before the clock starts. What is accepted is in the record."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from exam_packages.language import _
from kiosk.screens.base import Dialog, words
from kiosk.widgets.button import PushButton

YES = "yes"


class AcceptDialog(Dialog):
    """Its result is ``yes``, or nothing."""

    def body(self) -> ComposeResult:
        yield words(_("Do you accept the rules of this exam?"), classes="heading")
        with VerticalScroll(can_focus=False, classes="message"):
            yield Static(Content("\n".join(f"• {rule}" for rule in _rules())), markup=False)
        with Horizontal(classes="buttons"):
            yield PushButton(_("I accept: start the clock"), id=YES)
            yield PushButton(_("Go back and read"), id="no")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(f"#{YES}").focus()

    @on(PushButton.Pressed)
    def _pressed(self, event: PushButton.Pressed) -> None:
        self.dismiss(YES if event.button.id == YES else "")


def _rules() -> tuple[str, ...]:
    return (
        _("I am the person whose name stands above, and I work alone."),
        _("I use nothing but this station and what the invigilators allow."),
        _("I keep the questions to myself, during the exam and afterwards."),
        _("I have read how long I have, and what is recorded here."),
        _("I follow what the exam and the invigilators say."),
    )
