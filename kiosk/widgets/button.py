"""A button that says by its shape that it is one, and by a pointer that it has the focus."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static


class PushButton(Static, can_focus=True):
    """Pressed with Enter, Space or the mouse; arrows go on to its neighbours."""

    DEFAULT_CSS = """
    PushButton { width: auto; height: 1; padding: 0 1; margin: 0 2 0 0; color: $mark; }
    PushButton:focus { background: $mark; color: $ground; text-style: bold; }
    """

    class Pressed(Message):
        """The button was pressed."""

        def __init__(self, button: PushButton) -> None:
            super().__init__()
            self.button = button

        @property
        def control(self) -> PushButton:
            return self.button

    def __init__(self, label: str, *, id: str | None = None) -> None:
        super().__init__("", markup=False, id=id)
        self._label = label

    def on_mount(self) -> None:
        self._draw()

    def set_label(self, label: str) -> None:
        if label != self._label:
            self._label = label
            self._draw()

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def _draw(self) -> None:
        left, right = ("▸ ", " ◂") if self.has_focus else ("[ ", " ]")
        self.update(Content(f"{left}{self._label}{right}"))

    def on_key(self, event: events.Key) -> None:
        match event.key:
            case "enter" | "space":
                self.post_message(self.Pressed(self))
            case "left" | "up":
                self.screen.focus_previous()
            case "right" | "down":
                self.screen.focus_next()
            case _:
                return
        event.stop()
        event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Pressed(self))
