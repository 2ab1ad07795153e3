"""Textual's application with its ways out closed: no shell, no files, no clipboard, no traces.

Nothing here knows of an exam. It reads the terminal with our own driver, lays pictures over
the frames, and ends by a fault without a word of what stood on the screen.
"""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.driver import Driver
from textual.screen import Screen
from textual.worker import WorkerFailed

from kiosk import faults
from kiosk.terminal import KioskDriver


class ClosedApp(App[None], inherit_bindings=False):
    """An application that a candidate cannot leave."""

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self.animation_level = "none"  # nothing on an exam's screen moves by itself
        self._frame: Any = None

    # The terminal.

    def get_driver_class(self) -> type[Driver]:
        """Our own reader of the terminal, whatever the environment says."""
        return KioskDriver

    def restore_terminal(self) -> None:
        """Leave the terminal as it was found, at once."""
        if isinstance(self._driver, KioskDriver):
            self._driver.restore_now()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        self._frame = renderable
        super()._display(screen, renderable)

    def _end_update(self) -> None:
        """Lay the pictures over the frame, within the frame."""
        frame, self._frame = self._frame, None
        if frame is not None and isinstance(self._driver, KioskDriver):
            self._driver.painter.frame(frame, id(self.screen))
        super()._end_update()

    # What does nothing here.

    async def action_quit(self) -> None:
        """A candidate does not quit; an exam is handed in."""

    def action_help_quit(self) -> None:
        """No such help."""

    def action_suspend_process(self) -> None:
        """There is no shell beneath."""

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Questions are not copied to files."""

    def action_show_help_panel(self) -> None:
        """Our own help stands behind F5."""

    def action_command_palette(self) -> None:
        """No commands beside ours."""

    def action_change_theme(self) -> None:
        """Themes are chosen behind F5."""

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Nothing here opens anything."""

    def copy_to_clipboard(self, text: str) -> None:
        """Keep copied text inside the exam: the terminal's clipboard is not told."""
        self._clipboard = text

    # A fault that tells nothing.

    def _handle_exception(self, error: Exception) -> None:
        """End with one sentence, and have it told where that was. Textual would print local
        variables: questions, answers."""
        self._return_code = faults.STATUS
        first = self._exception is None
        if first:
            self._exception = error
            self._exception_event.set()
            self._exit_renderables.append(faults.sentence())
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error
        if first:
            self.tell_fault(faults.trace(error))
        self._close_messages_no_wait()

    def tell_fault(self, trace: str) -> None:
        """Tell who keeps the record of it that the screen ends by a fault, and where it was."""
        raise NotImplementedError  # Textual's class cannot be abstract
