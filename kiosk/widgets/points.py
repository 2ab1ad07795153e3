"""Points on a picture, set by a cross-hair that keys or the mouse move; and copies of a small
picture put there, which is the same with more to see.
"""

from __future__ import annotations

import re

from textual import events
from textual.content import Content

from exam_packages.content.items import PositionObject, SelectPoint
from exam_packages.content.text import Picture
from exam_packages.content.values import MAX_MEMBERS, Response
from exam_packages.language import _, ngettext, say
from kiosk.widgets.answer import AnswerRows, only
from kiosk.widgets.areas import where
from kiosk.widgets.canvas import MOST_ZOOM, Drawn, Mark, Point, View, draw
from kiosk.widgets.lines import Row
from kiosk.widgets.picture import Cells
from kiosk.widgets.text import plain, wrap

CROSS = "cross"
COARSE = 40
"""Parts of the picture's longer side that one press of an arrow goes."""
MOST_TYPED = 14


class PointRows(AnswerRows):
    """A select point or a position object interaction."""

    def __init__(self) -> None:
        super().__init__()
        self.object: Picture | None = None
        self.centre: Point = (0, 0)
        self.most = 0
        self.points: tuple[Point, ...] = ()
        self.cross: Point = (0, 0)
        self.fine = False
        self.zoom = 1
        self.typed = ""
        self.full = ""

    def load(
        self, interaction: SelectPoint | PositionObject, response: Response | None, title: str
    ) -> None:
        if isinstance(interaction, PositionObject):
            self.start(interaction, title, (), interaction.stage)
            self.object = interaction.picture
            self.centre = (interaction.centre[0], interaction.centre[1])
        else:
            self.start(interaction, title, interaction.prompt, interaction.picture)
            self.object = None
        self.most = interaction.max_choices
        members = response.members if response is not None else ()
        self.points = tuple(_point(member) for member in members)
        self.cross = self.points[0] if self.points else self._middle
        self.fine, self.zoom, self.typed, self.full = False, 1, "", ""
        self.rebuild()

    @property
    def _extent(self) -> Point:
        picture = self.picture
        return (picture.width, picture.height) if picture is not None else (0, 0)

    @property
    def _middle(self) -> Point:
        return self._extent[0] // 2, self._extent[1] // 2

    @property
    def _stride(self) -> int:
        return 1 if self.fine else max(1, max(self._extent) // COARSE // self.zoom)

    # Drawing.

    def rows(self, width: int) -> list[Row]:
        rows = self.head(width)
        if self.object is not None:
            words = wrap(plain(self.object.alt, "bold"), width, _("To place: "))
            rows.append(Row("#", (*words, Content("")), active=False))
        cross = Content.assemble((_("Cross-hair:") + " ", "bold"), self._said(self.cross))
        lines = wrap(cross, width, "  ")
        if self.typed:
            lines.append(Content.styled("  " + _("Typed:") + f" {self.typed}▏", "$attention"))
        rows.append(Row(CROSS, (*lines, Content(""))))
        for number, point in enumerate(self.points, 1):
            first = Content.styled(f"  {number} ", "bold $mark")
            rows.append(Row(f"point {number - 1}", tuple(wrap(self._said(point), width, first))))
        if not self.points:
            rows.append(Row("=", (Content.styled("  " + _("No point yet"), "$quiet"),), False))
        return [*rows, self.hint(width, *self._hints())]

    def _said(self, at: Point) -> Content:
        words = _("{x} across, {y} down")
        shown = say(words, x=at[0], y=at[1])
        if self.picture is not None:
            shown += f" ({where(at, self.picture)})"
        return Content.styled(shown, "bold $mark" if at in self.points else "")

    def _hints(self) -> list[str]:
        if self.full:
            return [self.full]
        width, height = self._extent
        size = say(_("of {width} by {height}"), width=width, height=height)
        hints = [
            _("Space sets a point, or takes it back"),
            _("arrows move, . for large steps")
            if self.fine
            else _("arrows move, . for single steps"),
            _("+ or - enlarges"),
            _("type 120 80 and Enter to go there") + ", " + size,
        ]
        if len(self.points) > 1:
            hints.append(_("N goes to the next point"))
        if self.most:
            hints.append(ngettext("at most {n} in all", "at most {n} in all", self.most))
        return hints

    def marks(self) -> list[Mark]:
        return [Mark(str(number), at, None, True) for number, at in enumerate(self.points, 1)]

    def paint(self, cells: Cells, whole: View, room: tuple[int, int]) -> Drawn:
        stamps = []
        if self.object is not None:
            for x, y in self.points:
                stamp = self.stamp(self.object, (x - self.centre[0], y - self.centre[1]))
                stamps += [stamp] if stamp is not None else []
        return draw(
            cells,
            whole.around(self.cross, self.zoom),
            whole,
            room,
            self.marks(),
            stamps=stamps,
            cross=self.cross,
        )

    # Acting.

    def _press(self, event: events.Key) -> bool:
        key = event.key
        fine = key.startswith("shift+")
        steps = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
        across, down = steps.get(key.removeprefix("shift+"), (0, 0))
        if across or down:
            stride = 1 if fine else self._stride
            return self._go((self.cross[0] + across * stride, self.cross[1] + down * stride))
        match key:
            case "home":
                return self._go(self._middle)
            case "space" if self.typed and " " not in self.typed:
                return self.letter(" ")
            case "enter" | "space" if self.typed:
                return self._go_typed()
            case "space" | "enter":
                self._toggle(self.cross)
            case "backspace" if self.typed:
                self.typed = self.typed[:-1]
                self.rebuild()
            case "delete" | "backspace":
                self._drop()
            case _:
                if event.is_printable and event.character is not None:
                    return self.letter(event.character)
                return False
        return True

    def letter(self, character: str) -> bool:
        match character:
            case "+" | "-" | "=":
                zoom = self.zoom // 2 if character == "-" else self.zoom * 2
                self.zoom = min(max(zoom, 1), MOST_ZOOM)
            case ".":
                self.fine = not self.fine
            case "n" | "N" if self.points:
                here = self.points.index(self.cross) + 1 if self.cross in self.points else 0
                return self._go(self.points[here % len(self.points)])
            case _ if character in "0123456789, ":
                self.typed = (self.typed + character.replace(",", " "))[:MOST_TYPED]
            case _:
                return False
        self.full = ""
        self.rebuild()
        return True

    def _go(self, at: Point) -> bool:
        width, height = self._extent
        self.cross = min(max(at[0], 0), width), min(max(at[1], 0), height)
        self.typed = self.full = ""
        self.rebuild()
        return True

    def _go_typed(self) -> bool:
        found = re.fullmatch(r" *([0-9]{1,6}) +([0-9]{1,6}) *", self.typed)
        if found is None:
            self.typed = ""
            self.full = _("Type two numbers: across, then down")
            self.rebuild()
            return True
        return self._go((int(found[1]), int(found[2])))

    def _toggle(self, at: Point) -> None:
        self.full = self.typed = ""
        if at in self.points:
            self._change({*self.points} - {at})
        elif self.most == 1:
            self._change({at})
        elif len(self.points) >= (self.most or MAX_MEMBERS):
            self.full = only(self.most or MAX_MEMBERS)
            self.rebuild()
        else:
            self._change({*self.points, at})

    def _drop(self) -> None:
        """Take back the point under the cross-hair, or the one nearest to it."""
        self.full = self.typed = ""
        if self.points:
            x, y = self.cross
            nearest = min(self.points, key=lambda at: (at[0] - x) ** 2 + (at[1] - y) ** 2)
            self._change({*self.points} - {nearest})

    def choose(self, key: str) -> None:
        self._toggle(self.cross)

    def click_row(self, row: Row, x: int, y: int) -> None:
        self.cursor = CROSS
        if row.key == CROSS:
            self._toggle(self.cross)
        else:
            self._go(self.points[int(row.key.removeprefix("point "))])

    def choose_point(self, at: Point) -> None:
        """A click near a point goes to it, elsewhere sets one there."""
        near = self._near(at)
        self._go(near if near is not None else at)
        self._toggle(self.cross)

    def _near(self, at: Point) -> Point | None:
        """A point that was set within the cell that was clicked."""
        if self.drawn is None:
            return None
        view = self.drawn.view
        wide = view.width / self.drawn.columns / 2 + 1
        high = view.height / max(1, len(self.drawn.lines)) / 2 + 1
        return next(
            (p for p in self.points if abs(p[0] - at[0]) <= wide and abs(p[1] - at[1]) <= high),
            None,
        )

    def _change(self, points: set[Point]) -> None:
        members = sorted(f"{x} {y}" for x, y in points)
        self.points = tuple(_point(member) for member in members)
        self.rebuild()
        self.tell(*members)


def _point(member: str) -> Point:
    across, _space, down = member.partition(" ")
    return int(across), int(down)
