"""A picture by itself, as large as the screen: enlarge it, move over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size

from exam_packages.content.text import Picture
from exam_packages.errors import ExamError
from exam_packages.language import _, say
from kiosk.screens.base import Dialog
from kiosk.widgets.bars import Key
from kiosk.widgets.blocks import picture_words
from kiosk.widgets.canvas import MOST_ZOOM, Mark, View, draw
from kiosk.widgets.lines import Lines
from kiosk.widgets.picture import Cells

WORDS = 2
"""Lines kept for the words that stand for a picture."""


class Large(Lines):
    """One picture in all the room there is."""

    DEFAULT_CSS = "Large { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.picture: Picture | None = None
        self.marks: Sequence[Mark] = ()
        self.cells: Cells | str | None = None
        self.zoom = 1
        self.at = (0.0, 0.0)

    def load(self, picture: Picture, marks: Sequence[Mark], cells: Cells | str | None) -> None:
        """Show another picture, all of it."""
        self.picture, self.marks, self.cells = picture, marks, cells
        self.fit()

    def fit(self) -> None:
        """Show all of the picture."""
        whole = self.whole
        self.zoom, self.at = 1, (whole.width / 2, whole.height / 2)
        self.rebuild()

    @property
    def whole(self) -> View:
        return View.whole(self.picture) if self.picture is not None else View(0, 0, 1, 1)

    def enlarge(self, zoom: int) -> None:
        self.zoom = min(max(zoom, 1), MOST_ZOOM)
        self.rebuild()

    def go(self, across: int, down: int) -> None:
        """Move the part that is seen by a quarter of itself."""
        view = self.whole.around(self.at, self.zoom)
        middle = self.whole.around(
            (
                view.left + view.width / 2 + across * view.width / 4,
                view.top + view.height / 2 + down * view.height / 4,
            ),
            self.zoom,
        )
        self.at = (middle.left + middle.width / 2, middle.top + middle.height / 2)
        self.rebuild()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return container.height

    def on_resize(self, event: events.Resize) -> None:
        self.rebuild()

    def build(self, width: int) -> list[Content]:
        if self.picture is None:
            return []
        words = picture_words(self.picture, width)[:WORDS]
        if not isinstance(self.cells, Cells):
            waiting = self.cells or _("(The picture is being opened.)")
            return [Content(waiting), *words]
        room = (width, max(1, self.content_size.height - len(words)))
        view = self.whole.around(self.at, self.zoom)
        return [*draw(self.cells, view, self.whole, room, self.marks).lines, *words]


class PictureDialog(Dialog):
    """The pictures of a question, one at a time. Opened with F7."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f6", "leave", show=False),
        Binding("plus,equals_sign", "enlarge(1)", show=False),
        Binding("minus", "enlarge(-1)", show=False),
        Binding("home,0", "fit", show=False),
        Binding("left", "pan(-1, 0)", show=False),
        Binding("right", "pan(1, 0)", show=False),
        Binding("up", "pan(0, -1)", show=False),
        Binding("down", "pan(0, 1)", show=False),
        Binding("n,space,pagedown", "turn(1)", show=False),
        Binding("p,pageup", "turn(-1)", show=False),
    ]

    def __init__(self, part: int, pictures: Sequence[tuple[Picture, Sequence[Mark]]]) -> None:
        super().__init__()
        self._part = part
        self._pictures = pictures
        self._number = 0

    def body(self) -> ComposeResult:
        yield Large()

    def keys(self) -> tuple[Key, ...]:
        keys = [
            Key("escape", _("Go back"), "leave"),
            Key("+", _("Larger"), "enlarge(1)"),
            Key("-", _("Smaller"), "enlarge(-1)"),
            Key("0", _("All of it"), "fit"),
            Key("left", "", "pan(-1, 0)"),
            Key("right", "", "pan(1, 0)"),
            Key("up", "", "pan(0, -1)"),
            Key("down", _("Move"), "pan(0, 1)"),
        ]
        if len(self._pictures) > 1:
            words = say(_("Picture {n} of {all}"), n=self._number + 1, all=len(self._pictures))
            keys.append(Key("n", words, "turn(1)"))
        return tuple(keys)

    def on_mount(self) -> None:
        super().on_mount()
        self._open()

    def _open(self) -> None:
        picture, marks = self._pictures[self._number]
        kept = self.client.library.picture(self._part, picture.media)
        self.query_one(Large).load(picture, marks, kept)
        self.run_worker(self._read(picture), group="large", exclusive=True)
        self.tell()

    async def _read(self, picture: Picture) -> None:
        try:
            cells = await self.client.library.large_picture(self._part, picture.media)
        except ExamError:
            return  # what was kept of it stands there already
        large = self.query_one(Large)
        large.cells = cells
        large.rebuild()

    def action_enlarge(self, step: int) -> None:
        large = self.query_one(Large)
        large.enlarge(large.zoom * 2 if step > 0 else large.zoom // 2)

    def action_fit(self) -> None:
        self.query_one(Large).fit()

    def action_pan(self, across: int, down: int) -> None:
        self.query_one(Large).go(across, down)

    def action_turn(self, step: int) -> None:
        if len(self._pictures) > 1:
            self._number = (self._number + step) % len(self._pictures)
            self._open()
