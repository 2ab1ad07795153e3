"""What a word means: the terms of the question and its exhibit, and the entry of one."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from exam_packages.content import text as rich
from exam_packages.language import _, say
from kiosk.glossary import SUPPORTS, Entry
from kiosk.screens.base import Pane, words
from kiosk.widgets.bars import Key
from kiosk.widgets.lines import Row, Rows
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.text import Pictures, fit


class TermRows(Rows):
    """The terms; the entry of the one under the cursor stands below."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        super().__init__()
        self.entries = entries

    def rows(self, width: int) -> list[Row]:
        return [
            Row(str(number), (Content(f"  {fit(entry.words, width - 2)}"),))
            for number, entry in enumerate(self.entries)
        ]

    def move(self, step: int) -> bool:
        moved = super().move(step)
        self._open()
        return moved

    def choose(self, key: str) -> None:
        self.cursor = key
        self.refresh()
        self._open()

    def _open(self) -> None:
        if isinstance(self.screen, GlossaryPane) and self.cursor is not None:
            self.screen.open(self.entries[int(self.cursor)])


class GlossaryPane(Pane):
    """Opened for a question whose text has explained terms."""

    BINDINGS: ClassVar[list[BindingType]] = [("f6", "leave", "")]

    def __init__(self, entries: tuple[Entry, ...], pictures: Pictures) -> None:
        super().__init__()
        self.entries = entries
        self._pictures = pictures

    def body(self) -> ComposeResult:
        yield words(_("What a word means"), classes="heading")
        with VerticalScroll(can_focus=False, id="terms"):
            yield TermRows(self.entries)
        with VerticalScroll(can_focus=False, id="entry"):
            yield Sheet(id="entry-sheet")

    def keys(self) -> tuple[Key, ...]:
        return (Key("escape", _("Back to the question"), "leave"),)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(TermRows).focus()
        self.open(self.entries[0])

    def open(self, entry: Entry) -> None:
        """Show the entry of a term."""
        blocks: list[rich.Block] = []
        for card in entry.cards:
            title = _("Meaning")
            if card.support == SUPPORTS["keyword-translation"]:
                title = _("Translation")
            if card.language:
                title = say(_("{title} ({language})"), title=title, language=card.language)
            blocks += (rich.Heading(3, (rich.Text(title, 0),)), *card.body)
        self.query_one("#entry-sheet", Sheet).load(tuple(blocks), pictures=self._pictures)
        self.query_one("#entry").scroll_home(animate=False)
