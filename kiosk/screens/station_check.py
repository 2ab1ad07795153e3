"""Trying the station before signing in: is the screen large enough, do the keys arrive, does
the camera see me. Nothing of it is kept, and nobody is told."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from exam_packages.language import _, say
from kiosk.ipc.messages import Refused, Seen
from kiosk.screens.base import Dialog, fits, show_words, words
from kiosk.screens.scan import PATIENCE_S, PAUSE_S, Sighting, looking
from kiosk.widgets.bars import Key, key_name
from kiosk.widgets.text import harmless

_PICTURE = 32, 24
"""Pixels of the picture: columns, and two in each line."""
_KEPT = 12
"""Keys that stand on the screen, the last ones."""


class StationCheck(Dialog):
    """Press keys, look into the camera; Escape goes back."""

    def __init__(self) -> None:
        super().__init__()
        self._pressed: list[str] = []

    def body(self) -> ComposeResult:
        yield words(_("Try this station"), classes="heading")
        with Horizontal(id="trial"):
            yield Sighting()
            with Vertical():
                yield words("", id="sees")
                yield words("", id="window")
                yield words("", id="typed")
                yield words(_("Sound: F11 reads this aloud, F12 is silent."))
                yield words(
                    _("If something is not as it should be, raise your hand."), classes="quiet"
                )

    def keys(self) -> tuple[Key, ...]:
        return (
            Key("escape", _("Go back"), "leave"),
            Key("f11", _("Read aloud"), "app.read_aloud"),
        )

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._watch(), exclusive=True)

    def tell(self) -> None:
        super().tell()
        if not self.is_mounted:
            return
        size = self.app.size
        screen = say("Screen: {width}×{height} characters.", width=size.width, height=size.height)
        enough = _("That is enough.") if fits(size) else _("That is too small.")
        show_words(self, "#window", f"{screen} {enough}")
        keys = " ".join(self._pressed)
        typed = say("Keys: {keys}", keys=keys) if keys else _("Keys: press any, and see it here.")
        show_words(self, "#typed", typed)

    def on_key(self, event: events.Key) -> None:
        """Every key is shown, and does nothing else; Escape and F11 keep their meaning."""
        if event.key in ("escape", "f11", "f12"):
            return
        event.stop()
        event.prevent_default()
        shown = event.character if event.is_printable and event.character else key_name(event.key)
        shown = harmless(shown)[:_KEPT]
        if shown.strip() and cell_len(shown) > 0:
            self._pressed = [*self._pressed, shown][-_KEPT:]
        elif event.key == "space":
            self._pressed = [*self._pressed, key_name("space")][-_KEPT:]
        self.tell()

    async def _watch(self) -> None:
        while True:
            reply = None
            with suppress(asyncio.TimeoutError):
                reply = await asyncio.wait_for(
                    self.client.agent.ask(looking(*_PICTURE)), PATIENCE_S
                )
            if self not in self.app.screen_stack:
                return  # this dialog was left while the camera looked
            sighting = self.query_one(Sighting)
            if isinstance(reply, Seen):
                sighting.show(reply)
                show_words(self, "#sees", _("Camera: this is what it sees, mirrored."))
                await asyncio.sleep(PAUSE_S)
                continue
            sighting.show(None)
            why = (
                say(reply.template, **dict(reply.fields))
                if isinstance(reply, Refused)
                else _("The camera does not answer.")
            )
            show_words(self, "#sees", say("Camera: {why}", why=why))
            await asyncio.sleep(1)
