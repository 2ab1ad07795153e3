"""Highlighting in the question or its exhibit: by keys, word by word or a sentence at once; by
mouse, dragging over words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.errors import NoWidget

from exam_packages.attempt.workings import MAX_RUNS, Runs
from exam_packages.content.text import Block
from exam_packages.content.words import sentences, styled, words
from exam_packages.language import _
from kiosk.screens.base import Pane, show_words
from kiosk.screens.base import words as paragraph
from kiosk.widgets.bars import Key
from kiosk.widgets.pointing import Pointed
from kiosk.widgets.text import HIGHLIGHTED, SELECTED

LEFT = 1
"""The button of the mouse."""
WHEEL = 3
"""Lines that a turn of its wheel goes."""


@dataclass(frozen=True)
class Marked:
    """A text on the screen whose words can be highlighted, by its blob."""

    blob: str
    blocks: tuple[Block, ...]


def dressed(
    blocks: tuple[Block, ...], runs: Runs, selected: tuple[int, int] | None = None
) -> tuple[Block, ...]:
    """*blocks* with their highlights, and with what is being selected."""
    if not runs and selected is None:
        return blocks
    marks: dict[int, int] = {}
    for first, last in runs[:MAX_RUNS]:
        for word in range(first, last + 1):
            marks[word] = HIGHLIGHTED
    if selected is not None:
        for word in range(selected[0], selected[1] + 1):
            marks[word] = SELECTED

    def between(word: int) -> int:
        return marks.get(word, 0) if marks.get(word) == marks.get(word - 1) else 0

    return styled(blocks, lambda word: marks.get(word, 0), between)


def with_run(runs: Runs, first: int, last: int) -> Runs:
    """*runs* and one more; those that touch become one."""
    joined: list[tuple[int, int]] = []
    for run in sorted((*runs, (first, last))):
        if joined and run[0] <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], run[1]))
        else:
            joined.append(run)
    return tuple(joined)


def without_word(runs: Runs, word: int) -> Runs:
    """*runs* without the one that *word* is in."""
    return tuple(run for run in runs if not run[0] <= word <= run[1])


@dataclass(frozen=True)
class Texts:
    """What the pane asks of the screen behind it. ``runs`` are the highlights of a text,
    ``change`` keeps others; ``paint`` shows what is selected in which text, and with the last
    argument brings it into sight; ``point`` is the word at a cell of the screen, in the text
    that stands there or nearest to it in one, and the number of the text; ``scroll`` moves what is
    there by so many lines."""

    runs: Callable[[str], Runs]
    change: Callable[[str, Runs], None]
    paint: Callable[[str, tuple[int, int] | None, bool], None]
    point: Callable[[int, int, int | None], tuple[int, Pointed] | None]
    scroll: Callable[[int, int, int], None]


class HighlightPane(Pane):
    """The cursor stands on a word. The mouse drags from word to word; where it leaves the text,
    to the word that is nearest."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "word(1)", show=False),
        Binding("left", "word(-1)", show=False),
        Binding("down", "sentence(1)", show=False),
        Binding("up", "sentence(-1)", show=False),
        Binding("space", "mark", show=False),
        Binding("enter", "mark_sentence", show=False),
        Binding("delete,backspace", "unmark", show=False),
        Binding("f4", "text", show=False),
        Binding("f6", "leave", show=False),
    ]

    def __init__(self, texts: tuple[Marked, ...], access: Texts) -> None:
        super().__init__()
        self._texts = texts
        self._access = access
        self._number = 0
        self._cursor = 0
        self._anchor: int | None = None
        self._pressed: tuple[int, int] | None = None
        """The cell where the mouse was pressed, while it is."""
        self._offered = False
        """Whether a click asked for the highlight under the cursor to be taken off."""
        self._last = max(0, len(words(texts[0].blocks)) - 1)

    @property
    def text(self) -> Marked:
        """The text the cursor is in."""
        return self._texts[self._number]

    def body(self) -> ComposeResult:
        yield paragraph(_("Highlight words"), classes="heading")
        yield paragraph("", id="how", classes="words")

    def keys(self) -> tuple[Key, ...]:
        if self._offered:
            return (
                Key("delete", _("Take off"), "unmark"),
                Key("escape", _("Keep it"), "leave"),
            )
        keys = [
            Key("space", _("End here") if self._anchor is not None else _("Begin here"), "mark"),
            Key("enter", _("Sentence"), "mark_sentence"),
            Key("delete", _("Take off"), "unmark"),
        ]
        if len(self._texts) > 1:
            keys.append(Key("f4", _("Other text"), "text"))
        keys.append(Key("escape", _("Go back"), "leave"))
        return tuple(keys)

    def on_mount(self) -> None:
        super().on_mount()
        self._show()

    def on_unmount(self) -> None:
        self._let_go()
        self._access.paint("", None, False)

    def action_leave(self) -> None:
        if self._anchor is None and not self._offered:
            super().action_leave()
        else:
            self._let_go()
            self._anchor = None
            self._show()

    def action_word(self, step: int) -> None:
        self._cursor = min(max(self._cursor + step, 0), self._last)
        self._show()

    def action_sentence(self, step: int) -> None:
        found = sentences(self.text.blocks)
        here = self._sentence_at()
        if 0 <= here + step < len(found):
            self._cursor = found[here + step][0]
        self._show()

    def action_text(self) -> None:
        """Go to the next text: the question, each exhibit."""
        self._turn_to((self._number + 1) % len(self._texts))
        self._cursor = 0
        self._show()

    def _turn_to(self, number: int) -> None:
        """Be in the text *number* from now on."""
        if number != self._number:
            self._number, self._anchor = number, None
            self._last = max(0, len(words(self.text.blocks)) - 1)

    def action_mark(self) -> None:
        """Begin at this word; the second time, highlight up to this word."""
        if self._anchor is None:
            self._anchor = self._cursor
        else:
            self._add(*self._selected())
        self._show()

    def action_mark_sentence(self) -> None:
        found = sentences(self.text.blocks)
        if found:
            self._add(*found[self._sentence_at()])
        self._show()

    def action_unmark(self) -> None:
        runs = self._access.runs(self.text.blob)
        kept = without_word(runs, self._cursor)
        if kept != runs:
            self._access.change(self.text.blob, kept)
        self._show()

    # The mouse. Any report may be missing, or come twice.

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin at the word that is pressed, if one is."""
        if event.button != LEFT or self._covers(event.screen_x, event.screen_y):
            return
        found = self._access.point(event.screen_x, event.screen_y, None)
        if found is None:
            return
        self._let_go()
        number, pointed = found
        self._turn_to(number)
        self._anchor = self._cursor = pointed.number
        self._pressed = (event.screen_x, event.screen_y)
        self.capture_mouse()
        self._show(follow=False)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Select up to the word under the mouse, or nearest to it."""
        if self._pressed is None:
            return
        if event.button != LEFT:  # it was let go where nobody told us
            self._finish()
        elif (event.screen_x, event.screen_y) != self._pressed:
            self._drag(event.screen_x, event.screen_y)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Highlight what was dragged over; a click goes to a word, or asks for the highlight
        there to be taken off."""
        if self._pressed is None:
            return
        if (event.screen_x, event.screen_y) != self._pressed or self._cursor != self._anchor:
            self._drag(event.screen_x, event.screen_y)
            self._finish()
            return
        found = self._access.point(event.screen_x, event.screen_y, self._number)
        self._let_go()
        self._anchor = None
        runs = self._access.runs(self.text.blob)
        on_word = found is not None and found[1].on
        self._offered = on_word and without_word(runs, self._cursor) != runs
        self._show(follow=False)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll(event.screen_x, event.screen_y, WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll(event.screen_x, event.screen_y, -WHEEL)

    def _scroll(self, x: int, y: int, lines: int) -> None:
        self._access.scroll(x, y, lines)
        if self._pressed is not None:
            self._drag(x, y)

    def _covers(self, x: int, y: int) -> bool:
        """Whether something of this pane stands at a cell."""
        try:
            return self.get_widget_at(x, y)[0] is not self
        except NoWidget:  # a report may name any cell
            return True

    def _drag(self, x: int, y: int) -> None:
        found = self._access.point(x, y, self._number)
        if found is not None and found[1].number != self._cursor:
            self._cursor = found[1].number
            self._show(follow=False)

    def _finish(self) -> None:
        """Highlight what is selected."""
        self._let_go()
        if self._anchor is not None:
            self._add(*self._selected())
        self._show(follow=False)

    def _let_go(self) -> None:
        """The mouse is no longer pressed, and nothing is asked."""
        self._offered = False
        if self._pressed is not None:
            self._pressed = None
            self.release_mouse()

    def _add(self, first: int, last: int) -> None:
        self._let_go()
        self._anchor = None
        runs = with_run(self._access.runs(self.text.blob), first, last)
        if len(runs) <= MAX_RUNS:
            self._access.change(self.text.blob, runs)
        else:
            self.client.announce("There are too many highlights in this text; take some back.")

    def _selected(self) -> tuple[int, int]:
        anchor = self._cursor if self._anchor is None else self._anchor
        return min(anchor, self._cursor), max(anchor, self._cursor)

    def _sentence_at(self) -> int:
        found = sentences(self.text.blocks)
        return next((n for n, run in enumerate(found) if run[0] <= self._cursor <= run[1]), 0)

    def _show(self, *, follow: bool = True) -> None:
        """Show what is selected. After a key (*follow*) it is brought into sight, and what a click
        asked is over."""
        self._offered = self._offered and not follow
        self._access.paint(self.text.blob, self._selected(), follow)
        how = _(
            "Drag over words with the mouse. Or ← → by words, ↑ ↓ by sentences: Space begins, "
            "Space ends; Enter takes a sentence."
        )
        if self._pressed is not None:
            how = _("Let go at the last word. Esc begins again.")
        elif self._anchor is not None:
            how = _("Go to the last word and press Space. Esc begins again.")
        elif self._offered:
            how = _("This is highlighted. Take it off? Delete does; Esc keeps it.")
        show_words(self, "#how", how)
        self.tell()
