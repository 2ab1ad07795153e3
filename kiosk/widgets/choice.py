"""One choice or several, from a list or on a picture: ○ ● or ☐ ☑ before each, a letter to
press for each."""

from __future__ import annotations

from textual.content import Content

from exam_packages.content.items import Area, Choice, Hotspot, SimpleChoice
from exam_packages.content.values import Response
from exam_packages.language import _, ngettext
from kiosk.widgets.areas import choices, letter, middle, number_of
from kiosk.widgets.blocks import paragraph
from kiosk.widgets.canvas import Mark
from kiosk.widgets.lines import Row
from kiosk.widgets.striking import StrikingRows


class ChoiceRows(StrikingRows):
    """A choice or a hotspot interaction."""

    def __init__(self) -> None:
        super().__init__()
        self.interaction: Choice | Hotspot = Choice("", (), (), 0, 1)
        self.choices: tuple[SimpleChoice, ...] = ()
        self.most = 1
        self.chosen: tuple[str, ...] = ()
        self.too_many = False

    def load(
        self,
        interaction: Choice | Hotspot,
        response: Response | None,
        title: str,
        struck: set[str] | None = None,
    ) -> None:
        """Show another question; *struck* is ``None`` where nothing may be struck out."""
        self.begin_striking(struck)
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
            if self.is_struck(choice.identifier):
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
        if refused := self.refused_strike():
            return [refused]
        hints = [_("Space or the letter chooses")]
        if self.single:
            hints.append(_("Delete takes it back"))
        elif self.most:
            hints.append(ngettext("choose up to {n}", "choose up to {n}", self.most))
        else:
            hints.append(_("choose all that apply"))
        return [*hints, *self.striking_hints()]

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
        self.chose(key)
        self._change(chosen)

    def choose_area(self, area: Area) -> None:
        self.cursor = area.identifier
        self.choose(area.identifier)
        self.rebuild()

    def is_answer(self, name: str) -> bool:
        return name in self.chosen

    def strike(self, name: str) -> None:
        self.too_many = False
        super().strike(name)

    def drop(self, key: str) -> None:
        self.too_many = self._answer_kept = False
        if key in self.chosen:
            self._change({*self.chosen} - {key})

    def letter(self, character: str) -> bool:
        number = number_of(character)
        if not 0 <= number < len(self.choices):
            return super().letter(character)
        self.cursor = self.choices[number].identifier
        self.choose(self.cursor)
        self.show_cursor()
        return True

    def _change(self, chosen: set[str]) -> None:
        self.chosen = tuple(sorted(chosen))
        self.rebuild()
        self.tell(*self.chosen)
