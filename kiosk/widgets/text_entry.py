"""A short typed answer, for a gap in a line of text."""

from __future__ import annotations

import re

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.geometry import Size
from textual.reactive import var
from textual.widgets import Input, Static

from exam_packages.content.items import TextEntry, fits
from exam_packages.content.values import Response
from exam_packages.language import _
from kiosk.widgets.answer import Answered
from kiosk.widgets.text import harmless

MAX_ENTRY = 1000
"""Characters in a short answer."""
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
"""XML Schema's forms of a number, in which answers are compared."""


class Field(Input):
    """A one-line field whose text is harmless and bounded, typed or pasted."""

    def __init__(self, *, id: str | None = None, most: int = MAX_ENTRY) -> None:
        super().__init__(id=id, max_length=most, select_on_focus=False)
        self.cursor_blink = False

    def replace(self, text: str, start: int, end: int) -> None:
        text = harmless(text)
        room = (self.max_length or MAX_ENTRY) - len(self.value) + abs(end - start)
        super().replace(text[: max(0, room)], start, end)

    def _on_paste(self, event: events.Paste) -> None:
        """Paste the first line; the stock handler fails on a paste of line ends alone."""
        event.stop()
        event.prevent_default()
        line = harmless(event.text[:MAX_ENTRY], lines=True).strip("\n").partition("\n")[0]
        self.replace(line, *sorted(self.selection))

    def restricted(self) -> None:
        """Stay silent: a bell would tell the hall that somebody mistyped."""


class Words(Static):
    """A few words beside the field."""

    virtual_size = var(Size(0, 0))
    """No second layout for a new size: see :class:`kiosk.widgets.lines.Lines`."""


class TextEntryField(Horizontal):
    """A text entry interaction: its label, its field, what is expected of it."""

    DEFAULT_CSS = """
    TextEntryField { height: 3; }
    TextEntryField .label { width: auto; padding: 1 1 0 2; color: $mark; text-style: bold; }
    TextEntryField .note { width: 1fr; padding: 1 0 0 1; color: $quiet; }
    """

    virtual_size = var(Size(0, 0))

    def __init__(self) -> None:
        super().__init__()
        self.interaction = TextEntry("", 0, "", "", False)
        self._label = Words("", markup=False, classes="label")
        self._field = Field()
        self._note = Words("", markup=False, classes="note")
        self._given = ""
        self._noted = ""
        self.title = ""

    def compose(self) -> ComposeResult:
        yield self._label
        yield self._field
        yield self._note

    def load(self, interaction: TextEntry, response: Response | None, title: str) -> None:
        self.interaction = interaction
        self._given = response.members[0] if response is not None and response.members else ""
        self.title = title
        self._label.update(Content(title))
        self._field.placeholder = harmless(interaction.placeholder)
        wanted = interaction.expected_length or (12 if interaction.numeric else 30)
        self._field.styles.width = min(max(wanted, 8), 48) + 7
        self._field.value = self._given
        self._field.cursor_position = len(self._given)
        self._tell_form()

    def _tell_form(self) -> None:
        """Say what is asked for, and when what was typed is not that yet."""
        text = self._given
        if self.interaction.numeric and text.strip() and not NUMBER.fullmatch(text.strip()):
            note = _("not a number yet: digits, and a dot before decimals")
        elif text and not fits(self.interaction.pattern, (text,)):
            note = _("not in the form that is asked for yet")
        else:
            note = _("a number") if self.interaction.numeric else ""
        if note != self._noted:
            self._noted = note
            self._note.update(Content(note))

    def put(self, text: str) -> None:
        """Answer with *text*, as if it had been typed."""
        self._field.value = text
        self._field.cursor_position = len(text)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        text = self._field.value  # not the event's: another question may stand here by now
        if text == self._given:
            return  # loaded, not typed
        self._given = text
        self._tell_form()
        members = (text,) if text.strip() else ()
        self.post_message(Answered(self.interaction, members, typed=True))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()
