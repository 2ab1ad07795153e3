"""Putting things in order: pick one, place it; move it by picking it up again.

Nothing is in order until it was placed: the list as first shown is no answer, even if
it happens to be right.
"""

from __future__ import annotations

from textual.content import Content

from exam_packages.content.items import Area, GraphicOrder, Order, SimpleChoice
from exam_packages.content.values import Response
from exam_packages.language import _, ngettext, say
from kiosk.widgets.answer import AnswerRows, only
from kiosk.widgets.areas import choices, letter, middle, number_of
from kiosk.widgets.blocks import paragraph
from kiosk.widgets.canvas import Mark
from kiosk.widgets.lines import Row


class OrderRows(AnswerRows):
    """An order or a graphic order interaction."""

    def __init__(self) -> None:
        super().__init__()
        self.choices: tuple[SimpleChoice, ...] = ()
        self.least = self.most = 0
        self.placed: list[str] = []
        self.held: str | None = None
        self.full = ""

    def load(
        self, interaction: Order | GraphicOrder, response: Response | None, title: str
    ) -> None:
        if isinstance(interaction, GraphicOrder):
            picture, areas = interaction.picture, interaction.areas
            self.start(interaction, title, interaction.prompt, picture, areas)
            self.choices = choices(areas, picture)
        else:
            self.start(interaction, title, interaction.prompt)
            self.choices = interaction.choices
        self.least, self.most = interaction.min_choices, interaction.max_choices
        self.placed = list(response.members) if response is not None else []
        self.held = None
        self.full = ""
        self.rebuild()

    @property
    def _letters(self) -> dict[str, str]:
        return {choice.identifier: letter(n) for n, choice in enumerate(self.choices)}

    @property
    def _limit(self) -> int:
        return self.most or len(self.choices)

    def rows(self, width: int) -> list[Row]:
        bodies = {choice.identifier: choice.body for choice in self.choices}
        letters = self._letters
        rows = self.head(width)
        rows.append(Row("=", (Content.styled(self._count(), "bold"),), active=False))
        for number, identifier in enumerate(self.placed, 1):
            held = identifier == self.held
            first = Content.assemble(
                (f"  {number:>2}. ", "bold $mark"),
                ("↕ " if held else "", "bold $attention"),
                (f"{letters[identifier]} ", "bold"),
            )
            style = "bold $attention" if held else "bold"
            lines = paragraph(
                bodies[identifier], width, first, pictures=self.pictures, style=style, most=6
            )
            rows.append(Row(identifier, tuple(lines)))
        rest = [each for each in self.choices if each.identifier not in self.placed]
        if rest:
            words = _("Still to place:") if not self.most else _("To choose from:")
            title = Content.styled(words, "bold")
            rows.append(Row("-", (Content(""), title), active=False))
            for choice in rest:
                name = f"{letters[choice.identifier]} "
                first = Content.assemble(("   ○  ", "$mark"), (name, "$quiet"))
                lines = paragraph(choice.body, width, first, pictures=self.pictures, most=6)
                rows.append(Row(choice.identifier, tuple(lines)))
        return [*rows, self.hint(width, *self._hints())]

    def _count(self) -> str:
        placed, least, most = len(self.placed), self.least, self._limit
        if self.most and least < most:
            words = _("Your order: {placed} placed, of {least} to {most}")
            return say(words, placed=placed, least=least, most=most)
        return say(_("Your order: {placed} of {all} placed"), placed=placed, all=most)

    def _hints(self) -> list[str]:
        if self.full:
            return [self.full]
        if self.held is not None:
            return [_("↑ ↓ move it"), _("Space puts it down"), _("Delete takes it out")]
        hints = [_("Space or the letter places, or picks up to move"), _("a number places there")]
        if self.most and self.most < len(self.choices):
            hints.append(ngettext("place up to {n}", "place up to {n}", self.most))
        return hints

    def marks(self) -> list[Mark]:
        letters = self._letters
        marks = []
        for area in self.areas:
            placed = area.identifier in self.placed
            name = letters[area.identifier]
            label = f"{self.placed.index(area.identifier) + 1}.{name}" if placed else name
            here = self.has_focus and area.identifier == self.cursor
            marks.append(Mark(label, middle(area), area, placed, here))
        return marks

    def choose(self, key: str) -> None:
        self.full = ""
        if self.held is not None:
            self.held = None
            self.rebuild()
        elif key in self.placed:
            self.held = key
            self.rebuild()
        else:
            self._place(key, len(self.placed))

    def choose_area(self, area: Area) -> None:
        self.held, self.full = None, ""
        self.cursor = area.identifier
        if area.identifier in self.placed:
            self.rebuild()
        else:
            self._place(area.identifier, len(self.placed))

    def click_row(self, row: Row, x: int, y: int) -> None:
        if self.held is not None and row.key in self.placed and row.key != self.held:
            held, self.held = self.held, None
            self._place(held, self.placed.index(row.key))
        else:
            self.choose(row.key)

    def drop(self, key: str) -> None:
        self.held, self.full = None, ""
        if key in self.placed:
            self.placed.remove(key)
            self._changed()

    def letter(self, character: str) -> bool:
        if self.cursor is not None and character in "123456789":
            if int(character) > self._limit:
                return False
            self.held, self.full = None, ""
            self._place(self.cursor, int(character) - 1)
            return True
        number = number_of(character)
        if not 0 <= number < len(self.choices):
            return False
        self.held = None
        self.cursor = self.choices[number].identifier
        self.choose(self.cursor)
        self.show_cursor()
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
        if fresh and len(self.placed) >= self._limit:
            self.full = only(self._limit)
            self.rebuild()
            return
        if not fresh:
            self.placed.remove(key)
        self.placed.insert(min(position, len(self.placed)), key)
        rest = [each.identifier for each in self.choices if each.identifier not in self.placed]
        self.cursor = rest[0] if fresh and rest else key
        self._changed()

    def _changed(self) -> None:
        self.rebuild()
        self.tell(*self.placed)
        self.call_after_refresh(self.show_cursor)
