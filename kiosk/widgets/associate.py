"""Pairs of one set, from a list or on a picture: pick one, then the other."""

from __future__ import annotations

from textual.content import Content

from exam_packages.content.items import Area, Associate, GraphicAssociate
from exam_packages.content.values import Response
from exam_packages.language import _, ngettext
from kiosk.widgets.areas import choices, middle
from kiosk.widgets.canvas import Drawn, Mark, View, draw
from kiosk.widgets.lines import Row
from kiosk.widgets.pairing import CHOICE, PairingRows
from kiosk.widgets.picture import Cells


class AssociateRows(PairingRows):
    """An associate or a graphic associate interaction."""

    def load(
        self, interaction: Associate | GraphicAssociate, response: Response | None, title: str
    ) -> None:
        if isinstance(interaction, GraphicAssociate):
            picture, areas = interaction.picture, interaction.areas
            self.start(interaction, title, interaction.prompt, picture, areas)
            offered = choices(areas, picture)
        else:
            self.start(interaction, title, interaction.prompt)
            offered = interaction.choices
        self.begin(offered, None, interaction.max_associations, response)

    def rows(self, width: int) -> list[Row]:
        rows = [*self.head(width), *self.choice_rows(width)]
        letters = self.letters
        if self.pairs:
            shown = [f"{letters[one]} – {letters[other]}" for one, other in self._in_order()]
            words = ngettext("{n} pair:", "{n} pairs:", len(shown))
            line = Content.assemble((f"  {words} ", "bold"), ("   ".join(shown), "bold $mark"))
            rows.append(Row("=", (Content(""), *line.wrap(max(4, width))), active=False))
        else:
            rows.append(Row("=", (Content(""), Content("  " + _("No pair yet"))), active=False))
        return [*rows, self.hint(width, *self.hints())]

    def _in_order(self) -> list[tuple[str, str]]:
        order = [choice.identifier for choice in self.choices]
        return sorted(self.pairs, key=lambda pair: [order.index(end) for end in pair])

    def marks(self) -> list[Mark]:
        letters = self.letters
        marks = []
        for area in self.areas:
            key, name = CHOICE + area.identifier, letters[area.identifier]
            used = bool(self.used(area.identifier))
            label = f"↕{name}" if self.held == key else f"●{name}" if used else name
            here = self.has_focus and self.cursor == key
            marks.append(Mark(label, middle(area), area, used, here))
        return marks

    def paint(self, cells: Cells, whole: View, room: tuple[int, int]) -> Drawn:
        at = {area.identifier: middle(area) for area in self.areas}
        lines = [(at[one], at[other]) for one, other in self._in_order()]
        return draw(cells, whole, whole, room, self.marks(), lines=lines)

    def choose_area(self, area: Area) -> None:
        self.cursor = CHOICE + area.identifier
        self.choose(self.cursor)
