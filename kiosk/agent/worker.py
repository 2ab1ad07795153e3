"""Work that would keep the session thread waiting, done beside it, one piece at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeAlias

from kiosk.agent.inbox import ErrandDone, Message

LOG = logging.getLogger(__name__)

Finish: TypeAlias = Callable[[], None]


class Worker:
    """A thread that runs pieces of work in turn.

    Each returns what the session thread is to do with its result, which is posted to it.
    """

    def __init__(self, name: str, post: Callable[[Message], None]) -> None:
        self._post = post
        self._work: SimpleQueue[Callable[[], Finish]] = SimpleQueue()
        # A daemon: an answer that the hall owes us must not keep the agent from ending.
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def do(self, work: Callable[[], Finish]) -> None:
        self._work.put(work)

    def _run(self) -> None:
        while True:
            work = self._work.get()
            try:
                finish = work()
            except Exception:  # the next piece of work must still be done
                LOG.exception("A piece of work failed in an unforeseen way")
            else:
                self._post(ErrandDone(finish))
