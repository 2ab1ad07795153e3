"""The key-watch: sees every key of every keyboard, and tells combinations, idle time, counts.

A process of its own, as root (see the unit beside this file), that knows nothing of exams and
opens no network. It listens on a unix socket for the agent; the newest connection is the one
that is told. What is heard between two agents is told to nobody.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic_ns
from typing import Final

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from kiosk.ipc.channel import frame, listen
from kiosk.ipc.keywatch import PULSE_S, Combination, FromKeyWatch, Pulse, Watching
from kiosk.lockdown.listeners import Ears, ListenerError, Listening
from kiosk.lockdown.signals import (
    Canary,
    Category,
    Held,
    Key,
    Watched,
    pressed,
    released,
)

LOG = logging.getLogger(__name__)

RESCAN_NS: Final = SECOND
"""Between two looks for keyboards that came or went."""
FLUSH_NS: Final = SECOND
"""Combinations of one kind are told at once, and then at most this often."""
MAX_KEYBOARDS: Final = 32
"""More are not listened to, and then the watch is not proved."""
SEND_PATIENCE_S: Final = 2.0
"""An agent that takes nothing for so long is dropped; it may connect again."""


class KeyWatchError(ExamError):
    """The key-watch cannot run here."""


@dataclass
class _Keyboard:
    listening: Listening
    held: Held = field(default_factory=Held)
    canary: Canary = field(default_factory=Canary)


class KeyWatch:
    """Watches until :meth:`stop`. *keyboards* says which there are now."""

    def __init__(
        self,
        ears: Ears,
        keyboards: Callable[[], Sequence[str]],
        path: Path,
        *,
        group: int | None = None,
        clock: Callable[[], int] = monotonic_ns,
    ) -> None:
        self._ears = ears
        self._present = keyboards
        self._path = path
        self._group = group
        self._clock = clock
        self._heard: SimpleQueue[tuple[str, Key | None, bool] | None] = SimpleQueue()
        self._keyboards: dict[str, _Keyboard] = {}
        self._refused: set[str] = set()
        self._counts: Counter[Category] = Counter()
        self._flushed: dict[Category, int] = {}
        self._presses = 0
        self._key_ns = clock()
        self._pulsed_ns = clock()
        self._scanned_ns = -RESCAN_NS
        self._told: Watching | None = None
        self._lock = threading.Lock()
        self._agent: socket.socket | None = None
        self._fresh = False
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._stopping = False

    def open(self) -> None:
        """Start to listen for the agent. Raises :class:`KeyWatchError`."""
        try:
            listen(self._listener, self._path, backlog=1, group=self._group)
        except OSError as problem:
            raise KeyWatchError(
                "The key-watch cannot listen for the agent at {path}: {why}.",
                path=str(self._path),
                why=problem.strerror or type(problem).__name__,
            ) from None
        threading.Thread(target=self._accept, name="keywatch-door", daemon=True).start()

    def run(self) -> None:
        """Watch, in this thread."""
        while not self._stopping:
            self._look(self._clock())
            with contextlib.suppress(Empty):
                self._take(self._heard.get(timeout=0.25))
            self._take_waiting()
        self._take_waiting()
        self._close()

    def stop(self) -> None:
        """End :meth:`run` soon. May be called by a signal handler and by any thread."""
        self._stopping = True
        self._heard.put(None)

    def _take_waiting(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._take(self._heard.get_nowait())

    # --- Keys --------------------------------------------------------------------------

    def _hear(self, name: str, key: Key | None, down: bool) -> None:
        """Called in the listeners' threads."""
        self._heard.put((name, key, down))

    def _take(self, heard: tuple[str, Key | None, bool] | None) -> None:
        if heard is None:
            return
        name, key, down = heard
        keyboard = self._keyboards.get(name)
        if keyboard is None:
            return  # unplugged since
        if key is None:
            keyboard.canary.heard()
            return
        self._key_ns = self._clock()
        if not down:
            keyboard.held = released(keyboard.held, key)
            return
        self._presses += 1
        keyboard.held, category = pressed(keyboard.held, key)
        if category is not None:
            self._counts[category] += 1

    def _look(self, now: int) -> None:
        if now - self._scanned_ns >= RESCAN_NS:
            self._scanned_ns = now
            self._rescan()
        for keyboard in self._keyboards.values():
            keyboard.canary.look(now)
            if keyboard.canary.due(now):
                keyboard.canary.ask(now)
                keyboard.listening.sing()
        self._tell_state()
        self._tell_keys(now)

    def _rescan(self) -> None:
        present = list(self._present())
        for name, keyboard in list(self._keyboards.items()):
            if name not in present or not keyboard.listening.alive:
                keyboard.listening.close()
                del self._keyboards[name]
        self._refused &= set(present)
        for name in present:
            if name in self._keyboards:
                continue
            try:
                if len(self._keyboards) >= MAX_KEYBOARDS:
                    raise ListenerError(
                        "The keyboard {path} is not watched, because {limit} others are; unplug "
                        "those that do not belong to this station.",
                        path=name,
                        limit=MAX_KEYBOARDS,
                    )
                listening = self._ears.listen(name, self._hear)
            except ListenerError as problem:
                if name not in self._refused:
                    LOG.error("%s", problem)
                self._refused.add(name)
                continue
            self._refused.discard(name)
            self._keyboards[name] = _Keyboard(listening)

    def _watched(self) -> Watched:
        """One keyboard that is not proved is enough: the candidate would take that one."""
        judged = [each.canary.watched for each in self._keyboards.values()]
        known = [each for each in judged if each is not None]
        if not known or self._refused:
            return Watched.UNVERIFIED
        return min(known)

    # --- The agent ---------------------------------------------------------------------

    def _tell_state(self) -> None:
        with self._lock:
            fresh, self._fresh = self._fresh, False
        state = Watching(self._ears.source, self._watched(), len(self._keyboards))
        if fresh:
            self._counts.clear()  # before this agent: not its candidate's
            self._flushed.clear()
            self._presses = 0
        if fresh or state != self._told:
            self._told = state
            self._tell(state)

    def _tell_keys(self, now: int) -> None:
        self._tell_counts(now)
        if now - self._pulsed_ns >= PULSE_S * SECOND:
            self._pulsed_ns = now
            idle_s = (now - self._key_ns) // SECOND
            self._tell(Pulse(min(idle_s, 1_000_000), min(self._presses, 1_000_000)))
            self._presses = 0

    def _tell_counts(self, now: int, *, all_of_them: bool = False) -> None:
        for category, count in list(self._counts.items()):
            if all_of_them or now - self._flushed.get(category, -FLUSH_NS) >= FLUSH_NS:
                self._flushed[category] = now
                del self._counts[category]
                self._tell(Combination(category, min(count, 1_000_000)))

    def _tell(self, message: FromKeyWatch) -> None:
        with self._lock:
            agent = self._agent
            if agent is None:
                return
            try:
                agent.sendall(frame(message))
            except OSError:
                agent.close()
                self._agent = None

    def _accept(self) -> None:
        while True:
            try:
                agent, _ = self._listener.accept()
            except OSError:
                return  # closed
            agent.settimeout(SEND_PATIENCE_S)
            with self._lock:
                before, self._agent, self._fresh = self._agent, agent, True
            if before is not None:
                before.close()
            self._heard.put(None)

    def _close(self) -> None:
        self._tell_counts(self._clock(), all_of_them=True)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for keyboard in self._keyboards.values():
            keyboard.listening.close()
        with self._lock:
            if self._agent is not None:
                self._agent.close()
        self._path.unlink(missing_ok=True)
