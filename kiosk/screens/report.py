"""Something is wrong with a question: the candidate says so, in words or without."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from exam_packages.attempt.acts import Work
from exam_packages.attempt.events import Reported
from exam_packages.attempt.workings import MAX_REPORT
from exam_packages.language import _
from kiosk.screens.base import Pane, words
from kiosk.widgets.bars import Key
from kiosk.widgets.button import PushButton
from kiosk.widgets.extended_text import Essay


class ReportPane(Pane):
    """Sent only with the button: a slip of the hand reports nothing."""

    def __init__(self, item: str, number: int, before: str | None) -> None:
        super().__init__()
        self._item = item
        self._number = number
        self._before = before

    def body(self) -> ComposeResult:
        yield words(_("Report a fault in this question"), classes="heading")
        said = _(
            "What is wrong with it? The certification body reads this; the invigilator sees "
            "only that you reported it. Please answer it as well as you can."
        )
        if self._before is not None:
            said = _("You have reported this question. You can send other words.")
        yield words(said, classes="words")
        yield Essay(most=MAX_REPORT, id="report")
        with Horizontal(classes="buttons"):
            yield PushButton(_("Send"), id="send")
            yield PushButton(_("Go back"), id="back")

    def keys(self) -> tuple[Key, ...]:
        return (Key("tab", _("To the buttons"), "app.focus_next"), *super().keys()[1:])

    def on_mount(self) -> None:
        super().on_mount()
        report = self.query_one("#report", Essay)
        report.load_text(self._before or "")
        report.move_cursor(report.document.end)
        report.focus()

    @on(PushButton.Pressed, "#back")
    def _back(self) -> None:
        self.dismiss("")

    @on(PushButton.Pressed, "#send")
    async def _send(self) -> None:
        said = self.query_one("#report", Essay).text.strip()
        if await self.client.act(Work(Reported(self._item, said))):
            self.client.announce("Reported: question {number}.", number=self._number)
            self.dismiss("sent")
