"""One choice or several, from a list or on a picture: ○ ● or ☐ ☑ before each, a letter to
press for each."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message

from exam_packages.content.items import Area, Choice, Hotspot, SimpleChoice
from exam_packages.content.values import Response
from exam_packages.language import _, ngettext
from kiosk.widgets.answer import AnswerRows
from kiosk.widgets.areas import choices, letter, middle, number_of
from kiosk.widgets.blocks import paragraph
from kiosk.widgets.canvas import Mark
from kiosk.widgets.lines import Row

STRIKE, UNDO, RIGHT = "-", "ctrl+z", 3


class ChoiceRows(AnswerRows):
    """A choice or a hotspot interaction. A choice can be struck out, where the form allows
    it: that is no answer and changes none."""

    class Struck(Message):
        """A choice was struck out, or that was taken back."""

        def __init__(self, interaction: Choice | Hotspot, choice: str, on: bool) -> None:
            super().__init__()
            self.interaction = interaction
            self.choice = choice
            self.on = on

    def __init__(self) -> None:
        super().__init__()
        self.interaction: Choice | Hotspot = Choice("", (), (), 0, 1)
        self.choices: tuple[SimpleChoice, ...] = ()
        self.most = 1
        self.chosen: tuple[str, ...] = ()
        self.too_many = False
        self.struck: set[str] | None = None
        self._strikes: list[str] = []
        self._answer_kept = False

    def load(
        self,
        interaction: Choice | Hotspot,
        response: Response | None,
        title: str,
        struck: set[str] | None = None,
    ) -> None:
        """Show another question; *struck* is ``None`` where nothing may be struck out."""
        self.struck = struck
        self._strikes = []
        self._answer_kept = False
        self.interaction = interaction
        if isinstance(interaction, Hotspot):
            picture, areas = interaction.picture, interaction.areas
            self.start(interaction, title, interaction.prompt, picture, areas)
            self.choices = choices(areas, picture)
        else:
            self.start(interaction, title, interaction.prompt)
            self.choices = interaction.choices
        self.most = interaction.max_choices
        self.chosen = response.members if response is not None else ()
        self.too_many = False
        self.cursor = self.chosen[0] if self.chosen else None
        self.rebuild()

    @property
    def single(self) -> bool:
        return self.most == 1

    def _mark(self, identifier: str) -> str:
        chosen = identifier in self.chosen
        return ("●" if chosen else "○") if self.single else ("☑" if chosen else "☐")

    def rows(self, width: int) -> list[Row]:
        rows = self.head(width)
        for number, choice in enumerate(self.choices):
            chosen = choice.identifier in self.chosen
            first = Content.assemble(
                (f"  {letter(number)} ", "bold" if chosen else "$quiet"),
                (f"{self._mark(choice.identifier)} ", "bold $mark" if chosen else ""),
            )
            style = "bold $mark" if chosen else ""
            if not chosen and self.struck and choice.identifier in self.struck:
                first = Content.styled(f"  {letter(number)} ✕ ", "$quiet")
                style = "strike $quiet"
            lines = paragraph(
                choice.body, width, first, pictures=self.pictures, style=style, most=8
            )
            rows.append(Row(choice.identifier, tuple(lines)))
        if any(len(row.lines) > 1 for row in rows if row.active):
            rows = [
                Row(row.key, (*row.lines, Content("")), pointer=row.pointer) if row.active else row
                for row in rows
            ]
        return [*rows, self.hint(width, *self._hints())]

    def marks(self) -> list[Mark]:
        return [
            Mark(
                letter(number) if area.identifier not in self.chosen else f"●{letter(number)}",
                middle(area),
                area,
                area.identifier in self.chosen,
                self.has_focus and area.identifier == self.cursor,
            )
            for number, area in enumerate(self.areas)
        ]

    def _hints(self) -> list[str]:
        if self.too_many:
            return [
                ngettext(
                    "Only {n} may be chosen: take one back first",
                    "Only {n} may be chosen: take one back first",
                    self.most,
                )
            ]
        if self._answer_kept:
            return [_("This is your answer: take it back before you strike it out")]
        hints = [_("Space or the letter chooses")]
        if self.single:
            hints.append(_("Delete takes it back"))
        elif self.most:
            hints.append(ngettext("choose up to {n}", "choose up to {n}", self.most))
        else:
            hints.append(_("choose all that apply"))
        if self.struck is not None:
            hints.append(_("- strikes out"))
        return hints

    def choose(self, key: str) -> None:
        self.too_many = self._answer_kept = False
        if self.single:
            if key in self.chosen:
                return
            chosen = {key}
        elif key in self.chosen:
            chosen = {*self.chosen} - {key}
        elif self.most and len(self.chosen) >= self.most:
            self.too_many = True
            self.rebuild()
            return
        else:
            chosen = {*self.chosen, key}
        self._strike(key, on=False)
        self._change(chosen)

    def choose_area(self, area: Area) -> None:
        self.cursor = area.identifier
        self.choose(area.identifier)
        self.rebuild()

    def strike(self, key: str) -> None:
        """Strike the choice *key* out, or take that back."""
        if self.struck is None:
            return
        self.too_many = False
        self._answer_kept = key in self.chosen
        if not self._answer_kept:
            self._strike(key, on=key not in self.struck)
            self._strikes.append(key)
        self.rebuild()

    def _strike(self, key: str, *, on: bool) -> None:
        if self.struck is not None and on != (key in self.struck):
            (self.struck.add if on else self.struck.discard)(key)
            self.post_message(self.Struck(self.interaction, key, on))

    def _press(self, event: events.Key) -> bool:
        if event.key == UNDO and self._strikes:
            self.strike(self._strikes.pop())
            self._strikes.pop()  # an undo is not undone
            return True
        return super()._press(event)

    def on_click(self, event: events.Click) -> None:
        if event.button != RIGHT:
            return  # as for all rows
        event.stop()
        event.prevent_default()
        row = self._row_at(event.y - self.styles.gutter.top)
        if row is not None and row.active:
            self.cursor = row.key
            self.strike(row.key)

    def drop(self, key: str) -> None:
        self.too_many = self._answer_kept = False
        if key in self.chosen:
            self._change({*self.chosen} - {key})

    def letter(self, character: str) -> bool:
        if character == STRIKE and self.struck is not None and self.cursor is not None:
            self.strike(self.cursor)
            return True
        number = number_of(character)
        if not 0 <= number < len(self.choices):
            return False
        self.cursor = self.choices[number].identifier
        self.choose(self.cursor)
        self.show_cursor()
        return True

    def _change(self, chosen: set[str]) -> None:
        self.chosen = tuple(sorted(chosen))
        self.rebuild()
        self.tell(*self.chosen)
