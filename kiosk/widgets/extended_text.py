"""A longer answer in the candidate's own words, with a word count and a bound."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static, TextArea
from textual.widgets.text_area import Edit, EditResult, Selection

from exam_packages.content.items import ExtendedText, fits
from exam_packages.content.values import MAX_TEXT, Response
from exam_packages.language import _, ngettext, say
from kiosk.widgets.answer import Answered
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.text import harmless

MOST_STRINGS = 20
"""Fields offered where a question asks for any number of texts."""


class Essay(TextArea):
    """A text area that cannot be overfilled and whose undo cannot fail.

    Above 30,000 characters every key would take a noticeable time, and undoing a paste
    of some 48 lines ends the stock widget (Textual #6686): it re-wraps a range that is
    no longer there. Wrapping the whole bounded text instead costs a few milliseconds.
    """

    def __init__(self, *, most: int = MAX_TEXT, id: str | None = None) -> None:
        super().__init__(
            id=id,
            soft_wrap=True,
            tab_behavior="focus",
            highlight_cursor_line=False,
            max_checkpoints=200,
        )
        self.cursor_blink = False
        self.most = most
        """Characters there is room for: less when the answer is in several texts."""

    def edit(self, edit: Edit) -> EditResult:
        text = harmless(edit.text[: 4 * self.most], lines=True)
        replaced = self.get_text_range(*sorted((edit.from_location, edit.to_location)))
        room = max(0, self.most - len(self.text) + len(replaced))
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


class Count(Static):
    """What there is of an answer, in words that change with nearly every key."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._words = ""

    def say(self, words: str) -> None:
        """Show *words*. Nothing is laid out anew while they stay on their one line."""
        if words == self._words:
            return
        self._words = words
        room = self.content_size
        self.update(Content(words), layout=room.height != 1 or cell_len(words) > room.width)


class ExtendedTextArea(Vertical):
    """An extended text interaction: its prompt, one text or several, what is asked of them."""

    DEFAULT_CSS = """
    ExtendedTextArea { height: auto; }
    ExtendedTextArea Sheet { margin-bottom: 1; }
    ExtendedTextArea Count { color: $quiet; padding: 0 2; height: auto; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.interaction = ExtendedText("", (), 0, "", 0, 0, 1, "", False)
        self._prompt = Sheet(classes="prompt")
        self._essays = [Essay()]
        self._count = Count()
        self._given: list[str] = [""]
        self._most = MAX_TEXT

    def bound(self, most: int) -> None:
        """Take at most so many characters, where that is less than usual."""
        self._most = most
        for essay in self._essays:
            essay.most = most
        self._show_count()

    def compose(self) -> ComposeResult:
        yield self._prompt
        yield from self._essays
        yield self._count

    @property
    def _several(self) -> bool:
        return self.interaction.max_strings != 1

    async def load(self, interaction: ExtendedText, response: Response | None, title: str) -> None:
        self.interaction = interaction
        self._given = list(response.members) if response is not None else []
        self._prompt.load(interaction.prompt)
        self._prompt.display = bool(interaction.prompt)
        await self._offer()
        for essay, text in zip(self._essays, self._given, strict=False):
            if essay.text != text:
                essay.load_text(text)
            essay.move_cursor(essay.document.end)
        self._show_count()

    async def _offer(self) -> None:
        """Have a field for each text there is, and one to go on with where more may come."""
        wanted = max(len(self._given), 1)
        if self._several:
            most = self.interaction.max_strings or MOST_STRINGS
            used = sum(1 for text in self._given if text)
            wanted = min(most, max(wanted, used + 1, self.interaction.min_strings))
        self._given += [""] * (wanted - len(self._given))
        while len(self._essays) < wanted:
            essay = Essay()
            await self.mount(essay, after=self._essays[-1])
            self._essays.append(essay)
        lines = min(max(self.interaction.expected_lines, 2 if self._several else 6), 14) + 2
        for number, essay in enumerate(self._essays):
            essay.display = number < wanted
            essay.styles.height = lines
            essay.placeholder = Content(harmless(self.interaction.placeholder))
            essay.border_title = Content(str(number + 1)) if self._several else None

    def _show_count(self) -> None:
        length = sum(map(len, self._given))
        words = sum(len(text.split()) for text in self._given)
        shown = [ngettext("{n} word", "{n} words", words)]
        expected = self.interaction.expected_length
        if expected:
            words_ = _("{length} of about {expected} characters")
            shown.append(say(words_, length=length, expected=expected))
        least = self.interaction.min_strings
        given = sum(1 for text in self._given if text.strip())
        if self._several:
            shown.append(ngettext("{n} answer", "{n} answers", given))
        if least > 1 and given < least:
            shown.append(ngettext("at least {n} is asked for", "at least {n} are asked for", least))
        if self.interaction.numeric:
            shown.append(_("a number"))
        if self._given and not self._fits():
            shown.append(_("not in the form that is asked for yet"))
        if length >= self._most:
            shown.append(_("this answer is full: shorten it to write more"))
        elif length > self._most * 9 // 10:
            shown.append(say("{left} characters left", left=self._most - length))
        self._count.say(" · ".join(shown))

    def _fits(self) -> bool:
        """Whether all that was written so far has the form that the question asks for."""
        members = tuple(text for text in self._given if text.strip())
        return fits(self.interaction.pattern, members)

    @on(TextArea.Changed)
    async def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        shown = [essay for essay in self._essays if essay.display]
        texts = [essay.text for essay in shown]
        if texts == self._given:
            return  # loaded, not typed
        self._given = texts
        if self._several:
            await self._offer()
        total = sum(map(len, texts))
        for essay in self._essays:
            essay.most = self._most - total + len(essay.text)
        self._show_count()
        members = tuple(text for text in texts if text.strip())
        self.post_message(Answered(self.interaction, members, typed=True))
