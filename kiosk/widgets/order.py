"""Putting things in order: pick one, place it; move it by picking it up again.

Nothing is in order until it was placed: the list as first shown is no answer, even if
it happens to be right.
"""

from __future__ import annotations

from textual.content import Content

from exam_packages.content.items import Order
from exam_packages.content.values import Response
from exam_packages.language import _, say
from kiosk.widgets.answer import AnswerRows
from kiosk.widgets.lines import Row
from kiosk.widgets.text import inline, wrap


class OrderRows(AnswerRows):
    """An order interaction."""

    def __init__(self) -> None:
        super().__init__()
        self.interaction = Order("", (), (), 0, 0)
        self.placed: list[str] = []
        self.held: str | None = None

    def load(self, interaction: Order, response: Response | None, title: str) -> None:
        self.start(interaction, title, interaction.prompt)
        self.interaction = interaction
        self.placed = list(response.members) if response is not None else []
        self.held = None
        self.rebuild()

    def rows(self, width: int) -> list[Row]:
        choices = {choice.identifier: choice for choice in self.interaction.choices}
        rows = self.head(width)
        count = Content.styled(
            say("Your order: {placed} of {all} placed", placed=len(self.placed), all=len(choices)),
            "bold",
        )
        rows.append(Row("=", (count,), active=False))
        for number, identifier in enumerate(self.placed, 1):
            held = identifier == self.held
            first = Content.assemble(
                (f"  {number:>2}. ", "bold $mark"), ("↕ " if held else "", "bold $attention")
            )
            body = inline(choices[identifier].body).stylize("bold $attention" if held else "bold")
            rows.append(Row(identifier, tuple(wrap(body, width, first))))
        rest = [each for each in self.interaction.choices if each.identifier not in self.placed]
        if rest:
            title = Content.styled(_("Still to place:"), "bold")
            rows.append(Row("-", (Content(""), title), active=False))
            for choice in rest:
                first = Content.styled("   ○  ", "$mark")
                rows.append(Row(choice.identifier, tuple(wrap(inline(choice.body), width, first))))
        return [*rows, self.hint(*self._hints())]

    def _hints(self) -> list[str]:
        if self.held is not None:
            return [_("↑ ↓ move it"), _("Space puts it down"), _("Delete takes it out")]
        return [_("Space places, or picks up to move"), _("a number places there")]

    def choose(self, key: str) -> None:
        if self.held is not None:
            self.held = None
            self.rebuild()
        elif key in self.placed:
            self.held = key
            self.rebuild()
        else:
            self._place(key, len(self.placed))

    def click_row(self, row: Row, x: int, y: int) -> None:
        if self.held is not None and row.key in self.placed and row.key != self.held:
            held, self.held = self.held, None
            self._place(held, self.placed.index(row.key))
        else:
            self.choose(row.key)

    def drop(self, key: str) -> None:
        self.held = None
        if key in self.placed:
            self.placed.remove(key)
            self._changed()

    def letter(self, character: str) -> bool:
        if character not in "123456789" or self.cursor is None:
            return False
        if int(character) > len(self.interaction.choices):
            return False
        self.held = None
        self._place(self.cursor, int(character) - 1)
        return True

    def move(self, step: int) -> bool:
        if self.held is None:
            return super().move(step)
        here = self.placed.index(self.held)
        there = min(max(here + step, 0), len(self.placed) - 1)
        if there != here:
            self.placed.insert(there, self.placed.pop(here))
            self._changed()
        return True

    def on_blur(self) -> None:
        if self.held is not None:
            self.held = None
            self.rebuild()
        super().on_blur()

    def _place(self, key: str, position: int) -> None:
        """Put *key* at *position*; the cursor goes on to what is still to place."""
        fresh = key not in self.placed
        if not fresh:
            self.placed.remove(key)
        self.placed.insert(min(position, len(self.placed)), key)
        rest = [c.identifier for c in self.interaction.choices if c.identifier not in self.placed]
        self.cursor = rest[0] if fresh and rest else key
        self._changed()

    def _changed(self) -> None:
        self.rebuild()
        self.tell(*self.placed)
        self.call_after_refresh(self.show_cursor)
