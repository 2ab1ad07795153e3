"""What an invigilator says, shown until the candidate has read it."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from exam_packages.language import _
from kiosk.screens.base import Dialog, words
from kiosk.widgets.bars import Key
from kiosk.widgets.button import PushButton
from kiosk.widgets.text import harmless


class MessageDialog(Dialog):
    """All messages that were not read yet."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def body(self) -> ComposeResult:
        yield words(_("A message from the invigilator"), classes="heading")
        with VerticalScroll(can_focus=False, classes="message"):
            yield Static("", id="message", markup=False)
        yield PushButton(_("I have read it"), id="read")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#read").focus()

    def keys(self) -> tuple[Key, ...]:
        return (Key("enter", _("I have read it"), "leave"),)

    def tell(self) -> None:
        super().tell()
        unread = self.client.view.unread
        if self.is_mounted and len(unread) != self._count:
            self._count = len(unread)
            said = "\n\n".join(harmless(_(each), lines=True) for each in unread)
            self.query_one("#message", Static).update(Content(said))

    @on(PushButton.Pressed, "#read")
    def action_leave(self) -> None:
        self.client.view.messages_read += self._count
        self.client.wake()
        self.dismiss("")
