"""Rows of which some can be struck out: no answer, and none is changed by it."""

from __future__ import annotations

from textual import events
from textual.message import Message

from exam_packages.content.items import Interaction
from exam_packages.language import _
from kiosk.widgets.answer import AnswerRows

STRIKE, UNDO, RIGHT = "-", "ctrl+z", 3


class StrikingRows(AnswerRows):
    """Struck out by :data:`STRIKE` or the right button of the mouse, where the form allows it.

    What is struck out can still be chosen, which takes the strike off; what is an answer cannot be
    struck out. A subclass says what the cursor is on, by the name its response would give it.
    """

    class Struck(Message):
        """Something was struck out, or that was taken back."""

        def __init__(self, interaction: Interaction, choice: str, on: bool) -> None:
            super().__init__()
            self.interaction = interaction
            self.choice = choice
            self.on = on

    def __init__(self) -> None:
        super().__init__()
        self.struck: set[str] | None = None
        """What is struck out; ``None`` where nothing may be."""
        self._strikes: list[str] = []
        self._answer_kept = False

    def begin_striking(self, struck: set[str] | None) -> None:
        """Begin with what is struck out in another question."""
        self.struck = struck
        self._strikes = []
        self._answer_kept = False

    def under_cursor(self) -> str | None:
        """What could be struck out where the cursor is."""
        return self.cursor

    def is_answer(self, name: str) -> bool:
        """Whether *name* is part of the answer."""
        raise NotImplementedError  # each kind has its own; a widget's class cannot be abstract

    def aim(self, x: int, y: int) -> bool:
        """Put the cursor on what is at a cell of this widget's content; whether something is."""
        row = self._row_at(y)
        if row is None or not row.active:
            return False
        self.cursor = row.key
        return True

    def unfold(self) -> None:
        """The cursor is on nothing that could be struck out: show what could be."""

    def is_struck(self, name: str) -> bool:
        """Whether *name* stands struck out."""
        return bool(self.struck) and name in (self.struck or ()) and not self.is_answer(name)

    def strike(self, name: str) -> None:
        """Strike *name* out, or take that back."""
        if self.struck is None:
            return
        self._answer_kept = self.is_answer(name)
        if not self._answer_kept:
            self._strike(name, on=name not in self.struck)
            self._strikes.append(name)
        self.rebuild()

    def chose(self, *names: str) -> None:
        """*names* were chosen: no strike stays on them."""
        self._answer_kept = False
        for name in names:
            self._strike(name, on=False)

    def striking_hints(self) -> list[str]:
        """What to say of it beneath the choices."""
        return [_("- strikes out")] if self.struck is not None else []

    def refused_strike(self) -> str:
        """Why the last key struck nothing out, if it did not."""
        words = _("This is your answer: take it back before you strike it out")
        return words if self._answer_kept else ""

    def _strike(self, name: str, *, on: bool) -> None:
        if self.struck is not None and on != (name in self.struck) and self.loaded is not None:
            (self.struck.add if on else self.struck.discard)(name)
            self.post_message(self.Struck(self.loaded, name, on))

    def letter(self, character: str) -> bool:
        if character != STRIKE or self.struck is None or self.cursor is None:
            return super().letter(character)
        name = self.under_cursor()
        if name is None:
            self.unfold()
        else:
            self.strike(name)
        return True

    def _press(self, event: events.Key) -> bool:
        if event.key == UNDO and self._strikes:
            self.strike(self._strikes.pop())
            self._strikes.pop()  # an undo is not undone
            return True
        return super()._press(event)

    def on_click(self, event: events.Click) -> None:
        if event.button != RIGHT:
            return  # as for all rows
        event.stop()
        event.prevent_default()
        gutter = self.styles.gutter
        if self.aim(event.x - gutter.left, event.y - gutter.top):
            name = self.under_cursor()
            if name is not None:
                self.strike(name)
            self.refresh()
