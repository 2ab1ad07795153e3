"""One key after another: what is pressed first is done first, however fast hands are.

Textual gives each key to the widget in focus at once, and looks for what the key is bound
to (Backspace, an arrow, “Next”) only when it has come back up to the app from widget to
widget: letters typed meanwhile overtake it, and an answer is not what was typed. So the
next key is read from the terminal when the one before it is done. Whoever is quicker than
the screen is kept waiting by the kernel, in order.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from textual.app import App
from textual.message_pump import MessagePump

LONGEST_S = 1.0
"""Seconds that a key may take before the next one is read in any case."""
_LOOK_S = 0.005


@runtime_checkable
class Arriving(Protocol):
    """An app that can be on its way from one thing to the next."""

    @property
    def arriving(self) -> bool:
        """Whether what was asked for does not stand yet: keys are meant for that."""


class Turns:
    """Waits, in the thread that reads the terminal, until the app is done with a key."""

    def __init__(self, app: App[Any], loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop

    def wait(self, ended: threading.Event) -> None:
        """Wait until what was given to the app is done; no longer than :data:`LONGEST_S`, and
        not when *ended* is set."""
        done = threading.Event()

        async def follow() -> None:  # a task, as what was given is: it comes in behind that
            self._app.call_later(self._begin, done.set)

        asyncio.run_coroutine_threadsafe(follow(), self._loop)
        for _ in range(int(LONGEST_S / 0.05)):
            if done.wait(0.05) or ended.is_set():
                return

    def _begin(self, done: Callable[[], None]) -> None:
        """Called behind the key in the app's queue: the key has gone to a widget by now."""
        self._behind(self._app.focused or self._app.screen, done)

    def _behind(self, node: MessagePump | None, done: Callable[[], None]) -> None:
        """Follow the key up to the app, one place behind it in each queue."""
        if node is None or node is self._app:
            self._app.call_later(self._arrived, done)
        elif not node.call_later(self._behind, node._parent, done):
            self._behind(self._app, done)  # that widget is going: its keys go nowhere

    def _arrived(self, done: Callable[[], None]) -> None:
        if isinstance(self._app, Arriving) and self._app.arriving:
            self._loop.call_later(_LOOK_S, self._arrived, done)
        else:
            done()
