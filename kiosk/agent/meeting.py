"""The screen that counts, which is the newest that came; and what it says of itself.

That one goes or another takes over is an incident, and so is what a screen tells of keys,
sound, focus and its own faults: none of it is an act of the candidate.
"""

from __future__ import annotations

from typing import Final

from exam_packages.content.proctoring import FOCUS_LOST
from kiosk.agent.album import Album
from kiosk.agent.door import Screen
from kiosk.agent.glimpses import Glimpses
from kiosk.agent.noticing import Noticing
from kiosk.agent.session import Refusal
from kiosk.agent.station import LOG, Station
from kiosk.ipc import messages as ipc
from kiosk.lockdown.signals import Category, Signal, Source, Watched, of_focus, of_keys

MAX_TRACE: Final = 2000
"""Characters kept of where a screen's fault was."""

OLD_SCREEN = Refusal(
    "The screen and the agent of this station have different versions; update the station."
)


class Meeting:
    """Meets screens, and takes in what they notice."""

    def __init__(
        self, station: Station, noticing: Noticing, album: Album, glimpses: Glimpses
    ) -> None:
        self._station = station
        self._noticing = noticing
        self._album = album
        self._glimpses = glimpses
        self._focused = True

    def came(self, screen: Screen, hello: ipc.Hello) -> None:
        """A screen says hello: from now on it counts, and is told everything."""
        if hello.version != ipc.VERSION:
            screen.tell(ipc.Refused(0, OLD_SCREEN.template, OLD_SCREEN.fields))
            return
        before = self._station.screen
        if before is not None and before is not screen:
            before.drop()
            self._station.screen = None  # the new one is told of it in its turn, in the replay
            self._signal("screen-replaced", "Another screen took over at this station.")
        self._station.screen, self._focused = screen, True
        self._station.tell_all()

    def gone(self) -> None:
        """The screen that counts ended."""
        self._station.screen = None
        self._signal("screen-lost", "The exam program’s screen ended; it starts again.")

    def keys_seen(self, number: int) -> None:
        """The terminal passed a combination on. Where a key-watch sees it too, that one tells."""
        if self._station.keys.watched is not Watched.VERIFIED and number in list(Category):
            self._noticing.see(of_keys(Category(number), Source.TERMINAL))

    def sound_tried(self, found: int) -> None:
        """The sound was tried at the check of the station."""
        match found:
            case ipc.SILENT:
                self._signal("sound-fails", "The sound of this station does not work.")
            case ipc.UNHEARD:
                self._signal("sound-unheard", "The candidate does not hear the trial sound.")

    def focus(self, on: bool) -> None:
        """The terminal got the focus or lost it. Once each way: one that repeats itself says
        nothing new."""
        if on == self._focused:
            return
        self._focused = on
        told = self._noticing.see(of_focus(on))
        if told and not on:  # a window that flickers must not use up the room for pictures
            self._album.moment(FOCUS_LOST)
            self._glimpses.soon()

    def fault(self, trace: str) -> None:
        """The screen stops by a fault of its own; *trace* says where that was."""
        trace = trace[:MAX_TRACE]
        LOG.error("The screen stopped by a fault of its own: %s", trace)
        fault = Signal("screen-fault", "The screen stopped by a fault of its own.")
        self._noticing.see(fault, detail=trace)

    def _signal(self, code: str, words: str) -> None:
        self._noticing.see(Signal(code, words))
