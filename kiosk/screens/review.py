"""Before handing in: what is unanswered or flagged; then a second, plain question."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll

from exam_packages.language import _, ngettext, say
from kiosk.course import answered_in, order
from kiosk.screens.base import show_words, words
from kiosk.screens.navigator import QuestionDialog, QuestionRows
from kiosk.widgets.button import PushButton

HAND_IN = "=hand-in"
"""A result that no item identifier can be."""


class ReviewDialog(QuestionDialog):
    """Opened with F10; its result is an item to go to, or :data:`HAND_IN`."""

    BINDINGS = [("f10", "leave", "")]  # noqa: RUF012 - Textual's own way

    def body(self) -> ComposeResult:
        items = order(self.course)
        unanswered = [item for item in items if not answered_in(self.course, item)]
        flagged = [item for item in items if self.course.flagged(item)]
        yield words(_("Review before handing in"), classes="heading")
        count = say(
            "{answered} of {all} questions are answered.",
            answered=len(items) - len(unanswered),
            all=len(items),
        )
        if unanswered:
            count += " " + ngettext(
                "{n} is not answered yet.", "{n} are not answered yet.", len(unanswered)
            )
        if flagged:
            count += " " + ngettext("{n} is flagged.", "{n} are flagged.", len(flagged))
        noted = len(self.course.workings.notes)
        if noted:
            count += " " + ngettext("✎ {n} has a note.", "✎ {n} have notes.", noted)
        if self.course.workings.scratchpad:
            count += " " + _("✎ The scratchpad has notes (F6, S).")
        closed = [item for item in unanswered if self.course.ways.closed(item)]
        if closed:
            count += " " + ngettext(
                "{n} of them is closed.", "{n} of them are closed.", len(closed)
            )
        yield words(count)
        required = [items.index(item) + 1 for item in self.course.ways.required(None)]
        if required:
            numbers = ", ".join(map(str, required))
            said = say("These questions must be answered first: {numbers}.", numbers=numbers)
            yield words(said, classes="problem")
        with VerticalScroll(can_focus=False):
            only = frozenset([*unanswered, *flagged]) - frozenset(closed)
            if only:
                yield words(_("Open a question with Enter:"), classes="quiet")
                yield QuestionRows(self.course, only)
        with Horizontal(classes="buttons"):
            yield PushButton(_("Back to the questions"), id="back")
            yield PushButton(_("Hand in …"), id="hand-in")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#back").focus()

    def on_question_rows_chosen(self, event: QuestionRows.Chosen) -> None:
        event.stop()
        self.dismiss(event.item)

    @on(PushButton.Pressed)
    def _pressed(self, event: PushButton.Pressed) -> None:
        self.dismiss(HAND_IN if event.button.id == "hand-in" else "")


class HandInDialog(QuestionDialog):
    """The second question. The focus stands on going back."""

    def body(self) -> ComposeResult:
        yield words(_("Hand in now?"), classes="heading")
        yield words(_("After handing in, no answer can be changed."))
        yield words("", id="unanswered", classes="problem")
        with Horizontal(classes="buttons"):
            yield PushButton(_("No, go back"), id="no")
            yield PushButton(_("Yes, hand in"), id="yes")

    def on_mount(self) -> None:
        super().on_mount()
        open_ = [item for item in order(self.course) if not answered_in(self.course, item)]
        said = ngettext("{n} question has no answer.", "{n} questions have no answer.", len(open_))
        show_words(self, "#unanswered", said if open_ else "")
        self.query_one("#no").focus()

    @on(PushButton.Pressed)
    def _pressed(self, event: PushButton.Pressed) -> None:
        self.dismiss(event.button.id or "")
