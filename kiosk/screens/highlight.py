"""Highlighting by keys: word by word, or a sentence at once, in the question or its exhibit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from exam_packages.attempt.workings import MAX_RUNS, Runs
from exam_packages.content.text import Block
from exam_packages.content.words import sentences, styled, words
from exam_packages.language import _
from kiosk.screens.base import Pane, show_words
from kiosk.screens.base import words as paragraph
from kiosk.widgets.bars import Key
from kiosk.widgets.text import HIGHLIGHTED, SELECTED


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


class HighlightPane(Pane):
    """The cursor stands on a word. *paint* shows what is selected in which text;
    *change* keeps new highlights of a text, *runs* says what they are."""

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

    def __init__(
        self,
        texts: tuple[Marked, ...],
        runs: Callable[[str], Runs],
        change: Callable[[str, Runs], None],
        paint: Callable[[str, tuple[int, int] | None], None],
    ) -> None:
        super().__init__()
        self._texts = texts
        self._runs = runs
        self._change = change
        self._paint = paint
        self._number = 0
        self._cursor = 0
        self._anchor: int | None = None
        self._last = max(0, len(words(texts[0].blocks)) - 1)

    @property
    def text(self) -> Marked:
        """The text the cursor is in."""
        return self._texts[self._number]

    def body(self) -> ComposeResult:
        yield paragraph(_("Highlight words"), classes="heading")
        yield paragraph("", id="how", classes="words")

    def keys(self) -> tuple[Key, ...]:
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
        self._paint("", None)

    def action_leave(self) -> None:
        if self._anchor is None:
            super().action_leave()
        else:
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
        self._number = (self._number + 1) % len(self._texts)
        self._cursor, self._anchor = 0, None
        self._last = max(0, len(words(self.text.blocks)) - 1)
        self._show()

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
        runs = self._runs(self.text.blob)
        kept = without_word(runs, self._cursor)
        if kept != runs:
            self._change(self.text.blob, kept)
        self._show()

    def _add(self, first: int, last: int) -> None:
        self._anchor = None
        runs = with_run(self._runs(self.text.blob), first, last)
        if len(runs) <= MAX_RUNS:
            self._change(self.text.blob, runs)
        else:
            self.client.announce("There are too many highlights in this text; take some back.")

    def _selected(self) -> tuple[int, int]:
        anchor = self._cursor if self._anchor is None else self._anchor
        return min(anchor, self._cursor), max(anchor, self._cursor)

    def _sentence_at(self) -> int:
        found = sentences(self.text.blocks)
        return next((n for n, run in enumerate(found) if run[0] <= self._cursor <= run[1]), 0)

    def _show(self) -> None:
        self._paint(self.text.blob, self._selected())
        how = _("← → by words, ↑ ↓ by sentences. Space begins, Space ends; Enter takes a sentence.")
        if self._anchor is not None:
            how = _("Go to the last word and press Space. Esc begins again.")
        show_words(self, "#how", how)
        self.tell()
