"""A button that says by its shape that it is one, and by a pointer that it has the focus."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget


class PushButton(Widget, can_focus=True):
    """Pressed with Enter, Space or the mouse; arrows go on to its neighbours."""

    DEFAULT_CSS = """
    PushButton { width: auto; height: 1; padding: 0 1; margin: 0 2 0 0; color: $mark; }
    PushButton:focus { background: $mark; color: $ground; text-style: bold; }
    """

    # With priority, as for Tab: keys typed right after an arrow belong to where it leads.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,up", "app.focus_previous", show=False, priority=True),
        Binding("right,down", "app.focus_next", show=False, priority=True),
    ]

    class Pressed(Message):
        """The button was pressed."""

        def __init__(self, button: PushButton) -> None:
            super().__init__()
            self.button = button

        @property
        def control(self) -> PushButton:
            return self.button

    def __init__(self, label: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.label = label

    def set_label(self, label: str) -> None:
        if label != self.label:
            self.label = label
            self.refresh(layout=True)

    def render(self) -> Content:
        left, right = ("› ", " ‹") if self.has_focus else ("[ ", " ]")
        return Content(f"{left}{self.label}{right}")

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return self.render().cell_length

    def on_key(self, event: events.Key) -> None:
        if event.key in ("enter", "space"):
            self.post_message(self.Pressed(self))
            event.stop()
            event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Pressed(self))
