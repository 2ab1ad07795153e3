"""Matching: a grid of rows and columns where it fits, else a list under each row."""

from __future__ import annotations

from textual.content import Content

from exam_packages.content.items import Match, SimpleChoice
from exam_packages.content.values import Response
from exam_packages.language import _
from kiosk.widgets import pairs
from kiosk.widgets.answer import only
from kiosk.widgets.lines import Row
from kiosk.widgets.pairs import Pairs
from kiosk.widgets.striking import StrikingRows
from kiosk.widgets.text import inline, pad, wrap

LEAST_SOURCE, LEAST_TARGET, MOST_HEAD = 20, 9, 4


class MatchRows(StrikingRows):
    """A match interaction. Rows are the sources; ``column`` is the target under the cursor. What is
    struck out is a pair."""

    def __init__(self) -> None:
        super().__init__()
        self.interaction = Match("", (), (), (), 0, 0)
        self.pairs: Pairs = frozenset()
        self.column = 0
        self.open: str | None = None
        self.full = ""
        self._grid: tuple[int, int] | None = None

    def load(
        self,
        interaction: Match,
        response: Response | None,
        title: str,
        struck: set[str] | None = None,
    ) -> None:
        self.start(interaction, title, interaction.prompt)
        self.begin_striking(struck)
        self.interaction = interaction
        self.pairs = pairs.read(response.members if response is not None else ())
        self.column = 0
        self.open = None
        self.full = ""
        self.rebuild()

    # Drawing.

    def rows(self, width: int) -> list[Row]:
        self._grid = self._fit(width)
        middle = self._grid_rows(*self._grid) if self._grid else self._list_rows(width)
        return [*self.head(width), *middle, self.hint(width, *self._hints())]

    def _fit(self, width: int) -> tuple[int, int] | None:
        """The widths of the source column and of each target column, if a grid fits."""
        targets = self.interaction.targets
        if not targets:
            return None
        column = min(18, (width - 2 - LEAST_SOURCE) // len(targets) - 1)
        if column < LEAST_TARGET:
            return None
        longest = max(
            (word for each in targets for word in inline(each.body).plain.split()),
            key=len,
            default="",
        )
        heads = [wrap(inline(each.body), column) for each in targets]
        if len(longest) > column or max(len(head) for head in heads) > MOST_HEAD:
            return None
        return width - 2 - len(targets) * (column + 1), column

    def _grid_rows(self, source_width: int, column: int) -> list[Row]:
        targets = self.interaction.targets
        heads = [wrap(inline(each.body).stylize("bold"), column) for each in targets]
        height = max(len(head) for head in heads)
        bar = Content.styled("│", "$quiet")
        lines = []
        for y in range(height):
            line = Content(" " * (source_width + 2))
            for head in heads:
                above = y - (height - len(head))
                line += bar + _center(head[above] if above >= 0 else Content(""), column)
            lines.append(line)
        rule = "─" * (source_width + 2) + ("┼" + "─" * column) * len(targets)
        rows = [Row("#", (*lines, Content.styled(rule, "$quiet")), active=False)]
        for source in self.interaction.sources:
            body = wrap(inline(source.body), source_width, "")
            drawn = []
            for y, part in enumerate(body):
                line = Content("  ") + pad(part, source_width)
                for target in targets:
                    cell = self._mark(source, target) if y == 0 else Content("")
                    line += bar + _center(cell, column)
                drawn.append(line)
            rows.append(Row(source.identifier, tuple(drawn)))
        return rows

    def dress(self, y: int, line: Content, width: int) -> Content:
        dressed = super().dress(y, line, width)
        row = self._row_at(y)
        first = y == 0 or self._row_at(y - 1) is not row
        if self._grid and self.has_focus and row is not None and row.key == self.cursor and first:
            source_width, column = self._grid
            start = source_width + 2 + self.column * (column + 1) + 1
            dressed = dressed.stylize("reverse", start, start + column)
        return dressed

    def _mark(self, source: SimpleChoice, target: SimpleChoice) -> Content:
        paired = (source.identifier, target.identifier) in self.pairs
        if self.is_struck(f"{source.identifier} {target.identifier}"):
            return Content.styled("✕", "$quiet")
        if source.match_max == 1:
            return Content.styled("●", "bold $mark") if paired else Content("○")
        return Content.styled("☑", "bold $mark") if paired else Content("☐")

    def _list_rows(self, width: int) -> list[Row]:
        """Each source on a line with what it is paired with; open, all it may be."""
        rows = []
        for source in self.interaction.sources:
            opened = source.identifier == self.open
            paired = [
                inline(target.body).stylize("bold $mark")
                for target in self.interaction.targets
                if (source.identifier, target.identifier) in self.pairs
            ]
            answer = Content(", ").join(paired) if paired else Content.styled("____", "$quiet")
            first = Content.styled("  ▴ " if opened else "  ▾ ", "$mark")
            arrow = Content.styled(" → ", "$mark")
            whole = first + inline(source.body) + arrow + answer
            if whole.cell_length <= width:
                lines = [whole]
            else:
                lines = wrap(inline(source.body), width, first)
                lines += wrap(answer, width, Content("     ") + arrow)
            rows.append(Row(source.identifier, tuple(lines)))
            if opened:
                for target in self.interaction.targets:
                    first = Content("        ") + self._mark(source, target) + Content(" ")
                    key = f"{source.identifier} {target.identifier}"
                    body = inline(target.body)
                    if self.is_struck(key):
                        body = body.stylize("strike $quiet")
                    rows.append(Row(key, tuple(wrap(body, width, first))))
        return rows

    def _hints(self) -> list[str]:
        if said := self.full or self.refused_strike():
            return [said]
        if self._grid:
            hints = [_("Arrows move"), _("Space chooses, or takes back")]
        else:
            hints = [_("Space opens the list, then chooses"), _("Delete empties a line")]
        return [*hints, *self.striking_hints()]

    # Choosing.

    def adjust(self, key: str, step: int) -> bool:
        if not self._grid:
            return False
        self.column = min(max(self.column + step, 0), len(self.interaction.targets) - 1)
        self.refresh()
        return True

    def choose(self, key: str) -> None:
        if self._grid:
            self._toggle(key, self.interaction.targets[self.column].identifier)
        elif " " in key:
            source, _space, target = key.partition(" ")
            self._toggle(source, target)
        else:
            self.open = None if self.open == key else key
            self.rebuild()
            self.call_after_refresh(self.show_cursor)

    def click_row(self, row: Row, x: int, y: int) -> None:
        if self._turn_to(x):
            self.choose(row.key)

    def _turn_to(self, x: int) -> bool:
        """Go to the column at cell *x*, where there are columns; whether one is there."""
        if self._grid is None:
            return True
        source_width, column = self._grid
        number = (x - source_width - 2) // (column + 1)
        if not 0 <= number < len(self.interaction.targets):
            return False
        self.column = number
        return True

    # Striking out.

    def is_answer(self, name: str) -> bool:
        source, _space, target = name.partition(" ")
        return (source, target) in self.pairs

    def under_cursor(self) -> str | None:
        key = self.cursor or ""
        if self._grid:
            return f"{key} {self.interaction.targets[self.column].identifier}"
        return key if " " in key else None

    def aim(self, x: int, y: int) -> bool:
        return super().aim(x, y) and self._turn_to(x)

    def unfold(self) -> None:
        if self.cursor is not None and self.open != self.cursor:
            self.choose(self.cursor)

    def drop(self, key: str) -> None:
        source = key.partition(" ")[0]
        kept = frozenset(pair for pair in self.pairs if pair[0] != source)
        if kept != self.pairs:
            self._change(kept)

    def on_blur(self) -> None:
        if self.open is not None:
            self.open = None
            self.rebuild()
        super().on_blur()

    def _toggle(self, source: str, target: str) -> None:
        """Pair or part two; where only one is allowed the new one takes the old one's place."""
        pair = (source, target)
        if pair in self.pairs:
            return self._change(self.pairs - {pair})
        there = pairs.add(
            self.pairs,
            pair,
            pairs.limits(self.interaction.sources),
            pairs.limits(self.interaction.targets),
            self.interaction.max_associations,
        )
        return self._refuse(there) if isinstance(there, int) else self._change(there)

    def _refuse(self, most: int) -> None:
        self.full = only(most)
        self.rebuild()

    def _change(self, there: Pairs) -> None:
        self.full = ""
        self.chose(*pairs.written(there))
        self.pairs = there
        self.rebuild()
        self.tell(*pairs.written(there))


def _center(content: Content, width: int) -> Content:
    missing = max(0, width - content.cell_length)
    return content.pad(missing // 2, missing - missing // 2)
