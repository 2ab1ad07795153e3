"""Choices put into the blanks of a text, or on the areas of a picture."""

from __future__ import annotations

from textual.content import Content

from exam_packages.content import text as rich
from exam_packages.content.items import Area, GapMatch, GraphicGapMatch
from exam_packages.content.values import Response
from exam_packages.language import _
from kiosk.widgets.areas import middle, words
from kiosk.widgets.blocks import block_lines
from kiosk.widgets.canvas import Mark
from kiosk.widgets.lines import Row
from kiosk.widgets.pairing import PairingRows
from kiosk.widgets.text import fit, wrap


class GapMatchRows(PairingRows):
    """A gap match or a graphic gap match interaction. Gaps and areas have numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.body: tuple[rich.Block, ...] = ()

    def load(
        self, interaction: GapMatch | GraphicGapMatch, response: Response | None, title: str
    ) -> None:
        if isinstance(interaction, GraphicGapMatch):
            picture, areas = interaction.picture, interaction.areas
            self.start(interaction, title, interaction.prompt, picture, areas)
            self.body = ()
            places = {area.identifier: area.match_max for area in areas}
        else:
            self.start(interaction, title, interaction.prompt)
            self.body = interaction.body
            places = dict.fromkeys(interaction.gaps, 1)
        self.begin(interaction.choices, places, interaction.max_associations, response)

    def put(self, place: str) -> list[str]:
        """The choices that were put into a place, in their order."""
        return [
            choice.identifier for choice in self.choices if (choice.identifier, place) in self.pairs
        ]

    def rows(self, width: int) -> list[Row]:
        rows = self.head(width)
        if self.picture is None:
            gaps = {
                gap: (("↕" if self.held == gap else "") + str(number), self._said(gap))
                for gap, number in self.numbers.items()
            }
            body = block_lines(self.body, width, gaps=gaps, pictures=self.pictures)
            rows.append(self.text_row(body))
        else:
            rows += self._area_rows(self.picture, width)
        title = Content.styled(_("To choose from:"), "bold")
        rows.append(Row("=", (title,), active=False))
        return [*rows, *self.choice_rows(width), self.hint(width, *self.hints())]

    def _said(self, place: str) -> str:
        bodies = {choice.identifier: choice.body for choice in self.choices}
        letters = self.letters
        return ", ".join(
            f"{letters[each]} {fit(rich.plain_inlines(bodies[each]), 40)}"
            for each in self.put(place)
        )

    def _area_rows(self, picture: rich.Picture, width: int) -> list[Row]:
        rows = []
        for number, area in enumerate(self.areas, 1):
            held = self.held == area.identifier
            said = self._said(area.identifier)
            first = Content.assemble((f"  {number} ", "bold"), ("↕ " if held else "", "$attention"))
            line = Content.assemble(
                fit(words(area, picture), 200),
                (" ← ", "$mark"),
                (said or "____", "bold $mark" if said else "$quiet"),
            )
            rows.append(Row(area.identifier, tuple(wrap(line, width, first))))
        return [*rows, Row("-", (Content(""),), active=False)]

    def marks(self) -> list[Mark]:
        marks = []
        letters = self.letters
        for number, area in enumerate(self.areas, 1):
            put = self.put(area.identifier)
            label = f"{number}={','.join(letters[each] for each in put)}" if put else str(number)
            here = self.has_focus and self.cursor == area.identifier
            marks.append(Mark(label, middle(area), area, bool(put), here))
        return marks

    def choose_area(self, area: Area) -> None:
        self.cursor = area.identifier
        self.choose(area.identifier)
        self.rebuild()
