"""What the widgets that take an answer have in common."""

from __future__ import annotations

from itertools import zip_longest

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message

from exam_packages.content import text as rich
from exam_packages.content.items import Area, Interaction
from exam_packages.content.values import Response
from exam_packages.language import ngettext
from kiosk.widgets import areas as places
from kiosk.widgets.blocks import block_lines, picture_lines, picture_words
from kiosk.widgets.canvas import Drawn, Mark, Point, Stamp, View, draw
from kiosk.widgets.lines import Row, Rows
from kiosk.widgets.picture import Cells
from kiosk.widgets.text import Pictures, pad, wrap

BESIDE = 64
"""From this width on the list stands beside its picture; below, beneath it."""
LEAST_LIST = 28
MOST_LINE = 116
"""A line of text is never longer than the eye finds its way back from."""
LEAST_LINES, AROUND = 10, 10
"""Lines of a picture at least, and of the screen that are left for all else."""


class Answered(Message):
    """The answer to *interaction* is now *members*. ``typed``: more keys may follow soon.

    The interaction itself goes along, so that a word that comes late, from a widget that
    shows another question by now, is not taken for an answer to that one.
    """

    def __init__(
        self, interaction: Interaction, members: tuple[str, ...], *, typed: bool = False
    ) -> None:
        super().__init__()
        self.interaction = interaction
        self.response = Response(interaction.response, members)
        self.typed = typed


def only(most: int) -> str:
    """The sentence for one more than *most*."""
    return ngettext(
        "Only {n} can be chosen here: take one back first",
        "Only {n} can be chosen here: take one back first",
        most,
    )


