"""A recording on the screen: play and stop it, see where it is and what is left, set it louder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from textual.content import Content
from textual.message import Message

from exam_packages.content import text as rich
from exam_packages.content.items import Media
from exam_packages.language import _, ngettext
from kiosk.widgets.answer import AnswerRows
from kiosk.widgets.lines import Row
from kiosk.widgets.text import plain, wrap

PLAY, VOLUME = "play", "volume"
MOST_TRACK = 40
"""Cells of the line that shows how far it is."""


@dataclass(frozen=True)
class Told:
    """How a recording stands: whether it plays; where it is, and how long, in milliseconds;
    how often it can still be begun; whether it broke off and goes on from there; the volume."""

    playing: bool = False
    at_ms: int = 0
    length_ms: int | None = None
    left: int | None = None
    unfinished: bool = False
    volume: int = 0


Deck: TypeAlias = Callable[[rich.Recording, Media | None], Told]


class RecordingRows(AnswerRows):
    """A media interaction, or a recording that stands in a text."""

    class Wanted(Message):
        """The candidate wants to hear it, or to have it stop."""

        def __init__(self, recording: rich.Recording, interaction: Media | None) -> None:
            super().__init__()
            self.recording = recording
            self.interaction = interaction

    class Louder(Message):
        """The candidate wants it louder, or softer."""

        def __init__(self, steps: int) -> None:
            super().__init__()
            self.steps = steps

    def __init__(self) -> None:
        super().__init__()
        self.recording = rich.Recording("", "", "")
        self.interaction: Media | None = None
        self.deck: Deck | None = None
        self._told = Told()

    def load(self, thing: Media | rich.Recording, title: str, deck: Deck | None) -> None:
        """Show another recording."""
        self.title, self.cursor, self._head = title, None, None
        self.picture, self.areas = None, ()
        self.interaction = thing if isinstance(thing, Media) else None
        self.recording = thing.recording if isinstance(thing, Media) else thing
        self.prompt = thing.prompt if isinstance(thing, Media) else ()
        self.loaded = self.interaction
        self.deck = deck
        self._told = self._ask()
        self.rebuild()

    def look(self) -> None:
        """See how it stands now."""
        told = self._ask()
        if told != self._told:
            self._told = told
            self.rebuild()

    def _ask(self) -> Told:
        return Told() if self.deck is None else self.deck(self.recording, self.interaction)

    def rows(self, width: int) -> list[Row]:
        told = self._told
        head = wrap(
            plain(self.recording.alt or _("Recording"), "bold"),
            width,
            Content.styled("  ♪ ", "bold $mark"),
        )
        rows = [*self.head(width), Row("name", tuple(head), active=False)]
        sign, act = ("■", _("Stop")) if told.playing else ("▶", self._act())
        line = Content.assemble("  ", (sign + " ", "bold $mark"), (act, "bold"), "  ")
        spent = told.left == 0 and not told.unfinished and not told.playing
        if spent:
            line = Content.assemble("  ", ("✓ " + _("Played as often as allowed"), "$quiet"), "  ")
        rows.append(Row(PLAY, (line + self._track(width - line.cell_length),), active=not spent))
        volume = Content.assemble(
            "    ", (_("Volume") + " ", "$quiet"), (f"− {bars(told.volume)} +", "$mark")
        )
        rows.append(Row(VOLUME, (volume,)))
        return [*rows, self.hint(width, *self._hints())]

    def _act(self) -> str:
        return _("Go on playing") if self._told.unfinished else _("Play")

    def _track(self, room: int) -> Content:
        told = self._told
        times = clock(told.at_ms)
        if told.length_ms is None:
            return Content(times)
        times += f" / {clock(told.length_ms)}"
        cells = min(MOST_TRACK, room - len(times) - 2)
        if cells < 4:
            return Content(times)
        done = min(cells, told.at_ms * cells // max(1, told.length_ms))
        track = Content.assemble(("━" * done, "bold $mark"), ("─" * (cells - done), "$quiet"))
        return track + Content(f"  {times}")

    def _hints(self) -> list[str]:
        hints = [_("Space plays and stops"), _("← → softer, louder")]
        if self._told.left is not None:
            hints.append(
                ngettext(
                    "it can be begun {n} more time",
                    "it can be begun {n} more times",
                    self._told.left,
                )
            )
            hints.append(_("stopping costs nothing: it goes on where it stopped"))
        least = self.interaction.min_plays if self.interaction is not None else 0
        if least:
            hints.append(
                ngettext("to be played at least {n} time", "to be played at least {n} times", least)
            )
        return hints

    def choose(self, key: str) -> None:
        if key == VOLUME:
            self.post_message(self.Louder(1))
        else:
            self.post_message(self.Wanted(self.recording, self.interaction))

    def adjust(self, key: str, step: int) -> bool:
        self.post_message(self.Louder(step))
        return True

    def letter(self, character: str) -> bool:
        if character in "+-":
            self.post_message(self.Louder(1 if character == "+" else -1))
        return character in "+-"

    def click_row(self, row: Row, x: int, y: int) -> None:
        if row.key == VOLUME:
            middle = 4 + len(_("Volume")) + 1 + 6
            self.post_message(self.Louder(1 if x > middle else -1))
        else:
            self.choose(row.key)


def bars(volume: int) -> str:
    """A volume of 100 as ten cells."""
    return "▮" * (volume // 10) + "▯" * (10 - volume // 10)


def clock(at_ms: int) -> str:
    """A time in a recording, as players write it."""
    minutes, seconds = divmod(at_ms // 1000, 60)
    return f"{minutes}:{seconds:02}"
