"""Holding the code of the admission letter up to the camera.

The picture is only to aim by: it is asked for anew several times a second while this stands
here, and let go of with it. What a code holds is typed text, whoever printed it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from exam_packages.language import _, say
from kiosk.ipc.messages import Look, Refused, Seen
from kiosk.proctoring.messages import MAX_SIDE
from kiosk.screens.base import Dialog, show_words, words
from kiosk.widgets.bars import Key
from kiosk.widgets.button import PushButton
from kiosk.widgets.lines import Lines
from kiosk.widgets.picture import half_cells

PAUSE_S = 0.05
"""Seconds between two questions; a camera's own pace is slower."""
PATIENCE_S = 3.0
"""Seconds after which the camera is asked again, though it never answered."""
_BESIDES = 13
"""Lines of the window that are not the picture."""
_WIDEST = 70


class Sighting(Lines):
    """The picture that the camera saw last."""

    def __init__(self) -> None:
        super().__init__(id="sighting")
        self.seen: Seen | None = None

    def show(self, seen: Seen | None) -> None:
        self.seen = seen
        self.rebuild()

    def build(self, width: int) -> list[Content]:
        from PIL import Image  # only when there is a picture at all

        seen = self.seen
        if seen is None or len(seen.pixels) != 3 * seen.width * seen.height:
            return []
        image = Image.frombytes("RGB", (seen.width, seen.height), seen.pixels)
        margin = Content(" " * max(0, (width - seen.width) // 2))
        return [margin + line for line in half_cells(image)]


class ScanDialog(Dialog):
    """Its result is the text of the code, or nothing."""

    def body(self) -> ComposeResult:
        yield words(_("Hold the square of your letter before the camera"), classes="heading")
        yield Sighting()
        yield words("", id="advice")
        yield PushButton(_("Type the code instead"), id="leave")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#leave").focus()
        self._advise(_("Flat and still, two hands’ breadths away."))
        self.run_worker(self._watch(), exclusive=True)

    def keys(self) -> tuple[Key, ...]:
        return (Key("escape", _("Type the code instead"), "leave"),)

    async def _watch(self) -> None:
        while True:
            reply = None
            width, height = self._room()
            with suppress(asyncio.TimeoutError):
                asked = self.client.agent.ask(looking(width, height))
                reply = await asyncio.wait_for(asked, PATIENCE_S)
            if self not in self.app.screen_stack:
                return  # this dialog was left while the camera looked
            if isinstance(reply, Seen):
                self.query_one(Sighting).show(reply)
                if reply.text.strip():
                    self.dismiss(reply.text.strip())
                    return
                if reply.strange:
                    self._advise(_("This is another code than that of an admission letter."))
            else:
                self.query_one(Sighting).show(None)
                self._advise(
                    say(reply.template, **dict(reply.fields))
                    if isinstance(reply, Refused)
                    else _("The camera does not answer. You can type the code of your letter.")
                )
                await asyncio.sleep(1)
            await asyncio.sleep(PAUSE_S)

    def _room(self) -> tuple[int, int]:
        """Pixels that there is room for: two in a cell, one above the other."""
        lines = max(4, self.app.size.height - _BESIDES)
        return min(_WIDEST, MAX_SIDE), min(2 * lines, MAX_SIDE)

    def _advise(self, text: str) -> None:
        show_words(self, "#advice", text)

    @on(PushButton.Pressed, "#leave")
    def _leave(self) -> None:
        self.dismiss("")


def looking(width: int, height: int) -> Callable[[int], Look]:
    """What asks for a picture of at most so many pixels."""
    return lambda request: Look(request, width, height)
