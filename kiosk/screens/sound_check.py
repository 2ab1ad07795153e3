"""The sound check: the candidate hears something before the time runs, or says that nothing is
heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content

from exam_packages.language import _
from kiosk.screens.base import Dialog, show_words, words
from kiosk.widgets.bars import Key
from kiosk.widgets.lines import Row, Rows
from kiosk.widgets.recording import bars

if TYPE_CHECKING:
    from kiosk.media.sounds import Sounds

PLAY, LOUDER, SOFTER, HEARD, UNHEARD = "play", "louder", "softer", "heard", "unheard"


def key() -> Key:
    """The key that opens the check."""
    return Key("f7", _("Try the sound"), "try_sound")


def rows(sounds: Sounds) -> list[tuple[str, str]]:
    """What is said of the sound before the exam; nothing where no question has a recording."""
    if not sounds.needed:
        return []
    if sounds.works is False:
        said = _(
            "This exam has recordings, and the sound of this station does not work. Tell an "
            "invigilator before you begin."
        )
    else:
        said = _("This exam has recordings. Put your headphones on and try the sound: F7.")
    return [(_("Sound"), said)]


class SoundRows(Rows):
    """Play it, set it louder, and say whether it was heard."""

    def rows(self, width: int) -> list[Row]:
        dialog = self.screen
        if not isinstance(dialog, SoundDialog):
            return []
        volume = dialog.client.sounds.speaker.volume
        said = (
            (PLAY, "▶", _("Play three notes")),
            (LOUDER, "+", _("Louder")),
            (SOFTER, "−", _("Softer")),
            (HEARD, "✓", _("I hear it well")),
            (UNHEARD, "✗", _("I hear nothing: tell the invigilators")),
        )
        made = [Row(key, (Content(f"  {sign} {what}"),)) for key, sign, what in said]
        line = Content.assemble("    ", (_("Volume") + " ", "$quiet"), (bars(volume), "$mark"))
        return [*made[:3], Row("bars", (line, Content("")), active=False), *made[3:]]

    def choose(self, key: str) -> None:
        dialog = self.screen
        if isinstance(dialog, SoundDialog):
            dialog.chosen(key)

    def adjust(self, key: str, step: int) -> bool:
        self.choose(LOUDER if step > 0 else SOFTER)
        return True


class SoundDialog(Dialog):
    """Opened with F7 before the exam."""

    def body(self) -> ComposeResult:
        yield words(_("Try the sound"), classes="heading")
        yield words("", id="found")
        yield SoundRows()

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(SoundRows).focus()

    def tell(self) -> None:
        super().tell()
        if self.is_mounted:
            self.query_one(SoundRows).rebuild()

    def on_unmount(self) -> None:
        super().on_unmount()
        self.client.sounds.speaker.stop()

    def chosen(self, key: str) -> None:
        """A row was chosen."""
        sounds = self.client.sounds
        if key == PLAY:
            self.run_worker(self._play(), group="trial", exclusive=True)
        elif key in (LOUDER, SOFTER):
            sounds.louder(1 if key == LOUDER else -1)
        else:
            if key == UNHEARD:
                sounds.unheard()
                self.client.announce(
                    "The invigilators were told that you hear nothing. Please wait for one."
                )
            self.dismiss("")

    async def _play(self) -> None:
        show_words(self, "#found", _("You should hear three rising notes."))
        if not await self.client.sounds.sounds() and self.is_mounted:
            show_words(self, "#found", _("The sound of this station does not work."))
