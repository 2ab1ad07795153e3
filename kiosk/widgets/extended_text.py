"""A longer answer in the candidate's own words, with a word count and a bound."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static, TextArea
from textual.widgets.text_area import Edit, EditResult, Selection

from exam_packages.content.items import ExtendedText
from exam_packages.content.values import MAX_TEXT, Response
from exam_packages.language import _, ngettext, say
from kiosk.widgets.answer import Answered
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.text import harmless


class Essay(TextArea):
    """A text area that cannot be overfilled and whose undo cannot fail.

    Above 30,000 characters every key would take a noticeable time, and undoing a paste
    of some 48 lines ends the stock widget (Textual #6686): it re-wraps a range that is
    no longer there. Wrapping the whole bounded text instead costs a few milliseconds.
    """

    def __init__(self) -> None:
        super().__init__(
            soft_wrap=True, tab_behavior="focus", highlight_cursor_line=False, max_checkpoints=200
        )
        self.cursor_blink = False

    def edit(self, edit: Edit) -> EditResult:
        text = harmless(edit.text[: 4 * MAX_TEXT], lines=True)
        replaced = self.get_text_range(*sorted((edit.from_location, edit.to_location)))
        room = max(0, MAX_TEXT - len(self.text) + len(replaced))
        edit.text = text[:room]
        return super().edit(edit)

    def _undo_batch(self, edits: Sequence[Edit]) -> None:
        for edit in reversed(edits):
            edit.undo(self)
        self._settle(list(reversed(edits)))

    def _redo_batch(self, edits: Sequence[Edit]) -> None:
        for edit in edits:
            edit.do(self, record_selection=False)
        self._settle(list(edits))

    def _settle(self, edits: list[Edit]) -> None:
        if not edits:
            return
        self.wrapped_document.wrap(self.wrap_width, self.indent_width)
        # The cursor may still stand in lines that are gone; what follows looks at it.
        self.selection = Selection.cursor(self.document.end)
        self._refresh_size()
        for edit in edits:
            edit.after(self)
        self._build_highlight_map()
        self.post_message(self.Changed(self))


class ExtendedTextArea(Vertical):
    """An extended text interaction: its prompt, the text, its word count."""

    DEFAULT_CSS = """
    ExtendedTextArea { height: auto; }
    ExtendedTextArea Sheet { margin-bottom: 1; }
    ExtendedTextArea Essay { height: 10; }
    ExtendedTextArea .count { color: $quiet; padding: 0 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.interaction = ExtendedText("", (), 0, "", 0, 0, 1, "", False)
        self._prompt = Sheet(classes="prompt")
        self._essay = Essay()
        self._count = Static("", markup=False, classes="count")
        self._given = ""

    def compose(self) -> ComposeResult:
        yield self._prompt
        yield self._essay
        yield self._count

    def load(self, interaction: ExtendedText, response: Response | None, title: str) -> None:
        self.interaction = interaction
        self._given = response.members[0] if response is not None and response.members else ""
        self._prompt.load(interaction.prompt)
        self._prompt.display = bool(interaction.prompt)
        self._essay.placeholder = Content(harmless(interaction.placeholder))
        self._essay.styles.height = min(max(interaction.expected_lines, 6), 14) + 2
        if self._essay.text != self._given:
            self._essay.load_text(self._given)
        self._essay.move_cursor(self._essay.document.end)
        self._show_count()

    def _show_count(self) -> None:
        length = len(self._given)
        shown = ngettext("{n} word", "{n} words", len(self._given.split()))
        if length >= MAX_TEXT:
            shown += " · " + _("this answer is full: shorten it to write more")
        elif length > MAX_TEXT * 9 // 10:
            shown += " · " + say("{left} characters left", left=MAX_TEXT - length)
        self._count.update(Content(shown))

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        text = self._essay.text
        if text == self._given:
            return  # loaded, not typed
        self._given = text
        self._show_count()
        members = (text,) if text.strip() else ()
        self.post_message(Answered(self.interaction, members, typed=True))
