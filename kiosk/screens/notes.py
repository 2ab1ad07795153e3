"""A place to write beside the answers: a note on a question, the scratchpad."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static, TextArea

from exam_packages.language import _, say
from kiosk.screens.base import Pane, show_words, words
from kiosk.widgets.bars import Key
from kiosk.widgets.extended_text import Essay


class NotePane(Pane):
    """Text of at most *most* characters; *write* is told with every key, and saves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f6", "leave", show=False, priority=True),
    ]

    def __init__(self, title: str, text: str, most: int, write: Callable[[str], None]) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._most = most
        self._write = write

    def body(self) -> ComposeResult:
        yield words(self._title, classes="heading")
        yield Essay(most=self._most, id="note")
        yield Static("", id="left", markup=False, classes="quiet")

    def keys(self) -> tuple[Key, ...]:
        return (Key("escape", _("Back to the question"), "leave"),)

    def on_mount(self) -> None:
        super().on_mount()
        note = self.query_one("#note", Essay)
        note.load_text(self._text)
        note.move_cursor(note.document.end)
        note.focus()
        self._tell_room()

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        text = self.query_one("#note", Essay).text
        if text == self._text:
            return  # loaded, not typed
        self._text = text
        self._write(text)
        self._tell_room()
        self.client.wake()

    def _tell_room(self) -> None:
        left = self._most - len(self._text)
        said = _("Kept, and never scored.")
        if left <= 0:
            said = _("This is full: shorten it to write more.")
        elif left < self._most // 5:
            said += " " + say("{left} characters left", left=left)
        show_words(self, "#left", said)