class AnswerRows(Rows):
    """An interaction answered by choosing rows; its prompt and a hint stand around them.

    With a ``picture`` the rows stand beside it. :meth:`marks` says what is drawn over it; the
    mouse chooses there by :meth:`choose_area`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loaded: Interaction | None = None
        self.title = ""
        self.prompt: tuple[rich.Block, ...] = ()
        self.pictures: Pictures | None = None
        self.picture: rich.Picture | None = None
        self.areas: tuple[Area, ...] = ()
        self.drawn: Drawn | None = None
        self._head: tuple[int, list[Content]] | None = None
        self._top = 0
        self._cuts: list[int] = []

    def start(
        self,
        interaction: Interaction,
        title: str,
        prompt: tuple[rich.Block, ...],
        picture: rich.Picture | None = None,
        areas: tuple[Area, ...] = (),
    ) -> None:
        """Begin to show another interaction."""
        self.loaded = interaction
        self.title = title
        self.prompt = prompt
        self.picture = picture
        self.areas = areas
        self.cursor = None
        self._head = None

    def tell(self, *members: str, typed: bool = False) -> None:
        """Say that the answer now is *members*."""
        if self.loaded is not None:
            self.post_message(Answered(self.loaded, members, typed=typed))

    def head(self, width: int) -> list[Row]:
        """The rows above the choices: the gap's label, the prompt."""
        lines = self._head_lines(width) if self.picture is None else []
        return [Row("", (*lines, Content("")), active=False)] if lines else []

    def _head_lines(self, width: int) -> list[Content]:
        """Laid out once for a width: answering does not change it."""
        if self._head is None or self._head[0] != width:
            self._head = (width, self._lay_head(width))
        return list(self._head[1])

    def reset(self) -> None:
        self._head = None
        super().reset()

    def _lay_head(self, width: int) -> list[Content]:
        lines: list[Content] = []
        if self.title:
            lines.append(Content.styled(self.title, "bold $mark"))
        if self.prompt:
            lines.extend(block_lines(self.prompt, width, pictures=self.pictures))
        return lines

    @staticmethod
    def hint(width: int, *sentences: str) -> Row:
        """Quiet words beneath the choices, in lines that end with a sentence where they can."""
        said = [sentences[0][:1].upper() + sentences[0][1:], *sentences[1:]]
        runs: list[str] = []
        for sentence in said:
            longer = f"{runs[-1]} · {sentence}" if runs else sentence
            if runs and cell_len(longer) <= width - 2:
                runs[-1] = longer
            else:
                runs.append(sentence)
        lines: list[Content] = []
        for run in runs:  # what goes on is set in further than what begins
            alone = cell_len(run) <= width - 2
            lines += wrap(Content.styled(run, "$quiet"), width, "  ", "" if alone else "    ")
        return Row("?", (Content(""), *lines), active=False)

    # A picture with the rows beside it.

    def marks(self) -> list[Mark]:
        """What stands over the picture now."""
        return []

    def choose_area(self, area: Area) -> None:
        """The mouse chose an area of the picture."""

    def choose_point(self, at: Point) -> None:
        """The mouse chose a point of the picture; of an area, if one is there."""
        area = places.area_at(self.areas, at)
        if area is not None:
            self.choose_area(area)

    def paint(self, cells: Cells, whole: View, room: tuple[int, int]) -> Drawn:
        """The picture with everything that stands over it."""
        return draw(cells, whole, whole, room, self.marks())

    def stamp(self, picture: rich.Picture, at: Point) -> Stamp | None:
        """A small picture laid on the large one, once it has been read."""
        cells = self.pictures(picture.media) if self.pictures is not None else None
        if not isinstance(cells, Cells):
            return None
        return Stamp(cells, at, max(1, picture.width), max(1, picture.height))

    def build(self, width: int) -> list[Content]:
        if self.picture is None:
            return super().build(min(width, MOST_LINE))
        lines = self._head_lines(width)
        if lines:
            lines.append(Content(""))
        beside = width >= BESIDE
        room = min(width * 3 // 5, width - LEAST_LIST) if beside else width
        shown = self._picture_lines(self.picture, room)
        self._top = len(lines)
        if not beside:
            self._cuts = []
            lines += [*shown, Content("")]
            rows = super().build(width)
            self._starts = [start + len(lines) for start in self._starts]
            return lines + rows
        indent = max((line.cell_length for line in shown), default=0) + 2
        rows = super().build(width - indent)
        self._starts = [start + len(lines) for start in self._starts]
        self._cuts = [0] * len(lines)
        for left, right in zip_longest(shown, rows, fillvalue=Content("")):
            padded = pad(left, indent)
            self._cuts.append(len(padded))
            lines.append(padded + right)
        return lines

    def _picture_lines(self, picture: rich.Picture, room: int) -> list[Content]:
        cells = self.pictures(picture.media) if self.pictures is not None else None
        if not isinstance(cells, Cells):
            self.drawn = None
            return picture_lines(picture, room, self.pictures) if self.pictures else []
        words = picture_words(picture, room)
        most = max(LEAST_LINES, self.app.size.height - AROUND - min(len(words), 2))
        self.drawn = self.paint(cells, View.whole(picture), (room, most))
        if self.drawn.columns < room:  # beneath it, and no wider: the list has the rest
            words = picture_words(picture, max(LEAST_LIST, self.drawn.columns))
        return [*self.drawn.lines, *words]

    def dress(self, y: int, line: Content, width: int) -> Content:
        cut = self._cuts[y] if self.picture is not None and y < len(self._cuts) else 0
        if self.picture is None:
            return super().dress(y, line, min(width, MOST_LINE))
        if not cut:
            return super().dress(y, line, width)
        left = line[:cut]
        return left + super().dress(y, line[cut:], width - left.cell_length)

    def move(self, step: int) -> bool:
        moved = super().move(step)
        if moved and self.picture is not None:
            self.rebuild()  # what the cursor is on stands out on the picture too
        return moved

    def on_focus(self) -> None:
        if self.picture is not None:
            self.rebuild()

    def on_blur(self) -> None:
        if self.picture is not None:
            self.rebuild()

    def click(self, x: int, y: int) -> bool:
        drawn, line = self.drawn, y - self._top
        if self.picture is None or drawn is None:
            return super().click(x, y)
        if 0 <= x < drawn.columns and 0 <= line < len(drawn.lines):
            self.choose_point(drawn.point(x, line))
            return True
        beside = self._cuts[y] if y < len(self._cuts) else 0
        return super().click(x, y) if x >= beside else False
