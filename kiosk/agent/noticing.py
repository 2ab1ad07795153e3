"""What keys, devices and windows showed, merged and recorded; and whether keys are watched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from kiosk.agent.inbox import KeysWatched
from kiosk.agent.station import Station
from kiosk.lockdown.signals import SEEN_BY, WATCHED_WORDS, Merger, Signal, Watched

_LOST: Final = Signal("keys-unwatched", "The key-watch ended; the keys are not watched.")
_UNPROVED: Final = Signal(
    "keys-unverified", "The key-watch no longer proves that it sees every keyboard."
)
_BACK: Final = Signal("keys-watched", "The keys are watched again.")


class Noticing:
    """The session thread's side. *notice* records an incident: its code, words and detail."""

    def __init__(self, station: Station, notice: Callable[[str, str, str], None]) -> None:
        self._station = station
        self._notice = notice
        self._merger = Merger()
        self._proved = False
        self._troubled = False
        self._standing: tuple[Signal, ...] | None = None

    def see(self, signal: Signal, count: int = 1, detail: str = "") -> bool:
        """Something was seen, so many times. Whether it was told at once: not while there is much
        of its kind. *detail* is told with it then, and only then."""
        told = self._merger.see(signal, self._station.clock.boottime_ns(), count)
        for each in told:
            self._notice(*each, detail if each == signal else "")
        return signal in told

    def pass_time(self) -> None:
        self._tell(self._merger.due(self._station.clock.boottime_ns()))

    def opened(self) -> None:
        """An attempt begins: it says what watches its keys and what stands around it, and counts
        from nothing."""
        self._merger = Merger()
        state = self._station.keys
        if state.watched is not Watched.NOT or self._station.keys_required:
            words = WATCHED_WORDS[state.watched]
            if state.watched is not Watched.NOT:
                words += f" by {SEEN_BY[state.source]}, at {state.keyboards} keyboard(s)"
            self._notice("keys-watch", f"{words}.", "")
        for signal in self._standing or ():
            self.see(signal)

    def closing(self) -> None:
        """What was counted and not told, before the record closes."""
        self._tell(self._merger.rest())

    def stands(self, standing: tuple[Signal, ...]) -> None:
        """What is odd about the station as it stands. How it came about is told apart."""
        first, self._standing = self._standing is None, standing
        for signal in standing if first else ():
            self.see(signal)

    def keys(self, state: KeysWatched) -> None:
        """What watches the keys changed. Told is what is lost after it was proved, and its
        return."""
        self._station.keys = state
        proved = state.watched is Watched.VERIFIED
        if self._proved and not proved:
            self._troubled = True
            self.see(_LOST if state.watched is Watched.NOT else _UNPROVED)
        elif proved and self._troubled:
            self._troubled = False
            self.see(_BACK)
        self._proved = proved

    def _tell(self, signals: Iterable[Signal]) -> None:
        for code, words in signals:
            self._notice(code, words, "")
