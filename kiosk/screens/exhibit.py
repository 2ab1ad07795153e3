"""The exhibit on the screen, and finding words in it."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from exam_packages.language import _, say
from kiosk.linebreaks import parts_without_space
from kiosk.screens.base import Pane, show_words, words
from kiosk.widgets.bars import Key
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.text_entry import Field

MAX_QUERY = 80
FOUND, HERE = "underline $ground on $good", "bold $ground on $attention"

Place = tuple[tuple[int, int, int], ...]
"""Where a find stands: line, first column, column after the last; one for each line."""


class ExhibitSheet(Sheet):
    """An exhibit in which words can be found, across the ends of lines too."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.query_words = ""
        self.here = 0
        self.places: list[Place] = []

    def find(self, query: str) -> None:
        """Mark where *query* stands; nothing when it is empty."""
        self.query_words = query
        self.here = 0
        self._look()
        self.refresh()

    def go(self, step: int) -> None:
        """The next find, or the one before; after the last comes the first."""
        if self.places:
            self.here = (self.here + step) % len(self.places)
            self.refresh()

    def build(self, width: int) -> list[Content]:
        self._lines = super().build(width)
        self._look()
        return self._lines

    def _look(self) -> None:
        self.places = places([line.plain for line in self._lines], self.query_words)
        self.here = min(self.here, max(0, len(self.places) - 1))

    def dress(self, y: int, line: Content, width: int) -> Content:
        for number, place in enumerate(self.places):
            style = HERE if number == self.here else FOUND
            for at, first, end in place:
                if at == y:
                    line = line.stylize(style, first, end)
        return line


def places(lines: list[str], query: str) -> list[Place]:
    """Where *query* stands in *lines*, whatever its capitals and spaces."""
    wanted = _lower(" ".join(query.split()))
    if not wanted:
        return []
    text: list[str] = []
    at: list[tuple[int, int]] = []
    for y, line in enumerate(lines):
        for x, character in enumerate(f"{line} "):
            if character.isspace() and (not text or text[-1] == " "):
                continue
            if text and at[-1][0] == y - 1 and parts_without_space("".join(text[-2:]), character):
                text.pop()  # the end of a line within words that no space parts
                at.pop()
            text.append(" " if character.isspace() else character)
            at.append((y, x))
    whole = _lower("".join(text))
    found: list[Place] = []
    start = whole.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        rows: dict[int, list[int]] = {}
        for (y, x), character in zip(at[start:end], whole[start:end], strict=True):
            if character != " " or x < len(lines[y]):
                rows.setdefault(y, []).append(x)
        found.append(tuple((y, min(columns), max(columns) + 1) for y, columns in rows.items()))
        start = whole.find(wanted, end)
    return found


def _lower(text: str) -> str:
    """*text* in small letters, character for character, so that places stay places."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


class SearchPane(Pane):
    """Marks while it is typed; Enter and ↓ go to the next find, ↑ to the one before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f6", "leave", show=False, priority=True),
        Binding("down", "go(1)", show=False),
        Binding("up", "go(-1)", show=False),
    ]

    def __init__(self, sheet: ExhibitSheet) -> None:
        super().__init__()
        self.sheet = sheet

    def body(self) -> ComposeResult:
        yield words(_("Find in the exhibit"), classes="heading")
        yield Field(id="query", most=MAX_QUERY)
        yield words("", id="found", classes="quiet")

    def keys(self) -> tuple[Key, ...]:
        return (
            Key("down", _("Next"), "go(1)"),
            Key("up", _("Before"), "go(-1)"),
            Key("escape", _("Go back"), "leave"),
        )

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#query", Field).focus()
        self._tell_found()

    def on_unmount(self) -> None:
        self.sheet.find("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.sheet.find(self.query_one("#query", Field).value)
        self._show()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_go(1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.action_go(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.action_go(-1)

    def action_go(self, step: int) -> None:
        self.sheet.go(step)
        self._show()

    def _show(self) -> None:
        sheet = self.sheet
        if sheet.places and sheet.parent is not None:
            line = sheet.places[sheet.here][0][0]
            if isinstance(sheet.parent, Widget):
                sheet.parent.scroll_to(y=max(0, line - 3), animate=False)
        self._tell_found()

    def _tell_found(self) -> None:
        sheet = self.sheet
        said = ""
        if sheet.places:
            said = say(_("{number} of {all}"), number=sheet.here + 1, all=len(sheet.places))
        elif sheet.query_words.strip():
            said = _("This does not stand in the exhibit.")
        show_words(self, "#found", said)
